//! The files that are imported, real and broken.

use std::collections::BTreeMap;
use std::fs::File;
use std::slice::from_ref;

use plimsoll_lineage::{
    Chain, DiffIds, Format, Imported, Known, KnownImage, PackageList, Subject, import, merge,
    recognise,
};
use plimsoll_model::{Confidence, DiffId};

use crate::support::{Place, shared, unpacked};

fn real(path: &str) -> Option<Imported> {
    let path = shared(path)?;
    Some(import("list", File::open(path).unwrap()).unwrap())
}

fn debian() -> Option<Imported> {
    real("baseimages/debian/debian-official-images.jsonl.zst")
}

#[test]
fn debians_builds_are_imported() {
    let Some(imported) = debian() else { return };
    assert_eq!(imported.formats, [Format::Debian]);
    assert_eq!(imported.problems, []);
    assert_eq!(imported.images.len(), 196);
    let with_layers = imported.images.iter().filter(|image| image.chain.is_some()).count();
    assert_eq!(with_layers, 120);
    let slim = imported.images.iter().find(|image| {
        let digest = image.digest.as_ref().map(plimsoll_model::Digest::short);
        digest == Some("b73bf02f3243")
    });
    let slim = slim.unwrap();
    let names: Vec<_> = slim.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["bookworm-slim", "bookworm-20241202-slim"]);
    assert_eq!(slim.platform.as_ref().unwrap().to_string(), "linux/amd64");
    assert_eq!(slim.scope.as_ref().unwrap().to_string(), "debian:12");
    assert_eq!(slim.created.unwrap().to_string(), "2024-12-02T00:00:00Z");
    assert_eq!(slim.packages.as_ref().unwrap().len(), 88);
    let armel = imported.images.iter().filter_map(|image| image.platform.as_ref());
    assert!(armel.map(ToString::to_string).any(|platform| platform == "linux/arm/v5"));
}

#[test]
fn ubuntus_builds_are_imported() {
    let Some(imported) = real("baseimages/ubuntu/ubuntu-official-images.jsonl.zst") else { return };
    assert_eq!((imported.formats.as_slice(), imported.images.len()), (&[Format::Ubuntu][..], 35));
    assert_eq!(imported.problems, []);
    let jammy = imported.images.iter().find(|image| image.name() == "ubuntu:22.04").unwrap();
    assert_eq!(jammy.scope.as_ref().unwrap().to_string(), "ubuntu:22.04");
    assert!(jammy.chain.is_none() && jammy.packages.is_some());
    let place = Place::new(&imported.images);
    assert_eq!(place.images().len(), 35);
}

/// nginx's first layer is of a newer build of debian:trixie-slim than the one recorded: same tag, other layers.
#[test]
fn repo_info_is_imported_and_another_build_is_no_base() {
    let Some(imported) = real("baseimages/repo-info-samples/samples.json") else { return };
    assert_eq!((imported.formats.as_slice(), imported.images.len()), (&[Format::RepoInfo][..], 3));
    let nginx = imported.images.iter().find(|image| image.name().starts_with("nginx")).unwrap();
    assert_eq!(nginx.blobs.unwrap().layers, 7);
    let place = Place::new(&imported.images);
    let samples =
        std::fs::read(shared("baseimages/repo-info-samples/samples.json").unwrap()).unwrap();
    let samples: serde_json::Value = serde_json::from_slice(&samples).unwrap();
    let sample =
        samples.as_array().unwrap().iter().find(|it| it["image"] == "nginx:1.30.5-trixie").unwrap();
    let blobs = sample["layers"].as_array().unwrap().iter();
    let blobs: Vec<_> = blobs.map(|layer| layer[0].as_str().unwrap().parse().unwrap()).collect();
    let history: Vec<String> = serde_json::from_value(sample["history"].clone()).unwrap();
    let (catalogue, packages) = (place.open(), PackageList::default());
    let name = nginx.full_name().unwrap();
    let subject = Subject {
        name: Some(&name),
        digest: nginx.digest.as_ref(),
        config: nginx.config.as_ref(),
        platform: nginx.platform.as_ref(),
        diff_ids: &[],
        proof: DiffIds::Verified,
        blobs: &blobs,
        annotations: &BTreeMap::new(),
        env: &["NGINX_VERSION=1.30.5".to_owned()],
        history: &history,
        os: None,
        packages: &packages,
        materials: &[],
    };
    let found = recognise(&subject, &Known { catalogue: &catalogue, others: &[] }).unwrap();
    assert_eq!(found.itself, *from_ref(nginx));
    let base = found.base.unwrap();
    assert_eq!(
        (base.reference.as_str(), base.confidence),
        ("debian:trixie-20260824", Confidence::Guess)
    );
    let asked: Vec<_> = found.ask.iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["docker.io/library/debian:trixie-20260824"]);
}

