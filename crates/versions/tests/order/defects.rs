//! Each mistake of another scanner that reference/matching.md names in sections 2.3, 2.4, 2.5 and 4.

use std::cmp::Ordering::{Equal, Greater, Less};

use plimsoll_versions::Scheme::{Apk, Dpkg, Rpm, Semver};
use plimsoll_versions::{Flaw, Scheme, compare};

use crate::support::{check, check_ascending};

fn check_refused(scheme: Scheme, version: &str, flaw: Flaw) {
    let invalid = compare(scheme, version, "1.0.0").unwrap_err();
    assert_eq!((invalid.version.as_str(), invalid.flaw), (version, flaw));
    assert!(invalid.to_string().contains(version), "{invalid}");
}

#[test]
fn rpm_caret_is_not_ignored() {
    check(Rpm, "1.0^", Less, "1.0.1");
    check(Rpm, "1.0^20160101", Less, "1.0.1");
    check_ascending(Rpm, &["1.0~rc1", "1.0~rc1^git1", "1.0", "1.0^", "1.0^20160101", "1.0.1"]);
}

#[test]
fn rpm_trailing_zero_segments_are_not_equal() {
    check(Rpm, "1-5.el8", Less, "1-5.el8.0.0");
    check(Rpm, "5.el8", Less, "5.el8.0.0");
}

#[test]
fn rpm_epoch_missing_on_one_side_is_zero_not_ignored() {
    check(Rpm, "1:1.0-1", Greater, "2.0-1");
    check(Rpm, "0:1.0-1", Equal, "1.0-1");
    check(Rpm, "2:4.9-6.el9", Less, "5:1.0-1.el9");
}

#[test]
fn rpm_module_and_minor_release_tags_order() {
    check(
        Rpm,
        "12.22.5-1.module_el8.4.0+2522+3bd42762",
        Greater,
        "12.21.0-1.module_el8.4.0+2516+1b5b2a1c",
    );
    check(Rpm, "4.18.0-372.9.1.el8_6", Greater, "4.18.0-372.9.1.el8");
    check(Rpm, "1.0-1.el9_4", Greater, "1.0-1.el9");
    check(Rpm, "1.0-1.el9__8", Equal, "1.0-1.el9_8");
}

#[test]
fn amazon_versions_are_not_compared_as_debian_ones() {
    // Valid and ordered for rpm …
    check(Rpm, "1.2_3-1", Equal, "1.2.3-1");
    check(Rpm, "1.0^git1-1.amzn2023", Greater, "1.0-1.amzn2023");
    // … while dpkg's rules would see two versions, and order the caret otherwise.
    check(Dpkg, "1.2_3-1", Greater, "1.2.3-1");
    check(Dpkg, "1.0^git1-1", Greater, "1.0.1-1");
    check(Rpm, "1.0^git1-1", Less, "1.0.1-1");
}

#[test]
fn azure_linux_advisory_without_a_release_is_ordered_by_its_version() {
    check(Rpm, "0:0.9.0.cm2", Greater, "0.9.0-1.cm2");
    check(Rpm, "0:0.9.0.cm2", Less, "0.9.1-1.cm2");
    check(Rpm, "1.2.3-1.cm2", Greater, "0:1.2.3");
}

#[test]
fn apk_dirty_version_is_refused_and_named() {
    check_refused(Apk, "20.10.11.r0", Flaw::DigitsMissing { offset: 9 });
}

#[test]
fn apk_never_affected_marker_is_below_every_version() {
    for version in ["0_alpha", "0-r0", "0.0.1_git20240101", "1.0_rc1-r0"] {
        let expected = if version == "0_alpha" { Less } else { Greater };
        check(Apk, version, expected, "0");
    }
}

#[test]
fn apk_suffixes_before_and_after_the_plain_version() {
    check_ascending(
        Apk,
        &[
            "1.0_alpha",
            "1.0_beta",
            "1.0_pre",
            "1.0_rc",
            "1.0",
            "1.0_cvs",
            "1.0_svn",
            "1.0_git",
            "1.0_hg",
            "1.0_p",
        ],
    );
    check_ascending(Apk, &["1.0_rc1-r3", "1.0-r0", "1.0-r1", "1.0-r10", "1.0_p1-r0", "1.0a-r0"]);
}

#[test]
fn deb_binary_rebuilds_security_updates_and_backports() {
    check_ascending(
        Dpkg,
        &["1.2-3~bpo12+1", "1.2-3", "1.2-3+b1", "1.2-3+deb12u1", "1.2-3+deb12u2"],
    );
    check(Dpkg, "1.0-1", Equal, "0:1.0-1");
    check(Dpkg, "1:1.0-1", Greater, "9.0-1");
    check_ascending(Dpkg, &["1.0~rc1", "1.0", "1.0a", "1.0+dfsg"]);
}

#[test]
fn go_prefix_incompatible_pseudo_versions_and_toolchains() {
    check(Semver, "v1.2.3", Equal, "1.2.3");
    check(Semver, "v24.0.7+incompatible", Equal, "24.0.7");
    check(Semver, "v0.0.0-20220722155217-630584e8d5aa", Less, "v0.1.0");
    check(Semver, "v0.17.0", Less, "v0.17.1-0.20231025115547-084445ff1adf");
    check(Semver, "go1.22rc1", Less, "1.22.0");
    check(Semver, "go1.22rc1", Greater, "1.21.13");
    check_refused(Semver, "(devel)", Flaw::DigitsMissing { offset: 0 });
}

#[test]
fn semver_ranges_from_dash_zero_include_every_pre_release() {
    check_ascending(Semver, &["0.9.9", "1.0.0-0", "1.0.0-alpha", "1.0.0-rc.1", "1.0.0"]);
}
