//! OCI layouts: directory and tar, platforms, tags.

use std::fs;

use plimsoll_image::PlatformChoice;
use tempfile::TempDir;

use crate::support::layout::{CONFIG, on, tagged};
use crate::support::{Layout, gzip, host, image_config, layer, one, read, zstd};

/// A layout in every form that can be opened: directory, tar, tar with `./`, compressed tars.
struct Forms {
    dir: TempDir,
}

impl Forms {
    fn new(layout: &Layout) -> Self {
        let dir = tempfile::tempdir().unwrap();
        layout.write(&dir.path().join("layout"));
        let plain = layout.tar("");
        fs::write(dir.path().join("plain.tar"), &plain).unwrap();
        fs::write(dir.path().join("dotted.tar"), layout.tar("./")).unwrap();
        fs::write(dir.path().join("gzip.tar"), gzip(&plain)).unwrap();
        fs::write(dir.path().join("zstd.tar"), zstd(&plain)).unwrap();
        Self { dir }
    }

    /// The same answer in every form; `SOURCE` and `NAME` stand for what differs.
    fn check(&self, tag: &str, platform: &PlatformChoice, expected: Result<&[&str], &str>) {
        let forms = [
            ("oci", "layout"),
            ("oci-archive", "plain.tar"),
            ("oci-archive", "dotted.tar"),
            ("oci-archive", "gzip.tar"),
            ("oci-archive", "zstd.tar"),
        ];
        for (transport, name) in forms {
            let path = self.dir.path().join(name).display().to_string();
            let mut references = vec![format!("{transport}:{path}{tag}")];
            if tag.is_empty() {
                references.push(path.clone());
            }
            for reference in references {
                let fill = |text: &str| text.replace("SOURCE", transport).replace("NAME", &path);
                let expected = match expected {
                    Ok(lines) => Ok(lines.iter().map(|line| fill(line)).collect::<Vec<_>>()),
                    Err(error) => Err(fill(error)),
                };
                assert_eq!(read(&reference, platform.clone()), expected, "{reference}");
            }
        }
    }
}

#[test]
fn an_image_is_the_same_from_a_directory_a_tar_and_a_compressed_tar() {
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&layer("etc/a"), &layer("etc/b")], "");
    let forms = Forms::new(&layout.finish(&[image]));
    forms.check("", &host(), Ok(&["SOURCE linux/amd64 etc/a | etc/b"]));
    forms.check("", &PlatformChoice::All, Ok(&["SOURCE linux/amd64 etc/a | etc/b"]));
}

#[test]
fn the_only_image_is_taken_whatever_its_platform_unless_one_was_asked_for() {
    let mut layout = Layout::default();
    let image = layout.image("linux/arm64/v8", &[&layer("etc/a")], "");
    let forms = Forms::new(&layout.finish(&[image]));
    forms.check("", &host(), Ok(&["SOURCE linux/arm64/v8 etc/a"]));
    forms.check("", &one("linux/arm64"), Ok(&["SOURCE linux/arm64/v8 etc/a"]));
    let error = "NAME has no image for linux/amd64, only for linux/arm64/v8\n\
                 hint: --platform linux/arm64/v8, or --platform all";
    forms.check("", &one("linux/amd64"), Err(error));
}

#[test]
fn an_index_gives_the_wanted_platform_or_all_and_never_an_attestation() {
    let mut layout = Layout::default();
    let amd = layout.image("linux/amd64", &[&layer("amd")], &on("linux/amd64"));
    let arm = layout.image("linux/arm64", &[&layer("arm")], &on("linux/arm64"));
    let attestation = layout.describe(
        "application/vnd.oci.image.manifest.v1+json",
        b"{}",
        &on("unknown/unknown"),
    );
    let members = [amd, arm, attestation];

    let nested = layout.index(&members, "");
    let forms = Forms::new(&Layout { files: layout.files.clone() }.finish(&[nested]));
    let amd = "SOURCE linux/amd64 amd";
    let arm = "SOURCE linux/arm64 arm";
    forms.check("", &host(), Ok(&[amd]));
    forms.check("", &one("linux/arm64"), Ok(&[arm]));
    forms.check("", &PlatformChoice::All, Ok(&[amd, arm]));
    let error = "NAME has no image for linux/s390x, only for linux/amd64, linux/arm64\n\
                 hint: --platform linux/amd64, or --platform all";
    forms.check("", &one("linux/s390x"), Err(error));

    // The same list in index.json itself.
    let forms = Forms::new(&layout.finish(&members));
    forms.check("", &host(), Ok(&[amd]));
    forms.check("", &PlatformChoice::All, Ok(&[amd, arm]));
}

#[test]
fn an_index_with_only_foreign_platforms_is_an_error_that_lists_them() {
    let mut layout = Layout::default();
    let arm = layout.image("linux/arm/v7", &[&layer("arm")], &on("linux/arm/v7"));
    let windows = layout.image("windows/amd64", &[&layer("w")], &on("windows/amd64"));
    let nested = layout.index(&[arm, windows], "");
    let forms = Forms::new(&layout.finish(&[nested]));
    let error = "NAME has no image for linux/amd64, only for linux/arm/v7, windows/amd64\n\
                 hint: --platform linux/arm/v7, or --platform all";
    forms.check("", &host(), Err(error));
}

