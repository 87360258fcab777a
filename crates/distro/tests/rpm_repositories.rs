//! Pending updates of rpm systems, with the real dnf as the judge.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Cursor, Read};

use jiff::Timestamp;
use plimsoll_distro::Keyring;
use plimsoll_distro::rpm::{
    Candidate, Changes, Configuration, Index, Keys, Kind, MetadataFile, Question, Received, Repomd,
    System, Transport, Wanted, judge, pending, places, read_modules, read_other, read_primary,
    read_updateinfo, update,
};
use plimsoll_model::{ArchiveStatus, Ecosystem, Package, PackageId, SourcePackage, Update};
use plimsoll_testkit::{Rpm, RpmContents, RpmNotice, RpmRepository, RpmSystem};
use plimsoll_unpack::{Decoder, Limits};

/// A host of the distribution, in the place of the directory that dnf reads.
const HOST: &str = "https://download.rockylinux.org";

fn system() -> System {
    System {
        ecosystem: Ecosystem::Rocky,
        id: "rocky".to_owned(),
        version_id: "9.3".to_owned(),
        arch: "x86_64".to_owned(),
    }
}

/// What rpm's database says, as the inventory reads it.
fn installed(system: &RpmSystem) -> Vec<Package> {
    let database = fs::read(system.database()).unwrap();
    let wal = fs::read(system.database().with_extension("sqlite-wal")).ok();
    let found = plimsoll_rpmdb::read(&database, wal.as_deref()).unwrap();
    assert_eq!(found.problems, []);
    found.packages.iter().map(package).collect()
}

