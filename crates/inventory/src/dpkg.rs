//! dpkg's databases: `var/lib/dpkg/status`, and the one-package files of `var/lib/dpkg/status.d`
//! that distroless images have instead.
//!
//! The format is that of deb-control(5); the states are those of dpkg(1), "Package states".

use std::io::{self, Read};

use crate::lines::Line;
use crate::record::{Packages, Record};
use crate::stanzas;

/// Names, versions and architectures are short (dpkg itself refuses names above 214 characters in
/// archives); a longer value is taken for damage.
const MAX_VALUE: usize = 1024;

/// Which of dpkg's two kinds of file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// `status`: every stanza states the package's state.
    Status,
    /// A file of `status.d`: stanzas are copied from the package, which is there because it was
    /// unpacked.
    StatusEntry,
}

/// Reads the installed packages of a dpkg database.
///
/// Installed are all whose files are unpacked: the states `installed`, `unpacked`,
/// `half-configured`, `triggers-awaited` and `triggers-pending` (dpkg orders the states, and counts
/// from `unpacked` on), whatever is wanted with them (`install`, `hold`, `deinstall`): a library
/// that was unpacked and never configured is as vulnerable as any. `not-installed`, `config-files`
/// and `half-installed` are not.
///
/// # Errors
///
/// Those of `from`. What is wrong in the file is in the result.
pub fn read(from: impl Read, flavour: Flavour) -> io::Result<Packages> {
    stanzas::read(from, |stanza: &Stanza, name, packages| stanza.add(name, flavour, packages))
}

/// The fields of one package, as far as they are wanted.
#[derive(Default)]
struct Stanza {
    package: Field,
    status: Field,
    version: Field,
    architecture: Field,
    source: Field,
}

#[derive(Default)]
enum Field {
    #[default]
    Absent,
    Present(String),
    /// Too long, or not UTF-8.
    Unusable,
}

impl Field {
    fn set(&mut self, value: Option<&[u8]>) {
        // dpkg refuses a repeated field; of two contradicting values the first is the one it had
        // read.
        if !matches!(self, Self::Absent) {
            return;
        }
        let value = value.map(<[u8]>::trim_ascii).filter(|value| value.len() <= MAX_VALUE);
        *self = match value.map(str::from_utf8) {
            Some(Ok(value)) => Self::Present(value.to_owned()),
            _ => Self::Unusable,
        };
    }

    fn get(&self) -> Option<&str> {
        match self {
            Self::Present(value) if !value.is_empty() => Some(value),
            _ => None,
        }
    }
}

impl stanzas::Stanza for Stanza {
    const DATABASE: &'static str = "a dpkg database";
    const NAMELESS: &'static str = "a stanza has no readable field Package";

    fn line(&mut self, line: Line<'_>) {
        let (bytes, whole) = match line {
            Line::Whole(bytes) => (bytes, true),
            Line::Cut(bytes) => (bytes, false),
        };
        if bytes.starts_with(b" ") || bytes.starts_with(b"\t") {
            return;
        }
        let Some(colon) = memchr::memchr(b':', bytes) else { return };
        let (name, value) = bytes.split_at(colon);
        let field = match name {
            name if name.eq_ignore_ascii_case(b"package") => &mut self.package,
            name if name.eq_ignore_ascii_case(b"status") => &mut self.status,
            name if name.eq_ignore_ascii_case(b"version") => &mut self.version,
            name if name.eq_ignore_ascii_case(b"architecture") => &mut self.architecture,
            name if name.eq_ignore_ascii_case(b"source") => &mut self.source,
            _ => return,
        };
        field.set(value.get(1..).filter(|_| whole));
    }

    fn name(&self) -> Option<&str> {
        self.package.get()
    }
}

