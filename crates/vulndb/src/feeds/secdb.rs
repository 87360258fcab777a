//! Alpine's secdb, and Wolfi's, Chainguard's and MinimOS's files of the same shape.
//!
//! `packages[].pkg.{name, secfixes{VERSION: [IDS]}}`: the origin package NAME had IDS fixed in VERSION;
//! `"0"` means it never had them. There is no severity and nothing unfixed.

use std::io::Read;

use plimsoll_model::{Advisory, PackageKey, PackageKind, Range, RangeEnd, Scope, State};
use serde::Deserialize;
use serde_json::Value;

use super::ids::Named;
use super::reading::{FeedError, MAX_DOCUMENT_BYTES, Reading, read_document};

/// The fixed version that means "never affected".
const NEVER_AFFECTED: &str = "0";

#[derive(Deserialize)]
struct Document {
    /// There, but null where a branch has no fixes yet.
    #[serde(deserialize_with = "Option::deserialize")]
    packages: Option<Vec<Value>>,
}

/// Reads one secdb file for `scope`: JSON, or YAML as the older copies are.
pub fn read(
    feed: &str,
    scope: &Scope,
    input: impl Read,
    sink: &mut dyn FnMut(Advisory),
) -> Result<Reading, FeedError> {
    let bytes = read_document(input, MAX_DOCUMENT_BYTES)?;
    let document: Document = if bytes.trim_ascii_start().first() == Some(&b'{') {
        serde_json::from_slice(&bytes).map_err(|error| FeedError::syntax("a secdb", error))?
    } else {
        serde_saphyr::from_slice(&bytes).map_err(|error| {
            // Its other lines show the place in the file.
            let error = error.to_string();
            FeedError::syntax("a secdb", error.lines().next().unwrap_or("not YAML"))
        })?
    };
    let mut reader = Reader { feed, scope, reading: Reading::default(), sink };
    for (at, package) in document.packages.iter().flatten().enumerate() {
        reader.package(at, package);
    }
    Ok(reader.reading)
}

struct Reader<'a> {
    feed: &'a str,
    scope: &'a Scope,
    reading: Reading,
    sink: &'a mut dyn FnMut(Advisory),
}