#[test]
fn the_configuration_tells_the_platform_where_the_index_does_not() {
    let mut layout = Layout::default();
    let arm = layout.image("linux/arm64", &[&layer("arm")], "");
    let amd = layout.image("linux/amd64", &[&layer("amd")], "");
    let nested = layout.index(&[arm.clone(), amd, arm], "");
    let forms = Forms::new(&layout.finish(&[nested]));
    forms.check("", &host(), Ok(&["SOURCE linux/amd64 amd"]));
    let both = ["SOURCE linux/arm64 arm", "SOURCE linux/amd64 amd"];
    forms.check("", &PlatformChoice::All, Ok(&both));
}

#[test]
fn several_images_are_chosen_by_tag() {
    let mut layout = Layout::default();
    let one_four = layout.image("linux/amd64", &[&layer("1.4")], &tagged("1.4"));
    let one_five = layout.image("linux/amd64", &[&layer("1.5")], &tagged("1.5"));
    let latest = layout.image("linux/amd64", &[&layer("1.5")], &tagged("latest"));
    let forms = Forms::new(&layout.finish(&[one_four, one_five, latest]));
    forms.check(":1.4", &host(), Ok(&["SOURCE linux/amd64 1.4"]));
    forms.check(":latest", &host(), Ok(&["SOURCE linux/amd64 1.5"]));
    let error = "NAME has 3 images: 1.4, 1.5, latest\n\
                 hint: choose one by its tag, for example NAME:1.4";
    forms.check("", &host(), Err(error));
    let error = "NAME has no image \"1.6\", only 1.4, 1.5, latest";
    forms.check(":1.6", &host(), Err(error));
}

#[test]
fn one_image_under_several_tags_needs_no_choice() {
    let mut layout = Layout::default();
    let one = layout.image("linux/amd64", &[&layer("x")], &tagged("1.4"));
    let same = layout.image("linux/amd64", &[&layer("x")], &tagged("latest"));
    let forms = Forms::new(&layout.finish(&[one, same]));
    forms.check("", &host(), Ok(&["SOURCE linux/amd64 x"]));
}

#[test]
fn layers_may_be_plain_gzip_or_zstd_and_shared() {
    let (a, b, c) = (layer("a"), layer("b"), layer("c"));
    let mut layout = Layout::default();
    let config = image_config("linux/amd64", &[&a, &b, &c, &a]);
    let config = layout.describe(CONFIG, config.as_bytes(), "");
    let oci = "application/vnd.oci.image.layer.v1.tar";
    let layers = [
        layout.describe(oci, &a, ""),
        layout.describe(&format!("{oci}+gzip"), &gzip(&b), ""),
        layout.describe(&format!("{oci}+zstd"), &zstd(&c), ""),
        layout.describe(oci, &a, ""),
    ];
    let image = layout.manifest(&config, &layers, "");
    let forms = Forms::new(&layout.finish(&[image]));
    forms.check("", &host(), Ok(&["SOURCE linux/amd64 a | b | c | a"]));
}

#[test]
fn a_foreign_layer_is_named_as_such_and_read_where_it_is_there() {
    let (there, away) = (layer("there"), layer("away"));
    let mut layout = Layout::default();
    let config = image_config("linux/amd64", &[&there, &away]);
    let config = layout.describe(CONFIG, config.as_bytes(), "");
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    let layers = [layout.describe(foreign, &there, ""), layout.describe(foreign, &away, "")];
    let image = layout.manifest(&config, &layers, "");
    layout.files.remove(&format!("blobs/sha256/{}", crate::support::sha256(&away).hex()));
    let forms = Forms::new(&layout.finish(&[image]));
    forms.check("", &host(), Ok(&["SOURCE linux/amd64 there | foreign"]));
}

#[test]
fn blobs_may_be_links_inside_the_layout_but_not_out_of_it() {
    let mut layout = Layout::default();
    let image = layout.image("linux/amd64", &[&layer("a")], "");
    let layout = layout.finish(&[image]);
    let dir = tempfile::tempdir().unwrap();
    let (root, outside) = (dir.path().join("layout"), dir.path().join("outside"));
    layout.write(&root);
    fs::create_dir(&outside).unwrap();
    let blob = root.join("blobs/sha256").join(crate::support::sha256(&gzip(&layer("a"))).hex());
    let reference = format!("oci:{}", root.display());

    fs::rename(&blob, root.join("rootfs.tar.gz")).unwrap();
    std::os::unix::fs::symlink("../../rootfs.tar.gz", &blob).unwrap();
    assert_eq!(read(&reference, host()), Ok(vec!["oci linux/amd64 a".to_owned()]));

    fs::rename(root.join("rootfs.tar.gz"), outside.join("rootfs.tar.gz")).unwrap();
    fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink("../../../outside/rootfs.tar.gz", &blob).unwrap();
    let digest = crate::support::sha256(&gzip(&layer("a")));
    let error = format!("{} lacks the layer {digest}", root.display());
    assert_eq!(read(&reference, host()), Err(error));
}
