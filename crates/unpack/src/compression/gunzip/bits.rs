//! The bits of a byte stream, lowest first.

use std::io::{self, BufRead, ErrorKind};

/// Bits taken from a reader in advance, at most 63: `word` holds `count` of them and zeros above.
#[derive(Default)]
pub(super) struct Bits {
    pub(super) word: u64,
    pub(super) count: u32,
}

impl Bits {
    /// Takes `n` bits, at most 32.
    pub(super) fn take(&mut self, n: u32, source: &mut impl BufRead) -> io::Result<u32> {
        let value = self.peek(n, source)?;
        self.consume(n)?;
        Ok(value)
    }

    /// The next `n` bits, at most 32; behind the end of the stream there are zeros.
    pub(super) fn peek(&mut self, n: u32, source: &mut impl BufRead) -> io::Result<u32> {
        if self.count < n {
            self.fill(source)?;
        }
        Ok((self.word & ((1 << n) - 1)) as u32)
    }

    /// Drops `n` bits, at most 63; it is an error if there are fewer.
    pub(super) fn consume(&mut self, n: u32) -> io::Result<()> {
        self.count = self.count.checked_sub(n).ok_or(ErrorKind::UnexpectedEof)?;
        self.word >>= n;
        Ok(())
    }

    /// Drops bits up to a byte's border.
    pub(super) fn align(&mut self) {
        let rest = self.count % 8;
        self.word >>= rest;
        self.count -= rest;
    }

    /// Takes in at least 56 bits, or all there are.
    pub(super) fn fill(&mut self, source: &mut impl BufRead) -> io::Result<()> {
        while self.count < 56 {
            let Some(&byte) = fill_buf(source)?.first() else { break };
            source.consume(1);
            self.word |= u64::from(byte) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    /// Reads some whole bytes into a buffer that is not empty, from a byte's border on.
    pub(super) fn read(
        &mut self,
        buffer: &mut [u8],
        source: &mut impl BufRead,
    ) -> io::Result<usize> {
        let mut n = 0;
        while self.count >= 8 && n < buffer.len() {
            buffer[n] = self.word as u8;
            self.consume(8)?;
            n += 1;
        }
        if n == 0 {
            let input = fill_buf(source)?;
            n = input.len().min(buffer.len());
            buffer[..n].copy_from_slice(&input[..n]);
            source.consume(n);
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(n)
    }

    /// Whether neither bits nor bytes are left.
    pub(super) fn is_at_end(&self, source: &mut impl BufRead) -> io::Result<bool> {
        Ok(self.count == 0 && fill_buf(source)?.is_empty())
    }
}

/// `fill_buf`, tried again when a signal interrupts it: decoding cannot stop inside a symbol.
pub(super) fn fill_buf<R: BufRead>(source: &mut R) -> io::Result<&[u8]> {
    loop {
        match source.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    // Asked again because a borrow cannot leave the loop; what is buffered is lent at no cost.
    source.fill_buf()
}
