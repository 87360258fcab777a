//! From proof to guess.

use std::collections::BTreeMap;
use std::slice::from_ref;
use std::sync::Arc;

use plimsoll_lineage::{
    DiffIds, Known, KnownImage, Material, PackageList, Recognition, Source, Subject, materials,
    recognise,
};
use plimsoll_model::{BaseMethod, Confidence, DiffId, Digest, ImageName, Os, Platform};

use crate::support::{Place, digest, image, layers, packages, tagged};

/// An image to be recognised, as its parts.
struct Scene {
    place: Place,
    others: Vec<KnownImage>,
    name: Option<ImageName>,
    digest: Option<Digest>,
    config: Option<Digest>,
    platform: Platform,
    diff_ids: Vec<DiffId>,
    proof: DiffIds,
    blobs: Vec<Digest>,
    annotations: BTreeMap<String, String>,
    env: Vec<String>,
    history: Vec<String>,
    os: Option<Os>,
    packages: PackageList,
    materials: Vec<Material>,
}

impl Scene {
    fn new(known: &[KnownImage], words: &str) -> Self {
        Self {
            place: Place::new(known),
            others: Vec::new(),
            name: Some("r.example/shop:1.4".parse().unwrap()),
            digest: Some(digest("own")),
            config: Some(digest("own-config")),
            platform: "linux/amd64".parse().unwrap(),
            diff_ids: layers(words),
            proof: DiffIds::Verified,
            blobs: Vec::new(),
            annotations: BTreeMap::new(),
            env: Vec::new(),
            history: Vec::new(),
            os: None,
            packages: PackageList::default(),
            materials: Vec::new(),
        }
    }

    fn recognise(&self) -> Recognition {
        let subject = Subject {
            name: self.name.as_ref(),
            digest: self.digest.as_ref(),
            config: self.config.as_ref(),
            platform: Some(&self.platform),
            diff_ids: &self.diff_ids,
            proof: self.proof,
            blobs: &self.blobs,
            annotations: &self.annotations,
            env: &self.env,
            history: &self.history,
            os: self.os.as_ref(),
            packages: &self.packages,
            materials: &self.materials,
        };
        let catalogue = self.place.open();
        recognise(&subject, &Known { catalogue: &catalogue, others: &self.others }).unwrap()
    }

    /// The base as `reference layers method confidence [ties]`, then what would be asked, then doubts.
    fn check(&self, base: &str, ask: &[&str]) -> Recognition {
        let found = self.recognise();
        let shown = found.base.as_ref().map_or("none".to_owned(), |base| {
            let ties = base.ties.join(" ");
            format!(
                "{} {} {} {} [{ties}]",
                base.reference, base.layers, base.method, base.confidence
            )
        });
        assert_eq!(shown, base);
        let asked: Vec<_> = found.ask.iter().map(ToString::to_string).collect();
        assert_eq!(asked, ask);
        found
    }

    fn annotate(&mut self, name: &str, digest: Option<&Digest>) {
        let key = |key: &str| format!("org.opencontainers.image.base.{key}");
        self.annotations.insert(key("name"), name.to_owned());
        self.annotations.extend(digest.map(|digest| (key("digest"), digest.to_string())));
    }
}

fn os(id: &str, version: &str, codename: Option<&str>) -> Os {
    Os {
        id: id.to_owned(),
        version_id: Some(version.to_owned()),
        codename: codename.map(str::to_owned),
        pretty_name: None,
        eol: None,
        ecosystem: None,
        scope: None,
    }
}

fn env(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|&setting| setting.to_owned()).collect()
}

#[test]
fn the_highest_known_stack_is_the_base() {
    let known = [
        image("debian:bookworm-slim", "a"),
        image("python:3.11-slim", "a b c"),
        image("x:1", "b c"),
    ];
    let scene = Scene::new(&known, "a b c d");
    let found = scene.check("python:3.11-slim 3 layers confirmed []", &[]);
    assert_eq!(found.image, Some(known[1].clone()));
    assert_eq!(found.base.unwrap().digest, known[1].digest);
    Scene::new(&known, "a x").check("debian:bookworm-slim 1 layers confirmed []", &[]);
    Scene::new(&known, "x a").check("none", &[]);
    Scene::new(&known, "").check("none", &[]);
}

#[test]
fn layers_that_nobody_hashed_confirm_nothing() {
    let mut scene = Scene::new(&[image("debian:bookworm", "a")], "a b");
    scene.proof = DiffIds::Claimed;
    scene.check("debian:bookworm 1 layers unconfirmed []", &[]);
}

