//! Markdown, and the formats of CI servers: as they look, against schemas, and with text that tries to be
//! markup.

#![expect(clippy::unwrap_used, reason = "fixtures; clippy knows tests only by their attribute")]

#[path = "support/fixtures.rs"]
mod fixtures;

use std::collections::HashSet;
use std::slice::from_ref;

use plimsoll_model::{Changes, Problem, Scan, Update};
use plimsoll_report::{Filtered, Shown, changes_markdown};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use fixtures::{advised, changes, detailed, hostile, scan};

const SARIF: &str = include_str!("schemas/sarif-2.1.0.schema.json");

fn all(scans: &[Scan]) -> Vec<Filtered<'_>> {
    scans.iter().map(|scan| Filtered { scan, hidden: 0 }).collect()
}

fn markdown(scans: &[Scan]) -> String {
    plimsoll_report::markdown(&all(scans))
}

fn sarif(scans: &[Scan]) -> String {
    plimsoll_report::sarif(&all(scans)).unwrap()
}

fn gitlab(scans: &[Scan]) -> String {
    plimsoll_report::gitlab(&all(scans)).unwrap()
}

fn junit(scans: &[Scan]) -> String {
    plimsoll_report::junit(&all(scans)).unwrap()
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn markdown_of_changes() -> String {
    changes_markdown(&[Shown { changes: &changes(), hidden: 0 }])
}

fn assert_harmless(text: &str) {
    let steers = |c: &char| (c.is_control() && *c != '\n') || *c == '\u{202e}';
    assert_eq!(text.chars().find(steers), None, "{text}");
}

#[test]
fn markdown_as_it_looks() {
    insta::assert_snapshot!(markdown(&[detailed()]));
}

#[test]
fn a_comment_has_the_size_that_github_takes() {
    let shown = |changes: &[Changes]| {
        let shown: Vec<_> = changes.iter().map(|changes| Shown { changes, hidden: 0 }).collect();
        changes_markdown(&shown)
    };
    let hostile = "\u{202e}`|".repeat(4000);
    let mut changes = changes();
    let updates = changes.updates.clone();
    changes.updates = updates.iter().cycle().take(900).cloned().collect();
    let many = shown(from_ref(&changes));
    assert!((40_000..=65_536).contains(&many.len()), "{}", many.len());
    assert!(many.contains("more updates are left out") && many.contains("\nand 850 more\n"));
    changes.problems =
        vec![Problem { path: hostile.clone(), layer: None, message: hostile.clone() }; 900];
    changes.updates.truncate(60);
    for update in &mut changes.updates {
        let Update { source, installed, candidate, suite, .. } = update;
        for word in [source, installed, candidate, suite] {
            word.clone_from(&hostile);
        }
        update.ids = vec![hostile.clone(); 9];
        update.problem = Some(hostile.clone());
        for entry in &mut update.entries {
            entry.version.clone_from(&hostile);
            entry.text.push_str(&hostile);
        }
    }
    changes.image.reference.clone_from(&hostile);
    for count in [1, 3, 20] {
        let text = shown(&vec![changes.clone(); count]);
        assert!(text.len() <= 65_536, "{count}: {}", text.len());
        assert_eq!(text.matches("security updates").count(), count);
        assert!(text.matches("\n- and ").count() >= count, "{count}");
        assert_harmless(&text);
    }
}

#[test]
fn markdown_of_changes_as_it_looks() {
    insta::assert_snapshot!(markdown_of_changes());
}

/// The text outside of code spans and code blocks, where markup would be seen.
fn outside_of_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<usize> = None;
    for line in markdown.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_matches('`').is_empty() => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                outside.extend(line.split('`').step_by(2));
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a code block has no end: {markdown}");
    outside
}

#[test]
fn nothing_foreign_is_markup() {
    for text in [markdown(&[hostile()]), markdown_of_changes()] {
        assert_harmless(&text);
        let outside = outside_of_code(&text);
        for markup in ["<script", "<img", "@everyone", "](", "# {0}", "onerror"] {
            assert!(!outside.contains(markup), "{markup} is seen in {outside}");
        }
        for (opened, closed) in [("<details>", "</details>"), ("<summary>", "</summary>")] {
            assert_eq!(outside.matches(opened).count(), outside.matches(closed).count());
        }
    }
}

#[test]
fn a_row_of_a_markdown_table_keeps_its_cells() {
    let text = markdown(&[hostile()]);
    for table in text.split("\n\n").filter(|block| block.starts_with("| ")) {
        let cells: HashSet<_> = table.lines().map(|line| line.matches('|').count()).collect();
        assert_eq!(cells.len(), 1, "{table}");
    }
}

#[test]
fn sarif_as_it_looks() {
    insta::assert_snapshot!(sarif(&[detailed()]));
}

#[test]
fn sarif_follows_its_schema() {
    // The schema's pattern for languages has a bracket too many, which strict readers of regular
    // expressions refuse.
    let schema = SARIF.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let validator =
        jsonschema::options().should_validate_formats(true).build(&parse(&schema)).unwrap();
    let check = |scans: &[Scan]| {
        let text = sarif(scans);
        assert_harmless(&text);
        let document = parse(&text);
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        document
    };
    check(&[]);
    let document = check(&[scan(), advised(), detailed(), hostile()]);
    assert_eq!(document["runs"].as_array().unwrap().len(), 4);
    for run in document["runs"].as_array().unwrap() {
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
    }
}

