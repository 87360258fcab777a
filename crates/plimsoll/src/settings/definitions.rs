//! The one list of settings: keys, variables, defaults.

use std::path::{Path, PathBuf};

/// One setting.
pub(super) struct Definition {
    /// The key in plimsoll.toml; the variable is `PLIMSOLL_` and the key in capitals.
    pub(super) key: &'static str,
    /// What holds where nobody says anything; empty means "none".
    pub(super) default: Default,
}

pub(super) enum Default {
    Text(&'static str),
    Of(fn(&Surroundings) -> String),
}

/// All settings, in the order in which `plimsoll config` prints them.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition { key: "cache_dir", default: Default::Of(cache_dir) },
    Definition { key: "cache_limit", default: Default::Text("2GiB") },
    Definition { key: "no_cache", default: Default::Text("false") },
    Definition { key: "state_dir", default: Default::Of(state_dir) },
    Definition { key: "from", default: Default::Text("") },
    Definition { key: "mirrors", default: Default::Text("") },
    Definition { key: "allowed_sources", default: Default::Text("") },
    Definition { key: "keyring", default: Default::Text("") },
    Definition { key: "offline", default: Default::Text("false") },
    Definition { key: "generation", default: Default::Text("") },
    Definition { key: "max_db_age", default: Default::Text("") },
    Definition { key: "refresh_after", default: Default::Text("24h") },
    Definition { key: "memory", default: Default::Text("192MiB") },
    Definition { key: "timeout", default: Default::Text("30s") },
    Definition { key: "insecure", default: Default::Text("") },
    Definition { key: "platform", default: Default::Text("") },
    Definition { key: "fail_on", default: Default::Text("") },
    Definition { key: "allow_unknown", default: Default::Text("false") },
    Definition { key: "as_of", default: Default::Text("") },
];

impl Definition {
    /// `PLIMSOLL_CACHE_DIR`; `PLIMSOLL_FEEDS_FROM` is the one that is not made of its key.
    pub(super) fn variable(&self) -> String {
        match self.key {
            "from" => "PLIMSOLL_FEEDS_FROM".to_owned(),
            key => format!("PLIMSOLL_{}", key.to_ascii_uppercase()),
        }
    }
}

/// What defaults depend on.
pub(super) struct Surroundings {
    pub(super) home: Option<PathBuf>,
    pub(super) is_root: bool,
    pub(super) variable: fn(&str) -> Option<String>,
}

impl Surroundings {
    pub(super) fn of_this_process() -> Self {
        Self {
            home: std::env::home_dir().filter(|home| home.is_absolute()),
            is_root: rustix::process::geteuid().is_root(),
            variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()),
        }
    }

    /// An XDG base directory: relative values are to be ignored (XDG Base Directory Specification).
    pub(super) fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let set = (self.variable)(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        set.or_else(|| self.home.as_ref().map(|home| home.join(below_home)))
    }
}

fn cache_dir(surroundings: &Surroundings) -> String {
    let base = surroundings.xdg("XDG_CACHE_HOME", ".cache");
    base.map(|base| text(&base.join("plimsoll"))).unwrap_or_default()
}

/// As root only `/var/lib/plimsoll`: `$HOME` may be somebody else's under sudo.
fn state_dir(surroundings: &Surroundings) -> String {
    if surroundings.is_root {
        return "/var/lib/plimsoll".to_owned();
    }
    let base = surroundings.xdg("XDG_STATE_HOME", ".local/state");
    base.map(|base| text(&base.join("plimsoll"))).unwrap_or_default()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
