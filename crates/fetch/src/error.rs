//! What can go wrong. Every message names the host or address; credentials and query strings
//! (signed URLs carry keys there) never appear.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::policy::Refusal;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// A request that did not succeed, or a body that could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum Error {
    /// The address policy, or the rules for redirects, forbid the address.
    #[error("{address} is not fetched: {refusal}")]
    Refused { address: String, refusal: Refusal },

    /// No connection: the name does not resolve, nobody listens, the network is down.
    #[error("cannot connect to {host}")]
    Connect { host: String, source: BoxError },

    /// The server did not prove that it is this host.
    #[error("the certificate of {host} is not accepted")]
    Certificate { host: String, source: BoxError },

    /// The server answered the TLS handshake with something else: it probably speaks plain http.
    #[error("{host} does not speak TLS")]
    NotTls { host: String, source: BoxError },

    /// No response within the time.
    #[error("{host} did not answer within {after:?}")]
    Timeout { host: String, after: Duration },

    /// The connection broke before the response's headers were complete.
    #[error("{host} broke the connection instead of answering")]
    NoAnswer { host: String, source: BoxError },

    /// The body stopped arriving.
    #[error("{host} sent nothing for {after:?} after {received} bytes of {address}")]
    Stalled { host: String, address: String, received: u64, after: Duration },

    /// The body trickles: only bytes now and then, to keep the connection busy.
    #[error("{host} sends {address} too slowly: {received} bytes in {waited:?}")]
    TooSlow { host: String, address: String, received: u64, waited: Duration },

    /// The connection broke within the body.
    #[error("{host} cut {address} after {received} bytes")]
    Cut { host: String, address: String, received: u64, source: BoxError },

    /// The body is larger than the caller's limit.
    #[error("{address} is larger than the {limit} bytes allowed for a {name}")]
    TooLarge { address: String, name: &'static str, limit: u64 },

    /// The rest of a download does not belong to its beginning.
    #[error("{address} cannot be continued at byte {at}: {why}")]
    Resume { address: String, at: u64, why: &'static str },

    /// Redirects that never end.
    #[error("{address} redirects more than {limit} times")]
    TooManyRedirects { address: String, limit: u32 },

    /// A redirect without a usable target.
    #[error("{address} redirects to nowhere")]
    BadRedirect { address: String },

    /// The server answered, but not with success.
    #[error("{address} answered {status}{}", retry_hint(*.retry_after))]
    Status { address: String, status: u16, retry_after: Option<Duration> },

    /// A header that cannot be sent.
    #[error("the value of header {name} cannot be sent")]
    Header { name: &'static str },

    /// A proxy variable that cannot be used; its value may hold a password.
    #[error("{variable} cannot be used: {why}")]
    Proxy { variable: &'static str, why: &'static str },

    /// A certificate or key file that cannot be used.
    #[error("{origin} cannot be used: {why}")]
    Pem { origin: String, why: &'static str },

    /// A CA bundle that cannot be read.
    #[error("cannot read the CA certificates {}", path.display())]
    TrustFile { path: PathBuf, source: io::Error },

    /// Neither the system nor the settings name any authority to believe.
    #[error("no CA certificates were found on this machine (SSL_CERT_FILE can name a bundle)")]
    NoRoots,

    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls { source: BoxError },

    /// The HTTP library could not be set up.
    #[error("cannot set up HTTP")]
    Setup { source: BoxError },
}

impl Error {
    /// The error of this crate inside an `io::Error` that a `Body` returned.
    pub fn in_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The HTTP status, where a server answered with one that is no success.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether trying again may help.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Timeout { .. }
                | Self::NoAnswer { .. }
                | Self::Stalled { .. }
                | Self::Cut { .. }
        )
    }

    /// Sorts an error that came before the response's headers.
    pub(crate) fn from_send(error: reqwest::Error, url: &Url, connect: Duration) -> Self {
        let host = host_of(url);
        if let Some(refusal) = find::<Refusal>(&error) {
            return Self::Refused { address: shown(url), refusal: *refusal };
        }
        let (is_timeout, is_connect) = (error.is_timeout(), error.is_connect());
        let tls = find::<rustls::Error>(&error).cloned();
        let source: BoxError = error.without_url().into();
        match tls {
            Some(rustls::Error::InvalidMessage(_)) => Self::NotTls { host, source },
            Some(_) => Self::Certificate { host, source },
            None if is_timeout => Self::Timeout { host, after: connect },
            None if is_connect => Self::Connect { host, source },
            None => Self::NoAnswer { host, source },
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Stalled { .. } | Error::Timeout { .. } | Error::TooSlow { .. } => {
                io::ErrorKind::TimedOut
            }
            Error::Cut { .. } => io::ErrorKind::UnexpectedEof,
            Error::TooLarge { .. } | Error::Resume { .. } => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// The address as it may be shown: no user, no password, no query.
pub(crate) fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host_of(url), url.path())
}

/// `host` or `host:port`.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn retry_hint(after: Option<Duration>) -> String {
    after.map(|after| format!(" and asks to wait {} s", after.as_secs())).unwrap_or_default()
}

/// The first `T` in the chain of causes. `io::Error` hides what it wraps from `source()`.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_secrets() {
        let url = "https://user:pass@cdn.example:8443/blob?X-Amz-Signature=key#part";
        assert_eq!(shown(&Url::parse(url).unwrap()), "https://cdn.example:8443/blob");
    }

    #[test]
    fn causes_are_found_inside_io_errors() {
        let inner = io::Error::other(Refusal::Near);
        let outer = io::Error::other(inner);
        assert_eq!(find::<Refusal>(&outer), Some(&Refusal::Near));
        assert_eq!(find::<rustls::Error>(&outer), None);
    }
}
