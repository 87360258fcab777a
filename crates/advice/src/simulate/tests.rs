use plimsoll_distro::{Pending, PendingBinary};
use plimsoll_model::Scope;

use super::*;
use crate::tests::{advisory, matcher, os, packages};

/// What is known in all tests: old openssl has two holes, new zlib has one.
const ADVISORIES: [&str; 8] = [
    "CVE-1 openssl 3.0.2 high",
    "CVE-2 openssl 3.0.3 critical",
    "CVE-3 curl 8.2 medium",
    "CVE-4 zlib open low",
    "CVE-6 perl not:a:version low",
    "debian:13 CVE-2 openssl 3.0.3 critical",
    "debian:13 CVE-4 zlib open low",
    "debian:13 CVE-5 openssl open high",
];

/// The outcome in lines: `- CVE package` is cleared, `+ CVE package` brought in, `package from to` changes.
fn lines(outcome: Outcome) -> Vec<String> {
    let simulated = match outcome {
        Outcome::Known(simulated) => simulated,
        Outcome::Unknown(why) => return vec![why],
    };
    let key = |key: &FindingKey| key.0.replace("debian/", "");
    let side = |side: Option<String>| side.unwrap_or_else(|| "none".to_owned());
    let mut lines: Vec<String> =
        simulated.clears.iter().map(|one| format!("- {}", key(one))).collect();
    lines.extend(simulated.introduces.iter().map(|one| format!("+ {}", key(one))));
    lines.extend(
        simulated
            .changes
            .into_iter()
            .map(|c| format!("{} {} {}", c.name, side(c.from), side(c.to))),
    );
    if simulated.certainty == Certainty::Partial {
        lines.push("partial".to_owned());
    }
    lines.extend(simulated.caveat);
    lines
}

