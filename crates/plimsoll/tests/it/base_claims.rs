//! What an image says of its base: believed for its layers, and for nothing else.

use plimsoll_testkit::{Image, Layer, Layout};
use serde_json::{Value, json};

use crate::support::{Bases, FeedServer, app_on, bookworm, entries_of, recognised, status_of};

const CONFIRMED: &str = "layers confirmed 1";

/// An image whose annotations name a base.
fn claiming(image: &Image, name: &str, digest: Option<&str>) -> Image {
    let mut image = image.clone();
    image.annotations = json!({ "org.opencontainers.image.base.name": name });
    if let Some(digest) = digest {
        image.annotations["org.opencontainers.image.base.digest"] = json!(digest);
    }
    image
}

/// What an image says of its base is asked about where its own registry has it, and believed for the layers.
#[test]
fn an_annotation_is_confirmed_by_its_registry_or_not_at_all() {
    let Some(world) = Bases::new() else { return };
    let base = bookworm(&["zlib 1", "curl 1"]);
    world.push("library/debian:bookworm-slim", &base);
    let app = app_on(&base, &["zlib 1", "tool 1"]);
    let name = world.name("library/debian:bookworm-slim");
    let digest = base.digest().to_string();
    let check = |claim: &Image, expected: &str| {
        world.push("team/app:1", claim);
        let report = world.base(&format!("registry:{}", world.name("team/app:1")));
        assert_eq!(recognised(&report["base"]), expected, "{report:#}");
        report
    };
    // Nobody has learned it: asking its registry is what confirms it.
    check(&claiming(&app, &name, Some(&digest)), CONFIRMED);
    let gone = world.name("library/gone:1");
    // It is kept for that image: anybody could have named it, so it speaks for no other.
    let listed = world.context.plimsoll(&["bases", "list"]).ends_with(0);
    listed.shows("named by").shows("scanned");
    check(&claiming(&app, &gone, None), "annotation unconfirmed 0");
    world.context.plimsoll(&["bases", "forget", "*"]).ends_with(0).shows("2 images forgotten");
    // A base whose layers are not below the image's is doubted.
    let other = bookworm(&["zlib 3"]);
    world.push("library/other:1", &other);
    let claim = claiming(&app, &world.name("library/other:1"), Some(&other.digest().to_string()));
    world.push("team/app:1", &claim);
    let args = ["base", &world.name("team/app:1"), "--format", "json"];
    let report = world.context.plimsoll(&args).json();
    assert_ne!(report["base"]["confidence"], "confirmed", "{report:#}");
    assert!(report["problems"].to_string().contains("its annotation names"), "{report:#}");
}

/// A host that only an image names is never asked.
#[test]
fn an_annotation_sends_nobody_to_an_unknown_host() {
    let Some(world) = Bases::new() else { return };
    let elsewhere = FeedServer::start(&world.context.work());
    let host = elsewhere.url().replace("http://", "").replace("/copy", "");
    let app = app_on(&bookworm(&["zlib 1"]), &["zlib 1", "tool 1"]);
    let digest = format!("sha256:{}", "0a".repeat(32));
    world.push("team/app:1", &claiming(&app, &format!("{host}/evil/base:1"), Some(&digest)));
    let name = world.name("team/app:1");
    for command in ["base", "scan"] {
        let answer = world.context.plimsoll(&[command, &name, "--format", "json"]).ends_with(0);
        let base = &answer.json()["base"];
        assert_eq!(recognised(base), "annotation unconfirmed 0", "{answer}");
    }
    assert_eq!(elsewhere.take_requests().len(), 0);
    // Unless the operator says so; then it turns out not to have it.
    let args = ["base", &name, "--allow-source", &host];
    world.context.plimsoll(&args).ends_with(0);
    assert!(!elsewhere.take_requests().is_empty());
}

