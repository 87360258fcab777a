//! The status line and the headers that say how the body is framed.

use std::io::{self, BufRead};

use super::body::Framing;

/// What the head of an answer says.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Podman says so in a header of every answer, whatever socket it answers on.
    pub(super) is_podman: bool,
}

/// Engines send about ten headers of a few hundred bytes together.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// As above.
const MAX_HEADERS: usize = 64;

/// Reads to the empty line.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Head> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let before = bytes.len();
        let room = (MAX_HEAD_BYTES - before) as u64;
        io::Read::take(&mut *reader, room).read_until(b'\n', &mut bytes)?;
        if bytes.len() >= MAX_HEAD_BYTES {
            return Err(invalid("the answer's headers are too long"));
        }
        if bytes.len() == before {
            let why = "the connection was closed before the answer";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
    }
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> io::Result<Head> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|_| invalid("not an HTTP answer"))?;
    let (httparse::Status::Complete(_), Some(status)) = (parsed, response.code) else {
        return Err(invalid("not an HTTP answer"));
    };
    let mut framing = Framing::UntilClose;
    let mut is_podman = false;
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("libpod-api-version") {
            is_podman = true;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        } else if header.name.eq_ignore_ascii_case("content-length")
            && !matches!(framing, Framing::Chunked)
        {
            let length = str::from_utf8(header.value).ok().and_then(|text| text.parse().ok());
            let length = length.ok_or_else(|| invalid("malformed Content-Length"))?;
            framing = Framing::Length(length);
        }
    }
    // These have no body whatever their headers say (RFC 9112, 6.3).
    if matches!(status, 100..200 | 204 | 304) {
        framing = Framing::Length(0);
    }
    Ok(Head { status, framing, is_podman })
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
