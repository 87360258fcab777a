//! Downloads that survive cuts, and those that must not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::time::Duration;

use plimsoll_fetch::{Client, Content, Limit, Request, Retry, Settings, Url};

#[path = "support/server.rs"]
mod server;
use server::{Fault, Received, Reply, Server};

const LENGTH: usize = 100_000;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|i| (i * 7 % 251) as u8).collect()
}

fn client() -> Client {
    let retry = Retry { first_pause: Duration::from_millis(2), ..Retry::default() };
    let settings = Settings { retry, ..Settings::default() };
    Client::new(settings.with_timeout(Duration::from_millis(300))).unwrap()
}

fn get(server: &Server) -> Request {
    Request::get(Url::parse(&server.url("/blob")).unwrap())
}

/// The start that a `Range: bytes=N-` header asks for.
fn start(request: &Received) -> usize {
    let range = request.header("range").and_then(|range| range.strip_prefix("bytes="));
    range.and_then(|range| range.strip_suffix('-')).map_or(0, |n| n.parse().unwrap())
}

/// An honest answer to a request for the whole or for a tail.
fn part(request: &Received) -> Reply {
    let from = start(request);
    let body = content()[from..].to_vec();
    let status = if from == 0 { 200 } else { 206 };
    let range = format!("bytes {from}-{}/{LENGTH}", LENGTH - 1);
    Reply::new(status, body).header("content-range", &range).header("etag", "\"v1\"")
}

fn outcome(server: &Server) -> Result<Vec<u8>, String> {
    client().get_resumable(&get(server)).unwrap().bytes().map_err(|error| error.to_string())
}

#[test]
fn a_cut_or_stalled_download_continues_where_it_broke() {
    for fault in [Fault::CutAfter(30_000), Fault::StallAfter(40_000)] {
        let server = Server::start(move |request| part(request).fault(fault));
        assert_eq!(outcome(&server).unwrap(), content(), "{fault:?}");
        let received = server.received();
        assert!(received.len() >= 3);
        assert!(received[1..].iter().all(|r| r.header("if-range") == Some("\"v1\"")));
    }
}

#[test]
fn a_server_without_ranges_sends_the_beginning_again() {
    let server = Server::start(|request: &Received| {
        let reply = Reply::new(200, content()).header("etag", "\"v1\"");
        if start(request) == 0 { reply.fault(Fault::CutAfter(30_000)) } else { reply }
    });
    assert_eq!(outcome(&server).unwrap(), content());
}

#[test]
fn replaced_content_is_not_joined() {
    type Second = fn(&Received) -> Reply;
    let seconds: [(Second, &str); 5] = [
        (|_| Reply::new(200, "new").header("etag", "\"v2\""), "it has been replaced meanwhile"),
        (|_| Reply::new(200, "new"), "it has been replaced meanwhile"),
        (|r| part(r).header("etag", "\"v2\""), "it has been replaced meanwhile"),
        (
            |r| Reply::new(206, "x").header("content-range", &format!("bytes {}-9/10", start(r))),
            "its length has changed",
        ),
        (|_| Reply::new(206, "x").header("content-range", "bytes 0-0/*"), "another part"),
    ];
    for (second, expected) in seconds {
        let server = Server::start(move |request: &Received| match start(request) {
            0 => part(request).fault(Fault::CutAfter(30_000)),
            _ => {
                let mut reply = second(request);
                reply.headers.reverse();
                reply.headers.dedup_by(|a, b| a.0 == b.0);
                reply
            }
        });
        let error = outcome(&server).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(error.contains("/blob cannot be continued at byte "), "{error}");
    }
}

#[test]
fn without_a_validator_a_cut_is_final() {
    let server = Server::start(|_| Reply::new(200, content()).fault(Fault::CutAfter(30_000)));
    let error = outcome(&server).unwrap_err();
    assert!(error.contains(" cut http://") && error.contains(" after "), "{error}");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn immutable_content_needs_no_validator() {
    let server = Server::start(|request: &Received| {
        let reply = Reply::new(200, content());
        if start(request) == 0 { reply.fault(Fault::CutAfter(30_000)) } else { reply }
    });
    let (client, request) = (client(), get(&server));
    let response = client.get(&request).unwrap();
    let retry = client.settings().retry;
    let response = response
        .resuming(retry, Content::Immutable, move |tail| client.send(&request.clone().tail(tail)));
    assert_eq!(response.bytes().unwrap(), content());
}

#[test]
fn a_server_that_never_gets_further_is_given_up() {
    let server = Server::start(|request: &Received| {
        let sent = if start(request) == 0 { 30_000 } else { 0 };
        part(request).fault(Fault::CutAfter(sent))
    });
    let error = outcome(&server).unwrap_err();
    assert!(error.contains(" cut http://"), "{error}");
    assert_eq!(server.received().len(), 6);
}

#[test]
fn the_limit_holds_over_all_parts() {
    let server = Server::start(|request: &Received| {
        let part = part(request);
        let body = [format!("{:x}\r\n", part.body.len()).into_bytes(), part.body].concat();
        let chunked = Reply { body, ..part }.header("transfer-encoding", "chunked");
        chunked.fault(Fault::CutAfter(30_000))
    });
    let limit = Limit { bytes: LENGTH as u64 - 1, name: "blob" };
    let response = client().get_resumable(&get(&server).limit(limit)).unwrap();
    let error = response.bytes().unwrap_err().to_string();
    assert!(error.ends_with("is larger than the 99999 bytes allowed for a blob"), "{error}");
}