/// The name that a file gives itself opens no host either.
#[test]
fn a_name_in_a_file_is_no_permission() {
    let Some(world) = Bases::new() else { return };
    let elsewhere = FeedServer::start(&world.context.work());
    let host = elsewhere.url().replace("http://", "").replace("/copy", "");
    let app = app_on(&bookworm(&["zlib 1"]), &["zlib 1", "tool 1"]);
    let mut layout = Layout::new();
    let claim = claiming(&app, &format!("{host}/evil/base:1"), None);
    layout.add_image(&format!("{host}/evil/app:1"), &claim);
    layout.write(&world.context.path("file")).unwrap();
    for command in ["base", "scan"] {
        let answer = world.context.plimsoll(&[command, "file", "--format", "json"]).ends_with(0);
        assert_eq!(recognised(&answer.json()["base"]), "annotation unconfirmed 0", "{answer}");
    }
    assert_eq!(elsewhere.take_requests().len(), 0);
}

/// BuildKit attaches what an image was made of; the registry it came from says what that is.
#[test]
fn provenance_is_confirmed_by_the_layers() {
    let Some(world) = Bases::new() else { return };
    let base = bookworm(&["zlib 1", "curl 1"]);
    world.push("library/debian:bookworm-slim", &base);
    let app = app_on(&base, &["zlib 1", "tool 1"]);
    let check = |material: &Image, expected: &str| {
        push_with_provenance(&world, &app, material);
        let report = world.base(&format!("registry:{}", world.name("team/app:1")));
        assert_eq!(recognised(&report["base"]), expected, "{report:#}");
    };
    check(&base, CONFIRMED);
    world.context.plimsoll(&["bases", "forget", "*"]).ends_with(0);
    // One that nobody has any more is what it says, and no more.
    check(&bookworm(&["zlib 9"]), "provenance unconfirmed 0");
}

/// Pushes an image with a statement that it was made of `library/debian` at that digest.
fn push_with_provenance(world: &Bases, app: &Image, material: &Image) {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    let subject = app.digest();
    let uri = format!("pkg:docker/library/debian@gone?repository_url={}", world.registry.host());
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{ "name": "app", "digest": { "sha256": subject.hex() } }],
        "predicate": { "materials": [
            { "uri": uri, "digest": { "sha256": material.digest().hex() } },
        ] },
    });
    let mut layout = Layout::new();
    let mut add = |kind: &str, document: Value| {
        let bytes = document.to_string().into_bytes();
        let size = bytes.len();
        let digest = layout.add_document(bytes).to_string();
        json!({ "mediaType": kind, "digest": digest, "size": size })
    };
    let mut statement = add("application/vnd.in-toto+json", statement);
    statement["annotations"] =
        json!({ "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" });
    let config = json!({ "os": "unknown", "architecture": "unknown", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [statement["digest"]] } });
    let config = add("application/vnd.oci.image.config.v1+json", config);
    let mut attached = add(
        MANIFEST,
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [statement] }),
    );
    attached["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    attached["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": subject.to_string(),
    });
    let image = json!({ "mediaType": MANIFEST, "digest": subject.to_string(),
        "size": app.manifest().len(), "platform": { "os": "linux", "architecture": "amd64" } });
    let kind = "application/vnd.oci.image.index.v1+json";
    let index =
        add(kind, json!({ "schemaVersion": 2, "mediaType": kind, "manifests": [image, attached] }));
    layout.add_image("", app);
    layout.add_manifest("latest", index);
    world.registry.push(&layout, "team/app:1");
}

/// A layer with a lie in the config: its own diff_id is somebody's base, its bytes are not.
#[test]
fn a_lying_config_has_no_base_by_its_layers() {
    let Some(world) = Bases::new() else { return };
    let base = world.app_on_learned_base();
    let status = status_of(&["zlib 1"]);
    let mut liar = Image::new([Layer::new(&entries_of(&[("var/lib/dpkg/status", &status)]))]);
    liar.layers[0].blob.diff_id = base.layers[0].blob.diff_id.clone();
    world.context.layout("liar", &liar);
    let answer = world.context.plimsoll(&["base", "liar", "--format", "json"]);
    assert!(!answer.stdout.contains("\"confirmed\""), "{answer}");
}
