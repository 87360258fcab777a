//! The database on disk: swapping, keeping, bundles, damage.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::Advisory;
use plimsoll_vulndb::{Change, Compiled, Provenance, Shrinkage, Store, Trust, Validator};

use crate::build::{Database, advisory, compile, new, now, provenance, scope};

/// `count` advisories of a feed for a scope.
fn many(feed: &str, scope: &str, count: usize) -> Compiled {
    let advisories: Vec<Advisory> = (0..count)
        .map(|n| advisory(feed, scope, &format!("CVE-2020-{n:04}"), &format!("p{n}"), "2-1"))
        .collect();
    compile(&advisories).remove(0)
}

fn shards(database: &Database) -> Vec<String> {
    let generation = database.generation();
    generation
        .shards()
        .iter()
        .map(|shard| {
            let scope = shard.scope.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{scope} {} {}", shard.feed, shard.advisories)
        })
        .collect()
}

fn files(database: &Database, folder: &str) -> usize {
    fs::read_dir(database.path().join(folder)).unwrap().count()
}

#[test]
fn an_update_of_one_scope_keeps_the_others_and_the_previous_generation() {
    let database = Database::of(vec![
        many("debian-tracker", "debian:12", 5),
        many("alpine-secdb", "alpine:3.20", 3),
    ]);
    let first = database.generation();
    database
        .store
        .install(vec![new(many("debian-tracker", "debian:12", 6))], Shrinkage::Refuse)
        .unwrap();
    let second = database.generation();
    assert_ne!(first.id(), second.id());
    assert_eq!(shards(&database), ["debian:12 debian-tracker 6", "alpine:3.20 alpine-secdb 3"]);
    assert_eq!(database.store.previous().unwrap().unwrap(), first);
    for id in [first.id(), &first.id()[..6], "previous"] {
        assert_eq!(database.store.generation(id).unwrap().id(), first.id(), "{id}");
    }
    let error = database.store.generation("zz").unwrap_err().to_string();
    assert!(error.contains("no generation \"zz\"") && error.contains(first.id()), "{error}");

    // A third one: the first goes, with the shard that only it had.
    database
        .store
        .install(vec![new(many("debian-tracker", "debian:12", 7))], Shrinkage::Refuse)
        .unwrap();
    assert!(database.store.generation(first.id()).is_err());
    assert_eq!((files(&database, "shards"), files(&database, "generations")), (3, 2));
    assert_eq!(database.store.verify().unwrap(), []);
}

#[test]
fn identical_feeds_are_the_same_generation_whenever_they_were_fetched() {
    let database = Database::of(vec![many("debian-tracker", "debian:12", 5)]);
    let first = database.generation();
    let later = now() + SignedDuration::from_hours(24);
    let provenance = Provenance { checked: later, trust: Trust::Copy, ..provenance() };
    let compiled = many("debian-tracker", "debian:12", 5);
    database.store.install(vec![Change::New { compiled, provenance }], Shrinkage::Refuse).unwrap();
    let second = database.generation();
    assert_eq!(first.id(), second.id());
    assert_eq!(second.shards()[0].checked, later);
    assert_eq!(second.shards()[0].as_of, now());
    assert_eq!(second.shards()[0].trust, Trust::Copy);
    assert_eq!(database.store.previous().unwrap(), None);
}

#[test]
fn the_date_of_a_shard_is_the_feeds_own_then_the_servers_then_the_first_sight() {
    let day = |text: &str| -> Timestamp { format!("{text}T00:00:00Z").parse().unwrap() };
    for (own, server, expected) in [
        (Some(day("2026-01-01")), Some(day("2026-02-02")), day("2026-01-01")),
        (None, Some(day("2026-02-02")), day("2026-02-02")),
        (None, None, now()),
    ] {
        let database = Database::empty();
        let compiled = Compiled { date: own, ..many("debian-tracker", "debian:12", 5) };
        let provenance = Provenance { modified: server, ..provenance() };
        database
            .store
            .install(vec![Change::New { compiled, provenance }], Shrinkage::Refuse)
            .unwrap();
        assert_eq!(database.generation().shards()[0].as_of, expected);
        assert_eq!(database.generation().as_of(&[scope("debian:12")]), Some(expected));
        assert_eq!(database.generation().as_of(&[scope("debian:13")]), None);
    }
}

