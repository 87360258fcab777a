//! Broken and hostile documents: an error that names the thing, never an image.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::layout::{CONFIG, INDEX, LAYER, MANIFEST, on};
use crate::support::{
    Layout, docker_config, gzip, host, image_config, layer, manifest_json, read, sha256, tar,
};

/// The same error from a directory, a tar and a compressed tar; `NAME` stands for the path.
fn check(layout: &Layout, expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    layout.write(&dir.path().join("layout"));
    fs::write(dir.path().join("tar"), layout.tar("")).unwrap();
    fs::write(dir.path().join("gzip"), gzip(&layout.tar(""))).unwrap();
    for (transport, name) in [("oci", "layout"), ("oci-archive", "tar"), ("oci-archive", "gzip")] {
        let path = dir.path().join(name).display().to_string();
        let answer = read(&format!("{transport}:{path}"), host());
        assert_eq!(answer, Err(expected.replace("NAME", &path)), "{transport}");
    }
}

/// A layout with the manifest of a configuration and layers that are described by hand.
fn with_manifest(make: impl FnOnce(&mut Layout) -> (String, Vec<String>)) -> (Layout, String) {
    let mut layout = Layout::default();
    let (config, layers) = make(&mut layout);
    let manifest = layout.manifest(&config, &layers, "");
    let digest = manifest.split('"').find(|part| part.starts_with("sha256:")).unwrap().to_owned();
    (layout.finish(&[manifest]), digest)
}

#[test]
fn a_flipped_byte_in_a_document_is_found_before_anything_is_read() {
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&layer("a")], "");
    let layout = layout.finish(&[image]);
    let is = |content: &[u8], part: &str| String::from_utf8_lossy(content).contains(part);
    for (part, name) in [("\"layers\":", "manifest"), ("diff_ids", "configuration")] {
        let mut broken = Layout { files: layout.files.clone() };
        let (path, content) = broken
            .files
            .iter_mut()
            .find(|(path, content)| path.starts_with("blobs") && is(content, part))
            .unwrap();
        content[1] ^= 1;
        let (named, found) = (path.rsplit('/').next().unwrap().to_owned(), sha256(content));
        let expected = format!(
            "the {name} sha256:{named} of NAME has the digest {found}, not the one that names it"
        );
        check(&broken, &expected);
        let content = broken.files.get_mut(&format!("blobs/sha256/{named}")).unwrap();
        content.push(b' ');
        let (found, expected) = (content.len(), content.len() - 1);
        let expected =
            format!("the {name} sha256:{named} of NAME has {found} bytes, not {expected}");
        check(&broken, &expected);
        broken.files.remove(&format!("blobs/sha256/{named}"));
        check(&broken, &format!("NAME lacks the {name} sha256:{named}"));
    }
}

#[test]
fn a_layer_that_is_missing_or_of_another_size_is_named() {
    let mut layout = Layout::default();
    let bytes = gzip(&layer("a"));
    let image = layout.image("linux/amd64", &[&layer("a")], "");
    let mut layout = layout.finish(&[image]);
    let digest = sha256(&bytes);
    let path = format!("blobs/sha256/{}", digest.hex());
    layout.files.get_mut(&path).unwrap().push(0);
    let (expected, found) = (bytes.len(), bytes.len() + 1);
    check(&layout, &format!("the layer {digest} of NAME has {found} bytes, not {expected}"));
    layout.files.remove(&path);
    check(&layout, &format!("NAME lacks the layer {digest}"));
}

#[test]
fn a_configuration_with_other_diff_ids_than_layers_is_an_error() {
    let (layout, manifest) = with_manifest(|layout| {
        let config = image_config("linux/amd64", &[&layer("a"), &layer("b")]);
        let layers = vec![layout.describe(LAYER, &gzip(&layer("a")), "")];
        (layout.describe(CONFIG, config.as_bytes(), ""), layers)
    });
    check(
        &layout,
        &format!(
            "the manifest {manifest} of NAME has 1 layers, but its configuration has 2 diff_ids"
        ),
    );
}

