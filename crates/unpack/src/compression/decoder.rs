//! One reader over all compressions, bounded in size and ratio.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use liblzma::bufread::XzDecoder;
use liblzma::stream::CONCATENATED;

use super::Compression;
use super::gunzip::Gunzip;
use crate::limits::Limits;

/// Reads the uncompressed bytes of a stream.
///
/// The stream is read to its end: an incomplete one is an error, and so are bytes after a gzip
/// member that are not another member (Go's reader, and so every engine, refuses them as well).
pub struct Decoder<R: BufRead> {
    codec: Codec<Source<R>>,
    compression: Compression,
    limits: Limits,
    produced: u64,
}

/// What is wrong with a compressed stream.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The stream ends before its own end mark.
    #[error("truncated {compression} stream")]
    Truncated {
        /// The stream's compression.
        compression: Compression,
    },
    /// The stream contradicts its format or its checksum.
    #[error("corrupt {compression} stream: {reason}")]
    Corrupt {
        /// The stream's compression.
        compression: Compression,
        /// What the codec said.
        reason: String,
    },
    /// More comes out than [`Limits::max_output_bytes`].
    #[error("stream unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// More comes out per byte than [`Limits::max_ratio`].
    #[error("{input} compressed bytes unpack to {output}, more than {limit} to one")]
    Ratio {
        /// Compressed bytes so far.
        input: u64,
        /// Uncompressed bytes so far.
        output: u64,
        /// The limit.
        limit: u64,
    },
    /// The decoder would need more memory than allowed: [`Limits::max_zstd_window_log`] for zstd.
    #[error("{compression} stream needs too much memory to decode")]
    Memory {
        /// The stream's compression.
        compression: Compression,
    },
    /// The underlying reader failed.
    #[error("reading the compressed bytes")]
    Read(#[source] io::Error),
}

/// Every read from below is at least this large where the source can give it: with 8 KiB, gunzip
/// is a fifth slower.
pub(crate) const INPUT_BUFFER_BYTES: usize = 256 << 10;

/// `xz -9` needs 65 MiB to unpack; nothing real needs more.
pub(crate) const XZ_MEMORY_BYTES: u64 = 72 << 20;

enum Codec<S> {
    None(S),
    Gzip(Gunzip<S>),
    Zstd(zstd::Decoder<'static, S>),
    Xz(XzDecoder<S>),
}

impl<R: Read> Decoder<BufReader<R>> {
    /// Detects the compression of an unbuffered reader, reading 256 KiB at a time.
    pub fn buffered(reader: R, limits: &Limits) -> Result<Self, DecodeError> {
        Self::new(BufReader::with_capacity(INPUT_BUFFER_BYTES, reader), limits)
    }
}

impl<R: BufRead> Decoder<R> {
    /// Detects the compression by the stream's first bytes.
    pub fn new(mut reader: R, limits: &Limits) -> Result<Self, DecodeError> {
        let start = read_start(&mut reader).map_err(DecodeError::Read)?;
        let compression = Compression::detect(&start);
        Self::resume(start, reader, compression, limits)
    }

    /// Reads a stream that must have the given compression.
    pub fn with_compression(
        reader: R,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        Self::resume(Vec::new(), reader, compression, limits)
    }

    fn resume(
        start: Vec<u8>,
        reader: R,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let source = Source { inner: Cursor::new(start).chain(reader), read: 0, failure: None };
        let codec = match compression {
            Compression::None => Codec::None(source),
            Compression::Gzip => Codec::Gzip(Gunzip::new(source)),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(source).map_err(DecodeError::Read)?;
                decoder.window_log_max(limits.max_zstd_window_log).map_err(DecodeError::Read)?;
                Codec::Zstd(decoder)
            }
            Compression::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED)
                        .map_err(|error| DecodeError::Read(error.into()))?;
                Codec::Xz(XzDecoder::new_stream(source, stream))
            }
        };
        Ok(Self { codec, compression, limits: *limits, produced: 0 })
    }

    /// The stream's compression.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Like `read`, with the error's own type.
    pub fn decode(&mut self, buffer: &mut [u8]) -> Result<usize, DecodeError> {
        let result = loop {
            let result = match &mut self.codec {
                Codec::None(codec) => codec.read(buffer),
                Codec::Gzip(codec) => codec.read(buffer),
                Codec::Zstd(codec) => codec.read(buffer),
                Codec::Xz(codec) => codec.read(buffer),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let n = result.map_err(|error| self.explain(&error))?;
        self.produced += n as u64;
        self.check_limits()?;
        Ok(n)
    }

    /// The reader below, wherever the codec left it.
    pub(crate) fn reader_mut(&mut self) -> &mut R {
        self.source().inner.get_mut().1
    }

    fn check_limits(&mut self) -> Result<(), DecodeError> {
        let Limits { max_output_bytes, max_ratio, ratio_floor_bytes, .. } = self.limits;
        if self.produced > max_output_bytes {
            return Err(DecodeError::TooLarge { limit: max_output_bytes });
        }
        if self.produced > ratio_floor_bytes && self.compression != Compression::None {
            let (input, output) = (self.source().read, self.produced);
            if output > input.saturating_mul(max_ratio) {
                return Err(DecodeError::Ratio { input, output, limit: max_ratio });
            }
        }
        Ok(())
    }

    fn explain(&mut self, error: &io::Error) -> DecodeError {
        let compression = self.compression;
        if let Some(failure) = self.source().failure.take() {
            return DecodeError::Read(failure);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => DecodeError::Truncated { compression },
            io::ErrorKind::OutOfMemory => DecodeError::Memory { compression },
            _ => {
                let reason = error.to_string();
                // The codecs tell these two only by their text.
                if reason.contains("too much memory") || reason.contains("memory limit") {
                    DecodeError::Memory { compression }
                } else {
                    DecodeError::Corrupt { compression, reason }
                }
            }
        }
    }

    fn source(&mut self) -> &mut Source<R> {
        match &mut self.codec {
            Codec::None(codec) => codec,
            Codec::Gzip(codec) => codec.get_mut(),
            Codec::Zstd(codec) => codec.get_mut(),
            Codec::Xz(codec) => codec.get_mut(),
        }
    }
}

/// Errors are [`DecodeError`]s inside an [`io::Error`].
impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decode(buffer).map_err(|error| {
            let kind = match &error {
                DecodeError::Read(source) => source.kind(),
                DecodeError::Truncated { .. } => io::ErrorKind::UnexpectedEof,
                _ => io::ErrorKind::InvalidData,
            };
            io::Error::new(kind, error)
        })
    }
}

/// The bytes that decide about the compression; fewer where the stream is shorter.
pub(crate) fn read_start(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(Compression::MAGIC_BYTES);
    reader.take(Compression::MAGIC_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Counts what a codec consumes and keeps the reader's own error apart from the codec's.
struct Source<R> {
    inner: Chain<Cursor<Vec<u8>>, R>,
    read: u64,
    failure: Option<io::Error>,
}

impl<R: BufRead> Source<R> {
    fn fail(failure: &mut Option<io::Error>, error: io::Error) -> io::Error {
        let kind = error.kind();
        if kind != io::ErrorKind::Interrupted {
            *failure = Some(error);
        }
        kind.into()
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer).map_err(|error| Self::fail(&mut self.failure, error))?;
        self.read += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let failure = &mut self.failure;
        self.inner.fill_buf().map_err(|error| Self::fail(failure, error))
    }

    fn consume(&mut self, n: usize) {
        self.read += n as u64;
        self.inner.consume(n);
    }
}
