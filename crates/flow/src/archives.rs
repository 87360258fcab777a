//! Distribution archives: what they have that is newer than what an image has.
//!
//! Each suite is asked once in a run, whatever the number of images, and only for what changed since it was
//! asked last; suites are asked side by side. `distro` says what to ask and judges the answers.

mod apk;
mod apt;
pub(crate) mod changelogs;
mod dates;
mod kept;
mod keys;
pub(crate) mod learned;
mod rpm;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use plimsoll_distro::{DebDoc, Index, Pending, deb_update, update_of};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::{ArchiveSuite, Ecosystem, Problem, Update};

use self::changelogs::Wanted;
use self::dates::Dates;
use self::kept::{Document, Kept};
use crate::attempts::Attempts;
use crate::error::Error;
use crate::event::Observer;
use crate::reach::{Found, Reach, Reached};
use crate::session::Session;

pub(crate) use self::apt::{SecuritySuite, security_suite};

/// Under which addresses are remembered that had nothing, and those that did not answer.
const MISSING: &str = "missing";
const SILENT: &str = "silent";

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
    reach: Reach,
    kept: Kept,
    patience: Patience,
    dates: Mutex<Dates>,
    /// What was asked in vain, in this run or lately.
    attempts: Mutex<Attempts>,
    /// Suites that were answered in this run, by the address of their release.
    suites: Mutex<HashMap<String, Arc<apt::Answer>>>,
    /// Judged indexes of apk repositories, by their address.
    apk: apk::Answers,
    /// Judged metadata of rpm repositories, by what was asked.
    repositories: rpm::Answers,
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
    /// Here already.
    Known(Box<Update>),
}

impl<'s> Archives<'s> {
    pub(crate) fn open(session: &'s Session, patience: Patience) -> Result<Self, Error> {
        Ok(Self {
            session,
            reach: Reach::new(session)?,
            kept: Kept::open(session),
            patience,
            dates: Mutex::new(Dates::load(session)),
            attempts: Mutex::new(Attempts::load(session)),
            suites: Mutex::default(),
            apk: apk::Answers::default(),
            repositories: rpm::Answers::default(),
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
        self.dates.lock().unwrap_or_else(PoisonError::into_inner).store(self.session);
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).store(self.session);
        Some(outlook)
    }

    /// The updates as people read them, with what their changelogs say; security updates first.
    pub(crate) fn updates(&self, newer: &[NewerSource], observer: Observer<'_>) -> Vec<Update> {
        let docs = self.changelogs(newer, observer);
        let mut updates: Vec<Update> = newer
            .iter()
            .zip(&docs)
            .map(|(newer, doc)| match (&newer.words, doc) {
                (Words::Known(update), _) => (**update).clone(),
                (Words::Changelog(_), Some(doc)) => {
                    deb_update(&newer.pending, doc.as_ref().map_err(String::as_str))
                }
                (Words::Changelog(_), None) => update_of(&newer.pending),
            })
            .collect();
        updates.sort_by(|a, b| (!a.security, &a.source).cmp(&(!b.security, &b.source)));
        updates
    }

    /// The changelogs of those that have one, in their order.
    pub(crate) fn changelogs(
        &self,
        newer: &[NewerSource],
        observer: Observer<'_>,
    ) -> Vec<Option<Result<DebDoc, String>>> {
        let wanted = newer.iter().filter_map(|newer| match &newer.words {
            Words::Changelog(wanted) => Some(wanted.clone()),
            Words::Known(_) => None,
        });
        let mut docs =
            changelogs::fetch(&self.reach, &self.kept, wanted.collect(), observer).into_iter();
        newer
            .iter()
            .map(|newer| match &newer.words {
                Words::Changelog(_) => docs.next(),
                Words::Known(_) => None,
            })
            .collect()
    }

    /// A signed document: from the cache while it is fresh, else asked for, and only what changed is sent.
    /// None where there is none. `Freshness::Now` asks in any case.
    fn document(&self, address: &str, limit: u64, now: bool) -> Result<Option<Document>, String> {
        let known = self.kept.document(address);
        let at = self.session.surroundings.now;
        if let Some(known) = &known
            && !now
            && let Patience::For(age) = self.patience
            && at.duration_since(known.checked) <= age
        {
            return Ok(Some(known.clone()));
        }
        if self.session.settings.offline {
            let unknown = || format!("{address} was never asked, and this run is offline");
            return known.map(Some).ok_or_else(unknown);
        }
        if self.was_in_vain(MISSING, address) {
            return Ok(None);
        }
        if self.was_in_vain(SILENT, address) {
            return Err(format!("{address} was asked in vain less than an hour ago"));
        }
        // What did not fit together is asked for whole: the validators may be those of the other half.
        let validators = known.as_ref().filter(|_| !now).map(|known| &known.validators);
        let answer = match self.reach.open(address, validators) {
            Ok(answer) => answer,
            Err(why) => {
                self.note_vain(SILENT, address);
                return Err(why);
            }
        };
        let document = match (answer, known) {
            (Reached::Missing(_), _) => {
                self.note_vain(MISSING, address);
                return Ok(None);
            }
            (Reached::NotModified, Some(known)) => Document { checked: at, ..known },
            (Reached::NotModified, None) => {
                return Err(format!("{address} answers 304 unasked"));
            }
            (Reached::Found(Found { bytes, validators, .. }), _) => {
                Document { bytes: read_whole(bytes, address, limit)?, validators, checked: at }
            }
        };
        self.kept.keep_document(address, &document);
        Ok(Some(document))
    }

    /// A file that a signed document names. One with more than `limit` bytes ends one byte behind them: it is
    /// another one, which is for the caller's check to find. None where there is none.
    fn file(&self, address: &str, limit: u64) -> Result<Option<Vec<u8>>, String> {
        if self.session.settings.offline {
            return Err(format!("{address} is not at hand, and this run is offline"));
        }
        match self.reach.open(address, None)? {
            Reached::Found(found) => read_up_to(found.bytes, address, limit).map(Some),
            Reached::Missing(_) => Ok(None),
            Reached::NotModified => Err(format!("{address} answers 304 unasked")),
        }
    }

    /// Whether an address failed so recently that a run with patience does not ask it again.
    fn was_in_vain(&self, how: &str, address: &str) -> bool {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(self.patience, Patience::For(age) if !age.is_zero())
            && attempts.is_recent(how, address, self.session.surroundings.now)
    }

    fn note_vain(&self, how: &str, address: &str) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.note(how, address, self.session.surroundings.now);
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

fn read_whole(bytes: impl Read, address: &str, limit: u64) -> Result<Vec<u8>, String> {
    let whole = read_up_to(bytes, address, limit)?;
    match whole.len() as u64 > limit {
        true => Err(format!("{address} has more than {limit} bytes")),
        false => Ok(whole),
    }
}

fn read_up_to(bytes: impl Read, address: &str, limit: u64) -> Result<Vec<u8>, String> {
    let mut read = Vec::new();
    bytes
        .take(limit.saturating_add(1))
        .read_to_end(&mut read)
        .map_err(|error| format!("cannot read {address}: {error}"))?;
    Ok(read)
}
