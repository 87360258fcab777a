//! Pending updates of an rpm system, from its root file system and a copy of its repositories.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use plimsoll_flow::{PlatformChoice, Session, Settings, Surroundings, changes};
use plimsoll_model::{ArchiveStatus, Changes, Platform};
use plimsoll_testkit::{AptKey, Rpm, RpmContents, RpmNotice, RpmRepository, RpmSystem};

/// What this release has without anybody naming it.
const BASE: &str = "packages.microsoft.com/azurelinux/3.0/prod/base/x86_64";

/// A system with one repository at its distribution's host and one elsewhere, and a copy of the first.
struct Fixture {
    rpm_system: RpmSystem,
    repository: RpmRepository,
}

impl Fixture {
    fn new() -> Option<Self> {
        let rpm_system = RpmSystem::new()?;
        rpm_system.install(&[Rpm::new("bash", "5.1-6"), Rpm::new("curl", "8.0-1")]);
        rpm_system.write("etc/os-release", "ID=azurelinux\nVERSION_ID=\"3.0\"\n");
        let bash = Rpm::new("bash", "5.1-7");
        let curl = Rpm::new("curl", "8.0-2").changelog(
            "* Tue Jan 06 2026 A B <a@b.example> - 8.0-2\n- CVE-2026-0002: fix it\n\n\
             * Mon Jan 05 2026 A B <a@b.example> - 8.0-1\n- first\n",
        );
        let notice =
            RpmNotice::new("RLSA-1", "security", "Important").fixes("CVE-2026-0001").brings(&bash);
        let contents =
            RpmContents { packages: &[bash, curl], notices: Some(&[notice]), modules: None };
        let repository = RpmRepository::new(rpm_system.place(), "test", &contents);
        let fixture = Self { rpm_system, repository };
        fs::create_dir_all(fixture.copy()).unwrap();
        fs::rename(
            fixture.repository.directory().join("repodata"),
            fixture.copy().join("repodata"),
        )
        .unwrap();
        for private in ["cache-home", "state"] {
            let path = fixture.rpm_system.place().path(private);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        Some(fixture)
    }

    /// The repository in the copy that is laid out by host and path.
    fn copy(&self) -> PathBuf {
        self.path("feeds").join(BASE)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.rpm_system.place().path(name)
    }

    fn settings(&self) -> Settings {
        Settings {
            cache_dir: Some(self.path("cache-home")),
            cache_limit: 1 << 30,
            state_dir: self.path("state"),
            feeds_from: Some(self.path("feeds").display().to_string()),
            mirrors: Vec::new(),
            keyring: None,
            allowed_sources: Vec::new(),
            offline: false,
            generation: None,
            max_db_age: None,
            refresh_after: SignedDuration::from_hours(1),
            memory: 64 << 20,
            timeout: Duration::from_secs(5),
            insecure: Vec::new(),
            platform: PlatformChoice::Host(Platform::host()),
            as_of: TimeZone::UTC.to_datetime(Timestamp::now()).date(),
            tool_version: "0".to_owned(),
        }
    }

    fn changes(&self, settings: Settings) -> Changes {
        let euid = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
        let surroundings = Surroundings {
            variables: BTreeMap::new(),
            home: None,
            euid: euid.unwrap(),
            now: Timestamp::now(),
        };
        let session = Session::new(settings, surroundings);
        let reference = format!("dir:{}", self.rpm_system.root().display()).parse().unwrap();
        let mut found = changes(&session, &[reference], &|_| {}).unwrap();
        assert!(found.failures.is_empty(), "{:?}", found.failures);
        found.changes.remove(0)
    }

    fn check(&self, settings: Settings, status: ArchiveStatus, updates: &[&str]) -> Changes {
        let found = self.changes(settings);
        let changes = &found;
        let [suite] = changes.distribution_archive.as_slice() else {
            panic!("one repository: {:?}", changes.distribution_archive)
        };
        assert_eq!(suite.status, status, "{:?}", suite.reason);
        assert_eq!(found.is_whole, status.is_usable());
        let lines: Vec<_> = changes
            .updates
            .iter()
            .map(|update| {
                let security = if update.security { "security " } else { "" };
                format!("{} {} {security}{}", update.source, update.candidate, update.ids.join(","))
            })
            .collect();
        assert_eq!(lines, updates);
        found
    }
}

const UPDATES: &[&str] = &["bash 5.1-7 security CVE-2026-0001", "curl 8.0-2 CVE-2026-0002"];

#[test]
fn advisories_and_changelogs_say_what_is_pending() {
    let Some(fixture) = Fixture::new() else { return };
    let found = fixture.check(fixture.settings(), ArchiveStatus::TransportOnly, UPDATES);
    let [bash, curl] = found.updates.as_slice() else { panic!("two updates") };
    // An advisory alone does not say that it is all.
    assert!(!bash.complete && curl.complete);
    assert_eq!(
        bash.problem.as_deref(),
        Some("no changelog says whether its advisories are all since then")
    );
    assert_eq!(curl.entries.len(), 1);
    assert_eq!(curl.entries[0].text, "- CVE-2026-0002: fix it");

    // What was read once is there without the copy.
    let feeds = fixture.path("feeds");
    fs::rename(&feeds, fixture.path("away")).unwrap();
    fs::create_dir(&feeds).unwrap();
    let offline = Settings { offline: true, ..fixture.settings() };
    fixture.check(offline, ArchiveStatus::TransportOnly, UPDATES);
    fixture.check(fixture.settings(), ArchiveStatus::Unreachable, &[]);
}

#[test]
fn a_repository_is_verified_by_the_operators_key() {
    let Some(fixture) = Fixture::new() else { return };
    let key = AptKey::new(7);
    let keyring = fixture.path("keyring.gpg");
    fs::write(&keyring, key.keyring()).unwrap();
    let repomd = fixture.copy().join("repodata/repomd.xml");
    let text = fs::read_to_string(&repomd).unwrap();
    let signature = repomd.with_extension("xml.asc");
    let now = Timestamp::now().as_second();
    fs::write(&signature, key.sign_detached(&text, now)).unwrap();
    let settings = Settings { keyring: Some(keyring), ..fixture.settings() };
    let found = fixture.check(settings.clone(), ArchiveStatus::Verified, UPDATES);
    let signed_by = found.distribution_archive[0].signed_by.clone();
    assert_eq!(signed_by, Some(key.fingerprint()));

    fs::write(&signature, key.sign_detached("another text", now)).unwrap();
    fixture.check(settings, ArchiveStatus::WronglySigned, &[]);
}

#[test]
fn what_does_not_belong_together_or_is_old_does_not_count() {
    let Some(fixture) = Fixture::new() else { return };
    let repomd = fixture.copy().join("repodata/repomd.xml");
    fixture.check(fixture.settings(), ArchiveStatus::TransportOnly, UPDATES);
    let text = fs::read_to_string(&repomd).unwrap();
    let (before, rest) = text.split_once("<revision>").unwrap();
    let (_, behind) = rest.split_once('<').unwrap();
    fs::write(&repomd, format!("{before}<revision>1700000000<{behind}")).unwrap();
    fixture.check(fixture.settings(), ArchiveStatus::RolledBack, &[]);

    fs::write(&repomd, text).unwrap();
    damage(&fixture.copy().join("repodata"), "-primary.xml.gz");
    let uncached = Settings { cache_dir: None, ..fixture.settings() };
    fixture.check(uncached, ArchiveStatus::Inconsistent, &[]);
}

#[test]
fn repositories_elsewhere_are_not_asked() {
    let Some(fixture) = Fixture::new() else { return };
    let repo = "[other]\nbaseurl=http://repository.example/x/\n";
    fixture.rpm_system.write("etc/yum.repos.d/test.repo", repo);
    let found = fixture.changes(fixture.settings());
    // The distribution's own are asked whatever the image says.
    assert_eq!(suites(&found), ["azurelinux-official-base transport_only", "other not_allowed"]);
    assert!(found.is_whole);
}

/// A part of the distribution, or what it was once, is good for what it offers and does not stand for the release.
#[test]
fn only_the_repositories_of_the_release_make_the_answer_whole() {
    let Some(fixture) = Fixture::new() else { return };
    let frozen = "packages.microsoft.com/azurelinux/3.0/frozen";
    let repo = format!("[frozen]\nbaseurl=https://{frozen}/\n");
    fixture.rpm_system.write("etc/yum.repos.d/test.repo", &repo);
    let place = fixture.path("feeds").join(frozen);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::rename(fixture.copy(), &place).unwrap();
    let found = fixture.changes(fixture.settings());
    let expected = ["frozen transport_only", "azurelinux-official-base unreachable"];
    assert_eq!(suites(&found), expected);
    assert_eq!(found.updates.len(), 2);
    assert!(!found.is_whole);
}

fn suites(changes: &Changes) -> Vec<String> {
    let suites = changes.distribution_archive.iter();
    suites.map(|suite| format!("{} {}", suite.suite, suite.status)).collect()
}

/// Changes the last byte of the file with this end of its name.
fn damage(directory: &Path, suffix: &str) {
    let mut files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.display().to_string().ends_with(suffix)).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(file, bytes).unwrap();
}
