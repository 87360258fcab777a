//! Sends requests: retries around redirects around single hops.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::LOCATION;
use tokio::runtime::{Builder, Runtime};

use crate::body::{Body, Stream};
use crate::error::{Error, host_of, shown};
use crate::policy::{AddressPolicy, Nearest, Refusal, judge, literal};
use crate::request::{Method, Request, Validators, take_user};
use crate::resolver::Resolver;
use crate::response::{Fetched, Response};
use crate::resume::Content;
use crate::settings::Settings;
use crate::tls::Tls;
use crate::zone::Zone;

/// Most redirects of one request; browsers allow 20, curl's users rarely need more than 3.
const MAX_REDIRECTS: u32 = 10;
/// Threads that move bytes and decrypt; hashing and inflating happen on the caller's threads.
const WORKER_THREADS: usize = 2;
/// Idle connections kept per host: as many as layers are read at once.
const MAX_IDLE_PER_HOST: usize = 8;

/// The HTTP client. Cloning it is cheap and shares the connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    worker: Arc<Worker>,
    /// One pool per reach, because a pool's resolver decides what its connections may reach: a
    /// connection that the operator's address opened must not serve a stranger's.
    pools: [Pool; 4],
    tls: OnceLock<rustls::ClientConfig>,
    host_tls: OnceLock<rustls::ClientConfig>,
}

/// Connections with TLS and without: where plain http is all that is spoken, as with a registry on
/// loopback, no CA certificates are needed and none are read.
#[derive(Default)]
struct Pool {
    tls: OnceLock<reqwest::Client>,
    /// With `Settings::host_tls`.
    host_tls: OnceLock<reqwest::Client>,
    plain: OnceLock<reqwest::Client>,
}

