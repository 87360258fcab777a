//! certs.d: authorities and client certificates per registry (containers-certs.d(5)).

use std::path::{Path, PathBuf};

use plimsoll_fetch::{Identity, Pem};

use crate::environment::{Environment, list, read_small};
use crate::error::Error;

/// The directories that may have one named after a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct CertificateDirectories {
    directories: Vec<PathBuf>,
}

/// What certs.d says about a host.
#[derive(Debug, Default)]
pub(crate) struct HostCertificates {
    pub(crate) roots: Vec<Pem>,
    pub(crate) identity: Option<Identity>,
}

impl CertificateDirectories {
    pub(crate) fn from_environment(environment: &Environment<'_>) -> Self {
        let user = environment.at_home(".config/containers/certs.d");
        let system = ["etc/containers/certs.d", "etc/docker/certs.d"];
        let system = system.map(|path| environment.system(path));
        Self { directories: user.into_iter().chain(system).collect() }
    }

    /// The files for `host` (with its port): of the first directory that has any.
    pub(crate) fn find(&self, host: &str) -> Result<Option<HostCertificates>, Error> {
        // `..` is a host by the grammar of names, and would lead out of the directory.
        if !host.bytes().any(|byte| byte.is_ascii_alphanumeric()) || host.contains('/') {
            return Ok(None);
        }
        for directory in self.directories.iter().map(|directory| directory.join(host)) {
            let found = list(&directory, &["crt", "cert", "key"])?;
            if !found.is_empty() {
                return read(&found).map(Some);
            }
        }
        Ok(None)
    }
}

fn read(paths: &[PathBuf]) -> Result<HostCertificates, Error> {
    let mut certificates = HostCertificates::default();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("crt") => certificates.roots.push(pem(path)?),
            Some("cert") if certificates.identity.is_none() => {
                let key = path.with_extension("key");
                let identity = Identity { certificate: pem(path)?, key: pem(&key)? };
                certificates.identity = Some(identity);
            }
            Some("key") if !paths.contains(&path.with_extension("cert")) => {
                return Err(missing(&path.with_extension("cert")));
            }
            _ => {}
        }
    }
    Ok(certificates)
}

fn pem(path: &Path) -> Result<Pem, Error> {
    let bytes = read_small(path)?.ok_or_else(|| missing(path))?;
    Ok(Pem { origin: path.display().to_string(), bytes })
}

fn missing(path: &Path) -> Error {
    let why = "it is missing: a client certificate needs NAME.cert and NAME.key".to_owned();
    Error::BadFile { path: path.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_directory_with_files_counts() {
        let root = tempfile::tempdir().unwrap();
        let lookup = |_: &str| None;
        let environment = Environment {
            vars: &lookup,
            home: Some(root.path().join("home")),
            root: root.path().to_owned(),
            euid: 0,
        };
        let write = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "pem").unwrap();
        };
        write("etc/docker/certs.d/a.example:5000/ca.crt");
        write("etc/docker/certs.d/a.example:5000/b.crt");
        write("etc/docker/certs.d/b.example/ca.crt");
        write("home/.config/containers/certs.d/b.example/client.cert");
        write("home/.config/containers/certs.d/b.example/client.key");
        write("etc/containers/certs.d/c.example/client.cert");
        write("etc/containers/certs.d/d.example/client.key");
        write("etc/containers/outside.crt");
        let directories = CertificateDirectories::from_environment(&environment);
        let found = |host: &str| directories.find(host).unwrap();
        assert!(found("a.example").is_none());
        assert_eq!(found("a.example:5000").unwrap().roots.len(), 2);
        let certificates = found("b.example").unwrap();
        assert!(certificates.roots.is_empty() && certificates.identity.is_some());
        assert!(found("..").is_none());
        for (host, file) in [("c.example", "client.key"), ("d.example", "client.cert")] {
            let error = directories.find(host).unwrap_err().to_string();
            assert!(error.contains(file) && error.contains("is missing"), "{error}");
        }
    }
}
