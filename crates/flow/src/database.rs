//! The advisory database: what is in it, whether it is whole, taking it elsewhere.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use jiff::Timestamp;
use plimsoll_model::{Digest, Problem, Scope};
use plimsoll_vulndb::{
    Damage, Feed, Generation, Hit, MatchError, Matcher, ShardInfo, StoreError, Trust,
};

use crate::error::Error;
use crate::scan::match_error;
use crate::session::Session;

/// What the database holds.
#[derive(Clone, Debug)]
pub struct DatabaseStatus {
    /// The generation in force.
    pub generation: Option<String>,
    /// The generations that can be chosen, the one in force first.
    pub generations: Vec<String>,
    /// Its shards.
    pub shards: Vec<ShardStatus>,
}

/// One shard: a feed for a scope.
#[derive(Clone, Debug)]
pub struct ShardStatus {
    /// The feed.
    pub feed: String,
    /// The scope; none for feeds that rank.
    pub scope: Option<Scope>,
    /// How many advisories.
    pub advisories: u64,
    /// How many records could not be used.
    pub problems: u64,
    /// The feed's own date.
    pub as_of: Timestamp,
    /// When it was last asked.
    pub checked: Timestamp,
    /// Why it is believed.
    pub trust: Trust,
    /// Why older data stayed in use, where it did.
    pub kept: Option<String>,
}

/// What is in the database.
pub fn status(session: &Session) -> Result<DatabaseStatus, Error> {
    let store = session.store()?;
    let wrap = |error| session.database_error(error);
    let current = store.current().map_err(wrap)?;
    let shards = current.iter().flat_map(Generation::shards).map(shard_status).collect();
    Ok(DatabaseStatus {
        generation: current.as_ref().map(|generation| generation.id().to_owned()),
        generations: store.list().map_err(wrap)?.iter().map(|g| g.id().to_owned()).collect(),
        shards,
    })
}

fn shard_status(shard: &ShardInfo) -> ShardStatus {
    ShardStatus {
        feed: shard.feed.to_string(),
        scope: shard.scope.clone(),
        advisories: shard.advisories,
        problems: shard.problems,
        as_of: shard.as_of,
        checked: shard.checked,
        trust: shard.trust.clone(),
        kept: shard.kept.clone(),
    }
}

/// The records that could not be used, feed by feed.
pub fn shard_problems(session: &Session) -> Result<Vec<(String, Problem)>, Error> {
    let store = session.store()?;
    let wrap = |error: StoreError| session.database_error(error);
    let Some(current) = store.current().map_err(wrap)? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for shard in current.shards() {
        let damaged = |source| match_error(MatchError::Shard(source));
        let problems = current.problems(shard).map_err(damaged)?;
        all.extend(problems.into_iter().map(|problem| (shard.feed.to_string(), problem)));
    }
    Ok(all)
}

/// Reads every byte of every shard; gives what is wrong.
pub fn verify(session: &Session) -> Result<Vec<Damage>, Error> {
    session.store()?.verify().map_err(|error| session.database_error(error))
}

/// Writes the generation in force as one file; gives its digest, to be told to whoever imports it.
pub fn export(session: &Session, to: &mut dyn Write) -> Result<Digest, Error> {
    let store = session.store()?;
    let wrap = |error| session.database_error(error);
    let current = store.current().map_err(wrap)?.ok_or(Error::NoDatabase)?;
    store.export(&current, to).map_err(wrap)
}

/// Installs an exported file, checked against the digest where one is given.
pub fn import(
    session: &Session,
    from: &mut dyn Read,
    expected: Option<&Digest>,
) -> Result<Generation, Error> {
    session.make_state_dir()?;
    let store = session.store()?;
    let installed = store.import(from, expected).map_err(|error| session.database_error(error))?;
    Ok(installed.generation)
}

/// How many records a search gives at most: more is a question asked too widely.
const MAX_HITS: usize = 500;

/// What the database says of an id or a package, in every scope that it has.
pub fn search(session: &Session, name: &str) -> Result<Vec<Hit>, Error> {
    let current = session.store()?.current().map_err(|error| session.database_error(error))?;
    let current = current.ok_or(Error::NoDatabase)?;
    let scopes: BTreeSet<Scope> =
        current.shards().iter().filter_map(|shard| shard.scope.clone()).collect();
    let scopes: Vec<Scope> = scopes.into_iter().collect();
    Matcher::open(Some(&current), &scopes)
        .and_then(|matcher| matcher.search(name, MAX_HITS))
        .map_err(match_error)
}

/// What the program can read, feed by feed.
pub fn feeds() -> &'static [Feed] {
    plimsoll_vulndb::feeds::all()
}
