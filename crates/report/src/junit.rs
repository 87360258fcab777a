//! JUnit's XML, which every CI server shows as a list of tests.
//!
//! A suite for each image. Each finding is a failed test, each part that was judged a passed one, each
//! part that could not be judged or read an error: a scan that knows nothing has no green list.

use std::collections::BTreeMap;
use std::io;

use plimsoll_model::{CoverageStatus, Finding, Package, PackageId};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::escape::for_terminal;
use crate::filtered::Filtered;
use crate::words::{not_evaluated, without_tag};

/// The scans as JUnit XML. The time of each suite is the beginning of the day that its scan speaks for.
///
/// # Errors
/// None: it is written to memory.
pub fn junit(scans: &[Filtered<'_>]) -> io::Result<String> {
    let suites: Vec<_> = scans.iter().map(|filtered| Suite::of(*filtered)).collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let tests: Vec<_> = suites.iter().flat_map(|suite| &suite.tests).collect();
    let root = counted(BytesStart::new("testsuites"), "plimsoll", &tests);
    writer.write_event(Event::Start(root))?;
    for suite in &suites {
        suite.write(&mut writer)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

struct Suite {
    name: String,
    /// The name without what changes from build to build: servers follow a test by it.
    class: String,
    timestamp: String,
    tests: Vec<Test>,
}

struct Test {
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Failed { kind: &'static str, message: String, text: String },
    Error { message: String },
    Skipped { message: String },
}

impl Suite {
    fn of(filtered: Filtered<'_>) -> Self {
        let scan = filtered.scan;
        let platform = scan.image.platform.as_ref().map(|platform| format!(" {platform}"));
        let packages: BTreeMap<&PackageId, &Package> =
            scan.packages.iter().map(|package| (&package.id, package)).collect();
        let findings = scan
            .findings
            .iter()
            .map(|finding| Test::of_finding(finding, packages.get(&finding.package).copied()));
        let parts = scan.coverage.iter().map(|part| Test {
            name: format!("{} is judged", part.scope),
            outcome: match (part.status, not_evaluated(part)) {
                (CoverageStatus::Evaluated, _) | (_, None) => Outcome::Passed,
                (_, Some(message)) => Outcome::Error { message },
            },
        });
        let nothing = scan.coverage.is_empty().then(|| Test {
            name: "something is judged".to_owned(),
            outcome: Outcome::Error { message: "nothing was evaluated".to_owned() },
        });
        let problems = scan.problems.iter().map(|problem| Test {
            name: format!("{} is read", problem.path),
            outcome: Outcome::Error { message: problem.message.clone() },
        });
        let hidden = filtered.note().map(|message| Test {
            name: "every finding is shown".to_owned(),
            outcome: Outcome::Skipped { message },
        });
        let platform = platform.unwrap_or_default();
        Self {
            name: format!("{}{platform}", scan.image.reference),
            class: format!("{}{platform}", without_tag(&scan.image.reference)),
            timestamp: format!("{}T00:00:00", scan.as_of),
            tests: findings.chain(parts).chain(nothing).chain(problems).chain(hidden).collect(),
        }
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let tests: Vec<_> = self.tests.iter().collect();
        let mut start = counted(BytesStart::new("testsuite"), &self.name, &tests);
        start.push_attribute(("timestamp", &*self.timestamp));
        writer.write_event(Event::Start(start))?;
        for test in &self.tests {
            test.write(&self.class, writer)?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))
    }
}

impl Test {
    fn of_finding(finding: &Finding, package: Option<&Package>) -> Self {
        let package = match package {
            Some(package) => format!("{} {}", package.name, package.version),
            None => finding.package.to_string(),
        };
        let fixed = match (&finding.fixed_version, &finding.sub_state) {
            (Some(version), _) => format!("fixed in {version}"),
            (None, Some(word)) => word.clone(),
            (None, None) => finding.state.to_string(),
        };
        let kev = if finding.kev.is_some() { ", known to be exploited (KEV)" } else { "" };
        let message = format!("{} in {package}: {}{kev}; {fixed}", finding.id, finding.severity);
        let outcome = match &finding.suppressed {
            Some(rule) => {
                let reason = rule.reason.as_deref().unwrap_or("no reason given");
                Outcome::Skipped { message: format!("set aside: {reason}") }
            }
            None => Outcome::Failed {
                kind: finding.severity.as_str(),
                message,
                text: finding
                    .title
                    .iter()
                    .chain(&finding.urls)
                    .fold(String::new(), |text, line| format!("{text}{}\n", for_terminal(line))),
            },
        };
        Self { name: format!("{package}: {}", finding.id), outcome }
    }

    fn write(&self, class: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let mut start = BytesStart::new("testcase");
        start.push_attribute(("classname", &*for_xml(class)));
        start.push_attribute(("name", &*for_xml(&self.name)));
        let (element, kind, message, text) = match &self.outcome {
            Outcome::Passed => return writer.write_event(Event::Empty(start)),
            Outcome::Failed { kind, message, text } => {
                ("failure", Some(*kind), message, text.as_str())
            }
            Outcome::Error { message } => ("error", Some("cannot know"), message, ""),
            Outcome::Skipped { message } => ("skipped", None, message, ""),
        };
        writer.write_event(Event::Start(start))?;
        let mut inner = BytesStart::new(element);
        if let Some(kind) = kind {
            inner.push_attribute(("type", kind));
        }
        inner.push_attribute(("message", &*for_xml(message)));
        if text.is_empty() {
            writer.write_event(Event::Empty(inner))?;
        } else {
            writer.write_event(Event::Start(inner))?;
            let text: Vec<_> = text.lines().map(for_xml).collect();
            writer.write_event(Event::Text(BytesText::new(&text.join("\n"))))?;
            writer.write_event(Event::End(BytesEnd::new(element)))?;
        }
        writer.write_event(Event::End(BytesEnd::new("testcase")))
    }
}

fn counted<'a>(mut start: BytesStart<'a>, name: &str, tests: &[&Test]) -> BytesStart<'a> {
    let count = |of: fn(&Outcome) -> bool| {
        tests.iter().filter(|test| of(&test.outcome)).count().to_string()
    };
    start.push_attribute(("name", &*for_xml(name)));
    start.push_attribute(("tests", &*tests.len().to_string()));
    for (attribute, number) in [
        ("failures", count(|outcome| matches!(outcome, Outcome::Failed { .. }))),
        ("errors", count(|outcome| matches!(outcome, Outcome::Error { .. }))),
        ("skipped", count(|outcome| matches!(outcome, Outcome::Skipped { .. }))),
    ] {
        start.push_attribute((attribute, &*number));
    }
    start
}

/// Foreign text without the characters that XML 1.0 has no way to write, not even as references; the
/// writer escapes markup.
fn for_xml(text: &str) -> String {
    let text = for_terminal(text);
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
