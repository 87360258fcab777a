//! What a shard covers: an ecosystem and, for distributions, a release.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ecosystem::{Ecosystem, UnknownEcosystem};

/// `debian:12`, `alpine:3.20`, `azurelinux:3.0`, `wolfi`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    /// Whose packages.
    pub ecosystem: Ecosystem,
    /// Which release, as `VERSION_ID` of os-release writes it up to the part that has advisories of
    /// its own (`12`, `3.20`, `9`); none for rolling distributions.
    pub release: Option<String>,
}

impl Scope {
    /// The scope of one release of a distribution.
    pub fn release(ecosystem: Ecosystem, release: &str) -> Self {
        Self { ecosystem, release: Some(release.to_owned()) }
    }

    /// The scope of an ecosystem without releases.
    pub fn rolling(ecosystem: Ecosystem) -> Self {
        Self { ecosystem, release: None }
    }

    /// A name that is safe for a file: `debian-12`.
    pub fn file_stem(&self) -> String {
        match &self.release {
            Some(release) => format!("{}-{release}", self.ecosystem),
            None => self.ecosystem.to_string(),
        }
    }
}

/// The text is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseScopeError {
    /// The part before the colon names no ecosystem.
    #[error(transparent)]
    Ecosystem(#[from] UnknownEcosystem),
    /// The part behind the colon is empty, too long, or has other characters than `[A-Za-z0-9._]`.
    #[error("{0:?} is not a release (letters, digits, dots)")]
    Release(String),
}

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, release)) = text.split_once(':') else {
            return Ok(Self::rolling(text.parse()?));
        };
        let valid = !release.is_empty()
            && release.len() <= 32
            && !release.starts_with('.')
            && release.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
        if !valid {
            return Err(ParseScopeError::Release(release.chars().take(80).collect()));
        }
        Ok(Self::release(name.parse()?, release))
    }
}

impl TryFrom<String> for Scope {
    type Error = ParseScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ecosystem.as_str())?;
        match &self.release {
            Some(release) => write!(f, ":{release}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_parse_print_and_refuse_paths() {
        for text in ["debian:12", "alpine:3.20", "wolfi", "alpine:edge"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for bad in ["", "debian:", "nosuch:1", "debian:../x", "debian:1/2"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }
}
