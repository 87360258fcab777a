//! The changelogs of pending updates, read out of the new `.deb`s on their way through: none is kept, and no
//! text is believed before the hash of its whole file is the one that the signed index names.

use std::collections::VecDeque;
use std::io::{self, Read};

use plimsoll_distro::{DebChangelog, DebDoc, DebText, read_doc};
use plimsoll_unpack::{Algorithm, HashingReader};
use serde::{Deserialize, Serialize};

use super::kept::{Kept, hash_of};
use crate::error::chain;
use crate::event::{Event, Observer};
use crate::reach::{Reach, Reached};
use crate::side_by_side::side_by_side;

/// How many `.deb`s are fetched at once.
const AT_ONCE: usize = 6;
/// How many binary packages of one source are tried: the smallest may be empty and only point to a sibling.
const MAX_TRIES: usize = 4;

/// A source package whose changelog is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) source: String,
    pub(crate) version: String,
    /// Its binary packages in the archive, the smallest first.
    pub(crate) debs: Vec<Deb>,
    /// Whether a suite of the release itself has them, verified with keys of the distribution or the operator: only
    /// then what the changelog says holds for other images too. Backports and others' archives count their versions
    /// on, and what an image's own key vouches for is the image's own affair.
    pub(crate) is_official: bool,
}

/// A `.deb` of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Deb {
    pub(crate) package: String,
    pub(crate) address: String,
    pub(crate) size: u64,
    /// In hexadecimal, by the signed index.
    pub(crate) sha256: String,
}

/// The documents of each source, in the order asked for.
pub(crate) fn fetch(
    reach: &Reach,
    kept: &Kept,
    wanted: Vec<Wanted>,
    observer: Observer<'_>,
) -> Vec<Result<DebDoc, String>> {
    side_by_side(wanted, AT_ONCE, |wanted| {
        let path = kept.path("changelog", &wanted.key());
        let known = kept.read(&path).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(known) = known {
            return Ok(Known::into_doc(known));
        }
        observer(Event::Changelog { source: wanted.source.clone() });
        let doc = read(reach, &wanted)?;
        if let Some(known) = Known::of(&doc) {
            // That it cannot be kept costs a download next time.
            let _ = serde_json::to_vec(&known).map(|bytes| kept.write(&path, &bytes));
        }
        Ok(doc)
    })
}

impl Wanted {
    /// The same for the same files of the same archive.
    fn key(&self) -> String {
        let files: String = self.debs.iter().map(|deb| deb.sha256.as_str()).collect();
        hash_of(&format!("{} {} {files}", self.source, self.version))
    }
}

/// Tries the smallest packages first, and the sibling that one points to before the others.
fn read(reach: &Reach, wanted: &Wanted) -> Result<DebDoc, String> {
    let mut left: VecDeque<&Deb> = wanted.debs.iter().collect();
    let mut last = None;
    for _ in 0..MAX_TRIES {
        let Some(deb) = left.pop_front() else { break };
        match read_one(reach, deb) {
            Ok(doc) => match doc.changelog {
                DebChangelog::Text(_) => return Ok(doc),
                DebChangelog::Sibling(name) => {
                    if let Some(place) = left.iter().position(|deb| deb.package == name)
                        && let Some(sibling) = left.remove(place)
                    {
                        left.push_front(sibling);
                    }
                }
                DebChangelog::Missing => {}
            },
            Err(problem) => last = Some(problem),
        }
    }
    Err(last.unwrap_or_else(|| format!("no package of {} has its changelog", wanted.source)))
}

fn read_one(reach: &Reach, deb: &Deb) -> Result<DebDoc, String> {
    let Deb { package, address, size, sha256 } = deb;
    let found = match reach.open(address, None)? {
        Reached::Found(found) => found,
        Reached::Missing(place) => return Err(place),
        Reached::NotModified => return Err(format!("{address} answers 304 unasked")),
    };
    let mut bytes = HashingReader::new(found.bytes.take(size.saturating_add(1)), Algorithm::Sha256);
    let doc = read_doc(&mut bytes, package);
    io::copy(&mut bytes, &mut io::sink()).map_err(|error| format!("{address}: {error}"))?;
    let (checksum, read) = bytes.finish();
    if read != *size || checksum.to_string() != format!("sha256:{sha256}") {
        return Err(format!("{address} is not the file that the index names"));
    }
    doc.map_err(|error| format!("{address}: {}", chain(&error)))
}

/// What is kept of a document.
#[derive(Serialize, Deserialize)]
struct Known {
    changelog: Text,
    news: Option<Text>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    text: String,
    cut: Option<String>,
}

impl Known {
    fn of(doc: &DebDoc) -> Option<Self> {
        let DebChangelog::Text(changelog) = &doc.changelog else { return None };
        let text = |text: &DebText| Text { text: text.text.clone(), cut: text.cut.clone() };
        Some(Self { changelog: text(changelog), news: doc.news.as_ref().map(text) })
    }

    fn into_doc(self) -> DebDoc {
        let text = |Text { text, cut }| DebText { text, cut };
        DebDoc { changelog: DebChangelog::Text(text(self.changelog)), news: self.news.map(text) }
    }
}
