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
    /// A platform from its parts, spelled as the index spells them (`x86_64` becomes `amd64`). An empty variant is
    /// none. The parts come from documents that anybody may have written, and go into names, tables and requests: what
    /// is no word of letters, digits and `._-` is refused.
    pub fn new(
        os: &str,
        architecture: &str,
        variant: Option<&str>,
    ) -> Result<Self, ParsePlatformError> {
        let variant = variant.filter(|variant| !variant.is_empty());
        match [os, architecture].into_iter().chain(variant).all(is_word) {
            true => Ok(Self::of_words(os, architecture, variant)),
            false => {
                let parts: Vec<&str> = [os, architecture].into_iter().chain(variant).collect();
                Err(ParsePlatformError::of(&parts.join("/")))
            }
        }
    }

    fn of_words(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, implied) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "i386" | "i686" => ("386", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            other => (other, None),
        };
        Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.or(implied).map(str::to_owned),
        }
    }

    /// The platform this program was compiled for, with `linux` as the operating system of images.
    pub fn host() -> Self {
        Self::of_words("linux", std::env::consts::ARCH, None)
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

/// The longest word that is taken for a part of a platform; real ones have some ten characters.
const MAX_WORD: usize = 64;

fn is_word(part: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !part.is_empty() && part.len() <= MAX_WORD && part.bytes().all(is_plain)
}

impl ParsePlatformError {
    fn of(text: &str) -> Self {
        Self { text: text.chars().take(80).collect() }
    }
}

impl FromStr for Platform {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let error = || ParsePlatformError::of(text);
        let (os, architecture) = parts.next().zip(parts.next()).ok_or_else(error)?;
        let variant = parts.next();
        if parts.next().is_some() || variant == Some("") {
            return Err(error());
        }
        Self::new(os, architecture, variant)
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
        for bad in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/", "li nux/amd64"]
        {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_word_is_no_part() {
        let check = |os, architecture, variant, expected: Option<&str>| {
            let platform = Platform::new(os, architecture, variant).ok();
            assert_eq!(platform.map(|platform| platform.to_string()).as_deref(), expected);
        };
        check("linux", "arm", Some("v7"), Some("linux/arm/v7"));
        check("linux", "amd64", Some(""), Some("linux/amd64"));
        check("linux", "amd64) <img src=x> @all", None, None);
        check("linux", "arm", Some("v7/../x"), None);
        check("lin\nux", "arm", None, None);
        check("", "arm", None, None);
        check("linux", &"a".repeat(65), None, None);
        let error = Platform::new("linux", "a b", None).unwrap_err().to_string();
        assert!(error.starts_with("\"linux/a b\" is not a platform"), "{error}");
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
