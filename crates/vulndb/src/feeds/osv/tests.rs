use super::*;

/// One line for each advisory of a record, and its problems.
fn check(record: &str, expected: &[&str]) {
    let mut lines = Vec::new();
    let mut reading = Reading::default();
    read_record("osv-debian", "x.json", record.as_bytes(), &mut reading, &mut |advisory| {
        let ends: Vec<_> = advisory
            .ranges
            .iter()
            .map(|range| match &range.end {
                RangeEnd::Fixed(version) => format!("< {version}"),
                RangeEnd::LastAffected(version) => format!("<= {version}"),
                RangeEnd::Open => "open".to_owned(),
            })
            .chain(advisory.versions.iter().map(|version| format!("= {version}")))
            .collect();
        lines.push(format!(
            "{} {} {} [{}] {} {} {:?}",
            advisory.scope,
            advisory.package.name,
            advisory.ids.join("+"),
            ends.join(", "),
            advisory.state,
            advisory.severity.map_or("-", Severity::as_str),
            advisory.cvss.iter().map(|cvss| cvss.score).collect::<Vec<_>>(),
        ));
    });
    lines.extend(reading.problems.iter().map(|problem| {
        let message = problem.message.split(" at line").next().unwrap();
        format!("{}: {message}", problem.path)
    }));
    if reading.ignored > 0 {
        lines.push("ignored".to_owned());
    }
    assert_eq!(lines, expected, "{record}");
}

/// A record with one `affected` entry: `more` goes into the record, `entry` into the entry.
fn record(more: &str, entry: &str) -> String {
    format!(
        r#"{{"id":"CVE-2020-0001"{more},"affected":[{{"package":{{"ecosystem":"Debian:12","name":"x"}}{entry}}}]}}"#
    )
}

const FIXED: &str =
    r#","ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2-1"}]}]"#;

