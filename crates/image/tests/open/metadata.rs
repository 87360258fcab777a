//! What an image's documents say of where it comes from.

use std::fs;

use plimsoll_image::{Error, Metadata, Opened, PlatformChoice, open};
use plimsoll_model::Digest;

use crate::support::layout::{CONFIG, INDEX, LAYER, MANIFEST, on};
use crate::support::{
    Layout, context, docker_config, gzip, host, image_config, layer, manifest_json, sha256, tar,
};

/// A layout like BuildKit's: an index of two platforms with a statement about each, annotations
/// everywhere. Also the digests of the index and of the statement about amd64.
pub(crate) fn annotated() -> (Layout, [Digest; 2]) {
    let mut layout = Layout::default();
    let only = layer("only");
    let history = r#""history":[{"created_by":"COPY only","created":"2024-01-02T03:04:05Z"},
        {"created_by":"ENV A=b","comment":"buildkit","empty_layer":true}],
        "config":{"Env":["A=b"],"Labels":{"k":"v"}},"#;
    let config = image_config("linux/amd64", &[&only]);
    let config = config.replacen('{', &format!("{{{history}"), 1);
    let config = layout.describe(CONFIG, config.as_bytes(), "");
    let layers = [layout.describe(LAYER, &gzip(&only), "")];
    let bare = layout.annotated_manifest(&config, &layers, r#"{"at":"manifest"}"#);
    let amd = bare.replacen(
        '}',
        &format!(r#"{},"annotations":{{"at":"descriptor","base":"debian"}}}}"#, on("linux/amd64")),
        1,
    );
    let arm = layout.image("linux/arm64", &[&layer("arm")], &on("linux/arm64"));
    let digest = |descriptor: &str| -> Digest {
        let part = descriptor.split('"').find(|part| part.starts_with("sha256:"));
        part.unwrap().parse().unwrap()
    };
    let attestation = |layout: &mut Layout, image: &Digest| {
        let more = format!(
            r#"{},"annotations":{{"vnd.docker.reference.type":"attestation-manifest",
                "vnd.docker.reference.digest":"{image}"}}"#,
            on("unknown/unknown")
        );
        layout.describe(MANIFEST, format!("statement about {image}").as_bytes(), &more)
    };
    let statements =
        [attestation(&mut layout, &digest(&amd)), attestation(&mut layout, &digest(&arm))];
    let members = [amd.as_str(), &arm, &statements[0], &statements[1]].join(",");
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{members}],
            "annotations":{{"at":"index","url":"https://x.example"}}}}"#
    );
    let named = r#","annotations":{"io.containerd.image.name":"docker.io/library/shop:1.4",
        "org.opencontainers.image.ref.name":"1.4"}"#;
    let index = layout.describe(INDEX, index.as_bytes(), named);
    let digests = [digest(&index), digest(&statements[0])];
    (layout.finish(&[index]), digests)
}

pub(crate) fn check(metadata: &Metadata, digests: &[Digest; 2], names: &[String]) {
    assert_eq!(metadata.names, names);
    assert_eq!(metadata.index_digest.as_ref(), Some(&digests[0]));
    assert_eq!(metadata.env, ["A=b"]);
    assert_eq!(metadata.labels["k"], "v");
    assert_eq!(metadata.annotation("at"), Some("manifest"));
    assert_eq!(metadata.descriptor_annotations["at"], "descriptor");
    assert_eq!(metadata.annotation("base"), Some("debian"));
    assert_eq!(metadata.index_annotations["at"], "index");
    assert_eq!(metadata.annotation("url"), Some("https://x.example"));
    let [statement] = metadata.attestations.as_slice() else { panic!("{metadata:?}") };
    assert_eq!((&statement.digest, statement.media_type.as_str()), (&digests[1], MANIFEST));
    let steps: Vec<_> = metadata
        .history
        .iter()
        .map(|step| (step.created_by.as_deref().unwrap(), step.empty_layer, step.created.is_some()))
        .collect();
    assert_eq!(steps, [("COPY only", Some(false), true), ("ENV A=b", Some(true), false)]);
    assert_eq!(metadata.history[1].comment.as_deref(), Some("buildkit"));
}

/// The metadata of the one image of a file, read as a stream where it is compressed.
fn of(path: &str) -> Metadata {
    match open(&path.parse().unwrap(), &context(host())).unwrap() {
        Opened::Images(mut images) => images.remove(0).metadata,
        Opened::Archive(stream) => {
            stream.read::<Error>(&mut |_, _| Ok(())).unwrap().remove(0).metadata
        }
        Opened::RootFs(_) => panic!("a root file system"),
    }
}

#[test]
fn a_layout_says_all_in_every_form() {
    let (layout, digests) = annotated();
    let dir = tempfile::tempdir().unwrap();
    layout.write(&dir.path().join("layout"));
    fs::write(dir.path().join("plain.tar"), layout.tar("")).unwrap();
    fs::write(dir.path().join("gzip.tar"), gzip(&layout.tar(""))).unwrap();
    let names = ["docker.io/library/shop:1.4".to_owned()];
    for form in ["oci:NAME/layout", "oci-archive:NAME/plain.tar", "oci-archive:NAME/gzip.tar"] {
        let path = form.replace("NAME", &dir.path().display().to_string());
        check(&of(&path), &digests, &names);
    }
    let path = format!("oci:{}", dir.path().join("layout").display());
    let opened = open(&path.parse().unwrap(), &context(PlatformChoice::All)).unwrap();
    let Opened::Images(images) = opened else { panic!() };
    let [amd, arm] = images.as_slice() else { panic!() };
    check(&amd.metadata, &digests, &names);
    assert_eq!(arm.metadata.attestations.len(), 1);
    assert_ne!(arm.metadata.attestations, amd.metadata.attestations);
    assert_eq!(arm.metadata.index_digest.as_ref(), Some(&digests[0]));
    assert_eq!(arm.metadata.annotation("base"), None);
}

#[test]
fn a_docker_archive_has_its_tags_and_its_configuration() {
    let only = layer("only");
    let config = docker_config(&[&only]).replacen('{', r#"{"config":{"Env":["A=b"]},"#, 1);
    let name = format!("{}.json", sha256(config.as_bytes()).hex());
    let manifest = manifest_json(&[(&name, &["shop:1.4", "shop:latest"], &["l.tar"])]);
    let archive = tar(&[
        ("l.tar", &only),
        (&name, config.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
    ]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tar");
    fs::write(&path, archive).unwrap();
    let metadata = of(&path.display().to_string());
    assert_eq!(metadata.names, ["shop:1.4", "shop:latest"]);
    assert_eq!(metadata.env, ["A=b"]);
    assert_eq!(metadata.index_digest, None);
}
