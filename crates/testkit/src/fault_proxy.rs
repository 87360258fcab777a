//! A proxy before a real server that breaks what the test wants broken.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::http::{Message, Side};

/// What happens to an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The server is not asked: this status, with these headers, is the answer.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection ends after this many bytes of the body.
    CutAfter(usize),
    /// One bit of the body at this place is another.
    Flip(usize),
    /// `Content-Length` says this much more or less than there is.
    Length(i64),
    /// The body is other bytes, with their right length.
    Body(Vec<u8>),
    /// The answer comes late.
    Delay(Duration),
}

/// A request as the client sent it.
#[derive(Clone, Debug)]
pub struct Received {
    /// `GET`
    pub method: String,
    /// `/v2/`
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

/// The proxy; it ends with the test.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
    port: u16,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    rules: Mutex<Vec<Rule>>,
    received: Mutex<Vec<Received>>,
    ended: AtomicBool,
}

#[derive(Debug)]
struct Rule {
    part: String,
    times: usize,
    fault: Fault,
}

/// How long either side may be silent.
const SILENCE: Duration = Duration::from_secs(30);

impl FaultProxy {
    /// A proxy on a port of loopback before `upstream`, `HOST:PORT` of plain http.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            rules: Mutex::default(),
            received: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let known = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if known.ended.load(Ordering::Relaxed) {
                    break;
                }
                let known = Arc::clone(&known);
                // A client that goes away is the client's business.
                thread::spawn(move || known.serve(&stream));
            }
        });
        Self { shared, port }
    }

    /// The next `times` requests whose target contains `part` meet this fault; faults that come
    /// first are used up first.
    pub fn on(&self, part: &str, times: usize, fault: Fault) -> &Self {
        self.shared.rules.lock().unwrap().push(Rule { part: part.to_owned(), times, fault });
        self
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The requests so far whose target contains `part`.
    pub fn received(&self, part: &str) -> Vec<Received> {
        let received = self.shared.received.lock().unwrap();
        received.iter().filter(|request| request.target.contains(part)).cloned().collect()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    /// One request a connection: a cut then always is the end of a whole connection.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(SILENCE))?;
        let Some(mut request) = Message::read(client, Side::Request)? else { return Ok(()) };
        let mut words = request.start.split(' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let target = words.next().unwrap_or_default();
        let headers = request.headers.clone();
        let fault = self.fault(&target);
        self.received.lock().unwrap().push(Received { method: method.clone(), target, headers });

        let mut answer = match &fault {
            Some(Fault::Status(status, headers)) => {
                let headers =
                    headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
                let start = format!("HTTP/1.1 {status} Fault");
                let mut answer = Message { start, headers: headers.collect(), body: Vec::new() };
                answer.set_header("content-length", "0");
                answer
            }
            _ => self.forward(&mut request, &method)?,
        };
        answer.set_header("connection", "close");
        let mut end = answer.body.len();
        match fault {
            Some(Fault::CutAfter(bytes)) => end = end.min(bytes),
            Some(Fault::Flip(at)) => {
                if let Some(byte) = answer.body.get_mut(at) {
                    *byte ^= 1;
                }
            }
            Some(Fault::Length(more)) => {
                let length = i64::try_from(end).unwrap_or(i64::MAX) + more;
                answer.set_header("content-length", &length.max(0).to_string());
            }
            Some(Fault::Body(body)) => {
                end = body.len();
                answer.set_header("content-length", &end.to_string());
                answer.body = body;
            }
            Some(Fault::Delay(delay)) => thread::sleep(delay),
            Some(Fault::Status(..)) | None => {}
        }
        answer.write(client, &answer.body[..end])?;
        client.shutdown(Shutdown::Write)
    }

    fn fault(&self, target: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.times > 0 && target.contains(&rule.part))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    /// What the real server answers. The client's `Host` is kept, so that addresses in the answer
    /// lead through the proxy again.
    fn forward(&self, request: &mut Message, method: &str) -> io::Result<Message> {
        let server = TcpStream::connect(&self.upstream)?;
        server.set_read_timeout(Some(SILENCE))?;
        request.set_header("connection", "close");
        request.write(&server, &request.body)?;
        let answer = Message::read(&server, Side::Answer { has_body: method != "HEAD" })?;
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
