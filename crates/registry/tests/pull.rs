//! Images from the real registry.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use plimsoll_model::Digest;
use plimsoll_registry::ManifestKind;

#[path = "support/registry.rs"]
mod registry;
#[path = "support/setting.rs"]
mod setting;
use registry::{Layout, Registry, Setup, digest, is_available};
use setting::{Setting, chain, read_all};

#[test]
fn an_image_is_read_by_tag_and_by_digest() {
    if !is_available() {
        return;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(300_000));
    registry.push_layout(&layout, "team/app:1.4");
    let (host, setting) = (registry.host(), Setting::new());
    let (manifest, config, layer) = &layout.images[0];
    for name in [format!("{host}/team/app:1.4"), format!("{host}/team/app@{}", manifest.digest)] {
        let opened = setting.open(&name).unwrap();
        assert_eq!(opened.name.to_string(), name);
        assert_eq!(opened.manifest.bytes, manifest.bytes);
        assert_eq!(opened.manifest.digest, manifest.digest);
        assert_eq!(opened.manifest.kind, ManifestKind::OciManifest);
        assert!(opened.passed_over.is_empty());
        let repository = opened.repository;
        assert_eq!((repository.host(), repository.path()), (host.as_str(), "team/app"));
        let read = repository.small_blob(&config.digest, config.size()).unwrap();
        assert_eq!(read, config.bytes);
        let blob = repository.blob(&layer.digest, layer.size()).unwrap();
        assert_eq!((blob.digest(), blob.size()), (&layer.digest, layer.size()));
        assert_eq!(read_all(blob).unwrap(), layer.bytes);
        let name = name.parse().unwrap();
        assert_eq!(setting.client().digest(&name).unwrap(), manifest.digest);
    }
}

#[test]
fn an_index_leads_to_its_members() {
    if !is_available() {
        return;
    }
    let (registry, layout) =
        (Registry::start(&Setup::default()), Layout::index(&["amd64", "arm64"]));
    registry.push_layout(&layout, "app:1");
    let opened = Setting::new().open(&format!("{}/app:1", registry.host())).unwrap();
    assert_eq!(opened.manifest.kind, ManifestKind::OciIndex);
    assert_eq!(opened.manifest.bytes, layout.top.bytes);
    for (manifest, ..) in &layout.images {
        let member = opened.repository.manifest(&manifest.digest).unwrap();
        assert_eq!(member.bytes, manifest.bytes);
        assert_eq!(member.kind, ManifestKind::OciManifest);
    }
}

#[test]
fn docker_manifests_are_read_too() {
    if !is_available() {
        return;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(100));
    let source = format!("oci:{}:image", layout.path().display());
    let host = registry.host();
    let format = ["--format", "v2s2"];
    let output = std::process::Command::new("skopeo")
        .args(["copy", "--dest-tls-verify=false", &source, &format!("docker://{host}/app:1")])
        .args(format)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let opened = Setting::new().open(&format!("{host}/app:1")).unwrap();
    assert_eq!(opened.manifest.kind, ManifestKind::DockerManifest);
    assert_eq!(opened.manifest.digest, digest(&opened.manifest.bytes));
}

#[test]
fn what_is_not_there_is_named() {
    if !is_available() {
        return;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(100));
    registry.push_layout(&layout, "app:1");
    let (host, setting) = (registry.host(), Setting::new());
    let check = |name: &str, expected: &str| {
        let error = setting.open(&format!("{host}/{name}")).unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.to_string(), format!("{host} has no {expected}"));
    };
    check("app:2", "app:2: manifest unknown");
    check("other", "other:latest: manifest unknown");
    let missing: Digest = format!("sha256:{}", "0a".repeat(32)).parse().unwrap();
    check(&format!("app@{missing}"), &format!("app@{missing}: manifest unknown"));
    let repository = setting.open(&format!("{host}/app:1")).unwrap().repository;
    let error = repository.blob(&missing, 5).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{host} has no blob {missing}: blob unknown to registry")
    );
}

#[test]
fn a_descriptors_size_must_be_true() {
    if !is_available() {
        return;
    }
    let (registry, layout) = (Registry::start(&Setup::default()), Layout::image(5_000));
    registry.push_layout(&layout, "app:1");
    let host = registry.host();
    let repository = Setting::new().open(&format!("{host}/app:1")).unwrap().repository;
    let (_, config, layer) = &layout.images[0];
    for wrong in [layer.size() - 1, layer.size() + 1, 0] {
        let error = repository.blob(&layer.digest, wrong).unwrap_err().to_string();
        let (digest, size) = (&layer.digest, layer.size());
        let expected = format!(
            "blob {digest} from {host} has {size} bytes, not the {wrong} of its descriptor"
        );
        assert_eq!(error, expected);
    }
    let error = repository.small_blob(&config.digest, 9 << 20).unwrap_err();
    assert!(error.to_string().ends_with("more than the 8388608 that are read into memory"));
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Setting::new().open(&format!("{host}/app:1")).unwrap_err();
    let expected = format!("cannot read its version from {host}: cannot connect to {host}: ");
    assert!(chain(&error).starts_with(&expected), "{}", chain(&error));
    assert!(!error.is_not_found());
}

#[test]
fn a_real_image_arrives_whole() {
    let archive = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/images/oci-layout/busybox-musl.tar"
    );
    if !std::path::Path::new(archive).exists() {
        println!("skipped: needs shared/data");
        return;
    }
    if !is_available() {
        return;
    }
    let registry = Registry::start(&Setup::default());
    registry.push(&format!("oci-archive:{archive}"), "busybox:musl", &[]);
    let opened = Setting::new().open(&format!("{}/busybox:musl", registry.host())).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&opened.manifest.bytes).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    for descriptor in layers.iter().chain([&manifest["config"]]) {
        let expected: Digest = descriptor["digest"].as_str().unwrap().parse().unwrap();
        let blob = opened.repository.blob(&expected, descriptor["size"].as_u64().unwrap());
        assert_eq!(digest(&read_all(blob.unwrap()).unwrap()), expected);
    }
    assert!(!layers.is_empty());
}
