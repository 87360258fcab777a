//! One registry: how it is reached, and how it is told who asks.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_fetch::{HostTls, PlainHttp, Request, Response, Secret, Url, Verification, Zone};
use serde::Deserialize;

use crate::challenge::{self, Challenge};
use crate::config::Config;
use crate::credentials::Credential;
use crate::error::Error;
use crate::names::endpoint_host;
use crate::registries::Trust;
use crate::token::{self, Token, TokenOwner, TokenQuery, Tokens};

/// Most of an error answer that is read.
const MAX_ERROR_BYTES: u64 = 16 << 10;
/// Longest text of a registry that is repeated in our errors.
const MAX_DETAIL_CHARS: usize = 200;

/// A registry under the name that people use (`docker.io`), with the rules that hold for it.
pub(crate) struct Host {
    pub(crate) name: String,
    config: Arc<Config>,
    fetch: plimsoll_fetch::Client,
    reach: Reach,
    endpoint: Mutex<Option<Endpoint>>,
    credentials: Mutex<HashMap<String, Option<Credential>>>,
    tokens: Tokens,
}

/// Which schemes are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Https,
    /// https, and plain http if that is not spoken: loopback, and insecure hosts.
    HttpsThenHttp,
}

/// Where and how the registry answered.
#[derive(Clone)]
struct Endpoint {
    base: Url,
    zone: Zone,
    realms: Realms,
    challenges: Vec<Challenge>,
}

/// Where a token service may be shown the operator's credential (trust rule 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Realms {
    /// Wherever the registry says that it is.
    Anywhere,
    /// On the registry's own host: its certificate is not checked or it has none, so anybody on
    /// the way may have written the challenge.
    OwnHost,
}

/// What goes into the `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
enum Proof {
    None,
    Anonymous(Secret),
    Ours(Secret),
}

impl Host {
    pub(crate) fn new(
        name: &str,
        trust: Trust,
        config: Arc<Config>,
        fetch: &plimsoll_fetch::Client,
    ) -> Result<Self, Error> {
        let is_insecure = trust == Trust::Insecure || config.is_insecure(name);
        let mut settings = fetch.settings().clone();
        let certificates = config.certificates.find(name)?;
        let is_special = is_insecure || certificates.is_some();
        let mut tls = settings.tls.clone();
        if let Some(certificates) = certificates {
            tls.extra_roots.extend(certificates.roots);
            tls.identity = certificates.identity.or(tls.identity);
        }
        if is_insecure {
            tls.verification = Verification::None;
            settings.plain_http = PlainHttp::default().allow(name);
        }
        // Not for token services and storage on other hosts.
        settings.host_tls = Some(HostTls { url: base_url("https", name)?, tls });
        let fetch = if is_special { fetch.with_settings(settings) } else { fetch.clone() };
        Ok(Self {
            name: name.to_owned(),
            reach: if is_insecure || is_loopback(name) {
                Reach::HttpsThenHttp
            } else {
                Reach::Https
            },
            config,
            fetch,
            endpoint: Mutex::new(None),
            credentials: Mutex::new(HashMap::new()),
            tokens: Tokens::default(),
        })
    }

    /// How failures are repeated here.
    pub(crate) fn retry(&self) -> plimsoll_fetch::Retry {
        self.fetch.settings().retry
    }

    /// Asks for `rest` of the repository `path`, with `what` as its name in errors; `prepare` adds
    /// to the request. Only a success is returned.
    pub(crate) fn ask(
        &self,
        path: &str,
        rest: &str,
        what: &str,
        prepare: impl Fn(Url) -> Request,
    ) -> Result<Response, Error> {
        let endpoint = self.endpoint()?;
        let url = endpoint.base.join(&format!("v2/{path}/{rest}"));
        let url = url.map_err(|_| bad_name(&self.name))?;
        let proof = self.proof(&endpoint, &endpoint.challenges, path)?;
        let response = self.send(&prove(prepare(url.clone()), &proof), what)?;
        if response.status != 401 || !self.is_own(&endpoint, &response) {
            return self.judge(response, what, path, &proof);
        }
        // No token yet that covers this, or one that has expired: the answer says what is needed.
        let challenges = challenge::parse(response.header_values("www-authenticate"));
        self.forget(&challenges, path);
        let second = self.proof(&endpoint, &challenges, path)?;
        if second == proof {
            return self.judge(response, what, path, &proof);
        }
        let response = self.send(&prove(prepare(url), &second), what)?;
        self.judge(response, what, path, &second)
    }

    /// Whether the registry itself answered. A redirect's target may not ask for our credentials.
    fn is_own(&self, endpoint: &Endpoint, response: &Response) -> bool {
        response.url.origin() == endpoint.base.origin()
    }

