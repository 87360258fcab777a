//! Reports for machines and merge requests: well-formed, and foreign text is only text in each.

use plimsoll_testkit::{Image, Layer};
use serde_json::Value;

use crate::support::{Answer, Archive, Feeds, TestContext, bookworm, deb, entries_of, tracker};

/// A changelog and a name of a package that try to be more than text.
const SENTENCE: &str = "Fix CVE-2026-0001 \u{1b}[31m</failure><script>x</script> ]]> &amp; ![i](x) | `b` \
                        [l](javascript:1) @all \u{0}\u{202e}end";

/// So does the name of a package; dpkg would refuse it, a hostile image need not.
const NAME: &str = "p<b>|`x`]]>&\u{1b}[2J";

fn world() -> TestContext {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    Feeds::new(context.path("feeds")).debian_tracker(&tracker(NAME, &[("CVE-2026-0002", "2")]));
    let fixed = |name: &str| deb(name, &[("2", SENTENCE), ("1", "Before.")]);
    archive.security([fixed("zlib"), fixed("curl")]);
    let mut image = bookworm(&["zlib 1", "curl 1", &format!("{NAME} 1")]);
    // A step of the build history is foreign text as well.
    image.layers.push(
        Layer::new(&entries_of(&[("etc/motd", "x")])).created_by("RUN <b>\u{1b}[2J| `x` ]]>"),
    );
    context.layout("image", &image);
    context
}

fn scan(context: &TestContext, format: &str) -> Answer {
    let answer = context.plimsoll(&["scan", "image", "--format", format]).ends_with(0);
    let is_raw = |c: char| c.is_control() && c != '\n';
    assert!(!answer.stdout.contains(is_raw), "{format}: {:?}", answer.stdout);
    answer.shows("CVE-2026-0001")
}

#[test]
fn sarif_is_json_with_a_result_for_each_finding() {
    let context = world();
    let document = scan(&context, "sarif").json();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"].as_str().unwrap().to_lowercase(), "plimsoll");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let rule = result["ruleId"].as_str().unwrap();
        assert!(rules.iter().any(|known| known["id"] == rule), "{rule} is no rule");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(!result["locations"].as_array().unwrap().is_empty());
    }
}

