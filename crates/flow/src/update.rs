//! Updates the advisory database: only the scopes asked for or in use, feeds side by side, each asked
//! only for what changed.

mod archive;
mod feed;

use std::collections::BTreeSet;

use plimsoll_model::Scope;
use plimsoll_vulndb::{Change, Feed, Generation, Shrinkage, feeds};

use crate::archives::{Archives, Patience, is_within};
use crate::attempts::Attempts;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::reach::Reach;
use crate::session::Session;
use crate::side_by_side::side_by_side;

/// What became of an update.
pub struct Updated {
    /// The generation in force afterwards.
    pub generation: Option<Generation>,
    /// One for each feed and scope.
    pub outcomes: Vec<FeedOutcome>,
}

/// What became of one feed for one scope.
#[derive(Clone, Debug)]
pub struct FeedOutcome {
    /// The feed's name.
    pub feed: String,
    /// The scope; none for feeds that rank.
    pub scope: Option<Scope>,
    /// What happened.
    pub result: FeedResult,
}

/// What happened to a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedResult {
    /// It was read anew.
    Updated {
        /// How many advisories it has for the scope.
        advisories: u64,
        /// How many records could not be used.
        problems: usize,
    },
    /// Nothing changed since it was read last.
    Unchanged,
    /// It could not be used; the last good data stays, where there is any.
    Failed {
        /// Why.
        reason: String,
        /// Whether older data stays in use.
        kept: bool,
    },
}

/// How many feeds are fetched at once: they wait for the network more than they work.
const FEEDS_AT_ONCE: usize = 4;

/// What to update.
#[derive(Clone, Debug, Default)]
pub struct UpdateRequest {
    /// Which scopes; none means those that are in the database already.
    pub scopes: Vec<Scope>,
    /// Which feeds, by name; none means all that serve the scopes.
    pub feeds: Vec<String>,
    /// Whether a feed that lost most of its records is believed.
    pub shrinkage: Shrinkage,
}

/// Brings the database up to date.
pub fn update(
    session: &Session,
    request: &UpdateRequest,
    observer: Observer<'_>,
) -> Result<Updated, Error> {
    let UpdateRequest { scopes, feeds: only, shrinkage } = request;
    let current = session.store()?.current().map_err(|error| session.database_error(error))?;
    let scopes: BTreeSet<Scope> = match (scopes.as_slice(), &current) {
        ([], Some(current)) => {
            current.shards().iter().filter_map(|shard| shard.scope.clone()).collect()
        }
        _ => scopes.iter().cloned().collect(),
    };
    for scope in &scopes {
        if feeds::for_scope(scope).is_empty() {
            return Err(Error::UnknownScope(scope.to_string()));
        }
    }
    if let Some(unknown) = only.iter().find(|name| feeds::find(name).is_none()) {
        return Err(Error::UnknownFeed(unknown.clone()));
    }
    let mut jobs = jobs(&scopes);
    jobs.retain(|job| only.is_empty() || only.iter().any(|name| name == job.feed.name));
    let archives = Archives::open(session, Patience::None, &[])?;
    update_with(session, &archives, jobs, *shrinkage, observer)
}

