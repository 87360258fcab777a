//! One case before both judges: our `pending_updates`, and `apt-get` over the same lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use plimsoll_distro::{
    AptState, AptUpdates, CompiledIndex, Index, Offer, Pocket, Preferences, Release,
    pending_updates,
};
use plimsoll_model::{Ecosystem, Package, PackageId, SourcePackage};
use plimsoll_testkit::{has_program, skipped};
use plimsoll_versions::{Scheme, compare};

/// What a list of apt's says.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(crate) site: &'a str,
    pub(crate) root: &'a str,
    pub(crate) suite: &'a str,
    /// Fields of its release.
    pub(crate) release: &'a str,
    pub(crate) component: &'a str,
    pub(crate) pocket: Pocket,
    /// `name version [architecture [source [(version)]]] [%phased]`
    pub(crate) packages: &'a [&'a str],
}

/// What both judge.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) lists: &'a [Listed<'a>],
    pub(crate) installed: &'a [&'a str],
    pub(crate) holds: &'a [&'a str],
    pub(crate) preferences: &'a str,
    pub(crate) machine_id: Option<&'a str>,
}

/// Compares with what is expected, and with apt: what it would install is what is held back by nothing.
pub(crate) fn check(case: &Case<'_>, expected: &[&str]) {
    let found = ours(case);
    let mut told: Vec<_> = found
        .pending
        .iter()
        .flat_map(|pending| {
            let security = if pending.security { ", security" } else { "" };
            let held = pending.held_back.map(|held| format!(", {held:?}")).unwrap_or_default();
            pending.binaries.iter().map(move |binary| {
                let (source, suite) = (&pending.source, &pending.suite);
                let (from, to) = (&pending.installed, &pending.candidate);
                assert!(!binary.candidate.is_empty());
                format!("{source} {from} -> {to} from {suite}{security}{held}")
            })
        })
        .collect();
    told.sort();
    assert_eq!(found.problems, []);
    let context = (case.preferences, case.installed);
    assert_eq!(told, expected, "{context:?}");
    check_against_apt(case);
}

pub(crate) fn check_against_apt(case: &Case<'_>) {
    let Some(by_apt) = upgraded_by_apt(case) else { return };
    let pending = ours(case).pending.into_iter();
    let ours: BTreeSet<_> = pending
        .filter(|pending| pending.held_back.is_none())
        .flat_map(|pending| pending.binaries)
        .map(|binary| {
            let arch = binary.arch.filter(|arch| arch == "i386");
            let arch = arch.map(|arch| format!(":{arch}")).unwrap_or_default();
            format!("{}{arch} {} {}", binary.name, binary.installed, binary.candidate)
        })
        .collect();
    assert_eq!(ours, by_apt, "apt with {:?}", case.preferences);
}

pub(crate) fn ours(case: &Case<'_>) -> AptUpdates {
    let releases: Vec<Release> = case.lists.iter().map(|list| release(list.release)).collect();
    let indexes: Vec<[(&str, Index); 2]> = case
        .lists
        .iter()
        .map(|list| ["amd64", "i386"].map(|arch| (arch, index(list, arch))))
        .collect();
    let mut offers = Vec::new();
    for ((list, release), indexes) in case.lists.iter().zip(&releases).zip(&indexes) {
        for (architecture, index) in indexes {
            let Listed { suite, site, pocket, component, .. } = *list;
            offers.push(Offer { suite, site, pocket, release, component, architecture, index });
        }
    }
    let packages: Vec<_> = case.installed.iter().map(|text| installed(text)).collect();
    let holds: BTreeSet<_> = case.holds.iter().map(ToString::to_string).collect();
    let files =
        BTreeMap::from([("etc/apt/preferences".to_owned(), case.preferences.as_bytes().to_vec())]);
    let preferences = Preferences::of(&files);
    assert_eq!(preferences.problems, []);
    let state = AptState {
        packages: &packages,
        native: "amd64",
        holds: &holds,
        machine_id: case.machine_id,
    };
    pending_updates(state, &offers, &preferences).unwrap()
}

/// A package as the cases write it.
struct Written<'a> {
    name: &'a str,
    version: &'a str,
    arch: &'a str,
    source: String,
    phased: Option<&'a str>,
}

fn written(text: &str) -> Written<'_> {
    let (text, phased) = match text.split_once(" %") {
        Some((text, phased)) => (text, Some(phased)),
        None => (text, None),
    };
    let mut words = text.split(' ');
    let (name, version) = (words.next().unwrap(), words.next().unwrap());
    let arch = words.next().unwrap_or("amd64");
    let source = words.collect::<Vec<_>>().join(" ");
    Written { name, version, arch, source, phased }
}

fn stanza(text: &str, more: &str) -> String {
    let Written { name, version, arch, source, phased } = written(text);
    let mut stanza = format!("Package: {name}\nVersion: {version}\nArchitecture: {arch}\n");
    let multi_arch = if arch == "all" { "foreign" } else { "same" };
    write!(stanza, "Multi-Arch: {multi_arch}\nMaintainer: x\nDescription: x\n{more}").unwrap();
    if !source.is_empty() {
        writeln!(stanza, "Source: {source}").unwrap();
    }
    if let Some(phased) = phased {
        writeln!(stanza, "Phased-Update-Percentage: {phased}").unwrap();
    }
    stanza + "\n"
}

