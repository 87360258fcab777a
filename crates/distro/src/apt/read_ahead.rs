//! Reading on a thread of its own, so that unpacking an index and looking through it go on side by side.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, scope};

/// As large as what `plimsoll-unpack` reads at once.
const BLOCK_BYTES: usize = 256 << 10;

/// One is filled, one is read, and two wait so that neither side stands still.
const BLOCKS: usize = 4;

/// Gives `consume` what `reader` reads, which a second thread reads ahead. When `consume` returns, reading ends too.
pub(crate) fn read_ahead<T>(
    reader: impl Read + Send,
    consume: impl FnOnce(&mut Ahead) -> T,
) -> io::Result<T> {
    let (filled, blocks) = sync_channel(BLOCKS);
    let (emptied, empty) = channel();
    for _ in 0..BLOCKS {
        // The other end is here.
        let _ = emptied.send(Vec::with_capacity(BLOCK_BYTES));
    }
    scope(|scope| {
        let read = move || read_blocks(reader, &empty, &filled);
        Builder::new().name("read ahead".to_owned()).spawn_scoped(scope, read)?;
        let mut ahead = Ahead { blocks, emptied, block: Vec::new(), at: 0 };
        Ok(consume(&mut ahead))
    })
}

/// Until the end, an error, or nobody reads on.
fn read_blocks(
    mut reader: impl Read,
    empty: &Receiver<Vec<u8>>,
    filled: &SyncSender<io::Result<Vec<u8>>>,
) {
    while let Ok(mut block) = empty.recv() {
        block.clear();
        let result = (&mut reader).take(BLOCK_BYTES as u64).read_to_end(&mut block);
        let is_end = matches!(result, Ok(0) | Err(_));
        if filled.send(result.map(|_| block)).is_err() || is_end {
            return;
        }
    }
}

/// What was read ahead.
pub(crate) struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    emptied: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            let Ok(next) = self.blocks.recv() else { return Ok(0) };
            let read = std::mem::replace(&mut self.block, next?);
            self.at = 0;
            // Where reading has ended nobody wants it.
            let _ = self.emptied.send(read);
        }
        let mut rest = self.block.get(self.at..).unwrap_or_default();
        let length = rest.read(buffer)?;
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_in_order_and_errors_where_they_are() {
        struct Breaks(usize);
        impl Read for Breaks {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = buffer.len().min(self.0).min(1_000);
                self.0 -= length;
                buffer[..length].fill(b'x');
                if length == 0 { Err(io::Error::other("broken")) } else { Ok(length) }
            }
        }
        let bytes: Vec<u8> = (0..3 * BLOCK_BYTES + 5).map(|n| (n % 251) as u8).collect();
        for length in [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, bytes.len()] {
            let mut found = Vec::new();
            read_ahead(&bytes[..length], |ahead| ahead.read_to_end(&mut found)).unwrap().unwrap();
            assert_eq!(found, bytes[..length]);
        }
        let mut found = Vec::new();
        let error = read_ahead(Breaks(2 * BLOCK_BYTES), |ahead| ahead.read_to_end(&mut found));
        assert_eq!(error.unwrap().unwrap_err().to_string(), "broken");
        assert_eq!(found.len(), 2 * BLOCK_BYTES);
    }

    #[test]
    fn who_stops_reading_does_not_wait_for_the_end() {
        let first = read_ahead(io::repeat(7), |ahead| {
            let mut byte = [0];
            ahead.read_exact(&mut byte).map(|()| byte)
        });
        assert_eq!(first.unwrap().unwrap(), [7]);
    }
}