/// Does the jobs and installs what came of them as one generation.
fn update_with(
    session: &Session,
    archives: &Archives<'_>,
    jobs: Vec<Job>,
    shrinkage: Shrinkage,
    observer: Observer<'_>,
) -> Result<Updated, Error> {
    session.make_state_dir()?;
    let store = session.store()?;
    let current = store.current().map_err(|error| session.database_error(error))?;
    let reach = Reach::new(session)?;
    let changes: Vec<Change> = side_by_side(jobs, FEEDS_AT_ONCE, |job| {
        observer(Event::FeedStarted { feed: job.feed.name });
        let changes = job.run(session, &reach, archives, current.as_ref(), observer);
        observer(Event::FeedDone { feed: job.feed.name });
        changes
    })
    .into_iter()
    .flatten()
    .collect();
    archives.remember(observer);
    let mut outcomes: Vec<_> = changes.iter().map(outcome).collect();
    note_failures(session, &outcomes);
    if current.is_none() && changes.iter().all(|change| matches!(change, Change::Failed { .. })) {
        // A generation without shards would look like a database.
        return Ok(Updated { generation: None, outcomes });
    }
    let installed =
        store.install(changes, shrinkage).map_err(|error| session.database_error(error))?;
    for setback in installed.setbacks {
        let concerned =
            outcomes.iter_mut().find(|o| o.feed == setback.feed && o.scope == setback.scope);
        if let Some(outcome) = concerned {
            let kept = setback.kept.is_some();
            outcome.result = FeedResult::Failed { reason: setback.reason, kept };
        }
    }
    outcomes.sort_by(|a, b| (&a.scope, &a.feed).cmp(&(&b.scope, &b.feed)));
    Ok(Updated { generation: Some(installed.generation), outcomes })
}

fn note_failures(session: &Session, outcomes: &[FeedOutcome]) {
    let mut attempts = Attempts::load(session);
    for outcome in outcomes {
        if let (FeedResult::Failed { .. }, Some(scope)) = (&outcome.result, &outcome.scope) {
            attempts.note(&outcome.feed, &scope.to_string(), session.surroundings.now);
        }
    }
    attempts.store(session);
}

/// Brings missing and old scopes up to date unless the session is offline, and gives the generation to
/// judge with. A feed that fails is a warning: what is at hand is used, and coverage says how old it is.
/// `learned` are the scopes about whose updates changelogs taught something new.
pub(crate) fn refresh(
    session: &Session,
    archives: &Archives<'_>,
    scopes: &BTreeSet<Scope>,
    learned: &BTreeSet<Scope>,
    observer: Observer<'_>,
) -> Result<Option<Generation>, Error> {
    let store = session.store()?;
    if let Some(id) = &session.settings.generation {
        return store.generation(id).map(Some).map_err(|error| session.database_error(error));
    }
    let mut current = store.current().map_err(|error| session.database_error(error))?;
    if !session.settings.offline {
        let attempts = Attempts::load(session);
        let is_stale = |scope: &&Scope| !is_fresh(session, current.as_ref(), &attempts, scope);
        let (stale, fresh): (Vec<_>, Vec<_>) = scopes.iter().partition(is_stale);
        // A fresh scope's feed without an answer is one that failed a moment ago.
        let left_alone: BTreeSet<&str> = fresh
            .iter()
            .flat_map(|scope| feeds::for_scope(scope).into_iter().map(move |feed| (feed, scope)))
            .filter(|(feed, scope)| !has_answered(session, current.as_ref(), feed, scope))
            .map(|(feed, _)| feed.name)
            .collect();
        if !left_alone.is_empty() {
            let names: Vec<_> = left_alone.into_iter().collect();
            let names = names.join(", ");
            let text = format!("failed less than an hour ago, not asked again yet: {names}");
            observer(Event::Warning(text));
        }
        let mut wanted = jobs(&stale.into_iter().cloned().collect());
        // Nothing of these is old, but the archive's shard is made from what was learned.
        let again = fresh.into_iter().filter(|scope| learned.contains(scope)).cloned().collect();
        wanted.extend(jobs(&again).into_iter().filter(|job| job.feed.name == archive::FEED));
        if !wanted.is_empty() {
            let updated = update_with(session, archives, wanted, Shrinkage::default(), observer)?;
            for outcome in &updated.outcomes {
                if let FeedResult::Failed { reason, .. } = &outcome.result {
                    observer(Event::Warning(format!("feed {}: {reason}", outcome.feed)));
                }
            }
            current = updated.generation;
        }
    }
    if let Some(current) = &current {
        name_missing_feeds(current, scopes, observer);
    }
    Ok(current)
}

