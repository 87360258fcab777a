//! What callers rely on: statuses, retries, conditional requests, limits, timeouts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use plimsoll_fetch::{Client, Error, Fetched, Limit, Request, Retry, Settings, Url, Validators};

#[path = "support/server.rs"]
mod server;
use server::{Fault, Received, Reply, Server};

fn quick() -> Settings {
    let retry = Retry { first_pause: Duration::from_millis(5), ..Retry::default() };
    Settings { retry, ..Settings::default() }
}

fn client() -> Client {
    Client::new(quick()).unwrap()
}

fn get(server: &Server, path: &str) -> Request {
    Request::get(Url::parse(&server.url(path)).unwrap())
}

/// A server that answers each request with the next of `replies`, and the last one for ever.
fn replies(replies: Vec<Reply>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let index = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[index].clone()
    })
}

#[test]
fn a_body_is_read_and_the_client_introduces_itself() {
    let server = Server::start(|_| Reply::new(200, "hello").header("x-a", "1"));
    let response = client().get(&get(&server, "/a?b=c")).unwrap();
    assert_eq!(response.header("X-A"), Some("1"));
    assert_eq!(response.length(), Some(5));
    assert_eq!(response.bytes().unwrap(), b"hello");
    let received = &server.received()[0];
    assert_eq!(received.target, "/a?b=c");
    assert!(received.header("user-agent").unwrap().starts_with("plimsoll/"));
    assert_eq!(received.header("authorization"), None);
}

#[test]
fn failures_that_may_pass_are_repeated() {
    for fault in [
        Reply::new(500, ""),
        Reply::new(502, ""),
        Reply::new(503, "").header("retry-after", "0"),
        Reply::new(429, ""),
        Reply::new(200, "x").fault(Fault::NoAnswer),
    ] {
        let server = replies(vec![fault.clone(), fault.clone(), Reply::new(200, "fine")]);
        let response = client().get(&get(&server, "/")).unwrap();
        assert_eq!(response.bytes().unwrap(), b"fine", "{fault:?}");
        assert_eq!(server.received().len(), 3);
    }
}

#[test]
fn attempts_are_bounded_and_the_last_answer_is_told() {
    let server = replies(vec![Reply::new(500, "")]);
    let error = client().get(&get(&server, "/x?token=secret")).unwrap_err();
    assert_eq!(error.to_string(), format!("{} answered 500", server.url("/x")));
    assert_eq!(error.status(), Some(500));
    assert_eq!(server.received().len(), 5);
}

#[test]
fn what_will_not_pass_is_not_repeated() {
    for status in [400, 401, 403, 404, 410] {
        let server = replies(vec![Reply::new(status, "")]);
        assert_eq!(client().get(&get(&server, "/")).unwrap_err().status(), Some(status));
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn retry_after_is_waited_for_or_reported() {
    let server =
        replies(vec![Reply::new(429, "").header("retry-after", "1"), Reply::new(200, "fine")]);
    let started = Instant::now();
    client().get(&get(&server, "/")).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));

    let server = replies(vec![Reply::new(429, "").header("retry-after", "3600")]);
    let started = Instant::now();
    let error = client().get(&get(&server, "/")).unwrap_err();
    assert!(error.to_string().ends_with("answered 429 and asks to wait 3600 s"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(server.received().len(), 1);
}

#[test]
fn unchanged_content_is_not_transferred() {
    let server = Server::start(|request: &Received| {
        if request.header("if-none-match") == Some("\"v1\"") {
            return Reply::new(304, "");
        }
        Reply::new(200, "new").header("etag", "\"v1\"")
    });
    let (client, request) = (client(), get(&server, "/feed"));
    let known = match client.get_if_changed(&request, &Validators::default()).unwrap() {
        Fetched::Changed(response) => response.validators(),
        Fetched::NotModified => panic!("nothing was known"),
    };
    assert_eq!(known.etag.as_deref(), Some("\"v1\""));
    let again = client.get_if_changed(&request, &known).unwrap();
    assert!(matches!(again, Fetched::NotModified));
    let dated = Validators { etag: None, last_modified: Some("yesterday".to_owned()) };
    let again = client.get_if_changed(&request, &dated).unwrap();
    assert!(matches!(again, Fetched::Changed(_)));
    assert_eq!(server.received()[2].header("if-modified-since"), Some("yesterday"));
}

#[test]
fn a_body_beyond_its_limit_is_not_read() {
    let limit = Limit { bytes: 4, name: "manifest" };
    let chunked = Reply::new(200, "5\r\nhello\r\n0\r\n\r\n").header("transfer-encoding", "chunked");
    for reply in [Reply::new(200, "hello"), chunked] {
        let server = replies(vec![reply]);
        let response = client().get(&get(&server, "/m").limit(limit)).unwrap();
        let error = response.bytes().unwrap_err();
        let expected =
            format!("{} is larger than the 4 bytes allowed for a manifest", server.url("/m"));
        assert_eq!(error.to_string(), expected);
        assert!(matches!(Error::in_io(&error), Some(Error::TooLarge { .. })));
    }
}

#[test]
fn a_length_that_is_a_lie_is_an_error() {
    let server = replies(vec![Reply::new(200, "hello").fault(Fault::ClaimLength(9))]);
    let error = client().get(&get(&server, "/b")).unwrap().bytes().unwrap_err();
    assert!(matches!(Error::in_io(&error), Some(Error::Cut { received: 5, .. })), "{error}");
    let expected = format!("{} cut {} after 5 bytes", server.host(), server.url("/b"));
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_stalled_body_is_a_timeout_that_names_the_host() {
    let server = replies(vec![Reply::new(200, "hello").fault(Fault::StallAfter(3))]);
    let client = Client::new(quick().with_timeout(Duration::from_millis(200))).unwrap();
    let mut body = client.get(&get(&server, "/b")).unwrap().body;
    let mut three = [0; 3];
    body.read_exact(&mut three).unwrap();
    let error = body.read(&mut three).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    let message = error.to_string();
    assert!(message.starts_with(&format!("{} sent nothing for 200ms", server.host())), "{message}");
}

#[test]
fn a_server_that_never_answers_is_a_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let settings = quick().with_timeout(Duration::from_millis(100));
    let retry = Retry { attempts: 2, ..settings.retry };
    let client = Client::new(Settings { retry, ..settings }).unwrap();
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let error = client.get(&Request::get(url)).unwrap_err();
    assert_eq!(error.to_string(), format!("{address} did not answer within 100ms"));
}

#[test]
fn nobody_listening_is_a_connect_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let error = client().get(&Request::get(url)).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to {address}"));
}

#[test]
fn only_the_headers_are_asked_for() {
    let server = Server::start(|_| Reply::new(200, "x".repeat(100)));
    let url = Url::parse(&server.url("/")).unwrap();
    let limit = Limit { bytes: 10, name: "head" };
    let response = client().get(&Request::head(url).limit(limit)).unwrap();
    assert_eq!(response.length(), Some(100));
    assert_eq!(server.received()[0].method, "HEAD");
}

#[test]
fn a_form_is_sent() {
    let server = Server::start(|request: &Received| Reply::new(200, request.body.clone()));
    let url = Url::parse(&server.url("/token")).unwrap();
    let form = "application/x-www-form-urlencoded";
    let response = client().get(&Request::post(url, form, b"a=b".to_vec())).unwrap();
    assert_eq!(response.bytes().unwrap(), b"a=b");
    assert_eq!(server.received()[0].header("content-type"), Some(form));
}
