//! Where an image may be, and how it is named.

use std::fs;
use std::io::Write;

use plimsoll_testkit::{
    Access, Compression, DockerArchive, Image, Layer, Layout, OciTar, Registry, Setup,
};

use crate::support::{
    BASE, TestContext, alpine_release, apk_database, entries_of, shop, write_rootfs,
};

const PACKAGES: usize = 6;

/// The inventory of a reference: its source, and how many packages.
fn inventory(context: &TestContext, reference: &str) -> (String, usize) {
    let answer = context.plimsoll(&["inventory", "--format", "json", reference]).ends_with(0);
    let document = answer.json();
    let source = document["image"]["source"].as_str().unwrap().to_owned();
    (source, document["packages"].as_array().unwrap().len())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// The image in every form that a file or a directory can have.
fn write_forms(context: &TestContext) {
    let image = shop();
    let layout = Layout::of(&image);
    let archive = DockerArchive::new().image(&["shop:1.4"], &image);
    context.layout("layout", &image);
    context.write("oci.tar", layout.tar(OciTar::Plain).unwrap());
    context.write("dotted.tar", layout.tar(OciTar::Dotted).unwrap());
    context.write("legacy.tar", archive.legacy().unwrap());
    context.write("modern.tar", archive.modern().unwrap());
    context.write("legacy.tar.gz", gzip(&archive.legacy().unwrap()));
    context.write("oci.tar.gz", gzip(&layout.tar(OciTar::Plain).unwrap()));
    let database = apk_database(BASE);
    write_rootfs(
        &context.path("rootfs"),
        &[("etc/os-release", &alpine_release("3.19.1")), ("lib/apk/db/installed", &database)],
    );
}

#[test]
fn every_transport_of_files_reads_the_same_packages() {
    let context = TestContext::new();
    write_forms(&context);
    for (reference, source) in [
        ("oci:layout", "oci"),
        ("oci:layout:latest", "oci"),
        ("oci-archive:oci.tar", "oci-archive"),
        ("oci-archive:oci.tar:latest", "oci-archive"),
        ("oci-archive:dotted.tar", "oci-archive"),
        ("oci-archive:oci.tar.gz", "oci-archive"),
        ("docker-archive:legacy.tar", "docker-archive"),
        ("docker-archive:modern.tar", "docker-archive"),
        ("docker-archive:legacy.tar.gz", "docker-archive"),
    ] {
        assert_eq!(inventory(&context, reference), (source.to_owned(), PACKAGES), "{reference}");
    }
    assert_eq!(inventory(&context, "dir:rootfs"), ("dir".to_owned(), PACKAGES - 1));
}

#[test]
fn a_path_is_recognised_by_its_content() {
    let context = TestContext::new();
    write_forms(&context);
    for (reference, source) in [
        ("layout", "oci"),
        ("./layout", "oci"),
        ("oci.tar", "oci-archive"),
        ("dotted.tar", "oci-archive"),
        ("oci.tar.gz", "oci-archive"),
        ("legacy.tar", "docker-archive"),
        ("legacy.tar.gz", "docker-archive"),
    ] {
        assert_eq!(inventory(&context, reference), (source.to_owned(), PACKAGES), "{reference}");
    }
    assert_eq!(inventory(&context, "rootfs"), ("dir".to_owned(), PACKAGES - 1));
    let absolute = context.path("layout").display().to_string();
    assert_eq!(inventory(&context, &absolute), ("oci".to_owned(), PACKAGES));
    // Docker 25 and later write both; either reading is right, a third would not be.
    let (source, packages) = inventory(&context, "modern.tar");
    assert!(["docker-archive", "oci-archive"].contains(&source.as_str()), "{source}");
    assert_eq!(packages, PACKAGES);
}

#[test]
fn of_several_images_one_is_chosen_by_its_tag() {
    let context = TestContext::new();
    let image = shop();
    let smaller = Image::new([image.layers[0].clone()]);
    let mut layout = Layout::new();
    layout.add_image("old", &smaller);
    layout.add_image("new", &image);
    layout.write(&context.path("layout")).unwrap();
    context.write("oci.tar", layout.tar(OciTar::Plain).unwrap());
    let archive = DockerArchive::new().image(&["shop:old"], &smaller).image(&["shop:new"], &image);
    context.write("docker.tar", archive.legacy().unwrap());
    for (reference, source, count) in [
        ("oci:layout:old", "oci", PACKAGES - 1),
        ("oci:layout:new", "oci", PACKAGES),
        ("oci-archive:oci.tar:old", "oci-archive", PACKAGES - 1),
        ("oci-archive:oci.tar:new", "oci-archive", PACKAGES),
        ("docker-archive:docker.tar:shop:old", "docker-archive", PACKAGES - 1),
        ("docker-archive:docker.tar:shop:new", "docker-archive", PACKAGES),
    ] {
        assert_eq!(inventory(&context, reference), (source.to_owned(), count), "{reference}");
    }
    for reference in ["oci:layout", "layout", "oci.tar", "docker.tar", "oci:layout:other"] {
        context.plimsoll(&["scan", reference]).ends_with(1).says("old").says("new");
    }
}

#[test]
fn layers_may_be_compressed_in_any_way_and_stand_twice() {
    let context = TestContext::new();
    let files = [("lib/apk/db/installed", &*apk_database(BASE))];
    let release = [("etc/os-release", &*alpine_release("3.19.1"))];
    let own = Layer::compressed(&entries_of(&files), Compression::Zstd);
    let image = Image::new([
        Layer::compressed(&entries_of(&release), Compression::None),
        own.clone(),
        Layer::new(&[]),
        own,
        Layer::new(&[]),
    ]);
    context.layout("mixed", &image);
    assert_eq!(inventory(&context, "mixed"), ("oci".to_owned(), PACKAGES - 1));
    context.write("mixed.tar", DockerArchive::new().image(&["a:1"], &image).legacy().unwrap());
    assert_eq!(inventory(&context, "mixed.tar"), ("docker-archive".to_owned(), PACKAGES - 1));
}

#[test]
fn a_path_that_is_no_image_says_what_it_is() {
    let context = TestContext::new();
    context.write("text", "only text\n");
    fs::create_dir(context.path("empty")).unwrap();
    for reference in ["text", "./text", "docker-archive:text", "oci-archive:text", "oci:empty"] {
        let answer = context.plimsoll(&["scan", "--offline", reference]).ends_with(1);
        assert_eq!(answer.stdout, "");
        let name = reference.rsplit([':', '/']).next().unwrap();
        answer.says("error: ").says(name);
    }
}

#[test]
fn a_file_given_to_the_wrong_transport_is_not_read_as_something_else() {
    let context = TestContext::new();
    write_forms(&context);
    for reference in
        ["oci-archive:legacy.tar", "oci:rootfs", "dir:oci.tar", "docker-archive:layout"]
    {
        let answer = context.plimsoll(&["scan", "--offline", reference]).ends_with(1);
        assert_eq!(answer.stdout, "", "{answer}");
    }
}

#[test]
fn a_reference_that_is_nowhere_names_every_place() {
    let context = TestContext::new();
    // Nothing listens on port 1.
    let answer = context.plimsoll(&["scan", "127.0.0.1:1/nothing:1.0"]).ends_with(1);
    for place in ["path: ", "podman: ", "docker: ", "registry: "] {
        assert!(answer.stderr.contains(place), "{place} is missing in {answer}");
    }
    assert_eq!(answer.stdout, "");
    for (reference, place) in [
        ("docker:nothing", "docker"),
        ("podman:nothing", "podman"),
        ("container:nothing", "docker"),
        ("oci:nothing", "nothing"),
        ("oci-archive:nothing.tar", "nothing.tar"),
        ("docker-archive:nothing.tar", "nothing.tar"),
        ("dir:nothing", "nothing"),
        ("./nothing", "nothing"),
        ("/nothing/at/all", "/nothing/at/all"),
        ("registry:127.0.0.1:1/nothing", "127.0.0.1:1"),
    ] {
        let answer = context.plimsoll(&["scan", reference]).ends_with(1).says(place);
        assert_eq!(answer.stdout, "", "{reference}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let context = TestContext::new();
    context.layout("layout", &shop());
    for args in [
        &["scan"][..],
        &["frobnicate"],
        &["scan", "--frobnicate", "layout"],
        &["scan", "oci:"],
        &["scan", "a\nb"],
        &["scan", "layout", "--format", "yaml"],
        &["scan", "layout", "--by", "colour"],
        &["scan", "layout", "--severity", "awful"],
        &["scan", "layout", "--fail-on", "awful"],
        &["scan", "layout", "--fail-on", "fixable"],
        &["scan", "layout", "--platform", "a/b/c/d"],
        &["scan", "layout", "--as-of", "yesterday"],
        &["scan", "layout", "--max-db-age", "soon"],
        &["scan", "layout", "--memory", "much"],
        &["scan", "layout", "--only", "other"],
        &["inventory", "layout", "layout"],
        &["explain", "layout"],
        &["db", "import", "file", "--digest", "md5:0"],
        &["db", "update", "not a scope!"],
        &["compare-versions", "nonsense", "1", "2"],
        &["compare-versions", "debian", "1"],
        &["completions", "tcsh-ng"],
    ] {
        let answer = context.plimsoll(args).ends_with(2);
        assert_eq!(answer.stdout, "", "{answer}");
        assert!(answer.stderr.contains("error"), "{answer}");
    }
    assert!(!context.world("state").exists(), "a mistake makes no state");
}

#[test]
fn help_is_an_answer() {
    let context = TestContext::new();
    context.plimsoll(&["--help"]).ends_with(0).shows("scan");
    context.plimsoll(&["scan", "--help"]).ends_with(0).shows("--fail-on");
    context.plimsoll::<&str>(&[]).ends_with(2);
}

#[test]
fn a_registry_on_loopback_is_read_over_plain_http() {
    let Some(registry) = Registry::start(&Setup::default()) else { return };
    let context = TestContext::new();
    let image = shop();
    registry.push(&Layout::of(&image), "team/shop:1.4");
    let name = format!("{}/team/shop:1.4", registry.host());
    let by_digest = format!("registry:{}/team/shop@{}", registry.host(), image.digest());
    for reference in [format!("registry:{name}"), name.clone(), by_digest] {
        let expected = ("registry".to_owned(), PACKAGES);
        assert_eq!(inventory(&context, &reference), expected, "{reference}");
    }
    let document = context.plimsoll(&["inventory", "--format", "json", &name]).ends_with(0).json();
    assert_eq!(document["image"]["digest"], image.digest().to_string());
    assert_eq!(document["image"]["config_digest"], image.config_digest().to_string());

    let missing = format!("registry:{}/team/shop:9", registry.host());
    context.plimsoll(&["scan", &missing]).ends_with(1).says("team/shop");
}

#[test]
fn a_registry_with_passwords_is_opened_with_dockers_configuration() {
    let setup = Setup { access: Access::Password, tls: None };
    let Some(registry) = Registry::start(&setup) else { return };
    registry.push(&Layout::of(&shop()), "shop:1.4");
    let reference = format!("registry:{}/shop:1.4", registry.host());
    let context = TestContext::new();
    let refused = context.plimsoll(&["scan", "--offline", &reference]).ends_with(1);
    assert!(refused.stderr.contains(&registry.host()), "{refused}");

    // tester:secret
    let config =
        format!(r#"{{"auths":{{"{}":{{"auth":"dGVzdGVyOnNlY3JldA=="}}}}}}"#, registry.host());
    fs::create_dir(context.world("home/.docker")).unwrap();
    fs::write(context.world("home/.docker/config.json"), config).unwrap();
    assert_eq!(inventory(&context, &reference), ("registry".to_owned(), PACKAGES));
    for said in [refused.stderr.as_str(), refused.stdout.as_str()] {
        assert!(!said.contains("secret"), "{said}");
    }
}
