//! What can go wrong between a name and the bytes of an image.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_model::Digest;

use crate::client::Attempt;

/// Why an image cannot be read from a registry.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum Error {
    /// The request failed below the protocol of registries.
    #[error("cannot read {what} from {host}")]
    Fetch { host: String, what: String, source: Box<plimsoll_fetch::Error> },

    /// The answer began and did not end well.
    #[error("cannot read {what} from {host}")]
    Body { host: String, what: String, source: io::Error },

    /// The registry does not have it.
    #[error("{host} has no {what}{}", colon(.detail))]
    NotFound { host: String, what: String, detail: String },

    /// Credentials are needed, and none were found for this registry. Some registries say the same
    /// of repositories that do not exist.
    #[error("{host} asks for credentials for {what}, and none are configured{}", colon(.detail))]
    NeedsCredentials { host: String, what: String, detail: String },

    /// The registry or its token service does not accept the credentials.
    #[error("{host} rejects the credentials for {what}{}", colon(.detail))]
    Rejected { host: String, what: String, detail: String },

    /// The registry names a token service on another host, and somebody between us and the registry
    /// may have named it (trust rule 9). It gave no token without credentials.
    #[error(
        "the credentials for {what} from {host} were not sent: its token service is on another \
         host, and nothing proves that {host} named it{}", colon(.detail)
    )]
    Withheld { host: String, what: String, detail: String },

    /// The registry wants to be left alone, longer than a request waits by itself.
    #[error("{host} allows no more requests for now: {what}{}", later(*.retry_after))]
    RateLimited { host: String, what: String, retry_after: Option<Duration> },

    /// Any other status: 403 without credentials too, which is a refusal and no question.
    #[error("{host} answered {status} for {what}{}", colon(.detail))]
    Status { host: String, what: String, status: u16, detail: String },

    /// The registry asks for an authentication that we do not know, or asks unintelligibly.
    #[error("{host} asks for an unsupported authentication: {challenge:?}")]
    Challenge { host: String, challenge: String },

    /// The token service answered with something else than a token.
    #[error("the token service {realm} of {host} gave no token")]
    NoToken { host: String, realm: String },

    /// Neither https nor, where that is allowed, http answered like a registry.
    #[error("{host} does not answer like a registry (status {status})")]
    NoRegistry { host: String, status: u16 },

    /// The content is not what its name says.
    #[error("{what} from {host} has digest {found}, not {expected}")]
    Digest { host: String, what: String, expected: Digest, found: Digest },

    /// More or fewer bytes than the descriptor says.
    #[error("{what} from {host} has {found} bytes, not the {expected} of its descriptor")]
    Length { host: String, what: String, expected: u64, found: String },

    /// A config or similar that would be read into memory is too large for that.
    #[error("{what} has {size} bytes, more than the {limit} that are read into memory")]
    TooLarge { what: String, size: u64, limit: u64 },

    /// A manifest of Docker's first schema, which is signed, not content-addressed.
    #[error("{what} from {host} is a Docker schema 1 manifest, which is not supported")]
    Schema1 { host: String, what: String },

    /// Not a manifest, or of no known kind, or of two kinds at once.
    #[error("{what} from {host} is not a manifest: {why}")]
    NotAManifest { host: String, what: String, why: String },

    /// A list of tags or referrers that is none.
    #[error("{host} sent no list for {what}: {why}")]
    NotAList { host: String, what: String, why: String },

    /// registries.conf forbids it.
    #[error("{name} is blocked by registries.conf")]
    Blocked { name: String },

    /// A name that cannot be asked for.
    #[error("{name} cannot be asked for: {why}")]
    Name { name: String, why: &'static str },

    /// None of several sources has the image.
    #[error("{name} was found nowhere{}", listed(.attempts))]
    Nowhere { name: String, attempts: Vec<Attempt> },

    /// A configuration file that cannot be read.
    #[error("cannot read {}", path.display())]
    File { path: PathBuf, source: io::Error },

    /// A configuration file that cannot be understood.
    #[error("{} cannot be used: {why}", path.display())]
    BadFile { path: PathBuf, why: String },

    /// A credential helper that failed.
    #[error("docker-credential-{helper} failed: {why}")]
    Helper { helper: String, why: String },
}

impl Error {
    /// Whether the registry is there and has no such image.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::Nowhere { attempts, .. } => attempts.iter().all(|one| one.error.is_not_found()),
            _ => false,
        }
    }

    /// Whether a registry asks for patience: whoever asks for many images stops here and goes on another time.
    pub fn is_rate_limit(&self) -> bool {
        match self {
            Self::RateLimited { .. } => true,
            Self::Nowhere { attempts, .. } => attempts.iter().any(|one| one.error.is_rate_limit()),
            _ => false,
        }
    }

    /// Whether credentials, or other credentials, may help.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::NeedsCredentials { .. } | Self::Rejected { .. })
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

fn colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

fn later(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |after| format!(" (again in {} seconds)", after.as_secs()))
}

fn listed(attempts: &[Attempt]) -> String {
    let mut text = String::new();
    for (index, attempt) in attempts.iter().enumerate() {
        let separator = if index == 0 { ": " } else { "; " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{attempt}");
    }
    text
}
