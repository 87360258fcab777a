//! How long it takes to recognise a base among a million known images: `cargo run --release -p plimsoll-lineage
//! --example million [IMAGES]`. Prints times, sizes and the memory that writing took.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, run by hand")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use plimsoll_lineage::{
    Catalogue, DiffIds, Known, KnownImage, PackageList, Source, Subject, merge, recognise,
};
use plimsoll_model::{DiffId, Digest, ImageName};
use sha2::{Digest as _, Sha256};

/// Layers of an image that is recognised; its base has half of them.
const LAYERS: usize = 12;
/// Images of one repository.
const TAGS: usize = 500;
const RUNS: usize = 2_000;

fn main() {
    let count = std::env::args().nth(1).map_or(1_000_000, |count| count.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bases");

    let started = Instant::now();
    let images = (0..count).map(image).collect();
    println!("made {count} images in {:.1?}", started.elapsed());
    let started = Instant::now();
    merge(&path, images).unwrap();
    let size = std::fs::metadata(&path).unwrap().len() >> 20;
    println!("wrote {size} MiB in {:.1?}; peak {}", started.elapsed(), peak());
    let started = Instant::now();
    let merged = merge(&path, (0..50).map(|number| image(count + number)).collect()).unwrap();
    println!("added {} in {:.1?}", merged.added, started.elapsed());

    let started = Instant::now();
    let catalogue = Catalogue::open(&path).unwrap();
    println!("opened in {:.1?}", started.elapsed());
    let mut times: Vec<Duration> =
        (0..RUNS).map(|run| time(&catalogue, run * 7_919 % count)).collect();
    times.sort();
    println!(
        "recognised {RUNS} images of {LAYERS} layers: first {:.1?}, median {:.1?}, 99 % within {:.1?}",
        times[RUNS - 1],
        times[RUNS / 2],
        times[RUNS * 99 / 100]
    );
}

fn image(number: usize) -> KnownImage {
    let name = format!("registry.example/team/app{}:1.{}", number / TAGS, number % TAGS);
    let mut image =
        KnownImage::new(&name.parse().unwrap(), Source::Learned).with_layers(&layers(number));
    image.digest = Some(digest(&format!("manifest {number}")));
    image.config = Some(digest(&format!("config {number}")));
    image.platform = Some("linux/amd64".parse().unwrap());
    image
}

fn layers(number: usize) -> Vec<DiffId> {
    (0..LAYERS / 2).map(|layer| DiffId(digest(&format!("layer {number} {layer}")))).collect()
}

fn time(catalogue: &Catalogue, number: usize) -> Duration {
    let mut diff_ids = layers(number);
    diff_ids.extend((0..LAYERS / 2).map(|layer| DiffId(digest(&format!("own {layer}")))));
    let (packages, annotations) = (PackageList::default(), BTreeMap::new());
    let name: ImageName = "shop:1.4".parse().unwrap();
    let subject = Subject {
        name: Some(&name),
        digest: None,
        config: None,
        platform: None,
        diff_ids: &diff_ids,
        proof: DiffIds::Verified,
        blobs: &[],
        annotations: &annotations,
        env: &[],
        history: &[],
        os: None,
        packages: &packages,
        materials: &[],
    };
    let started = Instant::now();
    let found = recognise(&subject, &Known { catalogue, others: &[] }).unwrap();
    let elapsed = started.elapsed();
    assert_eq!(found.base.unwrap().layers, LAYERS / 2);
    elapsed
}

fn digest(text: &str) -> Digest {
    Digest::sha256(&Sha256::digest(text).into())
}

/// The most memory that the process has had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
