//! `bases`: the catalogue of known images, filled from registries and files.

use plimsoll_testkit::{Fault, FaultProxy, Registry, Setup};
use serde_json::json;

use crate::support::{Answer, TestContext, app_on, bookworm, recognised, shared};

/// A registry behind a proxy that counts and breaks.
struct Learning {
    context: TestContext,
    registry: Registry,
    proxy: FaultProxy,
}

impl Learning {
    fn new() -> Option<Self> {
        let registry = Registry::start(&Setup::default())?;
        let proxy = FaultProxy::start(&registry.host());
        let context = TestContext::new().var("PLIMSOLL_PLATFORM", "linux/amd64");
        Some(Self { context, registry, proxy })
    }

    fn push(&self, tag: &str, version: &str) {
        let image = bookworm(&[&format!("zlib {version}")]);
        self.registry.push(&plimsoll_testkit::Layout::of(&image), &format!("library/debian:{tag}"));
    }

    fn learn(&self, more: &[&str]) -> Answer {
        let name = format!("{}/library/debian", self.proxy.host());
        self.context.plimsoll(&[&["bases", "learn", name.as_str()], more].concat())
    }

    /// `METHOD PATH` of the requests for manifests and blobs since the last call.
    fn asked(&self, seen: &mut usize) -> Vec<String> {
        let all = self.proxy.received("/v2/");
        let new = all[*seen..].iter().filter(|request| request.target != "/v2/");
        let new = new.map(|request| {
            let target = request.target.split('?').next().unwrap();
            format!("{} {}", request.method, target.trim_start_matches("/v2/library/debian/"))
        });
        let new = new.collect();
        *seen = all.len();
        new
    }

    /// The first column of the list; names that are longer than it go on in the next line.
    fn list(&self) -> String {
        let listed = self.context.plimsoll(&["bases", "list"]).ends_with(0);
        let first = |line: &str| line.chars().take(30).collect::<String>().trim_end().to_owned();
        listed.stdout.lines().map(first).collect()
    }
}

#[test]
fn only_wanted_tags_are_learned_and_what_is_known_costs_one_head() {
    let Some(world) = Learning::new() else { return };
    for (tag, version) in [("bookworm", "1"), ("bookworm-slim", "2"), ("trixie", "3")] {
        world.push(tag, version);
    }
    let mut seen = 0;
    world.learn(&["--tags", "bookworm*"]).ends_with(0).shows("2 images learned, 0 known before");
    let first = world.asked(&mut seen);
    assert!(!first.iter().any(|request| request.contains("trixie")), "{first:?}");
    let listed = world.list();
    let names = ["library/debian:bookworm", "library/debian:bookworm-slim"];
    assert!(names.iter().all(|name| listed.contains(name)), "{listed}");
    assert!(!listed.contains("trixie"), "{listed}");

    world.learn(&["--tags", "bookworm*"]).ends_with(0).shows("0 images learned, 2 known before");
    let second = world.asked(&mut seen);
    assert_eq!(
        second,
        ["GET tags/list", "HEAD manifests/bookworm", "HEAD manifests/bookworm-slim"]
    );
    // Where a tag moved, that one is read.
    world.push("bookworm", "9");
    world.learn(&["--tags", "bookworm*"]).ends_with(0).shows("1 image learned, 1 known before");
    let third = world.asked(&mut seen);
    assert!(third.iter().any(|request| request.starts_with("GET blobs/")), "{third:?}");
    // One tag by its name needs no list.
    let name = format!("{}/library/debian:trixie", world.proxy.host());
    world.context.plimsoll(&["bases", "learn", &name]).ends_with(0).shows("1 image learned");
    assert!(!world.asked(&mut seen).contains(&"GET tags/list".to_owned()));
}

#[test]
fn only_the_newest_of_a_family_are_learned() {
    let Some(world) = Learning::new() else { return };
    for (tag, version) in [("12.1", "1"), ("12.2", "2"), ("12.10", "3"), ("latest", "3")] {
        world.push(tag, version);
    }
    world.learn(&["--newest", "1", "--tags", "12*"]).ends_with(0).shows("1 image learned");
    assert!(world.list().contains("library/debian:12.10"));
}

/// A registry that has had enough is left alone; what was learned stays, and the next run goes on.
#[test]
fn a_rate_limit_ends_the_run_politely() {
    let Some(world) = Learning::new() else { return };
    for number in 1..=4 {
        world.push(&format!("t{number}"), &number.to_string());
    }
    let wait = || vec![("retry-after", "3600".to_owned())];
    world.proxy.on("manifests/t3", 99, Fault::Status(429, wait()));
    let start = std::time::Instant::now();
    let answer = world.learn(&[]).ends_with(1).shows("2 images learned");
    let answer = answer.says("stopped early").says("hint: the same command goes on from here");
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{answer}");
    let asked = world.proxy.received("manifests/t4");
    assert!(asked.is_empty(), "{asked:?}");
    let listed = world.list();
    assert!(listed.contains("debian:t1") && listed.contains("debian:t2"), "{listed}");

    // The proxy's address is part of the name: the same one, with no limit any more.
    let host = world.registry.host();
    let direct = format!("{host}/library/debian");
    world.context.plimsoll(&["bases", "learn", &direct]).ends_with(0).shows("4 images learned");
}

