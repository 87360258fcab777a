//! Real images, and the broken layouts that other scanners test with.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_unpack::{Decoder, Limits};

use crate::support::{context, host, read, text};

/// The images of shared/data; prints why where there are none.
fn images() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/images");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: needs shared/data");
    None
}

/// Unpacks a zstd tar of test data.
fn unpack(archive: &Path, to: &Path) {
    let file = fs::File::open(archive).unwrap();
    let limits = Limits::default();
    tar::Archive::new(Decoder::buffered(file, &limits).unwrap()).unpack(to).unwrap();
}

#[test]
fn busybox_layouts_whose_blobs_are_links() {
    let Some(images) = images() else { return };
    let unpacked = tempfile::tempdir().unwrap();
    for (name, platform, tag, manifest, files) in [
        ("busybox-glibc", "linux/amd64", "busybox:1.37.0-glibc", "sha256:7a3ebe5bfd1a", 443),
        ("busybox-musl", "linux/amd64", "busybox:1.37.0-musl", "sha256:29989570aeec", 425),
        ("busybox-musl-arm64", "linux/arm64/v8", "busybox:1.37.0-musl", "sha256:97d3fa0415c6", 425),
    ] {
        let tar = images.join("oci-layout").join(format!("{name}.tar"));
        let dir = unpacked.path().join(name);
        tar::Archive::new(fs::File::open(&tar).unwrap()).unpack(&dir).unwrap();
        let (tar, dir) = (tar.display(), dir.display());
        for (reference, source) in [
            (format!("oci-archive:{tar}"), "oci-archive"),
            (format!("oci-archive:{tar}:{tag}"), "oci-archive"),
            (tar.to_string(), "oci-archive"),
            (format!("oci:{dir}:{tag}"), "oci"),
            (dir.to_string(), "oci"),
        ] {
            let lines = read(&reference, host()).unwrap();
            assert_eq!(lines.len(), 1);
            assert!(
                lines[0].starts_with(&format!("{source} {platform} ")),
                "{reference}: {lines:?}"
            );
            assert_eq!(lines[0].split(' ').count() - 2, files, "{reference}");
            let opened = plimsoll_image::open(&reference.parse().unwrap(), &context(host()));
            let plimsoll_image::Opened::Images(images) = opened.unwrap() else { panic!() };
            let image = &images[0].image;
            assert!(image.digest.as_ref().unwrap().to_string().starts_with(manifest));
            assert_eq!(image.created.unwrap().to_string(), "2024-09-26T21:31:42Z");
            assert!(image.layers[0].created_by.as_ref().unwrap().starts_with("BusyBox 1.37.0 ("));
        }
    }
}

#[test]
fn trivys_layouts() {
    let Some(images) = images() else { return };
    let check = |name: &str, tag: &str, expected: Result<&str, &str>| {
        let dir = tempfile::tempdir().unwrap();
        unpack(&images.join("oci-layout").join(format!("trivy-{name}.tar.zst")), dir.path());
        let path = dir.path().join(format!("{name}.oci")).display().to_string();
        let answer = read(&format!("oci:{path}{tag}"), host());
        let answer = answer.map(|lines| lines.join("\n")).map_err(|e| e.replace(&path, "NAME"));
        assert_eq!(answer.as_deref().map_err(String::as_str), expected, "{name}");
    };
    check("test", "", Ok("oci linux/amd64 hello"));
    check("test_image_tag", "", Ok("oci linux/amd64 hello"));
    check("test_image_tag", ":0.0.1", Ok("oci linux/amd64 hello"));
    check("test_image_tag", ":0.0.2", Err("NAME has no image \"0.0.2\", only 0.0.1"));
    check(
        "test_bad_index_json",
        "",
        Err("index.json of NAME is malformed: expected ident at line 1 column 2"),
    );
    check("test_index_json_dir", "", Err("cannot read NAME/index.json: not a regular file"));
    check(
        "test_invalid_oci_image",
        "",
        Err(
            "the manifest sha256:bad744871f99e0ff8e6f253244836ed34c5d805fdb096d3a205ffaf5e9073cab \
             of NAME has the unknown media type \"application/badmedia+json\"",
        ),
    );
    check("test_no_valid_manifests", "", Err("index.json of NAME lists no image"));
}

