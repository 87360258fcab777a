//! A tiny image, as `docker save` writes one.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_engine::{Engines, local_chains};
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

/// What the image in the archive consists of.
pub(crate) struct Fixture {
    pub(crate) id: Digest,
    pub(crate) diff_ids: Vec<Digest>,
}

/// Writes an image with two layers and this tag.
pub(crate) fn write_docker_archive(path: &Path, tag: &str) -> Fixture {
    let layers = [layer("etc/first", b"1"), layer("etc/second", b"2")];
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| digest(layer)).collect();
    let config = format!(
        r#"{{"architecture":"arm64","os":"linux","variant":"v8","created":"2024-01-02T03:04:05Z",
            "config":{{"Cmd":["/x"],"Env":["A=b"],"Labels":{{"color":"blue"}}}},
            "history":[{{"created":"2024-01-02T03:04:05Z","created_by":"COPY first"}},
                       {{"created":"2024-01-02T03:04:05Z","created_by":"ENV a=b","empty_layer":true}},
                       {{"created":"2024-01-02T03:04:05Z","created_by":"COPY second"}}],
            "rootfs":{{"type":"layers","diff_ids":["{}","{}"]}}}}"#,
        diff_ids[0], diff_ids[1]
    );
    let id = digest(config.as_bytes());
    let manifest = format!(
        r#"[{{"Config":"{}.json","RepoTags":["{tag}"],"Layers":["0/layer.tar","1/layer.tar"]}}]"#,
        id.hex()
    );
    let archive = tar(&[
        ("0/layer.tar", &layers[0]),
        ("1/layer.tar", &layers[1]),
        (&format!("{}.json", id.hex()), config.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
    ]);
    std::fs::write(path, archive).unwrap();
    Fixture { id, diff_ids }
}

/// Checks what the engine says of the image's configuration.
pub(crate) fn check_config(env: &[String], labels: &BTreeMap<String, String>) {
    // Podman adds a search path.
    assert!(env.contains(&"A=b".to_owned()), "{env:?}");
    assert_eq!(labels.get("color").map(String::as_str), Some("blue"));
}

/// Checks that the image, under this name, is all that others could be built on.
pub(crate) fn check_chain(engines: &Engines, name: &str, fixture: &Fixture) {
    let found = local_chains(engines);
    let [chain] = found.items.as_slice() else { panic!("{found:?}") };
    assert!(found.problems.is_empty());
    assert_eq!((&chain.id, chain.names.as_slice()), (&fixture.id, &[name.to_owned()][..]));
    assert!(chain.layers.iter().map(|layer| &layer.0).eq(&fixture.diff_ids));
    assert_eq!(chain.created.unwrap().to_string(), "2024-01-02T03:04:05Z");
    assert!(chain.platform.as_ref().unwrap().to_string().starts_with("linux/arm64"));
}

/// The names of a tar's members.
pub(crate) fn names(tar: impl std::io::Read) -> Vec<String> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap();
    entries.map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

fn layer(path: &str, content: &[u8]) -> Vec<u8> {
    tar(&[(path, content)])
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}
