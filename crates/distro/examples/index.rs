//! What an index of packages costs, for `cargo xtask bench index`.
//!
//! `index PACKAGES` only inflates it. `index PACKAGES STATUS INDEX` compiles it into the file INDEX and looks there for
//! newer versions of what STATUS, a status file of dpkg, has.

#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use plimsoll_distro::{
    AptState, CompiledIndex, Index, Offer, Packages, Pocket, Preferences, Release, pending_updates,
};
use plimsoll_model::{Ecosystem, Package, PackageId};
use plimsoll_unpack::{Decoder, Limits};

type Failure = Box<dyn Error + Send + Sync>;

/// As `plimsoll changes` reads it.
const BUFFER_BYTES: usize = 256 << 10;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [packages] => println!("{} bytes", inflate(packages)?),
        [packages, status, index] => {
            let candidates = candidates(packages, status, Path::new(index))?;
            println!("{candidates} candidates");
        }
        _ => return Err("usage: index PACKAGES [STATUS INDEX]".into()),
    }
    Ok(())
}

fn open(path: &str) -> Result<impl Read + use<>, Failure> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(Decoder::buffered(file, &Limits::default())?)
}

fn inflate(path: &str) -> Result<u64, Failure> {
    let (mut decoder, mut buffer, mut bytes) = (open(path)?, vec![0; BUFFER_BYTES], 0);
    loop {
        match decoder.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => bytes += read as u64,
        }
    }
}

fn candidates(packages: &str, status: &str, place: &Path) -> Result<usize, Failure> {
    let compiled = CompiledIndex::of(open(packages)?)?;
    plimsoll_table::write_atomically(place, |file| compiled.write_to(file))?;
    drop(compiled);
    let index = Index::open(place)?;
    let installed = installed(status)?;
    let state = AptState {
        packages: &installed,
        native: "amd64",
        holds: &BTreeSet::new(),
        machine_id: None,
    };
    let offer = Offer {
        suite: "bookworm",
        site: "ftp.debian.org",
        pocket: Pocket::Main,
        release: &Release::default(),
        component: "main",
        architecture: "amd64",
        index: &index,
    };
    let updates = pending_updates(state, &[offer], &Preferences::of(&BTreeMap::new()))?;
    Ok(updates.pending.len())
}

/// A status file is written like an index.
fn installed(status: &str) -> Result<Vec<Package>, Failure> {
    let mut installed = Vec::new();
    for read in Packages::new(open(status)?) {
        let read = read?;
        installed.push(Package {
            id: PackageId::of(
                Ecosystem::Debian,
                &read.name,
                &read.version,
                Some(&read.architecture),
            ),
            ecosystem: Ecosystem::Debian,
            name: read.name,
            version: read.version,
            arch: Some(read.architecture),
            source: Some(read.source),
            module: None,
            vendor: None,
            license: None,
            purl: String::new(),
            locations: Vec::new(),
            introduced_in: None,
        });
    }
    Ok(installed)
}
