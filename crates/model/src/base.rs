//! The image that an image was built on, and what could take its place.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::os::Eol;

/// The image that an image was built on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its name: `debian:bookworm-slim`.
    pub reference: String,
    /// Its manifest digest, on the image's platform.
    pub digest: Option<Digest>,
    /// How many of the image's layers are its, counted from the bottom; 0 where that is not known.
    pub layers: usize,
    /// How it was recognised.
    pub method: BaseMethod,
    /// How sure that is.
    pub confidence: Confidence,
    /// When it was built.
    #[serde(default)]
    pub created: Option<Timestamp>,
    /// Other names that fit as well.
    pub ties: Vec<String>,
}

/// What a base was recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseMethod {
    /// The catalogue knows an image with exactly these layers at the bottom.
    Layers,
    /// The image's `org.opencontainers.image.base.*` annotations.
    Annotation,
    /// The provenance that is attached to the image.
    Provenance,
    /// What the build history and the environment speak of.
    History,
    /// The installed packages are most like those of this image.
    Packages,
}

/// How sure a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Something looks like it.
    Guess,
    /// The image says so, and its layers could not be compared.
    Unconfirmed,
    /// The layers agree.
    Confirmed,
}

/// An image that could take the place of the image or of its base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewerImage {
    /// Its name: `python:3.11.9-slim-bookworm`.
    pub reference: String,
    /// Its manifest digest, on the image's platform.
    pub digest: Option<Digest>,
    /// In which way it is newer.
    pub relation: Newer,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// How long its release is cared for.
    pub eol: Option<Eol>,
    /// How many findings it clears and brings in; none where its packages are not known.
    pub effect: Option<Effect>,
}

/// How many findings an action clears and brings in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Findings that would be gone.
    pub clears: usize,
    /// Findings that would be new.
    pub introduces: usize,
}

/// In which way an image is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Newer {
    /// The same tag names another digest now.
    SameTag,
    /// Same variant, a higher version in the last place.
    Patch,
    /// Same variant, same first number.
    Minor,
    /// Same variant, a higher first number.
    Major,
    /// The same version on another variant or release of the distribution.
    Variant,
}

macro_rules! word {
    ($type:ident { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $type {
            /// The word in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

word!(BaseMethod {
    Layers => "layers",
    Annotation => "annotation",
    Provenance => "provenance",
    History => "history",
    Packages => "packages",
});
word!(Confidence { Guess => "guess", Unconfirmed => "unconfirmed", Confirmed => "confirmed" });
word!(Newer {
    SameTag => "same_tag",
    Patch => "patch",
    Minor => "minor",
    Major => "major",
    Variant => "variant",
});