/// Each of Debian's builds, with something on top, is recognised; so is each whose layers are gone, by packages.
#[test]
fn every_build_is_found_again() {
    let Some(imported) = debian() else { return };
    let place = Place::new(&imported.images);
    let catalogue = place.open();
    let line = unpacked(&shared("baseimages/debian/debian-official-images.jsonl.zst").unwrap());
    let own: DiffId = DiffId(format!("sha256:{}", "0f".repeat(32)).parse().unwrap());
    let (mut by_layers, mut by_packages) = (0, 0);
    for line in line.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let build: serde_json::Value = serde_json::from_slice(line).unwrap();
        let packages: Vec<(String, String)> =
            serde_json::from_value(build["packages"].clone()).unwrap();
        let packages =
            PackageList::new(packages.into_iter().chain([("app".to_owned(), "1".to_owned())]));
        let suite = build["suite"].as_str().unwrap();
        if let Some(diff_ids) = build["diff_ids"].as_array() {
            let mut layers: Vec<DiffId> =
                diff_ids.iter().map(|id| DiffId(id.as_str().unwrap().parse().unwrap())).collect();
            layers.push(own.clone());
            let chain = Chain::of(&layers[..1]).unwrap();
            let found = catalogue.by_chain(chain).unwrap();
            assert!(found.iter().any(|image| image.tags[0].name.starts_with(suite)), "{suite}");
            by_layers += 1;
        }
        let nearest = catalogue.nearest(&packages, None).unwrap();
        let same =
            |image: &KnownImage| image.packages.as_ref().unwrap().len() + 1 == packages.len();
        // Suites may share a list: testing and trixie, stable and bookworm.
        assert!(
            nearest.iter().all(|near| same(&near.image) && near.likeness.same == near.likeness.of)
        );
        let is_there = nearest
            .iter()
            .any(|near| near.image.tags.iter().any(|tag| tag.name.starts_with(suite)));
        assert!(is_there, "{suite}");
        by_packages += 1;
    }
    assert_eq!((by_layers, by_packages), (120, 196));
}

#[test]
fn records_that_lie_are_problems_and_nothing_else_is_lost() {
    let (a, b) = ("0a".repeat(32), "0b".repeat(32));
    let good = format!(
        r#"{{"suite":"bookworm","variant":"slim","arch":"amd64","epoch":"1733097600","debian_version":"12.8",
            "packages":[["apt","2"]],"layer_digest":"sha256:{a}","diff_ids":["sha256:{b}"]}}"#
    )
    .replace('\n', "");
    let two = good.replace("]}", &format!(",\"sha256:{a}\"]}}"));
    let short = good.replace(&b, "0b");
    let none = good.replace(&format!("\"sha256:{b}\""), "");
    let epoch = good.replace("1733097600", "noon");
    let repo = format!(
        r#"{{"image":"x:1","platform":"linux/amd64","manifest":"sha256:{a}","layers":[["sha256:{a}",1]],"diff_ids":["sha256:{a}","sha256:{b}"]}}"#
    );
    let serial = r#"{"ref":"x","suite":"jammy","serial":"SERIAL=today","packages":[]}"#;
    let lines = [&*good, &two, &short, &none, &epoch, &repo, serial, "{", "[1,2", r#"{"set":1}"#]
        .join("\n");
    let imported = import("list", lines.as_bytes()).unwrap();
    assert_eq!(imported.images.len(), 1);
    let found: Vec<_> =
        imported.problems.iter().map(|it| format!("{} {}", it.path, it.message)).collect();
    let expected = [
        format!("list: record 2 it has one layer (sha256:{a}) and 2 diff ids"),
        "list: record 3 \"sha256:0b\" is not a digest (sha256:… or sha512:… in lower-case hexadecimal)".to_owned(),
        format!("list: record 4 it has one layer (sha256:{a}) and 0 diff ids"),
        "list: record 5 its epoch is no number".to_owned(),
        "list: record 6 it has 1 layers and 2 diff ids".to_owned(),
        "list: record 7 its serial \"SERIAL=today\" is no date".to_owned(),
    ];
    assert_eq!(found[..6], expected);
    assert_eq!(found.len(), 9, "{found:?}");
}

#[test]
fn what_is_no_list_is_refused_whole() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(import("list", bytes).unwrap_err().to_string(), expected);
    };
    let unknown = "list has no record of a known format (Debian, Ubuntu, repo-info)";
    check(b"", unknown);
    check(b"hello\n{}\n", unknown);
    check(&[0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3], "cannot read list");
    check(&[0x1f, 0x8b, 8, 0], "cannot read list");
}

#[test]
fn importing_twice_changes_nothing() {
    let Some(imported) = debian() else { return };
    let place = Place::new(&imported.images);
    let before = std::fs::read(&place.path).unwrap();
    let merged = merge(&place.path, imported.images).unwrap();
    assert_eq!((merged.added, merged.updated), (0, 0));
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}
