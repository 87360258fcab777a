//! `docker save` of every generation.

use std::fs;
use std::path::Path;

use plimsoll_image::{Opened, PlatformChoice, open};

use crate::support::layout::on;
use crate::support::{
    Layout, context, docker_config, gzip, host, layer, legacy_json, manifest_json, one, read,
    sha256, tar, zstd,
};

/// The same answer plain, gzip'd and as zstd, with the transport and without it.
fn check(archive: &[u8], tag: &str, platform: &PlatformChoice, expected: Result<&[&str], &str>) {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let paths =
        [write("plain", archive), write("gzip", &gzip(archive)), write("zstd", &zstd(archive))];
    for path in paths {
        let mut references = vec![format!("docker-archive:{path}{tag}")];
        if tag.is_empty() {
            references.push(path.clone());
        }
        for reference in references {
            let expected = match expected {
                Ok(lines) => Ok(lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()),
                Err(error) => Err(error.replace("NAME", &path)),
            };
            assert_eq!(read(&reference, platform.clone()), expected, "{reference}");
        }
    }
}

#[test]
fn before_docker_1_10_layers_are_images_with_parents() {
    let (base, own) = (layer("base"), layer("own"));
    let archive = tar(&[
        ("1/VERSION", b"1.0"),
        ("1/json", legacy_json(None, "ADD base").as_bytes()),
        ("1/layer.tar", &base),
        ("2/VERSION", b"1.0"),
        ("2/json", legacy_json(Some("1"), "COPY own").as_bytes()),
        ("2/layer.tar", &own),
        ("repositories", br#"{"shop":{"1.4":"2","latest":"2"},"base":{"1":"1"}}"#),
    ]);
    check(&archive, ":shop:1.4", &host(), Ok(&["docker-archive linux/amd64 base | own"]));
    check(&archive, ":shop", &host(), Ok(&["docker-archive linux/amd64 base | own"]));
    check(&archive, ":base:1", &host(), Ok(&["docker-archive linux/amd64 base"]));
    let error = "NAME has 3 images: base:1, shop:1.4, shop:latest\n\
                 hint: choose one by its tag, for example NAME:base:1";
    check(&archive, "", &host(), Err(error));
    let error = "NAME has no image \"shop:2\", only base:1, shop:1.4, shop:latest";
    check(&archive, ":shop:2", &host(), Err(error));

    let steps: Vec<_> = created_by(&archive, ":shop:1.4");
    assert_eq!(steps, [Some("/bin/sh -c ADD base"), Some("/bin/sh -c COPY own")].map(own_text));
}

#[test]
fn since_docker_1_10_there_is_a_manifest_and_repeated_layers_are_links() {
    let (a, b) = (layer("a"), layer("b"));
    let config = docker_config(&[&a, &b, &a, &a]);
    let layers = ["1/layer.tar", "2/layer.tar", "3/layer.tar", "4/layer.tar"];
    let archive = tar(&[
        // The link comes before its target here, as directories are written in order of their ids.
        ("3/layer.tar -> ../1/layer.tar", b""),
        ("1/VERSION", b"1.0"),
        ("1/json", b"{}"),
        ("1/layer.tar", &a),
        ("2/layer.tar", &b),
        ("4/layer.tar => 3/layer.tar", b""),
        ("c.json", config.as_bytes()),
        ("manifest.json", manifest_json(&[("c.json", &["shop:1.4"], &layers)]).as_bytes()),
        ("repositories", br#"{"shop":{"1.4":"4"}}"#),
    ]);
    check(&archive, "", &host(), Ok(&["docker-archive linux/amd64 a | b | a | a"]));
    check(&archive, ":shop:1.4", &host(), Ok(&["docker-archive linux/amd64 a | b | a | a"]));
    let error = "NAME has no image for linux/arm64, only for linux/amd64\n\
                 hint: --platform linux/amd64, or --platform all";
    check(&archive, "", &one("linux/arm64"), Err(error));
}

#[test]
fn several_images_are_chosen_by_tag() {
    let (a, b) = (layer("a"), layer("b"));
    let (config_a, config_b) = (docker_config(&[&a]), docker_config(&[&b]));
    let manifest = manifest_json(&[
        (
            "a.json",
            &["docker.io/library/shop:1.4", "docker.io/library/shop:latest"],
            &["a/layer.tar"],
        ),
        ("b.json", &[], &["b/layer.tar"]),
    ]);
    let archive = tar(&[
        ("manifest.json", manifest.as_bytes()),
        ("a.json", config_a.as_bytes()),
        ("b.json", config_b.as_bytes()),
        ("a/layer.tar", &a),
        ("b/layer.tar", &b),
    ]);
    check(&archive, ":shop:1.4", &host(), Ok(&["docker-archive linux/amd64 a"]));
    let error = "NAME has 2 images: docker.io/library/shop:1.4, b.json\n\
                 hint: choose one by its tag, for example NAME:docker.io/library/shop:1.4";
    check(&archive, "", &host(), Err(error));
}

#[test]
fn since_docker_25_it_is_a_layout_as_well() {
    let mut layout = Layout::default();
    let layer = layer("a");
    let named = r#","annotations":{"io.containerd.image.name":"docker.io/library/shop:1.4",
                   "org.opencontainers.image.ref.name":"1.4"}"#;
    let image = layout.image("linux/amd64", &[&layer], named);
    let config = blob(&docker_config(&[&layer]));
    let blobs = blob_of(&gzip(&layer));
    let manifest = manifest_json(&[(&config, &["shop:1.4"], &[&blobs])]);
    layout.files.insert("manifest.json".to_owned(), manifest.into_bytes());
    let archive = layout.finish(&[image]).tar("");
    let expected: &[&str] = &["docker-archive linux/amd64 a"];
    check(&archive, "", &host(), Ok(expected));
    check(&archive, ":shop:1.4", &host(), Ok(expected));
    check(&archive, ":1.4", &host(), Ok(expected));
}

#[test]
fn a_saved_index_of_docker_25_has_its_platforms() {
    let mut layout = Layout::default();
    let (amd_layer, arm_layer) = (layer("amd"), layer("arm"));
    let amd = layout.image("linux/amd64", &[&amd_layer], &on("linux/amd64"));
    let arm = layout.image("linux/arm64", &[&arm_layer], &on("linux/arm64"));
    let index = layout.index(&[amd, arm], "");
    // manifest.json can only name one of them.
    let config = blob(&docker_config(&[&amd_layer]));
    let manifest = manifest_json(&[(&config, &["shop:1.4"], &[&blob_of(&gzip(&amd_layer))])]);
    layout.files.insert("manifest.json".to_owned(), manifest.into_bytes());
    let archive = layout.finish(&[index]).tar("");
    let (amd, arm) = ("docker-archive linux/amd64 amd", "docker-archive linux/arm64 arm");
    check(&archive, "", &host(), Ok(&[amd]));
    check(&archive, "", &PlatformChoice::All, Ok(&[amd, arm]));
}

#[test]
fn untagged_images_of_docker_25_are_only_in_the_manifest() {
    let layer = layer("a");
    let config = docker_config(&[&layer]);
    let manifest = manifest_json(&[(&blob(&config), &[], &[&blob_of(&layer)])]);
    let index = br#"{"schemaVersion":2,"manifests":null}"#;
    let files: &[(&str, &[u8])] = &[
        (&blob(&config), config.as_bytes()),
        (&blob_of(&layer), &layer),
        ("index.json", index),
        ("manifest.json", manifest.as_bytes()),
        ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
    ];
    check(&tar(files), "", &host(), Ok(&["docker-archive linux/amd64 a"]));
    let mut flipped = config.clone().into_bytes();
    flipped[2] ^= 1;
    let mut files = files.to_vec();
    files[0].1 = &flipped;
    let error = format!(
        "the configuration {} of NAME has the digest {}, not the one that names it",
        sha256(config.as_bytes()),
        sha256(&flipped)
    );
    check(&tar(&files), "", &host(), Err(&error));
}

#[test]
fn layers_may_be_compressed_inside_as_other_tools_write_them() {
    let (a, b) = (layer("a"), layer("b"));
    let config = docker_config(&[&a, &b]);
    let manifest = manifest_json(&[("sha256:c", &["shop:1.4"], &["1.tar.gz", "2.tar.gz"])]);
    let files: &[(&str, &[u8])] = &[
        ("1.tar.gz", &gzip(&a)),
        ("2.tar.gz", &zstd(&b)),
        ("sha256:c", config.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
    ];
    check(&tar(files), "", &host(), Ok(&["docker-archive linux/amd64 a | b"]));
}

#[test]
fn a_foreign_layer_that_was_not_saved_is_named_as_such() {
    let (windows, own) = (layer("Files"), layer("own"));
    let config = docker_config(&[&windows, &own]);
    let foreign = format!(
        r#"[{{"Config":"c.json","RepoTags":null,"Layers":["1/layer.tar","2/layer.tar"],
             "LayerSources":{{"{}":{{
                "mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                "digest":"{}","size":9}}}}}}]"#,
        sha256(&windows),
        sha256(b"x")
    );
    let files: &[(&str, &[u8])] = &[
        ("2/layer.tar", &own),
        ("c.json", config.as_bytes()),
        ("manifest.json", foreign.as_bytes()),
    ];
    check(&tar(files), "", &host(), Ok(&["docker-archive linux/amd64 foreign | own"]));
}

#[test]
fn an_indexed_archive_knows_what_a_stream_learns_at_its_end() {
    let layer = layer("a");
    let config = docker_config(&[&layer]);
    let manifest = manifest_json(&[("c.json", &["shop:1.4"], &["1/layer.tar"])]);
    let files: &[(&str, &[u8])] = &[
        ("1/layer.tar", &layer),
        ("c.json", config.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        open(&path.display().to_string().parse().unwrap(), &context(host())).unwrap()
    };
    let Opened::Images(images) = open(&tar(files)) else { panic!("not indexed") };
    let Opened::Archive(stream) = open(&gzip(&tar(files))) else { panic!("not a stream") };
    let archived = stream.read::<plimsoll_image::Error>(&mut |_, _| Ok(())).unwrap();
    assert_eq!(archived[0].image, images[0].image);
    assert_eq!(archived[0].image.config_digest, Some(sha256(config.as_bytes())));
    assert_eq!(archived[0].image.reference, path.display().to_string());
}

#[test]
fn the_key_of_a_compressed_archive_is_of_its_bytes_and_of_what_is_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    let write = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150));
    };
    std::os::unix::fs::symlink(&path, dir.path().join("link")).unwrap();
    let key = |reference: &str, platform: PlatformChoice| {
        let reference = reference.replace("ROOT", &dir.path().display().to_string());
        let opened = open(&reference.parse().unwrap(), &context(platform)).unwrap();
        let Opened::Archive(stream) = opened else { panic!("not a stream") };
        assert_eq!(stream.reference(), reference);
        stream.key().unwrap()
    };
    write(&gzip(b"one"));
    let first = key("ROOT/image", host());
    assert_eq!(key("ROOT/image", host()), first);
    assert_eq!(key("ROOT/link", host()), first);
    let mut keys = vec![
        first,
        key("ROOT/image", one("linux/amd64")),
        key("ROOT/image", one("linux/arm64")),
        key("ROOT/image", PlatformChoice::All),
        key("docker-archive:ROOT/image", host()),
        key("oci-archive:ROOT/image", host()),
        key("oci-archive:ROOT/image:shop", host()),
        key("oci-archive:ROOT/image:shop:1.4", host()),
    ];
    write(&gzip(b"two"));
    keys.push(key("ROOT/image", host()));
    let n = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), n, "{keys:#?}");
}

fn blob(content: &str) -> String {
    blob_of(content.as_bytes())
}

fn blob_of(content: &[u8]) -> String {
    format!("blobs/sha256/{}", sha256(content).hex())
}

fn created_by(archive: &[u8], tag: &str) -> Vec<Option<String>> {
    let dir = tempfile::tempdir().unwrap();
    let path: &Path = &dir.path().join("image");
    fs::write(path, archive).unwrap();
    let reference = format!("docker-archive:{}{tag}", path.display());
    let Ok(Opened::Images(images)) = open(&reference.parse().unwrap(), &context(host())) else {
        panic!("not opened")
    };
    images[0].image.layers.iter().map(|layer| layer.created_by.clone()).collect()
}

fn own_text(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
