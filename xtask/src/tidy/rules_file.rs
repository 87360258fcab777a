//! `crates/order.toml`: the order of the crates and what each may touch.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace::Workspace;

/// The file's path, for violations of it.
pub(super) const PATH: &str = "crates/order.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    order: Vec<String>,
    exempt: Vec<String>,
    touches: BTreeMap<String, Vec<Thing>>,
    #[serde(rename = "fence")]
    pub(super) fences: Vec<Fence>,
}

/// Packages that only some crates may depend on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fence {
    pub(super) packages: Vec<String>,
    pub(super) crates: Vec<String>,
    pub(super) reason: String,
}

/// What code can touch besides memory.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Thing {
    Clock,
    Environment,
    Files,
    Network,
    Printing,
    Processes,
}

impl Rules {
    pub(super) fn load(workspace: &Workspace) -> Result<Self> {
        let text = fs::read_to_string(workspace.root.join(PATH)).context(PATH)?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context(PATH)
    }

    /// The crate's place in the order, from the left.
    pub(super) fn place(&self, short_name: &str) -> Option<usize> {
        self.order.iter().position(|name| name == short_name)
    }

    pub(super) fn is_exempt(&self, short_name: &str) -> bool {
        self.exempt.iter().any(|name| name == short_name)
    }

    pub(super) fn may_touch(&self, short_name: &str, thing: Thing) -> bool {
        self.touches.get(short_name).is_some_and(|things| things.contains(&thing))
    }
}
