//! `cargo xtask tidy`: the rules of this repository that no other tool checks.
//!
//! Each rule is one file: a function from the tree to violations, and its reason.

mod bans;
mod fences;
mod hosts;
mod large;
mod manifests;
mod markers;
mod order;
mod paths;
mod purity;
mod rules_file;
mod size;
mod source;
mod tree;
mod unsafe_code;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::workspace::{Workspace, resolved_packages};
use rules_file::Rules;
use tree::Tree;

/// Where a rule is broken, and why there is one.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    /// Counted from 1; 0 where it is the whole file.
    line: usize,
    what: String,
    reason: String,
}

impl Violation {
    fn new(path: &str, line: usize, what: impl Into<String>, reason: &str) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), reason: reason.to_owned() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {} ({})", self.what, self.reason)
    }
}

pub(crate) fn run() -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    check(&workspace)?;
    println!("tidy");
    Ok(ExitCode::SUCCESS)
}

/// Prints every violation; an error if there is one.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let tree = Tree::load(workspace)?;
    let rules = Rules::load(workspace)?;
    let mut found = Vec::new();
    found.extend(order::check(&workspace.packages, &rules, &tree));
    found.extend(fences::check(&workspace.packages, &rules, &tree));
    found.extend(manifests::check(&workspace.packages, &tree));
    found.extend(bans::check(&tree, &resolved_packages(workspace)?)?);
    found.extend(purity::check(&tree, &rules));
    found.extend(unsafe_code::check(&tree));
    found.extend(markers::check(&tree));
    found.extend(large::check(&tree));
    found.extend(hosts::check(&tree, &hosts::of_this_machine(&workspace.root)));
    found.extend(paths::check(&tree, &paths::of_this_machine(&workspace.root)));
    let sizes = size::check(&tree);
    found.extend(sizes.too_long);
    for note in sizes.long {
        println!("long: {note}");
    }
    found.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    for violation in &found {
        println!("{violation}");
    }
    ensure!(found.is_empty(), "{} violations", found.len());
    Ok(())
}
