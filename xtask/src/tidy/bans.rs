//! What deny.toml says of bans and sources, for those who have no cargo-deny.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Violation;
use super::tree::Tree;

const PATH: &str = "deny.toml";

/// How the lock file says that a package comes from crates.io, also where a mirror replaces it.
const CRATES_IO: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

#[derive(Deserialize)]
struct Deny {
    bans: Bans,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// `packages` is what the build for this machine consists of, as `name version`.
pub(super) fn check(tree: &Tree, packages: &BTreeSet<String>) -> Result<Vec<Violation>> {
    let file = tree.get(PATH).context("deny.toml is missing")?;
    let deny: Deny = toml::from_str(&file.text).context(PATH)?;
    let mut found = Vec::new();
    for package in packages {
        let name = package.split(' ').next().unwrap_or_default();
        if let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == name) {
            let what = format!("{package} is built; `cargo tree -i {name}` says for whom");
            found.push(Violation::new("Cargo.lock", 0, what, &ban.reason));
        }
    }
    let lock = tree.get("Cargo.lock").map_or("", |file| &file.text);
    for (at, line) in lock.lines().enumerate() {
        if line.starts_with("source = ") && line != CRATES_IO {
            let reason = "packages come from crates.io only";
            found.push(Violation::new("Cargo.lock", at + 1, line, reason));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_packages_are_named() {
        let text = "[bans]\ndeny = [{ crate = \"ring\", reason = \"one is enough\" }]\n";
        let tree = Tree::of(&[(PATH, text)]);
        let found =
            check(&tree, &["serde 1.0.0", "ring 0.17.0"].map(str::to_owned).into()).unwrap();
        let what = "ring 0.17.0 is built; `cargo tree -i ring` says for whom";
        assert_eq!(found, [Violation::new("Cargo.lock", 0, what, "one is enough")]);
        assert!(check(&Tree::of(&[]), &BTreeSet::new()).is_err());
    }

    #[test]
    fn packages_come_from_crates_io() {
        let elsewhere = "source = \"git+https://example.org/x\"";
        let lock = format!("{CRATES_IO}\n{elsewhere}\n");
        let tree = Tree::of(&[(PATH, "[bans]\ndeny = []\n"), ("Cargo.lock", &lock)]);
        let found = check(&tree, &BTreeSet::new()).unwrap();
        let reason = "packages come from crates.io only";
        assert_eq!(found, [Violation::new("Cargo.lock", 2, elsewhere, reason)]);
    }
}
