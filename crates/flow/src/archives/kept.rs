//! What distribution archives answered, kept in the cache: signed documents under the place that answered, compiled
//! indexes and changelogs under the hash of what they were made from.
//!
//! A document is verified each time it is used. A compiled index and a changelog are not: they were made from checked
//! bytes by this user, in a directory that nobody else can write; damage is found when it is followed. Without a cache
//! everything lives in a directory that goes with the run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use plimsoll_fetch::Validators;
use plimsoll_unpack::{Algorithm, Checksum};

use crate::inventory::cache;
use crate::reach::Way;
use crate::session::Session;

/// Below the cache's directory.
pub(crate) const DIRECTORY: &str = "archives";
/// How temporary names begin in the cache; pruning removes those that a crash left.
const TEMPORARY: &str = ".new-";
/// A header of four short lines stands before a document.
const MAX_HEADER: usize = 4096;
/// What was used is marked so once a day: enough for pruning the least used, and no write per run.
const USED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Instead of validators: see [`Document::validators`].
const DOUBTED: &str = "doubted";

/// A document that was good when it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) bytes: Vec<u8>,
    /// How it came.
    pub(crate) way: Way,
    /// When the archive said last that there is nothing newer.
    pub(crate) checked: Timestamp,
    /// What to ask with for news. None where what was answered since is no good: it is to be asked for whole, whatever
    /// its age.
    pub(crate) validators: Option<Validators>,
}

/// The kept answers.
pub(crate) struct Kept {
    directory: PathBuf,
    /// Set where there is no cache; removed in the end.
    _temporary: Option<tempfile::TempDir>,
    has_grown: AtomicBool,
}

impl Kept {
    /// In the cache where there is one that can be written; else for this run only, beside the run's other files
    /// in the state directory. Where that cannot be written either, nothing is kept: that costs requests and memory.
    pub(crate) fn open(session: &Session) -> Self {
        if let Some(cache) = &session.settings.cache_dir {
            let directory = cache.join(DIRECTORY);
            if session.make_private(&directory).is_ok() {
                return Self::new(directory, None);
            }
        }
        let made = session.make_state_dir().ok();
        match made.and_then(|()| tempfile::tempdir_in(session.state_dir()).ok()) {
            Some(made) => Self::new(made.path().to_owned(), Some(made)),
            None => Self::new(session.state_dir().join(DIRECTORY), None),
        }
    }

    fn new(directory: PathBuf, temporary: Option<tempfile::TempDir>) -> Self {
        Self { directory, _temporary: temporary, has_grown: AtomicBool::new(false) }
    }

    /// The document that was kept for a place.
    pub(crate) fn document(&self, place: &str) -> Option<Document> {
        parse(&self.read(&self.document_path(place))?)
    }

    /// Keeps a document; that it cannot be kept only costs a request.
    pub(crate) fn keep_document(&self, place: &str, document: &Document) {
        let _ = self.write(&self.document_path(place), &written(document));
    }

    /// Where a file of this kind, made from content with this hash, is or belongs.
    pub(crate) fn path(&self, kind: &str, hash: &str) -> PathBuf {
        self.directory.join(format!("{kind}-{hash}"))
    }

    /// The bytes of a file that was kept.
    pub(crate) fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let bytes = fs::read(path).ok()?;
        self.mark_used(path);
        Some(bytes)
    }

    /// Marks a file as used, so that pruning spares it.
    pub(crate) fn mark_used(&self, path: &Path) {
        let mark = || -> io::Result<()> {
            let file = File::open(path)?;
            let now = SystemTime::now();
            let age = now.duration_since(file.metadata()?.modified()?);
            match age.is_ok_and(|age| age > USED_EVERY) {
                true => file.set_modified(now),
                false => Ok(()),
            }
        };
        // A cache that cannot be written is still a cache.
        let _ = mark();
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write;
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.directory)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        self.has_grown.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Removes a file that turned out to be damaged.
    pub(crate) fn remove(&self, path: &Path) {
        let _ = fs::remove_file(path);
    }

    /// Makes the cache as small as the user wants it, where something was added; what cannot be pruned now is pruned
    /// by the next run that adds something.
    pub(crate) fn prune(&self, session: &Session) {
        let has_grown = self.has_grown.swap(false, Ordering::Relaxed);
        if let (true, Some(cache)) = (has_grown, cache(session)) {
            let _ = cache.prune(session.settings.cache_limit);
        }
    }

    fn document_path(&self, place: &str) -> PathBuf {
        self.path("document", &hash_of(place))
    }
}

