//! Why a use case could not be carried out.
//!
//! Each variant says which stage failed and keeps that stage's error; advice for the user is separate
//! (`hint`), so that it is never part of a message that a program reads.

use std::path::PathBuf;

use plimsoll_vulndb::StoreError;

/// The error of every use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image cannot be found or opened.
    #[error("cannot open {reference}")]
    Open {
        /// What the user typed.
        reference: String,
        /// Why.
        #[source]
        source: Box<plimsoll_image::Error>,
    },
    /// The image's layers cannot be read.
    #[error("cannot read {reference}")]
    Read {
        /// What the user typed.
        reference: String,
        /// Why.
        #[source]
        source: Box<plimsoll_inventory::Error>,
    },
    /// The cache of facts cannot be used.
    #[error(transparent)]
    Cache(plimsoll_inventory::CacheError),
    /// The network client cannot be set up.
    #[error("cannot set up the network")]
    Fetch(#[source] Box<plimsoll_fetch::Error>),
    /// The advisory database cannot be read or written.
    #[error("the advisory database at {path} failed")]
    Database {
        /// The database's directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// There is nothing to export.
    #[error("there is no advisory database yet")]
    NoDatabase,
    /// A shard of the advisory database cannot be used.
    #[error("the advisory database cannot be used")]
    Match(#[source] Box<plimsoll_vulndb::MatchError>),
    /// The state directory is not safe to use.
    #[error("the state directory {path} {why}")]
    State {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A comparison needs one platform of each image.
    #[error("a comparison needs one image on each side, and there are {images} in all")]
    NotTwo {
        /// How many there are.
        images: usize,
    },
    /// The catalogue of base images cannot be used.
    #[error("the catalogue of base images at {path} failed")]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<plimsoll_lineage::CatalogueError>,
    },
    /// The settings for registries cannot be read.
    #[error("cannot set up registries")]
    RegistrySettings(#[source] Box<plimsoll_registry::Error>),
    /// A registry cannot be asked.
    #[error("cannot ask the registry for {name}")]
    Registry {
        /// What was asked for.
        name: String,
        /// Why.
        #[source]
        source: Box<plimsoll_registry::Error>,
    },
    /// A file is no list of base images.
    #[error("cannot import {path}")]
    Import {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<plimsoll_lineage::ImportError>,
    },
    /// A name of an image that cannot be read.
    #[error("{text:?} is no name of an image")]
    Name {
        /// What the user typed.
        text: String,
        /// Why.
        #[source]
        source: plimsoll_model::ParseReferenceError,
    },
    /// No feed knows this scope.
    #[error("no feed covers {0}")]
    UnknownScope(String),
    /// No feed has this name.
    #[error("no feed is called {0}")]
    UnknownFeed(String),
    /// Reading or writing a file failed.
    #[error("cannot access {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// What the user may try, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Open { source, .. } => source.hint(),
            Self::Database { source, .. }
                if matches!(**source, StoreError::UnknownGeneration { .. }) =>
            {
                None
            }
            Self::Database { .. } | Self::Match(_) => Some(
                "plimsoll db verify says which part is damaged; db update replaces it".to_owned(),
            ),
            Self::State { .. } => Some("set another one with PLIMSOLL_STATE_DIR".to_owned()),
            Self::NotTwo { .. } => Some("choose one with --platform os/arch".to_owned()),
            Self::Catalogue { .. } => Some("remove the file and learn the bases again".to_owned()),
            Self::UnknownScope(_) | Self::UnknownFeed(_) => {
                Some("plimsoll db feeds lists what is covered".to_owned())
            }
            _ => None,
        }
    }

    /// What a registry said, where one was asked for an image's documents.
    pub(crate) fn registry(&self) -> Option<&plimsoll_registry::Error> {
        match self {
            Self::Registry { source, .. } => Some(source),
            Self::Open { source, .. } => match &**source {
                plimsoll_image::Error::Registry(source) => Some(source),
                _ => None,
            },
            _ => None,
        }
    }
}

/// An error with its causes behind it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
