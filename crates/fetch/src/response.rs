//! What came back.

use std::io::Read;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap, LAST_MODIFIED, RETRY_AFTER};

use crate::body::Body;
use crate::error::{Error, shown};
use crate::request::Validators;
use crate::retry::parse_retry_after;
use crate::zone::Zone;

/// A server's answer: the headers are here, the body is still to be read.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// Where the server lives that the request was first sent to: an address that this answer
    /// names is to be requested with `AddressPolicy::Referred(zone)`.
    pub zone: Zone,
    /// The content.
    pub body: Body,
    pub(crate) headers: HeaderMap,
}

/// What a conditional request brought.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is returned")]
pub enum Fetched {
    /// The content is still the one that the validators describe.
    NotModified,
    /// New content.
    Changed(Response),
}

impl Response {
    /// The first value of header `name`, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All values of header `name` that are text.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The number of bytes that the server announced.
    pub fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// What to ask with the next time.
    pub fn validators(&self) -> Validators {
        let text = |name: &str| self.header(name).map(str::to_owned);
        Validators { etag: text(ETAG.as_str()), last_modified: text(LAST_MODIFIED.as_str()) }
    }

    /// How long the server asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        parse_retry_after(self.header(RETRY_AFTER.as_str())?, jiff::Timestamp::now())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response, or the error that its status is.
    pub fn success(self) -> Result<Self, Error> {
        if self.is_success() { Ok(self) } else { Err(self.status_error()) }
    }

    /// The error that the status is.
    pub fn status_error(&self) -> Error {
        Error::Status {
            address: shown(&self.url),
            status: self.status,
            retry_after: self.retry_after(),
        }
    }

    /// The whole body, within the limit of the request.
    pub fn bytes(mut self) -> Result<Vec<u8>, std::io::Error> {
        let mut bytes = Vec::new();
        self.body.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}