    fn send(&self, request: &Request, what: &str) -> Result<Response, Error> {
        self.fetch.send(request).map_err(|source| self.fetch_error(what, source))
    }

    fn fetch_error(&self, what: &str, source: plimsoll_fetch::Error) -> Error {
        Error::Fetch { host: self.name.clone(), what: what.to_owned(), source: source.into() }
    }

    /// Finds out, once, whether and how the registry answers.
    fn endpoint(&self) -> Result<Endpoint, Error> {
        // Held while asking: the others want the same answer.
        let mut endpoint = self.endpoint.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoint) = &*endpoint {
            return Ok(endpoint.clone());
        }
        let found = match self.ping("https") {
            Err(Error::Fetch { source, .. })
                if self.reach == Reach::HttpsThenHttp && speaks_no_tls(&source) =>
            {
                self.ping("http")?
            }
            outcome => outcome?,
        };
        *endpoint = Some(found.clone());
        Ok(found)
    }

    fn ping(&self, scheme: &str) -> Result<Endpoint, Error> {
        let base = base_url(scheme, &self.name)?;
        let url = base.join("v2/").map_err(|_| bad_name(&self.name))?;
        let response = self.send(&Request::get(url), "its version")?;
        match response.status {
            200 | 401 => Ok(Endpoint {
                realms: self.realms(&base),
                base,
                zone: response.zone,
                challenges: challenge::parse(response.header_values("www-authenticate")),
            }),
            status => Err(Error::NoRegistry { host: self.name.clone(), status }),
        }
    }

    fn realms(&self, base: &Url) -> Realms {
        let settings = self.fetch.settings();
        let tls = settings.host_tls.as_ref().map_or(&settings.tls, |host| &host.tls);
        match (base.scheme(), tls.verification) {
            ("https", Verification::Required) => Realms::Anywhere,
            ("http", _) if plimsoll_fetch::is_loopback(base) => Realms::Anywhere,
            _ => Realms::OwnHost,
        }
    }

    /// What to say to these challenges for the repository `path`.
    fn proof(
        &self,
        endpoint: &Endpoint,
        challenges: &[Challenge],
        path: &str,
    ) -> Result<Proof, Error> {
        let Some(challenge) = challenges.first() else { return Ok(Proof::None) };
        let credential = self.credential(path)?;
        match (challenge, credential) {
            (_, Some(Credential::Registry(token))) => Ok(Proof::Ours(Secret::bearer(&token))),
            (Challenge::Basic, Some(Credential::Password { user, password })) => {
                Ok(Proof::Ours(Secret::basic(&user, &password)))
            }
            (Challenge::Basic, _) => Ok(Proof::None),
            (Challenge::Bearer { realm, service, scope }, credential) => {
                let scope = scope.clone().unwrap_or_else(|| pull_scope(path));
                let token = match self.tokens.get(&scope) {
                    Some(token) => token,
                    None => {
                        let realm = Url::parse(realm).map_err(|_| Error::Challenge {
                            host: self.name.clone(),
                            challenge: realm.chars().take(MAX_DETAIL_CHARS).collect(),
                        })?;
                        let query = TokenQuery {
                            realm: &realm,
                            service: service.as_deref(),
                            scope: &scope,
                            credential: credential.as_ref().filter(|_| endpoint.trusts(&realm)),
                            zone: endpoint.zone,
                        };
                        self.fetch_token(&query, credential.is_some())?
                    }
                };
                let bearer = Secret::bearer(&token.value);
                Ok(match token.owner {
                    TokenOwner::Anybody => Proof::Anonymous(bearer),
                    TokenOwner::Operator => Proof::Ours(bearer),
                })
            }
        }
    }

    /// `has_credential`: whether there is one, sent or not.
    fn fetch_token(&self, query: &TokenQuery<'_>, has_credential: bool) -> Result<Token, Error> {
        let what = format!("a token for {}", query.scope);
        let response = self.send(&query.request(), &what)?;
        let status = response.status;
        if matches!(status, 400 | 401 | 403) {
            let (host, detail) = (self.name.clone(), detail(response));
            return Err(match query.owner() {
                TokenOwner::Operator => Error::Rejected { host, what, detail },
                TokenOwner::Anybody if has_credential => Error::Withheld { host, what, detail },
                TokenOwner::Anybody if status == 401 => {
                    Error::NeedsCredentials { host, what, detail }
                }
                TokenOwner::Anybody => Error::Status { host, what, status, detail },
            });
        }
        if self.is_rate_limit(&response) {
            return Err(self.rate_limited(&what, &response));
        }
        let response = response.success().map_err(|source| self.fetch_error(&what, source))?;
        let bytes = response.bytes().map_err(|_| Error::no_token(&self.name, query.realm))?;
        let (value, lifetime) =
            token::parse(&bytes).ok_or_else(|| Error::no_token(&self.name, query.realm))?;
        let token = Token { value, owner: query.owner() };
        self.tokens.keep(query.scope, token.clone(), lifetime);
        Ok(token)
    }

    /// Whether the answer asks for patience: 429, a refusal with nothing left, or a pause longer than a request waits
    /// by itself.
    fn is_rate_limit(&self, response: &Response) -> bool {
        // `RateLimit-Remaining: 0;w=21600`, as Docker Hub has it.
        let remaining = ["ratelimit-remaining", "x-ratelimit-remaining"];
        let mut remaining = remaining.iter().filter_map(|name| response.header(name));
        let is_long = |after| after > self.retry().longest_asked;
        match response.status {
            429 => true,
            403 => remaining.any(|value| value.split(';').next().map(str::trim) == Some("0")),
            503 => response.retry_after().is_some_and(is_long),
            _ => false,
        }
    }

    fn rate_limited(&self, what: &str, response: &Response) -> Error {
        let retry_after = response.retry_after();
        Error::RateLimited { host: self.name.clone(), what: what.to_owned(), retry_after }
    }

    fn forget(&self, challenges: &[Challenge], path: &str) {
        self.tokens.forget(&pull_scope(path));
        for challenge in challenges {
            if let Challenge::Bearer { scope: Some(scope), .. } = challenge {
                self.tokens.forget(scope);
            }
        }
    }

    /// The credential for the repository, looked up once: helpers may take their time.
    fn credential(&self, path: &str) -> Result<Option<Credential>, Error> {
        let mut known = self.credentials.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(credential) = known.get(path) {
            return Ok(credential.clone());
        }
        let found = self.config.credentials.find(&self.name, path)?;
        known.insert(path.to_owned(), found.clone());
        Ok(found)
    }

    /// The response if it is a success, else the error that it is.
    fn judge(
        &self,
        response: Response,
        what: &str,
        path: &str,
        proof: &Proof,
    ) -> Result<Response, Error> {
        if response.is_success() {
            return Ok(response);
        }
        let status = response.status;
        if self.is_rate_limit(&response) {
            return Err(self.rate_limited(what, &response));
        }
        if status >= 500 {
            return Err(self.fetch_error(what, response.status_error()));
        }
        let (host, what, detail) = (self.name.clone(), what.to_owned(), detail(response));
        let has_credential = self.credential(path)?.is_some();
        Err(match status {
            404 => Error::NotFound { host, what, detail },
            401 | 403 if has_credential => match proof {
                Proof::Anonymous(_) => Error::Withheld { host, what, detail },
                Proof::Ours(_) | Proof::None => Error::Rejected { host, what, detail },
            },
            401 => Error::NeedsCredentials { host, what, detail },
            _ => Error::Status { host, what, status, detail },
        })
    }
}

