//! What was kept of a tar that was read once: its documents, its links, and what else was there.

use std::collections::BTreeMap;

use plimsoll_unpack::SafePath;

use super::{Files, FoundLayer, Target, follow};
use crate::document::MAX_DOCUMENT_BYTES;
use crate::error::Error;

/// The documents of some hundred images.
pub(crate) const MAX_KEPT_BYTES: u64 = 16 << 20;

/// The members of a stream that has ended.
pub(crate) struct Kept {
    source_name: String,
    members: BTreeMap<SafePath, Target<Member>>,
}

/// A regular member.
pub(crate) enum Member {
    /// JSON, or whatever else is small.
    Document(Vec<u8>),
    /// It was given to the visitor.
    Layer { size: u64 },
    /// Neither of them.
    Other { size: u64 },
}

impl Kept {
    pub(crate) fn new(source_name: String) -> Self {
        Self { source_name, members: BTreeMap::new() }
    }

    /// Of several members of one name the last counts, as when unpacking.
    pub(crate) fn add(&mut self, path: SafePath, member: Member) {
        self.members.insert(path, Target::File(member));
    }

    pub(crate) fn add_link(&mut self, path: SafePath, target: SafePath) {
        self.members.insert(path, Target::Link(target));
    }
}

impl Files for Kept {
    fn source_name(&self) -> &str {
        &self.source_name
    }

    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        match follow(path, |path| self.members.get(path)) {
            None => Ok(None),
            Some((_, Member::Document(content))) => Ok(Some(content.clone())),
            Some((_, Member::Layer { size } | Member::Other { size })) => {
                let source_name = self.source_name.clone();
                Err(match *size > MAX_DOCUMENT_BYTES {
                    true => Error::DocumentTooLarge {
                        source_name,
                        document: path.to_owned(),
                        bytes: *size,
                        limit: MAX_DOCUMENT_BYTES,
                    },
                    false => Error::TooManyDocuments { source_name, limit: MAX_KEPT_BYTES },
                })
            }
        }
    }

    fn layer(&self, path: &str) -> Result<Option<FoundLayer>, Error> {
        match follow(path, |path| self.members.get(path)) {
            None => Ok(None),
            Some((entry, Member::Layer { size })) => {
                Ok(Some(FoundLayer { entry: entry.to_string(), size: *size, stored: None }))
            }
            Some((_, Member::Document(_) | Member::Other { .. })) => Err(Error::NotALayer {
                source_name: self.source_name.clone(),
                layer: path.to_owned(),
            }),
        }
    }
}