/// Asks `question` of an image that stands as a scan would have it.
fn check(
    installed: &str,
    question: impl Fn(&Simulator<'_>) -> Result<Outcome, MatchError>,
    expected: &[&str],
) {
    let packages = packages(installed);
    let os = os("debian:12");
    let matcher = matcher(&ADVISORIES.map(advisory));
    let findings = matcher.judge(&packages, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &packages, findings: &findings, os: Some(&os) };
    assert_eq!(lines(question(&Simulator::new(&matcher, subject)).unwrap()), expected);
}

/// On another base; `new` may have a release in front (`debian:13 openssl=3`).
fn check_base(old: &str, new: &str, installed: &str, expected: &[&str]) {
    let (release, new) = match new.split_once(' ') {
        Some((scope, rest)) if scope.parse::<Scope>().is_ok() => (scope, rest),
        _ => ("debian:12", new),
    };
    let (old, new, os) = (packages(old), packages(new), os(release));
    let other = OtherImage { reference: "debian:new", os: Some(&os), packages: Some(&new) };
    check(installed, |simulator| simulator.replace_base(&old, &other), expected);
}

#[test]
fn what_only_the_base_changed_follows_the_base() {
    check_base(
        "libssl3/openssl=3.0.1 tzdata=1",
        "libssl3/openssl=3.0.3 tzdata=1",
        "libssl3/openssl=3.0.1 tzdata=1 app=1",
        &["- CVE-1 libssl3@3.0.1", "- CVE-2 libssl3@3.0.1", "libssl3 3.0.1 3.0.3"],
    );
    // What the base drops goes, what it adds comes.
    check_base(
        "curl=8.1 tzdata=1",
        "tzdata=1 zlib=1",
        "curl=8.1 tzdata=1",
        &["- CVE-3 curl@8.1", "+ CVE-4 zlib@1", "curl 8.1 none", "zlib none 1"],
    );
    check_base("tzdata=1", "tzdata=1", "tzdata=1 curl=8.1", &[]);
}

#[test]
fn a_finding_that_the_new_version_has_too_is_neither_cleared_nor_brought_in() {
    check_base(
        "libssl3/openssl=3.0.1",
        "libssl3/openssl=3.0.2",
        "libssl3/openssl=3.0.1",
        &["- CVE-1 libssl3@3.0.1", "libssl3 3.0.1 3.0.2"],
    );
}

#[test]
fn what_own_layers_changed_stays_as_they_left_it() {
    // Added, upgraded and removed by own layers; the base left these alone.
    check_base(
        "libssl3/openssl=3.0.1 zlib=1 tzdata=1",
        "libssl3/openssl=3.0.1 zlib=1 tzdata=2",
        "libssl3/openssl=3.0.2 tzdata=1 curl=8.1",
        &["tzdata 1 2"],
    );
    // Removed by own layers, upgraded by the base: it stays removed.
    check_base("zlib=1 tzdata=1", "zlib=2 tzdata=1", "tzdata=1", &[]);
    // Both came to the same version.
    check_base("curl=8.1", "curl=8.2", "curl=8.2", &[]);
}

#[test]
fn where_both_changed_the_own_layer_wins_and_that_is_said() {
    check_base(
        "libssl3/openssl=3.0.1 tzdata=1",
        "libssl3/openssl=3.0.3 tzdata=2",
        "libssl3/openssl=3.0.2 tzdata=1",
        &[
            "tzdata 1 2",
            "own layers and the new base both change libssl3: counted as the own layers have it",
        ],
    );
    check_base(
        "a=1 b=1 c=1 d=1",
        "b=3 c=3 d=3 e=1",
        "a=2 b=2 c=2 d=2 e=2",
        &[
            "own layers and the new base both change a, b, c and 2 more: counted as the own layers have it",
        ],
    );
}

#[test]
fn another_release_is_judged_with_its_own_advisories() {
    // The version is the same, what is known of it is not: CVE-1 never was in Debian 13, CVE-5 is.
    check_base(
        "libssl3/openssl=3.0.1 zlib=1",
        "debian:13 libssl3/openssl=3.0.1 zlib=1",
        "libssl3/openssl=3.0.1 zlib=1",
        &[
            "- CVE-1 libssl3@3.0.1",
            "+ CVE-5 libssl3@3.0.1",
            "the release changes from debian:12 to debian:13",
        ],
    );
    // What own layers added is of the old release: it is never called cleared.
    check_base(
        "libssl3/openssl=3.0.1",
        "debian:13 libssl3/openssl=3.0.3",
        "libssl3/openssl=3.0.1 curl=8.1 openssl=3.0.1",
        &[
            "- CVE-1 libssl3@3.0.1",
            "- CVE-2 libssl3@3.0.1",
            "+ CVE-5 libssl3@3.0.3",
            "libssl3 3.0.1 3.0.3",
            "partial",
            "the release changes from debian:12 to debian:13: curl, openssl of the own layers cannot \
             stay, and count as they are",
        ],
    );
}

#[test]
fn what_cannot_be_judged_is_unknown_and_never_clean() {
    check_base(
        "curl=8.1",
        "debian:14 curl=8.2",
        "curl=8.1",
        &[
            "debian:new cannot be judged, so what it brings in is not known: there is no advisory data \
           for debian:14",
        ],
    );
    check_base("curl=8.1", "", "curl=8.1", &["the packages of debian:new are not known"]);
    let new = packages("curl=8.2");
    let nameless = OtherImage { reference: "scratch:1", os: None, packages: Some(&new) };
    check(
        "curl=8.1",
        |simulator| simulator.replace_image(&nameless),
        &[
            "scratch:1 cannot be judged, so what it brings in is not known: its system was not recognised",
        ],
    );
    let unread = OtherImage { reference: "app:2", os: None, packages: None };
    check(
        "curl=8.1",
        |simulator| simulator.replace_image(&unread),
        &["the packages of app:2 are not known"],
    );
    check_base(
        "curl=8.1",
        "curl=not:a:version",
        "curl=8.1",
        &["curl 8.1 not:a:version", "partial", "one of the new versions cannot be judged"],
    );
    // A record that says nothing of either version is no news.
    check_base("perl=1", "perl=2", "perl=1", &["perl 1 2"]);
}

#[test]
fn another_image_replaces_everything() {
    let (new, os) = (packages("libssl3/openssl=3.0.3 zlib=1"), os("debian:12"));
    let other = OtherImage { reference: "shop:1.5", os: Some(&os), packages: Some(&new) };
    check(
        "libssl3/openssl=3.0.2 curl=8.1",
        |simulator| simulator.replace_image(&other),
        &[
            "- CVE-2 libssl3@3.0.2",
            "- CVE-3 curl@8.1",
            "+ CVE-4 zlib@1",
            "curl 8.1 none",
            "libssl3 3.0.2 3.0.3",
            "zlib none 1",
        ],
    );
}

#[test]
fn a_source_is_upgraded_with_its_binaries() {
    let update = pending("openssl", "3.0.2", &["libssl3=3.0.1:3.0.2+b1", "openssl=3.0.1:3.0.2"]);
    check(
        "libssl3/openssl=3.0.1 openssl=3.0.1 curl=8.1",
        |simulator| simulator.upgrade(&Upgrade::pending([&update])).map(Outcome::Known),
        &[
            "- CVE-1 libssl3@3.0.1",
            "- CVE-1 openssl@3.0.1",
            "libssl3 3.0.1 3.0.2+b1",
            "openssl 3.0.1 3.0.2",
        ],
    );
}

#[test]
fn a_newer_base_is_patched_where_own_layers_added_something() {
    let updates = [
        pending("openssl", "3.0.3", &["libssl3=3.0.1:3.0.3"]),
        pending("curl", "8.2", &["curl=8.1:8.2"]),
    ];
    let check = |release: &str, new: &str, installed: &str, expected: &[&str]| {
        let (old, new) = (packages("libssl3/openssl=3.0.1"), packages(new));
        let os = os(release);
        let other = OtherImage { reference: "debian:new", os: Some(&os), packages: Some(&new) };
        let patch = |simulator: &Simulator<'_>| {
            let outcome = simulator.rebase_and_patch(&old, &other, &updates)?;
            Ok(outcome.unwrap_or_else(|| Outcome::Unknown("nothing to patch".to_owned())))
        };
        check(installed, patch, expected);
    };
    // The base's openssl is what the new base has, whatever is pending.
    check(
        "debian:12",
        "libssl3/openssl=3.0.2",
        "libssl3/openssl=3.0.1 curl=8.1",
        &["- CVE-1 libssl3@3.0.1", "- CVE-3 curl@8.1", "curl 8.1 8.2", "libssl3 3.0.1 3.0.2"],
    );
    check("debian:12", "libssl3/openssl=3.0.2", "libssl3/openssl=3.0.1", &["nothing to patch"]);
    check(
        "debian:13",
        "libssl3/openssl=3.0.2",
        "libssl3/openssl=3.0.1 curl=8.1",
        &["nothing to patch"],
    );
}

