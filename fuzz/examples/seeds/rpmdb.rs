//! Databases of the three formats: those that rpmdb's tests build, and small real ones.

use std::fs;
use std::path::Path;

use crate::{Corpus, Result, bdb_built, ndb_built, sqlite_built};

/// The real databases that fit into a fuzzer's input.
const REAL: [&str; 3] = ["syft-bdb", "scalibr-bdb-epoch", "libuuid-bdb"];

pub(crate) fn write(corpus: &mut Corpus, shared: Option<&Path>) -> Result<()> {
    for names in [&[][..], &["ash"], &["ash", "birch", "cedar"]] {
        add(corpus, &[], &ndb_built::database(names))?;
    }
    for big in [false, true] {
        add(corpus, &[], &bdb_built::sample(big).bytes())?;
        add(corpus, &log(big), &sqlite_built::leaf(&["ash"]).bytes())?;
    }
    for (page_size, reserved) in [(512, 0), (512, 32), (1024, 0)] {
        add(corpus, &[], &sqlite_built::two_leaves(page_size, reserved).bytes())?;
    }
    for name in REAL.iter().filter(|_| shared.is_some()) {
        let path = format!("rpmdb/{name}/var/lib/rpm/Packages");
        add(corpus, &[], &fs::read(shared.unwrap_or(Path::new("")).join(path))?)?;
    }
    Ok(())
}

/// A log that adds a package, and a page of a commit that never came.
fn log(big: bool) -> Vec<u8> {
    let newer = sqlite_built::leaf(&["ash", "birch"]);
    let mut log = sqlite_built::Wal::new(1024, big);
    log.frame(2, 2, &newer.pages[1]);
    log.frame(2, 0, &newer.pages[1]);
    log.bytes
}

fn add(corpus: &mut Corpus, log: &[u8], database: &[u8]) -> Result<()> {
    let length = (log.len() as u32).to_le_bytes();
    corpus.add([&length[..], log, database].concat())
}
