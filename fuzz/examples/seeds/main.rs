//! Writes the seeds of every fuzz target to `fuzz/corpus/TARGET/seed-N`: small inputs built here, and
//! real data from `../shared/data` where that is present. See docs/fuzzing.md.

#[path = "../../../crates/rpmdb/tests/it/bdb_built.rs"]
#[expect(dead_code, unused_imports, reason = "its tests are not built here")]
mod bdb_built;
mod feeds;
#[path = "../../../crates/rpmdb/tests/it/header_built.rs"]
mod header_built;
mod inflate;
#[path = "../../../crates/rpmdb/tests/it/ndb_built.rs"]
#[expect(dead_code, unused_imports, reason = "its tests are not built here")]
mod ndb_built;
mod packages;
mod rpmdb;
#[path = "../../../crates/rpmdb/tests/it/sqlite_built.rs"]
#[expect(dead_code, unused_imports, reason = "its tests are not built here")]
mod sqlite_built;
mod table;
mod tars;
mod versions;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where one target's seeds go.
struct Corpus {
    directory: PathBuf,
    count: usize,
}

impl Corpus {
    fn of(target: &str) -> Result<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, count: 0 })
    }

    fn add(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        fs::write(self.directory.join(format!("seed-{:04}", self.count)), bytes)?;
        self.count += 1;
        Ok(())
    }
}

fn main() -> Result<()> {
    type Seeds = fn(&mut Corpus, Option<&Path>) -> Result<()>;
    let targets: [(&str, Seeds); 12] = [
        ("apk", packages::write_apk),
        ("archive", packages::write_archive),
        ("dpkg", packages::write_dpkg),
        ("inflate", inflate::write),
        ("osv", feeds::write_osv),
        ("oval", feeds::write_oval),
        ("rpmdb", rpmdb::write),
        ("secdb", feeds::write_secdb),
        ("table", table::write),
        ("tar", tars::write_tars),
        ("unpack", tars::write_layers),
        ("versions", versions::write),
    ];
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let shared = shared.is_dir().then_some(shared.as_path());
    if shared.is_none() {
        println!("skipped: real data needs shared/data");
    }
    for (target, seeds) in targets {
        let mut corpus = Corpus::of(target)?;
        seeds(&mut corpus, shared)?;
        println!("{target}: {} seeds", corpus.count);
    }
    Ok(())
}
