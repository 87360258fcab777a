//! The real registry behind a proxy that misbehaves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::time::{Duration, Instant};

#[path = "support/fault_proxy.rs"]
mod fault_proxy;
#[path = "support/registry.rs"]
mod registry;
#[path = "../../fetch/tests/support/server.rs"]
mod server;
#[path = "support/setting.rs"]
mod setting;
use fault_proxy::FaultProxy;
use registry::{Layout, Registry, Setup, is_available};
use server::{Fault, Reply, Server};
use setting::{Setting, chain, read_all};

/// A registry with `app:1`, and the proxy before it.
struct Scene {
    layout: Layout,
    proxy: FaultProxy,
    _registry: Registry,
}

fn scene() -> Option<Scene> {
    if !is_available() {
        return None;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(300_000));
    registry.push_layout(&layout, "app:1");
    Some(Scene { layout, proxy: FaultProxy::start(&registry.host()), _registry: registry })
}

impl Scene {
    fn name(&self) -> String {
        format!("{}/app:1", self.proxy.host())
    }

    /// The layer as it arrives through the proxy.
    fn layer(&self) -> Result<Vec<u8>, String> {
        let opened = Setting::new().open(&self.name()).map_err(|error| chain(&error))?;
        let layer = &self.layout.images[0].2;
        let blob = opened.repository.blob(&layer.digest, layer.size());
        read_all(blob.map_err(|error| chain(&error))?)
    }

    fn expected(&self) -> &[u8] {
        &self.layout.images[0].2.bytes
    }
}

#[test]
fn cut_and_stalled_blobs_continue() {
    for fault in [Fault::CutAfter(100_000), Fault::StallAfter(150_000)] {
        let Some(scene) = scene() else { return };
        scene.proxy.change("/blobs/", 2, move |reply| reply.fault(fault));
        assert_eq!(scene.layer().unwrap(), scene.expected(), "{fault:?}");
        let ranges: Vec<_> = scene.proxy.received("/blobs/");
        assert_eq!(ranges.len(), 3);
        assert!(ranges[1].header("range").is_some_and(|range| range.starts_with("bytes=")));
    }
}

#[test]
fn a_blob_that_never_gets_further_is_an_error() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/blobs/", usize::MAX, |reply| match reply.status {
        206 => reply.fault(Fault::CutAfter(0)),
        _ => reply.fault(Fault::CutAfter(100_000)),
    });
    let error = scene.layer().unwrap_err();
    assert!(error.contains(&format!("{} cut http://", scene.proxy.host())), "{error}");
}

#[test]
fn a_continuation_with_other_bytes_in_it_does_not_go_unnoticed() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/blobs/", 1, |reply| reply.fault(Fault::CutAfter(100_000)));
    scene.proxy.change("/blobs/", 1, |mut reply| {
        reply.headers.retain(|(name, _)| name != "content-range");
        reply.header("content-range", "bytes 5-9/300000")
    });
    let error = scene.layer().unwrap_err();
    assert!(error.contains("cannot be continued at byte"), "{error}");
}

#[test]
fn too_many_requests_are_waited_out() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/manifests/", 1, |_| Reply::new(429, "").header("retry-after", "1"));
    scene.proxy.change("/blobs/", 2, |_| Reply::new(500, ""));
    let started = Instant::now();
    assert_eq!(scene.layer().unwrap(), scene.expected());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn statuses_that_stay_are_named() {
    let cases = [
        (401, "asks for credentials for app:1, and none are configured"),
        (403, "answered 403 for app:1: no"),
        (404, "has no app:1"),
        (418, "answered 418 for app:1"),
    ];
    for (status, expected) in cases {
        let Some(scene) = scene() else { return };
        let body = r#"{"errors":[{"code":"X","message":"n\u0007o"}]}"#;
        scene.proxy.change("/manifests/", 9, move |_| {
            Reply::new(status, if status == 403 { body } else { "<html>" })
        });
        let error = scene.layer().unwrap_err();
        assert_eq!(error, format!("{} {expected}", scene.proxy.host()));
    }
    let Some(scene) = scene() else { return };
    scene.proxy.change("/manifests/", 9, |_| Reply::new(500, ""));
    let error = scene.layer().unwrap_err();
    let host = scene.proxy.host();
    let expected =
        format!("cannot read app:1 from {host}: http://{host}/v2/app/manifests/1 answered 500");
    assert_eq!(error, expected);
}

