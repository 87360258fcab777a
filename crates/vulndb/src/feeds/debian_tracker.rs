//! The JSON export of the Debian security tracker: source package → id → release → status.
//!
//! 70 MB, so it is streamed: one package is in memory at a time. States are Debian's own words; what a
//! release says of "no DSA" is corrected where its own version already has sid's fix (reference/matching.md 2.1).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

use plimsoll_model::{
    Advisory, Ecosystem, PackageKey, PackageKind, Range, RangeEnd, Scope, Severity, State,
};
use plimsoll_versions::{Scheme, compare};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::codename::release_of;
use super::reading::{FeedError, Reading, title};

/// The export has 70 MB; a package of it may be held as a whole, so this bounds memory as well.
const MAX_BYTES: u64 = 256 << 20;

const FEED: &str = "debian-tracker";
const PAGE: &str = "https://security-tracker.debian.org/tracker/";

/// The fixed version that means "never affected".
const NEVER_AFFECTED: &str = "0";

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    #[serde(borrow)]
    releases: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

#[derive(Deserialize)]
struct Release<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    repositories: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, default)]
    fixed_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    urgency: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    nodsa: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    nodsa_reason: Option<Cow<'a, str>>,
}

/// What a release's entry comes to.
struct Judgement {
    ranges: Vec<Range>,
    state: State,
    sub_state: Option<&'static str>,
}

/// Reads the export.
pub fn read(input: impl Read, sink: &mut dyn FnMut(Advisory)) -> Result<Reading, FeedError> {
    let mut reader = Reader { reading: Reading::default(), sink };
    let input = BufReader::with_capacity(256 << 10, input.take(MAX_BYTES));
    let mut json = serde_json::Deserializer::from_reader(input);
    json.deserialize_map(Packages(&mut reader))
        .and_then(|()| json.end())
        .map_err(|error| FeedError::syntax("the tracker's export", error))?;
    Ok(reader.reading)
}

struct Packages<'r, 's>(&'r mut Reader<'s>);

impl<'de> Visitor<'de> for Packages<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of source packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, entries)) = map.next_entry::<String, Box<RawValue>>()? {
            self.0.package(&name, &entries);
        }
        Ok(())
    }
}

struct Reader<'s> {
    reading: Reading,
    sink: &'s mut dyn FnMut(Advisory),
}

impl Reader<'_> {
    fn package(&mut self, package: &str, entries: &RawValue) {
        let entries: BTreeMap<Cow<'_, str>, &RawValue> = match serde_json::from_str(entries.get()) {
            Ok(entries) => entries,
            Err(error) => return self.reading.problem(package, error),
        };
        for (id, entry) in &entries {
            self.reading.records += 1;
            match serde_json::from_str(entry.get()) {
                Ok(entry) => self.entry(package, id, &entry),
                Err(error) => self.reading.problem(format_args!("{id} {package}"), error),
            }
        }
    }

    fn entry(&mut self, package: &str, id: &str, entry: &Entry<'_>) {
        let mut releases = BTreeMap::new();
        for (codename, release) in &entry.releases {
            match serde_json::from_str::<Release<'_>>(release.get()) {
                Ok(release) => drop(releases.insert(codename.as_ref(), release)),
                Err(error) => {
                    self.reading.problem(format_args!("{id} {package} {codename}"), error);
                }
            }
        }
        let sid = releases.get("sid").and_then(Release::fixed).map(ToOwned::to_owned);
        for (codename, release) in &releases {
            let Some(number) = release_of(codename) else {
                self.reading.problem(
                    format_args!("{id} {package}"),
                    format_args!("unknown release {codename}"),
                );
                continue;
            };
            match release.judge(codename, sid.as_deref()) {
                Ok(judgement) => {
                    let title = entry.description.as_deref().and_then(title);
                    self.advisory(package, id, number, release, judgement, title);
                }
                Err(message) => {
                    self.reading.problem(format_args!("{id} {package} {codename}"), message);
                }
            }
        }
    }

    fn advisory(
        &mut self,
        package: &str,
        id: &str,
        number: &str,
        release: &Release<'_>,
        judgement: Judgement,
        title: Option<String>,
    ) {
        (self.sink)(Advisory {
            feed: FEED.to_owned(),
            scope: Scope::release(Ecosystem::Debian, number),
            record: id.to_owned(),
            ids: vec![id.to_owned()],
            aliases: Vec::new(),
            package: PackageKey {
                name: package.to_owned(),
                kind: PackageKind::Source,
                module: None,
                arch: None,
            },
            ranges: judgement.ranges,
            versions: Vec::new(),
            state: judgement.state,
            sub_state: judgement.sub_state.map(str::to_owned),
            severity: release.urgency.as_deref().and_then(Severity::from_vendor_word),
            cvss: Vec::new(),
            title,
            urls: vec![format!("{PAGE}{id}")],
            published: None,
        });
    }
}

