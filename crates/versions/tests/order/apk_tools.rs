//! The order and validity apk-tools 3 states for its own tests, restated as ascending chains by rule.

use std::cmp::Ordering::{Equal, Greater, Less};

use plimsoll_versions::Scheme::Apk;
use plimsoll_versions::{compare, sort_key};

use crate::support::{check, check_ascending};

#[test]
fn numbers() {
    check_ascending(Apk, &["0.0.16", "0.0.25", "0.17", "1.0.0", "1.0.1", "1.1", "1.1.1-r1", "1.6"]);
    check_ascending(Apk, &["1.2.3-r1", "2.3.17", "2.16.1-r3", "2.31", "2.38", "2.59", "9", "222"]);
    check_ascending(Apk, &["0.99.3.20040818", "1.0", "3.0.20060720", "20050405", "20060720"]);
    check_ascending(Apk, &["2.1.9.200602141850", "2.1.13", "7.0.17", "7.0.174"]);
    check_ascending(Apk, &["0.9.28", "0.9.28-r1", "0.9.28-r2", "0.9.28.1"]);
}

#[test]
fn a_leading_zero_makes_a_later_number_a_fraction() {
    check_ascending(Apk, &["8.2.0", "8.2.001", "8.2.0015", "8.2.002", "8.2.01", "8.2.1"]);
    check_ascending(Apk, &["1.00_beta2", "1.00", "1.02", "1.02.07", "1.02.10-r1", "1.03-r1"]);
    check_ascending(Apk, &["1.05-r18", "1.05-r19", "1.06-r6", "1.07", "1.07-r1", "1.07.5", "1.19"]);
    check_ascending(Apk, &["1.2.07.8", "1.2.12.04", "1.2.12.05"]);
    check_ascending(Apk, &["2.01.01_alpha10", "2.02-r1", "2.02.06", "2.02.10", "2.1"]);
}

#[test]
fn leading_zeros_of_other_numbers_do_not_count() {
    check_ascending(
        Apk,
        &["02.08.01b", "4.77", "006", "013", "014-r1", "087-r1", "103", "021109-r3"],
    );
    check(Apk, "006", Equal, "6");
    check(Apk, "1_p01-r02", Equal, "1_p1-r2");
}

#[test]
fn letters() {
    check_ascending(Apk, &["1.1", "1.1a", "1.3a", "1.6d", "1.7", "1.7b", "1.8.4-r3"]);
    check_ascending(Apk, &["0.9.8c-r1", "0.9.8d", "0.59s-r11", "0.65", "5b-r9", "6b-r7"]);
    check_ascending(
        Apk,
        &["2.3.0b-r1", "2.3.0b-r4", "2.5.1-r8", "2.5.1a-r1", "2.12r-r4", "2.12r-r5"],
    );
}

#[test]
fn a_number_after_the_letter_as_alpine_once_shipped() {
    check_ascending(Apk, &["6.6.1p1-r0", "6.6.2p-r9", "6.6.2p1-r0", "6.6.2p1-r1", "6.6.2p10-r0"]);
    check_ascending(Apk, &["6.6.2p10", "6.6.2q", "6.6.2.1"]);
    check(Apk, "3.3.3p01-r3", Equal, "3.3.3p1-r3");
}

#[test]
fn suffixes() {
    check_ascending(Apk, &["0.1.0_alpha_pre2", "0.1.0_alpha", "0.1.0_alpha2", "0.1.3_alpha"]);
    check_ascending(Apk, &["1.1_alpha1", "1.1", "1.3_alpha", "1.3_alpha2", "1.3_alpha8"]);
    check_ascending(Apk, &["0.8_beta1", "0.8_beta4", "0.10.0-r1", "0.10.1_rc1", "0.13_beta5"]);
    check_ascending(Apk, &["6.0_pre1", "6.0", "6.0_p1", "6.1_pre1", "6.1", "6.1_p1"]);
    check_ascending(Apk, &["1.6.8_p9-r2", "1.6.8_p12-r1", "1.8.5", "1.8.5_p2"]);
    check_ascending(Apk, &["1.0_p9-r0", "1.0_p10-r0", "1.3_pre1-r1", "1.3-r0", "1.3.1-r0"]);
    check_ascending(Apk, &["4.5_p1", "4.5_p1-r1", "4.5_p2"]);
    check_ascending(
        Apk,
        &[
            "2.9.11_pre20051101",
            "2.9.11_pre20051101-r2",
            "2.9.11_pre20061021-r1",
            "2.9.11_pre20061021-r2",
        ],
    );
    check(Apk, "1.0.0_pre20191002222144-r0", Less, "1.0.0_pre20210530193627-r0");
}

#[test]
fn hashes() {
    check(Apk, "1.0~1234", Less, "1.0~2345");
    check(Apk, "1.0~1234-r1", Less, "1.0~2345-r0");
    check(Apk, "1.0~1234-r1", Greater, "1.0~1234-r0");
}

#[test]
fn where_the_kinds_of_step_differ_the_earlier_kind_is_greater() {
    check_ascending(
        Apk,
        &[
            "1_alpha_alpha",
            "1_alpha",
            "1_alpha-r0",
            "1_alpha~0",
            "1_alpha0",
            "1_alpha_cvs",
            "1_rc",
            "1",
            "1-r0",
            "1~0",
            "1_cvs",
            "1_p_rc",
            "1_p",
            "1_p-r0",
            "1_p0",
            "1a_rc",
            "1a",
            "1.0",
        ],
    );
}

#[test]
fn valid() {
    for version in [
        "1.2",
        "0.1_pre2",
        "0.1_pre2~1234abcd",
        "0.1_p1_pre2",
        "0.1_alpha1_pre2",
        "0.1_git20240101_pre1",
    ] {
        assert_eq!(sort_key(Apk, version, &mut Vec::new()), Ok(()));
    }
}

#[test]
fn invalid() {
    let versions = [
        "",
        "0.1bc",
        "0.1bc1",
        "0.1a.1",
        "0.1_pre2~",
        "0.1_pre2~1234xbcd",
        "0.1_pre2~1234abcd_pre1",
        "0.1_pre2-r1~1234xbcd",
        "0.1_foobar",
        "0.1_foobar1",
        "0.1-pre1.1",
        "0.1-r",
        "0.1-r2_pre1",
        "0.1-r2_p3_pre1",
        "0.1-r2-r3",
        "0.1-r2.1",
        ".1",
        "a",
        "_pre1",
        "-r1",
        "0.1_",
        "0.1_-r0",
        "0.1__alpha",
        "23_foo",
        "1.0bc",
    ];
    for version in versions {
        assert!(compare(Apk, version, "4").is_err(), "{version:?}");
        assert!(compare(Apk, "4", version).is_err(), "{version:?}");
    }
}
