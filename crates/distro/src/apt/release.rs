use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::apt::deb822::{Stanza, Stanzas};
use crate::apt::entry::is_inside;
use crate::apt::hex;
use crate::openpgp::verify::Verified;

/// Debian's main suites list some 2,000 files.
const MAX_INDEXES: usize = 200_000;

/// What a distribution archive says of one suite, in its signed `Release` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Who makes it: `Debian`.
    pub origin: Option<String>,
    /// What it is: `Debian-Security`.
    pub label: Option<String>,
    /// Its name by age, which moves: `oldstable-security`.
    pub suite: Option<String>,
    /// Its name for good: `bookworm-security`.
    pub codename: Option<String>,
    /// The release's version: `12.15`.
    pub version: Option<String>,
    /// When it was made.
    pub date: Timestamp,
    /// Until when it counts as news; none in suites that are not kept fresh.
    pub valid_until: Option<Timestamp>,
    /// Whether its files can be fetched by their hash.
    pub by_hash: bool,
    /// Whether apt installs from it only when told to (backports).
    pub not_automatic: bool,
    /// Whether apt, once told so, keeps what it installed from there up to date.
    pub but_automatic_upgrades: bool,
    /// `main`, `updates/main` …
    pub components: Vec<String>,
    /// `amd64` …
    pub architectures: Vec<String>,
    /// The address pattern of changelogs; text of the archive, not yet allowed as an address.
    pub changelogs: Option<String>,
    /// Whether packages for every architecture have an index of their own, instead of being in each architecture's.
    separate_all: bool,
    indexes: BTreeMap<String, IndexFile>,
}

/// A file that a release lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFile {
    /// Its path below the suite: `main/binary-amd64/Packages.xz`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

/// Why a verified text is no release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A field that every release has.
    #[error("release has no field {0}")]
    Missing(&'static str),
    /// A date in another form than the archives use.
    #[error("release has a {field} that is no date: {text:?}")]
    Date {
        /// Which field.
        field: &'static str,
        /// What it holds.
        text: String,
    },
    /// A line of the list of files in another form.
    #[error("release lists a file as {0:?}")]
    Index(String),
    /// It names its files only by hashes that can be forged.
    #[error("release has only weak hashes (MD5, SHA-1)")]
    WeakHashes,
    /// A line that is no field, or more than any release has.
    #[error("release is malformed")]
    Malformed,
}

/// An index of packages that a release lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackagesFile<'r> {
    /// The file to fetch.
    pub file: &'r IndexFile,
    /// Its bytes when unpacked, where the release says so: more must not come out.
    pub unpacked_size: Option<u64>,
}

/// Bytes are not the file that a release lists.
#[derive(Debug, thiserror::Error)]
pub enum IndexMismatch {
    /// Cut, or another file.
    #[error("{path} has {found} bytes, its release says {stated}")]
    Size {
        /// The file.
        path: String,
        /// Bytes by the release.
        stated: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Another file of the same size.
    #[error("{path} does not have the hash that its release states")]
    Hash {
        /// The file.
        path: String,
    },
}

/// How old a release is, judged by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseState {
    /// Its archive promises that nothing newer exists until this time.
    Current {
        /// The end of the promise.
        until: Timestamp,
    },
    /// Its archive promises nothing: judge by `date`, and by when the distribution's support ends.
    Undated,
    /// The promise is over: there is something newer, or the archive is no longer kept.
    Expired {
        /// Since when.
        since: Timestamp,
    },
}

impl Release {
    /// Reads a release, of a verified text only.
    pub fn of(verified: &Verified) -> Result<Self, ReleaseError> {
        let mut stanza = Stanza::default();
        let read = Stanzas::new(verified.text().as_bytes()).read_into(&mut stanza);
        if !matches!(read, Ok(true)) || stanza.stray_line.is_some() {
            return Err(ReleaseError::Malformed);
        }
        let text = |name| stanza.get(name).map(str::to_owned);
        let words = |name| {
            let words = stanza.get(name).unwrap_or_default().split_ascii_whitespace();
            words.map(str::to_owned).collect()
        };
        let is_yes = |name| stanza.get(name).is_some_and(|value| value.eq_ignore_ascii_case("yes"));
        let architectures: Vec<String> = words("Architectures");
        let unsupported: Vec<String> = words("No-Support-for-Architecture-all");
        let separate_all = architectures.iter().any(|architecture| architecture == "all")
            && !unsupported.iter().any(|index| index == "Packages");
        let list = stanza.get("SHA256").ok_or_else(|| {
            let has_weak = ["MD5Sum", "SHA1"].iter().any(|field| stanza.get(field).is_some());
            if has_weak { ReleaseError::WeakHashes } else { ReleaseError::Missing("SHA256") }
        })?;
        Ok(Self {
            origin: text("Origin"),
            label: text("Label"),
            suite: text("Suite"),
            codename: text("Codename"),
            version: text("Version"),
            date: date(&stanza, "Date")?.ok_or(ReleaseError::Missing("Date"))?,
            valid_until: date(&stanza, "Valid-Until")?,
            by_hash: is_yes("Acquire-By-Hash"),
            not_automatic: is_yes("NotAutomatic"),
            but_automatic_upgrades: is_yes("ButAutomaticUpgrades"),
            components: words("Components"),
            architectures,
            changelogs: text("Changelogs"),
            separate_all,
            indexes: indexes(list)?,
        })
    }

