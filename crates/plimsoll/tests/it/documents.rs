//! The JSON that other programs rely on: its keys, and the same bytes for the same question.

use std::collections::BTreeSet;

use plimsoll_testkit::Layout;
use serde_json::Value;

use crate::support::{TestContext, shop, shop_feeds};

/// `scan` of the design's list of keys, as paths; `[]` is an element of a list.
const SCAN: &str = "
    schema tool tool.version as_of
    image image.reference image.source image.digest image.config_digest image.platform image.created
    image.layers image.layers[] image.layers[].digest image.layers[].diff_id image.layers[].size
    image.layers[].origin image.layers[].created_by
    os os.id os.version_id os.codename os.pretty_name os.eol os.eol.date os.eol.phase
    base
    packages packages[] packages[].id packages[].ecosystem packages[].name packages[].version
    packages[].arch packages[].source packages[].source.name packages[].source.version packages[].purl
    packages[].locations packages[].locations[] packages[].locations[].path packages[].locations[].layer
    packages[].introduced_in
    findings findings[] findings[].key findings[].id findings[].aliases findings[].title findings[].urls
    findings[].published findings[].package findings[].severity findings[].severity_source
    findings[].cvss findings[].cvss[] findings[].epss findings[].kev findings[].state
    findings[].sub_state findings[].fixed_version findings[].origin
    findings[].evidence findings[].evidence[] findings[].evidence[].shard findings[].evidence[].feed
    findings[].evidence[].record findings[].evidence[].rule findings[].evidence[].compared
    findings[].evidence[].compared.installed findings[].evidence[].compared.relation
    findings[].evidence[].compared.against
    findings[].suppressed findings[].suppressed.by findings[].suppressed.reason
    findings[].suppressed.until
    remedies remedies[] remedies[].action remedies[].target remedies[].clears remedies[].clears[]
    remedies[].introduces
    coverage coverage[] coverage[].scope coverage[].status coverage[].feed coverage[].as_of
    problems problems[] problems[].path problems[].layer problems[].message
    database database.generation database.as_of
";

/// What `scan` says of the base; an inventory does not look for one.
const BASE: &str = "
    base.reference base.digest base.layers base.method base.confidence base.ties
";

/// Keys that grew since the list was written; within a schema version keys only grow.
const GROWN: &str = "
    packages[].module packages[].vendor packages[].license
    base.created
    remedies[].changes remedies[].changes[] remedies[].changes[].ecosystem remedies[].changes[].name
    remedies[].changes[].arch remedies[].changes[].from remedies[].changes[].to remedies[].reason
    rejected_remedies rejected_remedies[] rejected_remedies[].action rejected_remedies[].target
    rejected_remedies[].reason
    findings[].cvss[].vector findings[].cvss[].score findings[].epss.score findings[].epss.percentile
    findings[].kev.added findings[].kev.ransomware
";

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Every path of the document. Lists of plain values have no elements here unless they are of objects.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                paths(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => {
            for item in items {
                let path = format!("{at}[]");
                if item.is_object() {
                    found.insert(path.clone());
                }
                paths(item, &path, found);
            }
        }
        _ => {}
    }
}

/// A scan in which every part of the document has something in it.
fn full_scan(context: &TestContext) -> Value {
    shop_feeds(context);
    let mut image = shop();
    let database = String::from_utf8_lossy(&image.layers[1].tar().unwrap()).into_owned();
    assert!(database.contains("P:curl"));
    // A record without a name is a problem, and a package of which nothing is known.
    let broken = "P:zlib\nV:1.3.1-r0\nA:x86_64\no:zlib\n\nV:1\nA:x86_64\n\n";
    let files =
        [("lib/apk/db/installed", &*(crate::support::apk_database(crate::support::BASE) + broken))];
    image.layers.push(plimsoll_testkit::Layer::new(&crate::support::entries_of(&files)));
    context.layout("shop", &image);
    context.write(
        "plimsoll.toml",
        "[[ignore]]\nid = \"CVE-2023-42363\"\nreason = \"no shell\"\nuntil = 2027-01-01\n",
    );
    context.plimsoll(&["scan", "--from", "feeds", "--format", "json", "shop"]).ends_with(11).json()
}