#[test]
fn other_platforms_are_no_bases() {
    let mut scene = Scene::new(&[image("debian:bookworm", "a")], "a b");
    scene.platform = "linux/arm64".parse().unwrap();
    scene.check("none", &[]);
}

#[test]
fn ties_are_shown_and_the_image_decides_between_them() {
    let known = [
        tagged(image("debian:bookworm-slim", "a"), &["12-slim", "latest"]),
        image("r.example/mirror/debian:12", "a"),
    ];
    let mut scene = Scene::new(&known, "a b");
    scene.check("debian:12-slim 1 layers confirmed [debian:bookworm-slim debian:latest r.example/mirror/debian:12]", &[]);
    scene.annotate("docker.io/library/debian:bookworm-slim", None);
    scene.check("debian:bookworm-slim 1 layers confirmed [debian:12-slim debian:latest r.example/mirror/debian:12]", &[]);
    scene.annotate("r.example/mirror/debian:12", None);
    scene.check("r.example/mirror/debian:12 1 layers confirmed [debian:12-slim debian:bookworm-slim debian:latest]", &[]);
}

#[test]
fn what_was_learned_is_named_before_what_was_imported() {
    let mut imported = image("aaa:1", "a");
    imported.source = Source::Imported("list".to_owned());
    let scene = Scene::new(&[imported, image("debian:bookworm", "a")], "a b");
    scene.check("debian:bookworm 1 layers confirmed [aaa:1]", &[]);
}

#[test]
fn an_image_is_not_its_own_base() {
    let mut known = [image("debian:bookworm", "a"), image("python:3.11", "a b")];
    let mut scene = Scene::new(&known, "a b");
    let found = scene.check("debian:bookworm 1 layers confirmed []", &[]);
    assert_eq!(found.itself, [known[1].clone()]);
    // Pulled and pushed again it has another manifest and the same config.
    known[1].config = scene.config.clone();
    scene.place = Place::new(&known);
    let found = scene.check("debian:bookworm 1 layers confirmed []", &[]);
    assert_eq!(found.itself.len(), 1);
    // With another config it was built on it, and nothing but settings were added.
    known[1].config = Some(digest("their-config"));
    scene.place = Place::new(&known);
    let found = scene.check("python:3.11 2 layers confirmed []", &[]);
    assert_eq!(found.itself, []);
    // Unless it is the same manifest.
    scene.digest = known[1].digest.clone();
    let found = scene.check("debian:bookworm 1 layers confirmed []", &[]);
    assert_eq!(found.itself.len(), 1);
}

#[test]
fn images_of_the_engine_are_bases_too() {
    let mut scene = Scene::new(&[image("debian:bookworm", "a")], "a b c");
    let mut local = image("team/base:1", "a b");
    local.source = Source::Scanned;
    scene.others.push(local);
    scene.check("team/base:1 2 layers confirmed []", &[]);
}

#[test]
fn the_same_blobs_are_a_proof_and_other_blobs_are_none() {
    let mut known = KnownImage::new(&"nginx:1.30".parse().unwrap(), Source::Learned);
    known.blobs = plimsoll_lineage::Chain::of_blobs(&[digest("blob-a"), digest("blob-b")]);
    known.digest = Some(digest("nginx"));
    let mut scene = Scene::new(&[known], "a b c");
    scene.blobs = ["blob-a", "blob-b", "blob-c"].map(digest).to_vec();
    scene.check("nginx:1.30 2 layers confirmed []", &[]);
    scene.blobs[0] = digest("recompressed");
    scene.annotate("nginx:1.30", Some(&digest("nginx")));
    let found = scene.recognise();
    assert_eq!(found.base.unwrap().confidence, Confidence::Unconfirmed);
    assert_eq!(found.doubts, [""; 0]);
}

#[test]
fn an_annotation_is_unconfirmed_until_layers_agree() {
    let mut scene = Scene::new(&[], "a b c");
    let base = image("r.example/team/base:2", "a b");
    let base_digest = base.digest.clone().unwrap();
    scene.annotate("r.example/team/base:2", Some(&base_digest));
    let by_digest = format!("r.example/team/base:2@{base_digest}");
    scene.check(
        "r.example/team/base:2 0 annotation unconfirmed []",
        &[&by_digest, "r.example/team/base:2"],
    );
    // The registry's answer confirms it.
    scene.others.push(base);
    let found = scene.check("r.example/team/base:2 2 layers confirmed []", &[]);
    assert_eq!(found.doubts, [""; 0]);
}

