//! As much of HTTP/1.1 as a proxy between a client under test and a real server needs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request or an answer.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) start: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Far above what a registry's client sends or a test's registry stores.
const LIMIT_BYTES: u64 = 1 << 30;

/// Which of the two sides is read: only an answer may have its body until the connection's end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    /// `false` for the answer to a HEAD.
    Answer {
        has_body: bool,
    },
}

impl Message {
    /// Reads one message; nothing where the connection ends before it.
    pub(crate) fn read(stream: &TcpStream, side: Side) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream.take(LIMIT_BYTES));
        let Some(start) = line(&mut reader)? else { return Ok(None) };
        let mut headers = Vec::new();
        while let Some(line) = line(&mut reader)?.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self { start, headers, body: Vec::new() };
        let length = message.header("content-length").and_then(|value| value.parse::<u64>().ok());
        let chunked = message.header("transfer-encoding") == Some("chunked");
        match (side, length) {
            (Side::Answer { has_body: false }, _) => {}
            _ if chunked => message.read_chunks(&mut reader)?,
            (_, Some(length)) => {
                reader.take(length).read_to_end(&mut message.body)?;
            }
            (Side::Answer { .. }, None) => {
                reader.read_to_end(&mut message.body)?;
            }
            (Side::Request, None) => {}
        }
        Ok(Some(message))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Writes the head and `body`.
    pub(crate) fn write(&self, mut stream: &TcpStream, body: &[u8]) -> io::Result<()> {
        let mut head = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    }

    /// Chunks become one body with a length.
    fn read_chunks(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        loop {
            let size = line(reader)?.unwrap_or_default();
            let size = u64::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)
                .map_err(io::Error::other)?;
            reader.by_ref().take(size).read_to_end(&mut self.body)?;
            line(reader)?;
            if size == 0 {
                break;
            }
        }
        self.headers.retain(|(name, _)| name != "transfer-encoding");
        let length = self.body.len().to_string();
        self.set_header("content-length", &length);
        Ok(())
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = reader.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}
