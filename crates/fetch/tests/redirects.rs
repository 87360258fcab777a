//! Redirects: where they may lead, and what goes along.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::sync::Arc;
use std::time::Duration;

use plimsoll_fetch::{
    AddressPolicy, AllowedHosts, Client, Error, Refusal, Request, Retry, Secret, Settings, Url,
    Zone,
};

#[path = "support/server.rs"]
mod server;
use server::{Received, Reply, Server};

fn client() -> Client {
    let retry = Retry { first_pause: Duration::from_millis(5), ..Retry::default() };
    Client::new(Settings { retry, ..Settings::default() }).unwrap()
}

fn get(url: &str) -> Request {
    Request::get(Url::parse(url).unwrap())
}

/// A server that redirects everything to `location`.
fn to(location: &str) -> Server {
    let location = location.to_owned();
    Server::start(move |_| Reply::redirect(&location))
}

fn refusal(error: &Error) -> Option<Refusal> {
    match error {
        Error::Refused { refusal, .. } => Some(*refusal),
        _ => None,
    }
}

#[test]
fn credentials_stay_with_their_host() {
    let other = Server::start(|_| Reply::new(200, "blob"));
    let server = {
        let elsewhere = other.url("/signed?key=1");
        Server::start(move |request: &Received| match request.target.as_str() {
            "/same" => Reply::redirect("/again"),
            _ => Reply::redirect(&elsewhere),
        })
    };
    let request = get(&server.url("/same")).authorization(Secret::new("Bearer t"));
    let response = client().get(&request).unwrap();
    assert_eq!(response.url.as_str(), other.url("/signed?key=1"));
    assert_eq!(response.bytes().unwrap(), b"blob");
    let sent: Vec<_> =
        server.received().iter().map(|r| r.header("authorization").is_some()).collect();
    assert_eq!(sent, [true, true]);
    assert_eq!(other.received()[0].header("authorization"), None);
}

#[test]
fn credentials_do_not_come_back_after_a_detour() {
    let home = Server::start(|_| Reply::new(200, ""));
    let detour = to(&home.url("/end"));
    let start = to(&detour.url("/detour"));
    // `start` and `home` are different hosts by their ports, and so is the detour.
    client().get(&get(&start.url("/")).authorization(Secret::new("Bearer t"))).unwrap();
    assert_eq!(home.received()[0].header("authorization"), None);
}

#[test]
fn credentials_in_a_redirect_are_not_used() {
    let other = Server::start(|_| Reply::new(200, ""));
    let server = to(&format!("http://user:pass@{}/", other.host()));
    client().get(&get(&server.url("/"))).unwrap();
    assert_eq!(other.received()[0].header("authorization"), None);
}

#[test]
fn redirects_end() {
    let server = to("/again");
    let error = client().get(&get(&server.url("/"))).unwrap_err();
    assert_eq!(error.to_string(), format!("{} redirects more than 10 times", server.url("/")));
    assert_eq!(server.received().len(), 11);
}

#[test]
fn a_redirect_needs_a_target() {
    for location in ["", "http://", "http://[x"] {
        let server = Server::start(move |_| match location {
            "" => Reply::new(302, ""),
            _ => Reply::redirect(location),
        });
        let error = client().get(&get(&server.url("/a"))).unwrap_err();
        assert_eq!(error.to_string(), format!("{} redirects to nowhere", server.url("/a")));
    }
}

#[test]
fn a_redirect_leads_to_no_other_scheme_or_link_local_address() {
    for (location, expected) in [
        ("http://169.254.169.254/latest/meta-data", Refusal::PlainHttp),
        ("https://169.254.169.254/latest/meta-data", Refusal::Near),
        ("https://[fe80::1]/", Refusal::Near),
        ("http://registry.example/", Refusal::PlainHttp),
        ("ftp://registry.example/", Refusal::Scheme),
        ("file:///etc/passwd", Refusal::NoHost),
    ] {
        let error = client().get(&get(&to(location).url("/"))).unwrap_err();
        assert_eq!(refusal(&error), Some(expected), "{location}: {error}");
    }
}

#[test]
fn an_image_reaches_only_allowed_hosts_also_by_redirect() {
    let other = Server::start(|_| Reply::new(200, ""));
    let server = to(&other.url("/").replace("127.0.0.1", "localhost"));
    let policy = |allowed: AllowedHosts| AddressPolicy::Foreign(Arc::new(allowed));
    let fetch = |policy| client().get(&get(&server.url("/")).policy(policy));
    let none = AllowedHosts::default();
    assert_eq!(refusal(&fetch(policy(none)).unwrap_err()), Some(Refusal::NotAllowed));
    let public = AllowedHosts::default().allow("127.0.0.1", Zone::Public);
    assert_eq!(refusal(&fetch(policy(public)).unwrap_err()), Some(Refusal::Near));
    let first = AllowedHosts::default().allow("127.0.0.1", Zone::Loopback);
    let error = fetch(policy(first.clone())).unwrap_err();
    assert_eq!(refusal(&error), Some(Refusal::NotAllowed));
    assert!(error.to_string().contains("localhost"), "{error}");
    assert_eq!(other.received().len(), 0);
    fetch(policy(first.allow("localhost", Zone::Loopback))).unwrap();
}

#[test]
fn the_answer_tells_the_zone_of_the_first_server() {
    let server = Server::start(|_| Reply::new(200, ""));
    assert_eq!(client().get(&get(&server.url("/"))).unwrap().zone, Zone::Loopback);
}

#[test]
fn a_form_is_not_redirected() {
    let other = Server::start(|_| Reply::new(200, ""));
    let server = to(&other.url("/"));
    let url = Url::parse(&server.url("/token")).unwrap();
    let form = Request::post(url, "application/x-www-form-urlencoded", b"password=x".to_vec());
    assert_eq!(client().send(&form).unwrap().status, 302);
    assert_eq!(other.received().len(), 0);
}

#[test]
fn a_name_that_resolves_to_the_inside_is_refused() {
    use std::net::ToSocketAddrs;
    // Any name but `localhost`, which is known to be near without being looked up.
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let is_near = |name: &&str| {
        (*name, 80).to_socket_addrs().is_ok_and(|mut found| found.all(|at| at.ip().is_loopback()))
    };
    let Some(name) = ["ip6-localhost", own.trim()].into_iter().find(is_near) else {
        println!("skipped: needs a name of this machine in /etc/hosts");
        return;
    };
    let request = get(&format!("https://{name}:9/")).policy(AddressPolicy::Referred(Zone::Public));
    let error = client().get(&request).unwrap_err();
    assert_eq!(refusal(&error), Some(Refusal::Near), "{error}");
}