#[test]
fn unknown_media_types_and_artifacts_are_no_images() {
    let config =
        |layout: &mut Layout| layout.describe(CONFIG, docker_config(&[&layer("a")]).as_bytes(), "");
    let (layout, _) = with_manifest(|layout| {
        let media_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
        (config(layout), vec![layout.describe(media_type, &gzip(&layer("a")), "")])
    });
    let layer_digest = sha256(&gzip(&layer("a")));
    check(
        &layout,
        &format!(
            "the layer {layer_digest} of NAME has the unknown media type \
             \"application/vnd.oci.image.layer.v1.tar+gzip+encrypted\""
        ),
    );
    for media_type in
        ["application/vnd.cncf.helm.config.v1+json", "application/vnd.oci.empty.v1+json"]
    {
        let (layout, manifest) = with_manifest(|layout| {
            (layout.describe(media_type, b"{}", ""), vec![layout.describe(LAYER, b"x", "")])
        });
        check(
            &layout,
            &format!("the manifest {manifest} of NAME is not a container image but {media_type:?}"),
        );
    }

    let mut layout = Layout::default();
    let v1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let image = layout.describe(v1, b"{}", "");
    check(
        &layout.finish(&[image]),
        &format!("the manifest {} of NAME has the unknown media type {v1:?}", sha256(b"{}")),
    );
}

#[test]
fn an_artifact_beside_an_image_is_passed_over() {
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&layer("a")], "");
    let config = layout.describe("application/vnd.oci.empty.v1+json", b"{}", "");
    let signature = layout.manifest(&config, &[], "");
    let index = layout.index(&[signature, image], "");
    let dir = tempfile::tempdir().unwrap();
    layout.finish(&[index]).write(dir.path());
    let answer = read(&format!("oci:{}", dir.path().display()), host());
    assert_eq!(answer, Ok(vec!["oci linux/amd64 a".to_owned()]));
}

#[test]
fn empty_and_malformed_indexes_are_errors() {
    check(&Layout::default().finish(&[]), "index.json of NAME lists no image");
    let mut layout = Layout::default();
    let empty = layout.index(&[], "");
    let digest = empty.split('"').find(|part| part.starts_with("sha256:")).unwrap().to_owned();
    check(&layout.finish(&[empty]), &format!("the index {digest} of NAME lists no image"));

    let mut layout = Layout::default().finish(&[]);
    layout.files.insert("index.json".to_owned(), b"foobar".to_vec());
    check(&layout, "index.json of NAME is malformed: expected ident at line 1 column 2");
    let mut layout = Layout::default();
    let image = format!(r#"{{"mediaType":"{MANIFEST}","digest":"sha256:../../etc","size":1}}"#);
    layout = layout.finish(&[image]);
    let answer = "index.json of NAME is malformed: \"sha256:../../etc\" is not a digest \
                  (sha256:… or sha512:… in lower-case hexadecimal) at line 1 column 171";
    check(&layout, answer);
}

#[test]
fn indexes_are_followed_only_so_deep() {
    let mut layout = Layout::default();
    let mut index = layout.image("linux/amd64", &[&layer("a")], &on("linux/amd64"));
    for _ in 0..6 {
        index = layout.index(&[index], "");
    }
    check(&layout.finish(&[index]), "NAME nests indexes more than 4 deep");
}

#[test]
fn nested_indexes_that_multiply_end_at_the_limit() {
    let mut layout = Layout::default();
    let mut index = layout.image("linux/amd64", &[&layer("a")], &on("linux/amd64"));
    for _ in 0..3 {
        index = layout.index(&vec![index; 5000], "");
    }
    let before = Instant::now();
    let found = "the indexes of NAME list more than 1000 manifests";
    check(&layout.finish(&[index]), found);
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());

    // Read once where it is repeated less often.
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&layer("a")], &on("linux/amd64"));
    let inner = layout.index(&vec![image; 300], "");
    let outer = layout.index(&vec![inner; 300], "");
    let dir = tempfile::tempdir().unwrap();
    layout.finish(&[outer]).write(dir.path());
    let answer = read(&format!("oci:{}", dir.path().display()), host());
    assert_eq!(answer, Ok(vec!["oci linux/amd64 a".to_owned()]));
}

#[test]
fn more_layers_than_can_be_stacked_are_an_error() {
    let a = layer("a");
    let many = vec![a.as_slice(); 501];
    let (layout, manifest) = with_manifest(|layout| {
        let config = image_config("linux/amd64", &many);
        let one = layout.describe(LAYER, &gzip(&a), "");
        (layout.describe(CONFIG, config.as_bytes(), ""), vec![one; 501])
    });
    check(&layout, &format!("the manifest {manifest} of NAME lists 501 layers, more than 500"));
}

#[test]
fn a_document_of_any_size_is_not_read() {
    let mut layout = Layout::default();
    let mut huge = br#"{"a":""#.to_vec();
    huge.resize(5 << 20, b'x');
    let index = layout.describe(INDEX, &huge, "");
    let hex = sha256(&huge).hex().to_owned();
    check(
        &layout.finish(&[index]),
        &format!("blobs/sha256/{hex} of NAME has 5242880 bytes, more than 4194304"),
    );
}

