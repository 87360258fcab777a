//! Images made in code, read by other programs.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::io::Read;
use std::process::Command;

use plimsoll_testkit::{
    Compression, DockerArchive, Entry, Image, Layer, Layout, OciTar, digest_of, needs_programs,
};
use plimsoll_unpack::{Expected, Limits, read_layer};

fn image() -> Image {
    let base = Layer::new(&[Entry::directory("etc"), Entry::file("etc/os-release", "ID=debian\n")]);
    let own = Layer::compressed(&[Entry::whiteout("etc/os-release")], Compression::Zstd);
    let plain = Layer::compressed(&[Entry::symlink("a", "etc")], Compression::None);
    let layers = [base.created_by("ADD base"), own.created_by("RUN rm"), plain];
    Image::new(layers).label("color", "blue")
}

/// What skopeo says of an image, as JSON.
fn inspect(reference: &str) -> serde_json::Value {
    let output = Command::new("skopeo").args(["inspect", reference]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_same_code_makes_the_same_digests() {
    assert_eq!(image().digest(), image().digest());
    let plain = Layer::compressed(&[Entry::file("a", "b")], Compression::None);
    // Recorded once; the compressed digests are those of the encoders' versions.
    assert_eq!(plain.blob.diff_id.short(), "e37fbfbedf0f");
    assert_eq!(plain.blob.digest, plain.blob.diff_id);
    assert_eq!(plain.bytes().unwrap(), plain.tar().unwrap());
    let gzip = Layer::new(&[Entry::file("a", "b")]);
    assert_eq!(gzip.blob.diff_id, plain.blob.diff_id);
    assert_eq!(gzip.tar().unwrap(), plain.tar().unwrap());
}

#[test]
fn layers_are_what_their_descriptors_say() {
    for layer in image().layers {
        let bytes = layer.bytes().unwrap();
        let read =
            read_layer(&*bytes, &Expected::default(), &Limits::default(), |_| Ok(())).unwrap();
        assert_eq!(read.digest.to_string(), layer.blob.digest.to_string());
        assert_eq!(read.diff_id.to_string(), layer.blob.diff_id.to_string());
        assert_eq!(read.compressed_size, layer.blob.size);
        assert_eq!(read.size, layer.blob.uncompressed_size);
    }
}

#[test]
fn a_layout_holds_every_blob_under_its_digest() {
    let directory = tempfile::tempdir().unwrap();
    let mut layout = Layout::new();
    let arm = image().platform("linux/arm64/v8");
    let index = layout.add_index("multi", &[image(), arm]);
    layout.write(directory.path()).unwrap();
    let blobs = directory.path().join("blobs/sha256");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&blobs).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert_eq!(digest_of(&std::fs::read(entry.path()).unwrap()).hex(), name);
        names.push(name);
    }
    // Three shared layers, two configs, two manifests, one index.
    assert_eq!(names.len(), 8);
    assert!(names.contains(&index.hex().to_owned()));
}

#[test]
fn skopeo_reads_what_is_written() {
    if !needs_programs(&["skopeo"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let image = image();
    Layout::of(&image).write(&file("layout")).unwrap();
    std::fs::write(file("oci.tar"), Layout::of(&image).tar(OciTar::Plain).unwrap()).unwrap();
    // Archives of docker know no zstd.
    let gzip = Image::new([Layer::new(&[Entry::file("a", "b")])]).label("color", "blue");
    let archive = DockerArchive::new().image(&["shop:1.4", "shop:1"], &gzip);
    std::fs::write(file("legacy.tar"), archive.legacy().unwrap()).unwrap();
    std::fs::write(file("modern.tar"), archive.modern().unwrap()).unwrap();

    let check = |reference: &str, layers: usize| {
        let at = directory.path().display().to_string();
        let found = inspect(&reference.replace("DIR", &at));
        assert_eq!(found["Labels"]["color"], "blue", "{reference}");
        assert_eq!(found["Architecture"], "amd64", "{reference}");
        assert_eq!(found["Layers"].as_array().unwrap().len(), layers, "{reference}");
        found
    };
    let found = check("oci:DIR/layout:latest", 3);
    assert_eq!(found["Digest"], image.digest().to_string());
    check("oci-archive:DIR/oci.tar:latest", 3);
    check("docker-archive:DIR/legacy.tar:shop:1.4", 1);
    check("docker-archive:DIR/modern.tar:shop:1", 1);
}

#[test]
fn an_oci_tar_may_name_its_members_with_a_dot() {
    let names = |kind: OciTar| {
        let tar = Layout::of(&image()).tar(kind).unwrap();
        let mut archive = tar::Archive::new(&*tar);
        let entries = archive.entries().unwrap();
        let names = entries.map(|entry| {
            let mut entry = entry.unwrap();
            entry.read_to_end(&mut Vec::new()).unwrap();
            String::from_utf8(entry.path_bytes().into_owned()).unwrap()
        });
        names.collect::<Vec<_>>()
    };
    let plain = names(OciTar::Plain);
    assert_eq!(plain.last().unwrap(), "index.json");
    let dotted: Vec<_> = plain.iter().map(|name| format!("./{name}")).collect();
    assert_eq!(names(OciTar::Dotted)[1..], dotted);
}