#[test]
fn a_scan_has_exactly_the_keys_of_the_design() {
    let context = TestContext::new();
    let document = full_scan(&context);
    let mut found = BTreeSet::new();
    paths(&document, "", &mut found);
    let mut expected = words(SCAN);
    expected.extend(words(BASE));
    expected.remove("remedies[].clears[]");
    // curl is gone with its findings here, so nothing is exploited and musl alone has a score of FIRST's.
    let grown = words(GROWN);
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "missing: {missing:?} in {document:#}");
    let unknown: Vec<_> =
        found.iter().filter(|path| !expected.contains(*path) && !grown.contains(*path)).collect();
    assert!(unknown.is_empty(), "not in the design: {unknown:?}");
    assert_eq!(document["schema"], "plimsoll.scan/1");
    assert_eq!(document["as_of"], "2026-06-01");
    let base = &document["base"];
    assert_eq!(
        (&base["method"], &base["confidence"], &base["layers"]),
        (&"history".into(), &"guess".into(), &0.into())
    );
}

#[test]
fn an_inventory_has_the_same_keys_without_findings_remedies_and_database() {
    let context = TestContext::new();
    full_scan(&context);
    let answer = context.plimsoll(&["inventory", "--format", "json", "shop"]).ends_with(0);
    let document = answer.json();
    let mut found = BTreeSet::new();
    paths(&document, "", &mut found);
    let gone = |path: &String| {
        ["findings", "remedies", "database"].iter().any(|part| path.starts_with(part))
    };
    let expected: BTreeSet<_> = words(SCAN).into_iter().filter(|path| !gone(path)).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "missing: {missing:?} in {document:#}");
    let grown = words(GROWN);
    let unknown: Vec<_> =
        found.iter().filter(|path| !expected.contains(*path) && !grown.contains(*path)).collect();
    assert!(unknown.is_empty(), "not in the design: {unknown:?}");
    assert_eq!(document["schema"], "plimsoll.inventory/1");
}

