//! A bounded channel of bytes between two threads, with a fixed set of buffers.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::hash::{Checksum, Hasher};

/// Bytes per buffer: large enough that channel and codec calls cost nothing, small enough for L2.
pub(super) const BUFFER_BYTES: usize = 256 << 10;

/// Buffers per link: one being filled, one being emptied, two to even out the pace.
pub(super) const BUFFERS: usize = 4;

type Buffer = Box<[u8]>;

enum Message {
    Chunk {
        buffer: Buffer,
        length: usize,
    },
    /// The stream is complete. A channel that closes without it was cut by a failure.
    End,
}

/// The other end of a link has gone away.
pub(super) struct Closed;

/// The filling end.
pub(super) struct Producer {
    full: SyncSender<Message>,
    empty: Receiver<Buffer>,
}

/// The emptying end: the chunks as one stream, lent where they lie.
pub(super) struct Consumer {
    full: Receiver<Message>,
    empty: SyncSender<Buffer>,
    current: Buffer,
    position: usize,
    length: usize,
    state: State,
    hasher: Option<Hasher>,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Complete,
    Cut,
}

/// Makes a link whose consumer digests what passes, if it is given a hasher.
pub(super) fn link(hasher: Option<Hasher>) -> (Producer, Consumer) {
    // Room for every buffer and the end mark: sending never waits, only taking a buffer does.
    let (full_in, full_out) = sync_channel(BUFFERS + 1);
    let (empty_in, empty_out) = sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        // Cannot fail: the channel is open and has room.
        let _ = empty_in.try_send(vec![0; BUFFER_BYTES].into_boxed_slice());
    }
    let producer = Producer { full: full_in, empty: empty_out };
    let consumer = Consumer {
        full: full_out,
        empty: empty_in,
        current: Buffer::default(),
        position: 0,
        length: 0,
        state: State::Open,
        hasher,
        bytes: 0,
    };
    (producer, consumer)
}

impl Producer {
    /// Waits for a buffer to fill.
    pub(super) fn take(&self) -> Result<Buffer, Closed> {
        self.empty.recv().map_err(|_| Closed)
    }

    /// Hands the first `length` bytes of a buffer on.
    pub(super) fn send(&self, buffer: Buffer, length: usize) -> Result<(), Closed> {
        self.full.send(Message::Chunk { buffer, length }).map_err(|_| Closed)
    }

    /// Marks the stream as complete.
    pub(super) fn finish(self) -> Result<(), Closed> {
        self.full.send(Message::End).map_err(|_| Closed)
    }
}

impl Consumer {
    /// Digests what passes from now on.
    pub(super) fn set_hasher(&mut self, hasher: Option<Hasher>) {
        self.hasher = hasher;
    }

    /// Whether the producer went away before the stream was complete.
    pub(super) fn is_cut(&self) -> bool {
        self.state == State::Cut
    }

    /// Reads to the end of the stream, or to where it was cut.
    pub(super) fn drain(&mut self) {
        while let Ok(n) = self.fill_buf().map(<[u8]>::len)
            && n > 0
        {
            self.consume(n);
        }
    }

    /// The digest, if one was asked for, and the number of bytes received.
    pub(super) fn finish(self) -> (Option<Checksum>, u64) {
        (self.hasher.map(Hasher::finish), self.bytes)
    }

    /// Returns the spent buffer and waits for the next chunk.
    fn advance(&mut self) {
        let spent = std::mem::take(&mut self.current);
        (self.position, self.length) = (0, 0);
        if !spent.is_empty() {
            // A producer that is done no longer wants its buffers.
            let _ = self.empty.try_send(spent);
        }
        match self.full.recv() {
            Ok(Message::Chunk { buffer, length }) => {
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&buffer[..length]);
                }
                self.bytes += length as u64;
                (self.current, self.length) = (buffer, length);
            }
            Ok(Message::End) => self.state = State::Complete,
            Err(_) => self.state = State::Cut,
        }
    }
}

impl BufRead for Consumer {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.position == self.length && self.state == State::Open {
            self.advance();
        }
        if self.state == State::Cut {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the layer's bytes end here because of an earlier failure",
            ));
        }
        Ok(&self.current[self.position..self.length])
    }

    fn consume(&mut self, n: usize) {
        self.position = self.length.min(self.position + n);
    }
}

impl Read for Consumer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        buffer[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}
