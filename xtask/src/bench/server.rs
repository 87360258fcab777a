//! A server of files that says what was asked of it: enough of HTTP/1.1 for the program under measurement.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// The files of a directory on a port of loopback; it ends when it is dropped.
pub(super) struct Server {
    shared: Arc<Shared>,
    port: u16,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) path: String,
    pub(super) status: u16,
    /// Of the body.
    pub(super) bytes: u64,
}

struct Shared {
    directory: PathBuf,
    delay: Mutex<Duration>,
    answers: Mutex<Vec<Answer>>,
    has_ended: AtomicBool,
}

impl Server {
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listening on loopback")?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            delay: Mutex::default(),
            answers: Mutex::default(),
            has_ended: AtomicBool::new(false),
        });
        let known = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if known.has_ended.load(Ordering::Relaxed) {
                    break;
                }
                let known = Arc::clone(&known);
                // A client that goes away is the client's business.
                thread::spawn(move || known.serve(&stream));
            }
        });
        Ok(Self { shared, port })
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on each answer comes so much later, as over a network.
    pub(super) fn delay(&self, delay: Duration) {
        *self.shared.delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
    }

    /// What was answered since this was asked last, in the order of the answers.
    pub(super) fn answers(&self) -> Vec<Answer> {
        std::mem::take(&mut *self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(request) = Request::read(&mut reader)? {
            // Answers on other connections come meanwhile: the lock is not held.
            let delay = *self.delay.lock().unwrap_or_else(PoisonError::into_inner);
            thread::sleep(delay);
            self.answer(&request, stream)?;
        }
        Ok(())
    }

    fn answer(&self, request: &Request, mut stream: &TcpStream) -> io::Result<()> {
        let found = fs::read(self.directory.join(request.path.trim_start_matches('/')));
        let (status, body, tag) = match found {
            Ok(body) => {
                let mut hasher = DefaultHasher::new();
                body.hash(&mut hasher);
                let tag = format!("\"{:x}\"", hasher.finish());
                match request.known.as_deref() == Some(&*tag) {
                    true => (304, Vec::new(), tag),
                    false => (200, body, tag),
                }
            }
            Err(_) => (404, Vec::new(), String::new()),
        };
        let mut head = format!("HTTP/1.1 {status} Measured\r\n");
        if status != 304 {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if !tag.is_empty() {
            head.push_str(&format!("ETag: {tag}\r\n"));
        }
        head.push_str("\r\n");
        let answer = Answer { path: request.path.clone(), status, bytes: body.len() as u64 };
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        stream.write_all(&[head.as_bytes(), &body].concat())
    }
}

struct Request {
    path: String,
    /// The entity tag that the client has.
    known: Option<String>,
}

impl Request {
    /// Reads one; none where the connection ends before it.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut known = None;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("if-none-match") => {
                    known = Some(value.to_owned());
                }
                Some(_) => {}
                None => return Ok(Some(Self { path, known })),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sent_once() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "text").unwrap();
        let server = Server::start(directory.path()).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let mut ask = |path: &str, header: &str| -> String {
            let request = format!("GET /{path} HTTP/1.1\r\nHost: h\r\n{header}\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut bytes = [0; 1000];
            let length = io::Read::read(&mut stream, &mut bytes).unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        let found = ask("a", "");
        assert!(found.starts_with("HTTP/1.1 200 ") && found.ends_with("\r\n\r\ntext"), "{found}");
        let tag = found.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
        let header = format!("if-none-match: {tag}\r\n");
        assert!(ask("a", &header).starts_with("HTTP/1.1 304 "));
        assert!(ask("b", "").starts_with("HTTP/1.1 404 "));
        let answer = |path: &str, status, bytes| Answer { path: path.to_owned(), status, bytes };
        assert_eq!(
            server.answers(),
            [answer("/a", 200, 4), answer("/a", 304, 0), answer("/b", 404, 0)]
        );
        assert_eq!(server.answers(), []);
    }
}