#[test]
fn lies_about_length_are_errors() {
    let Some(scene) = scene() else { return };
    let size = scene.expected().len() as u64;
    scene.proxy.change("/blobs/", 1, move |reply| reply.fault(Fault::ClaimLength(size + 7)));
    let error = scene.layer().unwrap_err();
    assert!(error.contains(&format!("has {} bytes, not the {size}", size + 7)), "{error}");

    // Without a length in the header only counting shows it.
    for (extra, expected) in [(1, "has more bytes, not the"), (-1, "bytes, not the")] {
        let Some(scene) = scene_chunked(extra) else { return };
        let error = scene.layer().unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// Sends blobs in chunks, with one byte more or less than they have.
fn scene_chunked(extra: i32) -> Option<Scene> {
    let scene = scene()?;
    scene.proxy.change("/blobs/", 9, move |mut reply| {
        if extra > 0 {
            reply.body.push(0);
        } else {
            reply.body.pop();
        }
        let chunk = format!("{:x}\r\n", reply.body.len()).into_bytes();
        let body = [chunk, reply.body, b"\r\n0\r\n\r\n".to_vec()].concat();
        Reply::new(200, body).header("transfer-encoding", "chunked")
    });
    Some(scene)
}

#[test]
fn a_manifest_must_be_what_it_is_called() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/manifests/", 9, |mut reply| {
        reply.body.push(b' ');
        reply.headers.retain(|(name, _)| name != "content-length");
        reply
    });
    let host = scene.proxy.host();
    let digest = &scene.layout.top.digest;
    for name in [format!("{host}/app:1"), format!("{host}/app@{digest}")] {
        let error = Setting::new().open(&name).unwrap_err().to_string();
        assert!(error.contains(&format!("from {host} has digest sha256:")), "{error}");
        assert!(error.contains(&format!(", not {digest}")), "{error}");
    }
}

#[test]
fn a_config_must_be_what_it_is_called() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/blobs/", 9, |mut reply| {
        reply.body[0] ^= 1;
        reply
    });
    let opened = Setting::new().open(&scene.name()).unwrap();
    let config = &scene.layout.images[0].1;
    let error = opened.repository.small_blob(&config.digest, config.size()).unwrap_err();
    assert!(error.to_string().contains("has digest sha256:"), "{error}");
}

#[test]
fn what_is_no_manifest_is_named() {
    let large = format!(r#"{{"layers":[],"x":"{}"}}"#, "x".repeat(4 << 20));
    let cases = [
        ("<html>".to_owned(), "is not a manifest: it is not a JSON object of one"),
        (r#"{"schemaVersion":1}"#.to_owned(), "is a Docker schema 1 manifest"),
        (r#"{"mediaType":"x/y","layers":[]}"#.to_owned(), "its media type is \"x/y\""),
        (large, "is larger than the 4194304 bytes allowed for a manifest"),
    ];
    for (body, expected) in cases {
        let server = Server::start(move |request| match request.target.as_str() {
            "/v2/" => Reply::new(200, "{}"),
            _ => Reply::new(200, body.clone()),
        });
        let error = Setting::new().open(&format!("{}/app:1", server.host())).unwrap_err();
        let error = chain(&error);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_page_is_no_registry() {
    let server = Server::start(|_| Reply::new(404, "<html>"));
    let error = Setting::new().open(&format!("{}/app", server.host())).unwrap_err();
    let expected = format!("{} does not answer like a registry (status 404)", server.host());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_redirected_blob_is_followed() {
    let Some(scene) = scene() else { return };
    let bytes = scene.expected().to_vec();
    let storage = Server::start(move |_| Reply::new(200, bytes.clone()));
    let target = storage.url("/bucket/blob?signature=x");
    scene.proxy.change("/blobs/", 9, move |_| Reply::redirect(&target));
    assert_eq!(scene.layer().unwrap(), scene.expected());
    assert_eq!(storage.received().len(), 1);
}

#[test]
fn a_redirect_to_the_inside_is_refused() {
    let Some(scene) = scene() else { return };
    scene.proxy.change("/blobs/", 9, |_| Reply::redirect("https://169.254.169.254/latest"));
    let error = scene.layer().unwrap_err();
    let expected = "https://169.254.169.254/latest is not fetched: \
                    it leads to a private, loopback or link-local address";
    assert!(error.ends_with(expected), "{error}");
}
