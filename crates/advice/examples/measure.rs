//! Simulates twenty newer bases, and all pending updates one by one, for an image of 400 packages.
//!
//! `cargo run --release -p plimsoll-advice --example measure`: prints times. The packages are those of Debian 12
//! out of shared/data; the advisories are made, three for each of its 34,000 sources.

#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for developers; its helpers are those of the tests"
)]

#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/shared.rs"]
mod shared;

use std::collections::BTreeMap;
use std::fs::File;
use std::time::Instant;

use plimsoll_advice::{Choices, OtherImage, Simulator, Subject, advise};
use plimsoll_distro::{Packages, Pending, PendingBinary};
use plimsoll_model::{
    Advisory, Package, PackageKey, PackageKind, Range, RangeEnd, Scope, Severity, SourcePackage,
    State,
};

const BASES: usize = 20;
/// Of the image: the base's 96 and what an application of some size brings.
const PACKAGES: usize = 400;
const ROUNDS: usize = 50;

fn main() {
    let Some(base) = shared::installed("debian-bookworm-main-slim") else { return };
    let archive = archive();
    let matcher = shared::matcher("debian-tracker", &advisories(&archive));
    let os = shared::debian("12");
    let own = archive.iter().filter(|package| base.iter().all(|known| known.name != package.name));
    let own = own.step_by(97).take(PACKAGES - base.len());
    let image: Vec<Package> = base.iter().chain(own).cloned().collect();
    let bases: Vec<Vec<Package>> =
        (1..=BASES).map(|n| base.iter().map(|package| upgraded(package, n)).collect()).collect();
    let references: Vec<String> = (1..=BASES).map(|n| format!("debian:{n}")).collect();
    let others: Vec<OtherImage<'_>> = bases
        .iter()
        .zip(&references)
        .map(|(packages, reference)| OtherImage {
            reference,
            os: Some(&os),
            packages: Some(packages),
        })
        .collect();
    let pending = pending(&image);

    let findings = matcher.judge(&image, Some(&os)).unwrap().findings;
    let subject = Subject { packages: &image, findings: &findings, os: Some(&os) };
    println!("{} packages, {} findings, {} pending", image.len(), findings.len(), pending.len());
    measure("match the image", || {
        matcher.judge(&image, Some(&os)).unwrap();
    });
    measure("simulate 20 bases", || {
        let simulator = Simulator::new(&matcher, subject);
        for other in &others {
            simulator.replace_base(&base, other).unwrap();
        }
    });
    let choices =
        Choices { pending: Some(&pending), old_base: Some(&base), bases: &others, images: &[] };
    let only_pending = Choices { bases: &[], ..choices };
    measure("advise: every pending update, and all of them", || {
        advise(&matcher, subject, &only_pending).unwrap();
    });
    let few = Choices { pending: Some(&pending[..10]), ..choices };
    measure("advise: 20 bases, as they are and patched, and 10 pending updates", || {
        advise(&matcher, subject, &few).unwrap();
    });
    measure("advise: 20 bases, as they are and patched, and every pending update", || {
        advise(&matcher, subject, &choices).unwrap();
    });
}

fn measure(what: &str, work: impl Fn()) {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let before = Instant::now();
            work();
            before.elapsed()
        })
        .collect();
    times.sort();
    println!("{what}: {} µs median of {ROUNDS}", times[ROUNDS / 2].as_micros());
}

/// The packages of Debian 12's main suite.
fn archive() -> Vec<Package> {
    let path = shared::data()
        .expect("shared data")
        .join("archive/debian/bookworm/main/binary-amd64/Packages.xz");
    Packages::new(liblzma::read::XzDecoder::new(File::open(path).unwrap()))
        .filter_map(Result::ok)
        .map(|read| shared::package(&read.name, &read.version, &read.architecture, read.source))
        .collect()
}

/// For each source one hole that stays, one that the first newer build closes, and one that it brings in.
fn advisories(archive: &[Package]) -> Vec<Advisory> {
    let sources: BTreeMap<&str, &str> = archive
        .iter()
        .filter_map(|package| package.source.as_ref())
        .map(|source| (&*source.name, &*source.version))
        .collect();
    let mut advisories = Vec::new();
    for (number, (name, version)) in sources.into_iter().enumerate() {
        let newer = format!("{version}+1");
        let ranges = [
            (None, RangeEnd::Open),
            (None, RangeEnd::Fixed(newer.clone())),
            (Some(newer), RangeEnd::Open),
        ];
        for (hole, (introduced, end)) in ranges.into_iter().enumerate() {
            let id = format!("CVE-2026-{}", 100_000 + 3 * number + hole);
            advisories.push(Advisory {
                feed: "debian-tracker".to_owned(),
                scope: Scope::release(plimsoll_model::Ecosystem::Debian, "12"),
                record: id.clone(),
                ids: vec![id],
                aliases: Vec::new(),
                package: PackageKey {
                    name: name.to_owned(),
                    kind: PackageKind::Source,
                    module: None,
                    arch: None,
                },
                ranges: vec![Range { introduced, end }],
                versions: Vec::new(),
                state: State::Affected,
                sub_state: None,
                severity: Some(Severity::DESCENDING[number % 5]),
                cvss: Vec::new(),
                title: Some("A hole that somebody could use to do what nobody wants".to_owned()),
                urls: vec![format!("https://security-tracker.debian.org/tracker/{number}")],
                published: None,
            });
        }
    }
    advisories
}

fn upgraded(package: &Package, build: usize) -> Package {
    let source = package.source.as_ref().expect("a source");
    let source =
        SourcePackage { name: source.name.clone(), version: format!("{}+{build}", source.version) };
    let version = format!("{}+{build}", package.version);
    shared::package(&package.name, &version, package.arch.as_deref().unwrap_or("all"), source)
}

/// A security update of every source.
fn pending(image: &[Package]) -> Vec<Pending> {
    let mut sources: BTreeMap<&SourcePackage, Vec<&Package>> = BTreeMap::new();
    for package in image {
        sources.entry(package.source.as_ref().expect("a source")).or_default().push(package);
    }
    let pending = |(source, packages): (&SourcePackage, Vec<&Package>)| Pending {
        source: source.name.clone(),
        installed: source.version.clone(),
        candidate: format!("{}+1", source.version),
        suite: "bookworm-security".to_owned(),
        security: true,
        held_back: None,
        binaries: packages
            .into_iter()
            .map(|package| PendingBinary {
                package: package.id.clone(),
                name: package.name.clone(),
                arch: package.arch.clone(),
                installed: package.version.clone(),
                candidate: format!("{}+1", package.version),
            })
            .collect(),
        bulletins: Vec::new(),
    };
    sources.into_iter().map(pending).collect()
}
