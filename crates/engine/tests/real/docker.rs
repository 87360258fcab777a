use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_engine::{Engines, Kind, Which, local_chains, local_images};
use plimsoll_testkit::Place;

use crate::fixture;
use crate::process::{Running, dockerd, has, settings};

#[test]
fn docker_is_asked_on_its_socket() {
    if !has("dockerd") || !has("docker") {
        println!("skipped: needs dockerd");
        return;
    }
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    let host = format!("unix://{}", socket.display());
    let command = dockerd(&place, &host);
    let _docker = Running::start(command, &socket, &place.path("docker.log"));
    place.vars.insert("DOCKER_HOST".to_owned(), host);

    let archive = place.path("image.tar");
    let fixture = fixture::write_docker_archive(&archive, "shop:1.4");
    place.run("docker", &["load", "-q", "-i", archive.to_str().unwrap()]);
    let create = ["create", "--network=none", "--name=web", "--label=tier=front", "shop:1.4"];
    place.run("docker", &create);

    let mut settings = settings(&place);
    settings.vars.remove("PATH");
    let engines = Engines::new(settings);
    let client = engines.get(Kind::Docker).unwrap();
    assert_eq!(client.engine(), Kind::Docker);
    assert!(client.version().unwrap().api_version.starts_with("1."));
    let images = local_images(&engines);
    assert_eq!((images.items.len(), images.problems.len()), (1, 0));
    assert_eq!(images.items[0].tags, ["shop:1.4"]);
    fixture::check_chain(&engines, "shop:1.4", &fixture);

    for name in ["shop:1.4", fixture.id.hex(), &fixture.id.to_string()] {
        let image = client.image(name).unwrap();
        assert_eq!(image.id, fixture.id, "{name}");
        assert_eq!(image.descriptor, None);
        assert!(image.diff_ids.iter().map(|id| &id.0).eq(&fixture.diff_ids));
        assert_eq!(image.platform.unwrap().to_string(), "linux/arm64/v8");
        fixture::check_config(&image.env, &image.labels);
    }
    let history = client.history("shop:1.4").unwrap();
    let steps: Vec<_> =
        history.iter().map(|step| (step.created_by.as_str(), step.size > 0)).collect();
    assert_eq!(steps, [("COPY first", true), ("ENV a=b", false), ("COPY second", true)]);
    assert!(history.iter().all(|step| step.created.is_some() && step.empty_layer.is_none()));
    assert!(client.podman_details("shop:1.4").is_err());

    let container = client.container("web").unwrap();
    assert_eq!((container.name.as_str(), container.image.as_str()), ("web", "shop:1.4"));
    assert_eq!((container.image_id, container.state.as_str()), (fixture.id.clone(), "created"));
    assert_eq!(container.started, None);
    let listed = client.containers(Which::All).unwrap();
    assert_eq!((listed.len(), listed[0].image_id.as_ref()), (1, Some(&fixture.id)));
    assert_eq!(listed[0].labels["tier"], "front");

    for name in ["nothing:1", "Not A Reference"] {
        let error = client.image(name).unwrap_err();
        assert_eq!(error.to_string(), format!("docker has no image {name}"));
    }
    assert!(client.export("nothing:1").open().err().unwrap().is_not_found());
    let members = fixture::names(client.export("shop:1.4").open().unwrap());
    assert!(members.contains(&"manifest.json".to_owned()), "{members:?}");
}

