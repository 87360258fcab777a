//! An engine's image: exported once, and not at all when its layers are known.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plimsoll_image::PlatformChoice;
use plimsoll_inventory::{Cache, Error};

use crate::support::{chain, gzip, names, open_with, read_with, sha256, status, tar_of};

/// Answers as Docker or Podman does, for one image.
struct FakeEngine {
    host: String,
    exports: Arc<AtomicUsize>,
}

/// What an engine is known by.
#[derive(Clone, Copy)]
enum Kind {
    Docker,
    /// On Docker's socket, and the digest of the image's manifest ends so.
    Podman(char),
}

impl FakeEngine {
    /// The layers as the engine names them, and as the export has them.
    fn start(kind: Kind, promised: &[Vec<u8>], exported: &[Vec<u8>]) -> Self {
        let diff_ids: Vec<String> = promised.iter().map(|layer| sha256(layer)).collect();
        let config = serde_json::json!({"architecture": "amd64", "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        .to_string();
        let id = sha256(config.as_bytes());
        let names: Vec<String> = exported
            .iter()
            .map(|layer| sha256(layer).replace("sha256:", "blobs/sha256/"))
            .collect();
        let manifest =
            serde_json::json!([{"Config": "config.json", "RepoTags": ["shop:1"], "Layers": names}])
                .to_string();
        let mut files: Vec<(&str, &[u8])> = vec![("config.json", config.as_bytes())];
        files.extend(
            names.iter().zip(exported).map(|(name, layer)| (name.as_str(), layer.as_slice())),
        );
        files.push(("manifest.json", manifest.as_bytes()));
        let archive = tar_of(&files);
        let (header, repo_digests) = match kind {
            Kind::Docker => ("", vec![]),
            Kind::Podman(manifest) => {
                let digest = manifest.to_string().repeat(64);
                ("Libpod-API-Version: 5.0.0\r\n", vec![format!("shop@sha256:{digest}")])
            }
        };
        let image = serde_json::json!({"Id": id, "RepoTags": ["shop:1"], "RepoDigests": repo_digests,
            "Os": "linux", "Architecture": "amd64", "RootFS": {"Type": "layers", "Layers": diff_ids}})
        .to_string();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        let exports = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&exports);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let path = request_path(&stream);
                let body: &[u8] = match path.rsplit('/').next().unwrap() {
                    "_ping" => b"OK",
                    "get" => {
                        counter.fetch_add(1, Ordering::SeqCst);
                        &archive
                    }
                    "json" => image.as_bytes(),
                    _ => b"[]",
                };
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n{header}\r\n"
                );
                // The client may have read enough.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
            }
        });
        Self { host, exports }
    }

    fn open(&self) -> plimsoll_image::Opened {
        let vars = [("DOCKER_HOST".to_owned(), self.host.clone())].into();
        let platform = PlatformChoice::Host("linux/amd64".parse().unwrap());
        open_with("docker:shop:1", platform, vars).unwrap()
    }

    fn exports(&self) -> usize {
        self.exports.load(Ordering::SeqCst)
    }
}

fn request_path(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    lines.find(String::is_empty);
    first.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn layers() -> Vec<Vec<u8>> {
    vec![
        tar_of(&[("var/lib/dpkg/status", status(&["a 1"]).as_bytes())]),
        tar_of(&[("data/packages", status(&["a 1", "b 1"]).as_bytes())]),
    ]
}

#[test]
fn nothing_is_exported_when_all_layers_are_known() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let docker = FakeEngine::start(Kind::Docker, &layers(), &layers());
    for exports in [1, 1] {
        let inventory = &read_with(docker.open(), Some(&cache), &|_| {}).unwrap()[0];
        assert_eq!(names(inventory), ["a 1"]);
        assert_eq!(inventory.image.source, "docker");
        assert_eq!(docker.exports(), exports);
    }
    // One layer more: the known ones are passed over. A link in it leads to a file of one of them,
    // for which the engine is asked again.
    let mut more = layers();
    more.push(tar_of(&[("var/lib/dpkg/status", b"->/data/packages")]));
    let docker = FakeEngine::start(Kind::Docker, &more, &more);
    let inventory = &read_with(docker.open(), Some(&cache), &|_| {}).unwrap()[0];
    assert_eq!(names(inventory), ["a 1", "b 1"]);
    assert_eq!((docker.exports(), inventory.notes.len()), (2, 1));
    let inventory = &read_with(docker.open(), Some(&cache), &|_| {}).unwrap()[0];
    assert_eq!((names(inventory).len(), docker.exports()), (2, 2));
}

#[test]
fn an_export_without_a_promised_layer_is_an_error() {
    let other = vec![layers().remove(0), tar_of(&[("x", b"")])];
    let docker = FakeEngine::start(Kind::Docker, &layers(), &other);
    let error = chain(&read_with(docker.open(), None, &|_| {}).unwrap_err());
    assert!(error.contains(&sha256(&layers()[1])), "{error}");
}

#[test]
fn podmans_image_is_believed_only_after_an_export_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    // An empty layer twice, as builds leave them: it is in the export once.
    let mut clean = layers();
    clean.extend([tar_of(&[]), tar_of(&[])]);
    let scan = |podman: &FakeEngine, expected: usize| {
        let inventory = &read_with(podman.open(), Some(&cache), &|_| {}).unwrap()[0];
        assert_eq!((names(inventory), podman.exports()), (vec!["a 1".to_owned()], expected));
    };
    // The facts of all layers are known, but not that this image has these layers.
    let docker = FakeEngine::start(Kind::Docker, &clean, &clean);
    scan(&docker, 1);
    let podman = FakeEngine::start(Kind::Podman('1'), &clean, &clean);
    scan(&podman, 1);
    scan(&podman, 1);
    // Facts that were pruned are read again.
    std::fs::remove_dir_all(directory.path().join("facts")).unwrap();
    scan(&podman, 2);
    scan(&podman, 2);
}

#[test]
fn an_image_that_claims_the_layers_of_another_is_found_out() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::new(directory.path().to_owned());
    let clean = FakeEngine::start(Kind::Podman('1'), &layers(), &layers());
    read_with(clean.open(), Some(&cache), &|_| {}).unwrap();
    let hostile = tar_of(&[("var/lib/dpkg/status", status(&["evil 1"]).as_bytes())]);
    let swapped = layers().into_iter().rev().collect();
    for exported in [vec![hostile, layers().remove(1)], swapped] {
        let (actual, claimed) = (sha256(&exported[0]), sha256(&layers()[0]));
        // The same configuration, and so the same id.
        let podman = FakeEngine::start(Kind::Podman('2'), &layers(), &exported);
        for exports in [1, 2] {
            let error = chain(&read_with(podman.open(), Some(&cache), &|_| {}).unwrap_err());
            let expected = format!("has diff_id {actual}, its configuration claims {claimed}");
            assert!(error.contains(&expected), "{error}");
            assert_eq!(podman.exports(), exports);
        }
    }
}

#[test]
fn a_broken_layer_of_an_export_is_named_with_what_is_wrong() {
    let mut broken = layers();
    let whole = gzip(&broken[1]);
    broken[1] = whole[..whole.len() - 9].to_vec();
    let docker = FakeEngine::start(Kind::Docker, &layers(), &broken);
    let error = read_with(docker.open(), None, &|_| {}).unwrap_err();
    assert!(matches!(&error, Error::Layer { layer, .. } if *layer == sha256(&layers()[1])));
    assert!(chain(&error).len() > error.to_string().len() + 2, "{error}");
}
