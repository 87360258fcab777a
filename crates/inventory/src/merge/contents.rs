//! The contents of files: from the facts, or read again where a link led to a file that was not
//! kept.

use std::collections::HashMap;

use crate::facts::{Content, LayerFacts, Listed};
use crate::wanted::FileKind;

/// Layers read again for one image. Real images need none, odd ones one or two; a hostile one could
/// ask for its largest layer a thousand times.
const MAX_FETCHES: usize = 8;

/// A file's content, wanted by the merge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    /// The layer that has the file.
    pub(crate) layer: usize,
    pub(crate) what: What,
}

/// How it is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    /// As the analyser of this kind reads it; of an rpm database, what it holds without a
    /// write-ahead log.
    File { path: Vec<u8>, kind: FileKind },
    /// An rpm database together with its log.
    RpmWithWal { path: Vec<u8>, wal_layer: usize, wal: Vec<u8> },
}

/// What reading a file again gave: its content, encoded as facts hold it.
pub(crate) type Fetched = Result<Vec<u8>, String>;

/// Reads a file again.
pub(crate) type Fetch<'a> = dyn FnMut(&Request) -> Fetched + 'a;

/// All contents that were asked for.
pub(super) struct Contents<'a, 'f> {
    layers: &'a [&'a LayerFacts],
    fetch: &'a mut Fetch<'f>,
    fetched: HashMap<Request, Fetched>,
    notes: Vec<String>,
}

impl<'a, 'f> Contents<'a, 'f> {
    pub(super) fn new(layers: &'a [&'a LayerFacts], fetch: &'a mut Fetch<'f>) -> Self {
        Self { layers, fetch, fetched: HashMap::new(), notes: Vec::new() }
    }

    /// The content, fetched if need be.
    pub(super) fn ensure(&mut self, request: &Request) -> Result<Content<'_>, String> {
        if self.kept(request).is_none() && !self.fetched.contains_key(request) {
            let fetched = if self.fetched.len() < MAX_FETCHES {
                self.notes.push(self.note(request));
                (self.fetch)(request)
            } else {
                Err(format!(
                    "not read: links already led to {MAX_FETCHES} files that had to be read again"
                ))
            };
            self.fetched.insert(request.clone(), fetched);
        }
        self.get(request).unwrap_or_else(|| Err("not read".to_owned()))
    }

    /// The content, if it is kept or was fetched.
    pub(super) fn get(&self, request: &Request) -> Option<Result<Content<'_>, String>> {
        if let Some(content) = self.kept(request) {
            return Some(Ok(content));
        }
        Some(match self.fetched.get(request)? {
            Ok(bytes) => {
                Content::decode(request.what.kind(), bytes).map_err(|error| error.to_string())
            }
            Err(reason) => Err(reason.clone()),
        })
    }

    /// The packages of a database, if they could be read.
    pub(super) fn listed(&self, request: &Request) -> Option<Listed<'_>> {
        match self.get(request)?.ok()? {
            Content::Packages(listed) => Some(listed),
            Content::Rpm(rpm) => Some(rpm.packages),
            Content::Text(_) | Content::Wal { .. } | Content::Unreadable(_) => None,
        }
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Everything that was read again.
    pub(super) fn into_fetched(self) -> HashMap<Request, Fetched> {
        self.fetched
    }

    fn kept(&self, request: &Request) -> Option<Content<'a>> {
        let facts = self.layers.get(request.layer)?;
        let (path, with_wal) = match &request.what {
            What::File { path, .. } => (path, false),
            What::RpmWithWal { path, wal_layer, wal } => {
                // The analyser applied the log only if it was beside the database.
                let beside = *wal_layer == request.layer && *wal == crate::layer::wal_of(path);
                (path, beside.then_some(true)?)
            }
        };
        match facts.content(path, request.what.kind())? {
            Content::Rpm(rpm) if rpm.with_wal != with_wal => None,
            content => Some(content),
        }
    }

    fn note(&self, request: &Request) -> String {
        let path = String::from_utf8_lossy(request.what.path()).into_owned();
        match self.layers.get(request.layer) {
            Some(facts) => {
                format!("layer {} was read again for {path}", facts.diff_id())
            }
            None => format!("a layer was read again for {path}"),
        }
    }
}

impl What {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::File { kind, .. } => *kind,
            Self::RpmWithWal { .. } => FileKind::Rpm,
        }
    }

    pub(crate) fn path(&self) -> &[u8] {
        match self {
            Self::File { path, .. } | Self::RpmWithWal { path, .. } => path,
        }
    }
}
