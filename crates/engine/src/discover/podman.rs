//! Podman: `CONTAINER_HOST`, then its sockets, then its program.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::kind::Kind;
use crate::settings::Settings;

/// How Podman can be reached.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Podman {
    /// It listens.
    Listening(Endpoint),
    /// It listens nowhere, but this program can be made to.
    Program(PathBuf),
}

/// Finds Podman without asking it anything.
pub(crate) fn podman(settings: &Settings) -> Result<Podman, Error> {
    if let Some(address) = settings.var("CONTAINER_HOST") {
        let endpoint = Endpoint::parse(address, None).map_err(|why| Error::Address {
            origin: "CONTAINER_HOST".to_owned(),
            address: address.to_owned(),
            why,
        })?;
        return Ok(Podman::Listening(endpoint));
    }
    let sockets = sockets(settings);
    if let Some(path) = sockets.iter().find(|path| listens(path)) {
        return Ok(Podman::Listening(Endpoint::Unix(path.clone())));
    }
    if let Some(program) = program(settings) {
        return Ok(Podman::Program(program));
    }
    let mut looked_at: Vec<_> = sockets.iter().map(|path| path.display().to_string()).collect();
    looked_at.push("the program podman".to_owned());
    Err(Error::NotHere { kind: Kind::Podman, looked_at })
}

/// Images belong to the user who runs Podman, so a user never sees root's and root no user's.
fn sockets(settings: &Settings) -> Vec<PathBuf> {
    let mut sockets = Vec::new();
    sockets.extend(settings.runtime_dir().map(|dir| dir.join("podman/podman.sock")));
    if settings.euid == 0 {
        sockets.push(settings.root.join("run/podman/podman.sock"));
    }
    sockets
}

/// A service that ended leaves its socket behind, where nobody answers.
fn listens(path: &Path) -> bool {
    path.exists() && UnixStream::connect(path).is_ok()
}

fn program(settings: &Settings) -> Option<PathBuf> {
    let path = settings.var("PATH")?;
    let mut candidates =
        path.split(':').filter(|dir| dir.starts_with('/')).map(|dir| Path::new(dir).join("podman"));
    candidates.find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_live_socket_comes_before_the_program_and_a_dead_one_does_not() {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("bin");
        let runtime = root.path().join("runtime/podman");
        let vars = BTreeMap::from([
            ("PATH".to_owned(), format!("bin:{}", bin.display())),
            ("XDG_RUNTIME_DIR".to_owned(), root.path().join("runtime").display().to_string()),
        ]);
        let mut settings = Settings::new(vars, None, 1000);
        settings.root = root.path().to_owned();
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&runtime).unwrap();

        let error = podman(&settings).unwrap_err();
        assert!(error.is_not_here());
        let expected = format!(
            "podman does not run here (looked at {}/podman.sock, the program podman)",
            runtime.display()
        );
        assert_eq!(error.to_string(), expected);

        let socket = runtime.join("podman.sock");
        drop(UnixListener::bind(&socket).unwrap());
        fs::write(bin.join("podman"), "").unwrap();
        assert_eq!(podman(&settings).unwrap(), Podman::Program(bin.join("podman")));

        fs::remove_file(&socket).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(podman(&settings).unwrap(), Podman::Listening(Endpoint::Unix(socket)));

        settings.vars.insert("CONTAINER_HOST".to_owned(), "unix:///x.sock".to_owned());
        let expected = Podman::Listening(Endpoint::Unix("/x.sock".into()));
        assert_eq!(podman(&settings).unwrap(), expected);
    }
}