impl Release<'_> {
    /// The version that fixed it, where there is one and it was ever affected.
    fn fixed(&self) -> Option<&str> {
        let version = self.fixed_version.as_deref()?;
        (self.status == "resolved" && version != NEVER_AFFECTED).then_some(version)
    }

    fn judge(&self, codename: &str, sid: Option<&str>) -> Result<Judgement, String> {
        match self.status.as_ref() {
            "resolved" => match self.fixed_version.as_deref() {
                Some(NEVER_AFFECTED) => Ok(Judgement::fixed(Vec::new())),
                Some(version) => Ok(Judgement::fixed_in(version)),
                None => Err("resolved without a fixed version".to_owned()),
            },
            "undetermined" => Ok(Judgement::open(State::Undetermined, None)),
            "open" => Ok(match sid {
                Some(fix) if self.has(codename, fix) => Judgement::fixed_in(fix),
                _ => self.open(),
            }),
            other => Err(format!("unknown status {other:?}")),
        }
    }

    fn open(&self) -> Judgement {
        if self.urgency.as_deref() == Some("end-of-life") {
            return Judgement::open(State::EndOfLife, Some("end-of-life"));
        }
        match (self.nodsa.as_deref(), self.nodsa_reason.as_deref()) {
            (_, Some("ignored")) => Judgement::open(State::WillNotFix, Some("ignored")),
            (_, Some("postponed")) => Judgement::open(State::FixDeferred, Some("postponed")),
            (Some(_), _) => Judgement::open(State::Affected, Some("no-dsa")),
            (None, _) => Judgement::open(State::Affected, None),
        }
    }

    /// Whether the release's own suites carry `fix` or something newer: the tracker's "open" is then a
    /// leftover of a point release.
    fn has(&self, codename: &str, fix: &str) -> bool {
        self.repositories.iter().any(|(suite, version)| {
            suite
                .strip_prefix(codename)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                && matches!(
                    compare(Scheme::Dpkg, version, fix),
                    Ok(Ordering::Greater | Ordering::Equal)
                )
        })
    }
}

impl Judgement {
    fn fixed(ranges: Vec<Range>) -> Self {
        Self { ranges, state: State::Fixed, sub_state: None }
    }

    fn fixed_in(version: &str) -> Self {
        Self::fixed(vec![Range { introduced: None, end: RangeEnd::Fixed(version.to_owned()) }])
    }

