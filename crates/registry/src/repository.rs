//! A repository at one place, and what can be read from it.

use std::io::Read;
use std::sync::Arc;

use plimsoll_fetch::{Content, Limit, Request, Response, Url};
use plimsoll_model::{Algorithm, Digest};

use crate::blob::{Blob, length_error};
use crate::error::Error;
use crate::host::Host;
use crate::manifest::{KindError, Manifest, ManifestKind, digest, kind};

/// The largest manifest that the distribution specification asks registries to accept.
const MANIFEST_LIMIT: Limit = Limit { bytes: 4 << 20, name: "manifest" };
/// `Blob` counts by itself, because it knows the exact size.
const BLOB_LIMIT: Limit = Limit { bytes: u64::MAX, name: "blob" };
/// The largest config or similar that is read into memory; real ones have a few kilobytes.
const SMALL_BLOB_BYTES: u64 = 8 << 20;

/// The repository of an image at the place that answered: a mirror, or the registry itself. All
/// further reads of the image go there. Cloning it is cheap.
#[derive(Clone)]
pub struct Repository {
    host: Arc<Host>,
    path: String,
}

/// What a manifest is asked by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    Tag(&'a str),
    Digest(&'a Digest),
}

/// A manifest before it was judged.
struct SentManifest {
    content_type: Option<String>,
    /// What the registry says its digest is.
    claimed: Option<Digest>,
    bytes: Vec<u8>,
}

impl Repository {
    pub(crate) fn new(host: Arc<Host>, path: String) -> Self {
        Self { host, path }
    }

    /// The host and port, as in names.
    pub fn host(&self) -> &str {
        &self.host.name
    }

    /// The repository at the host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A manifest by its digest, such as a member of an index.
    pub fn manifest(&self, digest: &Digest) -> Result<Manifest, Error> {
        self.find(Wanted::Digest(digest))
    }

    /// The content of a blob. `size` is the descriptor's; the digest is the caller's to check.
    pub fn blob(&self, digest: &Digest, size: u64) -> Result<Blob, Error> {
        let what = format!("blob {digest}");
        let rest = format!("blobs/{digest}");
        let (host, path) = (Arc::clone(&self.host), self.path.clone());
        let response = host.ask(&path, &rest, &what, |url| Request::get(url).limit(BLOB_LIMIT))?;
        if let Some(length) = response.length().filter(|&length| length != size) {
            return Err(length_error(&host.name, digest, size, length.to_string()));
        }
        // Through `ask`, because the token may have expired and the redirect's signature too.
        let retry = host.retry();
        let response = response.resuming(retry, Content::Immutable, move |tail| {
            host.ask(&path, &rest, &what, |url| Request::get(url).limit(BLOB_LIMIT).tail(tail))
        });
        Ok(Blob::new(response.body, self.host(), digest, size))
    }

    /// The content of a small blob such as a config, checked against its digest.
    pub fn small_blob(&self, expected: &Digest, size: u64) -> Result<Vec<u8>, Error> {
        let what = format!("blob {expected}");
        if size > SMALL_BLOB_BYTES {
            return Err(Error::TooLarge { what, size, limit: SMALL_BLOB_BYTES });
        }
        let mut bytes = Vec::new();
        let mut blob = self.blob(expected, size)?;
        blob.read_to_end(&mut bytes).map_err(|error| self.body_error(&what, error))?;
        self.check(&what, expected, &bytes)?;
        Ok(bytes)
    }

