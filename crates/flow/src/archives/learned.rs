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

/// How many versions of a source one suite may have: images that are asked about at different mirrors, or an hour
/// apart, see different ones.
const MAX_CANDIDATES: usize = 4;

/// What is known of the updates of one release.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Learned {
    /// By source package, sorted by suite; of each suite some candidates, the newest first.
    sources: BTreeMap<String, Vec<LearnedUpdate>>,
}

/// What the changelog of one update says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LearnedUpdate {
    /// Where it was offered.
    suite: String,
    /// The version whose changelog was read.
    candidate: String,
    /// What it says was fixed, and in which version first.
    advisories: Vec<Advisory>,
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

    /// What is left of "this suite has a newer version" once its changelog was read: the versions that lack the
    /// update, but nothing that the changelog names.
    pub(crate) fn narrow(&self, suite: &str, mut advisory: Advisory) -> Option<Advisory> {
        let Some(Range { introduced, end: RangeEnd::Fixed(fixed) }) = advisory.ranges.first_mut()
        else {
            return Some(advisory);
        };
        let Some(known) = self.find(&advisory.package.name, suite, fixed) else {
            return Some(advisory);
        };
        let named = known.advisories.iter().filter_map(fixed_version);
        let last = named.max_by(|a, b| order(a, b));
        if last == Some(fixed.as_str()) {
            return None;
        }
        *introduced = last.map(str::to_owned);
        Some(advisory)
    }

    /// What the changelogs of the newest candidates of each suite name: a newer one may take back what an older said.
    /// Each id of a source once, as fixed in the lowest version that any suite says.
    pub(crate) fn advisories(&self) -> impl Iterator<Item = &Advisory> {
        self.sources.values().flat_map(|updates| {
            let suites = updates.chunk_by(|a, b| a.suite == b.suite);
            let mut lowest: BTreeMap<&[String], &Advisory> = BTreeMap::new();
            for advisory in suites.filter_map(<[_]>::first).flat_map(|update| &update.advisories) {
                let known = lowest.entry(&advisory.ids).or_insert(advisory);
                let fixed = fixed_version(advisory).zip(fixed_version(known));
                if fixed.is_some_and(|(new, known)| order(new, known).is_lt()) {
                    *known = advisory;
                }
            }
            lowest.into_values()
        })
    }

    fn knows(&self, pending: &Pending) -> bool {
        self.find(&pending.source, &pending.suite, &pending.candidate).is_some()
    }

    fn find(&self, source: &str, suite: &str, candidate: &str) -> Option<&LearnedUpdate> {
        let mut updates = self.sources.get(source)?.iter();
        updates.find(|update| update.suite == suite && update.candidate == candidate)
    }

    /// Adds what a changelog says; of each suite only the newest candidates stay. False where nothing is new by that.
    fn add(&mut self, source: &str, update: LearnedUpdate) -> bool {
        let updates = self.sources.entry(source.to_owned()).or_default();
        let (suite, candidate) = (update.suite.clone(), update.candidate.clone());
        updates.retain(|known| known.suite != suite || known.candidate != candidate);
        updates.push(update);
        updates
            .sort_by(|a, b| a.suite.cmp(&b.suite).then_with(|| order(&b.candidate, &a.candidate)));
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        updates.retain(|known| {
            let count = counts.entry(known.suite.clone()).or_default();
            *count += 1;
            *count <= MAX_CANDIDATES
        });
        self.find(source, &suite, &candidate).is_some()
    }
}

/// Of versions of Debian packages; those that are none are as good as each other.
fn order(a: &str, b: &str) -> Ordering {
    compare(Scheme::Dpkg, a, b).unwrap_or(Ordering::Equal)
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
    let mut news: BTreeMap<Scope, BTreeMap<(&str, &str, &str), &NewerSource>> = BTreeMap::new();
    for (image, outlook) in images.iter().zip(outlooks) {
        let scope = image.os.as_ref().and_then(|os| os.scope.clone());
        let (Some(scope), Some(outlook)) = (scope, outlook) else { continue };
        let learned = Learned::load(archives.session, &scope);
        let news = news.entry(scope).or_default();
        for newer in outlook.updates.iter().filter(|newer| is_official(newer)) {
            let Pending { source, suite, candidate, .. } = &newer.pending;
            if !learned.knows(&newer.pending) {
                news.entry((source, suite, candidate)).or_insert(newer);
            }
        }
    }
    let mut changed = BTreeSet::new();
    for (scope, news) in news.into_iter().filter(|(_, news)| !news.is_empty()) {
        let newer: Vec<NewerSource> = news.into_values().cloned().collect();
        let docs = archives.changelogs(&newer, observer);
        let mut learned = Learned::load(archives.session, &scope);
        let mut is_new = false;
        for (NewerSource { pending, .. }, doc) in newer.iter().zip(docs) {
            match doc {
                Some(Ok(doc)) => {
                    let DebChangelog::Text(text) = &doc.changelog else { continue };
                    let Pending { source, suite, candidate, .. } = pending;
                    let origin = ChangelogOrigin { scope: &scope, suite, source, candidate };
                    let advisories = changelog_advisories(&origin, &Changelog::of(text));
                    let (suite, candidate) = (suite.clone(), candidate.clone());
                    let update = LearnedUpdate { suite, candidate, advisories };
                    is_new |= learned.add(source, update);
                }
                Some(Err(why)) => observer(Event::Note(format!("{}: {why}", pending.source))),
                None => {}
            }
        }
        if is_new {
            learned.store(archives.session, &scope)?;
            changed.insert(scope);
        }
    }
    Ok(changed)
}

