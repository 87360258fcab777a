use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use plimsoll_model::{ArchiveStatus, Os, Package, PackageId, SourcePackage};
use plimsoll_testkit::{AptArchive, AptKey, AptSuite, Deb};
use tempfile::TempDir;

use super::*;
use crate::testing;
use crate::update::{FeedResult, UpdateRequest, update};

const SECURITY: &str = "security.debian.org/debian-security";
const MAIN: &str = "ftp.debian.org/debian";
const VENDOR: &str = "apt.vendor.example/repo";
/// When archives are made.
const MADE: i64 = 1_799_990_000;
const HOUR: i64 = 3600;

/// A copy of Debian's archives, and a session that reads it with a cache.
struct World {
    directory: TempDir,
    session: Session,
    key: AptKey,
}

impl World {
    /// The security suite has a fix of zlib.
    fn new() -> Self {
        let (directory, mut session) = testing::session();
        let key = AptKey::new(1);
        let keyring = directory.path().join("key.gpg");
        fs::write(&keyring, key.keyring()).unwrap();
        session.settings.offline = false;
        session.settings.cache_dir = Some(directory.path().join("cache"));
        session.settings.cache_limit = 1 << 30;
        session.settings.keyring = Some(keyring);
        session.settings.feeds_from = Some(directory.path().join("feeds").display().to_string());
        let world = Self { directory, session, key };
        world.write(MAIN, [AptSuite::new("bookworm"), AptSuite::new("bookworm-updates")]);
        world.write(SECURITY, [security().package(zlib())]);
        world
    }

    fn write(&self, place: &str, suites: impl IntoIterator<Item = AptSuite>) {
        self.write_with(place, suites, &self.key, MADE);
    }

    fn write_with(
        &self,
        place: &str,
        suites: impl IntoIterator<Item = AptSuite>,
        key: &AptKey,
        made: i64,
    ) {
        let archive = AptArchive::new(self.path("feeds").join(place), key);
        suites.into_iter().fold(archive, AptArchive::suite).write(made).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn security_file(&self, name: &str) -> PathBuf {
        self.path("feeds").join(SECURITY).join("dists/bookworm-security").join(name)
    }

    /// Goes on in time.
    fn wait(&mut self, hours: i64) {
        let now = self.session.surroundings.now + SignedDuration::from_hours(hours);
        self.session.surroundings.now = now;
        self.session.settings.as_of = TimeZone::UTC.to_datetime(now).date();
    }

    fn outlook(&self, patience: Patience, image: &ImageInventory) -> Outlook {
        let images = std::slice::from_ref(image);
        let archives = Archives::open(&self.session, patience, images).unwrap();
        archives.outlook(image, &|_| {}).unwrap()
    }

    /// What becomes of an image with an old zlib.
    #[track_caller]
    fn check(&self, patience: Patience, status: ArchiveStatus, is_whole: bool) -> Outlook {
        let outlook = self.outlook(patience, &image("12", "bookworm", &["amd64"], &[]));
        let suite = suite(&outlook, "bookworm-security");
        assert_eq!(suite.status, status, "{suite:?}");
        assert_eq!(outlook.is_whole, is_whole, "{suite:?}");
        let pending: Vec<_> = outlook.updates.iter().map(|n| n.pending.source.as_str()).collect();
        let expected: &[&str] = if status.is_usable() { &["zlib"] } else { &[] };
        assert_eq!(pending, expected);
        outlook
    }
}

fn security() -> AptSuite {
    AptSuite::new("bookworm-security").security("bookworm")
}

fn zlib() -> Deb {
    Deb::new("zlib1g", "2").source("zlib").architecture("amd64")
}

fn suite<'a>(outlook: &'a Outlook, name: &str) -> &'a ArchiveSuite {
    outlook.suites.iter().find(|suite| suite.suite == name).unwrap()
}

/// A release of Debian with zlib in its first version.
fn image(
    release: &str,
    codename: &str,
    architectures: &[&str],
    files: &[(&str, &[u8])],
) -> ImageInventory {
    let package = |arch: &&str| Package {
        id: PackageId::of(Ecosystem::Debian, "zlib1g", "1", Some(arch)),
        ecosystem: Ecosystem::Debian,
        name: "zlib1g".to_owned(),
        version: "1".to_owned(),
        arch: Some((*arch).to_owned()),
        source: Some(SourcePackage { name: "zlib".to_owned(), version: "1".to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    };
    let os = Os {
        id: "debian".to_owned(),
        version_id: Some(release.to_owned()),
        codename: Some(codename.to_owned()),
        pretty_name: None,
        eol: None,
        ecosystem: Some(Ecosystem::Debian),
        scope: Some(format!("debian:{release}").parse().unwrap()),
    };
    let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
    ImageInventory {
        os: Some(os),
        packages: architectures.iter().map(package).collect(),
        manager_files: files.collect(),
        ..testing::inventory("docker")
    }
}

/// Flips the last byte of every file below a directory whose path holds this.
fn damage(directory: &Path, part: &str) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += damage(&path, part);
        } else if path.display().to_string().contains(part) {
            let mut bytes = fs::read(&path).unwrap();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            fs::write(&path, bytes).unwrap();
            count += 1;
        }
    }
    count
}

