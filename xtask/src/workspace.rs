//! The workspace as `cargo metadata` tells it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// The workspace's own packages and where it lies.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` is a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// Everything the build for this machine consists of, as `name version`.
///
/// `cargo metadata` would also list packages that only features nobody asked for would use.
pub(crate) fn resolved_packages(workspace: &Workspace) -> Result<BTreeSet<String>> {
    let mut command = cargo(&workspace.root);
    command.args(["tree", "--workspace", "--edges=normal,build,dev", "--prefix=none"]);
    command.args(["--format={p}"]);
    let tree = process::read(&mut command)?;
    let name_and_version = |line: &str| {
        let mut words = line.split(' ');
        Some(format!("{} {}", words.next()?, words.next()?.trim_start_matches('v')))
    };
    Ok(tree.lines().filter_map(name_and_version).collect())
}

impl Workspace {
    pub(crate) fn load() -> Result<Self> {
        let mut command = cargo(Path::new(env!("CARGO_MANIFEST_DIR")));
        command.args(["metadata", "--format-version=1", "--no-deps"]);
        serde_json::from_str(&process::read(&mut command)?).context("reading cargo metadata")
    }
}

impl Package {
    /// The crate's short name, which is its directory's: `unpack` for `plimsoll-unpack`.
    pub(crate) fn short_name(&self) -> &str {
        short_name(&self.name)
    }

    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

pub(crate) fn short_name(package: &str) -> &str {
    package.strip_prefix("plimsoll-").unwrap_or(package)
}

/// The cargo that runs this task, in a directory.
pub(crate) fn cargo(directory: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(directory);
    command
}
