//! Mirrors, short names, private authorities, client certificates.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

#[path = "../../fetch/tests/support/authority.rs"]
mod authority;
#[path = "support/registry.rs"]
mod registry;
#[path = "support/setting.rs"]
mod setting;
use authority::{Authority, Issued};
use registry::{Layout, Registry, Setup, is_available};
use setting::{Setting, chain};

const CONF: &str = "etc/containers/registries.conf";

#[test]
fn mirrors_come_first_and_the_registry_last() {
    if !is_available() {
        return;
    }
    let (mirror, origin) = (Registry::start(&Setup::default()), Registry::start(&Setup::default()));
    let (cached, other) = (Layout::image(100), Layout::image(200));
    mirror.push_layout(&cached, "cache/app:1");
    origin.push_layout(&cached, "app:1");
    origin.push_layout(&other, "app:2");
    let conf = format!(
        "[[registry]]\nprefix = 'shop.example'\nlocation = '{}'\n\
         [[registry.mirror]]\nlocation = '{}/cache'\n",
        origin.host(),
        mirror.host()
    );
    let setting = Setting::new().file(CONF, &conf);
    let opened = setting.open("shop.example/app:1").unwrap();
    assert_eq!(opened.name.to_string(), "shop.example/app:1");
    assert_eq!(opened.repository.host(), mirror.host());
    assert_eq!(opened.repository.path(), "cache/app");

    let opened = setting.open("shop.example/app:2").unwrap();
    assert_eq!(opened.repository.host(), origin.host());
    assert_eq!(opened.manifest.digest, other.top.digest);
    assert_eq!(opened.passed_over.len(), 1);
    assert_eq!(opened.passed_over[0].place, format!("{}/cache/app", mirror.host()));
    assert!(opened.passed_over[0].error.is_not_found());

    let error = setting.open("shop.example/app:3").unwrap_err();
    assert!(error.is_not_found());
    let expected = format!(
        "shop.example/app:3 was found nowhere: {} has no cache/app:3: manifest unknown; \
         {} has no app:3: manifest unknown",
        mirror.host(),
        origin.host()
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_short_name_is_searched_for_and_said_in_full() {
    if !is_available() {
        return;
    }
    let (first, second) = (Registry::start(&Setup::default()), Registry::start(&Setup::default()));
    let layout = Layout::image(100);
    second.push_layout(&layout, "app:latest");
    let search =
        format!("unqualified-search-registries = ['{}', '{}']\n", first.host(), second.host());
    let alias = format!("[aliases]\nmyapp = '{}/app'\n", second.host());
    let setting = Setting::new()
        .file(CONF, &search)
        .file("etc/containers/registries.conf.d/alias.conf", &alias);
    let full = format!("{}/app:latest", second.host());
    let opened = setting.open("app").unwrap();
    assert_eq!((opened.name.to_string(), opened.passed_over.len()), (full.clone(), 1));
    let opened = setting.open("myapp").unwrap();
    assert_eq!((opened.name.to_string(), opened.passed_over.len()), (full, 0));
}

#[test]
fn the_users_file_replaces_the_systems() {
    let blocked = "[[registry]]\nlocation = 'shop.example'\nblocked = true\n";
    let setting = Setting::new()
        .file(CONF, "unqualified-search-registries = ['127.0.0.1:9']\n")
        .file("home/.config/containers/registries.conf", blocked);
    let error = setting.open("shop.example/app").unwrap_err();
    assert_eq!(error.to_string(), "shop.example/app is blocked by registries.conf");
    let named = setting.root.path().join(CONF).display().to_string();
    let error = setting.var("CONTAINERS_REGISTRIES_CONF", &named).open("app").unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
}

#[test]
fn a_broken_registries_conf_is_named() {
    let error = Setting::new().file(CONF, "[[registry]]\nlocation = 1").config().unwrap_err();
    assert!(
        error.to_string().contains("etc/containers/registries.conf cannot be used: "),
        "{error}"
    );
}

fn over_tls(authority: &Authority, clients: Option<&str>) -> (Registry, Issued) {
    let server = authority.issue(&["127.0.0.1", "localhost"]);
    let tls = Some((server.certificate.as_str(), server.key.as_str(), clients));
    (Registry::start(&Setup { tls, ..Setup::default() }), authority.issue(&["client"]))
}

#[test]
fn certs_d_names_a_private_authority() {
    if !is_available() {
        return;
    }
    let authority = Authority::new();
    let (registry, _) = over_tls(&authority, None);
    registry.push_layout(&Layout::image(100), "app:1");
    let host = registry.host();
    let name = format!("{host}/app:1");
    let ca = authority.pem();
    for directory in
        ["etc/docker/certs.d", "etc/containers/certs.d", "home/.config/containers/certs.d"]
    {
        let setting = Setting::new().file(&format!("{directory}/{host}/ca.crt"), &ca);
        assert!(setting.open(&name).is_ok(), "{directory}");
    }
    // Loopback may speak plain http, but a wrong certificate is no reason to try it.
    let error = Setting::new().open(&name).unwrap_err();
    let message = chain(&error);
    let without_bundle = message.contains("no CA certificates were found");
    let expected = format!("the certificate of {host} is not accepted");
    assert!(message.contains(&expected) || without_bundle, "{message}");
    assert!(Setting::new().insecure(&host).open(&name).is_ok());
    assert!(Setting::new().insecure("127.0.0.1").open(&name).is_ok());
    let conf = format!("[[registry]]\nlocation = '{host}'\ninsecure = true\n");
    assert!(Setting::new().file(CONF, &conf).open(&name).is_ok());
}

#[test]
fn certs_d_has_the_client_certificate() {
    if !is_available() {
        return;
    }
    let authority = Authority::new();
    let ca = authority.pem();
    let (registry, client) = over_tls(&authority, Some(&ca));
    let host = registry.host();
    let name = format!("{host}/app:1");
    let directory = format!("etc/containers/certs.d/{host}");
    let setting = Setting::new().file(&format!("{directory}/ca.crt"), &ca);
    assert!(!setting.open(&name).unwrap_err().is_not_found());
    let setting = setting
        .file(&format!("{directory}/client.cert"), &client.certificate)
        .file(&format!("{directory}/client.key"), &client.key);
    assert!(setting.open(&name).unwrap_err().is_not_found());
}

#[test]
fn localhost_is_loopback_too() {
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    registry.push_layout(&Layout::image(100), "app:1");
    assert!(Setting::new().open(&format!("localhost:{}/app:1", registry.port)).is_ok());
}