/// What a suite is worth depends on who asks: its bytes are shared, not the verdict.
#[test]
fn images_of_one_run_are_judged_by_their_own_keys_and_releases() {
    let mut world = World::new();
    world.session.settings.allowed_sources = vec!["apt.vendor.example".to_owned()];
    let vendor = AptKey::new(7);
    let stable = AptSuite::new("stable").field("Label", "Vendor");
    world.write_with(VENDOR, [stable.package(zlib())], &vendor, MADE);
    world.write(MAIN, [AptSuite::new("stable").field("Codename", "bookworm")]);
    let list = format!(
        "deb [signed-by=/usr/share/keyrings/v.gpg] https://{VENDOR} stable main\n\
         deb http://{MAIN} stable main\n"
    );
    let image = |release, codename, key: &AptKey| {
        let files: &[(&str, &[u8])] = &[
            ("etc/apt/sources.list", list.as_bytes()),
            ("usr/share/keyrings/v.gpg", &key.keyring()),
        ];
        image(release, codename, &["amd64"], files)
    };
    let images = [
        image("12", "bookworm", &vendor),
        image("12", "bookworm", &AptKey::new(8)),
        image("13", "trixie", &vendor),
    ];
    let archives = Archives::open(&world.session, Patience::None, &images).unwrap();
    let statuses = images.each_ref().map(|image| {
        let outlook = archives.outlook(image, &|_| {}).unwrap();
        let status = |place: &str| {
            let is_it = |s: &&ArchiveSuite| s.suite == "stable" && s.address == place;
            outlook.suites.iter().find(is_it).unwrap().status
        };
        (status(VENDOR), status(MAIN))
    });
    use ArchiveStatus::{Inconsistent, SignedByImageKey, Verified, WronglySigned};
    let expected =
        [(SignedByImageKey, Verified), (WronglySigned, Verified), (SignedByImageKey, Inconsistent)];
    assert_eq!(statuses, expected);
}

/// The page of a network that wants a password first is no archive.
#[test]
fn what_is_no_good_does_not_displace_what_was() {
    let mut world = World::new();
    world.check(Patience::None, ArchiveStatus::Verified, true);
    let good = fs::read(world.security_file("InRelease")).unwrap();
    fs::write(world.security_file("InRelease"), "<html>Who are you?</html>").unwrap();
    world.check(Patience::None, ArchiveStatus::Unsigned, false);
    // An answer that fresh would do, but not after such a one.
    let patience = Patience::For(SignedDuration::from_hours(24));
    world.check(patience, ArchiveStatus::Unsigned, false);
    world.session.settings.offline = true;
    world.check(patience, ArchiveStatus::Verified, true);
    world.session.settings.offline = false;
    fs::write(world.security_file("InRelease"), good).unwrap();
    world.check(patience, ArchiveStatus::Verified, true);
}

#[test]
fn an_old_answer_counts_for_as_long_as_the_operator_says() {
    let mut world = World::new();
    world.check(Patience::None, ArchiveStatus::Verified, true);
    world.session.settings.offline = true;
    world.session.settings.max_db_age = Some(SignedDuration::from_hours(48));
    world.wait(47);
    world.check(Patience::None, ArchiveStatus::Verified, true);
    world.wait(2);
    let outlook = world.check(Patience::None, ArchiveStatus::Verified, false);
    let reason = suite(&outlook, "bookworm-security").reason.clone().unwrap();
    assert!(reason.starts_with("checked last at "), "{reason}");
    // Nor does one that was made by a clock that was ahead.
    world.wait(-50);
    world.check(Patience::None, ArchiveStatus::Verified, false);
}

#[test]
fn the_answers_of_another_place_are_not_its_own() {
    let mut world = World::new();
    world.check(Patience::None, ArchiveStatus::Verified, true);
    world.session.settings.offline = true;
    fs::create_dir(world.path("other")).unwrap();
    world.session.settings.feeds_from = Some(world.path("other").display().to_string());
    world.check(Patience::None, ArchiveStatus::Unreachable, false);
}

