//! Distribution archives: what they have that is newer than what an image has.
//!
//! Each suite is asked once in a run, whatever the number of images, and only for what changed since it was
//! asked last; suites are asked side by side. `distro` says what to ask and judges the answers.

mod apk;
mod apt;
pub(crate) mod changelogs;
mod dates;
mod documents;
mod kept;
mod keys;
pub(crate) mod learned;
mod rpm;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use plimsoll_distro::{DebDoc, Index, Pending, deb_update, update_of};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveSuite, Ecosystem, Problem, Update};
use plimsoll_table::TableError;

use self::changelogs::Wanted;
use self::dates::Dates;
use self::documents::Documents;
use crate::error::{Error, chain};
use crate::event::{Event, Observer};
use crate::session::Session;

pub(crate) use self::apt::{SecuritySuite, security_suite};
pub(crate) use self::documents::is_within;
pub(crate) use self::kept::DIRECTORY as KEPT;

/// What compiled indexes are called in the cache.
const PACKAGES: &str = "packages";

/// How old an answer may be that is used without asking again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Always ask whether something is new.
    None,
    /// An answer of this age still counts.
    For(SignedDuration),
}

/// The archives of one run.
pub(crate) struct Archives<'s> {
    session: &'s Session,
    documents: Documents<'s>,
    dates: Mutex<Dates>,
    /// Judged indexes of official apk repositories.
    apk: apk::Answers,
    /// What was read of rpm repositories, for the packages of all images.
    rpm: rpm::Contents,
    /// Indexes that are open, by the hash of the index that they were compiled from.
    indexes: Mutex<BTreeMap<String, Arc<Index>>>,
}

/// What the archives have for one image.
#[derive(Debug, Default)]
pub(crate) struct Outlook {
    /// What was asked, and what was not.
    pub(crate) suites: Vec<ArchiveSuite>,
    /// What is newer there.
    pub(crate) updates: Vec<NewerSource>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// Whether every source of security updates was asked and its word counts: only then is silence an answer.
    pub(crate) is_whole: bool,
}

/// A source package that an archive has a newer version of.
#[derive(Clone, Debug)]
pub(crate) struct NewerSource {
    pub(crate) pending: Pending,
    pub(crate) words: Words,
}

/// Where the distribution says what changed.
#[derive(Clone, Debug)]
pub(crate) enum Words {
    /// In the changelog of its `.deb`s.
    Changelog(Wanted),
    /// In the metadata of its rpm repository.
    Repository(Box<rpm::Untold>),
    /// Here already.
    Known(Box<Update>),
}

impl<'s> Archives<'s> {
    /// The archives for these images, which is all that [`Self::outlook`] will be asked about.
    pub(crate) fn open(
        session: &'s Session,
        patience: Patience,
        images: &[ImageInventory],
    ) -> Result<Self, Error> {
        Ok(Self {
            session,
            documents: Documents::open(session, patience)?,
            dates: Mutex::new(Dates::load(session)),
            apk: apk::Answers::default(),
            rpm: rpm::Contents::wanted_by(images),
            indexes: Mutex::default(),
        })
    }

    pub(crate) fn session(&self) -> &'s Session {
        self.session
    }

    /// What the archives of the image's distribution have that is newer; none where no archive is known for it.
    pub(crate) fn outlook(
        &self,
        image: &ImageInventory,
        observer: Observer<'_>,
    ) -> Option<Outlook> {
        let ecosystem = image.os.as_ref()?.ecosystem?;
        let outlook = match ecosystem {
            Ecosystem::Debian | Ecosystem::Ubuntu => apt::outlook(self, image, observer)?,
            apk if apk.is_apk() => apk::outlook(self, image, observer)?,
            rpm if rpm.is_rpm() => rpm::outlook(self, image, observer)?,
            _ => return None,
        };
        self.remember(observer);
        Some(outlook)
    }

    /// Keeps for later runs what was seen in this one, and the cache within its limit.
    pub(crate) fn remember(&self, observer: Observer<'_>) {
        let stored = self.dates.lock().unwrap_or_else(PoisonError::into_inner).store(self.session);
        if let Err(error) = stored {
            let why = chain(&error);
            let text = format!("an archive that goes back in time will not be noticed: {why}");
            observer(Event::Warning(text));
        }
        self.documents.store_attempts();
        self.documents.kept.prune(self.session);
    }

    /// The updates as people read them, with what their changelogs say; security updates first.
    pub(crate) fn updates(&self, newer: &[NewerSource], observer: Observer<'_>) -> Vec<Update> {
        let docs = self.changelogs(newer, observer);
        let untold = newer.iter().filter_map(|newer| match &newer.words {
            Words::Repository(untold) => Some(&**untold),
            _ => None,
        });
        let changes = rpm::Told::of(self, untold, observer);
        let mut updates: Vec<Update> = newer
            .iter()
            .zip(&docs)
            .map(|(newer, doc)| match (&newer.words, doc) {
                (Words::Known(update), _) => (**update).clone(),
                (Words::Repository(untold), _) => changes.update(untold),
                (Words::Changelog(_), Some(doc)) => {
                    deb_update(&newer.pending, doc.as_ref().map_err(String::as_str))
                }
                (Words::Changelog(_), None) => update_of(&newer.pending),
            })
            .collect();
        updates.sort_by(|a, b| (!a.security, &a.source).cmp(&(!b.security, &b.source)));
        updates
    }

    /// The changelogs of those that have one in their packages, in their order.
    pub(crate) fn changelogs(
        &self,
        newer: &[NewerSource],
        observer: Observer<'_>,
    ) -> Vec<Option<Result<DebDoc, String>>> {
        let wanted = newer.iter().filter_map(|newer| match &newer.words {
            Words::Changelog(wanted) => Some(wanted.clone()),
            Words::Known(_) | Words::Repository(_) => None,
        });
        let Documents { kept, .. } = &self.documents;
        let reach = self.documents.reach();
        let mut docs = changelogs::fetch(reach, kept, wanted.collect(), observer).into_iter();
        newer
            .iter()
            .map(|newer| match &newer.words {
                Words::Changelog(_) => docs.next(),
                Words::Known(_) | Words::Repository(_) => None,
            })
            .collect()
    }

    /// Removes a compiled index that is damaged, so that it is compiled anew when it is asked for again. False where
    /// that would not help.
    pub(crate) fn discard(&self, error: &TableError) -> bool {
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &self.documents.kept;
        let before = indexes.len();
        indexes.retain(|hash, _| kept.path(PACKAGES, hash) != error.path);
        kept.remove(&error.path);
        indexes.len() < before
    }

    /// Whether the operator lets a host be asked that only the image names.
    fn is_allowed(&self, host: &str) -> bool {
        self.session.settings.allowed_sources.iter().any(|allowed| allowed == host)
    }

    fn seen(&self, address: &str) -> Option<Timestamp> {
        self.dates.lock().unwrap_or_else(PoisonError::into_inner).seen(address)
    }

    fn note(&self, address: &str, date: Option<Timestamp>) {
        if let Some(date) = date {
            self.dates.lock().unwrap_or_else(PoisonError::into_inner).note(address, date);
        }
    }
}

#[cfg(test)]
mod tests;
