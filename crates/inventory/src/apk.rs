//! apk's database of installed packages: `lib/apk/db/installed`, or `usr/lib/apk/db/installed`
//! since the merge of `/usr`.
//!
//! One letter, a colon, a value; an empty line ends a package (apk-tools, "installed database v2").

use std::io::{self, Read};

use crate::lines::Line;
use crate::record::{Packages, Record};
use crate::stanzas;

/// Names, versions and licences are short; a longer value is taken for damage.
const MAX_VALUE: usize = 4096;

/// Reads the installed packages of an apk database. Where a package names no origin, it is its own.
///
/// # Errors
///
/// Those of `from`. What is wrong in the file is in the result.
pub fn read(from: impl Read) -> io::Result<Packages> {
    stanzas::read(from, Package::add)
}

/// One package under construction.
#[derive(Default)]
struct Package {
    name: String,
    version: String,
    arch: String,
    origin: String,
    license: String,
}

impl stanzas::Stanza for Package {
    const DATABASE: &'static str = "an apk database";
    const NAMELESS: &'static str = "an entry has no readable name (P:)";

    fn line(&mut self, line: Line<'_>) {
        // Only lists of dependencies grow so long that they are cut.
        let Line::Whole([letter, b':', value @ ..]) = line else { return };
        let field = match letter {
            b'P' => &mut self.name,
            b'V' => &mut self.version,
            b'A' => &mut self.arch,
            b'o' => &mut self.origin,
            b'L' => &mut self.license,
            _ => return,
        };
        if field.is_empty()
            && value.len() <= MAX_VALUE
            && let Ok(value) = str::from_utf8(value)
        {
            value.trim_ascii().clone_into(field);
        }
    }

    fn name(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }
}

impl Package {
    fn add(&self, name: &str, packages: &mut Packages) {
        if self.version.is_empty() {
            packages.problem(format!("package {name:?} has no readable version (V:)"));
            return;
        }
        let origin = Some(self.origin.as_str()).filter(|origin| !origin.is_empty());
        packages.push(&Record {
            name,
            version: &self.version,
            arch: Some(self.arch.as_str()).filter(|arch| !arch.is_empty()),
            source: Some((origin.unwrap_or(name), &self.version)),
            module: None,
            vendor: None,
            license: Some(self.license.as_str()).filter(|license| !license.is_empty()),
            held: false,
            unsettled: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], problems: &[&str]) {
        let packages = read(text.as_bytes()).unwrap();
        let found: Vec<String> = packages
            .iter()
            .map(|record| {
                let arch = record.arch.unwrap_or("-");
                let license = record.license.unwrap_or("-");
                let origin = record.source.unwrap().0;
                format!("{} {} {arch} {origin} {license}", record.name, record.version)
            })
            .collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(packages.problems, problems, "{text}");
    }

    #[test]
    fn entries_are_packages() {
        check(
            "C:Q1x=\nP:libssl1.1\nV:1.1.1d-r3\nA:x86_64\nL:OpenSSL\no:openssl\nF:lib\nR:libssl.so\n\n\n\
             P:.build-deps\nV:0\n",
            &["libssl1.1 1.1.1d-r3 x86_64 openssl OpenSSL", ".build-deps 0 - .build-deps -"],
            &[],
        );
        check("", &[], &[]);
    }

    #[test]
    fn one_bad_entry_costs_only_itself() {
        check(
            "P:a\n\nP:b\nV:1\n\nV:2\n\nP\nrubbish\n",
            &["b 1 - b -"],
            &[
                "package \"a\" has no readable version (V:)",
                "an entry has no readable name (P:)",
                "an entry has no readable name (P:)",
            ],
        );
    }

    #[test]
    fn bad_entries_before_the_first_package_are_told() {
        let nameless = "an entry has no readable name (P:)";
        check("V:2\n\nrubbish\n\nP:b\nV:1\n", &["b 1 - b -"], &[nameless, nameless]);
    }

    #[test]
    fn what_is_not_apks_is_said_to_be() {
        check("hello\nworld\n", &[], &["is not an apk database"]);
        check(&"P".repeat(300_000), &[], &["is not an apk database"]);
    }
}
