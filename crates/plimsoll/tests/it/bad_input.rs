//! Broken and hostile images: the error names the thing, and nothing looks clean.

use std::io::Write;

use plimsoll_testkit::{Compression, Entry, Image, Layer, Layout, OciTar, digest_of};
use serde_json::json;

use crate::support::{
    Answer, BASE, TestContext, alpine_release, apk_database, entries_of, shop, shop_feeds,
};

/// Scans what must not be scanned: an error with a reason, and not a word on standard output.
#[track_caller]
fn refused(context: &TestContext, reference: &str) -> Answer {
    let scan = ["scan", "--from", "feeds", "--format", "json", reference];
    let answer = context.plimsoll(&scan).ends_with(1).says("error: ");
    assert_eq!(answer.stdout, "", "{answer}");
    let again = context.plimsoll(&scan).ends_with(1);
    assert_eq!(again.stderr, answer.stderr, "the second answer is the first");
    assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);
    answer
}

fn context() -> TestContext {
    let context = TestContext::new();
    shop_feeds(&context);
    context
}

/// The files of the shop's system.
fn system() -> Vec<Entry> {
    entries_of(&[
        ("etc/os-release", &alpine_release("3.19.1")),
        ("lib/apk/db/installed", &apk_database(BASE)),
    ])
}

#[test]
fn a_truncated_layer_is_refused_however_it_is_compressed() {
    let context = context();
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let whole = Layer::compressed(&system(), compression);
        let bytes = whole.bytes().unwrap();
        for (part, end) in [("half", bytes.len() / 2), ("nearly", bytes.len() - 3)] {
            // A blob that is shorter than its descriptor says.
            let mut layer = whole.clone();
            layer.content.bytes_mut().truncate(end);
            let name = format!("cut-{compression:?}-{part}");
            context.layout(&name, &Image::new([layer.clone()]));
            refused(&context, &name).says(layer.blob.digest.short());

            // And one whose descriptor is right: only its stream ends too early.
            layer.blob.digest = digest_of(&bytes[..end]);
            layer.blob.size = end as u64;
            let name = format!("short-{compression:?}-{part}");
            context.layout(&name, &Image::new([layer.clone()]));
            refused(&context, &name).says(layer.blob.digest.short());
        }
    }
}

#[test]
fn a_layer_with_a_wrong_digest_is_refused() {
    let context = context();
    let mut layer = Layer::new(&system());
    let other = Layer::new(&[Entry::file("etc/other", "other")]);
    layer.content = other.content.clone();
    layer.blob.size = other.blob.size;
    context.layout("wrong", &Image::new([layer.clone()]));
    refused(&context, "wrong").says(layer.blob.digest.hex());
}

#[test]
fn a_configuration_that_claims_other_layers_is_refused() {
    let context = context();
    let mut layer = Layer::new(&system());
    layer.blob.diff_id = digest_of(b"something else");
    let mut image = shop();
    image.layers[0] = layer.clone();
    context.layout("lying", &image);
    refused(&context, "lying").says("diff_id").says(layer.blob.diff_id.hex());

    // The same blob, rightly described, has filled the cache meanwhile.
    context.layout("honest", &Image::new([Layer::new(&system())]));
    context.plimsoll(&["scan", "--from", "feeds", "honest"]).ends_with(0);
    refused(&context, "lying").says("diff_id");

    // Fewer diff_ids than layers.
    let image = shop();
    let mut config: serde_json::Value = serde_json::from_slice(&image.config()).unwrap();
    config["rootfs"]["diff_ids"].as_array_mut().unwrap().pop();
    let config = config.to_string().into_bytes();
    let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest()).unwrap();
    manifest["config"]["digest"] = json!(digest_of(&config).to_string());
    manifest["config"]["size"] = json!(config.len());
    let manifest = manifest.to_string().into_bytes();
    let mut layout = Layout::of(&image);
    layout.add_document(config);
    let size = manifest.len();
    let digest = layout.add_document(manifest);
    layout.add_manifest("fewer", descriptor(&digest.to_string(), size));
    layout.write(&context.path("fewer")).unwrap();
    refused(&context, "oci:fewer:fewer").says("diff_ids");
}

