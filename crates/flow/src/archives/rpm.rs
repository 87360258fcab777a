//! rpm repositories: which an image has, what they answer, and what is newer there.

mod keys;
mod metadata;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_distro::rpm::{
    Advice, Candidate, Changes, Configuration, Host, Index, Judged, Keys, Place, Places, Question,
    Received, Repomd, System, Transport, Wanted, judge, pending, places, update,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveStatus, ArchiveSuite, Problem};

use self::keys::Keyrings;
use self::metadata::Metadata;
use super::{Archives, NewerSource, Outlook, Words};
use crate::event::{Event, Observer};
use crate::side_by_side::side_by_side;

/// The largest `repomd.xml`, with delta metadata of many days, have some 100 kB.
const MAX_REPOMD_BYTES: u64 = 8 << 20;
/// A mirror list has some hundred lines.
const MAX_LIST_BYTES: u64 = 1 << 20;
/// How many repositories are asked at once: a distribution has two to four.
const REPOSITORIES_AT_ONCE: usize = 4;

/// What repositories answered in this run, by what they were asked.
pub(super) type Answers = Mutex<HashMap<String, Arc<Judged>>>;

/// What was read of a repository for one image.
struct Reading {
    suite: ArchiveSuite,
    host: Host,
    /// Set where its word counts.
    found: Option<Found>,
}

struct Found {
    place: Place,
    repomd: Repomd,
    index: Index,
    problems: Vec<String>,
}

enum Failure {
    Unreachable(String),
    Inconsistent(String),
}

