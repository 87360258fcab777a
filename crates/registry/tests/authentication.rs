//! Basic, bearer and identity-token authentication, and where credentials must not go.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_registry::Error;

#[path = "../../fetch/tests/support/authority.rs"]
mod authority;
#[path = "support/fault_proxy.rs"]
mod fault_proxy;
#[path = "support/registry.rs"]
mod registry;
#[path = "../../fetch/tests/support/server.rs"]
mod server;
#[path = "support/setting.rs"]
mod setting;
use authority::Authority;
use fault_proxy::FaultProxy;
use registry::{Layout, Registry, Setup, is_available};
use server::{Received, Reply, Server};
use setting::{Setting, chain, read_all};

/// User `ali`, password `open sesame`.
const HTPASSWD: &str = "ali:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";
const CREDENTIALS: &str = "--dest-creds=ali:open sesame";
/// `ali:open sesame` in base64.
const BASIC: &str = "Basic YWxpOm9wZW4gc2VzYW1l";

fn with_password() -> Option<(Registry, Layout)> {
    if !is_available() {
        return None;
    }
    let registry = Registry::start(&Setup { htpasswd: Some(HTPASSWD), ..Setup::default() });
    let layout = Layout::image(1000);
    let source = format!("oci:{}:image", layout.path().display());
    registry.push(&source, "team/app:1", &[CREDENTIALS]);
    Some((registry, layout))
}

#[test]
fn a_password_opens_the_registry() {
    let Some((registry, layout)) = with_password() else { return };
    let host = registry.host();
    let name = format!("{host}/team/app:1");
    let error = Setting::new().open(&name).unwrap_err();
    assert!(matches!(error, Error::NeedsCredentials { .. }), "{error:?}");
    let expected = format!(
        "{host} asks for credentials for team/app:1, and none are configured: authentication required"
    );
    assert_eq!(error.to_string(), expected);

    let error = Setting::new().login(&host, "ali", "wrong").open(&name).unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("wrong"));

    let opened = Setting::new().login(&host, "ali", "open sesame").open(&name).unwrap();
    let layer = &layout.images[0].2;
    let blob = opened.repository.blob(&layer.digest, layer.size()).unwrap();
    assert_eq!(read_all(blob).unwrap(), layer.bytes);
}

