//! Scans that share a cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use plimsoll_image::PlatformChoice;
use plimsoll_inventory::{Budget, Cache, Event, FactsFrom, read};

use crate::support::{
    Blob, Layout, chain, names, open, read_with, settings, settle, status, tar_of, try_open,
};

pub(crate) fn layers() -> Vec<Blob> {
    let (one, two) = (status(&["a 1"]), status(&["a 1", "b 1"]));
    vec![
        Blob::gzip(&tar_of(&[("var/lib/dpkg/status", one.as_bytes()), ("x", b"")])),
        Blob::zstd(&tar_of(&[("var/lib/dpkg/status", two.as_bytes())])),
        Blob::plain(&tar_of(&[("etc/os-release", b"ID=debian\nVERSION_ID=12")])),
    ]
}

/// Reads an image of these layers, and counts those that were read and those that were known.
pub(crate) fn count(reference: &str, cache: &Cache) -> (usize, usize) {
    let counts = Mutex::new((0, 0));
    let inventory = read_with(open(reference), Some(cache), &|event| {
        if let Event::LayerDone { from, .. } = event {
            let mut counts = counts.lock().unwrap();
            match from {
                FactsFrom::Bytes => counts.0 += 1,
                FactsFrom::Cache => counts.1 += 1,
            }
        }
    });
    assert_eq!(names(&inventory.unwrap()[0]), ["a 1", "b 1"]);
    counts.into_inner().unwrap()
}

#[test]
fn an_unchanged_layer_is_not_read_again() {
    let layout = Layout::new(&layers());
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("cache"));
    settle();
    assert_eq!(count(&layout.reference(), &cache), (3, 0));
    assert_eq!(count(&layout.reference(), &cache), (0, 3));
    // Another copy of the same layers has other stamps.
    let copy = Layout::new(&layers());
    settle();
    assert_eq!(count(&copy.reference(), &cache), (3, 0));
    let mut changed = layers();
    changed.push(Blob::gzip(&tar_of(&[("new", b"")])));
    let tar = layout.path().join("image.tar");
    fs::write(&tar, copy.tar()).unwrap();
    settle();
    let archive = format!("oci-archive:{}", tar.display());
    assert_eq!(count(&archive, &cache), (3, 0));
    assert_eq!(count(&archive, &cache), (0, 3));
    cache.prune(0).unwrap();
    assert_eq!(count(&archive, &cache), (3, 0));
}

#[test]
fn a_changed_byte_is_noticed_in_a_cached_image() {
    let blobs = layers();
    let layout = Layout::new(&blobs);
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    settle();
    assert_eq!(count(&layout.reference(), &cache), (3, 0));
    let path = layout.blob_path(&blobs[0].bytes);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = chain(&read_with(open(&layout.reference()), Some(&cache), &|_| {}).unwrap_err());
    assert!(error.contains("digest"), "{error}");
}

#[test]
fn a_configuration_that_lies_is_caught_with_the_cache_too() {
    let mut blobs = layers();
    let honest = Layout::new(&blobs);
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    settle();
    assert_eq!(count(&honest.reference(), &cache), (3, 0));
    blobs[1].diff_id = blobs[0].diff_id.clone();
    let mut lying = Layout::new(&layers());
    lying.add("arm64", &blobs);
    settle();
    let opened = || try_open(&lying.reference(), PlatformChoice::All).unwrap();
    for _ in 0..2 {
        let error = chain(&read_with(opened(), Some(&cache), &|_| {}).unwrap_err());
        assert!(error.contains("diff_id"), "{error}");
    }
}

#[test]
fn layers_that_platforms_share_are_read_once() {
    let mut layout = Layout::new(&layers());
    let mut other = layers();
    other.push(Blob::gzip(&tar_of(&[("arm", b"")])));
    layout.add("arm64", &other);
    let read_layers = Mutex::new(0);
    let opened = try_open(&layout.reference(), PlatformChoice::All).unwrap();
    let all = read_with(opened, None, &|event| {
        if matches!(event, Event::LayerStarted { .. }) {
            *read_layers.lock().unwrap() += 1;
        }
    });
    assert_eq!(all.unwrap().len(), 2);
    assert_eq!(read_layers.into_inner().unwrap(), 4);
}

#[test]
fn eight_scans_at_once_share_one_cache() {
    let layout = Layout::new(&layers());
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().join("cache"));
    settle();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let inventory =
                    &read_with(open(&layout.reference()), Some(&cache), &|_| {}).unwrap()[0];
                assert_eq!(names(inventory), ["a 1", "b 1"]);
                assert_eq!(inventory.notes, Vec::<String>::new());
            });
        }
    });
    assert_eq!(cache.info().unwrap().layers, 3);
}

/// Run by the next test in processes of their own.
#[test]
fn a_scan_in_a_process() {
    let (Ok(reference), Ok(cache)) =
        (std::env::var("PLIMSOLL_TEST_IMAGE"), std::env::var("PLIMSOLL_TEST_CACHE"))
    else {
        return;
    };
    let cache = Cache::new(cache.into());
    let inventory = &read_with(open(&reference), Some(&cache), &|_| {}).unwrap()[0];
    assert_eq!(names(inventory), ["a 1", "b 1"]);
    assert_eq!(inventory.notes, Vec::<String>::new());
}

#[test]
fn eight_processes_share_one_cache() {
    let layout = Layout::new(&layers());
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("cache");
    settle();
    let scans: Vec<_> = (0..8)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "cache::a_scan_in_a_process"])
                .env("PLIMSOLL_TEST_IMAGE", layout.reference())
                .env("PLIMSOLL_TEST_CACHE", &cache)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut scan in scans {
        assert!(scan.wait().unwrap().success());
    }
    assert_eq!(Cache::new(cache).info().unwrap().layers, 3);
}

#[test]
fn a_cache_that_cannot_be_used_is_a_note() {
    let layout = Layout::new(&layers());
    let blocked = Cache::new("/dev/null/cache".into());
    let inventory = &read_with(open(&layout.reference()), Some(&blocked), &|_| {}).unwrap()[0];
    assert_eq!(names(inventory), ["a 1", "b 1"]);
    assert_eq!(inventory.notes.len(), 1, "{:?}", inventory.notes);
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let open_to_all = Cache::new(directory.path().to_owned());
    let inventory = &read_with(open(&layout.reference()), Some(&open_to_all), &|_| {}).unwrap()[0];
    assert!(inventory.notes[0].contains("others may write to it"), "{:?}", inventory.notes);
    assert_eq!(open_to_all.info().unwrap().files, 0);
}

#[test]
fn the_smallest_budget_still_reads_everything() {
    let layout = Layout::new(&layers());
    let budget = Budget::new(1);
    let inventory = &read(open(&layout.reference()), &settings(None, &budget, &|_| {})).unwrap()[0];
    assert_eq!(names(inventory), ["a 1", "b 1"]);
}