/// What the repositories of the image have that is newer. None where the image does not say which release it is.
pub(super) fn outlook(
    archives: &Archives<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Option<Outlook> {
    let system = System::of(image.os.as_ref()?, &architecture(image))?;
    let files = image.manager_files.iter();
    let files = files.map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    let configuration = Configuration::read(files, &system);
    let Places { asked, refused } =
        places(&system, &configuration, &|host| archives.is_allowed(host));
    let wanted = Wanted::of(&image.packages);
    let readings = match keys::keyrings(archives.session, image) {
        Ok(keys) => side_by_side(asked, REPOSITORIES_AT_ONCE, |place| {
            read(archives, &keys, &wanted, &place, observer)
        }),
        Err(why) => {
            let unread = |place: Place| unread(&place, ArchiveStatus::Unreachable, why.clone());
            asked.into_iter().map(unread).collect()
        }
    };
    let mut official = readings.iter().filter(|reading| reading.host == Host::Official).peekable();
    let mut outlook = Outlook {
        suites: readings.iter().map(|reading| reading.suite.clone()).collect(),
        is_whole: official.peek().is_some() && official.all(|reading| reading.found.is_some()),
        ..Outlook::default()
    };
    outlook.suites.extend(refused);
    let note = |why: &String| problem("the configuration of the package manager", why);
    outlook.problems.extend(configuration.problems.iter().map(note));
    let found: Vec<Found> = readings.into_iter().filter_map(|reading| reading.found).collect();
    for Found { index, problems, .. } in &found {
        outlook.problems.extend(problems.iter().map(|why| problem(&index.repository.id, why)));
    }
    let indexes: Vec<Index> = found.iter().map(|found| found.index.clone()).collect();
    let candidates = pending(&Question {
        system: &system,
        installed: &image.packages,
        configuration: &configuration,
        indexes: &indexes,
    });
    let changes = changelogs(archives, &found, &candidates, &mut outlook.problems, observer);
    outlook.updates = candidates
        .into_iter()
        .map(|candidate| {
            let changes = changes.get(&candidate.pkgid).map(Vec::as_slice).unwrap_or_default();
            let update = update(&candidate, changes);
            NewerSource { words: Words::Known(Box::new(update)), pending: candidate.pending }
        })
        .collect();
    Some(outlook)
}

/// The changelogs of updates about which no advisory speaks.
fn changelogs(
    archives: &Archives<'_>,
    found: &[Found],
    candidates: &[Candidate],
    problems: &mut Vec<Problem>,
    observer: Observer<'_>,
) -> Changes {
    let mut changes = Changes::new();
    for Found { place, repomd, .. } in found {
        let id = &place.repository.id;
        let silent = candidates.iter().filter(|candidate| {
            candidate.pending.suite == *id && candidate.advice != Advice::Covers
        });
        let pkgids: BTreeSet<_> = silent.map(|c| c.pkgid.clone()).collect();
        if pkgids.is_empty() {
            continue;
        }
        observer(Event::Changelog { source: id.clone() });
        match (Metadata { archives, place, repomd }).changes(&pkgids) {
            Ok(more) => changes.extend(more),
            Err(Failure::Unreachable(why) | Failure::Inconsistent(why)) => {
                problems.push(problem(id, &why));
            }
        }
    }
    changes
}

/// Reads a repository. One that changed between its `repomd.xml` and another file is asked once more.
fn read(
    archives: &Archives<'_>,
    keys: &Keyrings,
    wanted: &Wanted,
    place: &Place,
    observer: Observer<'_>,
) -> Reading {
    let suite = || place.repository.id.clone();
    observer(Event::ArchiveStarted { suite: suite() });
    let attempt = |now| attempt(archives, keys, wanted, place, now);
    let reading = match attempt(false) {
        Err(Failure::Inconsistent(_)) => attempt(true),
        first => first,
    };
    observer(Event::ArchiveDone { suite: suite() });
    match reading {
        Ok(reading) => reading,
        Err(Failure::Unreachable(why)) => unread(place, ArchiveStatus::Unreachable, why),
        Err(Failure::Inconsistent(why)) => unread(place, ArchiveStatus::Inconsistent, why),
    }
}

fn unread(place: &Place, status: ArchiveStatus, why: String) -> Reading {
    Reading { suite: place.suite(status, Some(why)), host: place.host, found: None }
}

fn attempt(
    archives: &Archives<'_>,
    keys: &Keyrings,
    wanted: &Wanted,
    place: &Place,
    now: bool,
) -> Result<Reading, Failure> {
    // The address of the day may move from run to run; dates belong to the repository.
    let name = place.mirror_list.clone().unwrap_or_else(|| place.repomd_url());
    let place = resolved(archives, place, now)?;
    let Judged { suite, repomd } = &*judged(archives, keys, &place, &name, now)?;
    let Some(repomd) = repomd else {
        return Ok(Reading { suite: suite.clone(), host: place.host, found: None });
    };
    let host = place.host;
    let (index, problems) = Metadata { archives, place: &place, repomd }.index(wanted)?;
    // Only what was used is remembered: a date without its packages must not lock the next run out.
    archives.note(&name, suite.date);
    let found = Found { repomd: repomd.clone(), place, index, problems };
    Ok(Reading { suite: suite.clone(), host, found: Some(found) })
}

/// The repository at the address that its mirror list names today.
fn resolved(archives: &Archives<'_>, place: &Place, now: bool) -> Result<Place, Failure> {
    let Some(list) = &place.mirror_list else { return Ok(place.clone()) };
    let text = document(archives, list, MAX_LIST_BYTES, now)?
        .ok_or_else(|| Failure::Unreachable(format!("{list} is not there")))?;
    let text = String::from_utf8_lossy(&text);
    let unusable = |why| Failure::Unreachable(format!("{list}: {why}"));
    place.clone().with_mirror_list(&text).map_err(unusable)
}

/// Asks for `repomd.xml` and judges it, or takes what was judged in this run.
fn judged(
    archives: &Archives<'_>,
    keys: &Keyrings,
    place: &Place,
    name: &str,
    now: bool,
) -> Result<Arc<Judged>, Failure> {
    // The keys of another image do not count; those of the distribution's own hosts never do.
    let is_shared = place.host == Host::Official;
    let key = format!("{name} {} {:?}", place.repository.id, place.repository.signature);
    let known =
        || archives.repositories.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if is_shared
        && !now
        && let Some(known) = known()
    {
        return Ok(known);
    }
    let address = place.repomd_url();
    let repomd = document(archives, &address, MAX_REPOMD_BYTES, now)?
        .ok_or_else(|| Failure::Unreachable(format!("{address} is not there")))?;
    let signature = match document(archives, &place.signature_url(), MAX_REPOMD_BYTES, now) {
        // That there is none is not kept.
        Err(_) if archives.session.settings.offline => None,
        signature => signature?,
    };
    let received = Received {
        repomd: &repomd,
        signature: signature.as_deref(),
        over: transport(archives, &address),
        seen: archives.seen(name),
        now: archives.session.speaking_for(),
    };
    let keys = Keys { trusted: &keys.trusted, image: &keys.image };
    let judged = judge(place, &received, &keys);
    if judged.suite.status == ArchiveStatus::WronglySigned && !now {
        // The signature may be that of the next `repomd.xml`.
        return Err(Failure::Inconsistent(judged.suite.reason.unwrap_or_default()));
    }
    let judged = Arc::new(judged);
    if is_shared {
        let mut answers = archives.repositories.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(key, Arc::clone(&judged));
    }
    Ok(judged)
}

fn document(
    archives: &Archives<'_>,
    address: &str,
    limit: u64,
    now: bool,
) -> Result<Option<Vec<u8>>, Failure> {
    let document = archives.document(address, limit, now).map_err(Failure::Unreachable)?;
    Ok(document.map(|document| document.bytes))
}

/// How an address is read in this session: see `Reach`.
fn transport(archives: &Archives<'_>, address: &str) -> Transport {
    let settings = &archives.session.settings;
    let (scheme, location) = address.split_once("://").unwrap_or_default();
    let is_mirrored = settings.mirrors.iter().any(|(archive, _)| {
        location.strip_prefix(archive.as_str()).is_some_and(|path| path.starts_with('/'))
    });
    if settings.feeds_from.is_some() || is_mirrored {
        Transport::Copy
    } else if scheme == "https" {
        Transport::Https
    } else {
        Transport::Http
    }
}

/// The architecture of the image: what it says, else that of most packages.
fn architecture(image: &ImageInventory) -> String {
    if let Some(platform) = &image.image.platform {
        return platform.architecture.clone();
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let rpms = image.packages.iter().filter(|package| package.ecosystem.is_rpm());
    for arch in rpms.filter_map(|package| package.arch.as_deref()).filter(|a| *a != "noarch") {
        *counts.entry(arch).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or_else(|| "x86_64".to_owned(), |(arch, _)| arch.to_owned())
}

fn problem(path: &str, why: &str) -> Problem {
    Problem { path: path.to_owned(), layer: None, message: why.to_owned() }
}
