//! An inventory against the shards of its scopes: what is wrong, why, and what could not be judged.
//!
//! Rules, by file: `scopes` whose advisories apply, `installed` which names and versions of a package are
//! compared, `witness` which entries speak of it, `merge` which ids are one, `outrank` who is believed, `finding`
//! what the witnesses of one vulnerability come to, `rank` how urgent it is, `explain` the same question
//! asked for one id, `search` what is known of a name whatever is installed.

mod coverage;
mod explain;
mod finding;
mod installed;
mod merge;
mod outrank;
mod rank;
mod scopes;
mod search;
mod witness;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{Coverage, Finding, Os, Package, Problem, Scope};
use plimsoll_table::TableError;

pub use self::explain::{Explanation, Verdict};
pub use self::scopes::{scope_of, scopes_of};
pub use self::search::Hit;

use crate::feeds::{self, Standing};
use crate::generations::{Generation, ShardInfo};
use crate::shard::{EpssTable, KevTable, Shard, ShardError, View};

/// How old data may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time that ages are measured against.
    pub now: Timestamp,
    /// Data that upstream has not confirmed for longer is stale; none means that no age is too old.
    pub max_age: Option<SignedDuration>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Matched {
    /// What is wrong, sorted by key. Origins are unknown and nothing is suppressed yet.
    pub findings: Vec<Finding>,
    /// What was judged, and with what.
    pub coverage: Vec<Coverage>,
    /// What could not be judged.
    pub problems: Vec<Problem>,
}

/// The answer about some packages, whatever else is installed.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What is wrong, sorted by key. Origins are unknown and nothing is suppressed yet.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub problems: Vec<Problem>,
}

/// The database is unusable: it is damaged, or a file of it is missing.
#[derive(Debug, thiserror::Error)]
pub enum MatchError {
    /// A shard cannot be opened.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// A shard is damaged.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The shards that a question needs, open.
pub struct Matcher {
    shards: Vec<OpenShard>,
    /// Shards of other scopes that have CVSS vectors: they rate what nobody else rates.
    raters: Vec<Shard>,
    kev: Option<KevTable>,
    epss: Option<EpssTable>,
}

/// A shard of one of the scopes in question.
struct OpenShard {
    scope: Scope,
    standing: Standing,
    info: ShardInfo,
    shard: Shard,
}

/// A shard's sections, with what the rules want to know of it.
struct ShardView<'m> {
    open: &'m OpenShard,
    view: View<'m>,
}

impl Matcher {
    /// Opens what a generation has for these scopes; without a generation nothing can be judged.
    pub fn open(generation: Option<&Generation>, scopes: &[Scope]) -> Result<Self, MatchError> {
        let mut matcher = Self { shards: Vec::new(), raters: Vec::new(), kev: None, epss: None };
        let Some(generation) = generation else { return Ok(matcher) };
        for info in generation.shards() {
            let path = generation.path(info);
            match (&info.scope, info.feed.as_str()) {
                (Some(scope), feed) if scopes.contains(scope) => matcher.shards.push(OpenShard {
                    scope: scope.clone(),
                    // A feed of a later version of this program counts as a collection by others.
                    standing: feeds::find(feed).map_or(Standing::Osv, |feed| feed.standing),
                    info: info.clone(),
                    shard: Shard::open(&path)?,
                }),
                (Some(_), _) if info.vectors > 0 => matcher.raters.push(Shard::open(&path)?),
                (None, "kev") => matcher.kev = Some(KevTable::open(&path)?),
                (None, "epss") => matcher.epss = Some(EpssTable::open(&path)?),
                _ => {}
            }
        }
        matcher.shards.sort_by(|a, b| {
            (&a.scope, a.standing, &a.info.feed).cmp(&(&b.scope, b.standing, &b.info.feed))
        });
        Ok(matcher)
    }

    /// Judges packages. An error means that the database is damaged; everything about single packages
    /// and records is a problem in the answer.
    pub fn match_packages(
        &self,
        packages: &[Package],
        os: Option<&Os>,
        options: &Options,
    ) -> Result<Matched, MatchError> {
        let Judged { findings, problems } = self.judge(packages, os)?;
        let coverage = self.coverage(packages, os, options);
        Ok(Matched { findings, coverage, problems })
    }

    /// The findings of some packages. A finding depends on nothing but its own package and the system:
    /// judged by themselves, packages have the findings that they have among others.
    pub fn judge<'p>(
        &self,
        packages: impl IntoIterator<Item = &'p Package>,
        os: Option<&Os>,
    ) -> Result<Judged, MatchError> {
        let views = self.views()?;
        let raters = self.rater_views()?;
        let mut findings = Vec::new();
        let mut problems = BTreeSet::new();
        for (scope, packages) in scopes::by_scope(packages, os) {
            let Some(scope) = scope else { continue };
            let views: Vec<_> = views.iter().filter(|view| view.open.scope == scope).collect();
            let mut judge = finding::Judge {
                by_source: views.iter().any(|view| view.open.shard.meta().by_source),
                by_binary: views.iter().any(|view| view.open.shard.meta().by_binary),
                views: &views,
                ranks: rank::Ranks::new(self.kev.as_ref(), self.epss.as_ref(), &raters),
            };
            for group in installed::groups(&packages) {
                judge.group(&group, &mut findings, &mut problems)?;
            }
        }
        findings.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Judged { findings, problems: problems.into_iter().collect() })
    }

    fn views(&self) -> Result<Vec<ShardView<'_>>, TableError> {
        self.shards.iter().map(|open| Ok(ShardView { open, view: open.shard.view()? })).collect()
    }

    /// All shards with vectors, those of the scopes in question first.
    fn rater_views(&self) -> Result<Vec<View<'_>>, TableError> {
        let own =
            self.shards.iter().map(|open| &open.shard).filter(|shard| shard.meta().vectors > 0);
        own.chain(&self.raters).map(Shard::view).collect()
    }
}