fn descriptor(digest: &str, size: usize) -> serde_json::Value {
    json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size })
}

#[test]
fn a_layer_of_an_unknown_media_type_is_named() {
    let context = context();
    let mut image = shop();
    image.layers[1].media_type = "application/vnd.example.layer.v9".to_owned();
    context.layout("unknown", &image);
    refused(&context, "unknown").says("application/vnd.example.layer.v9");
}

#[test]
fn an_index_without_an_image_for_us_is_no_empty_image() {
    let context = context();
    let mut empty = Layout::new();
    empty.add_index("latest", &[]);
    empty.write(&context.path("empty-index")).unwrap();
    refused(&context, "empty-index");
    Layout::new().write(&context.path("empty-layout")).unwrap();
    refused(&context, "empty-layout");
    let mut foreign = Layout::new();
    foreign
        .add_index("latest", &[shop().platform("linux/s390x"), shop().platform("linux/riscv64")]);
    foreign.write(&context.path("foreign")).unwrap();
    let answer = refused(&context, "foreign").says("linux/s390x").says("linux/riscv64");
    answer.says("hint: ");
}

#[test]
fn a_tar_whose_names_begin_with_a_dot_is_read() {
    let context = context();
    context.write("dotted.tar", Layout::of(&shop()).tar(OciTar::Dotted).unwrap());
    let scan = ["scan", "--from", "feeds", "--format", "json", "dotted.tar"];
    assert_eq!(context.plimsoll(&scan).ends_with(0).findings().len(), 6);
    // And layers whose names do.
    let dotted: Vec<_> = [
        ("./etc/os-release", alpine_release("3.19.1")),
        ("./lib/apk/db/installed", apk_database(BASE)),
    ]
    .into_iter()
    .map(|(path, content)| Entry::file(path, content))
    .collect();
    context.layout("dotted", &Image::new([Layer::new(&dotted)]));
    let scan = ["scan", "--from", "feeds", "--format", "json", "dotted"];
    assert_eq!(context.plimsoll(&scan).ends_with(0).findings().len(), 5);
}

#[test]
fn a_truncated_archive_is_refused() {
    let context = context();
    let whole = Layout::of(&shop()).tar(OciTar::Plain).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&whole).unwrap();
    let packed = packed.finish().unwrap();
    for (name, bytes) in [("plain.tar", &whole), ("packed.tar.gz", &packed)] {
        for end in [0, 100, bytes.len() / 2] {
            context.write(name, &bytes[..end]);
            refused(&context, &format!("oci-archive:{name}")).says(name);
        }
    }
}

/// Members that would leave the root, and names that no file has, are problems or nothing; the packages
/// of the image are still found, and nothing is written anywhere.
#[test]
fn hostile_names_neither_escape_nor_stop_the_scan() {
    let context = context();
    let mut entries = system();
    let name = |bytes: &[u8]| Entry::file(bytes, "P:evil\nV:1-r0\nA:x86_64\no:evil\n\n");
    entries.extend([
        name(b"../../escaped"),
        name(b"/lib/apk/db/../../../etc/escaped"),
        name(b"a\nb"),
        name(b"\xff\xfe"),
        name(b"lib/apk/db/./installed2"),
        Entry::symlink("loop", "loop"),
        Entry::symlink("a1", "a2"),
        Entry::symlink("a2", "a1"),
        Entry::symlink("var/lib/dpkg", "../../../../../../etc"),
        Entry::symlink("usr/lib/sysimage/rpm/Packages.db", "/dev/zero"),
        Entry::hard_link("hard", "../../../etc/passwd"),
        Entry::fifo("var/lib/rpm/rpmdb.sqlite"),
        Entry::file("d/".repeat(200) + "deep", ""),
    ]);
    context.layout("hostile", &Image::new([Layer::new(&entries)]));
    let scan = ["scan", "--from", "feeds", "--format", "json", "hostile"];
    let answer = context.plimsoll(&scan).ends_with(0);
    let document = answer.json();
    let packages = document["packages"].as_array().unwrap();
    assert_eq!(packages.len(), BASE.len(), "{packages:?}");
    assert!(!context.world("etc").exists() && !context.world("escaped").exists());
}

