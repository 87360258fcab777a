//! The real registry (Debian's docker-registry), one per test, with what skopeo pushed into it.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it and uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail the test"
)]

use std::fmt::Write;
use std::io::{Read as _, Write as _};
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

    /// Puts a layout there byte for byte: skopeo takes an index apart and loses what it does not know.
    pub fn put_layout(&self, layout: &Layout, repository: &str, tag: &str) {
        let mut manifests = Vec::new();
        for file in std::fs::read_dir(layout.path().join("blobs/sha256")).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let digest = digest(&bytes);
            let uploads = format!("/v2/{repository}/blobs/uploads/");
            let (_, location) = self.send("POST", &uploads, "application/octet-stream", b"");
            let location = location.unwrap();
            let target = location.split_once(&self.host()).map_or(&*location, |(_, path)| path);
            let target = format!("{target}&digest={digest}");
            assert_eq!(self.send("PUT", &target, "application/octet-stream", &bytes).0, 201);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for media_type in [MANIFEST, INDEX] {
                if text.starts_with(&format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}""#)) {
                    manifests.push((
                        media_type == INDEX,
                        media_type,
                        digest.clone(),
                        bytes.clone(),
                    ));
                }
            }
        }
        // The registry wants the members of an index first.
        manifests.sort_by_key(|manifest| manifest.0);
        for (_, media_type, digest, bytes) in manifests {
            let reference =
                if digest == layout.top.digest { tag.to_owned() } else { digest.to_string() };
            let target = format!("/v2/{repository}/manifests/{reference}");
            assert_eq!(self.send("PUT", &target, media_type, &bytes).0, 201, "{target}");
        }
    }

    /// Status and `Location` of a request.
    fn send(
        &self,
        method: &str,
        target: &str,
        media_type: &str,
        body: &[u8],
    ) -> (u16, Option<String>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (host, length) = (self.host(), body.len());
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
        (status, location.map(str::to_owned))
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

    /// An index of one image and, as BuildKit keeps it, the manifest of a statement about it.
    pub fn attested(statement: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = build(directory.path(), "amd64", 100);
        let statement = store(directory.path(), statement.as_bytes().to_vec());
        let config = store(directory.path(), b"{}".to_vec());
        let predicate =
            r#","annotations":{"in-toto.io/predicate-type":"https://slsa.dev/provenance/v1"}"#;
        let other = r#","annotations":{"in-toto.io/predicate-type":"https://spdx.dev/Document"}"#;
        let in_toto = "application/vnd.in-toto+json";
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{},{}]}}"#,
            config.descriptor("application/vnd.oci.image.config.v1+json", ""),
            config.descriptor(in_toto, other),
            statement.descriptor(in_toto, predicate),
        );
        let manifest = store(directory.path(), manifest.into_bytes());
        let subject = &image.0.digest;
        let reference = format!(
            r#","artifactType":"{in_toto}","platform":{{"os":"unknown","architecture":"unknown"}},"annotations":{{
                "vnd.docker.reference.type":"attestation-manifest","vnd.docker.reference.digest":"{subject}"}}"#
        );
        let platform = r#","platform":{"os":"linux","architecture":"amd64"}"#;
        let entries =
            [image.0.descriptor(MANIFEST, platform), manifest.descriptor(MANIFEST, &reference)];
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]}}"#,
            entries.join(",")
        );
        let index = store(directory.path(), index.into_bytes());
        Self::finish(directory, index, INDEX, vec![image])
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
