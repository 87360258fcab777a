//! The body of an answer, cut out of the connection.

use std::io::{self, BufRead, Read};

/// Where the body ends (RFC 9112, 6.3).
#[derive(Clone, Copy)]
pub(super) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After a chunk of length zero.
    Chunked,
    /// Where the connection is closed.
    UntilClose,
}

/// Reads exactly the body; an end before its time is an error.
pub(crate) struct Body {
    reader: Box<dyn BufRead + Send>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// This many bytes are to come.
    Length(u64),
    /// The next line says how long the next chunk is.
    ChunkSize,
    /// This many bytes of the current chunk are to come.
    Chunk(u64),
    /// The line end behind a chunk is to come.
    ChunkEnd,
    UntilClose,
    Done,
}

/// Chunk sizes, their extensions and trailers are short.
const MAX_LINE_BYTES: u64 = 4096;
/// Engines send none.
const MAX_TRAILERS: usize = 64;

impl Body {
    pub(super) fn new(reader: Box<dyn BufRead + Send>, framing: Framing) -> Self {
        let state = match framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self { reader, state }
    }

    fn next_chunk(&mut self) -> io::Result<State> {
        let line = self.line()?;
        let size = line.split(|&byte| byte == b';').next().unwrap_or_default();
        let size = str::from_utf8(size.trim_ascii()).ok();
        match size.and_then(|size| u64::from_str_radix(size, 16).ok()) {
            None => Err(malformed()),
            Some(0) => self.trailers().map(|()| State::Done),
            Some(size) => Ok(State::Chunk(size)),
        }
    }

    /// Trailers end with an empty line.
    fn trailers(&mut self) -> io::Result<()> {
        for _ in 0..MAX_TRAILERS {
            if self.line()?.is_empty() {
                return Ok(());
            }
        }
        Err(malformed())
    }

    /// A line without its end.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(line.to_vec()),
            None if line.len() as u64 == MAX_LINE_BYTES || line.ends_with(b"\n") => {
                Err(malformed())
            }
            None => Err(cut("the connection was closed inside a chunk".to_owned())),
        }
    }

    /// At most `left` bytes; the end of the connection is an error.
    fn read_part(&mut self, left: u64, buffer: &mut [u8]) -> io::Result<u64> {
        match (&mut self.reader).take(left).read(buffer)? {
            0 => Err(match self.state {
                State::Length(_) => cut(format!(
                    "the connection was closed {left} bytes before the end of the answer"
                )),
                _ => cut("the connection was closed inside a chunk".to_owned()),
            }),
            n => Ok(n as u64),
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Done | State::Length(0) => return Ok(0),
                State::UntilClose => return self.reader.read(buffer),
                State::Length(left) => {
                    let n = self.read_part(left, buffer)?;
                    self.state = State::Length(left - n);
                    return Ok(n as usize);
                }
                State::Chunk(left) => {
                    let n = self.read_part(left, buffer)?;
                    self.state = match left - n {
                        0 => State::ChunkEnd,
                        left => State::Chunk(left),
                    };
                    return Ok(n as usize);
                }
                State::ChunkEnd => match self.line()?.is_empty() {
                    true => self.state = State::ChunkSize,
                    false => return Err(malformed()),
                },
                State::ChunkSize => self.state = self.next_chunk()?,
            }
        }
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed chunk")
}

fn cut(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, why)
}
