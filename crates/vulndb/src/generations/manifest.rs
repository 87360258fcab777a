//! What a generation consists of.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use plimsoll_model::{Digest, Problem, Scope};
use plimsoll_unpack::{Algorithm, Checksum, Hasher};
use serde::{Deserialize, Serialize};

use crate::shard::{Shard, ShardError};

/// Hexadecimal digits of a generation's id: 64 bits, for two generations are kept, not two billion.
const ID_DIGITS: usize = 16;

pub(super) const SCHEMA: &str = "plimsoll.generation/1";

/// The file of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) schema: String,
    pub(super) shards: Vec<ShardInfo>,
}

/// One shard of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardInfo {
    /// The feed's name.
    pub feed: String,
    /// Whose packages; none for KEV and EPSS.
    pub scope: Option<Scope>,
    /// The digest of the file.
    pub sha256: Digest,
    /// Bytes of the file.
    pub size: u64,
    /// How many statements it holds.
    pub advisories: u64,
    /// How many CVSS vectors it holds.
    pub vectors: u64,
    /// How many records of the feed could not be used.
    pub problems: u64,
    /// The day its data is of: as the feed says, else the server, else when this content was first seen.
    pub as_of: Timestamp,
    /// When upstream last confirmed that there is nothing newer.
    pub checked: Timestamp,
    /// Why its bytes are believed.
    pub trust: Trust,
    /// For the next conditional request, one for each address that was read.
    pub validators: Vec<Validator>,
    /// Why this shard is still in force although its feed was asked again.
    pub kept: Option<String>,
}

/// What a server said of a document, to be given back when it is asked for again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validator {
    /// The upstream address.
    pub address: String,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
}

/// Why the bytes of a shard are believed, strongest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Signed by a key that the program knows.
    Signed(String),
    /// Fetched over TLS from the upstream address.
    Https,
    /// Came in a bundle whose digest was given by hand.
    ImportedVerified,
    /// Read from a copy that the operator named (`--from`).
    Copy,
    /// Came in a bundle that nothing vouches for.
    Imported,
    /// Fetched without TLS.
    Http,
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(by) => write!(f, "signed by {by}"),
            Self::Https => f.write_str("https"),
            Self::ImportedVerified => f.write_str("bundle, digest verified"),
            Self::Copy => f.write_str("copy"),
            Self::Imported => f.write_str("bundle, unverified"),
            Self::Http => f.write_str("http, unverified"),
        }
    }
}

/// A consistent set of shards, as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    id: String,
    shards: Vec<ShardInfo>,
    directory: PathBuf,
}

impl Generation {
    /// Sorts the shards and names the set by what it holds: which shards, and of what day. When they
    /// were checked and why they are believed does not change what they say.
    pub(super) fn new(directory: &Path, mut shards: Vec<ShardInfo>) -> Self {
        shards.sort_by(|a, b| (&a.scope, &a.feed).cmp(&(&b.scope, &b.feed)));
        let mut hasher = Hasher::new(Algorithm::Sha256);
        for shard in &shards {
            let scope = shard.scope.as_ref().map(Scope::to_string).unwrap_or_default();
            let line = format!("{} {scope} {} {}\n", shard.feed, shard.sha256, shard.as_of);
            hasher.update(line.as_bytes());
        }
        let id = hex(&hasher.finish()).chars().take(ID_DIGITS).collect();
        Self { id, shards, directory: directory.to_path_buf() }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its shards, KEV and EPSS first, then by scope and feed.
    pub fn shards(&self) -> &[ShardInfo] {
        &self.shards
    }

    /// The shards of a scope.
    pub fn of_scope(&self, scope: &Scope) -> impl Iterator<Item = &ShardInfo> {
        self.shards.iter().filter(move |shard| shard.scope.as_ref() == Some(scope))
    }

    /// The shard of a feed for a scope; of KEV and EPSS for none.
    pub fn find(&self, feed: &str, scope: Option<&Scope>) -> Option<&ShardInfo> {
        self.shards.iter().find(|shard| shard.feed == feed && shard.scope.as_ref() == scope)
    }

    /// The age of the oldest shard of these scopes; none if there is none.
    pub fn as_of(&self, scopes: &[Scope]) -> Option<Timestamp> {
        let used =
            |shard: &&ShardInfo| shard.scope.as_ref().is_some_and(|scope| scopes.contains(scope));
        self.shards.iter().filter(used).map(|shard| shard.as_of).min()
    }

    /// The file of a shard.
    pub fn path(&self, shard: &ShardInfo) -> PathBuf {
        shard_path(&self.directory, &shard.sha256)
    }

    /// What could not be used of a shard's feed; KEV and EPSS only count theirs.
    pub fn problems(&self, shard: &ShardInfo) -> Result<Vec<Problem>, ShardError> {
        match shard.scope {
            Some(_) => Shard::open(&self.path(shard))?.problems(),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn manifest(&self) -> Manifest {
        Manifest { schema: SCHEMA.to_owned(), shards: self.shards.clone() }
    }
}

pub(super) fn shard_path(directory: &Path, sha256: &Digest) -> PathBuf {
    directory.join("shards").join(format!("{}.shard", sha256.hex()))
}

/// The digest in the model's type.
pub(super) fn digest(checksum: Checksum) -> Digest {
    match checksum {
        Checksum::Sha256(bytes) => Digest::sha256(&bytes),
        Checksum::Sha512(bytes) => Digest::sha512(&bytes),
    }
}

fn hex(checksum: &Checksum) -> String {
    digest(*checksum).hex().to_owned()
}
