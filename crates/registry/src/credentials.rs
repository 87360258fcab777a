//! Whose credentials go to which registry: podman's auth.json, then docker's config.json
//! (containers-auth.json(5)), each with its credential helpers.

mod file;
mod helper;

use std::path::PathBuf;

use plimsoll_fetch::Secret;

use crate::environment::Environment;
use crate::error::Error;
use file::AuthFile;
use helper::Helpers;

/// What a registry is told about us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A user with a password.
    Password { user: String, password: Secret },
    /// A refresh token, which the token service turns into access tokens (OAuth 2).
    Identity(Secret),
    /// A bearer token that is sent as it is.
    Registry(Secret),
}

/// Where to look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    files: Vec<PathBuf>,
    helpers: Helpers,
}

impl Credentials {
    pub(crate) fn from_environment(environment: &Environment<'_>) -> Self {
        let helpers = Helpers::from_path(environment.var("PATH").as_deref());
        Self { files: files(environment), helpers }
    }

    /// The credential for the repository `path` at `host` (as in names: `docker.io`); the first
    /// file that has one wins. Files are read anew: a long-lived process sees a new login.
    pub(crate) fn find(&self, host: &str, path: &str) -> Result<Option<Credential>, Error> {
        for path_of_file in &self.files {
            let Some(file) = AuthFile::read(path_of_file)? else { continue };
            if let Some(found) = file.find(host, path, &self.helpers)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// The files in their documented order. `REGISTRY_AUTH_FILE` replaces them all.
fn files(environment: &Environment<'_>) -> Vec<PathBuf> {
    if let Some(named) = environment.var("REGISTRY_AUTH_FILE") {
        return vec![named.into()];
    }
    let runtime = environment.var("XDG_RUNTIME_DIR").map(PathBuf::from);
    // Where podman keeps it for users without a session, root among them.
    let runtime = runtime.map_or_else(
        || environment.system(&format!("run/containers/{}", environment.euid)),
        |runtime| runtime.join("containers"),
    );
    let docker = environment.var_or_home("DOCKER_CONFIG", ".docker");
    let config = environment.var_or_home("XDG_CONFIG_HOME", ".config");
    let config = config.map(|config| config.join("containers"));
    let podman = [Some(runtime), config].into_iter().flatten().map(|dir| dir.join("auth.json"));
    podman.chain(docker.map(|docker| docker.join("config.json"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_at_in_the_documented_order() {
        let check = |vars: &[(&str, &str)], expected: &[&str]| {
            let lookup = |name: &str| {
                let found = vars.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let environment = Environment {
                vars: &lookup,
                home: Some("/home/a".into()),
                root: "/".into(),
                euid: 1000,
            };
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(files(&environment), expected);
        };
        check(
            &[],
            &[
                "/run/containers/1000/auth.json",
                "/home/a/.config/containers/auth.json",
                "/home/a/.docker/config.json",
            ],
        );
        check(
            &[
                ("XDG_RUNTIME_DIR", "/run/user/1"),
                ("XDG_CONFIG_HOME", "/c"),
                ("DOCKER_CONFIG", "/d"),
            ],
            &["/run/user/1/containers/auth.json", "/c/containers/auth.json", "/d/config.json"],
        );
        check(&[("REGISTRY_AUTH_FILE", "/x.json"), ("DOCKER_CONFIG", "/d")], &["/x.json"]);
    }
}