#[test]
fn ranges_and_versions_are_read() {
    check(&record("", FIXED), &["debian:12 x CVE-2020-0001 [< 2-1] fixed - []"]);
    check(
        &record("", r#","versions":["1-1","1-2"]"#),
        &["debian:12 x CVE-2020-0001 [= 1-1, = 1-2] affected - []"],
    );
    check(&record("", ""), &["debian:12 x CVE-2020-0001 [open] affected - []"]);
    check(
        &record(
            "",
            r#","ranges":[{"type":"GIT","events":[{"introduced":"0"}]}],"versions":["1-1"]"#,
        ),
        &["debian:12 x CVE-2020-0001 [= 1-1] affected - []"],
    );
    check(
        &record(
            "",
            r#","ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0"}]}]"#,
        ),
        &["debian:12 x CVE-2020-0001 [] affected - []"],
    );
}

#[test]
fn severity_is_taken_from_where_distributions_put_it() {
    let vector = r#"{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#;
    for (more, entry, expected) in [
        (format!(r#","severity":[{vector},{vector}]"#), String::new(), "- [9.8]"),
        (
            format!(r#","severity":[{vector},{{"type":"Ubuntu","score":"low"}}]"#),
            String::new(),
            "low [9.8]",
        ),
        (String::new(), format!(r#","severity":[{vector}]"#), "- [9.8]"),
        (r#","database_specific":{"severity":"MODERATE"}"#.to_owned(), String::new(), "medium []"),
        (r#","summary":"Important: x security update""#.to_owned(), String::new(), "high []"),
        (
            String::new(),
            r#","ecosystem_specific":{"urgency":"unimportant"}"#.to_owned(),
            "negligible []",
        ),
        (
            String::new(),
            r#","ecosystem_specific":{"urgency":"not yet assigned"}"#.to_owned(),
            "- []",
        ),
    ] {
        let expected = format!("debian:12 x CVE-2020-0001 [< 2-1] fixed {expected}");
        check(&record(&more, &format!("{FIXED}{entry}")), &[expected.as_str()]);
    }
    check(
        &record("", r#","ecosystem_specific":{"urgency":"end-of-life"}"#),
        &["debian:12 x CVE-2020-0001 [open] end_of_life - []"],
    );
}

#[test]
fn a_bulletin_about_several_vulnerabilities_has_only_its_own_address() {
    let references = r#"[{"type":"REPORT","url":"https://b"},{"type":"ADVISORY","url":"https://a"},{"type":"WEB","url":"ftp://c"}]"#;
    for (ids, expected) in [
        (r#"["CVE-2020-0001"]"#, ["https://a", "https://b"].as_slice()),
        (r#"["CVE-2020-0001","CVE-2020-0002"]"#, &["https://a"]),
    ] {
        let record = format!(
            r#"{{"id":"DSA-1-1","upstream":{ids},"references":{references},"affected":[{{"package":{{"ecosystem":"Debian:12","name":"x"}}}}]}}"#
        );
        let mut urls = Vec::new();
        let mut reading = Reading::default();
        read_record("osv-debian", "x", record.as_bytes(), &mut reading, &mut |advisory| {
            urls = advisory.urls;
        });
        assert_eq!(urls, expected);
    }
}

#[test]
fn a_bulletin_of_several_module_streams_is_for_packages_of_each() {
    let record = r#"{"id":"ALSA-2020:1644","summary":"Moderate: pki-core:10.6 and pki-deps:10.6 security, bug fix, and enhancement update","affected":[
        {"package":{"ecosystem":"AlmaLinux:8","name":"slf4j"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.7.25-4.module_el8.3.0+74+8"}]}]},
        {"package":{"ecosystem":"AlmaLinux:8","name":"plain"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1-1.el8"}]}]}]}"#;
    let mut modules = Vec::new();
    let mut reading = Reading::default();
    read_record("osv-almalinux", "x", record.as_bytes(), &mut reading, &mut |advisory| {
        modules.push(advisory.package.module);
    });
    assert_eq!(modules, [Some("pki-core:10.6|pki-deps:10.6".to_owned()), None]);
}

#[test]
fn withdrawn_records_and_other_systems_are_ignored() {
    check(&record(r#","withdrawn":"2021-01-01T00:00:00Z""#, FIXED), &["ignored"]);
    check(&record("", FIXED).replace("Debian:12", "npm"), &["ignored"]);
    check(r#"{"id":"CVE-2020-0001"}"#, &["ignored"]);
    check(r#"{"id":"CVE-2020-0001","affected":[{"ranges":[]}]}"#, &["ignored"]);
}

#[test]
fn every_wrong_part_is_a_problem_of_that_part() {
    let good = "debian:12 x CVE-2020-0001 [< 2-1] fixed - []";
    for (more, problem) in [
        (r#","severity":7"#, "severity: invalid type: integer `7`, expected a sequence"),
        (r#","severity":[{}]"#, "a severity without type and score"),
        (r#","severity":[{"type":"CVSS_V3","score":"high"}]"#, "\"high\" is no CVSS vector"),
        (r#","summary":[]"#, "summary: invalid type: sequence, expected a string"),
        (r#","aliases":"x""#, "aliases: invalid type: string \"x\", expected a sequence"),
        (r#","references":{}"#, "references: invalid type: map, expected a sequence"),
    ] {
        check(&record(more, FIXED), &[good, &format!("CVE-2020-0001: {problem}")]);
    }
    for (entry, problem) in [
        (r#","ranges":7"#, "invalid type: integer `7`, expected a sequence"),
        (r#","ranges":[{"events":[]}]"#, "missing field `type`"),
        (r#","ranges":[{"type":"SEMVER","events":[]}]"#, "a range without introduced"),
        (r#","versions":[7]"#, "invalid type: integer `7`, expected a string"),
    ] {
        check(&record("", entry), &[&format!("CVE-2020-0001: affected 0: {problem}")]);
    }
    check("[", &["x.json: EOF while parsing a list"]);
    check(r#"{"affected":[]}"#, &["x.json: no id"]);
    check(
        r#"{"id":7,"affected":[]}"#,
        &["x.json: id: invalid type: integer `7`, expected a string", "x.json: no id"],
    );
}

#[test]
fn zips_are_read_entry_by_entry() {
    use std::io::{Cursor, Write};
    let zip = |files: &[(&str, &str)]| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let good = record("", FIXED);
    let bytes = zip(&[("CVE-2020-0001.json", &good), ("bad.json", "{"), ("README", "x")]);
    let mut seen = 0;
    let reading = read_zip("osv-debian", Cursor::new(&bytes), &mut |_| seen += 1).unwrap();
    assert_eq!((seen, reading.records, reading.bad), (1, 2, 1));
    assert_eq!(reading.problems[0].path, "bad.json");
    let cut = bytes.get(..bytes.len() / 2).unwrap();
    for bad in [cut, b"", &zip(&[("README", "x")])] {
        assert!(read_zip("osv-debian", Cursor::new(bad), &mut |_| {}).is_err());
    }
}
