//! A real registry of one test.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::layout::Layout;
use crate::running::Running;
use crate::skip::needs_programs;

/// Debian's docker-registry on a port of loopback.
#[derive(Debug)]
pub struct Registry {
    _running: Running,
    directory: TempDir,
    port: u16,
    access: Access,
}

/// How a registry is set up; plain http for everybody by default.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Who may use it.
    pub access: Access,
    /// Its certificate, for https.
    pub tls: Option<Tls>,
}

/// Who may use a registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    #[default]
    Anonymous,
    /// [`Registry::USER`] with [`Registry::PASSWORD`].
    Password,
}

/// All in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Of the server, for `127.0.0.1`.
    pub certificate: String,
    /// The certificate's key.
    pub key: String,
    /// Clients must have a certificate of this authority.
    pub client_authority: Option<String>,
}

impl Registry {
    /// The one user of a registry with passwords.
    pub const USER: &str = "tester";
    /// That user's password.
    pub const PASSWORD: &str = "secret";
    /// The line of the htpasswd file: the registry takes bcrypt only.
    const HTPASSWD: &str = "tester:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";

    /// Starts one; says that the test is skipped where it cannot be had.
    pub fn start(setup: &Setup) -> Option<Self> {
        if !needs_programs(&["docker-registry", "skopeo"]) {
            return None;
        }
        let directory = tempfile::Builder::new().prefix("plimsoll-registry-").tempdir().unwrap();
        let at = directory.path();
        let port = free_port();
        fs::write(at.join("config.yml"), config(at, port, setup)).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(at.join("config.yml"));
        let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        let running = Running::start(command, &at.join("log"), listens);
        Some(Self { _running: running, directory, port, access: setup.access })
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Pushes everything under a layout's tag `latest` as `name`, with its digests kept.
    pub fn push(&self, layout: &Layout, name: &str) {
        let source = tempfile::tempdir_in(self.directory.path()).unwrap();
        layout.write(source.path()).unwrap();
        self.push_from(&format!("oci:{}:latest", source.path().display()), name, &[]);
    }

    /// Pushes what skopeo finds at `source` (`docker-archive:FILE`, `oci:DIR:TAG`), with more
    /// options for it (`--dest-cert-dir=DIR`).
    pub fn push_from(&self, source: &str, name: &str, options: &[&str]) {
        let mut command = Command::new("skopeo");
        command.args(["copy", "--all", "--preserve-digests", "--dest-tls-verify=false"]);
        if self.access == Access::Password {
            command.arg(format!("--dest-creds={}:{}", Self::USER, Self::PASSWORD));
        }
        command.args(options);
        command.args([source, &format!("docker://{}/{name}", self.host())]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Where its blobs and tags lie, to be damaged.
    pub fn storage(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

fn config(at: &Path, port: u16, setup: &Setup) -> String {
    let file = |name: &str, text: &str| {
        let path = at.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut config = format!(
        "version: 0.1\n\
         log: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
         http:\n  addr: 127.0.0.1:{port}\n",
        at.join("data").display()
    );
    if let Some(tls) = &setup.tls {
        let certificate = file("certificate.pem", &tls.certificate);
        let key = file("key.pem", &tls.key);
        write!(config, "  tls:\n    certificate: {certificate}\n    key: {key}\n").unwrap();
        if let Some(authority) = &tls.client_authority {
            writeln!(config, "    clientcas: [{}]", file("clients.pem", authority)).unwrap();
        }
    }
    if setup.access == Access::Password {
        let path = file("htpasswd", Registry::HTPASSWD);
        writeln!(config, "auth: {{htpasswd: {{realm: test, path: {path}}}}}").unwrap();
    }
    config
}

/// A port that nobody listened on a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
