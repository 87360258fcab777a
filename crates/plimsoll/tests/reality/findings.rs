//! Two scans side by side: what a remedy promised between them, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A package in any version: its name and architecture.
type Name = (String, String);

/// What differs between two scans, in the words of a remedy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    clears: BTreeSet<String>,
    introduces: BTreeSet<String>,
    /// Name and architecture, from, to.
    changes: Changes,
}

impl Effect {
    /// What a remedy promises.
    pub(crate) fn promised(remedy: &Value) -> Self {
        let keys = |name: &str| remedy[name].as_array().unwrap().iter().map(text).collect();
        Self {
            clears: keys("clears"),
            introduces: keys("introduces"),
            changes: changes(&remedy["changes"]),
        }
    }

    /// What `plimsoll diff` says.
    pub(crate) fn told(diff: &Value) -> Self {
        let keys = |name: &str| {
            diff[name].as_array().unwrap().iter().map(|finding| text(&finding["key"])).collect()
        };
        Self {
            clears: keys("lost"),
            introduces: keys("gained"),
            changes: changes(&diff["packages"]),
        }
    }

    /// What became different.
    pub(crate) fn between(before: &Value, after: &Value) -> Self {
        let (was, is) = (findings(before), findings(after));
        let lacking = |these: &Findings, those: &Findings| {
            let gone = these.iter().filter(|(what, _)| !those.contains_key(*what));
            gone.map(|(_, key)| key.clone()).collect()
        };
        let (old, new) = (versions(before), versions(after));
        let names: BTreeSet<&Name> = old.keys().chain(new.keys()).collect();
        let changes = names
            .into_iter()
            .map(|name| (name.clone(), old.get(name).cloned(), new.get(name).cloned()));
        Self {
            clears: lacking(&was, &is),
            introduces: lacking(&is, &was),
            changes: changes.filter(|(_, from, to)| from != to).collect(),
        }
    }

    /// How many findings go and come, and how many packages change.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.clears.len(), self.introduces.len(), self.changes.len()]
    }
}

type Changes = BTreeSet<(Name, Option<String>, Option<String>)>;

fn changes(changes: &Value) -> Changes {
    let version = |side: &Value| side.as_str().map(str::to_owned);
    let change = |change: &Value| (name(change), version(&change["from"]), version(&change["to"]));
    changes.as_array().unwrap().iter().map(change).collect()
}

/// The remedy of a scan with this target.
#[track_caller]
pub(crate) fn remedy<'s>(scan: &'s Value, action: &str, target: &str) -> &'s Value {
    let remedies = scan["remedies"].as_array().unwrap();
    let found =
        remedies.iter().find(|remedy| remedy["action"] == action && remedy["target"] == target);
    found.unwrap_or_else(|| {
        panic!("no {action} {target}: {remedies:#?} {:#?}", scan["rejected_remedies"])
    })
}

/// An id and the package that has it.
type Findings = BTreeMap<(String, Name), String>;

/// The keys of the findings, by what stays the same when a package gets another version.
fn findings(scan: &Value) -> Findings {
    let packages: BTreeMap<String, Name> =
        packages(scan).map(|package| (text(&package["id"]), name(package))).collect();
    let findings = scan["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            let package = packages[&text(&one["package"])].clone();
            ((text(&one["id"]), package), text(&one["key"]))
        })
        .collect()
}

fn versions(scan: &Value) -> BTreeMap<Name, String> {
    packages(scan).map(|package| (name(package), text(&package["version"]))).collect()
}

fn packages(scan: &Value) -> impl Iterator<Item = &Value> {
    scan["packages"].as_array().unwrap().iter()
}

fn name(package: &Value) -> Name {
    (text(&package["name"]), text(&package["arch"]))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
