//! What a reference without a transport means, and what one is told that means nothing.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use plimsoll_image::{Error, Opened, open};

use crate::support::{Layout, context, docker_config, gzip, host, layer, manifest_json, read, tar};

/// The path and the answer, with `ROOT` for the directory they are in.
fn check(root: &Path, reference: &str, expected: Result<&str, &str>) {
    let root = root.display().to_string();
    let answer = read(&reference.replace("ROOT", &root), host());
    let answer = answer.map(|lines| lines.join("\n")).map_err(|error| error.replace(&root, "ROOT"));
    assert_eq!(answer.as_deref().map_err(String::as_str), expected, "{reference}");
}

#[test]
fn a_path_is_recognised_by_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let a = layer("a");
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&a], "");
    layout.finish(&[image]).write(&root.join("layout"));
    let config = docker_config(&[&a]);
    let archive = tar(&[
        ("1/layer.tar", &a),
        ("c.json", config.as_bytes()),
        ("manifest.json", manifest_json(&[("c.json", &[], &["1/layer.tar"])]).as_bytes()),
    ]);
    fs::write(root.join("archive"), &archive).unwrap();
    fs::write(root.join("archive.gz"), gzip(&archive)).unwrap();
    std::os::unix::fs::symlink("archive", root.join("link")).unwrap();
    fs::create_dir_all(root.join("rootfs/etc")).unwrap();
    check(root, "ROOT/layout", Ok("oci linux/amd64 a"));
    check(root, "ROOT/archive", Ok("docker-archive linux/amd64 a"));
    check(root, "ROOT/archive.gz", Ok("docker-archive linux/amd64 a"));
    check(root, "ROOT/link", Ok("docker-archive linux/amd64 a"));
    check(root, "ROOT/rootfs", Ok("dir -"));
    check(root, "dir:ROOT/rootfs", Ok("dir -"));
    check(root, "dir:ROOT/layout", Ok("dir -"));
}

#[test]
fn a_path_that_is_no_image_is_told_what_it_looks_like() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let write = |name: &str, content: &[u8]| {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), content).unwrap();
    };
    write("empty", b"");
    write("text", b"hello");
    write("bzip2", b"BZh91AY&SY");
    write("rootfs", &tar(&[("./etc/os-release", b"ID=alpine")]));
    write("other", &tar(&[("a", b"b")]));
    write("skopeo/manifest.json", b"{}");
    write("skopeo/version", b"Directory Transport Version: 1.1");
    write("save/manifest.json", b"[]");
    fs::create_dir(root.join("dir")).unwrap();
    let _socket = UnixListener::bind(root.join("socket")).unwrap();
    for (name, expected) in [
        ("empty", "it is empty"),
        ("text", "it is neither a tar nor compressed with gzip, zstd or xz"),
        ("bzip2", "it is compressed with bzip2, which is not supported"),
        ("socket", "it is neither a file nor a directory"),
        (
            "rootfs",
            "it is the tar of a root file system\n\
             hint: unpack it into a directory and name that with dir:",
        ),
        ("other", "it is a tar, but neither a docker save nor an OCI layout"),
        (
            "dir",
            "it is neither an OCI layout nor a root file system\n\
             hint: a root file system without etc, usr and var is named with dir:",
        ),
        (
            "skopeo",
            "it is a directory of skopeo's dir: transport\n\
             hint: skopeo copy dir:FROM oci:TO makes a layout of it",
        ),
        ("save", "it is an unpacked docker save\nhint: pack it with tar, or keep the archive"),
    ] {
        let expected = format!("ROOT/{name} is not an image: {expected}");
        check(root, &format!("ROOT/{name}"), Err(&expected));
    }
    let expected = "ROOT/text is not an image: it is a file, not the directory of a layout\n\
                    hint: a layout in a tar is named with oci-archive:";
    check(root, "oci:ROOT/text", Err(expected));
    let expected = "ROOT/dir is not an image: it is a directory\n\
                    hint: a layout in a directory is named with oci:";
    check(root, "oci-archive:ROOT/dir", Err(expected));
    check(root, "docker-archive:ROOT/dir", Err(expected));
    check(root, "docker-archive:ROOT/other", Err("ROOT/other lacks manifest.json"));
    check(root, "oci-archive:ROOT/other", Err("ROOT/other lacks index.json"));
    check(root, "oci:ROOT/dir", Err("ROOT/dir lacks index.json"));
    check(root, "dir:ROOT/text", Err("cannot read ROOT/text: Not a directory (os error 20)"));
}

