//! Real engines, each with its own storage and socket, ended by the test.

use std::fs;
use std::io::Read;

use plimsoll_testkit::{Compression, Docker, DockerArchive, Image, Layer, Place, Podman};

use crate::support::{TestContext, shop, shop_feeds};

/// Loads the image into an engine as `shop:1.4` and makes a container `web` of it that does not run.
fn load(place: &Place, program: &str, image: &Image) {
    let archive = place.path("image.tar");
    let bytes = DockerArchive::new().image(&["localhost/shop:1.4"], image).legacy().unwrap();
    fs::write(&archive, bytes).unwrap();
    place.run(program, &["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let create = ["create", "--network=none", "--name=web", "localhost/shop:1.4"];
    place.run(program, &create);
}

fn image() -> Image {
    let mut image = shop();
    image.runtime["Cmd"] = serde_json::json!(["/nothing"]);
    image
}

/// What holds for every engine that has the image and the container.
fn check(context: &TestContext, engine: &str, image: &Image) {
    shop_feeds(context);
    let id = image.config_digest();
    let short = format!("{engine}:{}", &id.hex()[..12]);
    let named = format!("{engine}:localhost/shop:1.4");
    for reference in [named.as_str(), &short, "container:web", "localhost/shop:1.4"] {
        let args = ["scan", "--from", "feeds", "--format", "json", reference];
        let answer = context.plimsoll(&args).ends_with(0);
        assert_eq!(answer.findings().len(), 6, "{answer}");
        let document = answer.json();
        assert_eq!(document["image"]["config_digest"], id.to_string(), "{reference}");
    }
    // By now every fact is cached, and the same document comes without an export.
    let args = ["scan", "--from", "feeds", "--format", "json", named.as_str()];
    let cached = context.plimsoll(&args).ends_with(0);
    let anew = context.plimsoll(&[&args[..], &["--no-cache"]].concat()).ends_with(0);
    assert_eq!(cached.stdout, anew.stdout);
    assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);

    // A container that does not run is nothing that runs here.
    context.plimsoll(&["ps"]).ends_with(0).shows("nothing runs here in Docker or Podman");
    let nobody = context.plimsoll(&["scan", "container:nobody"]).ends_with(1);
    assert!(nobody.stderr.contains("nobody"), "{nobody}");

    // A name that looks like a transport.
    let hint =
        format!("hint: the image {engine}:dind of a registry is named registry:{engine}:dind");
    context.plimsoll(&["scan", &format!("{engine}:dind")]).ends_with(1).says(&hint);
}

#[test]
fn podman_is_asked_without_a_socket() {
    let Some(podman) = Podman::new() else { return };
    let context = TestContext::new().with_engine(&podman.place().vars);
    let image = image();
    load(podman.place(), "podman", &image);
    check(&context, "podman", &image);
    ps_of_what_runs(&context, &podman);
}

/// Two running containers of one image: ours, with the real busybox in it, so that there is a program.
fn ps_of_what_runs(context: &TestContext, podman: &Podman) {
    let Some(busybox) = crate::support::shared("images/oci-layout/busybox-musl.tar") else {
        return;
    };
    let mut image = shop();
    image.layers.insert(0, layer_of_busybox(&busybox));
    image.runtime["Cmd"] = serde_json::json!(["sleep", "300"]);
    image.runtime["Env"] = serde_json::json!(["PATH=/bin"]);
    let bytes = DockerArchive::new().image(&["localhost/shop:2"], &image).legacy().unwrap();
    let archive = podman.place().path("running.tar");
    fs::write(&archive, bytes).unwrap();
    podman.run(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let _removed = RemoveContainers(podman);
    for name in ["--name=one", "--name=two"] {
        podman.run(&["run", "--detach", "--network=none", name, "localhost/shop:2"]);
    }

    let ps = ["ps", "--from", "feeds"];
    let document = context.plimsoll(&[&ps[..], &["--format", "json"]].concat()).ends_with(0).json();
    assert_eq!(document["schema"], "plimsoll.ps/1");
    let containers = document["containers"].as_array().unwrap();
    let mut names: Vec<_> = containers.iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "two"]);
    for container in containers {
        assert_eq!(container["engine"], "podman");
        assert_eq!(container["image"], "localhost/shop:2");
        assert_eq!(container["image_id"], image.config_digest().to_string());
        assert_eq!((&container["findings"], &container["fixable"]), (&6.into(), &5.into()));
        assert_eq!((&container["worst"], &container["kev"]), (&"critical".into(), &1.into()));
        assert_eq!(container["evaluated"], true);
        assert!(container["error"].is_null(), "{container}");
    }
    context.plimsoll(&ps).ends_with(0).shows("critical KEV").says("hint: plimsoll scan podman:");
    context.plimsoll(&[&ps[..], &["--fail-on", "kev"]].concat()).ends_with(10);

    // Without data nothing can be known, and that is no clean bill.
    let empty = context.world("empty-state").display().to_string();
    let run = |more: &[&str]| {
        let mut command = context.command(&[&["ps", "--offline"], more].concat());
        command.env("PLIMSOLL_STATE_DIR", &empty).output().unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(11));
    assert!(String::from_utf8_lossy(&output.stdout).contains("cannot know"));
    assert_eq!(run(&["--allow-unknown"]).status.code(), Some(0));
}

/// The one layer of a stored OCI layout.
fn layer_of_busybox(layout: &std::path::Path) -> Layer {
    let mut archive = tar::Archive::new(fs::File::open(layout).unwrap());
    let blobs = archive.entries().unwrap().map(|entry| {
        let mut bytes = Vec::new();
        entry.unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    });
    let packed = blobs.max_by_key(Vec::len).unwrap();
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut tar).unwrap();
    Layer::from_tar(&tar, Compression::Gzip)
}

/// Ends what runs, also when the test fails: its mounts would keep the directory.
struct RemoveContainers<'a>(&'a Podman);

impl Drop for RemoveContainers<'_> {
    fn drop(&mut self) {
        self.0.run(&["rm", "--force", "--all", "--time", "0"]);
    }
}

#[test]
fn docker_is_asked_on_its_socket() {
    let Some(docker) = Docker::start() else { return };
    let mut vars = docker.place().vars.clone();
    // Without podman in the path, the only engine is this one.
    vars.remove("PATH");
    let context = TestContext::new().with_engine(&vars);
    let image = image();
    load(docker.place(), "docker", &image);
    check(&context, "docker", &image);
}

#[test]
fn without_engines_nothing_runs() {
    let context = TestContext::new();
    let answer = context.plimsoll(&["ps", "--format", "json"]).ends_with(0);
    assert_eq!(answer.json()["containers"], serde_json::json!([]));
    context.plimsoll(&["ps"]).ends_with(0).shows("nothing runs here in Docker or Podman");
}
