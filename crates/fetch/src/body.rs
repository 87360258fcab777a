//! A body as it arrives.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use reqwest::Url;

use crate::client::Worker;
use crate::error::{Error, host_of, shown};
use crate::request::Limit;
use crate::resume::Resume;

/// A sender is too slow that brings less than this in a second …
const SLOWEST_BYTES_PER_SECOND: u64 = 512;
/// … after we have waited for it this long. Only waiting counts: a slow reader blames nobody.
const SLOW_START: Duration = Duration::from_secs(60);

/// The content of a response: read it on any thread. Every wait is bounded, and so is the size.
#[derive(Debug)]
pub struct Body {
    stream: Stream,
    resume: Option<Resume>,
}

impl Body {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, resume: None }
    }

    /// Continues with `resume` when the stream breaks.
    pub(crate) fn resuming(self, resume: Resume) -> Self {
        Self { resume: Some(resume), ..self }
    }

    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.stream.chunk.is_empty() && !self.stream.ended {
            match (self.stream.advance(), &mut self.resume) {
                (Ok(()), _) => {}
                (Err(error), Some(resume)) if error.is_transient() => {
                    self.stream = resume.reopen(self.stream.offset, error)?;
                }
                (Err(error), _) => return Err(error.into()),
            }
        }
        Ok(&self.stream.chunk)
    }

    fn consume(&mut self, amount: usize) {
        self.stream.chunk.advance(amount);
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// One connection's worth of a body.
#[derive(Debug)]
pub(crate) struct Stream {
    worker: Arc<Worker>,
    response: reqwest::Response,
    address: String,
    host: String,
    limit: Limit,
    stall: Duration,
    /// Where in the whole content the next byte from the wire belongs.
    offset: u64,
    /// Bytes before this place have been delivered already and are dropped.
    deliver_from: u64,
    /// Bytes that came over this connection, and how long we waited for them.
    received: u64,
    waited: Duration,
    chunk: Bytes,
    ended: bool,
}

impl Stream {
    pub(crate) fn new(
        worker: Arc<Worker>,
        response: reqwest::Response,
        url: &Url,
        limit: Limit,
        stall: Duration,
    ) -> Self {
        Self {
            worker,
            response,
            address: shown(url),
            host: host_of(url),
            limit,
            stall,
            offset: 0,
            deliver_from: 0,
            received: 0,
            waited: Duration::ZERO,
            chunk: Bytes::new(),
            ended: false,
        }
    }

    /// This stream begins at byte `start` of the content.
    pub(crate) fn at(self, start: u64) -> Self {
        Self { offset: start, ..self }
    }

    /// This stream begins at the beginning, of which `start` bytes are known already.
    pub(crate) fn skipping(self, start: u64) -> Self {
        Self { deliver_from: start, ..self }
    }

    /// Waits for the next chunk.
    fn advance(&mut self) -> Result<(), Error> {
        let left = self.limit.bytes.saturating_sub(self.offset);
        if self.received == 0 && self.response.content_length().is_some_and(|n| n > left) {
            return Err(self.too_large());
        }
        let started = Instant::now();
        let next = self.worker.within(self.stall, self.response.chunk());
        self.waited += started.elapsed();
        let mut chunk = match next {
            None => return Err(self.stalled()),
            Some(Err(error)) => return Err(self.cut(error)),
            Some(Ok(None)) => {
                self.ended = true;
                return Ok(());
            }
            Some(Ok(Some(chunk))) => chunk,
        };
        let length = chunk.len() as u64;
        self.received += length;
        if length > left {
            return Err(self.too_large());
        }
        if self.is_slow() {
            return Err(self.too_slow());
        }
        let known = self.deliver_from.saturating_sub(self.offset).min(length);
        self.offset += length;
        chunk.advance(known as usize);
        self.chunk = chunk;
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.waited > SLOW_START
            && self.received < self.waited.as_secs().saturating_mul(SLOWEST_BYTES_PER_SECOND)
    }

    fn too_large(&self) -> Error {
        let Limit { bytes, name } = self.limit;
        Error::TooLarge { address: self.address.clone(), name, limit: bytes }
    }

    fn stalled(&self) -> Error {
        Error::Stalled {
            host: self.host.clone(),
            address: self.address.clone(),
            received: self.offset,
            after: self.stall,
        }
    }

    fn cut(&self, error: reqwest::Error) -> Error {
        Error::Cut {
            host: self.host.clone(),
            address: self.address.clone(),
            received: self.offset,
            source: error.without_url().into(),
        }
    }

    fn too_slow(&self) -> Error {
        Error::TooSlow {
            host: self.host.clone(),
            address: self.address.clone(),
            received: self.received,
            waited: self.waited,
        }
    }
}
