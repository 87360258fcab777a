//! Images of real engines: known without an export, read through one.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use plimsoll_engine::{Engines, Kind, Which, local_containers};
use plimsoll_image::{Context, Error, KnownBy, Metadata, Opened, PlatformChoice, open};
use plimsoll_model::DiffId;
use plimsoll_testkit::Place;

use crate::process::{Running, dockerd, has, settings};
use crate::support::layout::{CONFIG, LAYER};
use crate::support::{
    Layout, context, gzip, host, image_config, layer, manifest_json, one, read_in, sha256, tar,
    text,
};

/// An image of two layers, whose configuration has a history, and its id.
fn write_archive(place: &Place, tag: &str) -> (String, String) {
    let layers = [layer("a"), layer("b")];
    let config = image_config("linux/amd64", &[&layers[0], &layers[1]]);
    let step = |text: &str, more: &str| {
        format!(r#"{{"created":"2024-01-02T03:04:05Z","created_by":"{text}"{more}}}"#)
    };
    let history =
        [step("COPY a", ""), step("ENV x=y", r#","empty_layer":true"#), step("COPY b", "")];
    let config = config.replacen(
        '{',
        &format!(
            r#"{{"history":[{}],"config":{{"Cmd":["/x"],"Env":["V=1"],"Labels":{{"k":"v"}}}},"#,
            history.join(",")
        ),
        1,
    );
    let id = sha256(config.as_bytes());
    let archive = tar(&[
        ("0/layer.tar", &layers[0]),
        ("1/layer.tar", &layers[1]),
        (&format!("{}.json", id.hex()), config.as_bytes()),
        (
            "manifest.json",
            manifest_json(&[(
                &format!("{}.json", id.hex()),
                &[tag],
                &["0/layer.tar", "1/layer.tar"],
            )])
            .as_bytes(),
        ),
    ]);
    let path = place.path("image.tar");
    fs::write(&path, archive).unwrap();
    (path.display().to_string(), id.to_string())
}

fn context_of(place: &Place) -> Context {
    let mut ctx = context(host());
    ctx.engines = Arc::new(Engines::new(settings(place)));
    ctx
}

/// What both engines have to answer for the image and for the container `web` made of it.
fn check(ctx: &Context, engine: &str, id: &str) {
    let expected = Ok(vec![format!("{engine} linux/amd64 a | b")]);
    let hex = id.trim_start_matches("sha256:");
    for reference in [
        format!("{engine}:shop:1.4"),
        format!("{engine}:{hex}"),
        format!("{engine}:{}", &hex[..12]),
        "shop:1.4".to_owned(),
    ] {
        assert_eq!(read_in(&reference, ctx), expected, "{reference}");
    }
    assert_eq!(read_in("container:web", ctx), expected);

    let opened = open(&"shop:1.4".parse().unwrap(), ctx).unwrap();
    let Opened::Images(images) = opened else { panic!("no images") };
    let image = &images[0].image;
    assert_eq!((image.reference.as_str(), image.source.as_str()), ("shop:1.4", engine));
    assert_eq!(image.config_digest.as_ref().unwrap().to_string(), id);
    assert_eq!(image.digest, None);
    assert_eq!(image.created.unwrap().to_string(), "2024-01-02T03:04:05Z");
    let steps: Vec<_> = image.layers.iter().map(|layer| layer.created_by.as_deref()).collect();
    assert_eq!(steps, [Some("COPY a"), Some("COPY b")]);
    check_metadata(&images[0].metadata, engine);
    let diff_id = DiffId(sha256(&layer("a")));
    match &images[0].layers[0].known_by {
        KnownBy::EngineDiffId(known) => assert_eq!((engine, known), ("docker", &diff_id)),
        // The id alone would be shared by an image of other layers.
        KnownBy::EngineImage { image, diff_id: known } => {
            assert_eq!((engine, known), ("podman", &diff_id));
            assert_ne!(image.to_string(), id);
        }
        other => panic!("{other:?}"),
    }
    let error = images[0].layers[0].open().err().unwrap();
    assert!(matches!(error, Error::LayerInEngine { .. }));
    let export = images[0].export.as_ref().unwrap().open().unwrap();
    let archived = export.read::<Error>(&mut |_, _| Ok(())).unwrap();
    assert_eq!(archived[0].image.config_digest, image.config_digest);
    assert_eq!(archived[0].image.reference, "shop:1.4");

    let mut arm = ctx.clone();
    arm.platform = one("linux/arm64");
    let error = format!(
        "shop:1.4 in {engine} has no image for linux/arm64, only for linux/amd64\n\
         hint: --platform linux/amd64, or --platform all"
    );
    assert_eq!(read_in(&format!("{engine}:shop:1.4"), &arm), Err(error));
    let reason = format!(
        "{engine}: shop:1.4 in {engine} has no image for linux/arm64, only for linux/amd64"
    );
    let elsewhere = read_in("shop:1.4", &arm).unwrap_err();
    assert!(elsewhere.contains(&reason), "{elsewhere}");
    assert!(elsewhere.contains("no registry in this test"), "{elsewhere}");
    assert!(elsewhere.ends_with("hint: --platform linux/amd64, or --platform all"), "{elsewhere}");
    let mut all = ctx.clone();
    all.platform = PlatformChoice::All;
    let opened = open(&"shop:1.4".parse().unwrap(), &all).unwrap();
    let Opened::Images(images) = opened else { panic!("no images") };
    assert_eq!((images.len(), images[0].image.source.as_str()), (1, engine));
    let warnings = images[0].warnings.join("; ");
    assert!(warnings.contains("no registry in this test"), "{warnings}");
    let error = open(&format!("{engine}:dind").parse().unwrap(), ctx).err().unwrap();
    assert_eq!(
        text(&error),
        format!(
            "found nothing named {engine}:dind: {engine}: {engine} has no image dind\n\
             hint: the image {engine}:dind of a registry is named registry:{engine}:dind"
        )
    );
}

fn check_metadata(metadata: &Metadata, engine: &str) {
    let prefix = if engine == "podman" { "localhost/" } else { "" };
    assert_eq!(metadata.names, [format!("{prefix}shop:1.4")]);
    assert!(metadata.env.contains(&"V=1".to_owned()), "{:?}", metadata.env);
    assert_eq!(metadata.labels["k"], "v");
    // Only Podman's own API repeats what the configuration says.
    let knows = |empty: bool| (engine == "podman").then_some(empty);
    let steps: Vec<_> = metadata
        .history
        .iter()
        .map(|step| (step.created_by.as_deref().unwrap(), step.empty_layer))
        .collect();
    assert_eq!(
        steps,
        [("COPY a", knows(false)), ("ENV x=y", knows(true)), ("COPY b", knows(false))]
    );
    assert!(metadata.history.iter().all(|step| step.created.is_some()));
    assert_eq!((&metadata.annotations, &metadata.index_digest), (&BTreeMap::new(), &None));
}

/// Annotations, which need a manifest, come with an OCI archive; Podman keeps them.
fn annotated_image(place: &Place) {
    let mut layout = Layout::default();
    let base = layer("base");
    let config = layout.describe(CONFIG, image_config("linux/amd64", &[&base]).as_bytes(), "");
    let layers = [layout.describe(LAYER, &gzip(&base), "")];
    let annotated = layout.annotated_manifest(&config, &layers, r#"{"a":"b"}"#);
    let archive = place.path("annotated.tar").display().to_string();
    fs::write(&archive, layout.finish(&[annotated]).tar("")).unwrap();
    let id = place.run("podman", &["pull", "-q", &format!("oci-archive:{archive}")]);
    let reference = format!("podman:{}", id.trim()).parse().unwrap();
    let Opened::Images(images) = open(&reference, &context_of(place)).unwrap() else { panic!() };
    assert_eq!(images[0].metadata.annotation("a"), Some("b"));
}

#[test]
fn podman_without_a_socket() {
    if !has("podman") {
        println!("skipped: needs podman");
        return;
    }
    let place = Place::new();
    let (archive, id) = write_archive(&place, "localhost/shop:1.4");
    place.run("podman", &["load", "-q", "-i", &archive]);
    place.run("podman", &["create", "--network=none", "--name=web", "localhost/shop:1.4"]);
    check(&context_of(&place), "podman", &id);

    // A layer shared by two images is one in both, and the wrong container is said to be nowhere.
    let error = read_in("container:nobody", &context_of(&place)).unwrap_err();
    assert!(error.contains("podman has no container nobody"), "{error}");
    annotated_image(&place);
    real_image(&place);
}

/// The real busybox image, through Podman and from its layout: the same layers.
fn real_image(place: &Place) {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/images/oci-layout");
    let layout = format!("{shared}/busybox-musl.tar");
    if !std::path::Path::new(&layout).exists() {
        println!("skipped: needs shared/data");
        return;
    }
    if !has("skopeo") {
        println!("skipped: needs skopeo");
        return;
    }
    let archive = place.path("busybox.tar").display().to_string();
    let to = format!("docker-archive:{archive}:localhost/busybox:musl");
    place
        .run("skopeo", &["--insecure-policy", "copy", "-q", &format!("oci-archive:{layout}"), &to]);
    place.run("podman", &["load", "-q", "-i", &archive]);
    let ctx = context_of(place);
    let without_source = |reference: &str| {
        let lines = read_in(reference, &ctx).unwrap();
        lines[0].split_once(' ').unwrap().1.to_owned()
    };
    let expected = without_source(&format!("oci-archive:{layout}"));
    assert!(expected.starts_with("linux/amd64 ./ bin/ "), "{expected}");
    assert_eq!(without_source("podman:busybox:musl"), expected);
    assert_eq!(without_source(&format!("docker-archive:{archive}")), expected);
    running_container(place, &ctx, &expected);
    let gzipped = place.path("busybox.tar.gz");
    fs::write(&gzipped, gzip(&fs::read(&archive).unwrap())).unwrap();
    assert_eq!(without_source(&gzipped.display().to_string()), expected);
}

/// A container that runs, as every engine names it.
fn running_container(place: &Place, ctx: &Context, expected: &str) {
    let _removed = RemoveContainers(place);
    let run = ["run", "--detach", "--network=none", "--name=up", "localhost/busybox:musl"];
    place.run("podman", &[&run[..], &["sleep", "60"]].concat());
    let client = ctx.engines.get(Kind::Podman).unwrap();
    let container = client.container("up").unwrap();
    assert_eq!((container.state.as_str(), container.started.is_some()), ("running", true));
    let running = local_containers(&ctx.engines, Which::Running);
    assert_eq!((running.items.len(), running.problems.len()), (1, 0));
    assert_eq!(running.items[0].container.id, container.id);
    assert_eq!(running.items[0].container.state, "running");
    for reference in ["container:up", &format!("container:{}", &container.id[..12])] {
        assert_eq!(read_in(reference, ctx), Ok(vec![format!("podman {expected}")]), "{reference}");
    }
}

/// Ends what runs, also when the test fails: its mounts would keep the directory.
struct RemoveContainers<'a>(&'a Place);

impl Drop for RemoveContainers<'_> {
    fn drop(&mut self) {
        self.0.run("podman", &["rm", "--force", "--all", "--time", "0"]);
    }
}

#[test]
fn docker_and_podman_side_by_side() {
    if !has("dockerd") || !has("docker") {
        println!("skipped: needs dockerd");
        return;
    }
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    let address = format!("unix://{}", socket.display());
    let command = dockerd(&place, &address);
    let _docker = Running::start(command, &socket, &place.path("docker.log"));
    place.vars.insert("DOCKER_HOST".to_owned(), address);
    let (archive, id) = write_archive(&place, "shop:1.4");
    place.run("docker", &["load", "-q", "-i", &archive]);
    place.run("docker", &["create", "--network=none", "--name=web", "shop:1.4"]);
    let path = place.vars.remove("PATH").unwrap();
    check(&context_of(&place), "docker", &id);

    if !has("podman") {
        println!("skipped: needs podman");
        return;
    }
    // Podman too has a container of that name, of the same image and then of another.
    place.vars.insert("PATH".to_owned(), path);
    place.run("podman", &["load", "-q", "-i", &archive]);
    place.run("podman", &["create", "--network=none", "--name=web", &id]);
    let both = read_in("container:web", &context_of(&place));
    assert_eq!(both, Ok(vec!["podman linux/amd64 a | b".to_owned()]));
    assert_eq!(
        read_in("shop:1.4", &context_of(&place)),
        Ok(vec!["podman linux/amd64 a | b".to_owned()])
    );
    place.run("podman", &["rm", "web"]);
    let other = place.path("other.tar");
    let only = layer("other");
    let config =
        image_config("linux/amd64", &[&only]).replacen('{', r#"{"config":{"Cmd":["/x"]},"#, 1);
    let manifest = manifest_json(&[("c.json", &["localhost/other:1"], &["l.tar"])]);
    let files: &[(&str, &[u8])] =
        &[("l.tar", &only), ("c.json", config.as_bytes()), ("manifest.json", manifest.as_bytes())];
    fs::write(&other, tar(files)).unwrap();
    place.run("podman", &["load", "-q", "-i", other.to_str().unwrap()]);
    place.run("podman", &["create", "--network=none", "--name=web", "localhost/other:1"]);
    let error = "podman and docker both have a container web, of different images";
    assert_eq!(read_in("container:web", &context_of(&place)), Err(error.to_owned()));
}
