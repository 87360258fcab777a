//! What several fuzz targets, and their seeds, share.

pub mod feeds;
pub mod packages;
pub mod table;
pub mod tars;

use std::io::{self, BufRead, Read};

/// Lends bytes in pieces of one size, as a slow connection or an unlucky buffer would.
pub struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl<'a> Pieces<'a> {
    /// Pieces of `size` bytes, the last one shorter.
    pub fn new(bytes: &'a [u8], size: usize) -> Self {
        Self { rest: bytes, size }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.rest[..self.rest.len().min(self.size)])
    }

    fn consume(&mut self, n: usize) {
        self.rest = &self.rest[n..];
    }
}
