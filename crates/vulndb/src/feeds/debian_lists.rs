//! The lists of Debian Security Advisories and LTS Advisories in the tracker's repository.
//!
//! ```text
//! [29 Mar 2023] DSA-5380-1 xorg-server - security update
//!         {CVE-2023-1393}
//!         [bullseye] - xorg-server 2:1.20.11-1+deb11u6
//! ```

use std::io::Read;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_model::{Advisory, Ecosystem, PackageKey, PackageKind, Range, RangeEnd, Scope, State};

use super::codename::release_of;
use super::ids::{Named, push_once};
use super::reading::{FeedError, MAX_DOCUMENT_BYTES, Reading, read_document, title};

const PAGE: &str = "https://security-tracker.debian.org/tracker/";

/// What stands on the lines of one advisory.
#[derive(Default)]
struct Bulletin {
    record: String,
    title: Option<String>,
    published: Option<Timestamp>,
    cves: Vec<String>,
    packages: Vec<Fix>,
}

struct Fix {
    release: &'static str,
    package: String,
    ranges: Vec<Range>,
    state: State,
}

/// Reads `data/DSA/list` or `data/DLA/list`.
pub fn read(
    feed: &str,
    input: impl Read,
    sink: &mut dyn FnMut(Advisory),
) -> Result<Reading, FeedError> {
    let bytes = read_document(input, MAX_DOCUMENT_BYTES)?;
    // Names in old entries are in Latin-1; nothing that is used here is.
    let text = String::from_utf8_lossy(&bytes);
    let mut reading = Reading::default();
    let mut bulletin: Option<Bulletin> = None;
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let Some(bulletin) = &mut bulletin else {
                reading.problem(format_args!("line {}", number + 1), "no advisory above it");
                continue;
            };
            if let Err(message) = bulletin.detail(line.trim()) {
                reading.problem(&bulletin.record, message);
            }
            continue;
        }
        if let Some(done) = bulletin.take() {
            done.finish(feed, &mut reading, sink);
        }
        reading.records += 1;
        bulletin = Bulletin::begin(line);
        if bulletin.is_none() {
            reading.problem(format_args!("line {}", number + 1), "no [date] and advisory name");
        }
    }
    if let Some(done) = bulletin {
        done.finish(feed, &mut reading, sink);
    }
    if reading.records == 0 {
        return Err(FeedError::syntax("a list of advisories", "no advisory in it"));
    }
    Ok(reading)
}

