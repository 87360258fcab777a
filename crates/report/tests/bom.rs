//! CycloneDX and SPDX documents against their official schemas, and what schemas cannot say.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

use std::collections::HashSet;

use jiff::civil::Date;
use jsonschema::{Registry, RegistryBuilder, Validator};
use plimsoll_model::{
    DiffId, Digest, Ecosystem, Image, Inventory, InventorySchema, Location, Os, Package, PackageId,
    Problem, SourcePackage, Tool,
};
use plimsoll_report::{cyclonedx, spdx};
use serde_json::{Value, json};

const CYCLONEDX: &str = include_str!("schemas/bom-1.6.SNAPSHOT.schema.json");
const CYCLONEDX_LICENSES: &str = include_str!("schemas/spdx.SNAPSHOT.schema.json");
const CYCLONEDX_SIGNATURES: &str = include_str!("schemas/jsf-0.82.SNAPSHOT.schema.json");
const SPDX: &str = include_str!("schemas/spdx-2.3.schema.json");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn assert_valid(validator: &Validator, document: &Value) {
    let errors: Vec<_> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// Hands a validator for each of the two formats to the test.
fn with_validators(test: impl Fn(&Validator, &Validator)) {
    let registry = Registry::new()
        .add("http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json", parse(CYCLONEDX_LICENSES))
        .and_then(|registry| {
            let uri = "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json";
            registry.add(uri, parse(CYCLONEDX_SIGNATURES))
        })
        .and_then(RegistryBuilder::prepare)
        .unwrap();
    let options = jsonschema::options().should_validate_formats(true).with_registry(&registry);
    test(&options.build(&parse(CYCLONEDX)).unwrap(), &options.build(&parse(SPDX)).unwrap());
}

fn layer(byte: u8) -> DiffId {
    DiffId(Digest::sha256(&[byte; 32]))
}

fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    Package {
        id: PackageId::of(ecosystem, name, version, Some("amd64")),
        ecosystem,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some("amd64".to_owned()),
        source: None,
        module: None,
        vendor: None,
        license: None,
        purl: format!("pkg:{}/{ecosystem}/{name}@{version}?arch=amd64", ecosystem.purl_type()),
        locations: Vec::new(),
        introduced_in: None,
    }
}

fn inventory() -> Inventory {
    let ssl = Package {
        source: Some(SourcePackage {
            name: "openssl".to_owned(),
            version: "3.0.11-1~deb12u1".to_owned(),
        }),
        license: Some("Apache-2.0".to_owned()),
        locations: vec![Location { path: "var/lib/dpkg/status".to_owned(), layer: Some(layer(8)) }],
        introduced_in: Some(layer(7)),
        ..package(Ecosystem::Debian, "libssl3", "3.0.11-1~deb12u1")
    };
    let node = Package {
        module: Some("nodejs:18".to_owned()),
        vendor: Some("Red Hat, Inc.".to_owned()),
        license: Some("MIT and ASL 2.0".to_owned()),
        locations: vec![Location { path: "var/lib/rpm/rpmdb.sqlite".to_owned(), layer: None }],
        ..package(Ecosystem::RedHat, "nodejs", "1:18.20.4-1.el9")
    };
    Inventory {
        schema: InventorySchema::V1,
        tool: Tool { version: "0.0.0".to_owned() },
        as_of: Date::constant(2026, 11, 24),
        image: Image {
            reference: "registry.example/shop/web:1.4".to_owned(),
            source: "registry".to_owned(),
            digest: Some(Digest::sha256(&[0xab; 32])),
            config_digest: Some(Digest::sha256(&[0xcd; 32])),
            platform: Some("linux/amd64".parse().unwrap()),
            created: None,
            layers: Vec::new(),
        },
        os: Some(Os {
            id: "debian".to_owned(),
            version_id: Some("12".to_owned()),
            codename: Some("bookworm".to_owned()),
            pretty_name: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
            eol: None,
            ecosystem: None,
            scope: None,
        }),
        base: None,
        packages: vec![ssl, node],
        coverage: Vec::new(),
        problems: Vec::new(),
    }
}

/// What no package manager writes, and what an image may contain all the same.
fn hostile() -> Inventory {
    let evil = "e\u{1b}[2J\0\n\"\\\u{9b}\u{202e}</>";
    let mut inventory = inventory();
    inventory.image.reference = format!("dir:/mnt/{evil}");
    inventory.image.source = "dir".to_owned();
    inventory.image.digest = None;
    inventory.image.config_digest = None;
    inventory.image.platform = None;
    inventory.os.as_mut().unwrap().id = evil.to_owned();
    inventory.os.as_mut().unwrap().version_id = Some(String::new());
    let strange = Package {
        purl: "pkg:deb/debian/e%1B%5B2J%00%0A%22%5C@1".to_owned(),
        source: Some(SourcePackage { name: evil.to_owned(), version: String::new() }),
        module: Some(evil.to_owned()),
        vendor: Some(evil.to_owned()),
        license: Some(evil.to_owned()),
        locations: vec![Location { path: evil.to_owned(), layer: None }],
        ..package(Ecosystem::Debian, evil, evil)
    };
    // Their ids differ only in what an SPDX identifier has no place for.
    let twins = ["libstdc++6", "libstdc--6", "libstdc~~6"];
    inventory.packages = vec![strange.clone(), strange, package(Ecosystem::Debian, "", "")];
    inventory.packages.extend(twins.map(|name| package(Ecosystem::Debian, name, "1")));
    inventory.problems = vec![Problem {
        path: evil.to_owned(),
        layer: None,
        message: "package \u{1b}[31m has no version".to_owned(),
    }];
    inventory
}

