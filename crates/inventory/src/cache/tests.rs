//! The cache on a real file system, shared and damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, SystemTime};

use plimsoll_image::{ArchivedImage, ArchivedLayer, HistoryStep, Metadata};
use plimsoll_model::Image;

use super::*;
use crate::testing::{facts_of, tar_of};

fn known(name: &str) -> Known {
    let facts = facts_of(&tar_of(&[name, "var/lib/dpkg/status: Package: a\nVersion: 1\n"]));
    let digest = layer::digest(Checksum::of(Algorithm::Sha256, name.as_bytes()));
    Known { digest, facts: Arc::new(facts) }
}

fn images(reference: &str) -> Vec<ArchivedImage> {
    let image = Image {
        reference: reference.to_owned(),
        source: "oci-archive".to_owned(),
        digest: None,
        config_digest: None,
        platform: "linux/amd64".parse().ok(),
        created: "2024-09-26T21:31:42.5Z".parse().ok(),
        layers: Vec::new(),
    };
    let layer = ArchivedLayer {
        entry: Some("1/layer.tar".to_owned()),
        digest: None,
        diff_id: Some(DiffId(Digest::sha256(&[7; 32]))),
        size: Some(9),
        media_type: None,
        foreign: true,
    };
    let step = HistoryStep {
        created: "2024-09-26T21:31:42.5Z".parse().ok(),
        created_by: Some("RUN x".to_owned()),
        comment: None,
        empty_layer: Some(false),
    };
    let metadata = Metadata {
        names: vec!["a:1".to_owned()],
        labels: [("k".to_owned(), "v".to_owned())].into(),
        history: vec![step],
        ..Metadata::default()
    };
    vec![ArchivedImage { image, layers: vec![layer], metadata }]
}

fn all_files(cache: &Cache) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for directory in fs::read_dir(cache.directory()).unwrap() {
        for file in fs::read_dir(directory.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    files
}

#[test]
fn facts_are_found_by_all_their_names() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("a/b"));
    let known = known("x");
    assert_eq!(cache.by_digest(&known.digest), None);
    assert_eq!(cache.info().unwrap().files, 0);
    cache.store(&known, Some("stamp")).unwrap();
    assert_eq!(cache.facts(known.facts.diff_id()).as_ref(), Some(&known.facts));
    assert_eq!(cache.by_digest(&known.digest).as_ref(), Some(&known.facts));
    assert_eq!(cache.by_stamp("stamp").as_ref(), Some(&known));
    assert_eq!(cache.by_stamp("other"), None);
    let info = cache.info().unwrap();
    assert_eq!((info.layers, info.files), (1, 3));
    for file in all_files(&cache) {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(cache.directory()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn damage_counts_as_absent_and_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let known = known("x");
    let damages: [fn(&Path); 5] = [
        |path| fs::write(path, b"").unwrap(),
        |path| fs::write(path, b"rubbish").unwrap(),
        |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap();
        },
    ];
    for damage in damages {
        cache.store(&known, Some("stamp")).unwrap();
        cache.store_archive("key", &images("x")).unwrap();
        assert!(cache.by_archive("key").is_some());
        let image = Digest::sha256(&[1; 32]);
        cache.store_image(&image, &[known.facts.diff_id()]).unwrap();
        assert!(cache.by_image(&image).is_some());
        for file in all_files(&cache) {
            damage(&file);
        }
        assert_eq!(cache.by_digest(&known.digest), None);
        assert_eq!(cache.by_stamp("stamp"), None);
        assert_eq!(cache.facts(known.facts.diff_id()), None);
        assert_eq!(cache.by_archive("key"), None);
        assert_eq!(cache.by_image(&image), None);
        cache.store(&known, Some("stamp")).unwrap();
        assert_eq!(cache.by_stamp("stamp").as_ref(), Some(&known));
    }
}

#[test]
fn facts_under_another_name_are_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let (one, other) = (known("one"), known("other"));
    cache.store(&one, None).unwrap();
    let path = cache.facts_path(other.facts.diff_id());
    fs::copy(cache.facts_path(one.facts.diff_id()), path).unwrap();
    assert_eq!(cache.facts(other.facts.diff_id()), None);
}

#[test]
fn images_are_found_by_their_key_alone() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    cache.store_archive("one", &images("x")).unwrap();
    assert_eq!(cache.by_archive("one"), Some(images("x")));
    assert_eq!(cache.by_archive("other"), None);
    fs::copy(cache.archive_path("one"), cache.archive_path("other")).unwrap();
    assert_eq!(cache.by_archive("other"), None);
    let info = cache.info().unwrap();
    assert_eq!((info.layers, info.files), (0, 2));
    assert_eq!(cache.prune(0).unwrap().files, 2);
    assert_eq!(cache.by_archive("one"), None);
}

