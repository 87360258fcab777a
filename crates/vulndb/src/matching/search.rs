//! What the database says of a name, whatever is installed: for `db search`.

use plimsoll_model::Scope;
use plimsoll_table::TableError;

use super::{MatchError, Matcher, ShardView};
use crate::shard::Entry;

/// What one record says of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Whose packages it speaks of.
    pub scope: Scope,
    /// The package.
    pub package: String,
    /// The vulnerabilities.
    pub ids: Vec<String>,
    /// The affected versions, for people.
    pub affected: String,
    /// The feed.
    pub feed: String,
    /// The feed's own name of the record.
    pub record: String,
}

impl Matcher {
    /// Everything that the open shards say of `name`: an id, another name of a vulnerability, or a
    /// package. At most `limit` records, ordered by scope and package.
    pub fn search(&self, name: &str, limit: usize) -> Result<Vec<Hit>, MatchError> {
        let mut hits = Vec::new();
        for view in self.views()? {
            for entry in view.view.by_id(name)?.into_iter().chain(view.view.entries(name)?) {
                hits.push(hit(&view, &entry)?);
            }
        }
        hits.sort();
        hits.dedup();
        hits.truncate(limit);
        Ok(hits)
    }
}

fn hit(view: &ShardView<'_>, entry: &Entry<'_>) -> Result<Hit, TableError> {
    let ids: Result<Vec<_>, _> = entry.ids().map(|id| id.map(str::to_owned)).collect();
    Ok(Hit {
        scope: view.open.scope.clone(),
        package: entry.name()?.to_owned(),
        ids: ids?,
        affected: entry.affected()?,
        feed: view.open.info.feed.clone(),
        record: entry.record()?.to_owned(),
    })
}