#[test]
fn a_signature_beside_its_text_does_offline_too() {
    let mut world = World::new();
    fs::remove_file(world.security_file("InRelease")).unwrap();
    world.check(Patience::None, ArchiveStatus::Verified, true);
    world.session.settings.offline = true;
    world.check(Patience::None, ArchiveStatus::Verified, true);
}

#[test]
fn a_damaged_index_of_the_cache_is_compiled_anew() {
    let world = World::new();
    world.check(Patience::None, ArchiveStatus::Verified, true);
    let cache = world.path("cache/archives");
    let files = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let damaged = files
        .filter(|path| path.display().to_string().contains(PACKAGES))
        .filter_map(|path| Some((damage_behind_the_header(&fs::read(&path).unwrap())?, path)));
    let damaged: Vec<_> = damaged.collect();
    assert_eq!(damaged.len(), 1, "that of the security suite, which alone has packages");
    for (bytes, path) in &damaged {
        fs::write(path, bytes).unwrap();
    }
    world.check(Patience::None, ArchiveStatus::Verified, true);
    world.check(Patience::None, ArchiveStatus::Verified, true);
}

/// An index with one wrong byte, which opens and cannot be used.
fn damage_behind_the_header(bytes: &[u8]) -> Option<Vec<u8>> {
    (0..bytes.len()).rev().find_map(|at| {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 0xff;
        let index = Index::from_bytes("test", damaged.clone()).ok()?;
        index.package("zlib1g").ok()?.any(|entry| entry.is_err()).then_some(damaged)
    })
}

/// One index that is no good costs what it would have said, not what the others say.
#[test]
fn the_good_indexes_of_a_suite_count_without_the_bad_one() {
    let world = World::new();
    let both = security().architectures(&["amd64", "i386"]);
    let both = both.packages([zlib(), zlib().architecture("i386")]);
    world.write(SECURITY, [both]);
    let suites = ["bookworm", "bookworm-updates"];
    world.write(MAIN, suites.map(|s| AptSuite::new(s).architectures(&["amd64", "i386"])));
    assert!(damage(&world.security_file("main"), "binary-i386") > 0);
    let outlook =
        world.outlook(Patience::None, &image("12", "bookworm", &["amd64", "amd64", "i386"], &[]));
    let suite = suite(&outlook, "bookworm-security");
    assert_eq!(suite.status, ArchiveStatus::Verified);
    assert!(suite.reason.as_ref().unwrap().contains("binary-i386"), "{suite:?}");
    assert!(!outlook.is_whole);
    assert_eq!(outlook.updates.len(), 1);
}

/// What an image names besides the distribution's own security suite does not make the answer less.
#[test]
fn an_expired_snapshot_beside_the_security_suite_leaves_the_outlook_whole() {
    let mut world = World::new();
    let snapshot = "snapshot.example/debian-security";
    world.session.settings.allowed_sources = vec!["snapshot.example".to_owned()];
    world.write(snapshot, [security().valid_until(MADE - HOUR)]);
    let list = format!("deb https://{snapshot} bookworm-security main\n");
    let files: &[(&str, &[u8])] = &[("etc/apt/sources.list", list.as_bytes())];
    let outlook = world.outlook(Patience::None, &image("12", "bookworm", &["amd64"], files));
    let statuses: Vec<_> = outlook.suites.iter().map(|s| (s.address.as_str(), s.status)).collect();
    assert!(statuses.contains(&(snapshot, ArchiveStatus::Expired)), "{statuses:?}");
    assert!(outlook.is_whole, "{statuses:?}");
}

/// The dates of an update of the database are kept as those of any other run.
#[test]
fn the_database_is_not_made_from_an_older_suite_than_before() {
    let mut world = World::new();
    let request = UpdateRequest {
        scopes: vec!["debian:12".parse().unwrap()],
        feeds: vec![plimsoll_distro::FEED.to_owned()],
        ..UpdateRequest::default()
    };
    let outcome = |world: &World| {
        let mut outcomes = update(&world.session, &request, &|_| {}).unwrap().outcomes;
        outcomes.pop().unwrap().result
    };
    assert!(matches!(outcome(&world), FeedResult::Updated { .. }));
    world.write_with(SECURITY, [security()], &world.key, MADE - HOUR);
    world.session.settings.cache_dir = None;
    let FeedResult::Failed { reason, .. } = outcome(&world) else { panic!("not refused") };
    assert!(reason.contains("before the one of"), "{reason}");
}