/// What is learned is said of every later image.
fn is_official(newer: &NewerSource) -> bool {
    matches!(&newer.words, Words::Changelog(wanted) if wanted.is_official)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{PackageKey, PackageKind, State};

    use super::*;

    const SECURITY: &str = "bookworm-security";

    fn advisory(id: &str, fixed: &str) -> Advisory {
        Advisory {
            feed: "apt-archive".to_owned(),
            scope: "debian:12".parse().unwrap(),
            record: id.to_owned(),
            ids: vec![id.to_owned()],
            aliases: Vec::new(),
            package: PackageKey {
                name: "zlib".to_owned(),
                kind: PackageKind::Source,
                module: None,
                arch: None,
            },
            ranges: vec![Range { introduced: None, end: RangeEnd::Fixed(fixed.to_owned()) }],
            versions: Vec::new(),
            state: State::Fixed,
            sub_state: None,
            severity: None,
            cvss: Vec::new(),
            title: None,
            urls: Vec::new(),
            published: None,
        }
    }

    /// A suite, a candidate, and what its changelog names as fixed in which version.
    type Said<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    fn learned(updates: &[Said<'_>]) -> Learned {
        let mut learned = Learned::default();
        for (suite, candidate, fixes) in updates {
            let advisories = fixes.iter().map(|(id, fixed)| advisory(id, fixed)).collect();
            let (suite, candidate) = ((*suite).to_owned(), (*candidate).to_owned());
            learned.add("zlib", LearnedUpdate { suite, candidate, advisories });
        }
        learned
    }

    #[test]
    fn a_changelog_narrows_only_the_update_of_its_own_suite() {
        fn check(learned: &Learned, fixed: &str, expected: Option<Option<&str>>) {
            let narrowed = learned.narrow(SECURITY, advisory("x", fixed));
            let introduced = narrowed.map(|advisory| advisory.ranges[0].introduced.clone());
            assert_eq!(introduced, expected.map(|text| text.map(str::to_owned)));
        }
        let fixes: &[_] = &[("CVE-2026-0001", "1.9"), ("CVE-2026-0002", "2.0")];
        let all = learned(&[(SECURITY, "3.0", fixes), (SECURITY, "2.0", fixes)]);
        // Whoever has 2.0 lacks the update, but nothing that has a name.
        check(&all, "3.0", Some(Some("2.0")));
        check(&all, "2.0", None);
        check(&all, "4.0", Some(None));
        check(&learned(&[("bookworm", "2.0", fixes)]), "2.0", Some(None));
        check(&learned(&[(SECURITY, "2.0", &[])]), "2.0", Some(None));
    }

    #[test]
    fn updates_of_several_suites_and_candidates_are_known_side_by_side() {
        fn pending(suite: &str, candidate: &str) -> Pending {
            Pending {
                source: "zlib".to_owned(),
                installed: "0".to_owned(),
                candidate: candidate.to_owned(),
                suite: suite.to_owned(),
                security: false,
                held_back: None,
                binaries: Vec::new(),
                bulletins: Vec::new(),
            }
        }
        let all = learned(&[("bookworm", "1", &[]), (SECURITY, "2", &[]), (SECURITY, "3", &[])]);
        for (suite, candidate, expected) in [
            ("bookworm", "1", true),
            (SECURITY, "2", true),
            (SECURITY, "3", true),
            (SECURITY, "1", false),
            ("bookworm-updates", "3", false),
        ] {
            assert_eq!(all.knows(&pending(suite, candidate)), expected, "{suite} {candidate}");
        }
    }

    #[test]
    fn of_a_suite_the_newest_candidates_stay() {
        let candidates = ["10", "2", "9", "1", "3"].map(|candidate| (SECURITY, candidate, &[][..]));
        let mut all = learned(&candidates);
        let known: Vec<_> = all.sources["zlib"].iter().map(|u| u.candidate.as_str()).collect();
        assert_eq!(known, ["10", "9", "3", "2"]);
        // What does not stay is nothing new: the shard is not compiled again for it.
        let old = |suite: &str| LearnedUpdate {
            suite: suite.to_owned(),
            candidate: "1".to_owned(),
            advisories: Vec::new(),
        };
        assert!(!all.add("zlib", old(SECURITY)));
        assert!(all.add("zlib", old("bookworm")));
    }

    #[test]
    fn of_an_id_the_lowest_fixed_version_of_the_newest_candidates_counts() {
        fn check(updates: &[Said<'_>], expected: &[(&str, &str)]) {
            let all = learned(updates);
            let said = all.advisories().map(|a| (a.ids[0].as_str(), fixed_version(a).unwrap()));
            assert_eq!(said.collect::<Vec<_>>(), expected);
        }
        let cut: &[_] = &[("CVE-2026-0001", "3")];
        let whole: &[_] = &[("CVE-2026-0001", "1"), ("CVE-2026-0002", "2")];
        check(&[("bookworm", "2", whole), (SECURITY, "3", cut)], whole);
        check(&[(SECURITY, "3", cut), ("bookworm", "2", whole)], whole);
        check(&[(SECURITY, "2", whole), (SECURITY, "3", cut)], cut);
        check(&[(SECURITY, "3", cut), (SECURITY, "2", whole)], cut);
    }
}
