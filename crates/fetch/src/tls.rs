//! Whom we believe and who we are: trust roots and client certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Url;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme,
    WantsVerifier,
};

use crate::error::Error;

/// Where distributions keep their CA bundle; the first that exists is read (Go's list).
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Most entries of a certificate directory that are read; real ones have a few hundred.
const MAX_DIRECTORY_ENTRIES: usize = 10_000;

/// TLS settings of a client.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// `SSL_CERT_FILE`: read instead of the system's bundle.
    pub bundle: Option<PathBuf>,
    /// `SSL_CERT_DIR`: read instead of the system's bundle.
    pub directories: Vec<PathBuf>,
    /// Believed besides those, such as the `*.crt` files of certs.d.
    pub extra_roots: Vec<Pem>,
    /// Our own certificate, where a server asks for one.
    pub identity: Option<Identity>,
    /// Whether certificates are checked.
    pub verification: Verification,
}

/// What holds for one server instead: its exceptions are not those of the hosts that it points to.
#[derive(Clone, Debug)]
pub struct HostTls {
    /// The server: scheme, host and port count.
    pub url: Url,
    /// All of its settings; nothing is added from those for everybody.
    pub tls: Tls,
}

impl HostTls {
    pub(crate) fn is_for(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }
}

/// PEM text and where it came from.
#[derive(Clone, Debug)]
pub struct Pem {
    /// Named in errors; usually the file.
    pub origin: String,
    /// What the file holds.
    pub bytes: Vec<u8>,
}

/// A client certificate with its key.
#[derive(Clone)]
pub struct Identity {
    /// The certificate, followed by its intermediates.
    pub certificate: Pem,
    /// The private key, PKCS#8, PKCS#1 or SEC1.
    pub key: Pem,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Identity").field(&self.certificate.origin).finish()
    }
}

/// Whether a server must prove who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// It must.
    #[default]
    Required,
    /// It need not: only for hosts that the operator called insecure.
    None,
}

impl Tls {
    /// Takes `SSL_CERT_FILE` and `SSL_CERT_DIR` from `lookup`.
    pub fn from_vars(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let value = |name| lookup(name).filter(|value| !value.is_empty());
        let directories = value("SSL_CERT_DIR").unwrap_or_default();
        let directories = directories.split(':').filter(|one| !one.is_empty());
        Self {
            bundle: value("SSL_CERT_FILE").map(PathBuf::from),
            directories: directories.map(PathBuf::from).collect(),
            ..Self::default()
        }
    }

    /// Reads the files and makes what the HTTP library wants.
    pub(crate) fn config(&self) -> Result<ClientConfig, Error> {
        let (builder, provider) = builder()?;
        let builder = match self.verification {
            Verification::Required => builder.with_root_certificates(self.roots()?),
            Verification::None => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AcceptAnything { provider })),
        };
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => {
                let chain = certificates(&identity.certificate)?;
                let key = PrivateKeyDer::from_pem_slice(&identity.key.bytes)
                    .map_err(|_| no_pem(&identity.key.origin, "it holds no private key"))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| no_pem(&identity.key.origin, "the key and certificate do not fit"))
            }
        }
    }

    /// For connections on which TLS is never spoken.
    pub(crate) fn believing_nobody() -> Result<ClientConfig, Error> {
        let (builder, _) = builder()?;
        Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    }

    fn roots(&self) -> Result<RootCertStore, Error> {
        let mut roots = RootCertStore::empty();
        if self.bundle.is_none()
            && self.directories.is_empty()
            && let Some(path) = BUNDLES.iter().map(Path::new).find(|path| path.exists())
        {
            add_file(&mut roots, path)?;
        }
        if let Some(path) = &self.bundle {
            add_file(&mut roots, path)?;
        }
        for directory in &self.directories {
            add_directory(&mut roots, directory)?;
        }
        for extra in &self.extra_roots {
            for certificate in certificates(extra)? {
                roots
                    .add(certificate)
                    .map_err(|_| no_pem(&extra.origin, "a certificate in it is malformed"))?;
            }
        }
        if roots.is_empty() { Err(Error::NoRoots) } else { Ok(roots) }
    }
}

fn builder() -> Result<(ConfigBuilder<ClientConfig, WantsVerifier>, Arc<CryptoProvider>), Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|source| Error::Tls { source: source.into() })?;
    Ok((builder, provider))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let bytes =
        std::fs::read(path).map_err(|source| Error::TrustFile { path: path.to_owned(), source })?;
    let found = CertificateDer::pem_slice_iter(&bytes).flatten();
    // A bundle may hold an authority that this library cannot use: the others still count.
    roots.add_parsable_certificates(found);
    Ok(())
}

fn add_directory(roots: &mut RootCertStore, directory: &Path) -> Result<(), Error> {
    let error = |source| Error::TrustFile { path: directory.to_owned(), source };
    for entry in std::fs::read_dir(directory).map_err(error)?.take(MAX_DIRECTORY_ENTRIES) {
        let path = entry.map_err(error)?.path();
        if path.is_file() {
            add_file(roots, &path)?;
        }
    }
    Ok(())
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(no_pem(&pem.origin, "it holds no certificate")),
        Err(_) => Err(no_pem(&pem.origin, "it is no PEM file")),
    }
}

fn no_pem(origin: &str, why: &'static str) -> Error {
    Error::Pem { origin: origin.to_owned(), why }
}

/// The verifier for hosts that the operator called insecure: signatures still count, names and
/// authorities do not.
#[derive(Debug)]
struct AcceptAnything {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