#[test]
fn an_annotation_that_layers_contradict_is_doubted() {
    let base = image("python:3.11", "x y");
    let known = [image("debian:bookworm", "a"), base.clone()];
    let mut scene = Scene::new(&known, "a b");
    scene.annotate("docker.io/library/python:3.11", base.digest.as_ref());
    let found = scene.check("debian:bookworm 1 layers confirmed []", &[]);
    let short = base.digest.as_ref().unwrap().short();
    let expected = format!(
        "its annotation names python:3.11 ({short}), whose layers are not the lowest of this image"
    );
    assert_eq!(found.doubts, *from_ref(&expected));
    // It is not taken for want of something better either.
    let mut scene = Scene::new(from_ref(&base), "a b");
    scene.annotate("docker.io/library/python:3.11", base.digest.as_ref());
    let found = scene.check("none", &[]);
    assert_eq!(found.doubts, [expected]);
}

#[test]
fn an_annotation_without_sense_is_no_claim() {
    let mut scene = Scene::new(&[], "a");
    for name in ["", "A B", "../x", "http://x/y"] {
        scene.annotate(name, None);
        scene.check("none", &[]);
    }
}

#[test]
fn provenance_is_a_claim_for_its_platform() {
    let statement = |platform: &str| {
        let hex = digest("python").hex().to_owned();
        format!(
            r#"{{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{{"materials":[
                {{"uri":"pkg:docker/docker/dockerfile@1"}},
                {{"uri":"pkg:docker/python@3.11-slim?platform={platform}","digest":{{"sha256":"{hex}"}}}}]}}}}"#
        )
    };
    let mut scene = Scene::new(&[], "a b");
    scene.materials = materials(statement("linux%2Famd64").as_bytes()).unwrap();
    let by_digest = format!("python:3.11-slim@{}", digest("python"));
    scene.check("python:3.11-slim 0 provenance unconfirmed []", &[&by_digest, "python:3.11-slim"]);
    // What a build names and does not contain was a stage of it.
    let mut stage = image("python:3.11-slim", "x");
    stage.digest = Some(digest("python"));
    scene.others.push(stage);
    let found = scene.check("none", &[]);
    assert_eq!(found.doubts, [""; 0]);
    scene.materials = materials(statement("linux%2Farm64").as_bytes()).unwrap();
    scene.check("none", &[]);
}

#[test]
fn the_environment_leads_to_a_guess_and_three_questions() {
    let mut scene = Scene::new(&[], "a b");
    scene.env = env(&["PATH=/usr/bin", "PYTHON_VERSION=3.11.4"]);
    scene.os = Some(os("debian", "12", Some("bookworm")));
    scene.history = vec!["RUN # debian.sh --arch 'amd64' out/ 'bookworm' '@1733097600'".to_owned()];
    let slim = "docker.io/library/python:3.11.4-slim-bookworm";
    let found = scene.check(
        "python:3.11.4-slim-bookworm 0 history guess [python:3.11.4-bookworm python:3.11.4]",
        &[
            slim,
            "docker.io/library/python:3.11.4-bookworm",
            "docker.io/library/debian:bookworm-20241202-slim",
        ],
    );
    assert_eq!(found.base.unwrap().method, BaseMethod::History);
    // The answer makes it a proof.
    scene.others.push(image(slim, "a"));
    scene.check("python:3.11.4-slim-bookworm 1 layers confirmed []", &[]);
    // Another build of it does not, and is not asked for again.
    scene.others = vec![image(slim, "z")];
    scene.check(
        "python:3.11.4-slim-bookworm 0 history guess [python:3.11.4-bookworm python:3.11.4]",
        &[
            "docker.io/library/python:3.11.4-bookworm",
            "docker.io/library/debian:bookworm-20241202-slim",
            "docker.io/library/debian:bookworm-20241202",
        ],
    );
    // The image itself is not its base: the one below is.
    scene.name = Some("python:3.11.4-slim-bookworm".parse().unwrap());
    scene.check(
        "debian:bookworm-20241202-slim 0 history guess [debian:bookworm-20241202]",
        &[
            "docker.io/library/debian:bookworm-20241202-slim",
            "docker.io/library/debian:bookworm-20241202",
        ],
    );
}

