//! A real registry, filled over its own API.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_image::{Context, Error, KnownBy, Opened, PlatformChoice, open};
use tempfile::TempDir;

use crate::metadata;
use crate::support::layout::{CONFIG, INDEX, LAYER, MANIFEST, on};
use crate::support::{
    Layout, context, gzip, host, image_config, layer, one, read_in, sha256, text,
};

/// A registry of its own, ended and removed with its images.
struct Registry {
    process: Child,
    dir: TempDir,
    host: String,
}

impl Registry {
    fn start() -> Option<Self> {
        let path = std::env::var("PATH").unwrap_or_default();
        if !path.split(':').any(|dir| Path::new(dir).join("docker-registry").is_file()) {
            println!("skipped: needs docker-registry");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: \"{host}\"}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}}}\n\
             validation: {{disabled: true}}\n",
            dir.path().join("data").display()
        );
        fs::write(dir.path().join("config.yml"), config).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(dir.path().join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { process, dir, host };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&registry.host).is_err() {
            assert!(Instant::now() < deadline, "the registry does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(registry)
    }

    /// Sends every blob, then the manifests: those named by digest, the last one as a tag.
    fn push(&self, layout: &Layout, manifests: &[(&str, &str)], tag: &str) {
        for (path, content) in layout.files.iter().filter(|(path, _)| path.starts_with("blobs/")) {
            let digest = path.replace("blobs/sha256/", "sha256:");
            let location = self.send("POST", "/v2/shop/blobs/uploads/", "", b"");
            let location = location
                .lines()
                .find_map(|line| line.strip_prefix("Location: "))
                .and_then(|url| Some(url.split_once(&self.host)?.1.trim().to_owned()))
                .unwrap();
            self.send("PUT", &format!("{location}&digest={digest}"), "", content);
        }
        for (at, (descriptor, media_type)) in manifests.iter().enumerate() {
            let digest = descriptor.split('"').find(|part| part.starts_with("sha256:")).unwrap();
            let content = &layout.files[&digest.replace("sha256:", "blobs/sha256/")];
            let name = if at + 1 == manifests.len() { tag } else { digest };
            self.send("PUT", &format!("/v2/shop/manifests/{name}"), media_type, content);
        }
    }

    fn send(&self, method: &str, path: &str, media_type: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        answer
    }

    fn context(&self, platform: PlatformChoice) -> Context {
        let mut ctx = context(platform);
        ctx.registry = Arc::new(|| {
            let fetch = plimsoll_fetch::Client::new(plimsoll_fetch::Settings::default())?;
            Ok(plimsoll_registry::Client::new(plimsoll_registry::Config::default(), fetch))
        });
        ctx
    }

    fn read(&self, reference: &str, platform: PlatformChoice) -> Result<Vec<String>, String> {
        let answer = read_in(&reference.replace("HOST", &self.host), &self.context(platform));
        answer.map_err(|error| error.replace(&self.host, "HOST"))
    }

    /// Changes a blob behind the registry's back.
    fn blob_path(&self, digest: &str) -> std::path::PathBuf {
        let hex = digest.trim_start_matches("sha256:");
        let blobs = self.dir.path().join("data/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_name_leads_to_the_wanted_platform_and_its_layers() {
    let Some(registry) = Registry::start() else { return };
    let mut layout = Layout::default();
    let base = layer("base");
    let amd = layout.image("linux/amd64", &[&base, &layer("amd")], &on("linux/amd64"));
    let arm = layout.image("linux/arm64", &[&base, &layer("arm")], &on("linux/arm64"));
    let index = layout.index(&[amd.clone(), arm.clone()], "");
    let digest = index.split('"').find(|part| part.starts_with("sha256:")).unwrap().to_owned();
    let manifests = [(amd.as_str(), MANIFEST), (&arm, MANIFEST), (&index, INDEX)];
    registry.push(&layout, &manifests, "1.4");
    let amd_line = "registry linux/amd64 base | amd".to_owned();
    let arm_line = "registry linux/arm64 base | arm".to_owned();
    for reference in [
        "HOST/shop:1.4".to_owned(),
        "registry:HOST/shop:1.4".to_owned(),
        "docker://HOST/shop:1.4".to_owned(),
        format!("HOST/shop@{digest}"),
    ] {
        assert_eq!(registry.read(&reference, host()), Ok(vec![amd_line.clone()]), "{reference}");
    }
    let arm = registry.read("HOST/shop:1.4", one("linux/arm64"));
    assert_eq!(arm, Ok(vec![arm_line.clone()]));
    let all = registry.read("HOST/shop:1.4", PlatformChoice::All);
    assert_eq!(all, Ok(vec![amd_line, arm_line]));
    let error = "HOST/shop has no image for linux/s390x, only for linux/amd64, linux/arm64\n\
                 hint: --platform linux/amd64, or --platform all";
    assert_eq!(registry.read("HOST/shop:1.4", one("linux/s390x")), Err(error.to_owned()));

    let reference = format!("{}/shop:1.4", registry.host).parse().unwrap();
    let Opened::Images(images) = open(&reference, &registry.context(host())).unwrap() else {
        panic!("no images")
    };
    let layer = &images[0].layers[0];
    assert_eq!(layer.known_by, KnownBy::Digest(sha256(&gzip(&base))));
    assert_eq!(images[0].warnings, Vec::<String>::new());
    fs::remove_file(registry.blob_path(&layer.name())).unwrap();
    let error = layer.open().err().unwrap();
    assert!(error.is_not_found(), "{error}");
}

#[test]
fn a_registry_says_all_that_the_documents_do() {
    let Some(registry) = Registry::start() else { return };
    let (layout, digests) = metadata::annotated();
    let kind = |content: &[u8]| match content {
        content if content.starts_with(b"{\"schemaVersion\":2") => {
            let text = str::from_utf8(content).unwrap();
            Some(if text.contains("\"manifests\"") { INDEX } else { MANIFEST })
        }
        _ => None,
    };
    let blobs = layout.files.iter().filter(|(path, _)| path.starts_with("blobs/"));
    let mut manifests: Vec<(String, &str)> = blobs
        .filter_map(|(path, content)| {
            let descriptor = format!("\"{}\"", path.replace("blobs/sha256/", "sha256:"));
            Some((descriptor, kind(content)?))
        })
        .collect();
    manifests.sort_by_key(|(_, kind)| *kind == INDEX);
    let manifests: Vec<_> = manifests.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    registry.push(&layout, &manifests, "1.4");
    let name = format!("{}/shop:1.4", registry.host);
    let opened = open(&name.parse().unwrap(), &registry.context(host())).unwrap();
    let Opened::Images(images) = opened else { panic!("no images") };
    metadata::check(&images[0].metadata, &digests, std::slice::from_ref(&name));
    let repo_digest = format!("{}/shop@{}", registry.host, digests[0]);
    assert_eq!(images[0].metadata.repo_digests, [repo_digest]);
}

#[test]
fn what_a_registry_does_not_have_or_has_wrong_is_an_error() {
    let Some(registry) = Registry::start() else { return };
    let (there, away) = (layer("there"), layer("away"));
    let mut layout = Layout::default();
    let config = image_config("linux/arm64", &[&there, &away]);
    let config = layout.describe(CONFIG, config.as_bytes(), "");
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let layers =
        [layout.describe(LAYER, &gzip(&there), ""), layout.describe(foreign, &gzip(&away), "")];
    let image = layout.manifest(&config, &layers, "");
    registry.push(&layout, &[(&image, MANIFEST)], "latest");
    fs::remove_file(registry.blob_path(&sha256(&gzip(&away)).to_string())).unwrap();

    let only = Ok(vec!["registry linux/arm64 there | foreign".to_owned()]);
    assert_eq!(registry.read("HOST/shop", host()), only);
    let error = registry.read("HOST/shop", one("linux/amd64")).unwrap_err();
    assert!(error.starts_with("HOST/shop has no image for linux/amd64, only for linux/arm64"));
    let error = registry.read("HOST/none:1", host()).unwrap_err();
    assert!(error.starts_with("found nothing named HOST/none:1: path: no such file"), "{error}");
    assert!(error.contains("; registry: HOST has no none:1"), "{error}");
    let error = registry.read("registry:HOST/none:1", host()).unwrap_err();
    assert!(error.starts_with("HOST has no none:1"), "{error}");
    let error = registry.read("registry:Not A Name", host()).unwrap_err();
    assert!(error.starts_with("\"Not A Name\" is not an image reference"), "{error}");

    let digest = config.split('"').find(|part| part.starts_with("sha256:")).unwrap();
    let path = registry.blob_path(digest);
    let mut content = fs::read(&path).unwrap();
    content[3] ^= 1;
    fs::write(&path, content).unwrap();
    let error = registry.read("HOST/shop", host()).unwrap_err();
    assert!(error.contains(digest), "{error}");
}

#[test]
fn what_looks_like_a_tag_behind_registry_was_perhaps_an_image() {
    let Some(registry) = Registry::start() else { return };
    let root = registry.dir.path().join("root");
    fs::create_dir_all(root.join("etc/containers")).unwrap();
    let search = format!("unqualified-search-registries = [\"{}\"]\n", registry.host);
    fs::write(root.join("etc/containers/registries.conf"), search).unwrap();
    let mut ctx = context(host());
    ctx.registry = Arc::new(move || {
        let environment = plimsoll_registry::Environment {
            vars: &|_| None,
            home: None,
            root: root.clone(),
            euid: 0,
        };
        let config = plimsoll_registry::Config::from_environment(&environment)?;
        let fetch = plimsoll_fetch::Client::new(plimsoll_fetch::Settings::default())?;
        Ok(plimsoll_registry::Client::new(config, fetch))
    });
    let error = open(&"registry:2".parse().unwrap(), &ctx).err().unwrap();
    assert!(error.is_not_found());
    let text = text(&error).replace(&registry.host, "HOST");
    assert!(
        text.starts_with("found nothing named registry:2: registry: HOST has no 2:latest"),
        "{text}"
    );
    assert!(
        text.ends_with("\nhint: the image registry:2 of a registry is named registry:registry:2"),
        "{text}"
    );
    let error = open(&"registry:shop:9".parse().unwrap(), &ctx).err().unwrap();
    assert!(matches!(error, Error::Registry(_)), "{error}");
}
