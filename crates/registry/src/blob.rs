//! A blob as it arrives.

use std::io::{self, BufRead, Read};

use plimsoll_fetch::Body;
use plimsoll_model::Digest;

use crate::error::Error;

/// The bytes of a blob. Reading continues after cuts by itself; more or fewer bytes than the
/// descriptor says are an error. The digest is NOT checked here: layers are hashed once, by the pass
/// that reads them, which compares with [`Blob::digest`].
#[derive(Debug)]
pub struct Blob {
    body: Body,
    host: String,
    digest: Digest,
    size: u64,
    left: u64,
}

impl Blob {
    pub(crate) fn new(body: Body, host: &str, digest: &Digest, size: u64) -> Self {
        Self { body, host: host.to_owned(), digest: digest.clone(), size, left: size }
    }

    /// What the bytes must hash to.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many bytes there are in all.
    pub fn size(&self) -> u64 {
        self.size
    }

    fn length_error(&self, found: String) -> io::Error {
        length_error(&self.host, &self.digest, self.size, found).into()
    }
}

/// The error for a blob that is not as long as its descriptor says.
pub(crate) fn length_error(host: &str, digest: &Digest, expected: u64, found: String) -> Error {
    Error::Length { host: host.to_owned(), what: format!("blob {digest}"), expected, found }
}

impl BufRead for Blob {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.body.fill_buf()?.len() as u64;
        if available == 0 && self.left > 0 {
            return Err(self.length_error((self.size - self.left).to_string()));
        }
        if available > self.left {
            return Err(self.length_error("more".to_owned()));
        }
        // What is there already: nothing is waited for a second time.
        self.body.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.body.consume(amount);
        self.left -= amount as u64;
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}