#[test]
fn an_engines_image_is_found_by_its_digest_alone() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let (one, other) = (Digest::sha256(&[1; 32]), Digest::sha256(&[2; 32]));
    let diff_ids = [DiffId(Digest::sha256(&[3; 32])), DiffId(Digest::sha512(&[4; 64]))];
    cache.store_image(&one, &diff_ids.each_ref()).unwrap();
    assert_eq!(cache.by_image(&one), Some(diff_ids.to_vec()));
    assert_eq!(cache.by_image(&other), None);
    fs::copy(cache.image_path(&one), cache.image_path(&other)).unwrap();
    assert_eq!(cache.by_image(&other), None);
    assert_eq!(cache.prune(0).unwrap().files, 2);
    assert_eq!(cache.by_image(&one), None);
}

#[test]
fn what_is_too_large_to_be_read_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    cache.store_archive("key", &images(&"x".repeat(16 << 20))).unwrap();
    assert_eq!(cache.info().unwrap().files, 0);
}

#[test]
fn many_share_a_cache() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("cache"));
    let layers: Vec<Known> = (0..4).map(|n| known(&n.to_string())).collect();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    for known in &layers {
                        if let Some(found) = cache.by_digest(&known.digest) {
                            assert_eq!(found, known.facts);
                        }
                        cache.store(known, Some("stamp")).unwrap();
                    }
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..20 {
                cache.prune(1000).unwrap();
            }
        });
    });
    for known in &layers {
        cache.store(known, None).unwrap();
        assert_eq!(cache.by_digest(&known.digest).as_ref(), Some(&known.facts));
    }
    assert!(
        all_files(&cache).iter().all(|path| !path.to_string_lossy().contains(files::TEMPORARY))
    );
}

#[test]
fn the_least_used_is_pruned() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let (old, new) = (known("old"), known("new"));
    let day = Duration::from_secs(24 * 60 * 60);
    for (known, age) in [(&old, 5 * day), (&new, 3 * day)] {
        cache.store(known, None).unwrap();
        for path in [cache.facts_path(known.facts.diff_id()), cache.digest_path(&known.digest)] {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
    }
    // Used again, so no longer the oldest.
    assert!(cache.by_digest(&old.digest).is_some());
    let left = cache.directory().join("facts").join(format!("{}1-1-1", files::TEMPORARY));
    fs::write(&left, b"left by a crash").unwrap();
    let file = fs::File::options().write(true).open(&left).unwrap();
    file.set_modified(SystemTime::now() - day).unwrap();
    let half = cache.info().unwrap().bytes / 2;
    let pruned = cache.prune(half).unwrap();
    assert_eq!((pruned.files, pruned.left <= half), (3, true));
    assert!(!left.exists());
    assert!(cache.by_digest(&old.digest).is_some());
    assert_eq!(cache.by_digest(&new.digest), None);
    assert_eq!(cache.prune(0).unwrap().left, 0);
    assert_eq!(Cache::new("/nonexistent/x".into()).prune(0).unwrap().files, 0);
}

#[test]
fn directories_that_others_fill_are_counted_and_pruned_where_they_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    for name in ["archives", "stranger"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        fs::write(directory.path().join(name).join("x"), b"12345").unwrap();
    }
    assert_eq!(cache.info().unwrap().bytes, 0);
    assert_eq!(cache.prune(0).unwrap().files, 0);
    let shared = cache.shared_with(&["archives"]);
    assert_eq!((shared.info().unwrap().bytes, shared.info().unwrap().layers), (5, 0));
    assert_eq!(shared.prune(0).unwrap().files, 1);
    assert_eq!(fs::read(directory.path().join("stranger/x")).unwrap(), b"12345");
}

#[test]
fn a_cache_of_others_is_not_used_and_one_that_cannot_be_written_is_said_to_be() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("open"));
    cache.prepare().unwrap();
    fs::set_permissions(cache.directory(), fs::Permissions::from_mode(0o777)).unwrap();
    let message = cache.prepare().unwrap_err().to_string();
    assert!(message.ends_with("is not used: others may write to it"), "{message}");
    let blocked = Cache::new("/dev/null/cache".into());
    assert!(matches!(blocked.store(&known("x"), None), Err(CacheError::Write { .. })));
}
