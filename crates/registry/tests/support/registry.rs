//! The real registry (Debian's docker-registry), one per test, with what skopeo pushed into it.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it and uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::fmt::Write;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// Whether the programs are installed; says so if not.
pub fn is_available() -> bool {
    let found = |program| Command::new(program).arg("--version").output().is_ok();
    let available = found("docker-registry") && found("skopeo");
    if !available {
        println!("skipped: needs docker-registry and skopeo");
    }
    available
}

/// How a registry is set up.
#[derive(Default)]
pub struct Setup<'a> {
    /// Certificate, key, and the authority for client certificates, in PEM.
    pub tls: Option<(&'a str, &'a str, Option<&'a str>)>,
    /// A line of an htpasswd file.
    pub htpasswd: Option<&'a str>,
}

/// A running registry; it ends with the test.
pub struct Registry {
    process: Child,
    directory: TempDir,
    pub port: u16,
}

impl Registry {
    pub fn start(setup: &Setup<'_>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http:\n  addr: 127.0.0.1:{port}\n",
            at.join("data").display()
        );
        if let Some((certificate, key, clients)) = setup.tls {
            let file = |name: &str, text: &str| {
                std::fs::write(at.join(name), text).unwrap();
                at.join(name).display().to_string()
            };
            let (certificate, key) = (file("cert.pem", certificate), file("key.pem", key));
            write!(config, "  tls:\n    certificate: {certificate}\n    key: {key}\n").unwrap();
            if let Some(clients) = clients {
                let clients = file("clients.pem", clients);
                writeln!(config, "    clientcas: [{clients}]").unwrap();
            }
        }
        if let Some(line) = setup.htpasswd {
            let path = at.join("htpasswd");
            std::fs::write(&path, line).unwrap();
            let path = path.display();
            writeln!(config, "auth: {{htpasswd: {{realm: test, path: {path}}}}}").unwrap();
        }
        std::fs::write(at.join("config.yml"), config).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(at.join("config.yml"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(at.join("log")).unwrap())
            .spawn()
            .unwrap();
        let registry = Self { process, directory, port };
        registry.wait();
        registry
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.directory.path().join("log")).unwrap();
            assert!(Instant::now() < deadline, "docker-registry does not listen: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Pushes `source`, in skopeo's words, as `name`.
    pub fn push(&self, source: &str, name: &str, options: &[&str]) {
        let output = Command::new("skopeo")
            .args(["copy", "--all", "--preserve-digests", "--dest-tls-verify=false"])
            .args(options)
            .args([source, &format!("docker://{}/{name}", self.host())])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Pushes a layout made by `Layout`.
    pub fn push_layout(&self, layout: &Layout, name: &str) {
        self.push(&format!("oci:{}:image", layout.path().display()), name, &[]);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A blob as a descriptor has it.
#[derive(Clone, Debug)]
pub struct Stored {
    pub digest: Digest,
    pub bytes: Vec<u8>,
}

impl Stored {
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn descriptor(&self, media_type: &str, extra: &str) -> String {
        let (digest, size) = (&self.digest, self.size());
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}{extra}}}"#)
    }
}

/// An OCI layout with one image, or an index of one image per architecture, made in code.
pub struct Layout {
    directory: TempDir,
    /// What the tag leads to.
    pub top: Stored,
    /// The manifests with their config and layer.
    pub images: Vec<(Stored, Stored, Stored)>,
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Layout {
    /// One image whose layer has about `bytes` bytes.
    pub fn image(bytes: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = build(directory.path(), "amd64", bytes);
        Self::finish(directory, image.0.clone(), MANIFEST, vec![image])
    }

    /// An index with one small image per architecture.
    pub fn index(architectures: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let images: Vec<_> =
            architectures.iter().map(|name| build(directory.path(), name, 100)).collect();
        let entries = images.iter().zip(architectures).map(|(image, architecture)| {
            let platform =
                format!(r#","platform":{{"os":"linux","architecture":"{architecture}"}}"#);
            image.0.descriptor(MANIFEST, &platform)
        });
        let entries = entries.collect::<Vec<_>>().join(",");
        let index =
            format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{entries}]}}"#);
        let index = store(directory.path(), index.into_bytes());
        Self::finish(directory, index, INDEX, images)
    }

    fn finish(
        directory: TempDir,
        top: Stored,
        media_type: &str,
        images: Vec<(Stored, Stored, Stored)>,
    ) -> Self {
        let tag = r#","annotations":{"org.opencontainers.image.ref.name":"image"}"#;
        let entry = top.descriptor(media_type, tag);
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{entry}]}}"#);
        std::fs::write(directory.path().join("index.json"), index).unwrap();
        let version = r#"{"imageLayoutVersion":"1.0.0"}"#;
        std::fs::write(directory.path().join("oci-layout"), version).unwrap();
        Self { directory, top, images }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Manifest, config, layer.
fn build(directory: &Path, architecture: &str, bytes: usize) -> (Stored, Stored, Stored) {
    // Numbers of a linear congruence do not compress well, so the blob stays large.
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let content: Vec<u8> = architecture.bytes().chain((0..bytes).map(|_| next())).collect();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&content).unwrap();
    let layer = store(directory, gzip.finish().unwrap());
    let diff_id = digest(&content);
    let config = format!(
        r#"{{"os":"linux","architecture":"{architecture}","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}}}}"#
    );
    let config = store(directory, config.into_bytes());
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}]}}"#,
        config.descriptor("application/vnd.oci.image.config.v1+json", ""),
        layer.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "")
    );
    (store(directory, manifest.into_bytes()), config, layer)
}

fn store(directory: &Path, bytes: Vec<u8>) -> Stored {
    let digest = digest(&bytes);
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join(digest.hex()), &bytes).unwrap();
    Stored { digest, bytes }
}

/// The sha256 of `bytes`.
pub fn digest(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}
