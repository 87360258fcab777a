use plimsoll_distro::PendingBinary;
use plimsoll_model::Advisory;

use super::*;
use crate::action::word;
use crate::tests::{advisory, matcher, os, package, packages, pending};

/// One hole each, in openssl the worst one.
const ADVISORIES: [&str; 5] = [
    "CVE-1 openssl 3.0.2 critical",
    "CVE-2 curl 8.2 high",
    "CVE-3 tzdata 2 low",
    "CVE-4 zlib open medium",
    "debian:13 CVE-5 openssl open low",
];

const INSTALLED: &str = "libssl3/openssl=3.0.1 curl=8.1 tzdata=1 zlib=1";

/// Remedies as `action target -cleared +brought in ~changed`, the reason behind it; behind them what is
/// rejected, with `!` in front.
fn lines(advice: Advice) -> Vec<String> {
    let mut lines: Vec<String> = advice
        .remedies
        .into_iter()
        .map(|remedy| {
            let counts = [remedy.clears.len(), remedy.introduces.len(), remedy.changes.len()];
            let [clears, introduces, changes] = counts;
            let action = word(remedy.action);
            let target = remedy.target.map(|target| format!(" {target}")).unwrap_or_default();
            let reason = remedy.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{action}{target} -{clears} +{introduces} ~{changes}{reason}")
        })
        .collect();
    lines.extend(
        advice
            .rejected
            .into_iter()
            .map(|one| format!("! {} {}: {}", word(one.action), one.target, one.reason)),
    );
    lines
}

fn check_with(advisories: &[Advisory], choices: &Choices<'_>, expected: &[&str]) {
    let (packages, os) = (packages(INSTALLED), os("debian:12"));
    let matcher = matcher(advisories);
    let findings = matcher.judge(&packages, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &packages, findings: &findings, os: Some(&os) };
    assert_eq!(lines(advise(&matcher, subject, choices).unwrap()), expected);
}

fn check(choices: &Choices<'_>, expected: &[&str]) {
    check_with(&ADVISORIES.map(advisory), choices, expected);
}

/// An update of a source with one binary: `libssl3/openssl 3.0.1 3.0.2`.
fn update(text: &str) -> Pending {
    let [names, from, to] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("{text}") };
    let (name, source) = names.split_once('/').unwrap_or((names, names));
    let binary = PendingBinary {
        package: package(name, source, from).id,
        name: name.to_owned(),
        arch: None,
        installed: from.to_owned(),
        candidate: to.to_owned(),
    };
    pending(source, to, vec![binary])
}

const NO_FIX: &str = "none -1 +0 ~0: no fix yet";

#[test]
fn without_an_archive_the_advisories_name_what_to_upgrade() {
    check(
        &Choices::default(),
        &[
            "upgrade_packages openssl 3.0.2 -1 +0 ~0",
            "upgrade_packages curl 8.2 -1 +0 ~0",
            "upgrade_packages tzdata 2 -1 +0 ~0",
            NO_FIX,
        ],
    );
}

#[test]
fn the_archive_offers_updates_one_by_one_and_together() {
    let plain = |text: &str| Pending { security: false, ..update(text) };
    let updates = [
        update("libssl3/openssl 3.0.1 3.0.2"),
        update("curl 8.1 8.2"),
        plain("tzdata 1 2"),
        plain("zlib 1 1.1"),
    ];
    check(
        &Choices { pending: Some(&updates), ..Choices::default() },
        &[
            "upgrade_packages all pending updates -3 +0 ~4",
            "upgrade_packages all security updates -2 +0 ~2",
            "upgrade_packages openssl 3.0.2 -1 +0 ~1",
            "upgrade_packages curl 8.2 -1 +0 ~1",
            "upgrade_packages tzdata 2 -1 +0 ~1",
            NO_FIX,
            "! upgrade_packages zlib 1.1: it clears nothing",
        ],
    );
}

#[test]
fn what_is_held_back_or_not_offered_is_not_advice() {
    let held = |why: HeldBack, text: &str| Pending { held_back: Some(why), ..update(text) };
    let updates =
        [held(HeldBack::Hold, "libssl3/openssl 3.0.1 3.0.2"), held(HeldBack::Phased, "tzdata 1 2")];
    check(
        &Choices { pending: Some(&updates), ..Choices::default() },
        &[
            "none -1 +0 ~0: fixed, but held back: the package is on hold",
            "none -1 +0 ~0: fixed, but nothing that was weighed brings the fix",
            NO_FIX,
            "none -1 +0 ~0: fixed, but held back: the distribution gives it to a part of all machines first",
            "! upgrade_packages openssl 3.0.2: held back: the package is on hold",
            "! upgrade_packages tzdata 2: held back: the distribution gives it to a part of all machines first",
        ],
    );
}

