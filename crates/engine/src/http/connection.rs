//! A connection whose every wait ends.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::Timeouts;
use super::tls::{self, TlsStream};
use crate::endpoint::Endpoint;

/// A stream to an engine.
pub(super) enum Connection {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
}

impl Connection {
    pub(super) fn open(endpoint: &Endpoint, timeouts: Timeouts) -> io::Result<Self> {
        match endpoint {
            Endpoint::Unix(path) => {
                let stream = connect_unix(path, timeouts.connect)?;
                stream.set_read_timeout(Some(timeouts.read))?;
                Ok(Self::Unix(stream))
            }
            Endpoint::Tcp { authority, tls } => {
                let stream = connect_tcp(authority, timeouts.connect)?;
                stream.set_write_timeout(Some(timeouts.connect))?;
                stream.set_read_timeout(Some(timeouts.read))?;
                match tls {
                    None => Ok(Self::Tcp(stream)),
                    Some(dir) => Ok(Self::Tls(Box::new(tls::wrap(stream, authority, dir)?))),
                }
            }
        }
    }
}

/// Like `UnixStream::connect`, which waits for ever where the engine accepts no connections: the
/// kernel applies the timeout for sending to connecting as well.
fn connect_unix(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
    let address = SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(timeout))?;
    rustix::net::connect(&socket, &address)?;
    Ok(UnixStream::from(socket))
}

/// Tries each address of the host.
fn connect_tcp(authority: &str, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        };
        // A timeout shows as "would block", which would tell a reader of the message nothing.
        read.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                io::Error::new(io::ErrorKind::TimedOut, "no more bytes came in time")
            }
            _ => error,
        })
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unix(_) | Self::Tcp(_) => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
