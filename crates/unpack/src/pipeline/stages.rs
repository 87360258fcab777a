//! The threads of one layer, and which of their failures is the root cause.

use std::io::{self, Read};
use std::thread::{self, ScopedJoinHandle};

use super::error::{LayerError, Mismatch};
use super::link::{Closed, Consumer, Producer, link};
use super::{Expected, Layer};
use crate::compression::{Compression, DecodeError, Decoder};
use crate::hash::{Algorithm, Checksum, Hasher};
use crate::limits::Limits;
use crate::tar::{Entry, TarError, TarReader};

/// What the stages of one layer share.
pub(super) struct Stages<'a> {
    pub(super) compression: Compression,
    pub(super) expected: &'a Expected,
    pub(super) limits: &'a Limits,
}

/// How a stage ended that found nothing wrong itself.
enum Ended<T> {
    Complete(T),
    /// A neighbour went away, and knows why.
    Stopped,
}

type StageResult<T> = Result<Ended<T>, LayerError>;

/// The compressed side of a layer.
struct Received {
    digest: Checksum,
    bytes: u64,
}

/// The uncompressed side of a layer.
struct Walked {
    /// Absent where the compressed digest is the same.
    diff_id: Option<Checksum>,
    bytes: u64,
    entries: u64,
}

impl Stages<'_> {
    pub(super) fn run(
        &self,
        source: impl Read + Send,
        visit: impl FnMut(&mut Entry<'_>) -> io::Result<()>,
    ) -> Result<Layer, LayerError> {
        thread::scope(|scope| {
            let (producer, mut chunks) = link(None);
            let receive = thread::Builder::new()
                .name("layer-read".into())
                .spawn_scoped(scope, move || self.receive(source, producer))
                .map_err(LayerError::Thread)?;
            let mut inflate = None;
            let diff_id = algorithm(self.expected.diff_id);
            if self.compression != Compression::None {
                let (producer, inflated) = link(Some(Hasher::new(diff_id)));
                let compressed = std::mem::replace(&mut chunks, inflated);
                let handle = thread::Builder::new()
                    .name("layer-inflate".into())
                    .spawn_scoped(scope, move || self.inflate(compressed, producer))
                    .map_err(LayerError::Thread)?;
                inflate = Some(handle);
            } else if diff_id != algorithm(self.expected.digest) {
                chunks.set_hasher(Some(Hasher::new(diff_id)));
            }
            let walked = self.walk(chunks, visit);
            let inflated = inflate.map(|handle| join(handle, "inflate"));
            self.judge(join(receive, "read"), inflated, walked)
        })
    }

    /// Reads and digests the compressed bytes.
    fn receive(&self, mut source: impl Read, producer: Producer) -> StageResult<Received> {
        let mut hasher = Hasher::new(algorithm(self.expected.digest));
        let mut bytes = 0;
        loop {
            let Ok(mut buffer) = producer.take() else { return Ok(Ended::Stopped) };
            let length = fill(&mut buffer, |rest| read_uninterrupted(&mut source, rest))
                .map_err(LayerError::Source)?;
            hasher.update(&buffer[..length]);
            bytes += length as u64;
            if let Some(expected) = self.expected.size
                && bytes > expected
            {
                return Err(LayerError::Size { expected, actual: bytes });
            }
            if bytes > self.limits.max_output_bytes {
                // Nothing unpacks to less than it takes, or nothing worth reading.
                let limit = self.limits.max_output_bytes;
                return Err(DecodeError::TooLarge { limit }.into());
            }
            let is_last = length < buffer.len();
            if let Err(Closed) = producer.send(buffer, length) {
                return Ok(Ended::Stopped);
            }
            if is_last {
                let digest = hasher.finish();
                // A consumer that left meanwhile says why; these bytes are complete all the same.
                let _ = producer.finish();
                return Ok(Ended::Complete(Received { digest, bytes }));
            }
        }
    }

    fn inflate(&self, compressed: Consumer, producer: Producer) -> StageResult<()> {
        let mut decoder = Decoder::with_compression(compressed, self.compression, self.limits)?;
        loop {
            let Ok(mut buffer) = producer.take() else { return Ok(Ended::Stopped) };
            let length = match fill(&mut buffer, |rest| decoder.decode(rest)) {
                Ok(length) => length,
                Err(DecodeError::Read(_)) => return Ok(Ended::Stopped),
                Err(error) => {
                    drop(producer);
                    let is_broken = matches!(
                        error,
                        DecodeError::Truncated { .. } | DecodeError::Corrupt { .. }
                    );
                    if is_broken {
                        self.drain_to_verify(decoder.reader_mut());
                    }
                    return Err(error.into());
                }
            };
            let is_last = length < buffer.len();
            if let Err(Closed) = producer.send(buffer, length) {
                return Ok(Ended::Stopped);
            }
            if is_last {
                return Ok(match producer.finish() {
                    Ok(()) => Ended::Complete(()),
                    Err(Closed) => Ended::Stopped,
                });
            }
        }
    }

    fn walk(
        &self,
        chunks: Consumer,
        mut visit: impl FnMut(&mut Entry<'_>) -> io::Result<()>,
    ) -> StageResult<Walked> {
        let mut reader = TarReader::new(chunks, self.limits);
        let result = loop {
            match reader.next_entry() {
                Ok(Some(mut entry)) => {
                    if let Err(error) = visit(&mut entry) {
                        break Err(LayerError::Visit(error));
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(LayerError::Tar(error)),
            }
        };
        let entries = reader.entries();
        let mut chunks = reader.into_inner();
        match &result {
            Err(_) if chunks.is_cut() => {}
            Err(LayerError::Visit(_) | LayerError::Tar(TarError::TooManyEntries { .. })) => {}
            Err(_) => self.drain_to_verify(&mut chunks),
            Ok(()) => chunks.drain(),
        }
        if chunks.is_cut() {
            return Ok(Ended::Stopped);
        }
        result?;
        let (diff_id, bytes) = chunks.finish();
        Ok(Ended::Complete(Walked { diff_id, bytes, entries }))
    }

    /// Lets the remaining bytes pass so that their digest tells whether they were the right ones:
    /// of a damaged download, "wrong digest" is the cause and "corrupt gzip" the symptom.
    fn drain_to_verify(&self, chunks: &mut Consumer) {
        if self.expected.digest.is_some() {
            chunks.drain();
        }
    }

    /// Picks the root cause: the source before what its bytes claim to be, that before what came
    /// of decoding them, that before what came of the decoded bytes.
    fn judge(
        &self,
        received: StageResult<Received>,
        inflated: Option<StageResult<()>>,
        walked: StageResult<Walked>,
    ) -> Result<Layer, LayerError> {
        let received = received?;
        if let Ended::Complete(received) = &received {
            self.verify(received)?;
        }
        if let Some(inflated) = inflated {
            inflated?;
        }
        match (received, walked?) {
            (Ended::Complete(received), Ended::Complete(walked)) => {
                let diff_id = walked.diff_id.unwrap_or(received.digest);
                if let Some(expected) = self.expected.diff_id
                    && expected != diff_id
                {
                    let mismatch = Mismatch { expected, actual: diff_id };
                    return Err(LayerError::DiffId(Box::new(mismatch)));
                }
                Ok(Layer {
                    compression: self.compression,
                    digest: received.digest,
                    compressed_size: received.bytes,
                    diff_id,
                    size: walked.bytes,
                    entries: walked.entries,
                })
            }
            // A stage stops early only if another one failed, and that error was returned above.
            _ => Err(LayerError::Panicked { stage: "layer" }),
        }
    }

    fn verify(&self, received: &Received) -> Result<(), LayerError> {
        if let Some(expected) = self.expected.size
            && expected != received.bytes
        {
            return Err(LayerError::Size { expected, actual: received.bytes });
        }
        match self.expected.digest {
            Some(expected) if expected != received.digest => {
                let mismatch = Mismatch { expected, actual: received.digest };
                Err(LayerError::Digest(Box::new(mismatch)))
            }
            _ => Ok(()),
        }
    }
}

fn algorithm(expected: Option<Checksum>) -> Algorithm {
    expected.map_or_else(Algorithm::default, |checksum| checksum.algorithm())
}

/// Reads until the buffer is full or the stream ends.
fn fill<E>(
    buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8]) -> Result<usize, E>,
) -> Result<usize, E> {
    let mut length = 0;
    while length < buffer.len() {
        match read(&mut buffer[length..])? {
            0 => break,
            n => length += n,
        }
    }
    Ok(length)
}

/// `read`, tried again when a signal interrupts it.
fn read_uninterrupted(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn join<T>(handle: ScopedJoinHandle<'_, StageResult<T>>, stage: &'static str) -> StageResult<T> {
    handle.join().unwrap_or(Err(LayerError::Panicked { stage }))
}
