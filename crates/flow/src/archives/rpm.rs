//! rpm repositories: which an image has, what they answer, and what is newer there.

mod keys;
mod metadata;
mod told;

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_distro::rpm::{
    Candidate, Configuration, Host, Index, Judged, Keys, Place, Places, Question, Received, Repomd,
    System, Transport, judge, pending, places,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveStatus, ArchiveSuite, Problem};

use self::keys::Keyrings;
use self::metadata::Metadata;
use super::documents::{Age, Answer as Signed, Asking};
use super::{Archives, NewerSource, Outlook, Words};
use crate::event::{Event, Observer};
use crate::reach::Way;
use crate::side_by_side::side_by_side;

pub(super) use self::metadata::Contents;
pub(super) use self::told::Told;
pub(crate) use self::told::Untold;

/// The largest `repomd.xml`, with delta metadata of many days, have some 100 kB.
const MAX_REPOMD_BYTES: u64 = 8 << 20;
/// A mirror list has some hundred lines.
const MAX_LIST_BYTES: u64 = 1 << 20;
/// How many repositories are asked at once: a distribution has two to four.
const REPOSITORIES_AT_ONCE: usize = 4;

/// What was read of a repository for one image.
struct Reading {
    place: Place,
    suite: ArchiveSuite,
    /// Set where its word counts.
    found: Option<Found>,
    age: Age,
}

struct Found {
    source: Arc<Source>,
    index: Index,
    problems: Vec<String>,
}

/// A repository whose word counts.
#[derive(Debug)]
struct Source {
    place: Place,
    repomd: Repomd,
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
    let mut outlook = Outlook::default();
    let keys = keys::keyrings(archives.session, image, &mut outlook.problems);
    let readings =
        side_by_side(asked, REPOSITORIES_AT_ONCE, |place| read(archives, &keys, place, observer));
    outlook.suites = readings.iter().map(|reading| reading.suite.clone()).collect();
    outlook.is_whole = is_whole(&readings);
    outlook.suites.extend(refused);
    let note = |why: &String| problem("the configuration of the package manager", why);
    outlook.problems.extend(configuration.problems.iter().map(note));
    let (sources, indexes) = taken_apart(readings, &mut outlook.problems);
    let candidates = pending(&Question {
        system: &system,
        installed: &image.packages,
        configuration: &configuration,
        indexes: &indexes,
    });
    let newer = |candidate: Candidate| {
        let pending = candidate.pending.clone();
        // An advisory speaks of one version, not of those that were skipped: the changelog is read in any case.
        let of_suite = sources.iter().filter(|s| s.place.repository.id == pending.suite);
        let sources = of_suite.cloned().collect();
        let words = Words::Repository(Box::new(Untold { candidate, sources }));
        NewerSource { pending, words }
    };
    outlook.updates = candidates.into_iter().map(newer).collect();
    Some(outlook)
}

/// Whether everything that has security updates was asked: the release's own repositories, or, where none are known,
/// those of the distribution that the image names.
fn is_whole(readings: &[Reading]) -> bool {
    let is_answer = |reading: &Reading| reading.found.is_some() && reading.age.counts();
    let mut defaults = readings.iter().filter(|reading| reading.place.is_default).peekable();
    if defaults.peek().is_some() {
        return defaults.all(is_answer);
    }
    let is_official = |reading: &&Reading| reading.place.host == Host::Official;
    let mut official = readings.iter().filter(is_official).peekable();
    official.peek().is_some() && official.all(is_answer)
}

fn taken_apart(
    readings: Vec<Reading>,
    problems: &mut Vec<Problem>,
) -> (Vec<Arc<Source>>, Vec<Index>) {
    let found = readings.into_iter().filter_map(|reading| reading.found);
    let apart = found.map(|Found { source, index, problems: wrong }| {
        problems.extend(wrong.iter().map(|why| problem(&index.repository.id, why)));
        (source, index)
    });
    apart.unzip()
}

/// Reads a repository. One that changed between its `repomd.xml` and another file is asked once more.
fn read(archives: &Archives<'_>, keys: &Keyrings, place: Place, observer: Observer<'_>) -> Reading {
    let suite = || place.repository.id.clone();
    observer(Event::ArchiveStarted { suite: suite() });
    let reading = match attempt(archives, keys, &place, Asking::Patiently) {
        Err(Failure::Inconsistent(_)) => attempt(archives, keys, &place, Asking::Again),
        first => first,
    };
    observer(Event::ArchiveDone { suite: suite() });
    match reading {
        Ok(reading) => reading,
        Err(Failure::Unreachable(why)) => unread(place, ArchiveStatus::Unreachable, why),
        Err(Failure::Inconsistent(why)) => unread(place, ArchiveStatus::Inconsistent, why),
    }
}

