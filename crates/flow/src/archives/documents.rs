//! The signed documents of archives: asked for once in a run whatever the number of images, only for what changed,
//! and kept once they were found good.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::ArchiveSuite;

use super::Patience;
use super::kept::{Document, Kept};
use crate::attempts::Attempts;
use crate::error::Error;
use crate::reach::{Found, Place, Reach, Reached};
use crate::session::Session;

/// Under which places are remembered that had nothing, and those that did not answer.
const MISSING: &str = "missing";
const SILENT: &str = "silent";

/// How a document is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// Once in a run, and not at all while an answer is as new as the run wants it.
    Patiently,
    /// In any case, and whole: what is at hand does not fit together, and its validators may be those of the other
    /// half.
    Again,
}

/// A document, and what its age means.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) document: Arc<Document>,
    pub(crate) age: Age,
}

/// Whether a document is as new as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// It is, or nobody wanted to ask.
    Fresh,
    /// The archive did not answer; what it said before still counts.
    Unrefreshed(String),
    /// Older than the operator lets data count: the silence of such an archive is no answer.
    TooOld(String),
}

impl Age {
    /// Says in the reason of a suite what is wrong with its age.
    pub(crate) fn tell(&self, suite: &mut ArchiveSuite) {
        let (Self::Unrefreshed(why) | Self::TooOld(why)) = self else { return };
        suite.reason = Some(match suite.reason.take() {
            Some(reason) => format!("{reason}; {why}"),
            None => why.clone(),
        });
    }

    /// Whether the silence of the archive is an answer.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::TooOld(_))
    }
}

/// The documents of one run.
pub(super) struct Documents<'s> {
    session: &'s Session,
    reach: Reach,
    pub(super) kept: Kept,
    patience: Patience,
    /// What was asked in vain, in this run or lately.
    attempts: Mutex<Attempts>,
    /// What was answered in this run, by address.
    answers: Mutex<HashMap<String, Result<Option<Answer>, String>>>,
}

impl<'s> Documents<'s> {
    pub(super) fn open(session: &'s Session, patience: Patience) -> Result<Self, Error> {
        Ok(Self {
            session,
            reach: Reach::new(session)?,
            kept: Kept::open(session),
            patience,
            attempts: Mutex::new(Attempts::load(session)),
            answers: Mutex::default(),
        })
    }

    pub(super) fn reach(&self) -> &Reach {
        &self.reach
    }

    pub(super) fn is_offline(&self) -> bool {
        self.session.settings.offline
    }

    /// A document of at most `limit` bytes; none where there is none. It is for the caller to judge it, and to say
    /// what came of that with [`Self::accept`] or [`Self::reject`].
    pub(super) fn get(
        &self,
        address: &str,
        limit: u64,
        asking: Asking,
    ) -> Result<Option<Answer>, String> {
        if asking == Asking::Patiently
            && let Some(known) = lock(&self.answers).get(address).cloned()
        {
            return known;
        }
        let answer = self.ask(address, limit, asking);
        lock(&self.answers).insert(address.to_owned(), answer.clone());
        answer
    }

    /// What an address answered in this run was found good: the next run may start from it.
    pub(super) fn accept(&self, address: &str) {
        let answers = lock(&self.answers);
        if let Some(Ok(Some(Answer { document, .. }))) = answers.get(address)
            && document.checked == self.now()
        {
            self.kept.keep_document(&self.reach.place(address).name, document);
        }
    }

    /// What an address answered is no good: it does not displace what was good before, and the next run asks whole.
    pub(super) fn reject(&self, address: &str) {
        let place = self.reach.place(address);
        if let Some(known) = self.kept.document(&place.name).filter(|d| d.validators.is_some()) {
            self.kept.keep_document(&place.name, &Document { validators: None, ..known });
        }
    }