#[test]
fn questions_go_where_the_catalogue_was_learned_from() {
    let mut scene = Scene::new(&[image("registry.example/library/alpine:3.17", "z")], "a b");
    scene.env = env(&["NODE_VERSION=18.17.0"]);
    scene.os = Some(os("alpine", "3.18.4", None));
    scene.check(
        "node:18.17.0-alpine3.18 0 history guess [node:18.17.0]",
        &[
            "docker.io/library/node:18.17.0-alpine3.18",
            "docker.io/library/node:18.17.0",
            "registry.example/library/alpine:3.18.4",
        ],
    );
}

#[test]
fn a_nearer_base_than_the_known_one_is_asked_for_once() {
    let debian = image("debian:bookworm-slim", "a");
    let mut scene = Scene::new(from_ref(&debian), "a b c");
    scene.env = env(&["REDIS_VERSION=7.2.4"]);
    let base = "debian:bookworm-slim 1 layers confirmed []";
    scene.check(base, &["docker.io/library/redis:7.2.4"]);
    scene.annotate("r.example/team/base:2", None);
    scene.check(base, &["r.example/team/base:2", "docker.io/library/redis:7.2.4"]);
    // Answered, and it is not that: now, and when it was learned before.
    let redis = image("redis:7.2.4", "a x");
    scene.others = vec![redis.clone()];
    scene.check(base, &["r.example/team/base:2"]);
    scene.others.clear();
    scene.place = Place::new(&[debian.clone(), redis]);
    scene.check(base, &["r.example/team/base:2"]);
    // Answered, and it is.
    scene.others = vec![image("r.example/team/base:2", "a b")];
    scene.check("r.example/team/base:2 2 layers confirmed []", &[]);
    // Nothing is nearer than all layers.
    scene.others.clear();
    scene.diff_ids = layers("a");
    scene.place = Place::new(&[KnownImage { config: Some(digest("other")), ..debian }]);
    scene.check(base, &[]);
}

#[test]
fn a_squashed_image_is_recognised_by_its_packages() {
    let list = "apt=2.6 bash=5.2 coreutils=9.1 dpkg=1.21 libc6=2.36 zlib1g=1.2";
    let mut base = image("debian:bookworm-slim", "a");
    base.packages = Some(Arc::new(packages(list)));
    let mut scene = Scene::new(from_ref(&base), "squashed");
    scene.packages = packages(&format!("{list} nginx=1.22"));
    scene.os = Some(os("debian", "12", Some("bookworm")));
    let found = scene.check(
        "debian:bookworm-slim 0 packages guess []",
        &["docker.io/library/debian:bookworm-slim", "docker.io/library/debian:bookworm"],
    );
    assert_eq!(found.image, Some(base));
    scene.packages = packages("nginx=1.22");
    scene.check(
        "debian:bookworm-slim 0 packages guess [debian:bookworm]",
        &["docker.io/library/debian:bookworm-slim", "docker.io/library/debian:bookworm"],
    );
    scene.os = Some(os("nosuch", "1", None));
    scene.check("none", &[]);
}

#[test]
fn what_another_image_brought_up_names_no_base() {
    let mut claimed = image("attacker/debian:1", "a");
    claimed.source = Source::Claimed;
    let mut scene = Scene::new(&[claimed.clone()], "a b");
    scene.check("none", &[]);
    scene.place = Place::new(&[claimed.clone(), image("debian:bookworm", "a")]);
    scene.check("debian:bookworm 1 layers confirmed []", &[]);
    // The image that named it is confirmed by it, and it is not asked for again.
    scene.place = Place::new(&[claimed.clone()]);
    scene.annotate("attacker/debian:1", claimed.digest.as_ref());
    scene.check("attacker/debian:1 1 layers confirmed []", &[]);
}

#[test]
fn another_build_of_the_same_image_is_not_its_base() {
    let mut sibling = image("r.example/shop:1.3", "a b");
    sibling.config = Some(digest("their-config"));
    let scene = Scene::new(&[image("debian:bookworm", "a"), sibling], "a b");
    let found = scene.check("debian:bookworm 1 layers confirmed []", &[]);
    assert_eq!(found.itself, []);
}

#[test]
fn only_a_repository_that_somebody_chose_stands_for_the_official_one() {
    let mut scanned = image("attacker/python:3.11.4", "z");
    let mut scene = Scene::new(&[scanned.clone()], "a b");
    scene.env = env(&["PYTHON_VERSION=3.11.4"]);
    scene.check("attacker/python:3.11.4 0 history guess []", &["docker.io/attacker/python:3.11.4"]);
    scanned.source = Source::Scanned;
    scene.place = Place::new(&[scanned]);
    scene.check("python:3.11.4 0 history guess []", &["docker.io/library/python:3.11.4"]);
}
