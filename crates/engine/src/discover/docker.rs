//! Docker: `DOCKER_HOST`, then the chosen context, then the well-known sockets.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::kind::Kind;
use crate::settings::Settings;

/// Finds Docker without connecting to it.
pub(crate) fn docker(settings: &Settings) -> Result<Endpoint, Error> {
    if let Some(address) = settings.var("DOCKER_HOST") {
        let tls = match settings.var("DOCKER_TLS_VERIFY") {
            None => None,
            Some(_) => Some(config_dir(settings, "DOCKER_CERT_PATH").ok_or_else(|| {
                let why = "DOCKER_TLS_VERIFY is set, but there is no directory of certificates";
                address_error("DOCKER_HOST", address, why)
            })?),
        };
        return parse("DOCKER_HOST", address, tls);
    }
    if let Some((name, config_dir)) = chosen_context(settings)? {
        return context(&name, &config_dir);
    }
    let sockets = sockets(settings);
    match sockets.iter().find(|path| path.exists()) {
        Some(path) => Ok(Endpoint::Unix(path.clone())),
        None => Err(Error::NotHere {
            kind: Kind::Docker,
            looked_at: sockets.iter().map(|path| path.display().to_string()).collect(),
        }),
    }
}

/// Rootful, rootless, Docker Desktop.
fn sockets(settings: &Settings) -> Vec<PathBuf> {
    let mut sockets = vec![settings.root.join("var/run/docker.sock")];
    sockets.extend(settings.runtime_dir().map(|dir| dir.join("docker.sock")));
    if let Some(home) = &settings.home {
        sockets.push(home.join(".docker/run/docker.sock"));
        sockets.push(home.join(".docker/desktop/docker.sock"));
    }
    sockets
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    current_context: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextMeta {
    endpoints: ContextEndpoints,
}

#[derive(Deserialize)]
struct ContextEndpoints {
    docker: ContextEndpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEndpoint {
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The context to use and the directory it is described in; none for the default one.
fn chosen_context(settings: &Settings) -> Result<Option<(String, PathBuf)>, Error> {
    let Some(dir) = config_dir(settings, "DOCKER_CONFIG") else { return Ok(None) };
    let name = match settings.var("DOCKER_CONTEXT") {
        Some(name) => Some(name.to_owned()),
        None => current_context(&dir.join("config.json"))?,
    };
    Ok(name.filter(|name| !name.is_empty() && name != "default").map(|name| (name, dir)))
}

/// The directory that a variable names, else the one that Docker keeps at home.
fn config_dir(settings: &Settings, variable: &str) -> Option<PathBuf> {
    let at_home = || Some(settings.home.as_ref()?.join(".docker"));
    settings.var(variable).map(PathBuf::from).or_else(at_home)
}

fn current_context(path: &Path) -> Result<Option<String>, Error> {
    match read_json::<DockerConfig>(path) {
        Ok(config) => Ok(config.current_context),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => {
            Err(Error::Context { name: "current".to_owned(), path: path.to_owned(), source })
        }
    }
}

/// Contexts are kept below the SHA-256 of their name.
fn context(name: &str, config_dir: &Path) -> Result<Endpoint, Error> {
    let directory: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = config_dir.join("contexts/meta").join(&directory).join("meta.json");
    let meta: ContextMeta = read_json(&path).map_err(|source| Error::Context {
        name: name.to_owned(),
        path,
        source,
    })?;
    let origin = format!("the docker context {name:?}");
    let ContextEndpoint { host, skip_tls_verify } = meta.endpoints.docker;
    if skip_tls_verify {
        let why = "it does not verify the engine's certificate, which is not supported";
        return Err(address_error(&origin, &host, why));
    }
    let tls = config_dir.join("contexts/tls").join(directory).join("docker");
    parse(&origin, &host, tls.is_dir().then_some(tls))
}

fn parse(origin: &str, address: &str, tls: Option<PathBuf>) -> Result<Endpoint, Error> {
    Endpoint::parse(address, tls).map_err(|why| address_error(origin, address, why))
}

fn address_error(origin: &str, address: &str, why: &'static str) -> Error {
    Error::Address { origin: origin.to_owned(), address: address.to_owned(), why }
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    fn settings(root: &Path, vars: &[(&str, &str)]) -> Settings {
        let vars: BTreeMap<_, _> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut settings = Settings::new(vars, Some(root.join("home")), 1000);
        settings.root = root.to_owned();
        settings
    }

    fn write(path: PathBuf, content: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn the_environment_wins_over_the_context_and_the_context_over_the_sockets() {
        let root = tempfile::tempdir().unwrap();
        let check = |vars: &[(&str, &str)], expected: &str| {
            let found = match docker(&settings(root.path(), vars)) {
                Ok(endpoint) => endpoint.to_string(),
                Err(error) => error.to_string(),
            };
            let root = root.path().display().to_string();
            assert_eq!(found.replace(&root, "ROOT"), expected, "{vars:?}");
        };
        check(
            &[],
            "docker does not run here (looked at ROOT/var/run/docker.sock, \
             ROOT/run/user/1000/docker.sock, ROOT/home/.docker/run/docker.sock, \
             ROOT/home/.docker/desktop/docker.sock)",
        );
        write(root.path().join("run/user/1000/docker.sock"), "");
        check(&[], "unix://ROOT/run/user/1000/docker.sock");
        write(root.path().join("var/run/docker.sock"), "");
        check(&[], "unix://ROOT/var/run/docker.sock");

        let home = root.path().join("home/.docker");
        write(home.join("config.json"), r#"{"auths": {}, "currentContext": "shop"}"#);
        let meta = home.join("contexts/meta").join(sha256("shop")).join("meta.json");
        write(meta, r#"{"Name":"shop","Endpoints":{"docker":{"Host":"tcp://shop.example:2375"}}}"#);
        check(&[], "tcp://shop.example:2375");
        fs::create_dir_all(home.join("contexts/tls").join(sha256("shop")).join("docker")).unwrap();
        check(&[("DOCKER_CONTEXT", "shop"), ("HTTP_PROXY", "x")], "tcp://shop.example:2375");
        let endpoint = docker(&settings(root.path(), &[])).unwrap();
        assert!(matches!(endpoint, Endpoint::Tcp { tls: Some(_), .. }));
        check(&[("DOCKER_CONTEXT", "default")], "unix://ROOT/var/run/docker.sock");
        check(&[("DOCKER_HOST", "unix:///x.sock")], "unix:///x.sock");
        check(
            &[("DOCKER_HOST", "ssh://host")],
            "DOCKER_HOST names the engine \"ssh://host\": engines over ssh are not supported",
        );
        let tls = ("DOCKER_TLS_VERIFY", "1");
        check(&[("DOCKER_HOST", "tcp://x"), tls], "tcp://x:2376");
        let mut homeless = settings(root.path(), &[("DOCKER_HOST", "tcp://x"), tls]);
        homeless.home = None;
        assert_eq!(
            docker(&homeless).unwrap_err().to_string(),
            "DOCKER_HOST names the engine \"tcp://x\": \
             DOCKER_TLS_VERIFY is set, but there is no directory of certificates"
        );
        check(
            &[("DOCKER_CONTEXT", "gone")],
            &format!(
                "cannot read the docker context \"gone\" from \
                 ROOT/home/.docker/contexts/meta/{}/meta.json",
                sha256("gone")
            ),
        );
    }

    fn sha256(name: &str) -> String {
        Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