fn package(rpm: &plimsoll_rpmdb::Package) -> Package {
    let evr = |version: &str, release: &str| match rpm.epoch {
        None | Some(0) => format!("{version}-{release}"),
        Some(epoch) => format!("{epoch}:{version}-{release}"),
    };
    let version = evr(&rpm.version, &rpm.release);
    let label = rpm.modularity_label.as_deref().unwrap_or_default();
    let mut parts = label.split(':');
    let module = parts.next().zip(parts.next()).map(|(name, stream)| format!("{name}:{stream}"));
    Package {
        id: PackageId::of(Ecosystem::Rocky, &rpm.name, &version, rpm.arch.as_deref()),
        ecosystem: Ecosystem::Rocky,
        name: rpm.name.clone(),
        version,
        arch: rpm.arch.clone(),
        source: rpm.source().map(|source| SourcePackage {
            name: source.name.to_owned(),
            version: evr(source.version, source.release),
        }),
        module,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// The configuration of the system, the directories of the test being at [`HOST`].
fn configuration(rpm_system: &RpmSystem) -> Configuration {
    let root = rpm_system.root();
    let paths = [
        "etc/yum.repos.d/test.repo",
        "etc/dnf/dnf.conf",
        "etc/dnf/plugins/versionlock.list",
        "etc/dnf/modules.d/demo.module",
    ];
    let files: BTreeMap<_, _> = paths
        .iter()
        .filter_map(|path| Some((*path, fs::read_to_string(root.join(path)).ok()?)))
        .map(|(path, text)| (path, text.replace("file://", HOST)))
        .collect();
    Configuration::read(files.iter().map(|(path, text)| (*path, text.as_bytes())), &system())
}

/// A file of the metadata, checked and unpacked; none where the repository has none of this kind.
fn open(repository: &RpmRepository, repomd: &Repomd, kind: Kind) -> Option<impl BufRead + use<>> {
    let file: &MetadataFile = repomd.file(kind)?;
    let bytes = fs::read(repository.directory().join(&file.path)).unwrap();
    file.check(&bytes).unwrap();
    Some(BufReader::new(Decoder::new(Cursor::new(bytes), &Limits::default()).unwrap()))
}

/// Our own reading of the root file system and repositories that dnf reads.
fn pending_updates(
    rpm_system: &RpmSystem,
    repositories: &[RpmRepository],
) -> Vec<(Candidate, Update)> {
    let (system, configuration) = (system(), configuration(rpm_system));
    let installed = installed(rpm_system);
    let wanted = Wanted::of(&installed);
    let (mut indexes, mut changes) = (Vec::new(), Changes::new());
    // The release's own are not what dnf reads here.
    let asked = places(&system, &configuration, &|_| false).asked.into_iter();
    for place in asked.filter(|place| !place.is_default) {
        let repository = repositories.iter().find(|r| r.id() == place.repository.id).unwrap();
        let repomd = fs::read(repository.directory().join("repodata/repomd.xml")).unwrap();
        let received = Received {
            repomd: &repomd,
            signature: None,
            over: Transport::Https,
            seen: None,
            now: Timestamp::now(),
        };
        let none = Keyring::default();
        let judged = judge(&place, &received, &Keys { trusted: &none, image: &none });
        assert_eq!(judged.suite.status, ArchiveStatus::TransportOnly);
        let repomd = judged.repomd.unwrap();
        let open = |kind| open(repository, &repomd, kind);
        let primary = read_primary(open(Kind::Primary).unwrap(), &wanted).unwrap();
        assert_eq!(primary.problems, [""; 0]);
        let pkgids = primary.packages.iter().map(|package| package.pkgid.clone()).collect();
        changes.extend(read_other(open(Kind::Other).unwrap(), &pkgids).unwrap());
        let notices =
            open(Kind::UpdateInfo).map(|input| read_updateinfo(input, &wanted).unwrap().notices);
        let modules = open(Kind::Modules).map(|mut input| {
            let mut yaml = Vec::new();
            input.read_to_end(&mut yaml).unwrap();
            read_modules(&yaml, &wanted)
        });
        let modules = modules.unwrap_or_default();
        assert_eq!(modules.problems, [""; 0]);
        indexes.push(Index {
            repository: place.repository,
            packages: primary.packages,
            notices,
            modules,
        });
    }
    let question = Question {
        system: &system,
        installed: &installed,
        configuration: &configuration,
        indexes: &indexes,
    };
    let told = |candidate: Candidate| {
        let changes = changes.get(&candidate.pkgid).map(Vec::as_slice).unwrap_or_default();
        let update = update(&candidate, changes);
        (candidate, update)
    };
    pending(&question).into_iter().map(told).collect()
}

/// Compares what would be installed with dnf, and the advisories about it; gives our own updates.
fn check(rpm_system: &RpmSystem, repositories: &[RpmRepository]) -> Vec<(Candidate, Update)> {
    let found = pending_updates(rpm_system, repositories);
    let taken = || found.iter().map(|(c, _)| &c.pending).filter(|p| p.held_back.is_none());
    let lines: BTreeSet<_> = taken()
        .flat_map(|pending| {
            pending.binaries.iter().map(|binary| {
                let arch = binary.arch.as_deref().unwrap_or_default();
                format!("{}.{arch} {} {}", binary.name, binary.candidate, pending.suite)
            })
        })
        .collect();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let judged = rpm_system.dnf(&["check-update"]);
    let judged: BTreeSet<_> = judged.lines().map(words).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, judged, "check-update");

    let ids: BTreeSet<_> =
        taken().flat_map(|p| &p.bulletins).map(|bulletin| bulletin.id.clone()).collect();
    let judged = rpm_system.dnf(&["updateinfo", "list"]);
    let judged: BTreeSet<_> = judged
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert_eq!(ids, judged, "updateinfo list");
    found
}

/// `source installed -> candidate repository`, with what marks it.
fn lines(found: &[(Candidate, Update)]) -> Vec<String> {
    found
        .iter()
        .map(|(_, update)| {
            let Update { source, installed, candidate, suite, .. } = update;
            let held = update.held_back.map_or(String::new(), |held| format!(" {held:?}"));
            let security = if update.security { " security" } else { "" };
            let ids = update.ids.join(",");
            format!("{source} {installed} -> {candidate} {suite}{held}{security} {ids}")
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn updates_and_advisories_are_those_of_dnf() {
    let Some(rpm_system) = RpmSystem::new() else { return };
    rpm_system.install(&[
        Rpm::new("bash", "5.1-6.el9").sibling("bash-docs"),
        Rpm::new("perl", "5.32-1").epoch(4),
        Rpm::new("curl", "8.0-1"),
        Rpm::new("newer", "2.0-1"),
        Rpm::new("kernel", "6.1-1"),
        Rpm::new("kernel", "6.2-1"),
    ]);
    let bash = Rpm::new("bash", "5.1-7.el9").sibling("bash-docs").changelog(
        "* Tue Jan 06 2026 A B <a@b.example> - 5.1-7\n- CVE-2026-0002: fix it\n\n\
         * Mon Jan 05 2026 A B <a@b.example> - 5.1-6\n- CVE-2026-0001: fix it\n",
    );
    let old_bash = Rpm::new("bash", "5.1-5.el9");
    let (perl, kernel) = (Rpm::new("perl", "5.34-1").epoch(4), Rpm::new("kernel", "6.3-1"));
    let between = Rpm::new("perl", "5.33-1").epoch(4);
    let notices = [
        RpmNotice::new("RLSA-0", "security", "Low").fixes("CVE-2025-0001").brings(&old_bash),
        RpmNotice::new("RLSA-1", "security", "Important").fixes("CVE-2026-0002").brings(&bash),
        RpmNotice::new("RLBA-2", "bugfix", "").brings(&perl),
        RpmNotice::new("RLSA-3", "security", "Critical").fixes("CVE-2026-0003").brings(&between),
        RpmNotice::new("RLEA-4", "enhancement", "").brings(&kernel),
    ];
    let baseos = RpmRepository::new(
        rpm_system.place(),
        "baseos",
        &RpmContents {
            packages: &[bash, old_bash, perl, between, kernel, Rpm::new("newer", "1.0-1")],
            notices: Some(&notices),
            modules: None,
        },
    );
    let packages = [Rpm::new("curl", "8.0-2"), Rpm::new("unknown", "1-1")];
    let contents = RpmContents { packages: &packages, ..RpmContents::default() };
    let silent = RpmRepository::new(rpm_system.place(), "silent", &contents);
    rpm_system.write("etc/yum.repos.d/test.repo", &(baseos.section("") + &silent.section("")));
    let found = check(&rpm_system, &[baseos, silent]);
    assert_eq!(
        lines(&found),
        [
            "bash 5.1-6.el9 -> 5.1-7.el9 baseos security CVE-2026-0002",
            "curl 8.0-1 -> 8.0-2 silent",
            "kernel 6.2-1 -> 6.3-1 baseos",
            "perl 4:5.32-1 -> 4:5.34-1 baseos security CVE-2026-0003",
        ]
    );
    let [(_, bash), (_, curl), ..] = found.as_slice() else { panic!("two updates") };
    assert_eq!(bash.binaries, ["bash", "bash-docs"]);
    let texts: Vec<_> = bash.entries.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts,
        ["RLSA-1\nRLSA-1: a title\nwhat RLSA-1 <is> about", "- CVE-2026-0002: fix it",]
    );
    assert!(bash.complete && bash.problem.is_none());
    assert!(!curl.complete);
    assert_eq!(curl.problem.as_deref(), Some("this repository ships no updateinfo"));
}

#[test]
fn excludes_includes_priorities_and_locks_hold_back_as_in_dnf() {
    let Some(rpm_system) = RpmSystem::new() else { return };
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let at = |version: &str| names.map(|name| Rpm::new(name, version));
    rpm_system.install(&at("1-1"));
    let place = rpm_system.place();
    let all = RpmContents { packages: &at("2-1"), ..RpmContents::default() };
    let newest = RpmContents { packages: &at("3-1"), ..RpmContents::default() };
    let preferred = [Rpm::new("c", "2-2"), Rpm::new("d", "1-1")];
    let preferred = RpmContents { packages: &preferred, ..RpmContents::default() };
    let repositories = [
        RpmRepository::new(place, "all", &all),
        RpmRepository::new(place, "newest", &newest),
        RpmRepository::new(place, "preferred", &preferred),
    ];
    let [all, newest, preferred] = &repositories;
    let sections = [
        all.section("excludepkgs=b"),
        newest.section("includepkgs=b* c d e"),
        preferred.section("priority=10"),
    ];
    rpm_system.write("etc/yum.repos.d/test.repo", &sections.concat());
    rpm_system.write("etc/dnf/dnf.conf", "[main]\nplugins=1\nexclude=a f-2*\n");
    rpm_system.write("etc/dnf/plugins/versionlock.list", "# comment\ne-0:2-1.*\ng-0:1-1.*\n");
    let found = check(&rpm_system, &repositories);
    assert_eq!(
        lines(&found),
        [
            "a 1-1 -> 3-1 newest Pinned",
            "b 1-1 -> 3-1 newest",
            "c 1-1 -> 2-2 preferred",
            "d 1-1 -> 3-1 newest Pinned",
            "e 1-1 -> 2-1 all",
            "f 1-1 -> 3-1 newest Pinned",
            "g 1-1 -> 3-1 newest Pinned",
        ]
    );
}

#[test]
fn packages_of_modules_stay_in_their_stream_as_in_dnf() {
    let Some(rpm_system) = RpmSystem::new() else { return };
    let modular = |version: &str, stream: &str| {
        Rpm::new("demo", version).module(&format!("demo:{stream}:1:c"))
    };
    rpm_system.install(&[modular("18.1-1", "18"), Rpm::new("plain", "1-1")]);
    let (next, other) = (modular("18.2-1", "18"), modular("20.1-1", "20"));
    let bare = Rpm::new("demo", "30-1");
    let document = |stream: &str, nevra: &str| {
        format!(
            "---\ndocument: modulemd\nversion: 2\ndata:\n  name: demo\n  stream: \"{stream}\"\n  version: 1\n  \
             context: c\n  arch: x86_64\n  summary: s\n  description: d\n  license:\n    module: [MIT]\n  \
             artifacts:\n    rpms:\n    - {nevra}\n...\n"
        )
    };
    let modules = document("18", &next.nevra())
        + &document("20", &other.nevra())
        + "---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: demo\n  stream: \"20\"\n...\n";
    let notices = [
        RpmNotice::new("RLSA-18", "security", "Moderate").fixes("CVE-2026-0018").brings(&next),
        RpmNotice::new("RLSA-20", "security", "Moderate").fixes("CVE-2026-0020").brings(&other),
    ];
    let appstream = RpmRepository::new(
        rpm_system.place(),
        "appstream",
        &RpmContents {
            packages: &[next, other, bare, Rpm::new("plain", "2-1")],
            notices: Some(&notices),
            modules: Some(&modules),
        },
    );
    let repositories = [appstream];
    let [appstream] = &repositories;
    rpm_system.write("etc/yum.repos.d/test.repo", &appstream.section(""));
    let enabled =
        |stream: &str| format!("[demo]\nname=demo\nprofiles=\nstate=enabled\nstream={stream}\n");
    rpm_system.write("etc/dnf/modules.d/demo.module", &enabled("18"));
    let expected = "demo 18.1-1 -> 18.2-1 appstream security CVE-2026-0018";
    let plain = "plain 1-1 -> 2-1 appstream";
    assert_eq!(lines(&check(&rpm_system, &repositories)), [expected, plain]);

    rpm_system.write("etc/dnf/modules.d/demo.module", &enabled("20"));
    let expected = "demo 18.1-1 -> 20.1-1 appstream security CVE-2026-0020";
    assert_eq!(lines(&check(&rpm_system, &repositories)), [expected, plain]);

    rpm_system.write(
        "etc/dnf/modules.d/demo.module",
        "[demo]\nname=demo\nstream=\nprofiles=\nstate=disabled\n",
    );
    let expected = "demo 18.1-1 -> 30-1 appstream";
    assert_eq!(lines(&check(&rpm_system, &repositories)), [expected, plain]);
}
