//! The system whose packages are updated, and the variables that it puts into addresses.

use std::collections::BTreeMap;

use plimsoll_model::{Ecosystem, Os};

/// Values nest in values; what nests deeper refers to itself.
const MAX_ROUNDS: usize = 8;

/// An address of more is none; what is longer stays as it is.
const MAX_EXPANDED: usize = 4096;

/// What of a system the addresses of its repositories depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Whose packages it has.
    pub ecosystem: Ecosystem,
    /// `ID` of os-release.
    pub id: String,
    /// `VERSION_ID` of os-release.
    pub version_id: String,
    /// The architecture in rpm's words: `x86_64`, `aarch64`.
    pub arch: String,
}

impl System {
    /// The system of an image; none where it is no rpm system, or does not say its version.
    ///
    /// `architecture` is that of the platform, in OCI's words: `amd64`, `arm64`.
    pub fn of(os: &Os, architecture: &str) -> Option<Self> {
        let ecosystem = os.ecosystem.filter(|ecosystem| ecosystem.is_rpm())?;
        let arch = match architecture {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            "386" => "i686",
            "arm" => "armv7hl",
            other => other,
        };
        Some(Self {
            ecosystem,
            id: os.id.clone(),
            version_id: os.version_id.clone()?,
            arch: arch.to_owned(),
        })
    }

    /// The release up to the first dot.
    pub(super) fn major(&self) -> &str {
        self.version_id.split('.').next().unwrap_or_default()
    }

    /// The variables of addresses as far as the system itself decides them; dnf takes `releasever` from the version
    /// of the package that provides `system-release(releasever)`.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let major = self.major();
        let minor = self.version_id.split('.').nth(1).unwrap_or("0");
        let release = match self.ecosystem {
            // Amazon Linux pins an image to the day of its release; the question here is what came later.
            Ecosystem::Amazon if major == "2023" => "latest",
            Ecosystem::Amazon
            | Ecosystem::AzureLinux
            | Ecosystem::Photon
            | Ecosystem::Suse
            | Ecosystem::OpenSuse
            | Ecosystem::OpenEuler => &self.version_id,
            _ => major,
        };
        let basearch = match self.arch.as_str() {
            "i686" | "i586" => "i386",
            "armv7hl" => "armhfp",
            other => other,
        };
        let stream = format!("{major}-stream");
        let mut variables = BTreeMap::new();
        for (name, value) in [
            ("releasever", release),
            ("releasever_major", major),
            ("releasever_minor", minor),
            ("basearch", basearch),
            ("arch", self.arch.as_str()),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        if self.ecosystem == Ecosystem::CentOs {
            variables.insert("stream".to_owned(), stream);
        }
        variables
    }
}

/// Puts the values of variables where `$name`, `${name}` or `${name:-default}` stand; unknown ones stay.
///
/// Without braces the longest known name counts: Photon writes `$releasever_$basearch`, zypper has
/// `$releasever_major`.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        match expand_once(&text, variables) {
            Some(expanded) if expanded != text => text = expanded,
            _ => break,
        }
    }
    text
}

/// None where it would be too long.
fn expand_once(text: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        if expanded.len() + rest.len() > MAX_EXPANDED {
            return None;
        }
        expanded.push_str(before);
        let (value, after) = match behind.strip_prefix('{').and_then(|b| b.split_once('}')) {
            Some((inside, after)) => {
                let (name, default) = match inside.split_once(":-") {
                    Some((name, default)) => (name, Some(default)),
                    None => (inside, None),
                };
                let known = variables.get(name).map(String::as_str).filter(|v| !v.is_empty());
                (known.or(default), after)
            }
            None => {
                let known = variables.iter().filter(|(name, _)| behind.starts_with(name.as_str()));
                match known.max_by_key(|(name, _)| name.len()) {
                    Some((name, value)) => {
                        (Some(value.as_str()), behind.get(name.len()..).unwrap_or_default())
                    }
                    None => (None, behind),
                }
            }
        };
        match value {
            Some(value) => {
                expanded.push_str(value);
                rest = after;
            }
            None => {
                expanded.push('$');
                rest = behind;
            }
        }
    }
    expanded.push_str(rest);
    (expanded.len() <= MAX_EXPANDED).then_some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(ecosystem: Ecosystem, version_id: &str) -> System {
        let version_id = version_id.to_owned();
        System { ecosystem, id: String::new(), version_id, arch: "x86_64".to_owned() }
    }

    #[test]
    fn variables_are_put_into_addresses() {
        fn check(ecosystem: Ecosystem, version_id: &str, text: &str, expected: &str) {
            let mut variables = system(ecosystem, version_id).variables();
            variables.insert("loop".to_owned(), "$loop".to_owned());
            variables.insert("grow".to_owned(), "$grow$grow".to_owned());
            variables.insert("contentdir".to_owned(), "pub/$which".to_owned());
            variables.insert("which".to_owned(), "rocky".to_owned());
            variables.insert("empty".to_owned(), String::new());
            assert_eq!(expand(text, &variables), expected);
        }
        check(Ecosystem::Rocky, "9.3", "$contentdir/$releasever/$basearch", "pub/rocky/9/x86_64");
        check(Ecosystem::CentOs, "9", "/$stream/${basearch}", "/9-stream/x86_64");
        check(Ecosystem::Photon, "5.0", "/$releasever_$basearch", "/5.0_x86_64");
        check(Ecosystem::Suse, "15.5", "$releasever_major-SP$releasever_minor", "15-SP5");
        check(Ecosystem::Amazon, "2023", "$releasever", "latest");
        check(Ecosystem::Amazon, "2", "$releasever", "2");
        check(Ecosystem::Oracle, "9.4", "yum$empty.x$missing", "yum.x$missing");
        check(Ecosystem::Oracle, "9.4", "${missing:-a}${empty:-b}${arch:-c}", "abx86_64");
        check(Ecosystem::Oracle, "9.4", "$loop ${unclosed $", "$loop ${unclosed $");
    }

    #[test]
    fn expansions_do_not_grow_without_end() {
        fn check(text: &str, value: &str, expected: &str) {
            let variables = BTreeMap::from([("v".to_owned(), value.to_owned())]);
            assert_eq!(expand(text, &variables), expected);
        }
        // Each round up to the last that fits.
        check("$v", &"$v".repeat(100), &"$v".repeat(100));
        check("$v$v", &"x".repeat(MAX_EXPANDED / 2), &"x".repeat(MAX_EXPANDED));
        check("$v$v/", &"x".repeat(MAX_EXPANDED / 2), "$v$v/");
        let long = "$v".repeat(MAX_EXPANDED);
        check(&long, "x", &long);
    }
}
