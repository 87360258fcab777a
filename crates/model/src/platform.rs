//! `os/architecture[/variant]`, in the words of Go's GOOS and GOARCH as the OCI image index uses them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform {
    /// `linux`, `windows` …
    pub os: String,
    /// `amd64`, `arm64` …
    pub architecture: String,
    /// `v7`, `v8` …, where the architecture has variants.
    pub variant: Option<String>,
}

/// The text is not `os/architecture[/variant]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a platform (os/architecture[/variant], for example linux/arm64)")]
pub struct ParsePlatformError {
    text: String,
}

impl Platform {
    /// A platform from its parts, spelled as the index spells them (`x86_64` becomes `amd64`).
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, implied) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "i386" | "i686" => ("386", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            other => (other, None),
        };
        let variant = variant.filter(|variant| !variant.is_empty()).or(implied);
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        }
    }

    /// The platform this program was compiled for, with `linux` as the operating system of images.
    pub fn host() -> Self {
        Self::new("linux", std::env::consts::ARCH, None)
    }

    /// Whether an image for `self` serves somebody who asked for `wanted`: the same system and
    /// architecture, and the same variant where one was asked for (arm64 has only `v8`, so it never
    /// decides there).
    pub fn serves(&self, wanted: &Self) -> bool {
        let variant = |platform: &Self| match (platform.architecture.as_str(), &platform.variant) {
            ("arm64", None) => Some("v8".to_owned()),
            (_, variant) => variant.clone(),
        };
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || variant(self) == variant(wanted))
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let valid = |part: &&str| {
            !part.is_empty()
                && part.len() <= 64
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let error = || ParsePlatformError { text: text.chars().take(80).collect() };
        let os = parts.next().filter(valid).ok_or_else(error)?;
        let architecture = parts.next().filter(valid).ok_or_else(error)?;
        let variant = match parts.next() {
            None => None,
            Some(part) => Some(part).filter(valid).map(Some).ok_or_else(error)?,
        };
        if parts.next().is_some() {
            return Err(error());
        }
        Ok(Self::new(os, architecture, variant))
    }
}

impl TryFrom<String> for Platform {
    type Error = ParsePlatformError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_parse_and_print() {
        for (text, printed) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/arm/v7", "linux/arm/v7"),
            ("linux/aarch64/v8", "linux/arm64/v8"),
        ] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), printed);
        }
        for bad in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "li nux/amd64"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_variant_matters_only_where_it_was_asked_for() {
        let check = |have: &str, want: &str, expected| {
            let have: Platform = have.parse().unwrap();
            assert_eq!(have.serves(&want.parse().unwrap()), expected, "{have} for {want}");
        };
        check("linux/arm/v7", "linux/arm", true);
        check("linux/arm/v7", "linux/arm/v6", false);
        check("linux/arm64", "linux/arm64/v8", true);
        check("linux/amd64", "linux/arm64", false);
    }
}