impl Bulletin {
    /// `[29 Mar 2023] DSA-5380-1 xorg-server - security update`
    fn begin(line: &str) -> Option<Self> {
        let (date, rest) = line.strip_prefix('[')?.split_once(']')?;
        let rest = rest.trim();
        let (record, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let named = Named::read(record);
        let record = named.others.into_iter().next()?;
        let published = Date::strptime("%d %b %Y", date.trim())
            .ok()
            .and_then(|date| TimeZone::UTC.to_timestamp(date.into()).ok());
        Some(Self { record, title: title(rest), published, ..Self::default() })
    }

    fn detail(&mut self, line: &str) -> Result<(), String> {
        if line.starts_with("NOTE:") {
            return Ok(());
        }
        if let Some(ids) = line.strip_prefix('{') {
            let (ids, _) = ids.split_once('}').ok_or_else(|| format!("{line:?} has no end"))?;
            for cve in Named::read(ids).cves {
                push_once(&mut self.cves, cve);
            }
            return Ok(());
        }
        let fix = Fix::read(line)?;
        self.packages.push(fix);
        Ok(())
    }

    fn finish(self, feed: &str, reading: &mut Reading, sink: &mut dyn FnMut(Advisory)) {
        if self.packages.is_empty() {
            // An announcement: a changed key, an end of life.
            reading.ignored += 1;
        }
        let ids = if self.cves.is_empty() { vec![self.record.clone()] } else { self.cves };
        for fix in self.packages {
            sink(Advisory {
                feed: feed.to_owned(),
                scope: Scope::release(Ecosystem::Debian, fix.release),
                record: self.record.clone(),
                ids: ids.clone(),
                aliases: Vec::new(),
                package: PackageKey {
                    name: fix.package,
                    kind: PackageKind::Source,
                    module: None,
                    arch: None,
                },
                ranges: fix.ranges,
                versions: Vec::new(),
                state: fix.state,
                sub_state: (fix.state == State::EndOfLife).then(|| "end-of-life".to_owned()),
                severity: None,
                cvss: Vec::new(),
                title: self.title.clone(),
                urls: vec![format!("{PAGE}{}", self.record)],
                published: self.published,
            });
        }
    }
}

impl Fix {
    /// `[bullseye] - xorg-server 2:1.20.11-1+deb11u6`, or `<not-affected> (note)` in the version's place.
    fn read(line: &str) -> Result<Self, String> {
        let unreadable = || format!("unreadable line {line:?}");
        let (codename, rest) =
            line.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(unreadable)?;
        let release =
            release_of(codename.trim()).ok_or_else(|| format!("unknown release {codename:?}"))?;
        let mut words = rest.trim().strip_prefix('-').ok_or_else(unreadable)?.split_whitespace();
        let package = words.next().ok_or_else(unreadable)?.to_owned();
        let version = words.next().ok_or_else(|| format!("no version in {line:?}"))?;
        let open = || vec![Range { introduced: None, end: RangeEnd::Open }];
        let (ranges, state) = match version {
            "<not-affected>" => (Vec::new(), State::Fixed),
            "<unfixed>" => (open(), State::Affected),
            "<end-of-life>" => (open(), State::EndOfLife),
            "<undetermined>" => (open(), State::Undetermined),
            mark if mark.starts_with('<') => return Err(format!("unknown mark {mark:?}")),
            version => {
                let end = RangeEnd::Fixed(version.to_owned());
                (vec![Range { introduced: None, end }], State::Fixed)
            }
        };
        Ok(Self { release, package, ranges, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &str, expected: &[&str]) {
        let mut lines = Vec::new();
        let reading = read("debian-dsa", list.as_bytes(), &mut |advisory| {
            let end = match advisory.ranges.first().map(|range| &range.end) {
                None => "never".to_owned(),
                Some(RangeEnd::Fixed(version)) => format!("< {version}"),
                Some(_) => format!("open {}", advisory.state),
            };
            let (record, package) = (&advisory.record, &advisory.package.name);
            lines.push(format!(
                "{record} {} {package} {end} {}",
                advisory.scope,
                advisory.ids.join(" ")
            ));
        })
        .unwrap();
        lines.extend(reading.problems.iter().map(|p| format!("{}: {}", p.path, p.message)));
        assert_eq!(lines, expected);
    }

    #[test]
    fn entries_of_the_real_list_are_read() {
        check(
            "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393 CVE-2023-1394}\n\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n\tNOTE: nothing\n\
             [17 Mar 2023] DSA-5356-2 sox - regression update\n\t[bullseye] - sox 14.4.2+git20190427-2+deb11u2\n\
             [18 Apr 2018] DSA-4205-1 jessie end-of-life\n        NOTE: end of security support for jessie\n\
             [17 Aug 2010] DSA-2092-1  lxr-cvs - cross-site scripting\n\t{CVE-2009-4497}\n\t[lenny] - lxr-cvs 0.9.5+cvs20071020-1+lenny1 (low)\n\
             \t[etch] - lxr-cvs <not-affected> (not there)\n\t[woody] - lxr-cvs <unfixed>\n\t[jessie] - lxr-cvs <end-of-life>\n",
            &[
                "DSA-5380-1 debian:11 xorg-server < 2:1.20.11-1+deb11u6 CVE-2023-1393 CVE-2023-1394",
                "DSA-5356-2 debian:11 sox < 14.4.2+git20190427-2+deb11u2 DSA-5356-2",
                "DSA-2092-1 debian:5 lxr-cvs < 0.9.5+cvs20071020-1+lenny1 CVE-2009-4497",
                "DSA-2092-1 debian:4 lxr-cvs never CVE-2009-4497",
                "DSA-2092-1 debian:3.0 lxr-cvs open affected CVE-2009-4497",
                "DSA-2092-1 debian:8 lxr-cvs open end_of_life CVE-2009-4497",
            ],
        );
    }

    #[test]
    fn a_bad_line_is_a_problem_and_the_rest_works() {
        check(
            "\t{CVE-2020-0001}\nnonsense\n\t[lenny] - x 1\n[1 Jan 2020] DLA-1-1 x\n\t{CVE-2020-0001\n\t[nosuch] - x 1\n\t[lenny] - x\n\t[lenny] x 1\n\t[lenny] - x <odd>\n\t[lenny] - x 2\n",
            &[
                "DLA-1-1 debian:5 x < 2 DLA-1-1",
                "line 1: no advisory above it",
                "line 2: no [date] and advisory name",
                "line 3: no advisory above it",
                "DLA-1-1: \"{CVE-2020-0001\" has no end",
                "DLA-1-1: unknown release \"nosuch\"",
                "DLA-1-1: no version in \"[lenny] - x\"",
                "DLA-1-1: unreadable line \"[lenny] x 1\"",
                "DLA-1-1: unknown mark \"<odd>\"",
            ],
        );
        assert!(read("debian-dsa", "".as_bytes(), &mut |_| {}).is_err());
    }

    #[test]
    fn dates_and_titles_are_kept() {
        let mut seen = None;
        let list = "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t[bullseye] - xorg-server 1\n";
        read("debian-dsa", list.as_bytes(), &mut |advisory| seen = Some(advisory)).unwrap();
        let advisory = seen.unwrap();
        assert_eq!(advisory.title.as_deref(), Some("xorg-server - security update"));
        assert_eq!(advisory.published.unwrap().to_string(), "2023-03-29T00:00:00Z");
    }
}
