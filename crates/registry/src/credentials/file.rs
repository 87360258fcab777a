//! One auth.json or config.json.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use plimsoll_fetch::Secret;
use serde::Deserialize;

use super::Credential;
use super::helper::Helpers;
use crate::environment::read_small;
use crate::error::Error;
use crate::names::{DOCKER_HUB, DOCKER_HUB_KEY};

/// The file's content; keys of other programs are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthFile {
    #[serde(skip)]
    path: PathBuf,
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
    #[serde(default)]
    registrytoken: String,
}

/// Padding is often missing in files that people write by hand.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl AuthFile {
    /// Reads `path`; none if there is no such file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        read_small(path)?.map(|bytes| Self::parse(path, &bytes)).transpose()
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        // The message of the JSON error may quote the file, which holds passwords.
        let file: Self = serde_json::from_slice(bytes).map_err(|error| Error::BadFile {
            path: path.to_owned(),
            why: format!("line {} is not what such a file has there", error.line()),
        })?;
        Ok(Self { path: path.to_owned(), ..file })
    }

    /// The credential for the repository `path` at `host`. A helper for exactly this host comes
    /// first, then the file's store, then what the file itself holds.
    pub(super) fn find(
        &self,
        host: &str,
        path: &str,
        helpers: &Helpers,
    ) -> Result<Option<Credential>, Error> {
        let store = Some(self.creds_store.as_str()).filter(|store| !store.is_empty());
        let own = self.cred_helpers.iter().find(|(key, _)| hosts_equal(key, host));
        if let Some(helper) = own.map(|(_, helper)| helper.as_str()).or(store) {
            for server in server_names(host) {
                if let Some(found) = helpers.get(helper, server)? {
                    return Ok(Some(found));
                }
            }
        }
        match self.entry(host, path) {
            Some((key, entry)) => self.credential(key, entry),
            None => Ok(None),
        }
    }

    /// The entry with the longest key that covers the repository.
    fn entry(&self, host: &str, path: &str) -> Option<(&str, &Entry)> {
        let full = format!("{host}/{path}");
        let covering = self.auths.iter().filter(|(key, _)| {
            let rest = full.strip_prefix(key.as_str());
            hosts_equal(key, host)
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        // A key that is only another spelling of the host must not beat a key with a path.
        let length = |key: &str| if hosts_equal(key, host) { 0 } else { key.len() };
        covering.max_by_key(|(key, _)| length(key)).map(|(key, entry)| (key.as_str(), entry))
    }

    fn credential(&self, key: &str, entry: &Entry) -> Result<Option<Credential>, Error> {
        if !entry.identitytoken.is_empty() {
            return Ok(Some(Credential::Identity(Secret::new(&entry.identitytoken))));
        }
        if !entry.registrytoken.is_empty() {
            return Ok(Some(Credential::Registry(Secret::new(&entry.registrytoken))));
        }
        if entry.auth.is_empty() {
            let (user, password) = (entry.username.clone(), Secret::new(&entry.password));
            return Ok((!user.is_empty()).then_some(Credential::Password { user, password }));
        }
        let decoded =
            BASE64.decode(entry.auth.trim()).ok().and_then(|it| String::from_utf8(it).ok());
        match decoded.as_deref().and_then(|decoded| decoded.split_once(':')) {
            Some((user, password)) => Ok(Some(Credential::Password {
                user: user.to_owned(),
                // Old versions of docker padded with NUL.
                password: Secret::new(password.trim_end_matches('\0')),
            })),
            None => Err(Error::BadFile {
                path: self.path.clone(),
                why: format!("the auth of {key:?} is no user and password in base64"),
            }),
        }
    }
}

/// Whether a key names `host` as a whole: `host`, `https://host`, `https://host/v2/`, and the names
/// of Docker Hub.
fn hosts_equal(key: &str, host: &str) -> bool {
    let without_scheme = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let key_host = match without_scheme {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => key,
    };
    let is_hub = matches!(key_host, DOCKER_HUB | "index.docker.io" | "registry-1.docker.io");
    key_host == host || (host == DOCKER_HUB && is_hub)
}

/// What a helper may have stored the credentials of `host` under.
fn server_names(host: &str) -> impl Iterator<Item = &str> {
    let hub = (host == DOCKER_HUB).then_some(DOCKER_HUB_KEY);
    hub.into_iter().chain([host])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(json: &str, host: &str, path: &str) -> Option<Credential> {
        let file = AuthFile::parse(Path::new("auth.json"), json.as_bytes()).unwrap();
        file.find(host, path, &Helpers::default()).unwrap()
    }

    fn password(user: &str, password: &str) -> Option<Credential> {
        Some(Credential::Password { user: user.to_owned(), password: Secret::new(password) })
    }

    #[test]
    fn the_longest_key_that_covers_the_repository_wins() {
        // a:1, b:2, c:3, d:4 in base64.
        let json = r#"{"auths": {
            "r.example": {"auth": "YToxCg=="},
            "r.example/team": {"auth": "Yjoy"},
            "r.example/team/app": {"auth": "Yzoz"},
            "https://other.example/v2/": {"auth": "ZDo0"},
            "https://index.docker.io/v1/": {"username": "hub", "password": "p:w"},
            "empty.example": {}
        }}"#;
        let check = |host: &str, path: &str, expected: Option<Credential>| {
            assert_eq!(find(json, host, path), expected, "{host}/{path}");
        };
        check("r.example", "app", password("a", "1\n"));
        check("r.example", "team/app", password("c", "3"));
        check("r.example", "team/apps", password("b", "2"));
        check("r.example", "teams/app", password("a", "1\n"));
        check("other.example", "x", password("d", "4"));
        check("docker.io", "library/nginx", password("hub", "p:w"));
        check("index.docker.io.evil.example", "x", None);
        check("example", "r/x", None);
        check("empty.example", "x", None);
    }

    #[test]
    fn tokens_are_told_apart() {
        let json = r#"{"auths": {
            "a.example": {"auth": "YToxCg==", "identitytoken": "refresh"},
            "b.example": {"registrytoken": "access"}
        }, "HttpHeaders": {"x": "y"}}"#;
        let identity = Credential::Identity(Secret::new("refresh"));
        assert_eq!(find(json, "a.example", "x"), Some(identity));
        assert_eq!(find(json, "b.example", "x"), Some(Credential::Registry(Secret::new("access"))));
    }

    #[test]
    fn a_broken_file_is_named_without_its_secrets() {
        let error = |json: &str| {
            let file = AuthFile::parse(Path::new("auth.json"), json.as_bytes());
            let found = file.and_then(|file| file.find("r.example", "x", &Helpers::default()));
            found.unwrap_err().to_string()
        };
        let message = error("{\n\"auths\": \"hunter2\"}");
        assert_eq!(message, "auth.json cannot be used: line 2 is not what such a file has there");
        let message = error(r#"{"auths": {"r.example": {"auth": "aHVudGVyMg"}}}"#);
        assert_eq!(
            message,
            "auth.json cannot be used: the auth of \"r.example\" is no user and password in base64"
        );
    }
}