#[test]
fn what_exists_nowhere_is_never_taken_for_something_else() {
    let root = Path::new("/nonexistent/plimsoll");
    let engines = "podman: podman does not run here (looked at /nonexistent/run/podman/podman.sock, \
                   the program podman); docker: docker does not run here \
                   (looked at /nonexistent/var/run/docker.sock); registry: cannot read what is \
                   needed to ask registries: no registry in this test";
    check(root, "ROOT/x", Err("ROOT/x does not exist"));
    check(root, "./shop.img", Err("./shop.img does not exist"));
    check(root, "shop.tar.gz", Err("shop.tar.gz does not exist"));
    check(root, "oci:ROOT/x:1.4", Err("ROOT/x:1.4 does not exist"));
    let expected =
        format!("found nothing named shop:1.4: path: no such file or directory; {engines}");
    check(root, "shop:1.4", Err(&expected));
    let expected = "found nothing named Shop: path: no such file or directory; \
                    registry: \"Shop\" is not an image reference: the repository must be lower case";
    check(root, "Shop", Err(expected));
}

#[test]
fn a_name_that_looks_like_a_transport_gets_a_hint() {
    let root = Path::new("/nonexistent/plimsoll");
    check(
        root,
        "docker:dind",
        Err("found nothing named docker:dind: docker: docker does not run here \
             (looked at /nonexistent/var/run/docker.sock)\n\
             hint: the image docker:dind of a registry is named registry:docker:dind"),
    );
    check(
        root,
        "oci:latest",
        Err("latest does not exist\n\
             hint: the image oci:latest of a registry is named registry:oci:latest"),
    );
    check(
        root,
        "container:web",
        Err("found nothing named container:web: podman: podman does not run here (looked at \
             /nonexistent/run/podman/podman.sock, the program podman); docker: docker does not run \
             here (looked at /nonexistent/var/run/docker.sock)\n\
             hint: the image container:web of a registry is named registry:container:web"),
    );
    check(root, "oci:some/dir", Err("some/dir does not exist"));
}

#[test]
fn a_directory_that_happens_to_have_an_images_name_gets_a_hint() {
    // The working directory of a test is its crate.
    check(
        Path::new("/nonexistent/plimsoll"),
        "src",
        Err("src is not an image: it is neither an OCI layout nor a root file system\n\
             hint: the image of that name is registry:src"),
    );
}

#[test]
fn a_pipe_is_read_as_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let a = layer("a");
    let config = docker_config(&[&a]);
    let manifest = manifest_json(&[("c.json", &[], &["1/layer.tar"])]);
    let archive = tar(&[
        ("1/layer.tar", &layer("replaced by the next")),
        ("1/layer.tar", &a),
        ("c.json", config.as_bytes()),
        ("manifest.json", manifest.as_bytes()),
    ]);
    for reference in ["docker-archive:ROOT/pipe", "ROOT/pipe"] {
        let (pipe, archive) = (pipe.clone(), archive.clone());
        let writer = std::thread::spawn(move || fs::write(pipe, archive).unwrap());
        check(dir.path(), reference, Ok("docker-archive linux/amd64 a"));
        writer.join().unwrap();
    }
    let (writes, bytes) = (pipe.clone(), gzip(&archive));
    let writer = std::thread::spawn(move || fs::write(writes, bytes).unwrap());
    let opened = open(&pipe.display().to_string().parse().unwrap(), &context(host())).unwrap();
    let Opened::Archive(stream) = opened else { panic!("not a stream") };
    assert_eq!(stream.key(), None);
    stream.read::<Error>(&mut |_, _| Ok(())).unwrap();
    writer.join().unwrap();
    fs::write(dir.path().join("file"), &archive).unwrap();
    check(dir.path(), "ROOT/file", Ok("docker-archive linux/amd64 a"));
}