#[test]
fn the_next_build_takes_the_place_of_this_one() {
    let mut next = scan();
    next.image.reference = "shop:1.5".to_owned();
    let ids = |scans: &[Scan]| -> Vec<String> {
        let document = parse(&sarif(scans));
        let runs = document["runs"].as_array().unwrap();
        runs.iter().map(|run| run["automationDetails"]["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[scan()]), ["plimsoll/shop/linux/amd64/"]);
    assert_eq!(ids(&[next.clone()]), ids(&[scan()]));
    // In one file, though, each run has a name of its own.
    assert_eq!(ids(&[scan(), next]).iter().collect::<HashSet<_>>().len(), 2);
}

#[test]
fn the_vendors_severity_outranks_a_score_that_differs() {
    let document = parse(&sarif(&[detailed()]));
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let score = |id: &str| {
        let rule = rules.iter().find(|rule| rule["id"] == id).unwrap();
        rule["properties"]["security-severity"].as_str().map(str::to_owned)
    };
    assert_eq!(score("CVE-2025-0001").as_deref(), Some("9.8"));
    assert_eq!(score("CVE-2025-0002").as_deref(), Some("5.5"), "medium, though its score is 9.1");
    assert_eq!(score("CVE-2025-0005"), None, "nobody rated it");
}

#[test]
fn junit_as_it_looks() {
    insta::assert_snapshot!(junit(&[detailed()]));
}

/// Names of elements with their attributes, in order: an error where the text is no XML.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(xml);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) | Event::Empty(start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
                    (attribute.key.as_ref().to_owned(), value)
                });
                elements.push((start.name().as_ref().to_owned(), attributes.collect()));
            }
            Event::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn junit_is_xml_whatever_the_names_and_its_sums_are_right() {
    let text = junit(&[scan(), detailed(), hostile()]);
    assert_harmless(&text);
    assert!(!text.contains(['\u{fffe}', '\u{ffff}']), "XML 1.0 cannot have these");
    let elements = elements(&text);
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert!(count("img") == 0 && count("script") == 0, "a name became an element");
    let (root, attributes) = &elements[0];
    assert_eq!(root, "testsuites");
    for (attribute, element) in [
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ] {
        let said = attributes.iter().find(|(name, _)| name == attribute).unwrap();
        assert_eq!(said.1, count(element).to_string(), "{attribute}");
    }
    assert_eq!((count("testsuite"), count("skipped")), (3, 1));
}

#[test]
fn an_image_that_nothing_could_judge_has_no_green_list() {
    let mut scan = scan();
    scan.findings.clear();
    scan.problems.clear();
    scan.coverage.clear();
    assert!(junit(&[scan.clone()]).contains("<error type=\"cannot know\""));
    assert!(sarif(&[scan.clone()]).contains("nothing was evaluated"));
    assert!(gitlab(&[scan.clone()]).contains("nothing was evaluated"));
    assert!(markdown(&[scan]).contains("cannot know: nothing was evaluated"));
}

#[test]
fn gitlab_as_it_looks() {
    insta::assert_snapshot!(gitlab(&[detailed()]));
}

/// The rules of GitLab's schema (15.1.4) that a document can break; the schema itself is not at hand.
#[test]
fn gitlab_keeps_the_limits_of_its_schema() {
    let scans = [scan(), detailed(), hostile()];
    let text = gitlab(&scans);
    assert_harmless(&text);
    let report = parse(&text);
    let of = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    for time in ["start_time", "end_time"] {
        assert_eq!(of(&report["scan"], time), "2026-11-24T00:00:00");
    }
    let mut ids = HashSet::new();
    for vulnerability in report["vulnerabilities"].as_array().unwrap() {
        ids.insert(of(vulnerability, "id"));
        assert!(of(vulnerability, "name").chars().count() <= 255);
        assert!(of(vulnerability, "solution").chars().count() <= 7000);
        let severities = ["Info", "Unknown", "Low", "Medium", "High", "Critical"];
        assert!(severities.contains(&vulnerability["severity"].as_str().unwrap()));
        let identifiers = vulnerability["identifiers"].as_array().unwrap();
        assert!(!identifiers.is_empty());
        for identifier in identifiers {
            for key in ["type", "name", "value"] {
                assert!(!of(identifier, key).is_empty());
            }
        }
        for link in vulnerability["links"].as_array().into_iter().flatten() {
            assert!(of(link, "url").starts_with("https://"));
        }
        for key in ["image", "operating_system"] {
            assert!(!of(&vulnerability["location"], key).is_empty());
        }
        assert!(vulnerability["location"]["dependency"]["package"]["name"].is_string());
    }
    // The first two scans are of the same image: the same findings have the same ids. One is set aside.
    assert_eq!(ids.len(), scans[0].findings.len() + scans[2].findings.len());
}

#[test]
fn the_same_scan_gives_the_same_bytes() {
    let scans = [detailed(), hostile()];
    assert_eq!(sarif(&scans), sarif(&scans));
    assert_eq!(gitlab(&scans), gitlab(&scans));
    assert_eq!(junit(&scans), junit(&scans));
    assert_eq!(markdown(&scans), markdown(&scans));
}

#[test]
fn what_filters_hide_is_said_in_every_format() {
    let mut scan = detailed();
    scan.findings.clear();
    scan.problems.clear();
    let filtered = [Filtered { scan: &scan, hidden: 3 }];
    for text in [
        plimsoll_report::markdown(&filtered),
        plimsoll_report::sarif(&filtered).unwrap(),
        plimsoll_report::gitlab(&filtered).unwrap(),
        plimsoll_report::junit(&filtered).unwrap(),
    ] {
        assert!(text.contains("3 findings are not shown: filters"), "{text}");
        assert!(!text.contains("nothing found"), "{text}");
    }
}