/// The index of an architecture: its own packages and those for all.
fn packages(list: &Listed<'_>, arch: &str) -> String {
    let is_there = |text: &&&str| [arch, "all"].contains(&written(text).arch);
    let filename = |text: &str| {
        format!("Filename: pool/{}.deb\nSize: 1\nSHA256: {}\n", written(text).name, "00".repeat(32))
    };
    list.packages.iter().filter(is_there).map(|text| stanza(text, &filename(text))).collect()
}

fn index(list: &Listed<'_>, arch: &str) -> Index {
    let compiled = CompiledIndex::of(packages(list, arch).as_bytes()).unwrap();
    Index::from_bytes("index", compiled.to_bytes()).unwrap()
}

/// A release from its fields, without the signature that elsewhere proves it.
fn release(fields: &str) -> Release {
    let mut release = Release::default();
    for (name, value) in fields.lines().map(|line| line.split_once(": ").unwrap()) {
        let text = Some(value.to_owned());
        match name {
            "Origin" => release.origin = text,
            "Label" => release.label = text,
            "Suite" => release.suite = text,
            "Codename" => release.codename = text,
            "Version" => release.version = text,
            "NotAutomatic" => release.not_automatic = value == "yes",
            "ButAutomaticUpgrades" => release.but_automatic_upgrades = value == "yes",
            other => unreachable!("{other}"),
        }
    }
    release
}

fn installed(text: &str) -> Package {
    let Written { name, version, arch, source, .. } = written(text);
    let (source, source_version) = match source.split_once(" (") {
        Some((source, version)) => (source, version.trim_end_matches(')')),
        None if source.is_empty() => (name, version),
        None => (source.as_str(), version),
    };
    let source = SourcePackage { name: source.to_owned(), version: source_version.to_owned() };
    Package {
        id: PackageId::of(Ecosystem::Debian, name, version, Some(arch)),
        ecosystem: Ecosystem::Debian,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some(arch.to_owned()),
        source: Some(source),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// `name old new` of what `apt-get dist-upgrade` would upgrade; none where there is no apt.
fn upgraded_by_apt(case: &Case<'_>) -> Option<BTreeSet<String>> {
    if !has_program("apt-get") {
        skipped("needs apt");
        return None;
    }
    let root = tempfile::tempdir().unwrap();
    write_system(root.path(), case);
    let output = Command::new("apt-get")
        .args(["-s", "dist-upgrade"])
        .env("APT_CONFIG", root.path().join("apt.conf"))
        .env("LC_ALL", "C")
        .env_remove("SOURCE_DATE_EPOCH")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().filter_map(upgrade).collect())
}

/// `Inst a:i386 [1] (2 Debian:12.15/oldstable [i386])`; not one that is older.
fn upgrade(line: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix("Inst ")?.split_once(" [")?;
    let (old, rest) = rest.split_once("] (")?;
    let (new, _) = rest.split_once(' ')?;
    let is_newer = compare(Scheme::Dpkg, new, old).unwrap().is_gt();
    is_newer.then(|| format!("{name} {old} {new}"))
}

fn write_system(root: &Path, case: &Case<'_>) {
    let put = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let folder = root.display();
    let machine_id = case.machine_id.unwrap_or_default();
    put(
        "apt.conf",
        &format!(
            "Dir \"{folder}\";\nDir::State::status \"{folder}/status\";\n\
             APT::Architecture \"amd64\";\nAPT::Architectures {{ \"amd64\"; \"i386\"; }};\n\
             APT::Machine-ID \"{machine_id}\";\nDebug::NoLocking \"true\";\n"
        ),
    );
    let on_hold = |text: &str| {
        let Written { name, arch, .. } = written(text);
        let native = case.holds.contains(&name) && arch == "amd64";
        native || case.holds.contains(&format!("{name}:{arch}").as_str())
    };
    let status = |text: &&str| {
        let wanted = if on_hold(text) { "hold" } else { "install" };
        stanza(text, &format!("Status: {wanted} ok installed\n"))
    };
    put("status", &case.installed.iter().map(status).collect::<String>());
    put("etc/apt/preferences", case.preferences);
    let mut sources = String::new();
    for list in case.lists {
        let Listed { site, root, suite, release, component, .. } = list;
        writeln!(sources, "deb [trusted=yes] http://{site}/{root} {suite} {component}").unwrap();
        let name = format!("var/lib/apt/lists/{site}_{root}_dists_{suite}");
        let fields = "Architectures: amd64 i386 all\nNo-Support-for-Architecture-all: Packages\n\
                      Date: Sat, 21 Nov 2026 00:53:02 UTC\n";
        put(&format!("{name}_Release"), &format!("{release}Components: {component}\n{fields}"));
        for arch in ["amd64", "i386"] {
            let list_name = format!("{name}_{component}_binary-{arch}_Packages");
            put(&list_name, &packages(list, arch));
        }
    }
    put("etc/apt/sources.list", &sources);
    for folder in
        ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "etc/apt/preferences.d"]
    {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
}
