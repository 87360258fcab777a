use std::fs;
use std::process::Command;

use plimsoll_engine::{Client, Engines, Kind, Which, local_containers, local_images};
use plimsoll_testkit::Place;

use crate::fixture::{self, Fixture};
use crate::process::{Running, has, settings};

/// A Podman with one image and one container, stopped ever since it was made.
fn with_podman(test: impl FnOnce(&Place, &Fixture)) {
    if !has("podman") {
        println!("skipped: needs podman");
        return;
    }
    let place = Place::new();
    let archive = place.path("image.tar");
    let fixture = fixture::write_docker_archive(&archive, "localhost/shop:1.4");
    place.run("podman", &["load", "-q", "-i", archive.to_str().unwrap()]);
    let create = ["create", "--network=none", "--name=web", "--label=tier=front"];
    place.run("podman", &[&create[..], &["localhost/shop:1.4"]].concat());
    test(&place, &fixture);
}

fn check_answers(client: &Client, fixture: &Fixture) {
    let listed = client.images().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, fixture.id);
    assert_eq!(listed[0].tags, ["localhost/shop:1.4"]);

    for name in ["localhost/shop:1.4", "shop:1.4", fixture.id.hex(), fixture.id.short()] {
        let image = client.image(name).unwrap();
        assert_eq!(image.id, fixture.id, "{name}");
        assert!(image.diff_ids.iter().map(|id| &id.0).eq(&fixture.diff_ids));
        // Podman 4.3's compatible API leaves the variant out.
        assert_eq!(image.platform.unwrap().to_string(), "linux/arm64");
        assert_eq!(image.created.unwrap().to_string(), "2024-01-02T03:04:05Z");
        fixture::check_config(&image.env, &image.labels);
    }
    let history = client.history("shop:1.4").unwrap();
    let steps: Vec<_> = history.iter().map(|step| step.created_by.as_str()).collect();
    assert_eq!(steps, ["COPY first", "ENV a=b", "COPY second"]);
    let details = client.podman_details("shop:1.4").unwrap();
    let steps: Vec<_> =
        details.history.iter().map(|step| (step.created_by.as_str(), step.empty_layer)).collect();
    let expected =
        [("COPY first", Some(false)), ("ENV a=b", Some(true)), ("COPY second", Some(false))];
    assert_eq!(steps, expected);
    assert!(client.podman_details("localhost/nothing:1").unwrap_err().is_not_found());

    let container = client.container("web").unwrap();
    assert_eq!(container.name, "web");
    assert_eq!(container.image, "localhost/shop:1.4");
    assert_eq!(container.image_id, fixture.id);
    assert_eq!(container.state, "created");
    assert_eq!(container.started, None);
    assert_eq!(container.labels["tier"], "front");
    assert_eq!(container.labels["color"], "blue");
    assert!(client.containers(Which::Running).unwrap().is_empty());
    let listed = client.containers(Which::All).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].id.as_str(), &listed[0].names),
        (container.id.as_str(), &vec!["web".to_owned()])
    );
    assert_eq!(listed[0].image_id.as_ref(), Some(&fixture.id));

    let error = client.image("localhost/nothing:1").unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.to_string(), "podman has no image localhost/nothing:1");
    let error = client.container("nobody").unwrap_err();
    assert_eq!(error.to_string(), "podman has no container nobody");
    assert!(client.export("localhost/nothing:1").open().err().unwrap().is_not_found());

    let members = fixture::names(client.export("shop:1.4").open().unwrap());
    assert!(members.contains(&"manifest.json".to_owned()), "{members:?}");
    assert!(members.contains(&format!("{}.json", fixture.id.hex())), "{members:?}");
}

#[test]
fn a_listening_podman_is_asked_on_its_socket() {
    with_podman(|place, fixture| {
        let socket = place.path("runtime/podman/podman.sock");
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let mut command = place.command("podman");
        command.args(["system", "service", "--time", "0"]);
        command.arg(format!("unix://{}", socket.display()));
        let _podman = Running::start(command, &socket, &place.path("podman.log"));

        let engines = Engines::new(settings(place));
        let client = engines.get(Kind::Podman).unwrap();
        assert_eq!(client.engine(), Kind::Podman);
        assert!(!client.version().unwrap().version.is_empty());
        assert_eq!(client.endpoint().to_string(), format!("unix://{}", socket.display()));
        check_answers(&client, fixture);
        assert!(engines.get(Kind::Docker).unwrap_err().is_not_here());
        let images = local_images(&engines);
        assert_eq!((images.items.len(), images.problems.len()), (1, 0));
        fixture::check_chain(&engines, "localhost/shop:1.4", fixture);

        // The package podman-docker: one engine under both names is asked once.
        let docker = place.path("var/run/docker.sock");
        fs::create_dir_all(docker.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&socket, docker).unwrap();
        let engines = Engines::new(settings(place));
        assert_eq!(engines.get(Kind::Docker).unwrap().engine(), Kind::Podman);
        let images = local_images(&engines);
        assert_eq!(images.items.len(), 1);
        assert_eq!(images.items[0].engines, [Kind::Podman]);
        let containers = local_containers(&engines, Which::All);
        assert_eq!((containers.items.len(), containers.problems.len()), (1, 0));
    });
}

#[test]
fn a_podman_without_a_socket_is_started_on_a_private_one_and_ended() {
    with_podman(|place, fixture| {
        let engines = Engines::new(settings(place));
        let client = engines.get(Kind::Podman).unwrap();
        let endpoint = client.endpoint().to_string();
        assert!(endpoint.starts_with(&format!("unix://{}/runtime/", place.root().display())));
        check_answers(&client, fixture);
        let pids = services(&endpoint);
        assert_eq!(pids.len(), 1, "{pids:?}");

        // An export that is still read keeps it alive.
        let export = client.export("shop:1.4").open().unwrap();
        drop((client, engines));
        assert_eq!(services(&endpoint), pids);
        assert!(fixture::names(export).contains(&"manifest.json".to_owned()));
        assert_eq!(services(&endpoint), Vec::<String>::new());
        assert_eq!(fs::read_dir(place.path("runtime")).unwrap().filter(is_ours).count(), 0);
    });
}

#[test]
fn a_podman_that_cannot_start_says_why() {
    if !has("podman") {
        println!("skipped: needs podman");
        return;
    }
    let place = Place::new();
    fs::write(place.path("storage.conf"), "[storage]\ndriver = \"vfs\"\n").unwrap();
    let error = Engines::new(settings(&place)).get(Kind::Podman).unwrap_err().to_string();
    assert_eq!(
        error,
        "podman listens on no socket and its service did not start: \
         Failed to obtain podman configuration: runroot must be set"
    );
    assert_eq!(fs::read_dir(place.path("runtime")).unwrap().filter(is_ours).count(), 0);
}

fn is_ours(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("plimsoll-")
}

/// The processes that have this address on their command line.
fn services(endpoint: &str) -> Vec<String> {
    let output = Command::new("pgrep").args(["-f", "--", endpoint]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
