//! What an engine can be asked: nothing that changes anything.

mod containers;
mod export;
mod images;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::answer::{ErrorAnswer, VersionAnswer};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::http::{self, Body, GetError, Response, Timeouts};
use crate::kind::Kind;
use crate::private_service::PrivateService;

pub use containers::{Container, ContainerSummary, Which};
pub use export::ImageExport;
pub use images::{HistoryStep, Image, ImageSummary, PodmanDetails};

/// A read-only connection to one engine. Clones share it; a private service ends with the last.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: Kind,
    endpoint: Endpoint,
    timeout: Duration,
    engine: Kind,
    /// Held so that it ends with the client.
    _service: Option<PrivateService>,
}

/// Which release of an engine answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its version.
    pub version: String,
    /// The newest version of the API that it speaks.
    pub api_version: String,
}

/// The sign of life.
const PING: &str = "/_ping";
/// A host with ten thousand images answers with about 10 MB.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// How much of a refusal is worth printing.
const MAX_MESSAGE_BYTES: u64 = 4096;

impl Client {
    /// Connects and asks for a sign of life, so that whatever is wrong shows here.
    pub(crate) fn connect(
        kind: Kind,
        endpoint: Endpoint,
        timeout: Duration,
        service: Option<PrivateService>,
    ) -> Result<Self, Error> {
        let inner = Inner { kind, endpoint, timeout, engine: kind, _service: service };
        let response = inner.get(PING, timeout)?;
        let engine = if response.is_podman { Kind::Podman } else { Kind::Docker };
        let content = inner.read(PING, response.body, MAX_MESSAGE_BYTES)?;
        if content.trim_ascii() != b"OK" {
            return Err(inner.unusable(PING, "it is not OK".to_owned()));
        }
        Ok(Self { inner: Arc::new(Inner { engine, ..inner }) })
    }

    /// As what it was looked for.
    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// The engine that really answers there: Podman may listen on Docker's socket.
    pub fn engine(&self) -> Kind {
        self.inner.engine
    }

    /// Which release it is. Podman asks its helper programs first, which takes 0.2 s.
    pub fn version(&self) -> Result<Version, Error> {
        let VersionAnswer { version, api_version } = self.inner.json("/version")?;
        Ok(Version { version, api_version })
    }
}

impl Inner {
    /// Asks for a path and reads the answer whole.
    fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let body = self.get(path, self.timeout)?.body;
        let content = self.read(path, body, MAX_ANSWER_BYTES + 1)?;
        if content.len() as u64 > MAX_ANSWER_BYTES {
            return Err(self.unusable(path, format!("more than {MAX_ANSWER_BYTES} bytes")));
        }
        serde_json::from_slice(&content).map_err(|error| self.unusable(path, error.to_string()))
    }

    /// Asks for a path; only success is an answer.
    ///
    /// Paths have no version in front: engines then answer in their newest, and a fixed one would be
    /// refused by engines that are too new (Docker 29 begins at 1.44) or too old for it.
    fn get(&self, path: &str, read_timeout: Duration) -> Result<Response, Error> {
        let timeouts = Timeouts { connect: self.timeout, read: read_timeout };
        let endpoint = self.endpoint.to_string();
        let response = http::get(&self.endpoint, path, timeouts).map_err(|error| match error {
            GetError::Connect(source) => Error::Connect { kind: self.kind, endpoint, source },
            GetError::Read(source) => {
                Error::Read { kind: self.kind, endpoint, path: path.to_owned(), source }
            }
        })?;
        if response.status == 200 {
            return Ok(response);
        }
        let content = self.read(path, response.body, MAX_MESSAGE_BYTES)?;
        let message = match serde_json::from_slice::<ErrorAnswer>(&content) {
            Ok(answer) => answer.message,
            Err(_) => String::from_utf8_lossy(&content).trim().to_owned(),
        };
        let (kind, path, status) = (self.kind, path.to_owned(), response.status);
        Err(Error::Status { kind, path, status, message })
    }

    fn read(&self, path: &str, body: Body, limit: u64) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        body.take(limit).read_to_end(&mut content).map_err(|source| Error::Read {
            kind: self.kind,
            endpoint: self.endpoint.to_string(),
            path: path.to_owned(),
            source,
        })?;
        Ok(content)
    }

    fn unusable(&self, path: &str, why: String) -> Error {
        let (kind, endpoint) = (self.kind, self.endpoint.to_string());
        Error::Answer { kind, endpoint, path: path.to_owned(), why }
    }
}
