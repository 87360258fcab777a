//! How long recognising takes among a million chains, for `cargo xtask bench bases`.
//!
//! `recognise CATALOGUE` makes the file unless it is there, and prints times.

#![expect(clippy::print_stdout, reason = "an example prints what it measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_lineage::{
    Catalogue, DiffIds, Known, KnownImage, PackageList, Recognition, Source, Subject, merge,
    recognise,
};
use plimsoll_model::{DiffId, Digest};
use sha2::{Digest as _, Sha256};

type Failure = Box<dyn Error + Send + Sync>;

const IMAGES: u64 = 1_000_000;
/// As of a registry that a company has built up for years.
const TAGS_OF_EACH: u64 = 500;
/// Layers that an application has on top of its base.
const OWN_LAYERS: u64 = 4;
const RUNS: u64 = 500;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("usage: recognise CATALOGUE")?;
    let path = Path::new(&path);
    if !path.exists() {
        make(path)?;
    }
    measure("open the catalogue", |_| Ok(Catalogue::open(path).map(drop)?))?;
    let catalogue = Catalogue::open(path)?;
    measure("recognise a base", |run| {
        // Spread over the whole catalogue.
        let number = run * (IMAGES / RUNS);
        let found = find(&catalogue, &stack(number))?;
        let base = found.base.ok_or("the base was not found")?;
        let expected = name(number)?;
        match base.reference == expected && base.layers as u64 == layers(number) {
            true => Ok(()),
            false => Err(format!("{} was found instead of {expected}", base.reference).into()),
        }
    })?;
    measure("find that there is none", |run| match find(&catalogue, &stack(IMAGES + run))?.base {
        None => Ok(()),
        Some(base) => Err(format!("{} was found", base.reference).into()),
    })
}

/// Prints `WHAT: median N µs, worst N µs`.
fn measure(what: &str, work: impl Fn(u64) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let start = Instant::now();
        work(run)?;
        times.push(start.elapsed());
    }
    times.sort();
    let median = times.get(times.len() / 2).map_or(0, Duration::as_micros);
    let worst = times.last().map_or(0, Duration::as_micros);
    println!("{what}: median {median} µs, worst {worst} µs");
    Ok(())
}

fn find(catalogue: &Catalogue, diff_ids: &[DiffId]) -> Result<Recognition, Failure> {
    let subject = Subject {
        name: None,
        digest: None,
        config: None,
        platform: None,
        diff_ids,
        proof: DiffIds::Verified,
        blobs: &[],
        annotations: &BTreeMap::new(),
        env: &[],
        history: &[],
        os: None,
        packages: &PackageList::new::<&str, &str>([]),
        materials: &[],
    };
    Ok(recognise(&subject, &Known { catalogue, others: &[] })?)
}

fn make(path: &Path) -> Result<(), Failure> {
    let mut images = Vec::new();
    for number in 0..IMAGES {
        let mut image = KnownImage::new(&name(number)?.parse()?, Source::Learned);
        image.digest = Some(digest(number, "manifest"));
        image.config = Some(digest(number, "config"));
        image.platform = Some("linux/amd64".parse()?);
        image.seen = Some("2026-11-24T00:00:00Z".parse()?);
        let stack = stack(number);
        let base = stack.len() - usize::try_from(OWN_LAYERS)?;
        images.push(image.with_layers(&stack[..base]));
    }
    let merged = merge(path, images)?;
    match merged.added as u64 == IMAGES {
        true => Ok(()),
        false => Err(format!("only {} images were added", merged.added).into()),
    }
}

fn name(number: u64) -> Result<String, Failure> {
    Ok(format!("registry.example/image{}:1.{}", number / TAGS_OF_EACH, number % TAGS_OF_EACH))
}

/// Between one and ten.
fn layers(number: u64) -> u64 {
    1 + number % 10
}

/// The layers of an image on top of this one.
fn stack(number: u64) -> Vec<DiffId> {
    (0..layers(number) + OWN_LAYERS)
        .map(|layer| DiffId(digest(number, &format!("layer {layer}"))))
        .collect()
}

/// The digest of something that nobody has.
fn digest(number: u64, what: &str) -> Digest {
    Digest::sha256(&Sha256::digest(format!("{what} of {number}")).into())
}