    /// A manifest by tag or digest, hashed and compared.
    pub(crate) fn find(&self, wanted: Wanted<'_>) -> Result<Manifest, Error> {
        let what = self.what(wanted);
        let SentManifest { content_type, claimed, bytes } = self.read_manifest(wanted, &what)?;
        let expected = match wanted {
            Wanted::Digest(digest) => Some(digest),
            Wanted::Tag(_) => claimed.as_ref(),
        };
        if let Some(expected) = expected {
            self.check(&what, expected, &bytes)?;
        }
        let digest = match expected {
            Some(expected) => expected.clone(),
            None => digest(Algorithm::Sha256, &bytes),
        };
        let host = || self.host().to_owned();
        match kind(&bytes, content_type.as_deref()) {
            Ok(kind) => Ok(Manifest { bytes, kind, digest }),
            Err(KindError::Schema1) => Err(Error::Schema1 { host: host(), what }),
            Err(KindError::Other(why)) => Err(Error::NotAManifest { host: host(), what, why }),
        }
    }

    /// A manifest as it was sent. One that is cut off is asked for again from its beginning: it is small, and
    /// behind a tag there may be another one by then.
    fn read_manifest(&self, wanted: Wanted<'_>, what: &str) -> Result<SentManifest, Error> {
        let mut attempt = 1;
        loop {
            let response = self.ask_manifest(wanted, Request::get)?;
            let content_type = response.header("content-type").map(str::to_owned);
            let claimed = claimed_digest(&response);
            match response.bytes() {
                Ok(bytes) => return Ok(SentManifest { content_type, claimed, bytes }),
                Err(error) if attempt == self.host.retry().attempts => {
                    return Err(self.body_error(what, error));
                }
                Err(_) => attempt += 1,
            }
        }
    }

    /// The digest that the registry has for `wanted`, without the manifest where it says so.
    pub(crate) fn digest(&self, wanted: Wanted<'_>) -> Result<Digest, Error> {
        let response = self.ask_manifest(wanted, Request::head)?;
        match claimed_digest(&response) {
            Some(digest) => Ok(digest),
            None => Ok(self.find(wanted)?.digest),
        }
    }

    fn ask_manifest(
        &self,
        wanted: Wanted<'_>,
        method: impl Fn(Url) -> Request,
    ) -> Result<Response, Error> {
        let rest = match wanted {
            Wanted::Tag(tag) => format!("manifests/{tag}"),
            Wanted::Digest(digest) => format!("manifests/{digest}"),
        };
        let accept = ManifestKind::ALL.map(ManifestKind::media_type).join(", ");
        self.host.ask(&self.path, &rest, &self.what(wanted), |url| {
            method(url).header("accept", &accept).limit(MANIFEST_LIMIT)
        })
    }

    fn what(&self, wanted: Wanted<'_>) -> String {
        match wanted {
            Wanted::Tag(tag) => format!("{}:{tag}", self.path),
            Wanted::Digest(digest) => format!("{}@{digest}", self.path),
        }
    }

    /// Asks the host for `rest` of this repository.
    pub(crate) fn ask(
        &self,
        rest: &str,
        what: &str,
        prepare: impl Fn(Url) -> Request,
    ) -> Result<Response, Error> {
        self.host.ask(&self.path, rest, what, prepare)
    }

    /// A list that cannot be read.
    pub(crate) fn no_list(&self, what: &str, why: &serde_json::Error) -> Error {
        Error::NotAList {
            host: self.host().to_owned(),
            what: what.to_owned(),
            why: why.to_string(),
        }
    }

    fn check(&self, what: &str, expected: &Digest, bytes: &[u8]) -> Result<(), Error> {
        let found = digest(expected.algorithm(), bytes);
        if found == *expected {
            return Ok(());
        }
        Err(Error::Digest {
            host: self.host().to_owned(),
            what: what.to_owned(),
            expected: expected.clone(),
            found,
        })
    }

    /// The error of ours that a body carries, wrapped as it comes out of any other request.
    pub(crate) fn body_error(&self, what: &str, error: std::io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => {
                Error::Body { host: self.host().to_owned(), what: what.to_owned(), source: error }
            }
        }
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repository({}/{})", self.host.name, self.path)
    }
}

/// The digest that the registry gives for what it sent.
fn claimed_digest(response: &Response) -> Option<Digest> {
    response.header("docker-content-digest")?.parse().ok()
}
