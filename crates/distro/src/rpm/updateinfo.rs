//! `updateinfo.xml`: the advisories of a repository.

use std::collections::BTreeSet;
use std::io::BufRead;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use plimsoll_model::Severity;

use super::nevra::{evr, word};
use super::primary::MAX_PROBLEMS;
use super::wanted::Wanted;
use super::xml::{self, Attributes, MetadataError, Visitor};
use crate::changelog::ids::ids_in;
use crate::pending::Bulletin;

/// Red Hat has published some 30,000 advisories, SUSE some 60,000.
const MAX_NOTICES: usize = 1_000_000;

/// One advisory names some thousand packages: a kernel on every architecture.
const MAX_NOTICED: usize = 50_000;

/// One advisory references some hundred entries.
const MAX_REFERENCES: usize = 10_000;

/// The packages that are kept of all advisories together.
const MAX_KEPT: usize = 2_000_000;

/// `openSUSE-SLE-15.6-2024-1234` is among the longest.
const MAX_ID: usize = 128;

/// A description is some screens; what is beyond is cut.
const MAX_DESCRIPTION: usize = 64 << 10;

/// An advisory that a repository ships, as far as it is about packages of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub bulletin: Bulletin,
    /// The packages that it brings; only those with names of interest, never empty.
    pub packages: Vec<Noticed>,
}

/// A package that an advisory brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// Its name.
    pub name: String,
    /// `epoch:version-release`, an epoch of zero not written.
    pub evr: String,
    /// Its architecture.
    pub arch: String,
    /// The module and stream it belongs to: `nodejs:18`.
    pub module: Option<String>,
}

/// What `updateinfo` has about the packages of interest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticesRead {
    /// The advisories, in the order of the document.
    pub notices: Vec<Notice>,
    /// Advisories left out, because something about them is wrong.
    pub problems: Vec<String>,
}

/// Reads `updateinfo.xml`, unpacked, and keeps the advisories about packages with names of interest.
pub fn read_updateinfo(input: impl BufRead, wanted: &Wanted) -> Result<NoticesRead, MetadataError> {
    let mut reader =
        NoticeReader { wanted, read: NoticesRead::default(), seen: 0, kept: 0, notice: None };
    xml::read(input, "updates", &mut reader)?;
    Ok(reader.read)
}

struct NoticeReader<'w> {
    wanted: &'w Wanted,
    read: NoticesRead,
    seen: usize,
    kept: usize,
    notice: Option<Draft>,
}

/// An `<update>` while it is read.
#[derive(Default)]
struct Draft {
    kind: String,
    id: String,
    title: String,
    severity: Option<Severity>,
    summary: String,
    description: String,
    issued: Option<Timestamp>,
    updated: Option<Timestamp>,
    ids: Vec<String>,
    seen_ids: BTreeSet<String>,
    references: usize,
    module: Option<String>,
    listed: usize,
    packages: Vec<Noticed>,
}

