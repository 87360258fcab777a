//! Credential helpers: `docker-credential-NAME get`, the server on its input, JSON on its output.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_fetch::Secret;
use serde::Deserialize;

use super::Credential;
use crate::error::Error;

/// A helper may ask a key ring or a cloud; one that takes longer waits for a person who is not here.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer that is read; tokens of clouds have a few kilobytes.
const MAX_ANSWER_BYTES: u64 = 64 << 10;
/// What the protocol says when there is nothing stored.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user name that marks the secret as an identity token.
const TOKEN_USER: &str = "<token>";

/// The programs that can be asked: those in the directories of `PATH`.
#[derive(Clone, Debug, Default)]
pub(super) struct Helpers {
    directories: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

impl Helpers {
    /// Absolute directories only: a helper must not come from wherever we happen to stand.
    pub(super) fn from_path(path: Option<&str>) -> Self {
        let directories = std::env::split_paths(path.unwrap_or_default());
        Self { directories: directories.filter(|directory| directory.is_absolute()).collect() }
    }

    /// Asks `helper` for the credential of `server`; none if it has none.
    pub(super) fn get(&self, helper: &str, server: &str) -> Result<Option<Credential>, Error> {
        let error = |why: &str| Error::Helper { helper: helper.to_owned(), why: why.to_owned() };
        if !is_bare_name(helper) {
            return Err(error("the name has characters that no helper has"));
        }
        let program = OsString::from(format!("docker-credential-{helper}"));
        let program = self.directories.iter().map(|directory| directory.join(&program));
        let program = program.into_iter().find(|path| path.is_file());
        let program = program.ok_or_else(|| error("there is no such program in PATH"))?;
        let answer = ask(&program, server).map_err(|why| error(&why))?;
        if answer.succeeded {
            let Answer { username, secret } = serde_json::from_slice(&answer.output)
                .map_err(|_| error("its answer is not the JSON of a credential"))?;
            return Ok(Some(credential(username, secret)));
        }
        let message = String::from_utf8_lossy(&answer.output);
        match message.trim() {
            NOT_FOUND => Ok(None),
            message => Err(error(&printable(message))),
        }
    }
}

fn credential(user: String, secret: String) -> Credential {
    let secret = Secret::new(secret);
    if user == TOKEN_USER {
        return Credential::Identity(secret);
    }
    Credential::Password { user, password: secret }
}

/// Trust rule 9: helper programs by bare name.
fn is_bare_name(helper: &str) -> bool {
    !helper.is_empty() && helper.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

struct Output {
    succeeded: bool,
    output: Vec<u8>,
}

fn ask(program: &Path, server: &str) -> Result<Output, String> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let outcome = talk(&mut child, server);
    if outcome.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

fn talk(child: &mut Child, server: &str) -> Result<Output, String> {
    let deadline = Instant::now() + TIMEOUT;
    let too_late = || format!("no answer within {} s", TIMEOUT.as_secs());
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not want its input says why on its output.
        let _ = input.write_all(server.as_bytes());
    }
    let output = child.stdout.take().ok_or("it has no output")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes);
        // Nobody listens any more when the time is over.
        let _ = sender.send(read.map(|_| bytes));
    });
    let output = receiver.recv_timeout(TIMEOUT).map_err(|_| too_late())?;
    let output = output.map_err(|error| error.to_string())?;
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => return Ok(Output { succeeded: status.success(), output }),
            None if Instant::now() >= deadline => return Err(too_late()),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// The first line of a helper's message, without control characters.
fn printable(message: &str) -> String {
    let line = message.lines().next().unwrap_or("it says nothing");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A directory with a helper called `test` that runs `script`.
    fn helpers(script: &str) -> (tempfile::TempDir, Helpers) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docker-credential-test");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let helpers = Helpers::from_path(directory.path().to_str());
        (directory, helpers)
    }

    #[test]
    fn a_helper_is_asked_for_the_server() {
        let script = r#"read -r server; [ "$1" = get ] && [ "$server" = r.example ] || exit 1
            echo '{"ServerURL": "r.example", "Username": "a", "Secret": "b"}'"#;
        let (_directory, helpers) = helpers(script);
        let expected = Credential::Password { user: "a".to_owned(), password: Secret::new("b") };
        assert_eq!(helpers.get("test", "r.example").unwrap(), Some(expected));
        assert!(helpers.get("test", "other.example").is_err());
    }

    #[test]
    fn identity_tokens_and_missing_credentials_are_understood() {
        let (_directory, token) = helpers(r#"echo '{"Username": "<token>", "Secret": "t"}'"#);
        let expected = Credential::Identity(Secret::new("t"));
        assert_eq!(token.get("test", "x").unwrap(), Some(expected));
        let (_directory, none) = helpers(&format!("echo '{NOT_FOUND}'; exit 1"));
        assert_eq!(none.get("test", "x").unwrap(), None);
    }

    #[test]
    fn what_fails_is_named() {
        let check = |script: &str, helper: &str, expected: &str| {
            let (_directory, helpers) = helpers(script);
            assert_eq!(helpers.get(helper, "x").unwrap_err().to_string(), expected);
        };
        check(
            "exit 0",
            "test",
            "docker-credential-test failed: its answer is not the JSON of a credential",
        );
        check("echo locked; exit 1", "test", "docker-credential-test failed: locked");
        check("exit 1", "test", "docker-credential-test failed: it says nothing");
        check("", "other", "docker-credential-other failed: there is no such program in PATH");
        for name in ["../test", "a/b", "a b", "", "x;y"] {
            let expected = format!(
                "docker-credential-{name} failed: the name has characters that no helper has"
            );
            check("", name, &expected);
        }
    }

    #[test]
    fn relative_directories_are_not_searched() {
        assert!(Helpers::from_path(Some("bin:.::")).directories.is_empty());
    }
}