#[test]
fn what_a_rule_sets_aside_is_neither_cleared_nor_brought_in() {
    let packages_now = packages("zlib=1 curl=8.1");
    let os = os("debian:12");
    let matcher = matcher(&ADVISORIES.map(advisory));
    let mut findings = matcher.judge(&packages_now, Some(&os)).unwrap().findings;
    for finding in &mut findings {
        finding.suppressed =
            Some(plimsoll_model::Suppressed { by: String::new(), reason: None, until: None });
    }
    let subject = Subject { packages: &packages_now, findings: &findings, os: Some(&os) };
    let new = packages("zlib=2");
    let other = OtherImage { reference: "shop:1.5", os: Some(&os), packages: Some(&new) };
    let outcome = Simulator::new(&matcher, subject).replace_image(&other).unwrap();
    assert_eq!(lines(outcome), ["curl 8.1 none", "zlib 1 2"]);
}

/// Binaries are written `name=installed:candidate`.
fn pending(source: &str, candidate: &str, binaries: &[&str]) -> Pending {
    let binaries = binaries
        .iter()
        .map(|text| {
            let (name, versions) = text.split_once('=').unwrap();
            let (installed, candidate) = versions.split_once(':').unwrap();
            let installed_package = &packages(&format!("{name}={installed}"))[0];
            PendingBinary {
                package: installed_package.id.clone(),
                name: name.to_owned(),
                arch: None,
                installed: installed.to_owned(),
                candidate: candidate.to_owned(),
            }
        })
        .collect();
    crate::tests::pending(source, candidate, binaries)
}

