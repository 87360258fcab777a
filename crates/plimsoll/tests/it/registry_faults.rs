//! A real registry behind a proxy that breaks its answers.

use std::time::{Duration, Instant};

use plimsoll_testkit::{Fault, FaultProxy, Image, Layout, Registry, Setup};

use crate::support::{Answer, TestContext, shop, shop_feeds};

/// A registry that has the shop, behind a proxy.
struct Broken {
    _registry: Registry,
    proxy: FaultProxy,
    image: Image,
}

impl Broken {
    fn start() -> Option<Self> {
        let registry = Registry::start(&Setup::default())?;
        let image = shop();
        registry.push(&Layout::of(&image), "shop:1.4");
        let proxy = FaultProxy::start(&registry.host());
        Some(Self { _registry: registry, proxy, image })
    }

    /// The part of the request's path that names a layer.
    fn layer(&self, number: usize) -> String {
        format!("/blobs/{}", self.image.layers[number].blob.digest)
    }

    fn scan(&self, context: &TestContext) -> Answer {
        let reference = format!("registry:{}/shop:1.4", self.proxy.host());
        context.plimsoll(&["scan", "--from", "feeds", "--format", "json", &reference])
    }
}

fn context() -> TestContext {
    let context = TestContext::new();
    shop_feeds(&context);
    context
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    let Some(broken) = Broken::start() else { return };
    let retry = vec![("retry-after", "1".to_owned())];
    let layer = broken.layer(0);
    let manifest = "/manifests/".to_owned();
    for (part, fault) in [
        (&layer, Fault::CutAfter(0)),
        (&layer, Fault::CutAfter(100)),
        (&layer, Fault::Status(429, retry.clone())),
        (&layer, Fault::Status(503, Vec::new())),
        (&layer, Fault::Delay(Duration::from_millis(100))),
        (&manifest, Fault::Status(429, retry)),
        (&manifest, Fault::Status(503, Vec::new())),
    ] {
        broken.proxy.on(part, 1, fault.clone());
        let answer = broken.scan(&context());
        assert_eq!(answer.code, 0, "{fault:?} at {part}: {answer}");
        assert_eq!(answer.findings().len(), 6, "{fault:?} at {part}");
    }
}

#[test]
fn what_stays_broken_is_an_error_that_names_the_registry() {
    let Some(broken) = Broken::start() else { return };
    let host = broken.proxy.host();
    for status in [401, 403, 404] {
        for part in [broken.layer(1), "/manifests/".to_owned()] {
            broken.proxy.on(&part, 1, Fault::Status(status, Vec::new()));
            let answer = broken.scan(&context()).ends_with(1);
            assert!(answer.stderr.contains(&host) && answer.stdout.is_empty(), "{answer}");
        }
    }
    // Used up, or the next tests would meet them.
    broken.scan(&context());
}

#[test]
fn changed_bytes_are_never_believed() {
    let Some(broken) = Broken::start() else { return };
    let context = context();
    let layer = broken.layer(0);
    let other = broken.image.layers[1].bytes().unwrap();
    let config = format!("/blobs/{}", broken.image.config_digest());
    let manifest = "/manifests/".to_owned();
    for (part, fault) in [
        (&layer, Fault::Flip(60)),
        (&layer, Fault::Body(other)),
        (&layer, Fault::Body(Vec::new())),
        (&config, Fault::Flip(10)),
        (&config, Fault::Body(b"{}".to_vec())),
        (&manifest, Fault::Body(b"{}".to_vec())),
    ] {
        broken.proxy.on(part, 2, fault.clone());
        let answer = broken.scan(&context).ends_with(1);
        assert!(answer.stdout.is_empty(), "{fault:?} at {part}: {answer}");
        // Until no fault is left.
        while broken.scan(&context).code != 0 {}
        context.plimsoll(&["cache", "prune", "--all"]).ends_with(0);
    }
}

#[test]
fn a_registry_that_fails_for_good_is_given_up() {
    let Some(broken) = Broken::start() else { return };
    let host = broken.proxy.host();
    broken.proxy.on("/v2/", 1000, Fault::Status(500, Vec::new()));
    let start = Instant::now();
    let answer = broken.scan(&context()).ends_with(1);
    assert!(answer.stderr.contains(&host), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn an_unchanged_layer_is_not_downloaded_again() {
    let Some(broken) = Broken::start() else { return };
    let context = context();
    let first = broken.scan(&context).ends_with(0);
    let again = broken.scan(&context).ends_with(0);
    assert_eq!(first.stdout, again.stdout);
    for number in [0, 1] {
        let downloads = broken.proxy.received(&broken.layer(number));
        assert_eq!(downloads.len(), 1, "{downloads:?}");
    }
}