impl Stanza {
    fn add(&self, name: &str, flavour: Flavour, packages: &mut Packages) {
        let status = match (flavour, &self.status) {
            (Flavour::StatusEntry, Field::Absent) => None,
            (_, Field::Present(status)) => match Status::of(status) {
                Some(Status { state: State::Gone, .. }) => return,
                Some(status) => Some(status),
                None => {
                    packages.problem(format!("package {name:?} has the unknown status {status:?}"));
                    return;
                }
            },
            (_, Field::Absent | Field::Unusable) => {
                packages.problem(format!("package {name:?} has no readable field Status"));
                return;
            }
        };
        let Some(version) = self.version.get() else {
            packages.problem(format!("package {name:?} has no readable field Version"));
            return;
        };
        packages.push(&Record {
            name,
            version,
            arch: self.architecture.get(),
            // A source without a name (`Source: (2)`) says nothing.
            source: Some(
                self.source
                    .get()
                    .map(|source| split(source, version))
                    .filter(|(source, _)| !source.is_empty())
                    .unwrap_or((name, version)),
            ),
            module: None,
            vendor: None,
            license: None,
            held: status.as_ref().is_some_and(|status| status.is_held),
            unsettled: match status {
                Some(Status { state: State::Unsettled(state), .. }) => Some(state),
                _ => None,
            },
        });
    }
}

/// What the field `Status` says.
struct Status<'a> {
    is_held: bool,
    state: State<'a>,
}

/// Whether a package's files are there.
enum State<'a> {
    Installed,
    /// They are, but the package is not set up: its state.
    Unsettled(&'a str),
    Gone,
}

impl<'a> Status<'a> {
    /// `status` is `want flag state`.
    fn of(status: &'a str) -> Option<Self> {
        let mut words = status.split_ascii_whitespace();
        let is_held = words.next()? == "hold";
        let state = match words.nth(1)? {
            "installed" => State::Installed,
            state @ ("unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending") => {
                State::Unsettled(state)
            }
            "not-installed" | "config-files" | "half-installed" => State::Gone,
            _ => return None,
        };
        Some(Self { is_held, state })
    }
}