#[test]
fn a_real_gzipped_docker_archive() {
    let Some(images) = images() else { return };
    let path = images.join("docker-archive/alpine-310.tar.gz").display().to_string();
    for reference in [path.clone(), format!("docker-archive:{path}:alpine:3.10")] {
        let lines = read(&reference, host()).unwrap();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("docker-archive linux/amd64 bin/ bin/arch bin/ash "));
        assert!(lines[0].contains(" lib/apk/db/installed "));
    }
}

#[test]
fn docker_archives_of_go_containerregistry() {
    let Some(images) = images() else { return };
    let dir = tempfile::tempdir().unwrap();
    unpack(&images.join("docker-archive/go-containerregistry-testdata.tar.zst"), dir.path());
    let check = |name: &str, tag: &str, expected: Result<&str, &str>| {
        let path = dir.path().join("pkg/v1").join(name).display().to_string();
        let answer = read(&format!("docker-archive:{path}{tag}"), host());
        let answer = answer.map(|lines| lines.join("\n")).map_err(|e| e.replace(&path, "NAME"));
        assert_eq!(answer.as_deref().map_err(String::as_str), expected, "{name}{tag}");
    };
    let ok = "docker-archive linux/amd64 ";
    let one = format!("{ok}./ ./bar ./foo");
    check("tarball/testdata/test_image_1.tar", "", Ok(&one));
    check("tarball/testdata/test_image_2.tar", "", Ok(&format!("{ok}./ ./bat ./baz")));
    check("tarball/testdata/test_load_manifest.tar", "", Ok(&one));
    check("tarball/testdata/test_bundle.tar", ":test_image_1", Ok(&one));
    check(
        "tarball/testdata/test_bundle.tar",
        "",
        Err("NAME has 2 images: test_image_2, test_image_1\n\
             hint: choose one by its tag, for example NAME:test_image_2"),
    );
    check(
        "tarball/testdata/test_link.tar",
        ":bazel/v1/tarball:test_image_3",
        Ok(&format!("{one} | test")),
    );
    check("tarball/testdata/hello-world-v25.tar", "", Ok("docker-archive linux/arm64 hello"));
    check("tarball/testdata/null_manifest.tar", "", Err("manifest.json of NAME lists no image"));
    check(
        "tarball/testdata/no_manifest.tar",
        "",
        Ok(&format!("{ok}./foo/ ./foo/hey ./foo/foo ./foo/baz")),
    );
    check("tarball/testdata/content.tar", "", Err("NAME lacks manifest.json"));
    check("mutate/testdata/source_image.tar", "", Ok(&one));
    check("mutate/testdata/source_image_with_empty_layer_history.tar", "", Ok(&one));
    check(
        "mutate/testdata/whiteout_image.tar",
        "",
        Ok(&format!("{ok}./ ./bar.txt ./foo.txt | ./ ./.wh.foo.txt |")),
    );
    check(
        "mutate/testdata/overwritten_file.tar",
        "",
        Ok(&format!("{ok}./ ./foo.txt | ./ ./bar.txt ./foo.txt |")),
    );
}

#[test]
fn every_image_of_osv_scalibr_opens_and_what_is_none_does_not() {
    let Some(images) = images() else { return };
    let dir = tempfile::tempdir().unwrap();
    unpack(&images.join("docker-archive/osv-scalibr-layer-testdata.tar.zst"), dir.path());
    let mut answers = Vec::new();
    for folder in ["tar/testdata", "layerscanning/image/testdata", "unpack/testdata"] {
        let folder = dir.path().join("artifact/image").join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let opened = plimsoll_image::open(
                &path.display().to_string().parse().unwrap(),
                &context(host()),
            );
            let answer = opened.and_then(crate::support::contents).map_err(|error| text(&error));
            answers.push((name, answer.map(|lines| lines[0].split(" | ").count())));
        }
    }
    answers.sort();
    let failed: Vec<_> =
        answers.iter().filter_map(|(name, answer)| Some((name, answer.as_ref().err()?))).collect();
    assert_eq!(answers.len(), 17);
    let names: Vec<_> = failed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["empty.tar", "escape.tar"], "{failed:?}");
}
