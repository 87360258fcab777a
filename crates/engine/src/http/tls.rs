//! TLS to an engine on another machine, as `DOCKER_TLS_VERIFY` and contexts ask for it.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A stream whose handshake happens with the first bytes.
pub(super) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// Speaks TLS with the authority (`ca.pem`) and the identity (`cert.pem`, `key.pem`) of a
/// directory, Docker's names for them. No other authority is believed.
pub(super) fn wrap(stream: TcpStream, authority: &str, dir: &Path) -> io::Result<TlsStream> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config(dir)?), name);
    Ok(StreamOwned::new(connection.map_err(io::Error::other)?, stream))
}

fn config(dir: &Path) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&dir.join("ca.pem"))? {
        roots.add(certificate).map_err(io::Error::other)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    let (certificate, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    if !certificate.exists() && !key.exists() {
        return Ok(builder.with_no_client_auth());
    }
    let secret = PrivateKeyDer::from_pem_file(&key).map_err(|error| named(&key, error))?;
    builder.with_client_auth_cert(certificates(&certificate)?, secret).map_err(io::Error::other)
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| named(path, error))?;
    certificates.collect::<Result<_, _>>().map_err(|error| named(path, error))
}

fn named(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}