#[test]
fn a_newer_base_is_weighed_against_updates() {
    let old = packages("libssl3/openssl=3.0.1 tzdata=1 zlib=1");
    let [bookworm, trixie] = ["debian:12", "debian:13"].map(os);
    let newest = packages("libssl3/openssl=3.0.2 tzdata=2 zlib=1");
    let newer = packages("libssl3/openssl=3.0.2 tzdata=1 zlib=1 perl=1");
    let same = packages("libssl3/openssl=3.0.1 tzdata=1 zlib=1");
    let next = packages("libssl3/openssl=3.0.2 tzdata=2");
    let bases = [
        OtherImage { reference: "debian:newest", os: Some(&bookworm), packages: Some(&newest) },
        OtherImage { reference: "debian:newer", os: Some(&bookworm), packages: Some(&newer) },
        OtherImage { reference: "debian:same", os: Some(&bookworm), packages: Some(&same) },
        OtherImage { reference: "debian:unread", os: Some(&bookworm), packages: None },
        OtherImage { reference: "debian:13", os: Some(&trixie), packages: Some(&next) },
    ];
    let updates = [update("libssl3/openssl 3.0.1 3.0.2"), update("curl 8.1 8.2")];
    check(
        &Choices { pending: Some(&updates), old_base: Some(&old), bases: &bases, images: &[] },
        &[
            "rebase_and_patch debian:newest -3 +0 ~3",
            "upgrade_packages all security updates -2 +0 ~2",
            "upgrade_base debian:newest -2 +0 ~2",
            "upgrade_packages openssl 3.0.2 -1 +0 ~1",
            "upgrade_packages curl 8.2 -1 +0 ~1",
            // It clears the most, but what becomes of curl is not known.
            "upgrade_base debian:13 -3 +1 ~3: the release changes from debian:12 to debian:13: curl of \
             the own layers cannot stay, and count as they are",
            "! upgrade_base debian:unread: the packages of debian:unread are not known",
            "! rebase_and_patch debian:newer: it clears nothing more than rebase_and_patch debian:newest, \
             which changes no more",
            "! upgrade_base debian:newer: it clears nothing more than upgrade_base debian:newest, which \
             changes no more",
            "! rebase_and_patch debian:same: it clears nothing more than upgrade_packages curl 8.2, which \
             changes no more",
            "! upgrade_base debian:same: it clears nothing",
        ],
    );
    check(
        &Choices { bases: &bases[..1], pending: Some(&[]), ..Choices::default() },
        &[
            "none -3 +0 ~0: fixed, but nothing that was weighed brings the fix",
            NO_FIX,
            "! upgrade_base debian:newest: the base as it is now is not known by its layers",
        ],
    );
}

#[test]
fn an_image_that_brings_in_worse_than_it_clears_is_no_advice() {
    let os = os("debian:12");
    let worse = packages("libssl3/openssl=3.0.1 libssl1.1/openssl=1.1 curl=8.1 tzdata=2 zlib=1");
    let better = packages("libssl3/openssl=3.0.2 zlib=1 zlib1g/zlib=1");
    let other = packages("openssl=3.0.1 curl=8.1 tzdata=1 zlib=1");
    let images = [
        OtherImage { reference: "shop:worse", os: Some(&os), packages: Some(&worse) },
        OtherImage { reference: "shop:better", os: Some(&os), packages: Some(&better) },
        OtherImage { reference: "shop:other", os: Some(&os), packages: Some(&other) },
    ];
    check(
        &Choices { images: &images, pending: Some(&[]), ..Choices::default() },
        &[
            "upgrade_image shop:better -3 +1 ~4",
            NO_FIX,
            "! upgrade_image shop:other: it brings in as bad as it clears, or worse: 1 against 1",
            "! upgrade_image shop:worse: it brings in as bad as it clears, or worse: 1 against 1",
        ],
    );
}

#[test]
fn components_outside_the_system_are_bumped_whatever_the_archive_says() {
    let os = os("debian:12");
    let mut packages = packages("openssl=3.0.1 nginx=1.0.0");
    packages[1].ecosystem = plimsoll_model::Ecosystem::Bitnami;
    let matcher = matcher(&[
        advisory("CVE-1 openssl 3.0.2 critical"),
        advisory("bitnami CVE-2 nginx 9.0.0 high"),
        advisory("bitnami CVE-3 nginx 10.0.0 low"),
    ]);
    let findings = matcher.judge(&packages, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &packages, findings: &findings, os: Some(&os) };
    let choices = Choices { pending: Some(&[]), ..Choices::default() };
    assert_eq!(
        lines(advise(&matcher, subject, &choices).unwrap()),
        [
            "bump_dependency nginx 10.0.0 -2 +0 ~0",
            "none -1 +0 ~0: fixed, but nothing that was weighed brings the fix",
        ]
    );
}
