//! What can go wrong between us and an engine.

use std::io;
use std::path::PathBuf;

use crate::kind::Kind;

/// Why an engine could not be asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None of the places where this engine listens exists.
    #[error("{kind} does not run here (looked at {})", looked_at.join(", "))]
    NotHere {
        /// The engine.
        kind: Kind,
        /// The sockets and programs that were looked for.
        looked_at: Vec<String>,
    },
    /// An address in the operator's settings cannot be used.
    #[error("{origin} names the engine {address:?}: {why}")]
    Address {
        /// The variable or context.
        origin: String,
        /// What it says.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The chosen Docker context cannot be read.
    #[error("cannot read the docker context {name:?} from {}", path.display())]
    Context {
        /// Its name.
        name: String,
        /// The file that describes it.
        path: PathBuf,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// Nothing answers at the address, or we may not connect.
    #[error("cannot connect to {kind} at {endpoint}")]
    Connect {
        /// The engine.
        kind: Kind,
        /// Its address.
        endpoint: String,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// The connection broke or an answer took too long.
    #[error("{kind} at {endpoint} stopped answering {path}")]
    Read {
        /// The engine.
        kind: Kind,
        /// Its address.
        endpoint: String,
        /// What was asked for.
        path: String,
        /// What failed.
        #[source]
        source: io::Error,
    },
    /// What answers is not an engine, or an answer has another shape than the API's.
    #[error("{kind} at {endpoint} gave an unusable answer to {path}: {why}")]
    Answer {
        /// The engine.
        kind: Kind,
        /// Its address.
        endpoint: String,
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The engine refused.
    #[error("{kind} answered {path} with status {status}: {message}")]
    Status {
        /// The engine.
        kind: Kind,
        /// What was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// There is no such image.
    #[error("{kind} has no image {name}")]
    NoSuchImage {
        /// The engine.
        kind: Kind,
        /// What was asked for.
        name: String,
    },
    /// There are more images than are asked for.
    #[error("{kind} has {images} images with names: only the newest {limit} were looked at")]
    TooManyImages {
        /// The engine.
        kind: Kind,
        /// How many there are.
        images: usize,
        /// How many are asked for.
        limit: usize,
    },
    /// There is no such container.
    #[error("{kind} has no container {name}")]
    NoSuchContainer {
        /// The engine.
        kind: Kind,
        /// What was asked for.
        name: String,
    },
    /// `podman system service` could not be started on a private socket.
    #[error("podman listens on no socket and its service did not start: {why}")]
    PrivateService {
        /// What it printed, or what went wrong.
        why: String,
    },
}

impl Error {
    /// Whether the engine answered that it does not have what was asked for.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NoSuchImage { .. } | Self::NoSuchContainer { .. })
    }

    /// Whether the engine is simply not on this machine, which is no fault.
    pub fn is_not_here(&self) -> bool {
        matches!(self, Self::NotHere { .. })
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Connect { kind, endpoint, source } => match (source.kind(), kind) {
                (io::ErrorKind::PermissionDenied, Kind::Docker) => {
                    Some(format!("run as root, or as a member of the group that owns {endpoint}"))
                }
                (io::ErrorKind::PermissionDenied, Kind::Podman) => {
                    Some("run as the user whose images these are".to_owned())
                }
                (io::ErrorKind::ConnectionRefused, _) => Some(format!("is {kind} running?")),
                (io::ErrorKind::NotFound, _) => {
                    Some(format!("nothing is at {endpoint}; is {kind} running?"))
                }
                _ => None,
            },
            Self::Address { .. } => Some(
                "unix:///path/to/socket and tcp://host:port are supported, with TLS or without"
                    .to_owned(),
            ),
            Self::Context { .. } => Some("docker context ls lists the contexts".to_owned()),
            _ => None,
        }
    }
}