#[test]
fn gitlab_is_json_with_a_vulnerability_for_each_finding() {
    let context = world();
    let document = scan(&context, "gitlab").json();
    assert_eq!(document["scan"]["type"], "container_scanning");
    assert_eq!(document["scan"]["status"], "success");
    let vulnerabilities = document["vulnerabilities"].as_array().unwrap();
    assert_eq!(vulnerabilities.len(), 3);
    let mut ids: Vec<_> = vulnerabilities.iter().map(|one| one["id"].to_string()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has an id of its own");
    for one in vulnerabilities {
        let names = ["image", "operating_system"].map(|key| one["location"][key].as_str());
        assert!(names.iter().all(Option::is_some), "{one:#}");
        assert!(one["identifiers"][0]["value"].as_str().unwrap().starts_with("CVE-2026-000"));
    }
}

#[test]
fn junit_is_xml_whatever_changelogs_say() {
    let context = world();
    let answer = scan(&context, "junit");
    let elements = elements_of(&answer.stdout);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert!(count("testcase") >= 3 && count("failure") == 3, "{answer}");
    assert_eq!(count("script") + count("b"), 0, "{answer}");
}

#[test]
fn markdown_has_no_markup_of_others() {
    let context = world();
    let answer = scan(&context, "markdown");
    for part in ["<script", "<b>", "</failure>"] {
        assert!(!outside_of_code(&answer.stdout).contains(part), "{part:?} in {answer}");
    }
    for part in ["![i]", "[l](", "@all"] {
        assert!(!outside_of_code(&answer.stdout).contains(part), "{part:?} in {answer}");
    }
}

#[test]
fn several_formats_and_images_are_written_in_one_run() {
    let context = world();
    context.layout("other", &bookworm(&["zlib 2"]));
    let args = ["scan", "image", "other", "--format", "sarif=r.sarif", "--format", "junit=r.xml"];
    let args = [&args[..], &["--format", "gitlab=r.json", "--format", "markdown=r.md"]].concat();
    let answer = context.plimsoll(&args).ends_with(0);
    assert_eq!(answer.stdout, "");
    let read = |name: &str| std::fs::read_to_string(context.path(name)).unwrap();
    let sarif: Value = serde_json::from_str(&read("r.sarif")).unwrap();
    assert_eq!(sarif["runs"].as_array().unwrap().len(), 2);
    serde_json::from_str::<Value>(&read("r.json")).unwrap();
    assert!(elements_of(&read("r.xml")).iter().filter(|name| *name == "testsuite").count() == 2);
    assert!(read("r.md").contains("image") && read("r.md").contains("other"));
}

/// That nothing could be judged stands in the report itself: whoever reads it does not see the exit code.
#[test]
fn an_image_that_cannot_be_judged_says_so() {
    let context = TestContext::new();
    context.layout("image", &bookworm(&["zlib 1"]));
    let report = |format: &str| {
        context.plimsoll(&["scan", "image", "--offline", "--format", format]).ends_with(11)
    };
    assert!(elements_of(&report("junit").stdout).contains(&"error".to_owned()));
    let gitlab = report("gitlab").json();
    assert_eq!(gitlab["scan"]["status"], "failure");
    assert!(gitlab["scan"]["messages"].to_string().contains("debian:12"), "{gitlab:#}");
    let sarif = report("sarif").json();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notes = &invocation["toolExecutionNotifications"];
    assert!(notes.to_string().contains("debian:12"), "{sarif:#}");
    report("markdown").shows("annot know");
}

#[test]
fn why_not_answers_for_what_is_offered_and_what_is_not() {
    let context = world();
    let ask = |remedy: &str| context.plimsoll(&["scan", "image", "--why-not", remedy]).ends_with(0);
    ask("zlib").shows("zlib 2");
    ask("upgrade_packages").shows("recommended");
    ask("upgrade_base").shows("base");
    ask("nonsense").shows("nonsense");
    let answer = ask("\u{1b}[31mred");
    assert!(!answer.stdout.contains('\u{1b}'), "{:?}", answer.stdout);
    let both = ["scan", "image", "--why-not", "zlib", "--format", "json"];
    context.plimsoll(&both).ends_with(2);
}

#[test]
fn an_image_without_layers_of_its_own_is_reported_too() {
    let context = world();
    context.layout("empty", &Image::new([]));
    for format in ["markdown", "sarif", "junit", "gitlab"] {
        let answer = context.plimsoll(&["scan", "empty", "--format", format]).ends_with(11);
        assert!(!answer.stdout.is_empty(), "{answer}");
    }
}

/// The names of the elements of an XML document; panics where it is not well-formed.
fn elements_of(xml: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = xml.trim();
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(!text.contains("]]>") || text.is_empty(), "{text:?}");
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap();
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '/')
            .collect();
        match tag.as_bytes()[0] {
            b'?' => continue,
            b'/' => assert_eq!(open.pop().as_deref(), Some(&*name), "closes what is open: {xml}"),
            _ => {
                assert!(name.chars().all(char::is_alphanumeric), "{name:?} in {xml}");
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag:?}");
                names.push(name.clone());
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {xml}");
    names
}

/// Markdown without code: spans and fenced blocks (CommonMark, sections 4.5 and 6.1).
fn outside_of_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut rest = markdown;
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let ticks = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        rest = &rest[at + ticks..];
        // The next run of exactly as many ends the code.
        let mut from = 0;
        let end = loop {
            let Some(found) = rest[from..].find('`').map(|found| from + found) else { break None };
            let run = rest[found..].len() - rest[found..].trim_start_matches('`').len();
            if run == ticks {
                break Some(found + run);
            }
            from = found + run;
        };
        rest = end.map_or(rest, |end| &rest[end..]);
    }
    outside.push_str(rest);
    outside
}
