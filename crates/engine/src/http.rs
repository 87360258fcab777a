//! HTTP/1.1 as far as an engine's API needs it: one GET a connection.
//!
//! There is deliberately no way to send anything else: this is what makes the client read-only.

mod body;
mod connection;
mod head;
mod tls;

use std::io::{self, BufReader, Read, Write};
use std::time::Duration;

use crate::endpoint::Endpoint;

pub(crate) use body::Body;
use connection::Connection;
use head::Head;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For the connection to be accepted, and for the request to be taken.
    pub(crate) connect: Duration,
    /// For the next bytes of the answer.
    pub(crate) read: Duration,
}

/// An answer whose body was not read yet.
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Whether it is Podman that answers.
    pub(crate) is_podman: bool,
    pub(crate) body: Body,
}

/// What failed: before the request was on its way, or after.
pub(crate) enum GetError {
    Connect(io::Error),
    Read(io::Error),
}

/// Asks for a path (with its query), which must be percent-encoded.
pub(crate) fn get(
    endpoint: &Endpoint,
    path: &str,
    timeouts: Timeouts,
) -> Result<Response, GetError> {
    let mut connection = Connection::open(endpoint, timeouts).map_err(GetError::Connect)?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: plimsoll\r\nConnection: close\r\n\r\n",
        endpoint.host_header(),
    );
    let sent = connection.write_all(request.as_bytes()).and_then(|()| connection.flush());
    sent.map_err(GetError::Connect)?;
    read_response(connection).map_err(GetError::Read)
}

/// Large enough that an export's chunks (32 KiB) are taken in one call.
const BUFFER_BYTES: usize = 64 << 10;

fn read_response(connection: impl Read + Send + 'static) -> io::Result<Response> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, connection);
    loop {
        let Head { status, framing, is_podman } = head::read(&mut reader)?;
        // Interim answers (RFC 9110, 15.2) precede the real one.
        if !(100..200).contains(&status) {
            let body = Body::new(Box::new(reader), framing);
            return Ok(Response { status, is_podman, body });
        }
    }
}

/// Percent-encodes a name for the path of a request; `/`, `:` and `@` stay, as engines route them.
pub(crate) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &'static str) -> Result<(u16, String), String> {
        let response = read_response(answer.as_bytes()).map_err(|error| error.to_string())?;
        let mut content = String::new();
        let mut body = response.body;
        body.read_to_string(&mut content).map_err(|error| error.to_string())?;
        Ok((response.status, content))
    }

    #[test]
    fn answers_are_framed_by_length_by_chunks_or_by_the_end() {
        let check = |answer: &'static str, expected: (u16, &str)| {
            assert_eq!(read(answer), Ok((expected.0, expected.1.to_owned())), "{answer:?}");
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", (200, "hi"));
        check("HTTP/1.1 404 Not Found\r\n\r\nuntil the end", (404, "until the end"));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA;x=y\r\n 0123456 8\r\n0\r\nT: r\r\n\r\n",
            (200, "hi 0123456 8"),
        );
        check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", (204, ""));
    }

    #[test]
    fn a_cut_or_malformed_answer_is_an_error_never_a_short_body() {
        let check = |answer: &'static str, expected: &str| {
            assert_eq!(read(answer), Err(expected.to_owned()), "{answer:?}");
        };
        check("", "the connection was closed before the answer");
        check("HTTP/1.1 200 OK\r\nContent-Le", "the connection was closed before the answer");
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
            "the connection was closed 3 bytes before the end of the answer",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
            "the connection was closed inside a chunk",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
            "the connection was closed inside a chunk",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhiX\r\n0\r\n\r\n",
            "malformed chunk",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "malformed chunk",
        );
        check("220 ftp.example ready\r\n\r\n", "not an HTTP answer");
        check("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n", "malformed Content-Length");
    }

    #[test]
    fn names_are_encoded_for_a_path() {
        assert_eq!(encode("a/b:c@sha256:d"), "a/b:c@sha256:d");
        assert_eq!(encode("a b?c#d%e"), "a%20b%3Fc%23d%25e");
    }
}
