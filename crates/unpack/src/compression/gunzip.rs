//! Gzip (RFC 1952): members around deflate streams.
//!
//! Written here because inflating is most of what a scan costs: this is 1.4 to 1.6 times as fast as
//! zlib-rs, with no unsafe code and no C library. docs/decisions/0004-inflate.md has the numbers.

mod bits;
mod huffman;
mod inflate;

use std::io::{self, BufRead, Read};

use bits::Bits;
use inflate::{Inflate, corrupt};

/// Reads the members of a gzip stream as one stream of uncompressed bytes.
pub(super) struct Gunzip<S> {
    source: S,
    bits: Bits,
    inflate: Inflate,
    /// Where in the window the bytes start that were not given out yet.
    position: usize,
    crc: crc32fast::Hasher,
    /// Uncompressed bytes of this member, modulo 2^32.
    size: u32,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Body,
    Trailer,
    End,
    Failed,
}

/// Memory of one decoder, in bytes.
pub(crate) const GUNZIP_STATE_BYTES: u64 = Inflate::STATE_BYTES as u64;

/// Go refuses a member's name or comment that is longer, end mark included; so do all engines.
const MAX_HEADER_TEXT_BYTES: usize = 512;

const FLAG_CRC: u32 = 1 << 1;
const FLAG_EXTRA: u32 = 1 << 2;
const FLAG_NAME: u32 = 1 << 3;
const FLAG_COMMENT: u32 = 1 << 4;

impl<S: BufRead> Gunzip<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            bits: Bits::default(),
            inflate: Inflate::new(),
            position: 0,
            crc: crc32fast::Hasher::new(),
            size: 0,
            stage: Stage::Header,
        }
    }

    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Goes on until there are bytes to give out, or the stream has ended.
    fn advance(&mut self) -> io::Result<()> {
        while self.position == self.inflate.end() {
            match self.stage {
                Stage::Header => {
                    self.read_header()?;
                    self.inflate.restart();
                    self.crc = crc32fast::Hasher::new();
                    self.size = 0;
                    self.stage = Stage::Body;
                }
                Stage::Body => {
                    self.inflate.make_room();
                    self.position = self.inflate.end();
                    self.inflate.run(&mut self.bits, &mut self.source)?;
                    let decoded = self.inflate.decoded(self.position);
                    self.crc.update(decoded);
                    self.size = self.size.wrapping_add(decoded.len() as u32);
                    if self.inflate.is_done() {
                        self.stage = Stage::Trailer;
                    }
                }
                Stage::Trailer => {
                    self.bits.align();
                    let crc = self.take(32)?;
                    let size = self.take(32)?;
                    if (crc, size) != (self.crc.clone().finalize(), self.size) {
                        return Err(corrupt("checksum"));
                    }
                    let is_last = self.bits.is_at_end(&mut self.source)?;
                    self.stage = if is_last { Stage::End } else { Stage::Header };
                }
                Stage::End => break,
                Stage::Failed => return Err(corrupt("stream")),
            }
        }
        Ok(())
    }

    fn read_header(&mut self) -> io::Result<()> {
        let mut crc = crc32fast::Hasher::new();
        for expected in [0x1f, 0x8b, 8] {
            if self.header_byte(&mut crc)? != expected {
                return Err(corrupt("header"));
            }
        }
        let flags = u32::from(self.header_byte(&mut crc)?);
        // Time, flags of the compressor, operating system.
        self.skip_header(6, &mut crc)?;
        if flags & FLAG_EXTRA != 0 {
            let low = self.header_byte(&mut crc)?;
            let high = self.header_byte(&mut crc)?;
            self.skip_header(u16::from_le_bytes([low, high]), &mut crc)?;
        }
        for text in [FLAG_NAME, FLAG_COMMENT] {
            if flags & text != 0 {
                self.skip_header_text(&mut crc)?;
            }
        }
        if flags & FLAG_CRC != 0 && self.take(16)? != crc.finalize() & 0xffff {
            return Err(corrupt("checksum of the header"));
        }
        Ok(())
    }

    fn skip_header(&mut self, n: u16, crc: &mut crc32fast::Hasher) -> io::Result<()> {
        (0..n).try_for_each(|_| self.header_byte(crc).map(drop))
    }

    fn skip_header_text(&mut self, crc: &mut crc32fast::Hasher) -> io::Result<()> {
        for _ in 0..MAX_HEADER_TEXT_BYTES {
            if self.header_byte(crc)? == 0 {
                return Ok(());
            }
        }
        Err(corrupt("header: name too long"))
    }

    fn header_byte(&mut self, crc: &mut crc32fast::Hasher) -> io::Result<u8> {
        let byte = self.take(8)? as u8;
        crc.update(&[byte]);
        Ok(byte)
    }

    fn take(&mut self, n_bits: u32) -> io::Result<u32> {
        self.bits.take(n_bits, &mut self.source)
    }
}

impl<S: BufRead> Read for Gunzip<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = self.advance() {
            // Whoever overlooks the error must not get bytes from a state that means nothing.
            self.stage = Stage::Failed;
            return Err(error);
        }
        let decoded = self.inflate.decoded(self.position);
        let n = decoded.len().min(buffer.len());
        buffer[..n].copy_from_slice(&decoded[..n]);
        self.position += n;
        Ok(n)
    }
}
