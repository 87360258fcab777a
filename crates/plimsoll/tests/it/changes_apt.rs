//! `changes` of images of Debian: what is pending, in the distribution's own words.

use crate::support::{Archive, TestContext, bookworm, deb, suites, update, updates};

const CHANGES: &[&str] = &["changes", "image", "--format", "json"];

#[test]
fn security_updates_come_first_with_ids_and_entries() {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([deb(
        "zlib",
        &[("1.3-2", "Fix CVE-2026-0001: a heap overflow."), ("1.3-1", "New upstream release.")],
    )]);
    archive.updates([deb("base-files", &[("12.4+deb12u6", "Point release."), ("12.4", "x")])]);
    context.layout("image", &bookworm(&["base-files 12.4", "zlib 1.3-1"]));
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    println!("{document:#}");
    assert_eq!(updates(&document), ["zlib 1.3-1 → 1.3-2", "base-files 12.4 → 12.4+deb12u6"]);
    assert_eq!(update(&document, "zlib")["ids"][0], "CVE-2026-0001");
    assert_eq!(suites(&document), ["a"]);
}