#[test]
fn a_limit_on_the_list_of_tags_is_an_error_that_names_it() {
    let Some(world) = Learning::new() else { return };
    world.push("t1", "1");
    let wait = vec![("retry-after", "3600".to_owned())];
    world.proxy.on("tags/list", 99, Fault::Status(429, wait));
    let answer = world.learn(&[]).ends_with(1);
    assert!(answer.stderr.contains("library/debian"), "{answer}");
}

#[test]
fn a_broken_tag_keeps_no_other_from_being_learned() {
    let Some(world) = Learning::new() else { return };
    for number in 1..=3 {
        world.push(&format!("t{number}"), &number.to_string());
    }
    world.proxy.on("manifests/t2", 99, Fault::Status(404, Vec::new()));
    let answer = world.learn(&[]).ends_with(0).shows("2 images learned");
    answer.says("library/debian:t2");
    world.context.plimsoll(&["bases", "learn", "127.0.0.1:1/nothing"]).ends_with(1);
    world.context.plimsoll(&["bases", "learn", "UPPER CASE"]).ends_with(1);
}

#[test]
fn what_is_forgotten_is_not_recognised_any_more() {
    let Some(world) = Learning::new() else { return };
    let base = bookworm(&["zlib 1"]);
    world.push("bookworm-slim", "1");
    world.push("trixie-slim", "2");
    world.learn(&[]).ends_with(0);
    world.context.layout("app", &app_on(&base, &["zlib 1", "tool 1"]));
    let base = |code| {
        let args = ["base", "app", "--format", "json", "--offline"];
        recognised(&world.context.plimsoll(&args).ends_with(code).json()["base"])
    };
    assert_eq!(base(0), "layers confirmed 1");
    let pattern = format!("{}/library/debian:bookworm*", world.proxy.host());
    let forget = ["bases", "forget", &pattern];
    world.context.plimsoll(&forget).ends_with(0).shows("1 image forgotten");
    world.context.plimsoll(&forget).ends_with(0).shows("0 images forgotten");
    assert_ne!(base(0), "layers confirmed 1");
    assert!(world.list().contains("trixie-slim"));
}

#[test]
fn a_catalogue_that_is_empty_or_damaged_says_so() {
    let context = TestContext::new();
    context.plimsoll(&["bases", "list"]).ends_with(0).shows("no image can be recognised");
    std::fs::create_dir_all(context.world("state")).unwrap();
    std::fs::create_dir_all(context.world("state")).unwrap();
    std::fs::write(context.world("state/bases"), "nonsense").unwrap();
    let broken = context.plimsoll(&["bases", "list"]).ends_with(1);
    broken.says("catalogue of base images").says("hint: remove the file");
    context.plimsoll(&["bases", "import", "missing.jsonl"]).ends_with(1).says("missing.jsonl");
    context.write("nonsense.json", "neither this nor that");
    context.plimsoll(&["bases", "import", "nonsense.json"]).ends_with(1).says("nonsense.json");
}

/// Debian's own builds, with their layers: an image on one of them is recognised without a registry.
#[test]
fn real_lists_of_images_are_imported() {
    let Some(data) = shared("baseimages") else { return };
    let context = TestContext::new();
    let import = |file: &str| {
        let path = data.join(file);
        context.plimsoll(&["bases", "import", path.to_str().unwrap()]).ends_with(0)
    };
    for (file, at_least) in [
        ("debian/debian-official-images.jsonl.zst", 100),
        ("ubuntu/ubuntu-official-images.jsonl.zst", 20),
        ("repo-info-samples/samples.json", 1),
    ] {
        let answer = import(file);
        let added: usize = answer.stdout.split(' ').next().unwrap().parse().unwrap();
        assert!(added >= at_least, "{file}: {answer}");
        import(file).shows("0 images added");
    }
    let listed = context.plimsoll(&["bases", "list", "debian:*"]).ends_with(0);
    assert!(listed.stdout.contains("debian:bookworm"), "{listed}");
}

/// An entry that contradicts itself or is nobody's is left out by name; the rest is taken.
#[test]
fn an_entry_that_lies_is_refused_alone() {
    let Some(data) = shared("baseimages/debian/debian-official-images.jsonl.zst") else { return };
    let context = TestContext::new();
    let packed = std::fs::File::open(data).unwrap();
    let text = std::io::read_to_string(zstd::Decoder::new(packed).unwrap()).unwrap();
    let mut entries = text.lines().filter(|line| line.contains("sha256:"));
    let (good, other) = (entries.next().unwrap(), entries.next().unwrap());
    let mut liar: serde_json::Value = serde_json::from_str(other).unwrap();
    let mut lied = false;
    for (_, value) in liar.as_object_mut().unwrap() {
        let is_digests =
            value.as_array().is_some_and(|list| list[0].to_string().contains("sha256:"));
        if is_digests {
            *value = json!(["sha256:short", "sha256:short"]);
            lied = true;
        }
    }
    assert!(lied, "{other}");
    context.write("list.jsonl", format!("{good}\n{liar}\nno json\n{{}}\n"));
    let answer = context.plimsoll(&["bases", "import", "list.jsonl"]).ends_with(0);
    let answer = answer.shows("1 image added");
    assert!(answer.stderr.matches("warning: list.jsonl").count() >= 3, "{answer}");
}
