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
use plimsoll_model::{ArchiveSuite, Ecosystem, Problem};

use super::documents::{Age, Answer as Signed, Asking};
use super::{Archives, NewerSource, Outlook, Words};
use crate::event::{Event, Observer};
use crate::side_by_side::side_by_side;

/// Alpine's largest index has 3 MB, Wolfi's with every version of years 40.
const MAX_INDEX_BYTES: u64 = 256 << 20;
/// How many repositories are asked at once: Alpine has two, with testing three.
const REPOSITORIES_AT_ONCE: usize = 4;

/// What official repositories answered in this run, by the distribution and the address of their index.
pub(super) type Answers = Mutex<HashMap<(Ecosystem, String), Arc<Answer>>>;

/// What a repository answered.
pub(super) struct Answer {
    judged: JudgedApkIndex,
    age: Age,
}

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
        let answer = answer(archives, scope.ecosystem, &keys, &archive, observer);
        (archive, answer)
    });
    outlook.suites = answers.iter().map(|(_, answer)| answer.judged.suite.clone()).collect();
    outlook.is_whole = is_whole(&answers, &refused);
    outlook.suites.extend(refused);
    let mut offers = Vec::new();
    for (archive, answer) in &answers {
        let Some(index) = &answer.judged.index else { continue };
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

/// Whether everything that has security updates was asked: the release's own repositories, or, of a distribution of
/// which none is known, all that the image names.
fn is_whole(answers: &[(ApkArchive, Arc<Answer>)], refused: &[ArchiveSuite]) -> bool {
    let is_answer =
        |(_, answer): &(_, Arc<Answer>)| answer.judged.index.is_some() && answer.age.counts();
    let mut defaults = answers.iter().filter(|(archive, _)| archive.is_default).peekable();
    if defaults.peek().is_some() {
        return defaults.all(is_answer);
    }
    let mut untagged = answers.iter().filter(|(archive, _)| archive.tag.is_none()).peekable();
    refused.is_empty() && untagged.peek().is_some() && untagged.all(is_answer)
}

/// Asks a repository, or takes what it answered in this run: what an official one says does not depend on the image.
fn answer(
    archives: &Archives<'_>,
    ecosystem: Ecosystem,
    keys: &Keys<'_>,
    archive: &ApkArchive,
    observer: Observer<'_>,
) -> Arc<Answer> {
    // Which keys are the distribution's depends on whose packages the image has.
    let key = (ecosystem, archive.index_url.clone());
    let is_shared = archive.keys == ApkArchiveKeys::Official;
    let answers = || archives.apk.lock().unwrap_or_else(PoisonError::into_inner);
    let known = answers().get(&key).filter(|_| is_shared).cloned();
    if let Some(known) = known {
        return known;
    }
    observer(Event::ArchiveStarted { suite: archive.suite.clone() });
    let answer = Arc::new(ask(archives, keys, archive));
    observer(Event::ArchiveDone { suite: archive.suite.clone() });
    if is_shared {
        answers().insert(key, Arc::clone(&answer));
    }
    answer
}

fn ask(archives: &Archives<'_>, keys: &Keys<'_>, archive: &ApkArchive) -> Answer {
    let address = &archive.index_url;
    let unreachable = |why: String| Answer {
        judged: JudgedApkIndex { suite: archive.unreachable(why), index: None },
        age: Age::Fresh,
    };
    let Signed { document, age } =
        match archives.documents.get(address, MAX_INDEX_BYTES, Asking::Patiently) {
            Ok(Some(signed)) => signed,
            Ok(None) => return unreachable(format!("{address} is not there")),
            Err(why) => return unreachable(why),
        };
    let judge =
        ApkJudge { trusted: keys.trusted, image: keys.image, now: archives.session.speaking_for() };
    let mut judged = judge.index(archive, &document.bytes, archives.seen(address));
    match &judged.index {
        Some(index) => {
            archives.note(address, index.made_at);
            archives.documents.accept(address);
            age.tell(&mut judged.suite);
        }
        None => archives.documents.reject(address),
    }
    Answer { judged, age }
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

#[cfg(test)]
mod tests {
    use plimsoll_model::{ArchiveStatus, Scope};

    use super::*;

    const HOST: &str = "https://dl-cdn.alpinelinux.org/alpine";

    /// An image with this list; the repositories whose names end so have no usable index.
    #[track_caller]
    fn check(list: &str, broken: &[&str], age: &Age, expected: bool) {
        let scope: Scope = "alpine:3.20".parse().unwrap();
        let files = [("etc/apk/repositories".to_owned(), list.as_bytes().to_vec())].into();
        let system = ApkSystem::read(&files, "x86_64");
        let ApkArchives { ask, refused } =
            apk_archives(&scope, &system, |host| host == "mine.example");
        let key = plimsoll_testkit::ApkKey::new("a.rsa.pub");
        let mut keys = ApkKeys::default();
        keys.add("a.rsa.pub", key.public_pem().as_bytes()).unwrap();
        let index = plimsoll_testkit::ApkIndexWriter::new(&[])
            .build(&key, plimsoll_testkit::ApkHash::Sha256);
        let judge = ApkJudge { trusted: &keys, image: &keys, now: jiff::Timestamp::now() };
        let answer = |archive: ApkArchive| {
            let is_broken = broken.iter().any(|name| archive.index_url.contains(name));
            let bytes: &[u8] = if is_broken { b"" } else { &index };
            let judged = judge.index(&archive, bytes, None);
            (archive, Arc::new(Answer { judged, age: age.clone() }))
        };
        let answers: Vec<_> = ask.into_iter().map(answer).collect();
        assert!(answers.iter().any(|(_, a)| a.judged.suite.status == ArchiveStatus::Verified));
        assert_eq!(is_whole(&answers, &refused), expected, "{list}");
    }

    #[test]
    fn only_the_repositories_of_the_release_make_an_outlook_whole() {
        let both = format!("{HOST}/v3.20/main\n{HOST}/v3.20/community\n");
        check(&both, &[], &Age::Fresh, true);
        check(&both, &["v3.20/community"], &Age::Fresh, false);
        check("", &[], &Age::Fresh, true);
        check("", &["v3.20/main"], &Age::Fresh, false);
        // A part, another release, a mirror: good for what they are, but not in place of the release.
        for part in [
            format!("{HOST}/v3.20/community"),
            format!("{HOST}/v3.19/main"),
            "https://mine.example/alpine/v3.20/main".to_owned(),
        ] {
            check(&part, &[], &Age::Fresh, true);
            check(&part, &["org/alpine/v3.20/main"], &Age::Fresh, false);
        }
        // What the image has besides does not make it less.
        check(&format!("{HOST}/v3.19/main"), &["v3.19"], &Age::Fresh, true);
        check("https://other.example/main", &[], &Age::Fresh, true);
        check(&format!("@edge {HOST}/v3.20/main"), &[], &Age::Fresh, true);
    }

    #[test]
    fn what_is_too_old_is_no_answer() {
        check("", &[], &Age::Unrefreshed("it does not answer".to_owned()), true);
        check("", &[], &Age::TooOld("a year".to_owned()), false);
    }
}
