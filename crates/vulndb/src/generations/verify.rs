//! `db verify`: every byte of every kept shard.

use std::fs::File;

use plimsoll_model::Scope;
use plimsoll_unpack::{Algorithm, HashingReader};

use super::manifest::{Generation, ShardInfo, digest};
use super::store::{Store, StoreError};
use crate::shard::{EpssTable, KevTable, Shard};

/// A shard that is not what its generation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The generation's id.
    pub generation: String,
    /// The feed's name.
    pub feed: String,
    /// Whose packages; none for KEV and EPSS.
    pub scope: Option<Scope>,
    /// What is wrong, in one line.
    pub reason: String,
}

impl Store {
    /// Reads all shards of the kept generations; an empty list means that they are whole.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        let mut damages = Vec::new();
        for generation in self.list()? {
            for shard in generation.shards() {
                if let Err(reason) = generation.check(shard) {
                    damages.push(Damage {
                        generation: generation.id().to_owned(),
                        feed: shard.feed.clone(),
                        scope: shard.scope.clone(),
                        reason,
                    });
                }
            }
        }
        Ok(damages)
    }
}

impl Generation {
    /// Reads a shard: whether its file has the size and digest that the manifest says, is whole inside, and is
    /// of that feed and scope. An error says in one line what is wrong; what an upstream server said of a
    /// damaged shard must not be sent back to it, for "not modified" would keep the damage.
    pub fn check(&self, shard: &ShardInfo) -> Result<(), String> {
        let path = self.path(shard);
        let file = File::open(&path).map_err(|error| error.to_string())?;
        let mut reader = HashingReader::new(file, Algorithm::Sha256);
        std::io::copy(&mut reader, &mut std::io::sink()).map_err(|error| error.to_string())?;
        let (checksum, size) = reader.finish();
        let found = digest(checksum);
        if found != shard.sha256 || size != shard.size {
            return Err(format!("its content has {size} bytes and digest {found}"));
        }
        match (&shard.scope, shard.feed.as_str()) {
            (Some(scope), feed) => {
                let open = Shard::open(&path).map_err(|error| error.to_string())?;
                open.verify().map_err(|error| error.to_string())?;
                let meta = open.meta();
                if meta.scope != *scope || meta.feed != feed {
                    return Err(format!("it is the shard of {} for {}", meta.feed, meta.scope));
                }
                Ok(())
            }
            (None, "kev") => KevTable::open(&path)
                .and_then(|table| table.verify())
                .map_err(|error| error.to_string()),
            (None, "epss") => EpssTable::open(&path)
                .and_then(|table| table.verify())
                .map_err(|error| error.to_string()),
            (None, _) => Err("a shard without a scope that is neither KEV nor EPSS".to_owned()),
        }
    }
}