#[test]
fn an_engine_that_cannot_be_asked_is_named_with_a_hint() {
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    place.vars.insert("DOCKER_HOST".to_owned(), format!("unix://{}", socket.display()));
    let error = |timeout: u64| {
        let mut settings = settings(&place);
        settings.timeout = Duration::from_millis(timeout);
        let error = Engines::new(settings).get(Kind::Docker).unwrap_err();
        let source = std::error::Error::source(&*error).unwrap().to_string();
        let at = |text: String| text.replace(&socket.display().to_string(), "SOCKET");
        (at(error.to_string()), at(source), error.hint().map(at))
    };
    let connect = "cannot connect to docker at unix://SOCKET".to_owned();
    assert_eq!(
        error(1000),
        (
            connect.clone(),
            "No such file or directory (os error 2)".to_owned(),
            Some("nothing is at unix://SOCKET; is docker running?".to_owned())
        )
    );
    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(
        error(1000),
        (
            connect,
            "Connection refused (os error 111)".to_owned(),
            Some("is docker running?".to_owned())
        )
    );

    std::fs::remove_file(&socket).unwrap();
    let _silent = UnixListener::bind(&socket).unwrap();
    let start = Instant::now();
    assert_eq!(
        error(100),
        (
            "docker at unix://SOCKET stopped answering /_ping".to_owned(),
            "no more bytes came in time".to_owned(),
            None
        )
    );
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_answer_of_another_shape_is_an_error() {
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    place.vars.insert("DOCKER_HOST".to_owned(), format!("unix://{}", socket.display()));
    let listener = UnixListener::bind(&socket).unwrap();
    let answers = [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        "HTTP/1.1 500 Oh\r\nContent-Length: 16\r\n\r\n{\"message\":\"no\"}",
        "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}",
    ];
    let server = thread::spawn(move || {
        for answer in answers {
            use std::io::Read;
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 16]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let errors: Vec<String> = answers
        .iter()
        .map(|_| Engines::new(settings(&place)).get(Kind::Docker).unwrap_err().to_string())
        .map(|error| error.replace(&socket.display().to_string(), "SOCKET"))
        .collect();
    server.join().unwrap();
    assert_eq!(
        errors,
        [
            "docker at unix://SOCKET stopped answering /_ping",
            "docker at unix://SOCKET gave an unusable answer to /_ping: it is not OK",
            "docker answered /_ping with status 500: no",
            "docker at unix://SOCKET stopped answering /_ping",
        ]
    );
}

#[test]
fn docker_is_asked_over_tls_with_the_operators_certificates() {
    if !has("dockerd") {
        println!("skipped: needs dockerd");
        return;
    }
    let mut place = Place::new();
    let authority = Authority::new();
    let certs = place.path("certs");
    authority.write(&certs, "localhost");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let socket = place.path("docker.sock");
    let mut command = dockerd(&place, &format!("unix://{}", socket.display()));
    command.args(["--host", &format!("tcp://127.0.0.1:{port}"), "--tlsverify"]);
    command.arg("--tlscacert").arg(certs.join("ca.pem"));
    command.arg("--tlscert").arg(certs.join("cert.pem"));
    command.arg("--tlskey").arg(certs.join("key.pem"));
    let _docker = Running::start(command, &socket, &place.path("docker.log"));

    let address = format!("tcp://localhost:{port}");
    place.vars.insert("DOCKER_HOST".to_owned(), address.clone());
    place.vars.insert("DOCKER_TLS_VERIFY".to_owned(), "1".to_owned());
    place.vars.insert("DOCKER_CERT_PATH".to_owned(), certs.display().to_string());
    let client = Engines::new(settings(&place)).get(Kind::Docker).unwrap();
    assert_eq!(client.endpoint().to_string(), address);
    assert_eq!(client.images().unwrap(), []);

    let connect = |certs: &std::path::Path| {
        let mut settings = settings(&place);
        settings.vars.insert("DOCKER_CERT_PATH".to_owned(), certs.display().to_string());
        let error = Engines::new(settings).get(Kind::Docker).unwrap_err();
        let source = std::error::Error::source(&*error).unwrap().to_string();
        format!("{error}: {source}").replace(&address, "ADDRESS")
    };
    let others = place.path("others");
    Authority::new().write(&others, "localhost");
    let error = connect(&others);
    let expected = "cannot connect to docker at ADDRESS: invalid peer certificate: ";
    assert!(error.starts_with(expected), "{error}");
    let error = connect(&place.path("none"));
    assert!(error.contains("none/ca.pem: "), "{error}");
}

/// A certificate authority.
struct Authority {
    issuer: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        Self { issuer: rcgen::CertifiedIssuer::self_signed(params, key).unwrap() }
    }

    /// Writes the authority and one certificate that serves both sides, under Docker's names.
    fn write(&self, dir: &std::path::Path, host: &str) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::create_dir(dir).unwrap();
        std::fs::write(dir.join("ca.pem"), self.issuer.pem()).unwrap();
        std::fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
    }
}

/// The containerd image store of newer engines, of which Debian has none yet: ids are digests of
/// manifests, and the answer says so.
#[test]
fn the_containerd_image_store_names_images_by_their_manifests() {
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    place.vars.insert("DOCKER_HOST".to_owned(), format!("unix://{}", socket.display()));
    let listener = UnixListener::bind(&socket).unwrap();
    let (id, layer) =
        (format!("sha256:{}", "0a".repeat(32)), format!("sha256:{}", "0b".repeat(32)));
    let answers = [
        "OK".to_owned(),
        format!(
            r#"{{"Id":"{id}","RepoTags":["shop:1.4"],"Os":"linux","Architecture":"amd64",
                "RootFS":{{"Type":"layers","Layers":["{layer}"]}},
                "Descriptor":{{"mediaType":"x","digest":"{id}","size":1}}}}"#
        ),
        "{}".to_owned(),
    ];
    let server = thread::spawn(move || serve(&listener, &answers));
    let client = Engines::new(settings(&place)).get(Kind::Docker).unwrap();
    let image = client.image("shop:1.4").unwrap();
    let error = client.images().unwrap_err().to_string();
    assert!(error.contains("gave an unusable answer to /images/json: "), "{error}");
    assert_eq!(server.join().unwrap(), ["/_ping", "/images/shop:1.4/json", "/images/json"]);
    assert_eq!(image.descriptor, Some(image.id.clone()));
    assert_eq!(image.id.to_string(), id);
    assert_eq!(image.diff_ids[0].to_string(), layer);
    assert_eq!((image.created, image.repo_digests), (None, vec![]));
}