    /// A file that a signed document names. One with more than `limit` bytes ends one byte behind them: it is
    /// another one, which is for the caller's check to find. None where there is none.
    pub(super) fn file(&self, address: &str, limit: u64) -> Result<Option<Vec<u8>>, String> {
        if self.is_offline() {
            return Err(format!("{address} is not at hand, and this run is offline"));
        }
        match self.reach.open(address, None)? {
            Reached::Found(found) => read_up_to(found.bytes, address, limit).map(Some),
            Reached::Missing(_) => Ok(None),
            Reached::NotModified => Err(format!("{address} answers 304 unasked")),
        }
    }

    /// Remembers what was asked in vain.
    pub(super) fn store_attempts(&self) {
        lock(&self.attempts).store(self.session);
    }

    fn ask(&self, address: &str, limit: u64, asking: Asking) -> Result<Option<Answer>, String> {
        let place = self.reach.place(address);
        let known = self.kept.document(&place.name);
        if asking == Asking::Patiently
            && let Some(known) = known.as_ref().filter(|known| self.is_fresh(known))
        {
            return Ok(Some(self.of_before(known.clone(), None)));
        }
        if self.is_offline() {
            let never = || format!("{address} was never asked, and this run is offline");
            return known.map(|known| Some(self.of_before(known, None))).ok_or_else(never);
        }
        if asking == Asking::Patiently && self.was_in_vain(MISSING, &place) {
            return Ok(None);
        }
        let in_vain = match asking == Asking::Patiently && self.was_in_vain(SILENT, &place) {
            true => Err(format!("{address} was asked in vain less than an hour ago")),
            false => self.fetch(&place, address, limit, known.as_ref(), asking),
        };
        match (in_vain, known) {
            (Err(why), Some(known)) if asking == Asking::Patiently && self.is_patient() => {
                Ok(Some(self.of_before(known, Some(why))))
            }
            (answer, _) => {
                let fresh = |document| Answer { document: Arc::new(document), age: Age::Fresh };
                Ok(answer?.map(fresh))
            }
        }
    }

    fn fetch(
        &self,
        place: &Place,
        address: &str,
        limit: u64,
        known: Option<&Document>,
        asking: Asking,
    ) -> Result<Option<Document>, String> {
        let validators = known.and_then(|known| known.validators.as_ref());
        let validators = validators.filter(|_| asking == Asking::Patiently);
        let silent = |why| {
            self.note_vain(SILENT, place);
            why
        };
        let checked = self.now();
        match (self.reach.open(address, validators).map_err(silent)?, known) {
            (Reached::Missing(_), _) => {
                self.note_vain(MISSING, place);
                Ok(None)
            }
            (Reached::NotModified, Some(known)) => Ok(Some(Document { checked, ..known.clone() })),
            (Reached::NotModified, None) => Err(format!("{address} answers 304 unasked")),
            (Reached::Found(Found { bytes, validators, .. }), _) => {
                let bytes = read_whole(bytes, address, limit).map_err(silent)?;
                let way = place.way;
                Ok(Some(Document { bytes, way, checked, validators: Some(validators) }))
            }
        }
    }

    /// What was known before this run; `in_vain` is why it was asked for in vain.
    fn of_before(&self, known: Document, in_vain: Option<String>) -> Answer {
        let checked = known.checked;
        let limit = self.session.settings.max_db_age;
        let age = match (limit.filter(|limit| !is_within(*limit, checked, self.now())), in_vain) {
            (Some(limit), _) => {
                Age::TooOld(format!("checked last at {checked}, not within {limit:#}"))
            }
            (None, Some(why)) => Age::Unrefreshed(format!("{why}; as of {checked}")),
            (None, None) => Age::Fresh,
        };
        Answer { document: Arc::new(known), age }
    }

    /// Whether it is as new as the run wants it, and nothing worse was answered since.
    fn is_fresh(&self, known: &Document) -> bool {
        let Patience::For(limit) = self.patience else { return false };
        known.validators.is_some() && is_within(limit, known.checked, self.now())
    }

