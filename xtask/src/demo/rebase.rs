//! An application on a newer base: its own layer stays, and the package databases of both become one.

use std::collections::BTreeMap;

/// The status files of dpkg (`var/lib/dpkg/status`) of three roots.
pub(super) struct Statuses<'a> {
    pub(super) old_base: &'a str,
    pub(super) newer_base: &'a str,
    /// The application on the old base.
    pub(super) image: &'a str,
}

impl Statuses<'_> {
    /// The status file of the application on the newer base: what its own layer installed or upgraded stays as it is.
    pub(super) fn merged(&self) -> String {
        let old: BTreeMap<_, _> = packages(self.old_base).collect();
        let mut merged: BTreeMap<_, _> = packages(self.newer_base).collect();
        merged.extend(packages(self.image).filter(|(key, stanza)| {
            old.get(key).is_none_or(|old| version(old) != version(stanza))
        }));
        merged.values().map(|stanza| format!("{stanza}\n\n")).collect()
    }
}

/// The stanzas by name and architecture.
fn packages(status: &str) -> impl Iterator<Item = ((&str, &str), &str)> {
    status.split("\n\n").filter_map(|stanza| {
        let stanza = stanza.trim_matches('\n');
        Some(((field(stanza, "Package: ")?, field(stanza, "Architecture: ")?), stanza))
    })
}

fn version(stanza: &str) -> Option<&str> {
    field(stanza, "Version: ")
}

fn field<'s>(stanza: &'s str, name: &str) -> Option<&'s str> {
    stanza.lines().find_map(|line| line.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_packages_stay_and_the_base_s_are_newer() {
        let status = |packages: &[(&str, &str)]| -> String {
            let stanza = |(name, version): &(&str, &str)| {
                format!("Package: {name}\nArchitecture: amd64\nVersion: {version}\n\n")
            };
            packages.iter().map(stanza).collect()
        };
        let merged = Statuses {
            old_base: &status(&[("kept", "1"), ("upgraded", "1"), ("gone", "1")]),
            newer_base: &status(&[("kept", "2"), ("upgraded", "2")]),
            image: &status(&[("kept", "1"), ("upgraded", "1.5"), ("gone", "1"), ("own", "1")]),
        }
        .merged();
        assert_eq!(merged, status(&[("kept", "2"), ("own", "1"), ("upgraded", "1.5")]));
    }
}
