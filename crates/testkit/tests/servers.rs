//! The real registry and engines, and the proxy before them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use plimsoll_testkit::{
    Access, Docker, DockerArchive, Entry, Fault, FaultProxy, Image, Layer, Layout, Podman,
    Registry, Setup, Tls, needs_programs,
};

fn image() -> Image {
    Image::new([Layer::new(&[Entry::file("etc/shop", "1.4")])])
}

/// Status, head and body of an answer.
fn get(host: &str, target: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head, answer[end + 4..].to_vec())
}

#[test]
fn the_proxy_breaks_what_it_was_told_to_and_nothing_else() {
    let Some(registry) = Registry::start(&Setup::default()) else { return };
    let image = image();
    registry.push(&Layout::of(&image), "shop:1.4");
    let proxy = FaultProxy::start(&registry.host());
    let layer = &image.layers[0];
    let bytes = layer.bytes().unwrap();
    let target = format!("/v2/shop/blobs/{}", layer.blob.digest);
    proxy
        .on("/blobs/", 1, Fault::Status(429, vec![("retry-after", "1".to_owned())]))
        .on("/blobs/", 1, Fault::CutAfter(10))
        .on("/blobs/", 1, Fault::Flip(3))
        .on("/blobs/", 1, Fault::Length(7))
        .on("/blobs/", 1, Fault::Body(b"other".to_vec()))
        .on("/blobs/", 1, Fault::Delay(Duration::from_millis(50)));

    let (status, head, body) = get(&proxy.host(), &target, "");
    assert!((status, body.len()) == (429, 0) && head.contains("retry-after: 1"), "{head}");
    let (status, head, body) = get(&proxy.host(), &target, "");
    assert!(head.contains(&format!("content-length: {}", bytes.len())), "{head}");
    assert_eq!((status, body), (200, bytes[..10].to_vec()));
    let mut flipped = bytes.clone();
    flipped[3] ^= 1;
    assert_eq!(get(&proxy.host(), &target, "").2, flipped);
    let (_, head, body) = get(&proxy.host(), &target, "");
    assert!(head.contains(&format!("content-length: {}", bytes.len() + 7)), "{head}");
    assert_eq!(body, bytes);
    assert_eq!(get(&proxy.host(), &target, "").2, b"other");
    let start = Instant::now();
    assert_eq!(get(&proxy.host(), &target, "").2, bytes);
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(get(&proxy.host(), &target, "").2, bytes);
    assert_eq!(get(&proxy.host(), "/v2/", "").0, 200);
    assert_eq!(proxy.received("/blobs/").len(), 7);
    assert_eq!(proxy.received("/v2/").len(), 8);
}

#[test]
fn a_registry_with_passwords_wants_one() {
    let setup = Setup { access: Access::Password, tls: None };
    let Some(registry) = Registry::start(&setup) else { return };
    registry.push(&Layout::of(&image()), "shop:1.4");
    assert_eq!(get(&registry.host(), "/v2/", "").0, 401);
    // tester:secret
    let header = "Authorization: Basic dGVzdGVyOnNlY3JldA==\r\n\
                  Accept: application/vnd.oci.image.manifest.v1+json\r\n";
    assert_eq!(get(&registry.host(), "/v2/shop/manifests/1.4", header).0, 200);
}

#[test]
fn a_podman_of_its_own_loads_an_image() {
    let Some(mut podman) = Podman::new() else { return };
    podman.serve();
    let archive = podman.place().path("image.tar");
    let image = image();
    let bytes = DockerArchive::new().image(&["shop:1.4"], &image).legacy().unwrap();
    std::fs::write(&archive, bytes).unwrap();
    podman.run(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let id = podman.run(&["inspect", "--format", "{{.Id}}", "shop:1.4"]);
    assert_eq!(id.trim(), image.config_digest().hex());
    let url = format!("unix://{}", podman.socket().display());
    let listed = podman.run(&["--remote", "--url", &url, "images", "--quiet", "--no-trunc"]);
    assert_eq!(listed.trim(), image.config_digest().to_string());
}

#[test]
fn a_docker_of_its_own_loads_an_image() {
    let Some(docker) = Docker::start() else { return };
    assert!(docker.socket().exists());
    let archive = docker.place().path("image.tar");
    let image = image();
    let bytes = DockerArchive::new().image(&["shop:1.4"], &image).legacy().unwrap();
    std::fs::write(&archive, bytes).unwrap();
    docker.run(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    let id = docker.run(&["inspect", "--format", "{{.Id}}", "shop:1.4"]);
    assert_eq!(id.trim(), image.config_digest().to_string());
}

#[test]
fn a_registry_may_have_a_certificate() {
    if !needs_programs(&["openssl"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
    let tls =
        Tls { certificate: read("certificate.pem"), key: read("key.pem"), client_authority: None };
    let setup = Setup { access: Access::Anonymous, tls: Some(tls) };
    let Some(registry) = Registry::start(&setup) else { return };
    registry.push(&Layout::of(&image()), "shop:1.4");
    std::fs::create_dir(at("trusted")).unwrap();
    std::fs::copy(at("certificate.pem"), at("trusted/ca.crt")).unwrap();
    let output = Command::new("skopeo")
        .args(["inspect", &format!("--cert-dir={}", at("trusted").display())])
        .arg(format!("docker://{}/shop:1.4", registry.host()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["Digest"], image().digest().to_string());
}