#[test]
fn a_feed_that_fails_or_shrinks_absurdly_keeps_its_last_good_shard_and_says_so() {
    let database = Database::of(vec![many("debian-tracker", "debian:12", 120)]);
    let failed = |scope_text: &str| Change::Failed {
        feed: "debian-tracker".to_owned(),
        scope: Some(scope(scope_text)),
        reason: "502 Bad Gateway".to_owned(),
    };
    let first = database.generation();

    let outcome = database
        .store
        .install(vec![failed("debian:12"), failed("debian:13")], Shrinkage::Refuse)
        .unwrap();
    let reasons: Vec<_> = outcome.setbacks.iter().map(|s| (s.reason.as_str(), s.kept)).collect();
    assert_eq!(reasons, [("502 Bad Gateway", Some(now())), ("502 Bad Gateway", None)]);
    assert_eq!(database.generation().id(), first.id());
    assert_eq!(database.generation().shards()[0].kept.as_deref(), Some("502 Bad Gateway"));

    let shrink = |count, shrinkage| {
        let outcome = database
            .store
            .install(vec![new(many("debian-tracker", "debian:12", count))], shrinkage)
            .unwrap();
        outcome.setbacks.first().map(|setback| setback.reason.clone())
    };
    assert_eq!(shrink(59, Shrinkage::Refuse).as_deref(), Some("it shrank from 120 to 59 records"));
    assert_eq!(shards(&database), ["debian:12 debian-tracker 120"]);
    assert_eq!(shrink(60, Shrinkage::Refuse), None);
    assert_eq!(database.generation().shards()[0].kept, None);
    // A small feed may lose most of what it says.
    assert_eq!(shrink(1, Shrinkage::Refuse), None);
    assert_eq!(shrink(200, Shrinkage::Refuse), None);
    assert_eq!(shrink(1, Shrinkage::Accept), None);
    assert_eq!(shards(&database), ["debian:12 debian-tracker 1"]);
}

#[test]
fn an_unchanged_feed_is_only_checked() {
    let database = Database::empty();
    let validators = vec![Validator {
        address: "https://example/x".to_owned(),
        etag: Some("\"1\"".to_owned()),
        last_modified: None,
    }];
    let provenance = Provenance { validators: validators.clone(), ..provenance() };
    let compiled = many("debian-tracker", "debian:12", 5);
    database.store.install(vec![Change::New { compiled, provenance }], Shrinkage::Refuse).unwrap();
    let first = database.generation();
    let checked = now() + SignedDuration::from_hours(6);
    let unchanged = Change::Unchanged {
        feed: "debian-tracker".to_owned(),
        scope: Some(scope("debian:12")),
        checked,
    };
    database.store.install(vec![unchanged], Shrinkage::Refuse).unwrap();
    let shard = database.generation().shards()[0].clone();
    assert_eq!((shard.checked, shard.as_of), (checked, now()));
    assert_eq!(shard.validators, validators);
    assert_eq!(database.generation().id(), first.id());
}

#[test]
fn a_bundle_carries_a_generation_as_it_is() {
    let source = Database::of(vec![
        many("debian-tracker", "debian:12", 5),
        many("debian-tracker", "debian:13", 5),
        many("alpine-secdb", "alpine:3.20", 3),
    ]);
    let mut bundle = Vec::new();
    let digest = source.store.export(&source.generation(), &mut bundle).unwrap();
    assert!(
        bundle == {
            let mut again = Vec::new();
            source.store.export(&source.generation(), &mut again).unwrap();
            again
        }
    );

    let target = Database::of(vec![many("osv-rocky", "rocky:9", 4)]);
    let before = target.generation();
    let installed = target.store.import(&bundle[..], Some(&digest)).unwrap();
    assert_eq!(installed.generation.id(), source.generation().id());
    assert!(
        installed.generation.shards().iter().all(|shard| shard.trust == Trust::ImportedVerified)
    );
    assert_eq!(target.store.previous().unwrap().unwrap().id(), before.id());
    assert_eq!(target.store.verify().unwrap(), []);

    let unverified = Database::empty();
    unverified.store.import(&bundle[..], None).unwrap();
    assert!(unverified.generation().shards().iter().all(|shard| shard.trust == Trust::Imported));
}