impl Reader<'_> {
    fn package(&mut self, at: usize, package: &Value) {
        let Some(package) = package.get("pkg") else {
            return self.reading.problem(format_args!("package {at}"), "no pkg in it");
        };
        let Some(name) =
            package.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())
        else {
            return self.reading.problem(format_args!("package {at}"), "no name");
        };
        match package.get("secfixes") {
            // Chainguard and Wolfi list packages that never had a fix.
            None | Some(Value::Null) => self.reading.ignored += 1,
            Some(Value::Object(fixes)) => {
                for (version, ids) in fixes {
                    self.fixes(name, version.trim(), ids);
                }
            }
            Some(_) => self.reading.problem(name, "secfixes is no map"),
        }
    }

    fn fixes(&mut self, name: &str, version: &str, ids: &Value) {
        let record = format!("{name} {version}");
        let entries = match ids {
            Value::Array(entries) => entries.as_slice(),
            // A version without ids says nothing of vulnerabilities.
            Value::Null => return self.reading.ignored += 1,
            _ => return self.reading.problem(record, "the ids are no list"),
        };
        for entry in entries {
            self.reading.records += 1;
            let Some(text) = entry.as_str() else {
                self.reading.problem(&record, format_args!("{entry} is no id"));
                continue;
            };
            let named = Named::read(text);
            if named.cves.is_empty() && named.others.is_empty() {
                self.reading.problem(&record, format_args!("no id in {text:?}"));
                continue;
            }
            self.fix(name, version, named);
        }
    }

    fn fix(&mut self, name: &str, version: &str, named: Named) {
        let ranges = match version {
            NEVER_AFFECTED => Vec::new(),
            version => {
                vec![Range { introduced: None, end: RangeEnd::Fixed(version.to_owned()) }]
            }
        };
        let (ids, aliases) = named.into_ids_and_aliases();
        (self.sink)(Advisory {
            feed: self.feed.to_owned(),
            scope: self.scope.clone(),
            record: format!("{name} {version}"),
            ids,
            aliases,
            package: PackageKey {
                name: name.to_owned(),
                kind: PackageKind::Source,
                module: None,
                arch: None,
            },
            ranges,
            versions: Vec::new(),
            state: State::Fixed,
            sub_state: None,
            severity: None,
            cvss: Vec::new(),
            title: None,
            urls: Vec::new(),
            published: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(document: &str, expected: &[&str], problems: &[&str]) {
        let mut seen = Vec::new();
        let scope = "alpine:3.20".parse().unwrap();
        let reading = read("alpine-secdb", &scope, document.as_bytes(), &mut |advisory| {
            let end = advisory.ranges.first().map(|range| range.end.clone());
            seen.push(match end {
                Some(RangeEnd::Fixed(version)) => {
                    format!("{} < {version}: {}", advisory.package.name, advisory.ids.join(" "))
                }
                _ => format!("{} never: {}", advisory.package.name, advisory.ids.join(" ")),
            });
        })
        .unwrap();
        assert_eq!(seen, expected);
        let messages: Vec<_> =
            reading.problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
        assert_eq!(messages, problems);
    }

    #[test]
    fn json_and_yaml_say_the_same() {
        let expected = ["xen < 4.8-r1: CVE-2017-8904", "xen never: CVE-2017-0001 CVE-2017-0002"];
        check(
            r#"{"packages":[{"pkg":{"name":"xen","secfixes":{
                "4.8-r1":["CVE-2017-8904 XSA-214"],"0":["CVE-2017-0001 CVE-2017-0002"]}}}]}"#,
            // JSON objects are read in the order of their keys.
            &[expected[1], expected[0]],
            &[],
        );
        check(
            "packages:\n  - pkg:\n      name: xen\n      secfixes:   \n        # why\n        4.8-r1:\n        - CVE-2017-8904 XSA-214\n        0:\n          - CVE-2017-0001 CVE-2017-0002\n",
            &[expected[1], expected[0]],
            &[],
        );
    }

    #[test]
    fn a_bad_record_is_a_problem_and_the_rest_works() {
        check(
            r#"{"packages":[
                {"nopkg":1},
                {"pkg":{"secfixes":{}}},
                {"pkg":{"name":"a","secfixes":[1]}},
                {"pkg":{"name":"b","secfixes":{"1-r0":"CVE-2020-0001","2-r0":[7,"nothing","CVE-2020-0002"],"3-r0":null}}},
                {"pkg":{"name":"c","secfixes":null}},
                {"pkg":{"name":"d","secfixes":{"20.10.11.r0":["CVE-2021-1234"]}}}]}"#,
            &["b < 2-r0: CVE-2020-0002", "d < 20.10.11.r0: CVE-2021-1234"],
            &[
                "package 0: no pkg in it",
                "package 1: no name",
                "a: secfixes is no map",
                "b 1-r0: the ids are no list",
                "b 2-r0: 7 is no id",
                "b 2-r0: no id in \"nothing\"",
            ],
        );
    }

    #[test]
    fn a_branch_without_fixes_is_empty() {
        check("{\"packages\":[]}", &[], &[]);
        check("reponame: community\npackages:\n", &[], &[]);
    }

    #[test]
    fn a_document_that_is_no_secdb_is_refused() {
        let scope = "alpine:3.20".parse().unwrap();
        for document in ["", "{}", "<html>", "{\"packages\":{}}", "packages: 3"] {
            assert!(
                read("alpine-secdb", &scope, document.as_bytes(), &mut |_| {}).is_err(),
                "{document}"
            );
        }
    }
}