/// `name` or `name (version)`.
fn split<'a>(source: &'a str, binary_version: &'a str) -> (&'a str, &'a str) {
    let Some((name, rest)) = source.split_once('(') else { return (source, binary_version) };
    match rest.trim_end().strip_suffix(')').map(str::trim) {
        Some(version) if !version.is_empty() => (name.trim_end(), version),
        _ => (name.trim_end(), binary_version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::MAX_PACKAGES;

    fn list(text: &[u8], flavour: Flavour) -> (Vec<String>, Vec<String>) {
        let packages = read(text, flavour).unwrap();
        let lines = packages
            .iter()
            .map(|record| {
                let (source, version) = record.source.unwrap();
                let arch = record.arch.unwrap_or("-");
                format!("{} {} {arch} {source} {version}", record.name, record.version)
            })
            .collect();
        (lines, packages.problems)
    }

    fn check(text: &str, expected: &[&str], problems: &[&str]) {
        let (found, wrong) = list(text.as_bytes(), Flavour::Status);
        assert_eq!(found, expected, "{text}");
        assert_eq!(wrong, problems, "{text}");
    }

    #[test]
    fn a_source_without_a_name_is_none() {
        let text = "Package: a\nStatus: install ok installed\nVersion: 1\nSource: (2)\n";
        assert_eq!(list(text.as_bytes(), Flavour::Status).0, ["a 1 - a 1"]);
    }

    #[test]
    fn a_stanza_is_a_package() {
        check(
            "Package: libssl1.1\nStatus: install ok installed\nSource: openssl (1.1.1d-0+deb10u3)\n\
             Version: 1.1.1d-0+b1\nArchitecture: amd64\nDescription: x\n Package: not a field\n\n\
             package:bash\nVERSION: 1:5.0-4 \nSTATUS: hold ok installed\n",
            &[
                "libssl1.1 1.1.1d-0+b1 amd64 openssl 1.1.1d-0+deb10u3",
                "bash 1:5.0-4 - bash 1:5.0-4",
            ],
            &[],
        );
    }

    #[test]
    fn the_third_word_decides() {
        for (state, counts) in [
            ("installed", true),
            ("unpacked", true),
            ("half-configured", true),
            ("triggers-awaited", true),
            ("triggers-pending", true),
            ("half-installed", false),
            ("config-files", false),
            ("not-installed", false),
        ] {
            let text = format!("Package: a\nStatus: deinstall ok {state}\nVersion: 1\n");
            let (found, problems) = list(text.as_bytes(), Flavour::Status);
            assert_eq!((found.len() == 1, problems.len()), (counts, 0), "{state}");
        }
    }

    #[test]
    fn holds_and_unfinished_states_are_told() {
        let check = |status: &str, held: bool, unsettled: Option<&str>| {
            let text = format!("Package: a\nStatus: {status}\nVersion: 1\n");
            let packages = read(text.as_bytes(), Flavour::Status).unwrap();
            let found: Vec<_> = packages.iter().map(|it| (it.held, it.unsettled)).collect();
            assert_eq!(found, [(held, unsettled)], "{status}");
        };
        check("install ok installed", false, None);
        check("hold ok installed", true, None);
        check("hold reinstreq half-configured", true, Some("half-configured"));
        check("install ok triggers-pending", false, Some("triggers-pending"));
    }

    #[test]
    fn one_bad_stanza_costs_only_itself() {
        let long = "v".repeat(MAX_VALUE + 1);
        check(
            &format!(
                "Package: a\nStatus: install ok installed\nVersion: {long}\n\n\
                 Package: b\nVersion: 1\n\n\
                 Package: c\nStatus: install ok strange\nVersion: 1\n\nVersion: 3\n\n\n\n\
                 Package: d\nStatus: install ok installed\nVersion: 4\nSource: s (\n"
            ),
            &["d 4 - s 4"],
            &[
                "package \"a\" has no readable field Version",
                "package \"b\" has no readable field Status",
                "package \"c\" has the unknown status \"install ok strange\"",
                "a stanza has no readable field Package",
            ],
        );
    }

    #[test]
    fn bad_stanzas_before_the_first_package_are_told() {
        let nameless = "a stanza has no readable field Package";
        check(
            "Version: 1\n\nrubbish\n\nPackage: a\nStatus: install ok installed\nVersion: 1\n",
            &["a 1 - a 1"],
            &[nameless, nameless],
        );
    }

    #[test]
    fn what_is_not_dpkgs_is_said_to_be() {
        check("all is well\n\nuptime: 3 days\n", &[], &["is not a dpkg database"]);
        check("\n\n", &[], &[]);
        check("", &[], &[]);
        let packages = read(&[0xff; 100_000][..], Flavour::Status).unwrap();
        assert_eq!(packages.problems, ["is not a dpkg database"]);
    }

    #[test]
    fn distroless_files_state_no_status() {
        let text = b"Package: base-files\nVersion: 11.1\nArchitecture: amd64\n";
        assert_eq!(list(text, Flavour::StatusEntry).0, ["base-files 11.1 amd64 base-files 11.1"]);
    }

    #[test]
    fn an_endless_status_stops_at_a_named_limit() {
        let endless = Read::take(io::repeat(b'x'), 10 * 1024 * 1024 * 1024);
        let packages = read(endless, Flavour::Status).unwrap();
        assert_eq!(
            packages.problems,
            ["is not a dpkg database", "is larger than 268435456 bytes: the rest was not read"]
        );
        let stanza = b"Package: a\nStatus: install ok installed\nVersion: 1\n\n";
        let many = stanza.repeat(MAX_PACKAGES + 1);
        let packages = read(many.as_slice(), Flavour::Status).unwrap();
        assert_eq!(packages.len(), MAX_PACKAGES);
        assert_eq!(packages.problems, ["has more than 249999 packages: the rest was not read"]);
    }
}
