//! apk's database of installed packages: `lib/apk/db/installed`, or `usr/lib/apk/db/installed`
//! since the merge of `/usr`.
//!
//! One letter, a colon, a value; an empty line ends a package (apk-tools, "installed database v2").

use std::io::{self, Read};

use crate::lines::{End, Line, Lines, MAX_FILE};
use crate::record::{Packages, Record};

/// Names, versions and licences are short; a longer value is taken for damage.
const MAX_VALUE: usize = 4096;

/// Reads the installed packages of an apk database. Where a package names no origin, it is its own.
///
/// # Errors
///
/// Those of `from`. What is wrong in the file is in the result.
pub fn read(from: impl Read) -> io::Result<Packages> {
    let mut lines = Lines::new(from);
    let mut packages = Packages::default();
    let mut package = Package::default();
    let mut seen = Seen::Nothing;
    loop {
        match lines.next()? {
            Ok(Line::Whole(b"")) => package.finish(&mut seen, &mut packages),
            Ok(Line::Whole(line)) => package.line(line),
            // Only lists of dependencies grow that long.
            Ok(Line::Cut(_)) => package.begun = true,
            Err(end) => {
                package.finish(&mut seen, &mut packages);
                if matches!(seen, Seen::Rubbish { .. }) {
                    packages.problem("is not an apk database");
                }
                if end == End::Limit {
                    packages
                        .problem(format!("is larger than {MAX_FILE} bytes: the rest was not read"));
                }
                return Ok(packages);
            }
        }
        if packages.is_full() {
            return Ok(packages);
        }
    }
}

/// Whether the file looks like apk's.
enum Seen {
    Nothing,
    /// Entries, this many, but none with a package.
    Rubbish {
        entries: usize,
    },
    Packages,
}

const NAMELESS: &str = "an entry has no readable name (P:)";

/// One package under construction.
#[derive(Default)]
struct Package {
    begun: bool,
    name: String,
    version: String,
    arch: String,
    origin: String,
    license: String,
}

impl Package {
    fn line(&mut self, line: &[u8]) {
        self.begun = true;
        let [letter, b':', value @ ..] = line else { return };
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

    fn finish(&mut self, seen: &mut Seen, packages: &mut Packages) {
        let package = std::mem::take(self);
        if !package.begun {
            return;
        }
        if package.name.is_empty() {
            match seen {
                Seen::Nothing => *seen = Seen::Rubbish { entries: 1 },
                Seen::Rubbish { entries } => *entries += 1,
                Seen::Packages => packages.problem(NAMELESS),
            }
            return;
        }
        // It is a database after all, so what came before were damaged packages.
        if let Seen::Rubbish { entries } = std::mem::replace(seen, Seen::Packages) {
            (0..entries).for_each(|_| packages.problem(NAMELESS));
        }
        if package.version.is_empty() {
            packages.problem(format!("package {:?} has no readable version (V:)", package.name));
            return;
        }
        let origin = Some(package.origin.as_str()).filter(|origin| !origin.is_empty());
        packages.push(&Record {
            name: &package.name,
            version: &package.version,
            arch: Some(package.arch.as_str()).filter(|arch| !arch.is_empty()),
            source: Some((origin.unwrap_or(&package.name), &package.version)),
            module: None,
            vendor: None,
            license: Some(package.license.as_str()).filter(|license| !license.is_empty()),
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
