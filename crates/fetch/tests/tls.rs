//! Certificates, private authorities, client certificates.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::time::Duration;

use plimsoll_fetch::{
    Client, Error, HostTls, Identity, Pem, Refusal, Request, Response, Settings, Tls, Url,
    Verification,
};
#[path = "support/authority.rs"]
mod authority;
#[path = "support/server.rs"]
mod server;
use authority::{Authority, Issued};
use server::{Reply, Server};

fn pem(origin: &str, text: &str) -> Pem {
    Pem { origin: origin.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn trusting(authority: &Authority) -> Tls {
    Tls { extra_roots: vec![pem("ca.crt", &authority.pem())], ..Tls::default() }
}

fn fetch(server: &Server, tls: Tls) -> Result<Response, Error> {
    let settings = Settings { tls, ..Settings::default() }.with_timeout(Duration::from_secs(5));
    let url = Url::parse(&server.url("/")).unwrap();
    Client::new(settings).unwrap().get(&Request::get(url))
}

#[test]
fn a_private_authority_is_believed_when_named() {
    let authority = Authority::new();
    let config = authority.issue(&["127.0.0.1"]).server_config(None);
    let server = Server::start_tls(config, |_| Reply::new(200, "fine"));
    assert_eq!(fetch(&server, trusting(&authority)).unwrap().bytes().unwrap(), b"fine");
    for stranger in [Tls::default(), trusting(&Authority::new())] {
        let error = fetch(&server, stranger).unwrap_err();
        // A machine without any CA bundle fails earlier, and as rightly.
        let rejected = matches!(error, Error::Certificate { .. } | Error::NoRoots);
        assert!(rejected, "{error:?}");
    }
    let insecure = Tls { verification: Verification::None, ..Tls::default() };
    assert_eq!(fetch(&server, insecure).unwrap().bytes().unwrap(), b"fine");
}

#[test]
fn the_certificate_must_be_for_the_host() {
    let authority = Authority::new();
    let config = authority.issue(&["registry.example"]).server_config(None);
    let server = Server::start_tls(config, |_| Reply::new(200, ""));
    let error = fetch(&server, trusting(&authority)).unwrap_err();
    assert_eq!(error.to_string(), format!("the certificate of {} is not accepted", server.host()));
}

#[test]
fn ssl_cert_file_and_dir_replace_the_bundle() {
    let authority = Authority::new();
    let config = authority.issue(&["127.0.0.1"]).server_config(None);
    let server = Server::start_tls(config, |_| Reply::new(200, ""));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bundle.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    for (variable, path) in [("SSL_CERT_FILE", file.as_path()), ("SSL_CERT_DIR", directory.path())]
    {
        let lookup = |name: &str| (name == variable).then(|| path.display().to_string());
        let tls = Settings::from_vars(&lookup).unwrap().tls;
        assert_eq!(fetch(&server, tls).unwrap().status, 200, "{variable}");
    }
    let missing = Tls { bundle: Some(directory.path().join("none")), ..Tls::default() };
    let error = fetch(&server, missing).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the CA certificates "), "{error}");
}

#[test]
fn a_client_certificate_is_shown_when_asked_for() {
    let authority = Authority::new();
    let config = authority.issue(&["127.0.0.1"]).server_config(Some(&authority));
    let server = Server::start_tls(config, |_| Reply::new(200, "fine"));
    assert!(fetch(&server, trusting(&authority)).is_err());
    let Issued { certificate, key } = authority.issue(&["client"]);
    let (certificate, key) = (pem("client.cert", &certificate), pem("client.key", &key));
    let with = |identity| Tls { identity: Some(identity), ..trusting(&authority) };
    let identity = Identity { certificate: certificate.clone(), key: key.clone() };
    assert_eq!(fetch(&server, with(identity)).unwrap().bytes().unwrap(), b"fine");

    let swapped = Identity { certificate: key, key: certificate };
    let error = fetch(&server, with(swapped)).unwrap_err();
    assert_eq!(error.to_string(), "client.key cannot be used: it holds no certificate");
}

/// A server that redirects to another; both want a client certificate of `authority`.
fn redirecting(authority: &Authority) -> [Server; 2] {
    let config = || authority.issue(&["127.0.0.1"]).server_config(Some(authority));
    let target = Server::start_tls(config(), |_| Reply::new(200, "fine"));
    let location = target.url("/");
    [Server::start_tls(config(), move |_| Reply::redirect(&location)), target]
}

#[test]
fn what_holds_for_one_server_does_not_hold_where_it_redirects_to() {
    let authority = Authority::new();
    let Issued { certificate, key } = authority.issue(&["client"]);
    let identity = Some(Identity {
        certificate: pem("client.cert", &certificate),
        key: pem("client.key", &key),
    });
    let trusted = trusting(&authority);
    let insecure = Tls { verification: Verification::None, ..Tls::default() };
    let check = |tls: Tls, exception: Tls, expected: bool| {
        let [server, target] = redirecting(&authority);
        let url = Url::parse(&server.url("/")).unwrap();
        let host_tls = Some(HostTls { url: url.clone(), tls: exception });
        let settings = Settings { tls, host_tls, ..Settings::default() };
        let client = Client::new(settings.with_timeout(Duration::from_secs(5))).unwrap();
        let outcome = client.get(&Request::get(url));
        assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
        assert_eq!((server.received().len(), target.received().len()), (1, expected.into()));
    };
    let with = |tls: &Tls| Tls { identity: identity.clone(), ..tls.clone() };
    check(with(&trusted), with(&insecure), true);
    check(trusted.clone(), with(&trusted), false);
    check(with(&Tls::default()), with(&insecure), false);
    check(with(&Tls::default()), with(&trusted), false);
}

#[test]
fn a_server_without_tls_is_recognised() {
    let server = Server::start(|_| Reply::new(200, ""));
    let url = Url::parse(&format!("https://{}/", server.host())).unwrap();
    let tls = trusting(&Authority::new());
    let client = Client::new(Settings { tls, ..Settings::default() }).unwrap();
    let error = client.get(&Request::get(url)).unwrap_err();
    assert_eq!(error.to_string(), format!("{} does not speak TLS", server.host()));
}

#[test]
fn a_redirect_does_not_leave_https() {
    let authority = Authority::new();
    let plain = Server::start(|_| Reply::new(200, ""));
    let target = plain.url("/");
    let config = authority.issue(&["127.0.0.1"]).server_config(None);
    let server = Server::start_tls(config, move |_| Reply::redirect(&target));
    let error = fetch(&server, trusting(&authority)).unwrap_err();
    assert!(matches!(error, Error::Refused { refusal: Refusal::Downgrade, .. }), "{error:?}");
    assert_eq!(plain.received().len(), 0);
}