#[test]
fn what_refers_to_something_refers_to_something_that_is_there() {
    let context = TestContext::new();
    let document = full_scan(&context);
    let all = |list: &str, key: &str| -> BTreeSet<String> {
        let items = document[list].as_array().unwrap().iter();
        items.map(|item| item[key].as_str().unwrap().to_owned()).collect()
    };
    let packages = all("packages", "id");
    let keys = all("findings", "key");
    let diff_ids: BTreeSet<_> = document["image"]["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["diff_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(packages.len(), document["packages"].as_array().unwrap().len());
    assert_eq!(keys.len(), document["findings"].as_array().unwrap().len());
    for package in document["packages"].as_array().unwrap() {
        assert!(diff_ids.contains(package["introduced_in"].as_str().unwrap()), "{package}");
        for location in package["locations"].as_array().unwrap() {
            assert!(diff_ids.contains(location["layer"].as_str().unwrap()), "{package}");
        }
    }
    for finding in document["findings"].as_array().unwrap() {
        let package = finding["package"].as_str().unwrap();
        assert!(packages.contains(package), "{finding}");
        let key = format!("{} {package}", finding["id"].as_str().unwrap());
        assert_eq!(finding["key"], key);
        assert!(!finding["evidence"].as_array().unwrap().is_empty(), "{finding}");
    }
    for remedy in document["remedies"].as_array().unwrap() {
        for key in remedy["clears"].as_array().unwrap() {
            assert!(keys.contains(key.as_str().unwrap()), "{remedy}");
        }
    }
}

#[test]
fn the_same_question_has_the_same_bytes_as_answer() {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    context.plimsoll(&["db", "update", "alpine:3.19", "--from", "feeds"]).ends_with(0);
    let ask = |more: &[&str]| {
        let args = [&["scan", "--offline", "--format", "json", "shop"], more].concat();
        context.plimsoll(&args).ends_with(0).stdout
    };
    let first = ask(&[]);
    assert!(first.len() > 1000);
    for more in [&[][..], &["--no-cache"], &["--memory", "1MiB"], &["--quiet"], &["-v"], &[]] {
        assert_eq!(ask(more), first, "{more:?}");
    }
    assert_ne!(ask(&["--as-of", "2027-06-01"]), first, "the day is part of the question");

    // In a file as on standard output, and not a terminal's colours in either.
    let args = ["scan", "--offline", "shop", "--format", "json=report.json", "--format", "table"];
    let table = context.plimsoll(&args).ends_with(0);
    assert_eq!(std::fs::read_to_string(context.path("report.json")).unwrap(), first);
    assert!(table.stdout.contains("openssl") && !table.stdout.contains('\u{1b}'), "{table}");
}

#[test]
fn two_formats_on_standard_output_are_a_mistake() {
    let context = TestContext::new();
    context.layout("shop", &shop());
    for args in [
        &["scan", "--offline", "shop", "--format", "json", "--format", "table"][..],
        &["scan", "--offline", "shop", "--format", "json", "--format", "json"],
        &["inventory", "shop", "--format", "spdx", "--format", "json"],
    ] {
        let answer = context.plimsoll(args).ends_with(2);
        assert_eq!(answer.stdout, "", "{answer}");
    }
    let unwritable = ["scan", "--offline", "shop", "--format", "json=no/such/directory/r.json"];
    context.plimsoll(&unwritable).ends_with(1).says("no/such/directory/r.json");
}

#[test]
fn several_images_are_one_document_of_scans() {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    context.layout("other", &shop());
    let args = ["scan", "--from", "feeds", "--format", "json", "shop", "other"];
    let document = context.plimsoll(&args).ends_with(0).json();
    assert_eq!(document["schema"], "plimsoll.scans/1");
    let scans = document["scans"].as_array().unwrap();
    let references: Vec<_> = scans.iter().map(|scan| &scan["image"]["reference"]).collect();
    assert_eq!(references, ["shop", "other"]);
    assert!(scans.iter().all(|scan| scan["schema"] == "plimsoll.scan/1"));
}

#[test]
fn all_platforms_are_one_document_of_scans() {
    let context = TestContext::new();
    shop_feeds(&context);
    let mut layout = Layout::new();
    layout.add_index("latest", &[shop(), shop().platform("linux/arm64/v8")]);
    layout.write(&context.path("multi")).unwrap();
    let platform = |platform: &str, code| {
        let args = ["scan", "--from", "feeds", "--format", "json", "--platform", platform, "multi"];
        context.plimsoll(&args).ends_with(code)
    };
    let document = platform("all", 0).json();
    assert_eq!(document["schema"], "plimsoll.scans/1");
    let platforms: Vec<_> = document["scans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scan| scan["image"]["platform"].to_string())
        .collect();
    assert_eq!(platforms.len(), 2, "{platforms:?}");
    assert!(platforms[0].contains("amd64") && platforms[1].contains("arm64"), "{platforms:?}");
    let one = platform("linux/arm64/v8", 0).json();
    assert_eq!(one["schema"], "plimsoll.scan/1");
    assert_eq!(one, document["scans"][1]);
    platform("linux/s390x", 1).says("linux/s390x");

    // Whoever asks for all gets the same shape whatever there is.
    context.layout("one", &shop());
    let args = ["scan", "--from", "feeds", "--format", "json", "--platform", "all", "one"];
    let document = context.plimsoll(&args).ends_with(0).json();
    assert_eq!(document["schema"], "plimsoll.scans/1");
    assert_eq!(document["scans"].as_array().unwrap().len(), 1);
}