#[test]
fn a_wrong_bundle_changes_nothing_and_leaves_nothing() {
    let source = Database::of(vec![many("debian-tracker", "debian:12", 5)]);
    let mut bundle = Vec::new();
    let digest = source.store.export(&source.generation(), &mut bundle).unwrap();
    let target = Database::of(vec![many("osv-rocky", "rocky:9", 4)]);
    let before = target.generation();

    let mut longer = bundle.clone();
    longer.push(0);
    let mut flipped = bundle.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let other = plimsoll_model::Digest::sha256(&[7; 32]);
    for (bytes, expected, message) in [
        (&bundle[..bundle.len() - 1], None, "digest or size differs"),
        (&bundle[..40], None, "its manifest"),
        (&bundle[..7], None, "cut off"),
        (&b"something else entirely, and long enough"[..], None, "does not begin like one"),
        (&longer[..], None, "more bytes behind"),
        (&flipped[..], None, "digest or size differs"),
        (&bundle[..], Some(&other), "the bundle has digest"),
    ] {
        let error = target.store.import(bytes, expected).unwrap_err().to_string();
        assert!(error.contains(message), "{error} instead of {message}");
        assert_eq!(target.generation(), before);
        assert_eq!(files(&target, "shards"), 1, "{message}");
    }
    target.store.import(&bundle[..], Some(&digest)).unwrap();
}

#[test]
fn damage_is_named() {
    let database = Database::of(vec![many("debian-tracker", "debian:12", 50)]);
    let generation = database.generation();
    let shard = &generation.shards()[0];
    assert_eq!(generation.check(shard), Ok(()));
    let path = generation.path(shard);
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for (bytes, reason) in
        [(&flipped[..], "digest"), (&whole[..whole.len() - 1], "digest"), (&[][..], "digest")]
    {
        fs::write(&path, bytes).unwrap();
        let damages = database.store.verify().unwrap();
        assert_eq!(damages.len(), 1);
        assert!(damages[0].reason.contains(reason), "{damages:?}");
        assert_eq!(generation.check(shard).as_ref(), Err(&damages[0].reason));
    }
    fs::remove_file(&path).unwrap();
    assert!(generation.check(shard).is_err());
    assert_eq!(database.store.verify().unwrap().len(), 1);
    // Installing the same again repairs it.
    database
        .store
        .install(vec![new(many("debian-tracker", "debian:12", 50))], Shrinkage::Refuse)
        .unwrap();
    assert_eq!(database.store.verify().unwrap(), []);
}

#[test]
fn a_store_that_is_not_there_is_empty_and_a_broken_one_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("db"));
    assert_eq!(store.current().unwrap(), None);
    assert_eq!(store.verify().unwrap(), []);
    assert!(!directory.path().join("db").exists());

    fs::create_dir(directory.path().join("db")).unwrap();
    for (content, message) in
        [("", "no generation's id"), ("../../etc\n", "no generation's id"), ("abcd\n", "abcd.json")]
    {
        fs::write(directory.path().join("db/current"), content).unwrap();
        let error = store.current().unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn unfinished_files_of_a_killed_writer_are_removed() {
    let database = Database::of(vec![many("debian-tracker", "debian:12", 5)]);
    fs::write(database.path().join("shards/.unfinished-abc"), "half").unwrap();
    database.store.install(vec![], Shrinkage::Refuse).unwrap();
    assert_eq!(files(&database, "shards"), 1);
}

#[test]
fn concurrent_writers_and_readers_do_not_lose_anything() {
    let database = Database::of(vec![many("osv-rocky", "rocky:9", 4)]);
    std::thread::scope(|threads| {
        for release in 10..14 {
            let store = database.store.clone();
            threads.spawn(move || {
                let compiled = many("debian-tracker", &format!("debian:{release}"), release);
                store.install(vec![new(compiled)], Shrinkage::Refuse).unwrap();
            });
        }
        for _ in 0..50 {
            assert!(!database.generation().shards().is_empty());
        }
    });
    assert_eq!(database.generation().shards().len(), 5);
    assert_eq!(database.store.verify().unwrap(), []);
}
