//! apt's archives: which suites an image has, what they answer, and what is newer there.

mod debs;
mod index;
mod installed;
mod suite;

use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_distro::{
    AptState, AptSystem, AskedSuite, Index, Offer, Pocket, Preferences, Release, archives_to_ask,
    pending_updates, suites,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveSuite, Problem, Scope};
use plimsoll_table::TableError;

use self::debs::wanted;
use self::installed::{apt_packages, architectures, held};
use self::suite::{Answer, answer, unreachable};
use super::documents::Age;
use super::keys::{Keys, keys};
use super::{Archives, NewerSource, Outlook, Words};
use crate::error::chain;
use crate::event::Observer;
use crate::side_by_side::side_by_side;

/// How many suites are asked at once: Debian has four with backports, Ubuntu as many.
const SUITES_AT_ONCE: usize = 4;

/// The security suite of a release: what its feed is made from.
pub(crate) struct SecuritySuite {
    pub(crate) suite: ArchiveSuite,
    pub(crate) release: Release,
    pub(crate) indexes: Vec<Arc<Index>>,
    /// When the archive said last that there is nothing newer.
    pub(crate) checked: Timestamp,
}

/// What the archives of the image have that is newer. None where the image's release is not known.
pub(super) fn outlook(
    archives: &Archives<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Option<Outlook> {
    let scope = image.os.as_ref()?.scope.clone()?;
    let architectures = architectures(image);
    let system = AptSystem { scope: &scope, architectures: &architectures };
    let request = archives_to_ask(&image.manager_files, system, &|host| archives.is_allowed(host));
    let mut outlook = Outlook { problems: request.problems, ..Outlook::default() };
    let keys = keys(archives.session, scope.ecosystem, &mut outlook.problems);
    let ask = || match &keys {
        Ok(keys) => ask_all(archives, keys, request.ask.clone(), observer),
        Err(why) => request.ask.iter().map(|asked| unreachable(asked.clone(), why)).collect(),
    };
    let mut answers = ask();
    let preferences = Preferences::of(&image.manager_files);
    outlook.problems.extend(preferences.problems.iter().cloned());
    let native = architectures.first().map_or("amd64", String::as_str);
    let mut found = newer(image, native, &answers, &preferences);
    // Each compiled index that is damaged is made anew once.
    for _ in 0..answers.iter().map(|answer| answer.indexes.len()).sum() {
        let Err(error) = &found else { break };
        if !archives.discard(error) {
            break;
        }
        answers = ask();
        found = newer(image, native, &answers, &preferences);
    }
    outlook.suites = answers.iter().map(|answer| answer.suite.clone()).collect();
    outlook.suites.extend(request.not_asked);
    outlook.is_whole = security_of(&scope, native)
        .is_some_and(|security| answers.iter().any(|answer| answer.is_whole_of(&security)));
    match found {
        Ok((newer, problems)) => {
            outlook.updates = newer;
            outlook.problems.extend(problems);
        }
        Err(error) => {
            outlook.is_whole = false;
            outlook.problems.push(problem("the index of an archive", chain(&error)));
        }
    }
    Some(outlook)
}

/// The security suite of a release, for the packages of one architecture.
pub(crate) fn security_suite(
    archives: &Archives<'_>,
    scope: &Scope,
    architecture: &str,
    observer: Observer<'_>,
) -> Result<SecuritySuite, String> {
    let asked = security_of(scope, architecture)
        .ok_or_else(|| format!("{scope} has no security suite that is still served"))?;
    // What is no keyring among the operator's is told where images are looked at.
    let keys = keys(archives.session, scope.ecosystem, &mut Vec::new())?;
    let Answer { suite, release, indexes, is_whole, checked, age, .. } =
        answer(archives, &keys, asked, observer);
    let why = || {
        let reason = suite.reason.as_deref().unwrap_or(suite.status.as_str());
        format!("{}: {reason}", suite.suite)
    };
    match (release, checked) {
        // A feed that is made anew from an old answer would look as if it were new.
        (Some(release), Some(checked)) if is_whole && age == Age::Fresh => {
            let indexes = indexes.into_iter().map(|found| found.index).collect();
            Ok(SecuritySuite { suite, release, indexes, checked })
        }
        _ => Err(why()),
    }
}

/// The security suite as the distribution serves it itself: what an image names in its place may be frozen.
fn security_of(scope: &Scope, architecture: &str) -> Option<AskedSuite> {
    let suites = suites(scope, architecture)?;
    let suite = suites.into_iter().find(|suite| suite.pocket == Pocket::Security)?;
    Some(AskedSuite::official(&suite, &["main"], &[architecture.to_owned()]))
}

fn ask_all(
    archives: &Archives<'_>,
    keys: &Keys,
    suites: Vec<AskedSuite>,
    observer: Observer<'_>,
) -> Vec<Answer> {
    side_by_side(suites, SUITES_AT_ONCE, |asked| answer(archives, keys, asked, observer))
}

/// What is newer, and which packages could not be judged. An error is damage of a compiled index.
fn newer(
    image: &ImageInventory,
    native: &str,
    answers: &[Answer],
    preferences: &Preferences,
) -> Result<(Vec<NewerSource>, Vec<Problem>), TableError> {
    let machine_id =
        image.manager_files.get("etc/machine-id").and_then(|id| std::str::from_utf8(id).ok());
    let state = AptState {
        packages: &apt_packages(&image.packages),
        native,
        holds: &held(image),
        machine_id: machine_id.map(str::trim).filter(|id| !id.is_empty()),
    };
    let found = pending_updates(state, &offers(answers), preferences)?;
    let newer = found.pending.into_iter().map(|pending| {
        let words = Words::Changelog(wanted(&pending, answers)?);
        Ok(NewerSource { words, pending })
    });
    Ok((newer.collect::<Result<_, TableError>>()?, found.problems))
}

fn offers(answers: &[Answer]) -> Vec<Offer<'_>> {
    let mut offers = Vec::new();
    for answer in answers {
        let Some(release) = &answer.release else { continue };
        offers.extend(answer.indexes.iter().map(|found| Offer {
            suite: &answer.suite.suite,
            site: &answer.asked.site,
            pocket: answer.pocket,
            release,
            component: &found.component,
            architecture: &found.architecture,
            index: &found.index,
        }));
    }
    offers
}

fn problem(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), layer: None, message }
}