/// A name for a file, of any text.
pub(crate) fn hash_of(text: &str) -> String {
    Checksum::of(Algorithm::Sha256, text.as_bytes()).to_string().replace(':', "-")
}

fn written(document: &Document) -> Vec<u8> {
    let Document { bytes, way, checked, validators } = document;
    let header = |value: &Option<String>| {
        let value = value.as_deref().unwrap_or_default();
        match value.contains('\n') || value.len() > MAX_HEADER {
            true => String::new(),
            false => value.to_owned(),
        }
    };
    let (etag, last_modified) = match validators {
        Some(validators) => (header(&validators.etag), header(&validators.last_modified)),
        None => (DOUBTED.to_owned(), DOUBTED.to_owned()),
    };
    let mut whole = format!("{checked}\n{}\n{etag}\n{last_modified}\n", name_of(*way)).into_bytes();
    whole.extend_from_slice(bytes);
    whole
}

fn parse(whole: &[u8]) -> Option<Document> {
    let mut lines = whole.splitn(5, |byte| *byte == b'\n');
    let mut line = || lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let (checked, way, etag, last_modified) = (line()?, line()?, line()?, line()?);
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let is_doubted = etag == DOUBTED && last_modified == DOUBTED;
    let ways = [Way::Https, Way::Http, Way::Copy];
    Some(Document {
        checked: checked.parse().ok()?,
        way: ways.into_iter().find(|known| name_of(*known) == way)?,
        validators: (!is_doubted)
            .then(|| Validators { etag: text(etag), last_modified: text(last_modified) }),
        bytes: lines.next()?.to_vec(),
    })
}

fn name_of(way: Way) -> &'static str {
    match way {
        Way::Https => "https",
        Way::Http => "http",
        Way::Copy => "copy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(validators: Option<Validators>) -> Document {
        Document {
            bytes: b"\nfirst\n\nthird".to_vec(),
            way: Way::Copy,
            checked: "2026-06-01T12:00:00Z".parse().unwrap(),
            validators,
        }
    }

    fn kept() -> Kept {
        let made = tempfile::tempdir().unwrap();
        Kept::new(made.path().to_owned(), Some(made))
    }

    #[test]
    fn a_document_comes_back_as_it_was_and_only_for_its_place() {
        let validators = |etag: &str| Validators {
            etag: (!etag.is_empty()).then(|| etag.to_owned()),
            last_modified: None,
        };
        for validators in [None, Some(validators("")), Some(validators("\"a\""))] {
            let (kept, document) = (kept(), document(validators));
            kept.keep_document("https://a/InRelease", &document);
            assert_eq!(kept.document("https://a/InRelease"), Some(document));
            assert_eq!(kept.document("https://mirror/a/InRelease"), None);
        }
    }

    #[test]
    fn a_header_of_more_lines_is_left_out() {
        let etag = Some("a\nb".to_owned());
        let validators = Validators { etag, last_modified: Some("Mon".to_owned()) };
        let read = parse(&written(&document(Some(validators)))).unwrap();
        let expected = Validators { etag: None, last_modified: Some("Mon".to_owned()) };
        assert_eq!(read, document(Some(expected)));
    }

    #[test]
    fn damage_is_as_if_nothing_were_there() {
        for damaged in
            [&b""[..], b"\n\n\n\n", b"2026-06-01T12:00:00Z\nftp\n\n\nx", b"\xff\nhttps\n\n\n"]
        {
            assert_eq!(parse(damaged), None);
        }
        let whole = written(&document(None));
        let header = whole.len() - b"\nfirst\n\nthird".len();
        assert!((0..header).all(|end| parse(&whole[..end]).is_none()));
    }
}
