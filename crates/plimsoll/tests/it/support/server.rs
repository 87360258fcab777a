//! A copy of feeds behind HTTP, as a company's mirror would be.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use plimsoll_testkit::digest_of;

/// Serves a directory with ETags; it ends with the test.
pub(crate) struct FeedServer {
    shared: Arc<Shared>,
    port: u16,
}

struct Shared {
    root: PathBuf,
    requests: Mutex<Vec<Request>>,
    ended: AtomicBool,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// `If-None-Match`.
    pub(crate) known: Option<String>,
    pub(crate) status: u16,
}

impl FeedServer {
    pub(crate) fn start(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            requests: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let known = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if known.ended.load(Ordering::Relaxed) {
                    break;
                }
                let known = Arc::clone(&known);
                thread::spawn(move || known.serve(&stream));
            }
        });
        Self { shared, port }
    }

    /// What to give as `--from`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/copy", self.port)
    }

    /// The requests since the last call.
    pub(crate) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.shared.requests.lock().unwrap())
    }
}

impl Drop for FeedServer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn serve(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let start = lines.next().transpose()?.unwrap_or_default();
        let mut known = None;
        while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("if-none-match")
            {
                known = Some(value.trim().to_owned());
            }
        }
        let path = start.split(' ').nth(1).unwrap_or_default().to_owned();
        let file = path.strip_prefix("/copy/").map(|path| self.root.join(path));
        let content = file.and_then(|file| fs::read(file).ok());
        let etag = content.as_deref().map(|content| format!("\"{}\"", digest_of(content).short()));
        let (status, body) = match content {
            None => (404, Vec::new()),
            Some(_) if known.is_some() && known == etag => (304, Vec::new()),
            Some(content) => (200, content),
        };
        self.requests.lock().unwrap().push(Request { path, known, status });
        let etag = etag.map(|etag| format!("ETag: {etag}\r\n")).unwrap_or_default();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {length}\r\n{etag}\r\n"
        )?;
        stream.write_all(&body)
    }
}