fn bare() -> Inventory {
    Inventory { os: None, packages: Vec::new(), ..inventory() }
}

#[test]
fn documents_are_valid_by_the_official_schemas() {
    with_validators(|is_cyclonedx, is_spdx| {
        for inventory in [inventory(), hostile(), bare()] {
            assert_valid(is_cyclonedx, &parse(&cyclonedx(&inventory).unwrap()));
            assert_valid(is_spdx, &parse(&spdx(&inventory).unwrap()));
        }
    });
}

#[test]
fn the_schemas_refuse_what_is_not_valid() {
    with_validators(|is_cyclonedx, is_spdx| {
        let refuse = |validator: &Validator, text: String, pointer: &str, value: Value| {
            let mut document = parse(&text);
            *document.pointer_mut(pointer).unwrap() = value;
            assert!(!validator.is_valid(&document), "{pointer}");
        };
        let text = || cyclonedx(&inventory()).unwrap();
        refuse(is_cyclonedx, text(), "/components/0/type", json!("Library"));
        refuse(is_cyclonedx, text(), "/metadata/timestamp", json!("today"));
        refuse(is_cyclonedx, text(), "/components/1/licenses/0", json!({"license": {"id": "X"}}));
        let text = || spdx(&inventory()).unwrap();
        refuse(is_spdx, text(), "/packages/0/primaryPackagePurpose", json!("container"));
        refuse(is_spdx, text(), "/packages/1", json!({"name": "x"}));
    });
}

#[test]
fn cyclonedx_as_it_looks() {
    insta::assert_snapshot!(cyclonedx(&inventory()).unwrap());
}

#[test]
fn spdx_as_it_looks() {
    insta::assert_snapshot!(spdx(&inventory()).unwrap());
}

#[test]
fn cyclonedx_of_a_hostile_image() {
    insta::assert_snapshot!(cyclonedx(&hostile()).unwrap());
}

#[test]
fn spdx_of_a_hostile_image() {
    insta::assert_snapshot!(spdx(&hostile()).unwrap());
}

#[test]
fn nothing_hostile_reaches_a_terminal() {
    for text in [cyclonedx(&hostile()).unwrap(), spdx(&hostile()).unwrap()] {
        let found = text.chars().find(|&c| (c.is_control() && c != '\n') || c == '\u{202e}');
        assert_eq!(found, None);
    }
}

fn texts<'a>(list: &'a Value, pointer: &str) -> Vec<&'a str> {
    let entries = list.as_array().unwrap().iter();
    entries.filter_map(|entry| entry.pointer(pointer)?.as_str()).collect()
}

#[test]
fn every_purl_comes_out_as_it_went_in() {
    for inventory in [inventory(), hostile()] {
        let purls: Vec<_> =
            inventory.packages.iter().map(|package| package.purl.as_str()).collect();
        let document = parse(&cyclonedx(&inventory).unwrap());
        assert_eq!(texts(&document["components"], "/purl"), purls);
        let document = parse(&spdx(&inventory).unwrap());
        let locators = texts(&document["packages"], "/externalRefs/0/referenceLocator");
        assert!(locators.ends_with(&purls), "{locators:?}");
        assert!(locators.len() <= purls.len() + 1, "{locators:?}");
    }
}

#[test]
fn references_are_unique_and_lead_somewhere() {
    for inventory in [inventory(), hostile(), bare()] {
        let document = parse(&cyclonedx(&inventory).unwrap());
        let references = texts(&document["components"], "/bom-ref");
        let distinct: HashSet<_> = references.iter().copied().chain(["image"]).collect();
        assert_eq!(distinct.len(), references.len() + 1, "{references:?}");
        assert_eq!(document["metadata"]["component"]["bom-ref"], "image");
        assert_eq!(document["dependencies"], json!([{"ref": "image", "dependsOn": references}]));

        let document = parse(&spdx(&inventory).unwrap());
        let ids = texts(&document["packages"], "/SPDXID");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
        for id in &ids {
            let rest = id.strip_prefix("SPDXRef-").unwrap();
            assert!(rest.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)), "{id}");
        }
        assert_eq!(texts(&document["relationships"], "/relatedSpdxElement"), ids);
    }
}

#[test]
fn the_same_inventory_gives_the_same_bytes_and_another_one_another_name() {
    let mut tomorrow = inventory();
    tomorrow.as_of = Date::constant(2026, 11, 25);
    let mut fewer = inventory();
    fewer.packages.pop();
    let names = |inventory: &Inventory| {
        let serial = parse(&cyclonedx(inventory).unwrap())["serialNumber"].clone();
        let namespace = parse(&spdx(inventory).unwrap())["documentNamespace"].clone();
        [serial, namespace].map(|name| name.as_str().unwrap().to_owned())
    };
    assert_eq!(cyclonedx(&inventory()).unwrap(), cyclonedx(&inventory()).unwrap());
    assert_eq!(spdx(&inventory()).unwrap(), spdx(&inventory()).unwrap());
    let all: HashSet<_> = [inventory(), tomorrow, fewer].iter().flat_map(names).collect();
    assert_eq!(all.len(), 6, "{all:?}");
}