#[test]
fn a_fifo_in_a_layout_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("index.json");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let answer = read(&dir.path().display().to_string(), host());
    let expected = format!("cannot read {}: not a regular file", fifo.display());
    assert_eq!(answer, Err(expected));
}

/// The error for a Docker archive, plain and gzip'd; they may differ.
fn check_archive(archive: &[u8], plain: &str, compressed: &str) {
    let dir = tempfile::tempdir().unwrap();
    for (bytes, expected) in [(archive.to_vec(), plain), (gzip(archive), compressed)] {
        let path = dir.path().join("image");
        fs::write(&path, bytes).unwrap();
        let path = path.display().to_string();
        let answer = read(&format!("docker-archive:{path}"), host());
        assert_eq!(answer, Err(expected.replace("NAME", &path)));
    }
}

#[test]
fn broken_docker_archives_are_named() {
    let same = |archive: &[u8], expected: &str| check_archive(archive, expected, expected);
    let a = layer("a");
    let config = docker_config(&[&a]);
    let manifest = manifest_json(&[("c.json", &["x:1"], &["1/layer.tar"])]);
    same(&tar(&[("manifest.json", b"null")]), "manifest.json of NAME lists no image");
    same(&tar(&[("manifest.json", b"[]")]), "manifest.json of NAME lists no image");
    same(&tar(&[("repositories", b"{}")]), "repositories of NAME lists no image");
    same(&tar(&[("a", b"b")]), "NAME lacks manifest.json");
    same(&tar(&[("manifest.json", manifest.as_bytes())]), "NAME lacks c.json");
    let files: &[(&str, &[u8])] =
        &[("manifest.json", manifest.as_bytes()), ("c.json", config.as_bytes())];
    same(&tar(files), "NAME lacks the layer 1/layer.tar");
    let with = |more: &[(&str, &[u8])]| tar(&[files, more].concat());
    same(&with(&[("1/layer.tar -> ../1/layer.tar", b"")]), "NAME lacks the layer 1/layer.tar");
    same(&with(&[("1/layer.tar -> ../../../etc/passwd", b"")]), "NAME lacks the layer 1/layer.tar");
    same(
        &tar(&[("manifest.json", manifest.as_bytes()), ("c.json", b"{}")]),
        "manifest.json of NAME has 1 layers, but its configuration has 0 diff_ids",
    );
    let own = br#"{"parent":"1"}"#;
    same(
        &tar(&[("repositories", br#"{"x":{"1":"1"}}"#), ("1/json", own), ("1/layer.tar", &a)]),
        "repositories of NAME lists 501 layers, more than 500",
    );
}

#[test]
fn a_cut_archive_is_an_error() {
    let a = layer("a");
    let archive = tar(&[("manifest.json", b"[]"), ("1/layer.tar", &a)]);
    check_archive(
        &archive[..archive.len() - 2048],
        "cannot read NAME: truncated tar: ends inside 1/layer.tar",
        "cannot read 1/layer.tar: truncated tar: ends inside 1/layer.tar",
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    let compressed = gzip(&archive);
    for cut in [compressed.len() - 1, compressed.len() - 9, compressed.len() / 2] {
        fs::write(&path, &compressed[..cut]).unwrap();
        let answer = read(&path.display().to_string(), host()).unwrap_err();
        assert!(answer.contains(&path.display().to_string()), "{answer}");
        assert!(!answer.contains("lists no image"), "{cut}: {answer}");
    }
}

#[test]
fn a_tar_made_to_exhaust_its_reader_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("image");
    let check = |archive: &[u8], plain: &str, compressed: &str| {
        for (bytes, expected) in [(archive.to_vec(), plain), (gzip(archive), compressed)] {
            fs::write(&path, bytes).unwrap();
            let answer = read(&path.display().to_string(), host());
            let expected = expected.replace("NAME", &path.display().to_string());
            assert_eq!(answer, Err(expected));
        }
    };

    let names: Vec<_> = (0..20_001).map(|at| format!("{at}/VERSION")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    check(
        &tar(&files),
        "NAME has more than 20000 members",
        "NAME is not a whole tar: tar has more than 20000 entries",
    );

    // A name of 70 MB.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(70 << 20);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.resize(512 + (70 << 20) + 1024, b'x');
    check(
        &archive,
        "cannot read NAME: the tar's headers are too long",
        "NAME is not a whole tar: tar extension header at byte 0 has 73400320 bytes, \
         more than 1048576",
    );
}