/// Whether every feed of the scope was asked recently enough: with an answer, or in vain a moment ago.
fn is_fresh(
    session: &Session,
    current: Option<&Generation>,
    attempts: &Attempts,
    scope: &Scope,
) -> bool {
    let now = session.surroundings.now;
    feeds::for_scope(scope).into_iter().all(|feed| {
        has_answered(session, current, feed, scope)
            || attempts.is_recent(feed.name, &scope.to_string(), now)
    })
}

/// Whether the feed answered recently enough.
fn has_answered(
    session: &Session,
    current: Option<&Generation>,
    feed: &Feed,
    scope: &Scope,
) -> bool {
    let shard = current.and_then(|current| current.find(feed.name, Some(scope)));
    let (limit, now) = (session.settings.refresh_after, session.surroundings.now);
    shard.is_some_and(|shard| is_within(limit, shard.checked, now))
}

/// Says which feeds of a scope that has data have none, whatever the reason: their silence is no verdict.
fn name_missing_feeds(generation: &Generation, scopes: &BTreeSet<Scope>, observer: Observer<'_>) {
    for scope in scopes {
        let has_shard = |feed: &&Feed| generation.find(feed.name, Some(scope)).is_some();
        let (present, missing): (Vec<_>, Vec<_>) =
            feeds::for_scope(scope).into_iter().partition(has_shard);
        if !present.is_empty() && !missing.is_empty() {
            let missing: Vec<_> = missing.iter().map(|feed| feed.name).collect();
            let text = format!("{scope} is judged without {}", missing.join(", "));
            observer(Event::Warning(text));
        }
    }
}

/// One feed, for the wanted scopes that share its documents: fetched once.
struct Job {
    feed: &'static Feed,
    scopes: Vec<Scope>,
}

fn jobs(scopes: &BTreeSet<Scope>) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for feed in feeds::all() {
        for scope in scopes.iter().filter(|scope| feed.serves(scope)) {
            let sources = feed.sources(Some(scope));
            let shared = jobs.iter_mut().find(|job| {
                job.feed.name == feed.name && feed.sources(job.scopes.first()) == sources
            });
            match shared {
                Some(job) => job.scopes.push(scope.clone()),
                None => jobs.push(Job { feed, scopes: vec![scope.clone()] }),
            }
        }
    }
    if !jobs.is_empty() {
        jobs.extend(feeds::priority().into_iter().map(|feed| Job { feed, scopes: Vec::new() }));
    }
    jobs
}

impl Job {
    fn run(
        &self,
        session: &Session,
        reach: &Reach,
        archives: &Archives<'_>,
        current: Option<&Generation>,
        observer: Observer<'_>,
    ) -> Vec<Change> {
        let fetched = match self.feed.name {
            archive::FEED => {
                return archive::changes(archives, self.feed, &self.scopes, observer);
            }
            _ => feed::changes(session, reach, self.feed, &self.scopes, current, observer),
        };
        fetched.unwrap_or_else(|reason| self.failed(&reason))
    }

    fn failed(&self, reason: &str) -> Vec<Change> {
        let failed = |scope| Change::Failed {
            feed: self.feed.name.to_owned(),
            scope,
            reason: reason.to_owned(),
        };
        match self.scopes.is_empty() {
            true => vec![failed(None)],
            false => self.scopes.iter().cloned().map(|scope| failed(Some(scope))).collect(),
        }
    }
}

fn outcome(change: &Change) -> FeedOutcome {
    match change {
        Change::New { compiled, .. } => FeedOutcome {
            feed: compiled.feed.to_owned(),
            scope: compiled.scope.clone(),
            result: FeedResult::Updated {
                advisories: compiled.advisories,
                problems: compiled.problems.len(),
            },
        },
        Change::Unchanged { feed, scope, .. } => {
            FeedOutcome { feed: feed.clone(), scope: scope.clone(), result: FeedResult::Unchanged }
        }
        Change::Failed { feed, scope, reason } => FeedOutcome {
            feed: feed.clone(),
            scope: scope.clone(),
            result: FeedResult::Failed { reason: reason.clone(), kept: false },
        },
    }
}