/// Answers one request after the other, and returns what was asked for.
fn serve(listener: &UnixListener, answers: &[String]) -> Vec<String> {
    let answer = |answer: &String| {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        reader.read_line(&mut request).unwrap();
        let length = answer.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer}");
        reader.get_mut().write_all(head.as_bytes()).unwrap();
        request.split(' ').nth(1).unwrap().to_owned()
    };
    answers.iter().map(answer).collect()
}

#[test]
fn chains_are_of_named_images_the_newest_first_and_bounded() {
    let mut place = Place::new();
    let socket = place.path("docker.sock");
    place.vars.insert("DOCKER_HOST".to_owned(), format!("unix://{}", socket.display()));
    let listener = UnixListener::bind(&socket).unwrap();
    let id = |number: usize| format!("sha256:{number:064x}");
    let summary = |number: usize, tags: &str| {
        format!(r#"{{"Id":"{}","RepoTags":[{tags}],"Created":{number}}}"#, id(number))
    };
    let named = |number: usize| summary(number, &format!(r#""a:{number}""#));
    let list: Vec<String> =
        [summary(9999, r#""<none>:<none>""#)].into_iter().chain((1..=301).map(named)).collect();
    let mut answers = vec!["OK".to_owned(), format!("[{}]", list.join(","))];
    let image = |number: usize| {
        format!(
            r#"{{"Id":"{}","RepoTags":["a:{number}"],"RootFS":{{"Layers":["{}"]}}}}"#,
            id(number),
            id(number + 10_000)
        )
    };
    answers.extend((2..=301).rev().map(|number| match number {
        300 => "{}".to_owned(),
        number => image(number),
    }));
    let server = thread::spawn(move || serve(&listener, &answers));
    let found = local_chains(&Engines::new(settings(&place)));
    let asked = server.join().unwrap();
    assert_eq!(asked[2], format!("/images/{}/json", id(301)));
    assert_eq!(found.items.len(), 299);
    let oldest = &found.items[0];
    assert_eq!((oldest.id.to_string(), oldest.names.as_slice()), (id(2), &["a:2".to_owned()][..]));
    assert_eq!(oldest.layers[0].to_string(), id(10_002));
    assert_eq!(oldest.engines, [Kind::Docker]);
    let problems: Vec<String> =
        found.problems.iter().map(|(_, problem)| problem.to_string()).collect();
    assert_eq!(problems[0], "docker has 301 images with names: only the newest 300 were looked at");
    assert!(problems[1].contains("gave an unusable answer"), "{problems:?}");
    assert_eq!(problems.len(), 2);
}
