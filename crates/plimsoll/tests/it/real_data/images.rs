//! Real and broken images of other projects.

use crate::support::{TestContext, extract, shared};

#[test]
fn broken_layouts_are_errors_that_name_what_is_wrong() {
    let Some(layouts) = shared("images/oci-layout") else { return };
    let context = TestContext::new();
    for (archive, directory) in [
        ("trivy-test_bad_index_json", "test_bad_index_json.oci"),
        ("trivy-test_index_json_dir", "test_index_json_dir.oci"),
        ("trivy-test_invalid_oci_image", "test_invalid_oci_image.oci"),
        ("trivy-test_no_valid_manifests", "test_no_valid_manifests.oci"),
    ] {
        extract(&layouts.join(format!("{archive}.tar.zst")), &context.work());
        for reference in [directory.to_owned(), format!("oci:{directory}")] {
            let answer = context.plimsoll(&["scan", "--offline", &reference]).ends_with(1);
            assert!(answer.stderr.contains(directory) && answer.stdout.is_empty(), "{answer}");
        }
    }
    for (archive, directory) in
        [("trivy-test", "test.oci"), ("trivy-test_image_tag", "test_image_tag.oci")]
    {
        extract(&layouts.join(format!("{archive}.tar.zst")), &context.work());
        let answer = context.plimsoll(&["inventory", directory]);
        assert!([0, 11].contains(&answer.code), "{answer}");
    }
    for name in ["busybox-glibc.tar", "busybox-musl.tar"] {
        let path = layouts.join(name).display().to_string();
        context.plimsoll(&["scan", "--offline", &path]).ends_with(11);
    }
    let arm = layouts.join("busybox-musl-arm64.tar").display().to_string();
    let elsewhere = context.plimsoll(&["scan", "--offline", "--platform", "linux/amd64", &arm]);
    elsewhere.ends_with(1).says("arm64");
}

#[test]
fn odd_archives_are_read_or_refused_and_write_nothing() {
    for archive in ["go-containerregistry-testdata", "osv-scalibr-layer-testdata"] {
        let path = format!("images/docker-archive/{archive}.tar.zst");
        let Some(path) = shared(&path) else { return };
        let context = TestContext::new();
        extract(&path, &context.path("samples"));
        for sample in context.files_below(&context.path("samples")) {
            let reference = sample.display().to_string();
            let answer = context.plimsoll(&["scan", "--offline", &reference]);
            // None of them has a package database, so none is clean.
            assert!([1, 11].contains(&answer.code), "{answer}");
        }
        assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);
    }
}
