//! apk's repositories: which an image has, what they answer, and what is newer there.

mod keys;
mod secfixes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_distro::{
    ApkArchive, ApkArchiveKeys, ApkArchives, ApkJudge, ApkKeys, ApkOffer, ApkSystem, ApkUpdates,
    JudgedApkIndex, apk_arch, apk_archives, apk_updates,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveSuite, Problem};

use super::{Archives, NewerSource, Outlook, Words};
use crate::event::{Event, Observer};
use crate::side_by_side::side_by_side;

/// Alpine's largest index has 3 MB, Wolfi's with every version of years 40.
const MAX_INDEX_BYTES: u64 = 256 << 20;
/// How many repositories are asked at once: Alpine has two, with testing three.
const REPOSITORIES_AT_ONCE: usize = 4;

/// What official repositories answered in this run, by the address of their index.
pub(super) type Answers = Mutex<HashMap<String, Arc<JudgedApkIndex>>>;

/// What the repositories of the image have that is newer. None where its release or architecture is not known.
pub(super) fn outlook(
    archives: &Archives<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Option<Outlook> {
    let scope = image.os.as_ref()?.scope.clone()?;
    let system = ApkSystem::read(&image.manager_files, architecture(image)?);
    let ApkArchives { ask, refused } =
        apk_archives(&scope, &system, |host| archives.is_allowed(host));
    let mut outlook = Outlook { problems: system.problems.clone(), ..Outlook::default() };
    let trusted =
        keys::trusted(archives.session, scope.ecosystem, &system.arch, &mut outlook.problems);
    let keys = Keys { trusted: &trusted, image: &system.keys };
    let answers = side_by_side(ask, REPOSITORIES_AT_ONCE, |archive| {
        let judged = answer(archives, &keys, &archive, observer);
        (archive, judged)
    });
    outlook.suites = answers.iter().map(|(_, judged)| judged.suite.clone()).collect();
    outlook.is_whole = is_whole(&answers, &refused);
    outlook.suites.extend(refused);
    let mut offers = Vec::new();
    for (archive, judged) in &answers {
        let Some(index) = &judged.index else { continue };
        let problems = index.problems.iter().map(|why| problem(&archive.suite, why));
        outlook.problems.extend(problems);
        offers.push(ApkOffer { archive, index });
    }
    let ApkUpdates { pending, problems } = apk_updates(&image.packages, &system.world, &offers);
    outlook.problems.extend(problems.iter().map(|why| problem("a version", why)));
    outlook.updates = secfixes::updates(archives.session, image, pending, &mut outlook.problems)
        .into_iter()
        .map(|(pending, update)| NewerSource { words: Words::Known(Box::new(update)), pending })
        .collect();
    Some(outlook)
}

struct Keys<'k> {
    trusted: &'k ApkKeys,
    image: &'k ApkKeys,
}

/// Whether everything that has security updates was asked: the distribution's own repositories, or, where an
/// allowed mirror stands for them, all that the image names.
fn is_whole(answers: &[(ApkArchive, Arc<JudgedApkIndex>)], refused: &[ArchiveSuite]) -> bool {
    let untagged = || answers.iter().filter(|(archive, _)| archive.tag.is_none());
    let official = || untagged().filter(|(archive, _)| archive.keys == ApkArchiveKeys::Official);
    match official().next() {
        Some(_) => official().all(|(_, judged)| judged.index.is_some()),
        None => {
            refused.is_empty()
                && untagged().next().is_some()
                && untagged().all(|(_, judged)| judged.index.is_some())
        }
    }
}

/// Asks a repository, or takes what it answered in this run: what an official one says does not depend on the image.
fn answer(
    archives: &Archives<'_>,
    keys: &Keys<'_>,
    archive: &ApkArchive,
    observer: Observer<'_>,
) -> Arc<JudgedApkIndex> {
    let is_shared = archive.keys == ApkArchiveKeys::Official;
    let answers = || archives.apk.lock().unwrap_or_else(PoisonError::into_inner);
    let known = answers().get(&archive.index_url).filter(|_| is_shared).cloned();
    if let Some(known) = known {
        return known;
    }
    observer(Event::ArchiveStarted { suite: archive.suite.clone() });
    let judged = Arc::new(ask(archives, keys, archive));
    observer(Event::ArchiveDone { suite: archive.suite.clone() });
    if is_shared {
        answers().insert(archive.index_url.clone(), Arc::clone(&judged));
    }
    judged
}

fn ask(archives: &Archives<'_>, keys: &Keys<'_>, archive: &ApkArchive) -> JudgedApkIndex {
    let address = &archive.index_url;
    let unreachable = |why: String| JudgedApkIndex { suite: archive.unreachable(why), index: None };
    let document = match archives.document(address, MAX_INDEX_BYTES, false) {
        Ok(Some(document)) => document,
        Ok(None) => return unreachable(format!("{address} is not there")),
        Err(why) => return unreachable(why),
    };
    let judge =
        ApkJudge { trusted: keys.trusted, image: keys.image, now: archives.session.speaking_for() };
    let judged = judge.index(archive, &document.bytes, archives.seen(address));
    if let Some(index) = &judged.index {
        archives.note(address, index.made_at);
    }
    judged
}

/// That of the platform; a directory or a tar has none, but its packages do.
fn architecture(image: &ImageInventory) -> Option<&str> {
    let platform = image.image.platform.as_ref();
    let platform = platform.and_then(|it| apk_arch(&it.architecture, it.variant.as_deref()));
    platform.or_else(|| {
        let apk = image.packages.iter().filter(|package| package.ecosystem.is_apk());
        apk.filter_map(|package| package.arch.as_deref()).find(|arch| *arch != "noarch")
    })
}

fn problem(path: &str, message: &str) -> Problem {
    Problem { path: path.to_owned(), layer: None, message: message.to_owned() }
}