impl Client {
    /// Starts the threads that wait; files are read and connections made when first needed.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self::on(Arc::new(Worker::start()?), settings))
    }

    /// A client with other settings on the same threads, for a host with its own rules.
    #[must_use]
    pub fn with_settings(&self, settings: Settings) -> Self {
        Self::on(Arc::clone(&self.shared.worker), settings)
    }

    /// The settings this client was made with.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    fn on(worker: Arc<Worker>, settings: Settings) -> Self {
        let (tls, host_tls) = (OnceLock::new(), OnceLock::new());
        let shared = Shared { settings, worker, pools: Default::default(), tls, host_tls };
        Self { shared: Arc::new(shared) }
    }

    /// The final answer, whatever its status: redirects are followed, failures that may pass are
    /// repeated.
    pub fn send(&self, request: &Request) -> Result<Response, Error> {
        let retry = &self.shared.settings.retry;
        let started = Instant::now();
        let mut failed = 0;
        loop {
            let outcome = self.follow(request);
            failed += 1;
            let asked = match &outcome {
                Ok(response) if may_pass(response.status) => response.retry_after(),
                Err(Error::Connect { .. }) if failed < retry.connect_attempts => None,
                Err(Error::Connect { .. }) => return outcome,
                Err(error) if error.is_transient() => None,
                Ok(_) | Err(_) => return outcome,
            };
            match retry.pause(failed, started.elapsed(), asked) {
                Some(pause) => thread::sleep(pause),
                None => return outcome,
            }
        }
    }

    /// Like `send`; a status other than 2xx is an error.
    pub fn get(&self, request: &Request) -> Result<Response, Error> {
        self.send(request)?.success()
    }

    /// Like `get`, but nothing is transferred if the content still is what `known` describes.
    pub fn get_if_changed(&self, request: &Request, known: &Validators) -> Result<Fetched, Error> {
        let response = self.send(&request.clone().unless(known))?;
        match response.status {
            304 => Ok(Fetched::NotModified),
            _ => Ok(Fetched::Changed(self.resumable(request, response.success()?))),
        }
    }

    /// Like `get`, and the body continues with range requests when the connection breaks, as long
    /// as the server's validators prove that the content is still the same.
    pub fn get_resumable(&self, request: &Request) -> Result<Response, Error> {
        let response = self.get(request)?;
        Ok(self.resumable(request, response))
    }

    fn resumable(&self, request: &Request, response: Response) -> Response {
        let (client, request) = (self.clone(), request.clone());
        response.resuming(self.shared.settings.retry, Content::MayChange, move |tail| {
            client.send(&request.clone().tail(tail))
        })
    }

    /// One attempt: the request and its redirects.
    fn follow(&self, request: &Request) -> Result<Response, Error> {
        let settings = &self.shared.settings;
        let mut url = request.url.clone();
        let mut policy = request.policy.clone();
        let mut authorized = true;
        let mut first_zone = None;
        for _ in 0..=MAX_REDIRECTS {
            let nearest = judge(&url, &policy, settings)
                .map_err(|refusal| Error::Refused { address: shown(&url), refusal })?;
            let answer = self.hop(request, &url, nearest, authorized)?;
            let zone = *first_zone.get_or_insert_with(|| self.zone_of(&url, &answer));
            let is_redirect = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            // A form holds credentials: it goes where it was meant to go, or nowhere.
            if !is_redirect || request.method == Method::Post {
                return Ok(self.response(request, url, answer, zone));
            }
            let next = redirect_target(&url, &answer)?;
            authorized = authorized && next.origin() == url.origin();
            if let AddressPolicy::Operator = policy {
                policy = AddressPolicy::Referred(zone);
            }
            url = next;
        }
        Err(Error::TooManyRedirects { address: shown(&request.url), limit: MAX_REDIRECTS })
    }

    /// Sends one request and waits for the headers of its answer.
    fn hop(
        &self,
        request: &Request,
        url: &Url,
        nearest: Nearest,
        authorized: bool,
    ) -> Result<reqwest::Response, Error> {
        let timeouts = &self.shared.settings.timeouts;
        let hop = request.hop(url.clone(), authorized)?;
        let answer = self.pool(url, nearest)?.execute(hop);
        match self.shared.worker.within(timeouts.response, answer) {
            None => Err(Error::Timeout { host: host_of(url), after: timeouts.response }),
            Some(Err(error)) => Err(Error::from_send(error, url, timeouts.connect)),
            Some(Ok(answer)) => Ok(answer),
        }
    }

    fn response(
        &self,
        request: &Request,
        url: Url,
        answer: reqwest::Response,
        zone: Zone,
    ) -> Response {
        let stall = self.shared.settings.timeouts.stall;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let worker = Arc::clone(&self.shared.worker);
        let stream = Stream::new(worker, answer, &url, request.limit, stall);
        Response { status, url, zone, headers, body: Body::new(stream) }
    }

    /// Where the server lives that answered. Behind a proxy only a literal address tells.
    fn zone_of(&self, url: &Url, answer: &reqwest::Response) -> Zone {
        let proxied = self.shared.settings.proxies.proxy_for(url).is_some();
        let address = if proxied { literal(url) } else { answer.remote_addr().map(|at| at.ip()) };
        match address.map(Zone::of) {
            Some(Some(zone)) => zone,
            // Link-local, which only an operator can have typed: a local network.
            Some(None) => Zone::Private,
            None => Zone::Public,
        }
    }

    /// The connections for `url` that may reach no nearer than `nearest`.
    fn pool(&self, url: &Url, nearest: Nearest) -> Result<&reqwest::Client, Error> {
        let Shared { settings, pools, tls, host_tls, .. } = &*self.shared;
        let pool = match nearest {
            None => &pools[0],
            Some(Zone::Loopback) => &pools[1],
            Some(Zone::Private) => &pools[2],
            Some(Zone::Public) => &pools[3],
        };
        let proxy = settings.proxies.proxy_for(url);
        let needs_tls = [Some(url), proxy].into_iter().flatten().any(|url| url.scheme() == "https");
        // Asked at every hop: a redirect leaves the exceptions of the server that sent it behind.
        let exception = settings.host_tls.as_ref().filter(|host| host.is_for(url));
        let client = match exception {
            _ if !needs_tls => &pool.plain,
            Some(_) => &pool.host_tls,
            None => &pool.tls,
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let config = match exception {
            _ if !needs_tls => Tls::believing_nobody()?,
            Some(host) => config_once(host_tls, &host.tls)?,
            None => config_once(tls, &settings.tls)?,
        };
        let built = self.build(nearest, config)?;
        Ok(client.get_or_init(|| built))
    }

    fn build(&self, nearest: Nearest, tls: rustls::ClientConfig) -> Result<reqwest::Client, Error> {
        let settings = &self.shared.settings;
        let proxies = settings.proxies.clone();
        let resolver = Resolver::new(nearest, settings.proxies.hosts());
        reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .proxy(reqwest::Proxy::custom(move |url| proxies.proxy_for(url).cloned()))
            .dns_resolver(Arc::new(resolver))
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| Error::Setup { source: error.into() })
    }
}

/// The files of `tls` are read for the first pool that needs them.
fn config_once(
    known: &OnceLock<rustls::ClientConfig>,
    tls: &Tls,
) -> Result<rustls::ClientConfig, Error> {
    if let Some(config) = known.get() {
        return Ok(config.clone());
    }
    let config = tls.config()?;
    Ok(known.get_or_init(|| config).clone())
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

/// Statuses that another attempt may change.
fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn redirect_target(url: &Url, answer: &reqwest::Response) -> Result<Url, Error> {
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| url.join(location).ok());
    let mut target = target.ok_or_else(|| Error::BadRedirect { address: shown(url) })?;
    // Credentials that a server puts into a redirect are not ours.
    take_user(&mut target);
    if url.scheme() == "https" && target.scheme() == "http" {
        return Err(Error::Refused { address: shown(&target), refusal: Refusal::Downgrade });
    }
    Ok(target)
}

/// The threads on which connections live.
pub(crate) struct Worker {
    runtime: Option<Runtime>,
}

impl Worker {
    fn start() -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name("fetch")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Setup { source: error.into() })?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// What `future` brings, or none if it takes longer than `time`.
    pub(crate) fn within<F: Future>(&self, time: Duration, future: F) -> Option<F::Output> {
        // Present until drop.
        let runtime = self.runtime.as_ref()?;
        runtime.block_on(async { tokio::time::timeout(time, future).await.ok() })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // A name server that does not answer must not hold up the end of the program.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}
