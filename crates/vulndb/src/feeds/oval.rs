//! OVAL definitions, as Microsoft publishes them for Azure Linux and CBL-Mariner.
//!
//! The reader knows the parts of OVAL that distributions use (Oracle, Ubuntu, Photon, SUSE, Debian too); what
//! differs between publishers is in a [`Profile`].

mod criteria;
mod document;

use std::io::Read;

use plimsoll_model::{Advisory, PackageKey, PackageKind, Range, RangeEnd, Scope, Severity, State};

use self::criteria::{Statement, statements};
use self::document::{Definition, Document};
use super::ids::{Named, push_once};
use super::reading::{FeedError, Reading, title};

/// How a publisher uses OVAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Which of a package's names the definitions speak of.
    pub kind: PackageKind,
    /// How the versions are written.
    pub versions: Versions,
}

/// How a publisher writes versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// As the package manager prints them.
    Exact,
    /// With epoch 0 whatever the package's epoch, and with the distribution's tag even where there is no
    /// release (`0:0.9.0.cm2`): Azure Linux and CBL-Mariner.
    AzureLinux,
}

impl Profile {
    /// Azure Linux and CBL-Mariner: source and binary names mixed, without saying which.
    pub const AZURE_LINUX: Self =
        Self { kind: PackageKind::Either, versions: Versions::AzureLinux };
    /// Publishers that name binary packages (Oracle, Photon, SUSE, Ubuntu).
    pub const BINARY: Self = Self { kind: PackageKind::Binary, versions: Versions::Exact };
}

/// Reads one document that speaks for `scope`.
pub fn read(
    feed: &str,
    scope: &Scope,
    profile: Profile,
    input: impl Read,
    sink: &mut dyn FnMut(Advisory),
) -> Result<Reading, FeedError> {
    let document = document::read(input)?;
    let mut reading = Reading { date: document.date, ..Reading::default() };
    for definition in &document.definitions {
        reading.records += 1;
        if definition.id.is_empty() {
            let ordinal = format!("definition {}", reading.records);
            reading.problem(ordinal, "it has no id");
            continue;
        }
        match advisories(feed, scope, profile, &document, definition) {
            Ok(advisories) if advisories.is_empty() => reading.ignored += 1,
            Ok(advisories) => advisories.into_iter().for_each(&mut *sink),
            Err(message) => reading.problem(&definition.id, message),
        }
    }
    Ok(reading)
}

fn advisories(
    feed: &str,
    scope: &Scope,
    profile: Profile,
    document: &Document,
    definition: &Definition,
) -> Result<Vec<Advisory>, String> {
    let (ids, aliases) = names(definition);
    if ids.is_empty() {
        return Err("no id in it".to_owned());
    }
    let condition = definition.criteria.as_ref().ok_or("no criteria")?;
    let mut advisories = Vec::new();
    for Statement { name, mut range, arch, module } in statements(document, condition)? {
        if profile.versions == Versions::AzureLinux {
            range = azure_range(range)?;
        }
        // "This CVE either no longer is or was never applicable."
        let never = definition.patchable.as_deref() == Some("Not Applicable");
        let state = match range.end {
            RangeEnd::Fixed(_) => State::Fixed,
            RangeEnd::LastAffected(_) | RangeEnd::Open => State::Affected,
        };
        advisories.push(Advisory {
            feed: feed.to_owned(),
            scope: scope.clone(),
            record: definition.id.clone(),
            ids: ids.clone(),
            aliases: aliases.clone(),
            package: PackageKey { name, kind: profile.kind, module, arch },
            ranges: if never { Vec::new() } else { vec![range] },
            versions: Vec::new(),
            state: if never { State::Fixed } else { state },
            sub_state: None,
            severity: definition.severity.as_deref().and_then(Severity::from_vendor_word),
            cvss: Vec::new(),
            title: title(&definition.title),
            urls: definition
                .references
                .iter()
                .map(|[_, _, url]| url.clone())
                .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
                .collect(),
            published: definition.published,
        });
    }
    Ok(advisories)
}

/// The CVEs of references and `<cve>` elements; else the advisory's own id.
fn names(definition: &Definition) -> (Vec<String>, Vec<String>) {
    let mut named = Named::default();
    let texts = definition
        .references
        .iter()
        .map(|[_, id, _]| id)
        .chain(&definition.cves)
        .map(String::as_str);
    for text in texts {
        let more = Named::read(text);
        more.cves.into_iter().for_each(|cve| push_once(&mut named.cves, cve));
        more.others.into_iter().for_each(|other| push_once(&mut named.others, other));
    }
    if named.cves.is_empty() {
        // The bulletin itself; the rest of what it references is other people's.
        named.others.truncate(1);
    } else {
        named.others.clear();
    }
    named.into_ids_and_aliases()
}