impl Visitor for NoticeReader<'_> {
    fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError> {
        if name == "update" {
            self.seen += 1;
            if self.seen > MAX_NOTICES {
                return Err(MetadataError::TooMany { limit: MAX_NOTICES, what: "advisories" });
            }
            let kind = attributes.text("type").unwrap_or_default();
            self.notice = Some(Draft { kind, ..Draft::default() });
            return Ok(());
        }
        let Some(notice) = &mut self.notice else { return Ok(()) };
        match name {
            "issued" => notice.issued = attributes.get("date").and_then(|date| time(&date)),
            "updated" => notice.updated = attributes.get("date").and_then(|date| time(&date)),
            "reference" => notice.reference(attributes),
            "collection" => notice.module = None,
            "module" => {
                let part = |name| attributes.text(name).filter(|part| word(part).is_some());
                notice.module = part("name").zip(part("stream")).map(|(n, s)| format!("{n}:{s}"));
            }
            "package" => {
                notice.listed += 1;
                let is_wanted = attributes.get("name").is_some_and(|name| self.wanted.has(&name));
                if is_wanted && notice.listed <= MAX_NOTICED {
                    notice.packages.extend(noticed(attributes, notice.module.as_deref()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError> {
        match (name, &mut self.notice) {
            ("id", Some(notice)) => text.clone_into(&mut notice.id),
            ("title", Some(notice)) => text.clone_into(&mut notice.title),
            ("severity", Some(notice)) => notice.severity = Severity::from_vendor_word(text),
            ("summary", Some(notice)) => text.clone_into(&mut notice.summary),
            ("description", Some(notice)) => notice.description = cut(text),
            ("update", Some(_)) => return self.take_notice(),
            _ => {}
        }
        Ok(())
    }
}

impl NoticeReader<'_> {
    fn take_notice(&mut self) -> Result<(), MetadataError> {
        let Some(notice) = self.notice.take() else { return Ok(()) };
        let problem = if notice.id.is_empty() || notice.id.len() > MAX_ID {
            Some(format!("advisory {} has no id", self.seen))
        } else if notice.listed > MAX_NOTICED {
            Some(format!("advisory {} names more than {MAX_NOTICED} packages", notice.id))
        } else {
            None
        };
        match problem {
            Some(problem) if self.read.problems.len() < MAX_PROBLEMS => {
                self.read.problems.push(problem);
            }
            Some(_) => {}
            None if notice.packages.is_empty() => {}
            None => {
                self.kept += notice.packages.len();
                if self.kept > MAX_KEPT {
                    let what = "packages in its advisories";
                    return Err(MetadataError::TooMany { limit: MAX_KEPT, what });
                }
                self.read.notices.push(notice.finish());
            }
        }
        Ok(())
    }
}

impl Draft {
    /// A CVE is named by a reference of its own, or in the title of a bug (Fedora).
    fn reference(&mut self, attributes: &Attributes<'_>) {
        self.references += 1;
        if self.references > MAX_REFERENCES {
            return;
        }
        let named = match attributes.get("type").as_deref() {
            Some("cve") => attributes.get("id").filter(|id| !id.is_empty()),
            Some("bugzilla") => attributes.get("title"),
            _ => None,
        };
        let ids = ids_in(&named.unwrap_or_default());
        self.ids.extend(ids.into_iter().filter(|id| self.seen_ids.insert(id.clone())));
    }

    fn finish(self) -> Notice {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let bulletin = Bulletin {
            id: self.id,
            security: self.kind == "security",
            severity: self.severity,
            ids: self.ids,
            title: text(self.title).or_else(|| text(self.summary)),
            description: text(self.description),
            issued: self.issued.or(self.updated),
        };
        Notice { bulletin, packages: self.packages }
    }
}

fn noticed(attributes: &Attributes<'_>, module: Option<&str>) -> Option<Noticed> {
    let part = |name| attributes.text(name).filter(|part| word(part).is_some());
    let epoch = attributes.get("epoch");
    Some(Noticed {
        evr: evr(epoch.as_deref(), &part("version")?, &part("release")?),
        name: part("name")?,
        arch: part("arch")?,
        module: module.map(str::to_owned),
    })
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_DESCRIPTION);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// `2026-01-02 03:04:05`, `2026-01-02`, `2026-01-02T03:04:05Z`, or seconds since 1970 (openSUSE).
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(" UTC");
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into)).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpm::testing::installed;

    fn update(kind: &str, id: &str, more: &str, packages: &str) -> String {
        format!(
            "<update from=\"x\" status=\"final\" type=\"{kind}\" version=\"1\"><id>{id}</id>\
             <title>T {id}</title>{more}<pkglist><collection short=\"c\"><name>c</name>{packages}\
             </collection></pkglist></update>"
        )
    }

    fn package(name: &str, epoch: &str) -> String {
        format!(
            "<package name=\"{name}\" epoch=\"{epoch}\" version=\"2\" release=\"1\" arch=\"x86_64\">\
             <filename>{name}.rpm</filename></package>"
        )
    }

    fn read(updates: &str) -> NoticesRead {
        let wanted = Wanted::of(&[installed("bash", "1-1", "x86_64")]);
        read_updateinfo(format!("<updates>{updates}</updates>").as_bytes(), &wanted).unwrap()
    }

    #[test]
    fn advisories_about_packages_of_interest() {
        let security = "<issued date=\"2026-01-02 03:04:05\"/><updated date=\"2026-02-02\"/>\
            <severity>Important</severity><description>Two\n  lines &amp; more.</description><references>\
            <reference href=\"h\" id=\"CVE-2026-0001\" type=\"cve\" title=\"CVE-2026-0001\"/>\
            <reference href=\"h\" id=\"123\" type=\"bugzilla\" title=\"CVE-2026-0002 bash: bad\"/>\
            <reference href=\"h\" id=\"CVE-2026-0003\" type=\"self\"/></references>";
        let module =
            "<module name=\"shell\" stream=\"5\" version=\"1\" context=\"c\" arch=\"x86_64\"/>";
        let found = read(
            &[
                update(
                    "security",
                    "RLSA-1",
                    security,
                    &(package("zsh", "0") + &package("bash", "0")),
                ),
                update("bugfix", "RLBA-2", "", &package("zsh", "0")),
                update("enhancement", "RLEA-3", "", &(module.to_owned() + &package("bash", "4"))),
            ]
            .concat(),
        );
        let [first, third] = found.notices.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            first.bulletin,
            Bulletin {
                id: "RLSA-1".to_owned(),
                security: true,
                severity: Some(Severity::High),
                ids: vec!["CVE-2026-0001".to_owned(), "CVE-2026-0002".to_owned()],
                title: Some("T RLSA-1".to_owned()),
                description: Some("Two\n  lines & more.".to_owned()),
                issued: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            }
        );
        let noticed = |evr: &str, module: Option<&str>| Noticed {
            name: "bash".to_owned(),
            evr: evr.to_owned(),
            arch: "x86_64".to_owned(),
            module: module.map(str::to_owned),
        };
        assert_eq!(first.packages, [noticed("2-1", None)]);
        assert!(!third.bulletin.security);
        assert_eq!(third.packages, [noticed("4:2-1", Some("shell:5"))]);
    }

    #[test]
    fn an_advisory_without_a_name_is_a_problem() {
        let found = read(
            &(update("security", "", "", &package("bash", "0"))
                + &update("x", "A", "", &package("bash", "0"))),
        );
        assert_eq!(found.problems, ["advisory 1 has no id"]);
        assert_eq!(found.notices.len(), 1);
        let many = package("bash", "0").repeat(MAX_NOTICED + 1);
        assert_eq!(
            read(&update("security", "A", "", &many)).problems,
            ["advisory A names more than 50000 packages"]
        );
    }

    #[test]
    fn times_in_all_forms_that_repositories_have() {
        for (text, expected) in [
            ("2026-01-02 03:04:05", Some("2026-01-02T03:04:05Z")),
            ("2026-01-02 03:04:05 UTC", Some("2026-01-02T03:04:05Z")),
            ("2026-01-02", Some("2026-01-02T00:00:00Z")),
            ("2026-01-02T03:04:05Z", Some("2026-01-02T03:04:05Z")),
            ("1700000000", Some("2023-11-14T22:13:20Z")),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(time(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_long_description_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(MAX_DESCRIPTION)).len(), MAX_DESCRIPTION);
        assert_eq!(cut(&format!("a{}", "é".repeat(MAX_DESCRIPTION))).len(), MAX_DESCRIPTION - 1);
    }
}
