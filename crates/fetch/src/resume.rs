//! Downloads that continue after a cut (RFC 9110, section 14).

use std::fmt;
use std::thread;

use crate::body::Stream;
use crate::error::{BoxError, Error, shown};
use crate::request::Validators;
use crate::response::Response;
use crate::retry::Retry;

/// Most cuts of one download that are mended. A connection that breaks more often is not worth it,
/// and a server that feeds a byte at a time must not keep us for ever.
const MAX_CUTS: u32 = 64;

/// Whether the same address always has the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// It is named by its digest, which the caller checks over the whole.
    Immutable,
    /// It may be replaced at any time: only a validator proves that the rest fits the beginning.
    MayChange,
}

/// The part of some content behind the bytes that are here already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The first byte that is missing.
    pub start: u64,
    /// For the `If-Range` header.
    pub if_range: Option<String>,
}

type Open = Box<dyn FnMut(&Tail) -> Result<Response, BoxError> + Send>;

/// How a body is continued.
pub(crate) struct Resume {
    open: Open,
    retry: Retry,
    content: Content,
    validators: Validators,
    total: Option<u64>,
    cuts: u32,
    /// Attempts since the last byte of progress, and where that was.
    fruitless: u32,
    position: u64,
}

impl Response {
    /// The same response with a body that survives cuts: `open` is asked for the tail, with the
    /// range headers that `Request::tail` sets, and the answer is checked against this one.
    #[must_use]
    pub fn resuming<E: Into<BoxError>>(
        self,
        retry: Retry,
        content: Content,
        mut open: impl FnMut(&Tail) -> Result<Self, E> + Send + 'static,
    ) -> Self {
        let validators = self.validators();
        if content == Content::MayChange && if_range(&validators).is_none() {
            return self;
        }
        let resume = Resume {
            open: Box::new(move |tail| open(tail).map_err(Into::into)),
            retry,
            content,
            validators,
            total: self.length(),
            cuts: 0,
            fruitless: 0,
            position: 0,
        };
        Self { body: self.body.resuming(resume), ..self }
    }
}

impl Resume {
    /// A stream that continues at `start`, or why there is none: `cause` when attempts are used up.
    pub(crate) fn reopen(&mut self, start: u64, cause: Error) -> std::io::Result<Stream> {
        if start > self.position {
            (self.position, self.fruitless) = (start, 0);
        }
        self.cuts += 1;
        let mut cause = cause;
        while self.cuts <= MAX_CUTS && self.fruitless < self.retry.attempts {
            self.fruitless += 1;
            thread::sleep(self.retry.backoff(self.fruitless));
            let tail = Tail { start, if_range: if_range(&self.validators) };
            match (self.open)(&tail) {
                Ok(response) => return Ok(self.check(response, start)?),
                Err(error) => match error.downcast::<Error>() {
                    Ok(error) if error.is_transient() => cause = *error,
                    Ok(error) => return Err((*error).into()),
                    Err(other) => return Err(std::io::Error::other(other)),
                },
            }
        }
        Err(cause.into())
    }

    /// Whether `response` continues the content at `start`.
    fn check(&self, response: Response, start: u64) -> Result<Stream, Error> {
        let error = |why| Error::Resume { address: shown(&response.url), at: start, why };
        let etag = response.validators().etag;
        let same_etag = match (&etag, &self.validators.etag) {
            (Some(new), Some(old)) => Some(new == old),
            _ => None,
        };
        if same_etag == Some(false) {
            return Err(error("it has been replaced meanwhile"));
        }
        match response.status {
            206 => {
                let range = response.header("content-range").and_then(parse_content_range);
                let range =
                    range.ok_or_else(|| error("the server does not say which part it is"))?;
                if range.start != start {
                    return Err(error("the server sent another part"));
                }
                if let (Some(new), Some(old)) = (range.total, self.total)
                    && new != old
                {
                    return Err(error("its length has changed"));
                }
                Ok(response.body.into_stream().at(start))
            }
            200 if self.content == Content::MayChange && same_etag != Some(true) => {
                Err(error("it has been replaced meanwhile"))
            }
            // The server knows no ranges: the beginning comes again and is dropped.
            200 => Ok(response.body.into_stream().skipping(start)),
            _ => Err(response.status_error()),
        }
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume").field("position", &self.position).finish_non_exhaustive()
    }
}

/// The validator for `If-Range`: a weak tag is not allowed there.
fn if_range(validators: &Validators) -> Option<String> {
    let strong = validators.etag.as_ref().filter(|etag| !etag.starts_with("W/"));
    strong.or(validators.last_modified.as_ref()).cloned()
}

#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    start: u64,
    total: Option<u64>,
}

/// `bytes 5-99/100`, the total may be `*`.
fn parse_content_range(value: &str) -> Option<ContentRange> {
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some(ContentRange { start: start.parse().ok()?, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_parse() {
        let range = |start, total| Some(ContentRange { start, total });
        for (value, expected) in [
            ("bytes 5-99/100", range(5, Some(100))),
            ("bytes 0-0/*", range(0, None)),
            ("bytes */100", None),
            ("5-99/100", None),
            ("bytes 5-99", None),
            ("bytes -1-99/100", None),
        ] {
            assert_eq!(parse_content_range(value), expected, "{value}");
        }
    }

    #[test]
    fn only_strong_validators_join_parts() {
        let check = |etag: Option<&str>, date: Option<&str>, expected: Option<&str>| {
            let validators = Validators {
                etag: etag.map(str::to_owned),
                last_modified: date.map(str::to_owned),
            };
            assert_eq!(if_range(&validators).as_deref(), expected);
        };
        check(Some("\"a\""), Some("date"), Some("\"a\""));
        check(Some("W/\"a\""), Some("date"), Some("date"));
        check(Some("W/\"a\""), None, None);
        check(None, None, None);
    }
}