    /// How old it is at `now`.
    pub fn state(&self, now: Timestamp) -> ReleaseState {
        match self.valid_until {
            None => ReleaseState::Undated,
            Some(until) if now < until => ReleaseState::Current { until },
            Some(since) => ReleaseState::Expired { since },
        }
    }

    /// Whether it is older than one that was accepted before: someone answers with the past, to hide what was fixed
    /// since.
    pub fn is_rollback(&self, accepted: Timestamp) -> bool {
        self.date < accepted
    }

    /// A file that it lists, by its path below the suite.
    pub fn index(&self, path: &str) -> Option<&IndexFile> {
        self.indexes.get(path)
    }

    /// The indexes that hold the packages of an architecture, each in its smallest compression that
    /// `plimsoll-unpack` reads; `component` is none where the suite is a path. Empty where the suite has none.
    pub fn packages_files(
        &self,
        component: Option<&str>,
        architecture: &str,
    ) -> Vec<PackagesFile<'_>> {
        let Some(component) = component else {
            return self.packages_file("Packages").into_iter().collect();
        };
        let all = self.separate_all.then_some("all");
        [Some(architecture), all]
            .into_iter()
            .flatten()
            .filter_map(|name| self.packages_file(&format!("{component}/binary-{name}/Packages")))
            .collect()
    }

    /// Archives list the uncompressed index and seldom have it: it is taken only where there is no other.
    fn packages_file(&self, path: &str) -> Option<PackagesFile<'_>> {
        let plain = self.index(path);
        let packed = ["xz", "zst", "gz"]
            .iter()
            .filter_map(|ending| self.index(&format!("{path}.{ending}")))
            .min_by_key(|file| file.size);
        let file = packed.or(plain)?;
        Some(PackagesFile { file, unpacked_size: plain.map(|plain| plain.size) })
    }

    /// All files that it lists, sorted by path.
    pub fn indexes(&self) -> impl Iterator<Item = &IndexFile> {
        self.indexes.values()
    }
}

impl IndexFile {
    /// Whether these bytes are the file.
    pub fn check(&self, bytes: &[u8]) -> Result<(), IndexMismatch> {
        let found = bytes.len() as u64;
        if found != self.size {
            let (path, stated) = (self.path.clone(), self.size);
            return Err(IndexMismatch::Size { path, stated, found });
        }
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        if plimsoll_model::Digest::sha256(&hash).hex() != self.sha256 {
            return Err(IndexMismatch::Hash { path: self.path.clone() });
        }
        Ok(())
    }

    /// Its path by hash, below the suite: it exists even while the archive is being replaced.
    pub fn by_hash_path(&self) -> String {
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let separator = if folder.is_empty() { "" } else { "/" };
        format!("{folder}{separator}by-hash/SHA256/{}", self.sha256)
    }
}

/// Dates have the form of RFC 5322, always in UTC: `Sat, 21 Nov 2026 00:53:02 UTC`.
fn date(stanza: &Stanza, field: &'static str) -> Result<Option<Timestamp>, ReleaseError> {
    let Some(text) = stanza.get(field) else {
        return Ok(None);
    };
    ["UTC", "GMT", "+0000", "Z"]
        .into_iter()
        .find_map(|zone| text.strip_suffix(zone))
        .and_then(|text| DateTime::strptime("%a, %d %b %Y %H:%M:%S", text.trim()).ok())
        .and_then(|date| TimeZone::UTC.to_timestamp(date).ok())
        .map(Some)
        .ok_or_else(|| ReleaseError::Date { field, text: text.chars().take(80).collect() })
}

/// Lines of hash, size and path.
fn indexes(list: &str) -> Result<BTreeMap<String, IndexFile>, ReleaseError> {
    let mut indexes = BTreeMap::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        let wrong = || ReleaseError::Index(line.chars().take(200).collect());
        let mut words = line.split_ascii_whitespace();
        let (Some(sha256), Some(size), Some(path), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong());
        };
        let size = size.parse().map_err(|_| wrong())?;
        // As archives without components write them.
        let path = path.strip_prefix("./").unwrap_or(path);
        if hex::sha256(sha256.as_bytes()).is_none() || !is_inside(path) {
            return Err(wrong());
        }
        if indexes.len() == MAX_INDEXES {
            return Err(ReleaseError::Malformed);
        }
        let file = IndexFile { path: path.to_owned(), size, sha256: sha256.to_owned() };
        indexes.insert(path.to_owned(), file);
    }
    Ok(indexes)
}