    fn open(state: State, sub_state: Option<&'static str>) -> Self {
        Self { ranges: vec![Range { introduced: None, end: RangeEnd::Open }], state, sub_state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line for each advisory, and the problems behind them.
    fn check(document: &str, expected: &[&str]) {
        let mut lines = Vec::new();
        let reading = read(document.as_bytes(), &mut |advisory| {
            let end = match advisory.ranges.first().map(|range| &range.end) {
                None => "never".to_owned(),
                Some(RangeEnd::Fixed(version)) => format!("< {version}"),
                Some(end) => format!("{end:?}").to_lowercase(),
            };
            let severity = advisory.severity.map_or("-", Severity::as_str);
            let sub_state = advisory.sub_state.as_deref().unwrap_or("-");
            lines.push(format!(
                "{} {end} {} {sub_state} {severity}",
                advisory.scope, advisory.state
            ));
        })
        .unwrap();
        lines.extend(reading.problems.iter().map(|p| format!("{}: {}", p.path, p.message)));
        assert_eq!(lines, expected);
    }

    fn one(releases: &str) -> String {
        format!(r#"{{"pkg":{{"CVE-2020-0001":{{"description":"d","releases":{{{releases}}}}}}}}}"#)
    }

    #[test]
    fn every_state_is_kept() {
        for (release, expected) in [
            (
                r#""bookworm":{"status":"resolved","fixed_version":"1-2","urgency":"medium"}"#,
                "debian:12 < 1-2 fixed - medium",
            ),
            (
                r#""bookworm":{"status":"resolved","fixed_version":"0","urgency":"low**"}"#,
                "debian:12 never fixed - low",
            ),
            (
                r#""bookworm":{"status":"open","urgency":"unimportant"}"#,
                "debian:12 open affected - negligible",
            ),
            (
                r#""bookworm":{"status":"open","urgency":"not yet assigned","nodsa":"Minor issue","nodsa_reason":""}"#,
                "debian:12 open affected no-dsa -",
            ),
            (
                r#""trixie":{"status":"open","nodsa":"x","nodsa_reason":"ignored"}"#,
                "debian:13 open will_not_fix ignored -",
            ),
            (
                r#""trixie":{"status":"open","nodsa":"x","nodsa_reason":"postponed"}"#,
                "debian:13 open fix_deferred postponed -",
            ),
            (
                r#""buster":{"status":"open","urgency":"end-of-life"}"#,
                "debian:10 open end_of_life end-of-life -",
            ),
            (r#""sid":{"status":"undetermined"}"#, "debian:sid open undetermined - -"),
            (r#""sid":{"status":"odd"}"#, "CVE-2020-0001 pkg sid: unknown status \"odd\""),
            (
                r#""sid":{"status":"resolved"}"#,
                "CVE-2020-0001 pkg sid: resolved without a fixed version",
            ),
            (r#""zurg":{"status":"open"}"#, "CVE-2020-0001 pkg: unknown release zurg"),
        ] {
            check(&one(release), &[expected]);
        }
    }

    #[test]
    fn a_release_that_has_the_fix_of_sid_is_fixed_whatever_no_dsa_says() {
        let sid = r#""sid":{"status":"resolved","fixed_version":"2:1.5-1"}"#;
        for (version, expected) in [
            ("2:1.5-1", "debian:11 < 2:1.5-1 fixed - -"),
            ("2:1.6-1", "debian:11 < 2:1.5-1 fixed - -"),
            ("1.9-1", "debian:11 open affected no-dsa -"),
        ] {
            let bullseye = format!(
                r#""bullseye":{{"status":"open","nodsa":"Minor","repositories":{{"bullseye":"1-1","bullseye-security":"{version}"}}}}"#
            );
            check(
                &one(&format!("{bullseye},{sid}")),
                &[expected, "debian:sid < 2:1.5-1 fixed - -"],
            );
        }
        // Another release's suites do not count.
        check(
            &one(&format!(
                r#""bullseye":{{"status":"open","repositories":{{"bookworm":"9:9"}}}},{sid}"#
            )),
            &["debian:11 open affected - -", "debian:sid < 2:1.5-1 fixed - -"],
        );
    }

    #[test]
    fn a_bad_record_is_a_problem_and_the_rest_works() {
        let document = r#"{"a":7,"b":{"CVE-2020-0002":[]},
            "c":{"TEMP-0000000-A2EB44":{"releases":{"sid":{"status":7},"bookworm":{"status":"open"}}}}}"#;
        let mut ids = Vec::new();
        let reading = read(document.as_bytes(), &mut |advisory| ids.extend(advisory.ids)).unwrap();
        assert_eq!(ids, ["TEMP-0000000-A2EB44"]);
        let paths: Vec<_> = reading.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["a", "CVE-2020-0002 b", "TEMP-0000000-A2EB44 c sid"]);
    }

    #[test]
    fn a_cut_document_is_refused() {
        for document in ["", "[]", r#"{"a":{"CVE-2020-0002":{"releases":{}}}"#, "{} {}"] {
            assert!(read(document.as_bytes(), &mut |_| {}).is_err(), "{document}");
        }
    }
}
