//! An HTTP/1.1 server on loopback that answers as the test says, faults included. Threads and
//! `std::net` only; every connection carries one request.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it and uses its part")]

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What to answer, and what to do wrong.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub fault: Fault,
}

/// How the server misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The connection closes without a response.
    NoAnswer,
    /// The connection closes after so many bytes of the body.
    CutAfter(usize),
    /// So many bytes of the body come, and then nothing, with the connection open.
    StallAfter(usize),
    /// `Content-Length` claims this.
    ClaimLength(u64),
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), fault: Fault::None }
    }

    pub fn redirect(location: &str) -> Self {
        Self::new(302, "").header("location", location)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = fault;
        self
    }
}

type Handler = dyn Fn(&Received) -> Reply + Send + Sync;

/// The running server; it stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    scheme: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn start(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::run("http", handler, |stream| Ok(Box::new(stream)))
    }

    /// A server that speaks TLS.
    pub fn start_tls(
        config: rustls::ServerConfig,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(config);
        Self::run("https", handler, move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config));
            Ok(Box::new(rustls::StreamOwned::new(connection.map_err(io::Error::other)?, stream)))
        })
    }

    fn run(
        scheme: &'static str,
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> io::Result<Box<dyn Connection>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(handler);
        let wrap = Arc::new(wrap);
        let (log, stopped) = (Arc::clone(&received), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                let (wrap, stopped) = (Arc::clone(&wrap), Arc::clone(&stopped));
                thread::spawn(move || {
                    // A client that goes away is no failure of the test.
                    let _ = serve(wrap(stream)?, &*handler, &log, &stopped);
                    io::Result::Ok(())
                });
            }
        });
        Self { address, scheme, received, stop }
    }

    /// The URL of `path` on this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// All requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

trait Connection: Read + Write + Send {
    fn close(&mut self);
}

impl Connection for TcpStream {
    fn close(&mut self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Connection for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn close(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
        let _ = self.sock.shutdown(Shutdown::Both);
    }
}

fn serve(
    connection: Box<dyn Connection>,
    handler: &Handler,
    log: &Mutex<Vec<Received>>,
    stopped: &AtomicBool,
) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    let Ok(request) = read_request(&mut reader) else {
        // What servers say to a TLS handshake on a plain port.
        reader.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")?;
        reader.get_mut().close();
        return Ok(());
    };
    log.lock().unwrap().push(request.clone());
    let reply = handler(&request);
    let mut connection = reader.into_inner();
    if reply.fault != Fault::NoAnswer {
        write_reply(&mut *connection, &request, &reply)?;
    }
    if let Fault::StallAfter(_) = reply.fault {
        while !stopped.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
    }
    connection.close();
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Received> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(target), Some(_)) = (words.next(), words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            None => break,
        }
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Received { method, target, headers, body })
}

fn write_reply(to: &mut dyn Connection, request: &Received, reply: &Reply) -> io::Result<()> {
    write!(to, "HTTP/1.1 {} Reply\r\nconnection: close\r\n", reply.status)?;
    let is_chunked = reply.headers.iter().any(|(name, _)| name == "transfer-encoding");
    let claimed = match reply.fault {
        Fault::ClaimLength(length) => Some(length.to_string()),
        _ => None,
    };
    for (name, value) in &reply.headers {
        if name != "content-length" || claimed.is_none() {
            write!(to, "{name}: {value}\r\n")?;
        }
    }
    let has_length = reply.headers.iter().any(|(name, _)| name == "content-length");
    if let Some(claimed) = claimed {
        write!(to, "content-length: {claimed}\r\n")?;
    } else if !is_chunked && !has_length {
        write!(to, "content-length: {}\r\n", reply.body.len())?;
    }
    to.write_all(b"\r\n")?;
    let sent = match reply.fault {
        _ if request.method == "HEAD" => 0,
        Fault::CutAfter(n) | Fault::StallAfter(n) => n.min(reply.body.len()),
        _ => reply.body.len(),
    };
    to.write_all(&reply.body[..sent])?;
    to.flush()
}