    /// Whether an earlier answer is better than a failure.
    fn is_patient(&self) -> bool {
        matches!(self.patience, Patience::For(limit) if !limit.is_zero())
    }

    /// Whether a place failed so recently that a run with patience does not ask it again.
    fn was_in_vain(&self, how: &str, place: &Place) -> bool {
        self.is_patient() && lock(&self.attempts).is_recent(how, &place.name, self.now())
    }

    /// To look into a directory again costs nothing.
    fn note_vain(&self, how: &str, place: &Place) {
        if place.name.starts_with("http://") || place.name.starts_with("https://") {
            lock(&self.attempts).note(how, &place.name, self.now());
        }
    }

    fn now(&self) -> Timestamp {
        self.session.surroundings.now
    }
}

/// Whether `then` is no longer ago than `limit`. A time to come is that of a clock that was wrong.
pub(crate) fn is_within(limit: SignedDuration, then: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(then);
    !age.is_negative() && age <= limit
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use plimsoll_fetch::Validators;

    use super::*;
    use crate::reach::Way;
    use crate::testing;

    const ADDRESS: &str = "https://security.debian.org/debian-security/dists/bookworm/InRelease";
    /// Nobody listens there.
    const SILENT_MIRROR: &str = "http://127.0.0.1:9";

    fn session() -> (tempfile::TempDir, Session) {
        let (directory, mut session) = testing::session();
        session.settings.offline = false;
        session.settings.cache_dir = Some(directory.path().join("cache"));
        session.settings.cache_limit = 1 << 30;
        session.settings.feeds_from = Some(SILENT_MIRROR.to_owned());
        (directory, session)
    }

    fn get(documents: &Documents<'_>, asking: Asking) -> Result<Age, String> {
        let answer = documents.get(ADDRESS, 1000, asking);
        documents.store_attempts();
        answer.map(|answer| answer.unwrap().age)
    }

    /// What a place said two days ago stands in for its silence, and says so; whoever asks now is not given it.
    #[test]
    fn an_archive_that_is_silent_is_asked_again_later_or_elsewhere() {
        let (_directory, mut session) = session();
        let patience = Patience::For(SignedDuration::from_hours(24));
        let checked = session.surroundings.now - SignedDuration::from_hours(48);
        let first = Documents::open(&session, patience).unwrap();
        let document = Document {
            bytes: b"text".to_vec(),
            way: Way::Copy,
            checked,
            validators: Some(Validators::default()),
        };
        first.kept.keep_document(&first.reach.place(ADDRESS).name, &document);
        let Ok(Age::Unrefreshed(why)) = get(&first, Asking::Patiently) else { panic!("known") };
        assert!(why.ends_with(&format!("; as of {checked}")), "{why}");
        assert!(get(&first, Asking::Again).is_err());

        let second = Documents::open(&session, patience).unwrap();
        let Ok(Age::Unrefreshed(why)) = get(&second, Asking::Patiently) else { panic!("known") };
        assert!(why.contains("was asked in vain less than an hour ago; as of "), "{why}");
        let now = Documents::open(&session, Patience::None).unwrap();
        let why = get(&now, Asking::Patiently).unwrap_err();
        assert!(!why.contains("in vain"), "{why}");

        // Another place was not asked in vain, and did not say this.
        session.settings.feeds_from = None;
        let archive = "security.debian.org/debian-security".to_owned();
        session.settings.mirrors = vec![(archive, "http://127.0.0.1:7".to_owned())];
        let elsewhere = Documents::open(&session, patience).unwrap();
        let why = get(&elsewhere, Asking::Patiently).unwrap_err();
        assert!(why.contains("127.0.0.1") && !why.contains("in vain"), "{why}");
    }

    #[test]
    fn a_time_to_come_is_not_recent() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in [(-61, false), (-60, true), (0, true), (1, false)] {
            let then = Timestamp::from_second(seconds).unwrap();
            assert_eq!(is_within(SignedDuration::from_secs(60), then, now), expected);
        }
    }
}
