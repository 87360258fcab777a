//! An HTTP proxy of ours before a real server: it passes requests on, except for those that the
//! test wants answered otherwise.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it and uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use crate::server::{Received, Reply, Server};

/// What to do with a request; `None` passes it on, and `upstream` is how.
type Rule = dyn Fn(&Received, &Upstream) -> Option<Reply> + Send + Sync;

/// The proxy: rules can be added while it runs; the first that answers wins.
pub struct FaultProxy {
    pub server: Server,
    rules: Arc<Mutex<Vec<Box<Rule>>>>,
}

/// The server behind the proxy.
pub struct Upstream {
    address: String,
}

impl FaultProxy {
    /// A proxy before `upstream` (`host:port`, plain http).
    pub fn start(upstream: &str) -> Self {
        let upstream = Upstream { address: upstream.to_owned() };
        let rules: Arc<Mutex<Vec<Box<Rule>>>> = Arc::default();
        let known = Arc::clone(&rules);
        let server = Server::start(move |request| {
            let answer = known.lock().unwrap().iter().find_map(|rule| rule(request, &upstream));
            answer.unwrap_or_else(|| upstream.forward(request))
        });
        Self { server, rules }
    }

    /// Answers by `rule` where it has an answer.
    pub fn rule(
        &self,
        rule: impl Fn(&Received, &Upstream) -> Option<Reply> + Send + Sync + 'static,
    ) {
        self.rules.lock().unwrap().push(Box::new(rule));
    }

    /// Changes what the upstream answers to requests whose target contains `part`, `times` times.
    pub fn change(
        &self,
        part: &'static str,
        times: usize,
        change: impl Fn(Reply) -> Reply + Send + Sync + 'static,
    ) {
        let left = Mutex::new(times);
        self.rule(move |request, upstream| {
            let mut left = left.lock().unwrap();
            if *left == 0 || !request.target.contains(part) {
                return None;
            }
            *left -= 1;
            Some(change(upstream.forward(request)))
        });
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The requests so far whose target contains `part`.
    pub fn received(&self, part: &str) -> Vec<Received> {
        let all = self.server.received().into_iter();
        all.filter(|request| request.target.contains(part)).collect()
    }
}

impl Upstream {
    /// What the real server answers.
    pub fn forward(&self, request: &Received) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{} {} HTTP/1.1\r\n", request.method, request.target).unwrap();
        for (name, value) in &request.headers {
            write!(stream, "{name}: {value}\r\n").unwrap();
        }
        write!(stream, "connection: close\r\n\r\n").unwrap();
        stream.write_all(&request.body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        let headers = headers.filter(|(name, _)| name != "connection");
        let reply = Reply::new(status, answer[end + 4..].to_vec());
        Reply { headers: headers.collect(), ..reply }
    }
}
