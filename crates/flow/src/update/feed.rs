//! Feeds of advisories: fetched, read and compiled for the scopes that want them.

use std::fs::File;
use std::io::{self, Read, Seek};

use plimsoll_fetch::Validators;
use plimsoll_model::Scope;
use plimsoll_vulndb::feeds::{Format, Reading};
use plimsoll_vulndb::{Change, Compiler, Feed, Generation, Provenance, Source, Trust, Validator};

use crate::error::chain;
use crate::event::{Event, Observer};
use crate::reach::{Reach, Reached};
use crate::session::Session;

/// What became of `feed` for `scopes` (none for feeds that rank), which share its documents. An error
/// concerns all of them.
pub(super) fn changes(
    session: &Session,
    reach: &Reach,
    feed: &'static Feed,
    scopes: &[Scope],
    current: Option<&Generation>,
    observer: Observer<'_>,
) -> Result<Vec<Change>, String> {
    let wanted = wanted(scopes);
    let sources = feed.sources(scopes.first());
    let mut answers = Vec::new();
    for source in &sources {
        let known = known(current, feed, &wanted, source);
        answers.push(ask(reach, feed, source, known.as_ref())?);
    }
    if let Some(place) = lacks_too_much(&sources, &answers, current, feed, &wanted) {
        return Err(place);
    }
    let checked = session.surroundings.now;
    if !answers.iter().any(|answer| matches!(answer, Reached::Found(_))) {
        return Ok(wanted
            .into_iter()
            .map(|scope| Change::Unchanged { feed: feed.name.to_owned(), scope, checked })
            .collect());
    }
    let mut compiler = Compiler::new(feed, scopes.iter().cloned());
    let mut provenance =
        Provenance { trust: Trust::Https, validators: Vec::new(), modified: None, checked };
    for (source, answer) in sources.iter().zip(answers) {
        let answer = match answer {
            // Another document of the feed changed, so this one is needed as well.
            Reached::NotModified => ask(reach, feed, source, None)?,
            answer => answer,
        };
        let found = match answer {
            Reached::Found(found) => found,
            Reached::NotModified => return Err(format!("{} answers 304 unasked", source.address)),
            Reached::Missing(place) => {
                let mut reading = Reading::default();
                reading.problem(&source.address, place);
                compiler.add_reading(reading);
                continue;
            }
        };
        provenance.modified = provenance.modified.max(found.modified);
        provenance.trust = found.trust;
        provenance.validators.push(Validator {
            address: source.address.clone(),
            etag: found.validators.etag,
            last_modified: found.validators.last_modified,
        });
        let counted = Counted { bytes: found.bytes, feed: feed.name, observer };
        let read = match feed.format {
            Format::OsvZip => {
                let zip = spool(session, counted)
                    .map_err(|error| format!("cannot keep {}: {error}", source.address))?;
                compiler.read_zip(zip)
            }
            _ => compiler.read(source, counted),
        };
        read.map_err(|error| format!("{}: {}", source.address, chain(&error)))?;
    }
    let compiled = compiler.finish().map_err(|error| chain(&error))?;
    Ok(compiled
        .into_iter()
        .map(|compiled| Change::New { compiled, provenance: provenance.clone() })
        .collect())
}

/// Why a feed of which documents are missing cannot be used: its first document must be there, and so must
/// every one that was there before. The others may never have been: the oldest Alpine branches have no
/// `community`.
fn lacks_too_much(
    sources: &[Source],
    answers: &[Reached],
    current: Option<&Generation>,
    feed: &Feed,
    wanted: &[Option<Scope>],
) -> Option<String> {
    sources.iter().zip(answers).enumerate().find_map(|(index, (source, answer))| {
        let Reached::Missing(place) = answer else { return None };
        let was_there = known(current, feed, wanted, source).is_some();
        (index == 0 || was_there).then(|| place.clone())
    })
}

/// Asks for a document. Alpine's database was YAML before it was JSON, and copies of that age still are.
fn ask(
    reach: &Reach,
    feed: &Feed,
    source: &Source,
    known: Option<&Validators>,
) -> Result<Reached, String> {
    let answer = reach.open(&source.address, known)?;
    let older = source.address.strip_suffix(".json").map(|stem| format!("{stem}.yaml"));
    match (&answer, older) {
        (Reached::Missing(_), Some(older)) if feed.format == Format::Secdb => {
            match reach.open(&older, known)? {
                Reached::Missing(_) => Ok(answer),
                older => Ok(older),
            }
        }
        _ => Ok(answer),
    }
}

/// A zip has its directory at the end, so it is kept whole while it is read: in a file without a name in
/// the state directory, which is gone when it is closed.
fn spool(session: &Session, mut from: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile_in(session.state_dir())?;
    io::copy(&mut from, &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn wanted(scopes: &[Scope]) -> Vec<Option<Scope>> {
    match scopes {
        [] => vec![None],
        scopes => scopes.iter().cloned().map(Some).collect(),
    }
}

/// What was answered last time, if every wanted scope has data from then.
fn known(
    current: Option<&Generation>,
    feed: &Feed,
    wanted: &[Option<Scope>],
    source: &Source,
) -> Option<Validators> {
    let current = current?;
    let mut answers = wanted.iter().map(|scope| {
        // A damaged shard is asked for again as if it had never been there.
        let shard = current.find(feed.name, scope.as_ref())?;
        current.check(shard).ok()?;
        shard.validators.iter().find(|validator| validator.address == source.address)
    });
    let first = answers.next()??;
    let same = |other: Option<&Validator>| {
        other.is_some_and(|o| o.etag == first.etag && o.last_modified == first.last_modified)
    };
    answers.all(same).then(|| Validators {
        etag: first.etag.clone(),
        last_modified: first.last_modified.clone(),
    })
}

/// Tells the observer what was read.
struct Counted<'a> {
    bytes: Box<dyn Read + Send>,
    feed: &'static str,
    observer: Observer<'a>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        (self.observer)(Event::FeedBytes { feed: self.feed, bytes: count as u64 });
        Ok(count)
    }
}