#[test]
fn a_path_deeper_or_longer_than_any_engine_makes_is_refused() {
    let context = context();
    for (name, path) in [("deep", "d/".repeat(2000) + "f"), ("long", "x".repeat(5000))] {
        let mut entries = system();
        entries.push(Entry::file(path, ""));
        context.layout(name, &Image::new([Layer::new(&entries)]));
        refused(&context, name).says("layer");
    }
}

/// 1.1 GiB of zeros in 60 KB: beyond the ratio of any real layer. One frame of zstd, many times.
#[test]
fn a_tar_bomb_is_refused() {
    const FRAMES: usize = 1100;
    let context = context();
    let zeros = zstd::encode_all(&vec![0; 1 << 20][..], 3).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_size((FRAMES as u64) << 20);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = zstd::encode_all(&header.as_bytes()[..], 3).unwrap();
    bytes.extend(zeros.repeat(FRAMES));
    let mut layer = Layer::compressed(&system(), Compression::Zstd);
    layer.blob.digest = digest_of(&bytes);
    layer.blob.size = bytes.len() as u64;
    *layer.content.bytes_mut() = bytes;
    context.layout("bomb", &Image::new([layer]));
    let answer = context.plimsoll(&["scan", "--from", "feeds", "bomb"]).ends_with(1);
    assert!(answer.stderr.contains("layer") && answer.stderr.contains("200"), "{answer}");
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_header_that_promises_more_than_there_is_is_refused() {
    let context = context();
    // 10 GB of package database, of which nothing comes.
    let mut header = tar::Header::new_gnu();
    header.set_path("lib/apk/db/installed").unwrap();
    header.set_size(10 << 30);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend([b'P'; 4096]);
    context.layout("promise", &Image::new([Layer::from_tar(&bytes, Compression::Gzip)]));
    refused(&context, "promise");
}

#[test]
fn a_pipe_in_a_root_file_system_does_not_hang() {
    let context = context();
    let root = context.path("rootfs");
    crate::support::write_rootfs(&root, &[("etc/os-release", &alpine_release("3.19.1"))]);
    std::fs::create_dir_all(root.join("lib/apk/db")).unwrap();
    std::fs::create_dir_all(root.join("var/lib/dpkg")).unwrap();
    let mkfifo = |path: &str| {
        let mode = rustix::fs::Mode::from_raw_mode(0o644);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, root.join(path), kind, mode, 0).unwrap();
    };
    mkfifo("lib/apk/db/installed");
    mkfifo("var/lib/dpkg/status");
    let answer = context.plimsoll(&["scan", "--from", "feeds", "dir:rootfs"]);
    assert!([1, 11].contains(&answer.code), "{answer}");
}

#[test]
fn a_database_of_ten_gigabytes_is_not_read() {
    let context = context();
    let root = context.path("rootfs");
    let release = [("etc/os-release", &*alpine_release("3.19.1")), ("lib/apk/db/installed", "")];
    crate::support::write_rootfs(&root, &release);
    let database = std::fs::File::create(root.join("lib/apk/db/installed")).unwrap();
    // Nothing of it is on the disk.
    database.set_len(10 << 30).unwrap();
    let start = std::time::Instant::now();
    let answer = context.plimsoll(&["scan", "--from", "feeds", "dir:rootfs"]);
    assert!([1, 11].contains(&answer.code), "{answer}");
    let said = format!("{}{}", answer.stdout, answer.stderr);
    assert!(said.contains("lib/apk/db/installed"), "{answer}");
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}