fn unread(place: Place, status: ArchiveStatus, why: String) -> Reading {
    Reading { suite: place.suite(status, Some(why)), place, found: None, age: Age::Fresh }
}

fn attempt(
    archives: &Archives<'_>,
    keys: &Keyrings,
    place: &Place,
    asking: Asking,
) -> Result<Reading, Failure> {
    // The address of the day may move from run to run; dates belong to the repository.
    let name = place.mirror_list.clone().unwrap_or_else(|| place.repomd_url());
    let (today, list_age) = resolved(archives, place, asking)?;
    let addresses = [today.repomd_url(), today.signature_url()];
    let (judged, age) = judged(archives, keys, &today, &name, asking)?;
    let age = age.max(list_age);
    let Judged { mut suite, repomd } = judged;
    let Some(repomd) = repomd else {
        addresses.iter().for_each(|address| archives.documents.reject(address));
        return Ok(Reading { suite, place: place.clone(), found: None, age });
    };
    age.tell(&mut suite);
    let (index, problems) = Metadata { archives, place: &today, repomd: &repomd }.index()?;
    // Only what was used is remembered: a date without its packages must not lock the next run out.
    archives.note(&name, suite.date);
    addresses.iter().for_each(|address| archives.documents.accept(address));
    let source = Arc::new(Source { place: today, repomd });
    let found = Found { source, index, problems };
    Ok(Reading { suite, place: place.clone(), found: Some(found), age })
}

/// The repository at the address that its mirror list names today.
fn resolved(
    archives: &Archives<'_>,
    place: &Place,
    asking: Asking,
) -> Result<(Place, Age), Failure> {
    let Some(list) = &place.mirror_list else { return Ok((place.clone(), Age::Fresh)) };
    let Signed { document, age } = document(archives, list, MAX_LIST_BYTES, asking)?
        .ok_or_else(|| Failure::Unreachable(format!("{list} is not there")))?;
    let text = String::from_utf8_lossy(&document.bytes);
    match place.clone().with_mirror_list(&text) {
        Ok(place) => {
            archives.documents.accept(list);
            Ok((place, age))
        }
        Err(why) => {
            archives.documents.reject(list);
            Err(Failure::Unreachable(format!("{list}: {why}")))
        }
    }
}

/// Asks for `repomd.xml` and judges it.
fn judged(
    archives: &Archives<'_>,
    keys: &Keyrings,
    place: &Place,
    name: &str,
    asking: Asking,
) -> Result<(Judged, Age), Failure> {
    let address = place.repomd_url();
    let Signed { document: repomd, age } = document(archives, &address, MAX_REPOMD_BYTES, asking)?
        .ok_or_else(|| Failure::Unreachable(format!("{address} is not there")))?;
    let signature = match document(archives, &place.signature_url(), MAX_REPOMD_BYTES, asking) {
        // That there is none is not kept.
        Err(_) if archives.documents.is_offline() => None,
        signature => signature?,
    };
    let received = Received {
        repomd: &repomd.bytes,
        signature: signature.as_ref().map(|signature| signature.document.bytes.as_slice()),
        over: match repomd.way {
            Way::Https => Transport::Https,
            Way::Copy => Transport::Copy,
            Way::Http => Transport::Http,
        },
        seen: archives.seen(name),
        now: archives.session.speaking_for(),
    };
    let keys = Keys { trusted: &keys.trusted, image: &keys.image };
    let judged = judge(place, &received, &keys);
    if judged.suite.status == ArchiveStatus::WronglySigned && asking == Asking::Patiently {
        // The signature may be that of the next `repomd.xml`.
        return Err(Failure::Inconsistent(judged.suite.reason.unwrap_or_default()));
    }
    Ok((judged, signature.map_or(age.clone(), |signature| age.max(signature.age))))
}

fn document(
    archives: &Archives<'_>,
    address: &str,
    limit: u64,
    asking: Asking,
) -> Result<Option<Signed>, Failure> {
    archives.documents.get(address, limit, asking).map_err(Failure::Unreachable)
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
