//! What changelogs taught about updates: kept beside the advisory database, because the archive's shard is
//! compiled from it, and a changelog is read once for all images.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use plimsoll_distro::{Changelog, ChangelogOrigin, DebChangelog, Pending, changelog_advisories};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{Advisory, Range, RangeEnd, Scope};
use plimsoll_versions::{Scheme, compare};
use serde::{Deserialize, Serialize};

use super::{Archives, NewerSource, Outlook, Words};
use crate::event::{Event, Observer};
use crate::session::Session;

/// Below the state directory.
const DIRECTORY: &str = "changelogs";
/// A release with every source it ever updated has some 20 MB; a larger file is not ours.
const MAX_BYTES: u64 = 256 << 20;

/// What is known of the updates of one release, by source package.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Learned {
    sources: BTreeMap<String, LearnedSource>,
}

/// What the changelog of one update says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LearnedSource {
    /// The version whose changelog was read.
    pub(crate) candidate: String,
    /// Where it was offered.
    pub(crate) suite: String,
    /// What it says was fixed, and in which version first.
    pub(crate) advisories: Vec<Advisory>,
}

impl Learned {
    pub(crate) fn load(session: &Session, scope: &Scope) -> Self {
        let read = || -> io::Result<Self> {
            let path = path(session, scope);
            match fs::metadata(&path)?.len() {
                0..MAX_BYTES => Ok(serde_json::from_slice(&fs::read(path)?)?),
                _ => Ok(Self::default()),
            }
        };
        // Where it is missing or damaged, the changelogs are read again.
        read().unwrap_or_default()
    }

    fn store(&self, session: &Session, scope: &Scope) -> Result<(), crate::Error> {
        session.make_state_dir()?;
        let directory = session.state_dir().join(DIRECTORY);
        session.make_private(&directory)?;
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&directory)?;
            serde_json::to_writer(io::BufWriter::new(file.as_file_mut()), self)?;
            file.persist(path(session, scope))?;
            Ok(())
        };
        write().map_err(|source| crate::Error::File { path: path(session, scope), source })
    }

    /// The source's last changelog.
    pub(crate) fn of(&self, source: &str) -> Option<&LearnedSource> {
        self.sources.get(source)
    }

    /// What is left of "the suite has a newer version" once its changelog was read: the versions that lack the
    /// update, but nothing that the changelog names.
    pub(crate) fn narrow(&self, mut advisory: Advisory) -> Option<Advisory> {
        let Some(known) = self.of(&advisory.package.name) else { return Some(advisory) };
        let Some(Range { introduced, end: RangeEnd::Fixed(fixed) }) = advisory.ranges.first_mut()
        else {
            return Some(advisory);
        };
        if known.candidate != *fixed {
            return Some(advisory);
        }
        let named = known.advisories.iter().filter_map(fixed_version);
        let last = named.max_by(|a, b| compare(Scheme::Dpkg, a, b).unwrap_or(Ordering::Equal));
        if last == Some(fixed.as_str()) {
            return None;
        }
        *introduced = last.map(str::to_owned);
        Some(advisory)
    }

    /// Every source.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &LearnedSource)> {
        self.sources.iter().map(|(source, learned)| (source.as_str(), learned))
    }

    fn knows(&self, pending: &Pending) -> bool {
        self.of(&pending.source)
            .is_some_and(|l| l.candidate == pending.candidate && l.suite == pending.suite)
    }
}

fn fixed_version(advisory: &Advisory) -> Option<&str> {
    match &advisory.ranges.first()?.end {
        RangeEnd::Fixed(version) => Some(version),
        _ => None,
    }
}

fn path(session: &Session, scope: &Scope) -> PathBuf {
    session.state_dir().join(DIRECTORY).join(format!("{}.json", scope.file_stem()))
}

/// Reads the changelogs of pending updates that nobody has read yet; gives the scopes about which something
/// was learned. A changelog that cannot be had is a note: that the update exists is known without it.
pub(crate) fn learn(
    archives: &Archives<'_>,
    images: &[ImageInventory],
    outlooks: &[Option<Outlook>],
    observer: Observer<'_>,
) -> Result<BTreeSet<Scope>, crate::Error> {
    let mut news: BTreeMap<Scope, BTreeMap<&str, &NewerSource>> = BTreeMap::new();
    for (image, outlook) in images.iter().zip(outlooks) {
        let scope = image.os.as_ref().and_then(|os| os.scope.clone());
        let (Some(scope), Some(outlook)) = (scope, outlook) else { continue };
        let learned = Learned::load(archives.session, &scope);
        let news = news.entry(scope).or_default();
        for newer in &outlook.updates {
            if matches!(newer.words, Words::Changelog(_)) && !learned.knows(&newer.pending) {
                news.entry(&newer.pending.source).or_insert(newer);
            }
        }
    }
    let mut changed = BTreeSet::new();
    for (scope, news) in news.into_iter().filter(|(_, news)| !news.is_empty()) {
        let newer: Vec<NewerSource> = news.into_values().cloned().collect();
        let docs = archives.changelogs(&newer, observer);
        let mut learned = Learned::load(archives.session, &scope);
        for (NewerSource { pending, .. }, doc) in newer.iter().zip(docs) {
            match doc {
                Some(Ok(doc)) => {
                    let DebChangelog::Text(text) = &doc.changelog else { continue };
                    let Pending { source, suite, candidate, .. } = pending;
                    let origin = ChangelogOrigin { scope: &scope, suite, source, candidate };
                    let advisories = changelog_advisories(&origin, &Changelog::of(text));
                    let (candidate, suite) = (candidate.clone(), suite.clone());
                    let found = LearnedSource { candidate, suite, advisories };
                    learned.sources.insert(source.clone(), found);
                    changed.insert(scope.clone());
                }
                Some(Err(why)) => observer(Event::Note(format!("{}: {why}", pending.source))),
                None => {}
            }
        }
        learned.store(archives.session, &scope)?;
    }
    Ok(changed)
}