impl Endpoint {
    /// Whether the operator's credential may be sent to this token service.
    fn trusts(&self, realm: &Url) -> bool {
        self.realms == Realms::Anywhere || realm.host() == self.base.host()
    }
}

fn base_url(scheme: &str, name: &str) -> Result<Url, Error> {
    Url::parse(&format!("{scheme}://{}/", endpoint_host(name))).map_err(|_| bad_name(name))
}

fn bad_name(name: &str) -> Error {
    Error::Name { name: name.to_owned(), why: "it is no host" }
}

fn prove(request: Request, proof: &Proof) -> Request {
    match proof {
        Proof::None => request,
        Proof::Anonymous(secret) => request.anonymous_token(secret.clone()),
        Proof::Ours(secret) => request.authorization(secret.clone()),
    }
}

fn pull_scope(path: &str) -> String {
    format!("repository:{path}:pull")
}

fn is_loopback(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| plimsoll_fetch::is_loopback(&url))
}

/// Whether a failed https request may mean that plain http is spoken here. A certificate that is
/// not accepted does not.
fn speaks_no_tls(error: &plimsoll_fetch::Error) -> bool {
    use plimsoll_fetch::Error::{Connect, NoAnswer, NotTls};
    matches!(error, NotTls { .. } | Connect { .. } | NoAnswer { .. })
}

#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The first error that the registry reports, without control characters.
fn detail(response: Response) -> String {
    let mut bytes = Vec::new();
    // The status is the error; that its explanation cannot be read is not another one.
    let _ = response.body.take(MAX_ERROR_BYTES).read_to_end(&mut bytes);
    let first =
        serde_json::from_slice(&bytes).ok().and_then(|it: Errors| it.errors.into_iter().next());
    let Some(OneError { code, message }) = first else { return String::new() };
    let text = if message.is_empty() { code } else { message };
    text.chars().filter(|c| !c.is_control()).take(MAX_DETAIL_CHARS).collect()
}