#[test]
fn credentials_come_from_every_documented_place() {
    let Some((registry, _layout)) = with_password() else { return };
    let host = registry.host();
    let name = format!("{host}/team/app:1");
    let entry = r#"{"auth":"YWxpOm9wZW4gc2VzYW1l"}"#;
    let by = |key: &str| format!(r#"{{"auths":{{"{key}":{entry}}}}}"#);
    let at = |path: &str, key: &str| Setting::new().file(path, &by(key));
    assert!(at("run/containers/0/auth.json", &host).open(&name).is_ok());
    assert!(at("home/.config/containers/auth.json", &name[..name.len() - 2]).open(&name).is_ok());
    assert!(at("home/.docker/config.json", &format!("{host}/team")).open(&name).is_ok());
    assert!(at("home/.docker/config.json", &format!("{host}/other")).open(&name).is_err());
    let named = at("elsewhere.json", &host);
    let file = named.root.path().join("elsewhere.json").display().to_string();
    assert!(named.var("REGISTRY_AUTH_FILE", &file).open(&name).is_ok());

    let helper = "#!/bin/sh\necho '{\"Username\": \"ali\", \"Secret\": \"open sesame\"}'\n";
    for config in [
        format!(r#"{{"credHelpers":{{"{host}":"test"}},"auths":{{"{host}":{{}}}}}}"#),
        r#"{"credsStore":"test"}"#.to_owned(),
    ] {
        let setting = Setting::new().file("home/.docker/config.json", &config);
        let setting = setting.file("bin/docker-credential-test", helper);
        let bin = setting.root.path().join("bin");
        let program = bin.join("docker-credential-test");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(program, mode).unwrap();
        assert!(setting.open(&name).is_err());
        assert!(setting.var("PATH", &bin.display().to_string()).open(&name).is_ok(), "{config}");
    }
}

#[test]
fn credentials_do_not_follow_a_redirect() {
    let Some((registry, layout)) = with_password() else { return };
    let layer = layout.images[0].2.clone();
    let bytes = layer.bytes.clone();
    let storage = Server::start(move |_| Reply::new(200, bytes.clone()));
    let proxy = FaultProxy::start(&registry.host());
    let target = storage.url("/blob");
    proxy.change("/blobs/", 9, move |_| Reply::redirect(&target));
    let setting = Setting::new().login(&proxy.host(), "ali", "open sesame");
    let opened = setting.open(&format!("{}/team/app:1", proxy.host())).unwrap();
    let blob = opened.repository.blob(&layer.digest, layer.size()).unwrap();
    assert_eq!(read_all(blob).unwrap(), layer.bytes);
    assert_eq!(proxy.received("/blobs/")[0].header("authorization"), Some(BASIC));
    assert_eq!(storage.received()[0].header("authorization"), None);
}

#[test]
fn a_redirects_target_cannot_ask_for_credentials() {
    let Some((registry, layout)) = with_password() else { return };
    let layer = layout.images[0].2.clone();
    // It offers to be its own token service.
    let thief = Server::start(|request: &Received| {
        let host = request.header("host").unwrap();
        let challenge = format!("Bearer realm=\"http://{host}/token\"");
        Reply::new(401, "").header("www-authenticate", &challenge)
    });
    let proxy = FaultProxy::start(&registry.host());
    let target = thief.url("/blob");
    proxy.change("/blobs/", 9, move |_| Reply::redirect(&target));
    let setting = Setting::new().login(&proxy.host(), "ali", "open sesame");
    let opened = setting.open(&format!("{}/team/app:1", proxy.host())).unwrap();
    assert!(opened.repository.blob(&layer.digest, layer.size()).is_err());
    assert_eq!(thief.received().len(), 1);
    assert_eq!(thief.received()[0].header("authorization"), None);
}

#[test]
fn a_password_that_was_rejected_is_not_sent_again() {
    let Some((registry, _layout)) = with_password() else { return };
    let proxy = FaultProxy::start(&registry.host());
    let setting = Setting::new().login(&proxy.host(), "ali", "wrong");
    setting.open(&format!("{}/team/app:1", proxy.host())).unwrap_err();
    assert_eq!(proxy.received("/manifests/").len(), 1);
}

/// An open registry behind a proxy that wants tokens of a service of ours.
struct TokenScene {
    proxy: FaultProxy,
    service: Server,
    _registry: Registry,
    layout: Layout,
}

/// `uses`: how many requests a token is good for. `wants`: what the service must be shown.
fn token_scene(uses: usize, wants: Option<&'static str>) -> Option<TokenScene> {
    if !is_available() {
        return None;
    }
    let registry = Registry::start(&Setup::default());
    let layout = Layout::image(1000);
    registry.push_layout(&layout, "team/app:1");
    let issued = AtomicUsize::new(0);
    let service = Server::start(move |request: &Received| {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let shown = request.header("authorization").map(str::to_owned).unwrap_or(form);
        if wants.is_some_and(|wants| !shown.contains(wants)) {
            return Reply::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who?"}]}"#);
        }
        let number = issued.fetch_add(1, Ordering::SeqCst);
        Reply::new(200, format!(r#"{{"token":"t{number}","expires_in":300}}"#))
    });
    let proxy = FaultProxy::start(&registry.host());
    let challenge = format!(r#"Bearer realm="{}",service="test""#, service.url("/token"));
    let counts = std::sync::Mutex::new(std::collections::BTreeMap::new());
    proxy.rule(move |request, _| {
        let token =
            request.header("authorization").and_then(|value| value.strip_prefix("Bearer t"));
        let mut counts = counts.lock().unwrap();
        let used = token.map(|token| counts.entry(token.to_owned()).or_insert(0));
        if let Some(used) = used.filter(|used| **used < uses) {
            *used += 1;
            return None;
        }
        let scope =
            if request.target == "/v2/" { "" } else { ",scope=\"repository:team/app:pull\"" };
        Some(Reply::new(401, "").header("www-authenticate", &format!("{challenge}{scope}")))
    });
    Some(TokenScene { proxy, service, _registry: registry, layout })
}

impl TokenScene {
    fn name(&self) -> String {
        format!("{}/team/app:1", self.proxy.host())
    }
}

#[test]
fn an_anonymous_token_is_fetched_once_per_scope() {
    let Some(scene) = token_scene(100, None) else { return };
    let repository = Setting::new().open(&scene.name()).unwrap().repository;
    let layer = &scene.layout.images[0].2;
    for _ in 0..3 {
        let blob = repository.blob(&layer.digest, layer.size()).unwrap();
        assert_eq!(read_all(blob).unwrap(), layer.bytes);
    }
    let asked = scene.service.received();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/token?service=test&scope=repository%3Ateam%2Fapp%3Apull");
    assert_eq!(asked[0].header("authorization"), None);
}

#[test]
fn a_token_that_has_expired_is_replaced() {
    let Some(scene) = token_scene(1, None) else { return };
    let repository = Setting::new().open(&scene.name()).unwrap().repository;
    let layer = &scene.layout.images[0].2;
    for _ in 0..2 {
        let blob = repository.blob(&layer.digest, layer.size()).unwrap();
        assert_eq!(read_all(blob).unwrap(), layer.bytes);
    }
    assert_eq!(scene.service.received().len(), 3);
}

#[test]
fn a_token_that_is_never_accepted_is_not_asked_for_again_and_again() {
    let Some(scene) = token_scene(0, None) else { return };
    let error = Setting::new().open(&scene.name()).unwrap_err();
    assert!(matches!(error, Error::NeedsCredentials { .. }), "{error:?}");
    assert_eq!(scene.service.received().len(), 2);
}

#[test]
fn a_password_buys_a_token() {
    let Some(scene) = token_scene(100, Some(BASIC)) else { return };
    let host = scene.proxy.host();
    let error = Setting::new().open(&scene.name()).unwrap_err();
    let expected = format!(
        "{host} asks for credentials for a token for repository:team/app:pull, \
         and none are configured: who?"
    );
    assert_eq!(error.to_string(), expected);
    let error = Setting::new().login(&host, "ali", "wrong").open(&scene.name()).unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    Setting::new().login(&host, "ali", "open sesame").open(&scene.name()).unwrap();
    // The password itself is for the token service only.
    let sent = scene.proxy.received("/v2/");
    assert!(sent.iter().all(|request| request.header("authorization") != Some(BASIC)));
}

#[test]
fn an_identity_token_buys_a_token() {
    let form = "grant_type=refresh_token&client_id=plimsoll&scope=repository%3Ateam%2Fapp%3Apull\
                &refresh_token=r%2B1&service=test";
    let Some(scene) = token_scene(100, Some(form)) else { return };
    let host = scene.proxy.host();
    let config = format!(r#"{{"auths":{{"{host}":{{"identitytoken":"r+1"}}}}}}"#);
    Setting::new().file("home/.docker/config.json", &config).open(&scene.name()).unwrap();
    assert_eq!(scene.service.received()[0].method, "POST");
}

#[test]
fn a_realm_must_not_lead_inside() {
    for (realm, expected) in [
        ("https://169.254.169.254/token", "private, loopback or link-local address"),
        ("http://auth.example/token", "plain http is only for loopback"),
        ("nowhere", "asks for an unsupported authentication: \"nowhere\""),
    ] {
        let server = Server::start(move |_| {
            let challenge = format!("Bearer realm=\"{realm}\"");
            Reply::new(401, "").header("www-authenticate", &challenge)
        });
        let setting = Setting::new().login(&server.host(), "ali", "open sesame");
        let error = setting.open(&format!("{}/app", server.host())).unwrap_err();
        assert!(chain(&error).contains(expected), "{}", chain(&error));
    }
}

/// A registry without content that names `realm`, and is its own token service at `/token`.
fn naming(realm: String) -> impl Fn(&Received) -> Reply + Send + Sync {
    move |request| match request.header("authorization") {
        _ if request.target.starts_with("/token") => Reply::new(200, r#"{"token":"t"}"#),
        Some(_) => Reply::new(404, ""),
        None => {
            let host = request.header("host").unwrap();
            let challenge = format!("Bearer realm=\"{}\"", realm.replace("HOST", host));
            Reply::new(401, "").header("www-authenticate", &challenge)
        }
    }
}

/// What reached a token service: the header and the form.
fn shown(service: &Server) -> Vec<String> {
    let requests = service.received().into_iter();
    let tokens = requests.filter(|request| request.target.starts_with("/token"));
    let shown = |request: Received| {
        let header = request.header("authorization").unwrap_or_default().to_owned();
        header + &String::from_utf8(request.body).unwrap()
    };
    tokens.map(shown).collect()
}

#[test]
fn who_is_not_verified_names_no_other_host_for_credentials() {
    let authority = Authority::new();
    let tls = || authority.issue(&["127.0.0.1"]).server_config(None);
    let entries = [
        (r#""auth":"YWxpOm9wZW4gc2VzYW1l""#, BASIC),
        (r#""identitytoken":"r1""#, "grant_type=refresh_token"),
    ];
    for (entry, credential) in entries {
        let setting = |host: &str| {
            let config = format!(r#"{{"auths":{{"{host}":{{{entry}}}}}}}"#);
            Setting::new().file("home/.docker/config.json", &config)
        };
        let open = |setting: &Setting, server: &Server| {
            setting.open(&format!("{}/app", server.host())).unwrap_err()
        };
        // By another name it is another host.
        let service = Server::start(naming(String::new()));
        let elsewhere = format!("http://localhost:{}/token", service.address.port());

        let insecure = Server::start_tls(tls(), naming(elsewhere.clone()));
        let host = insecure.host();
        let error = open(&setting(&host).insecure(&host), &insecure);
        assert!(error.is_not_found(), "{error}");
        assert_eq!(shown(&service), [""], "an anonymous token may be asked for");

        let own = Server::start_tls(tls(), naming("https://HOST/token".to_owned()));
        open(&setting(&own.host()).insecure(&own.host()), &own);
        assert!(shown(&own)[0].starts_with(credential), "{:?}", shown(&own));

        let loopback = Server::start(naming(elsewhere.clone()));
        open(&setting(&loopback.host()), &loopback);
        assert!(shown(&service)[1].starts_with(credential), "{:?}", shown(&service));

        let verified = Server::start_tls(tls(), naming(elsewhere));
        let host = verified.host();
        let directory = format!("etc/containers/certs.d/{host}/ca.crt");
        open(&setting(&host).file(&directory, &authority.pem()), &verified);
        assert!(shown(&service)[2].starts_with(credential), "{:?}", shown(&service));
    }
}

#[test]
fn credentials_that_were_not_sent_are_not_called_wrong() {
    let authority = Authority::new();
    let service = Server::start(|_| Reply::new(401, ""));
    let realm = format!("http://localhost:{}/token", service.address.port());
    let config = authority.issue(&["127.0.0.1"]).server_config(None);
    let server = Server::start_tls(config, naming(realm));
    let host = server.host();
    let setting = Setting::new().login(&host, "ali", "open sesame").insecure(&host);
    let error = setting.open(&format!("{host}/app")).unwrap_err();
    let expected = format!(
        "the credentials for a token for repository:app:pull from {host} were not sent: its token \
         service is on another host, and nothing proves that {host} named it"
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(service.received()[0].header("authorization"), None);
}

#[test]
fn the_exceptions_for_a_registry_are_not_for_its_token_service() {
    let authority = Authority::new();
    let tls = || authority.issue(&["127.0.0.1"]).server_config(None);
    let service = Server::start_tls(tls(), naming(String::new()));
    let server = Server::start_tls(tls(), naming(service.url("/token")));
    let host = server.host();
    let certificates = format!("etc/containers/certs.d/{host}/ca.crt");
    let insecure = Setting::new().insecure(&host);
    for setting in [insecure, Setting::new().file(&certificates, &authority.pem())] {
        let error = setting.open(&format!("{host}/app")).unwrap_err();
        assert!(chain(&error).contains("cannot read a token for"), "{}", chain(&error));
        assert_eq!(service.received().len(), 0);
    }
}

#[test]
fn forbidden_is_a_refusal_and_no_question() {
    let server = Server::start(|request: &Received| match request.target.as_str() {
        "/v2/" => Reply::new(200, ""),
        _ => Reply::new(403, r#"{"errors":[{"code":"DENIED","message":"not you"}]}"#),
    });
    let host = server.host();
    let error = Setting::new().open(&format!("{host}/app:1")).unwrap_err();
    assert_eq!(error.to_string(), format!("{host} answered 403 for app:1: not you"));
    assert!(!error.is_unauthorized());
}

#[test]
fn a_service_that_gives_no_token_is_named() {
    for body in ["", "{}", "<html>", r#"{"token":7}"#] {
        let service = Server::start(move |_| Reply::new(200, body));
        let challenge = format!(r#"Bearer realm="{}""#, service.url("/token"));
        let server =
            Server::start(move |_| Reply::new(401, "").header("www-authenticate", &challenge));
        let error = Setting::new().open(&format!("{}/app", server.host())).unwrap_err();
        let expected = format!("the token service 127.0.0.1 of {} gave no token", server.host());
        assert_eq!(error.to_string(), expected);
    }
}
