//! The facts of an image's layers, kept for looking at the lowest of them alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::facts::LayerFacts;
use crate::merge::{Fetched, Merged, Request, merge};

/// What was read in an image's layers. Clones share it.
#[derive(Clone, Default)]
pub struct Layers {
    facts: Vec<Arc<LayerFacts>>,
    /// Files that were read again, because links lead to them.
    fetched: Arc<HashMap<Request, Fetched>>,
    as_of: Date,
}

impl Layers {
    pub(crate) fn new(
        facts: Vec<Arc<LayerFacts>>,
        fetched: HashMap<Request, Fetched>,
        as_of: Date,
    ) -> Self {
        Self { facts, fetched: Arc::new(fetched), as_of }
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// What the lowest `count` layers hold together.
    pub(crate) fn merge_lowest(
        &self,
        count: usize,
    ) -> Option<(Vec<Arc<LayerFacts>>, Merged, Date)> {
        let facts = self.facts.get(..count).filter(|facts| !facts.is_empty())?.to_vec();
        let stack: Vec<&LayerFacts> = facts.iter().map(Arc::as_ref).collect();
        let mut merged = merge(&stack, &mut |request| {
            let fetched = self.fetched.get(request).cloned();
            fetched.unwrap_or_else(|| Err("not read with the lowest layers alone".to_owned()))
        });
        // Nothing was read again for this.
        merged.notes.clear();
        Some((facts, merged, self.as_of))
    }
}

/// Layers are what their diff_ids say, however their facts were found.
impl PartialEq for Layers {
    fn eq(&self, other: &Self) -> bool {
        let diff_ids = |layers: &Self| -> Vec<_> {
            layers.facts.iter().map(|facts| facts.diff_id().clone()).collect()
        };
        diff_ids(self) == diff_ids(other)
    }
}

impl Eq for Layers {}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.facts.iter().map(|facts| facts.diff_id())).finish()
    }
}