fn azure_range(range: Range) -> Result<Range, String> {
    let end = match range.end {
        RangeEnd::Fixed(version) => RangeEnd::Fixed(azure_version(&version)?),
        RangeEnd::LastAffected(version) => RangeEnd::LastAffected(azure_version(&version)?),
        RangeEnd::Open => RangeEnd::Open,
    };
    let introduced = range.introduced.map(|version| azure_version(&version)).transpose()?;
    Ok(Range { introduced, end })
}

/// `0:5.12.11-10.cm2` is `5.12.11-10.cm2`; `0:0.9.0.cm2`, without a release, is `0.9.0`, because with its tag
/// it would be newer than every `0.9.0-1.cm2`.
fn azure_version(evr: &str) -> Result<String, String> {
    let version = evr.trim().strip_prefix("0:").unwrap_or(evr).trim();
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("{evr:?} is no version"));
    }
    let has_release = version
        .split_once('-')
        .is_some_and(|(_, release)| release.starts_with(|c: char| c.is_ascii_digit()));
    if has_release {
        return Ok(version.to_owned());
    }
    let is_tag = |tag: &str| tag.starts_with("cm") || tag.starts_with("azl");
    Ok(match version.rsplit_once('.') {
        Some((version, tag)) if is_tag(tag) => version.trim_end_matches('-').to_owned(),
        _ => version.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A document with one definition for each (criteria, patchable) and one test `t1` for libx < 1-2.
    fn document(criteria: &str, patchable: &str, states: &str) -> String {
        format!(
            r#"<oval_definitions xmlns:oval="o" xmlns:l="l"><generator><oval:timestamp>2024-10-10T12:04:24Z</oval:timestamp></generator>
            <definitions><definition id="d1"><metadata><title>CVE-2020-0001 in libx &lt; 1</title>
            <reference ref_id="CVE-2020-0001" ref_url="https://nvd.nist.gov/x?a=1&amp;b=2" source="CVE"/>
            <patchable>{patchable}</patchable><advisory_date>2024-07-23T22:05:39Z</advisory_date><severity>High</severity></metadata>
            {criteria}</definition></definitions>
            <tests><l:rpminfo_test id="t1"><l:object object_ref="o1"/><l:state state_ref="s1"/></l:rpminfo_test>
            <l:rpminfo_test id="t2"><l:object object_ref="o1"/><l:state state_ref="s2"/></l:rpminfo_test>
            <l:rpminfo_test id="t3"><l:object object_ref="o2"/><l:state state_ref="s3"/></l:rpminfo_test></tests>
            <objects><l:rpminfo_object id="o1"><l:name>libx</l:name></l:rpminfo_object>
            <l:rpminfo_object id="o2"><l:name>os-release</l:name></l:rpminfo_object></objects>
            <states>{states}</states></oval_definitions>"#
        )
    }

    const STATES: &str = r#"<l:rpminfo_state id="s1"><l:evr operation="less than">0:1-2.cm2</l:evr></l:rpminfo_state>
        <l:rpminfo_state id="s2"><l:evr operation="greater than or equal">0:0.5-1.cm2</l:evr></l:rpminfo_state>
        <l:rpminfo_state id="s3"><l:arch>x86_64</l:arch></l:rpminfo_state>"#;

    fn check(document: &str, expected: &[&str]) {
        let scope = "azurelinux:2.0".parse().unwrap();
        let mut lines = Vec::new();
        let reading =
            read("azurelinux-oval", &scope, Profile::AZURE_LINUX, document.as_bytes(), &mut |a| {
                let range = a.ranges.first().map_or("never".to_owned(), |range| {
                    format!("{:?}..{:?}", range.introduced, range.end).replace("Some", "")
                });
                let arch = a.package.arch.unwrap_or_default();
                lines.push(format!(
                    "{} {} {range} {}{arch}",
                    a.ids.join(" "),
                    a.package.name,
                    a.state
                ));
            })
            .unwrap();
        lines.extend(reading.problems.iter().map(|p| format!("{}: {}", p.path, p.message)));
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_definition_without_an_id_is_a_problem_of_its_ordinal() {
        let criteria = r#"<criteria><criterion test_ref="t1"/></criteria>"#;
        let text =
            document(criteria, "true", STATES).replace(r#"<definition id="d1">"#, "<definition>");
        let scope = "azurelinux:2.0".parse().unwrap();
        let mut sink = |advisory: Advisory| panic!("{advisory:?}");
        let reading =
            read("azurelinux-oval", &scope, Profile::AZURE_LINUX, text.as_bytes(), &mut sink)
                .unwrap();
        assert_eq!(reading.problems[0].path, "definition 1");
    }

    #[test]
    fn criteria_become_statements_about_packages() {
        check(
            &document(
                r#"<criteria operator="AND"><criterion test_ref="t1"/></criteria>"#,
                "true",
                STATES,
            ),
            &[r#"CVE-2020-0001 libx None..Fixed("1-2.cm2") fixed"#],
        );
        check(
            &document(
                r#"<criteria operator="AND"><criterion test_ref="t3"/><criteria operator="OR"><criteria><criterion test_ref="t1"/><criterion test_ref="t2"/></criteria><criterion test_ref="t1"/></criteria></criteria>"#,
                "true",
                STATES,
            ),
            &[
                r#"CVE-2020-0001 libx ("0.5-1.cm2")..Fixed("1-2.cm2") fixedx86_64"#,
                r#"CVE-2020-0001 libx None..Fixed("1-2.cm2") fixedx86_64"#,
            ],
        );
        check(
            &document(
                r#"<criteria><criterion test_ref="t1"/></criteria>"#,
                "Not Applicable",
                STATES,
            ),
            &["CVE-2020-0001 libx never fixed"],
        );
        check(
            &document(
                r#"<criteria><criterion test_ref="t1"/></criteria>"#,
                "false",
                &STATES.replace("less than", "less than or equal"),
            ),
            &[r#"CVE-2020-0001 libx None..LastAffected("1-2.cm2") affected"#],
        );
    }

    #[test]
    fn a_bad_definition_is_a_problem_and_the_rest_works() {
        for (criteria, states, message) in [
            ("", STATES, "d1: no criteria"),
            (r#"<criteria><criterion test_ref="t9"/></criteria>"#, STATES, "d1: no test t9"),
            (r#"<criteria><criterion test_ref="t1"/></criteria>"#, "", "d1: no state s1"),
            (
                r#"<criteria><criterion test_ref="t1"/></criteria>"#,
                r#"<l:rpminfo_state id="s1"><l:evr operation="around">0:1</l:evr></l:rpminfo_state>"#,
                "d1: unknown operation \"around\"",
            ),
            (
                r#"<criteria><criterion test_ref="t1"/></criteria>"#,
                r#"<l:rpminfo_state id="s1"><l:evr operation="less than">0:null.cm2</l:evr></l:rpminfo_state>"#,
                "d1: \"0:null.cm2\" is no version",
            ),
        ] {
            check(&document(criteria, "true", states), &[message]);
        }
    }

    #[test]
    fn criteria_that_explode_are_refused() {
        let or = format!(
            "<criteria operator=\"OR\">{}</criteria>",
            r#"<criterion test_ref="t1"/>"#.repeat(30)
        );
        let bomb = format!("<criteria>{}</criteria>", or.repeat(30));
        check(&document(&bomb, "true", STATES), &["d1: more than 20000 alternatives"]);
        let deep = format!("{}{}", "<criteria>".repeat(40), "</criteria>".repeat(40));
        let scope = "azurelinux:2.0".parse().unwrap();
        for bad in [
            document(&deep, "true", STATES),
            String::new(),
            "<a/>".to_owned(),
            "<oval_definitions>".to_owned(),
        ] {
            let result =
                read("azurelinux-oval", &scope, Profile::AZURE_LINUX, bad.as_bytes(), &mut |_| {});
            assert!(result.is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_of_azure_linux_lose_the_tag_that_stands_for_a_release() {
        for (evr, version) in [
            ("0:5.12.11-10.cm2", Some("5.12.11-10.cm2")),
            ("0:0.9.0.cm2", Some("0.9.0")),
            ("0:29.3.azl3", Some("29.3")),
            ("0:2.7.0-.cm1", Some("2.7.0")),
            ("0:123.cm2", Some("123")),
            ("0: 1.57.0-1.cm2", Some("1.57.0-1.cm2")),
            ("0:null.cm2", None),
        ] {
            assert_eq!(azure_version(evr).ok().as_deref(), version, "{evr}");
        }
    }
}
