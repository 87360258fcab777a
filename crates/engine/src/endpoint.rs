//! Where an engine listens, as `DOCKER_HOST` and contexts write it.

use std::fmt;
use std::path::PathBuf;

/// The address of an engine's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// Another machine, or another port: only ever what the operator's own settings name.
    Tcp {
        /// `host:port`.
        authority: String,
        /// For TLS, the directory with `ca.pem`, `cert.pem` and `key.pem`; else plain HTTP.
        tls: Option<PathBuf>,
    },
}

/// Docker's registered port for plain HTTP.
const PLAIN_PORT: u16 = 2375;
/// Docker's registered port for TLS.
const TLS_PORT: u16 = 2376;

impl Endpoint {
    /// Reads an address, to be used with TLS if there is a directory for it; the error says what is
    /// not supported about it.
    pub(crate) fn parse(address: &str, tls: Option<PathBuf>) -> Result<Self, &'static str> {
        let (scheme, rest) = address.split_once("://").ok_or("it has no scheme such as unix://")?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(PathBuf::from(rest))),
            "unix" => Err("the socket's path is not absolute"),
            "tcp" | "http" | "https" => {
                let authority = rest.trim_end_matches('/');
                if authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
                    return Err("it is not host:port");
                }
                let has_port =
                    authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                let authority = match has_port {
                    true => authority.to_owned(),
                    false if tls.is_some() => format!("{authority}:{TLS_PORT}"),
                    false => format!("{authority}:{PLAIN_PORT}"),
                };
                if scheme == "https" && tls.is_none() {
                    return Err("it wants TLS, but DOCKER_TLS_VERIFY is not set");
                }
                Ok(Self::Tcp { authority, tls })
            }
            "ssh" => Err("engines over ssh are not supported"),
            _ => Err("its scheme is not unix or tcp"),
        }
    }

    /// What to put into a request's `Host` header.
    pub(crate) fn host_header(&self) -> &str {
        match self {
            Self::Unix(_) => "localhost",
            Self::Tcp { authority, .. } => authority,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { authority, .. } => write!(f, "tcp://{authority}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        let check = |address: &str, expected: Result<&str, &str>| {
            let endpoint = Endpoint::parse(address, None).map(|endpoint| endpoint.to_string());
            assert_eq!(endpoint.as_deref().map_err(|why| *why), expected, "{address}");
        };
        check("unix:///run/docker.sock", Ok("unix:///run/docker.sock"));
        check("tcp://127.0.0.1:2375", Ok("tcp://127.0.0.1:2375"));
        check("tcp://docker", Ok("tcp://docker:2375"));
        check("http://[::1]:80/", Ok("tcp://[::1]:80"));
        check("unix://run/docker.sock", Err("the socket's path is not absolute"));
        check("/run/docker.sock", Err("it has no scheme such as unix://"));
        check("ssh://me@host", Err("engines over ssh are not supported"));
        check("npipe:////./pipe/docker", Err("its scheme is not unix or tcp"));
        check("tcp://host:1/path", Err("it is not host:port"));
        check("https://host", Err("it wants TLS, but DOCKER_TLS_VERIFY is not set"));
        let tls = Endpoint::parse("tcp://docker", Some("/certs".into())).unwrap();
        assert_eq!(tls.to_string(), "tcp://docker:2376");
    }
}