/// Components of Bitnami, written `name=version@path`.
fn components(text: &str) -> Vec<Package> {
    let component = |text: &str| {
        let (package, path) = text.split_once('@').unwrap();
        let mut package = packages(package).remove(0);
        package.ecosystem = plimsoll_model::Ecosystem::Bitnami;
        package.id = PackageId::of(package.ecosystem, &package.name, &package.version, None);
        package.locations[0].path = path.to_owned();
        package
    };
    text.split_whitespace().map(component).collect()
}

/// The whole image is replaced; both have the same packages of the system, and these components.
fn check_components(feed: &str, old: &str, new: &str, expected: &[&str]) {
    let with = |components_of: &str| [packages("curl=8.1"), components(components_of)].concat();
    let (old, new, os) = (with(old), with(new), os("debian:12"));
    let advisories: Vec<_> = ADVISORIES.iter().copied().chain([feed]).map(advisory).collect();
    let matcher = matcher(&advisories);
    let findings = matcher.judge(&old, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &old, findings: &findings, os: Some(&os) };
    let simulator = Simulator::new(&matcher, subject);
    let other = OtherImage { reference: "shop:new", os: Some(&os), packages: Some(&new) };
    let found: Vec<String> = lines(simulator.replace_image(&other).unwrap())
        .iter()
        .map(|it| it.replace("bitnami/", ""))
        .collect();
    assert_eq!(found, expected, "{old:?} {new:?}");
}

#[test]
fn a_version_in_two_places_is_judged_in_both() {
    let check = |old: &str, new: &str, expected: &[&str]| {
        check_components("bitnami CVE-7 nginx 3 high", old, new, expected);
    };
    // Each of the two still has it.
    check("nginx=1@a nginx=1@b", "nginx=2@a nginx=2@b", &["nginx 1 2"]);
    // One of them has it no more, so the image still has it.
    check("nginx=1@a nginx=1@b", "nginx=3@a nginx=1@b", &["nginx 1 3"]);
    check("nginx=1@a nginx=1@b", "nginx=3@a nginx=3@b", &["- CVE-7 nginx@1", "nginx 1 3"]);
    // It was only moved, or copied.
    check("nginx=1@a", "nginx=1@b", &["nginx none 1", "nginx 1 none"]);
    check("nginx=1@a", "nginx=1@a nginx=1@b", &["nginx none 1"]);
    check("nginx=3@a", "nginx=3@a nginx=2@b", &["+ CVE-7 nginx@2", "nginx none 2"]);
}

#[test]
fn what_comes_in_and_cannot_be_judged_is_not_counted_as_clean() {
    let check = |old: &str, new: &str, expected: &[&str]| {
        check_components("CVE-7 tzdata 3 high", old, new, expected);
    };
    let unknown = "shop:new cannot be judged, so what it brings in is not known: there is no advisory data for bitnami";
    check("", "nginx=2@a", &[unknown]);
    check("nginx=1@a", "nginx=2@a", &[unknown]);
    // What stays, or goes, brings nothing in.
    check("nginx=1@a", "nginx=1@a", &[]);
    check("nginx=1@a", "", &["nginx 1 none"]);
    // Packages of another system.
    let (subject, os) = (packages("curl=8.1"), os("debian:12"));
    let mut new = packages("curl=8.1 musl=1");
    new[1].ecosystem = plimsoll_model::Ecosystem::Alpine;
    let other = OtherImage { reference: "shop:new", os: Some(&os), packages: Some(&new) };
    let unknown = "shop:new cannot be judged, so what it brings in is not known: no feed covers musl in alpine";
    self::check("curl=8.1", |simulator| simulator.replace_base(&subject, &other), &[unknown]);
}
