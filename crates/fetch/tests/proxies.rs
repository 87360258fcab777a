//! Requests through a proxy.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use plimsoll_fetch::{Client, Pem, PlainHttp, Request, Settings, Tls, Url};

#[path = "support/authority.rs"]
mod authority;
#[path = "support/server.rs"]
mod server;
use authority::Authority;
use server::{Received, Reply, Server};

fn client(proxy: &Server, no_proxy: &str) -> Client {
    let address = format!("http://user:pa%20ss@{}", proxy.host());
    let lookup = |name: &str| match name {
        "HTTP_PROXY" => Some(address.clone()),
        "NO_PROXY" => Some(no_proxy.to_owned()),
        _ => None,
    };
    let plain_http = PlainHttp::default().allow("feeds.example");
    Client::new(Settings { plain_http, ..Settings::from_vars(&lookup).unwrap() }).unwrap()
}

#[test]
fn the_proxy_resolves_the_name_and_gets_its_own_credentials() {
    let proxy = Server::start(|request: &Received| Reply::new(200, request.target.clone()));
    let url = Url::parse("http://feeds.example/feed.json").unwrap();
    let response = client(&proxy, "").get(&Request::get(url)).unwrap();
    assert_eq!(response.bytes().unwrap(), b"http://feeds.example/feed.json");
    let received = &proxy.received()[0];
    assert_eq!(received.header("proxy-authorization"), Some("Basic dXNlcjpwYSBzcw=="));
    assert_eq!(received.header("authorization"), None);
}

#[test]
fn loopback_is_never_proxied() {
    let proxy = Server::start(|_| Reply::new(500, ""));
    let direct = Server::start(|_| Reply::new(200, "direct"));
    let url = Url::parse(&direct.url("/")).unwrap();
    assert_eq!(client(&proxy, "").get(&Request::get(url)).unwrap().bytes().unwrap(), b"direct");
    assert_eq!(proxy.received().len(), 0);
}

#[test]
fn exceptions_go_direct() {
    let proxy = Server::start(|_| Reply::new(200, ""));
    let url = Url::parse("http://feeds.example/").unwrap();
    // The name does not exist, so going direct fails, and the proxy hears nothing.
    assert!(client(&proxy, "example").get(&Request::get(url)).is_err());
    assert_eq!(proxy.received().len(), 0);
}

/// A proxy that tunnels one connection to `target`; the thread ends with the request's head.
fn tunnel(target: SocketAddr) -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut up, &mut server));
        thread::spawn(move || std::io::copy(&mut down, &mut client));
        String::from_utf8(head).unwrap()
    });
    (address, thread)
}

#[test]
fn https_goes_through_a_tunnel_and_is_verified_end_to_end() {
    let authority = Authority::new();
    let issued = authority.issue(&["registry.example"]);
    let server = Server::start_tls(issued.server_config(None), |request: &Received| {
        Reply::new(200, request.header("authorization").unwrap_or_default())
    });
    let (proxy, thread) = tunnel(server.address);
    let address = format!("http://user:pass@{proxy}");
    let lookup = |name: &str| (name == "HTTPS_PROXY").then(|| address.clone());
    let extra_roots = vec![Pem { origin: "ca".to_owned(), bytes: authority.pem().into_bytes() }];
    let settings = Settings::from_vars(&lookup).unwrap();
    let client = Client::new(Settings { tls: Tls { extra_roots, ..Tls::default() }, ..settings });
    let url = Url::parse("https://registry.example/v2/").unwrap();
    let response = client.unwrap().get(&Request::get(url)).unwrap();
    assert_eq!(response.bytes().unwrap(), b"");
    let head = thread.join().unwrap().to_ascii_lowercase();
    assert!(head.starts_with("connect registry.example:443 http/1.1\r\n"), "{head}");
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
}
