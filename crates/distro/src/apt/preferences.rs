//! apt's preferences (apt_preferences(5)): which versions an administrator wants before others.

use std::collections::BTreeMap;

use plimsoll_model::Problem;

use crate::apt::configuration::default_release;
use crate::apt::deb822::{Stanza, Stanzas};
use crate::apt::expression::Expression;

/// A machine has some dozen.
const MAX_PINS: usize = 10_000;

/// What an image's files under `etc/apt/preferences` and `etc/apt/preferences.d` say, in apt's order, behind what
/// `APT::Default-Release` says.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    pub(crate) pins: Vec<Pin>,
    /// Entries that apt would refuse, or not understand.
    pub problems: Vec<Problem>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Pin {
    pub(crate) packages: Packages,
    pub(crate) wanted: Wanted,
    pub(crate) priority: Priority,
}

/// Which packages an entry is about.
#[derive(Clone, Debug)]
pub(crate) enum Packages {
    /// `*`: whole indexes.
    All,
    /// Any of these.
    Named(Vec<PackageName>),
}

/// A name or pattern of packages.
#[derive(Clone, Debug)]
pub(crate) struct PackageName {
    pub(crate) name: Expression,
    /// Whether it names sources, of which all binary packages are meant: `src:linux`.
    pub(crate) is_source: bool,
    pub(crate) architecture: Option<String>,
}

/// Which of their versions it prefers.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Those of indexes with these marks.
    Release(Box<ReleaseMarks>),
    /// Those from a host.
    Origin(Expression),
    /// Those themselves.
    Version(Expression),
}

/// Marks of an index; those that are none do not matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleaseMarks {
    /// Whether every index is meant.
    pub(crate) is_any: bool,
    /// `a=`: stable.
    pub(crate) archive: Option<Expression>,
    /// `n=`: bookworm.
    pub(crate) codename: Option<Expression>,
    /// A name alone: either of those two.
    pub(crate) either: Option<Expression>,
    /// `v=`: 12.1, or the beginning of one with a star behind it.
    pub(crate) version: Option<Expression>,
    /// `o=`: Debian.
    pub(crate) origin: Option<Expression>,
    /// `l=`: Debian-Security.
    pub(crate) label: Option<Expression>,
    /// `c=`: main.
    pub(crate) component: Option<Expression>,
    /// `b=`: amd64.
    pub(crate) architecture: Option<Expression>,
}

/// How much a version is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Whatever other entries say.
    Never,
    /// From 1000 on even older versions are taken; below zero none.
    Of(i16),
}

impl Preferences {
    /// Reads an image's files, named by their paths without a slash in front; others than preferences and
    /// configuration are passed over.
    pub fn of(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut preferences = Self::default();
        if let Some((path, release)) = default_release(files) {
            preferences.prefer(path, &release);
        }
        for (path, bytes) in preference_files(files) {
            preferences.read(path, bytes);
        }
        preferences
    }

    /// As apt does it: with an entry that stands before all others.
    fn prefer(&mut self, path: &str, release: &str) {
        match marks(release) {
            Ok(marks) => self.pins.push(Pin {
                packages: Packages::All,
                wanted: Wanted::Release(Box::new(marks)),
                priority: Priority::Of(990),
            }),
            Err(what) => self.problem(path, format!("APT::Default-Release is {what}")),
        }
    }

    fn read(&mut self, path: &str, bytes: &[u8]) {
        let mut stanzas = Stanzas::new(bytes);
        let mut stanza = Stanza::default();
        loop {
            match stanzas.read_into(&mut stanza) {
                Ok(false) => return,
                Ok(true) if self.pins.len() < MAX_PINS => {}
                Ok(true) => {
                    return self.problem(path, "more entries than any system has".to_owned());
                }
                Err(error) => return self.problem(path, error.to_string()),
            }
            match pin(&stanza) {
                Ok(pin) => self.pins.push(pin),
                Err(what) => self.problem(path, format!("line {}: {what}", stanza.line)),
            }
        }
    }

    fn problem(&mut self, path: &str, message: String) {
        self.problems.push(Problem { path: path.to_owned(), layer: None, message });
    }
}

/// apt's files, in its order; of the folder those without an ending or with `.pref`.
fn preference_files(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&str, &[u8])> {
    let is_part = |path: &str| {
        path.strip_prefix("etc/apt/preferences.d/").is_some_and(|name| {
            let name = name.strip_suffix(".pref").unwrap_or(name);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
            !name.is_empty() && name.bytes().all(is_plain)
        })
    };
    let main = files.get_key_value("etc/apt/preferences");
    let parts = files.iter().filter(move |(path, _)| is_part(path));
    main.into_iter().chain(parts).map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
}

fn pin(stanza: &Stanza) -> Result<Pin, &'static str> {
    let required = |name, missing| {
        stanza.get(name).map(str::trim).filter(|value| !value.is_empty()).ok_or(missing)
    };
    let names = required("Package", "no package")?;
    let (kind, data) = required("Pin", "no pin")?
        .split_once(char::is_whitespace)
        .ok_or("a pin without anything behind its kind")?;
    let data = data.trim();
    let packages = match names {
        "*" => Packages::All,
        names => Packages::Named(names.split_whitespace().map(name).collect::<Result<_, _>>()?),
    };
    let wanted = match kind.to_ascii_lowercase().as_str() {
        "release" => Wanted::Release(Box::new(marks(data)?)),
        "origin" => {
            let quoted = data.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            Wanted::Origin(Expression::parse(quoted.unwrap_or(data))?)
        }
        "version" if matches!(packages, Packages::Named(_)) => {
            Wanted::Version(Expression::parse(data)?)
        }
        _ => return Err("a pin of a kind that apt does not know"),
    };
    let priority = match required("Pin-Priority", "no priority")? {
        "never" if matches!(packages, Packages::All) => Priority::Never,
        "never" => return Err("never is for all packages only"),
        number => match number.parse() {
            Ok(0) => return Err("no priority"),
            Ok(priority) => Priority::Of(priority),
            Err(_) => return Err("a priority that is none"),
        },
    };
    Ok(Pin { packages, wanted, priority })
}

fn name(text: &str) -> Result<PackageName, &'static str> {
    let (is_source, text) = match text.strip_prefix("src:") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (text, architecture) = match text.rsplit_once(':') {
        Some((text, architecture)) => (text, Some(architecture.to_owned())),
        None => (text, None),
    };
    Ok(PackageName { name: Expression::parse(text)?, is_source, architecture })
}

/// `a=stable, l=Debian`; or only a version, or a name.
fn marks(data: &str) -> Result<ReleaseMarks, &'static str> {
    let mut marks = ReleaseMarks::default();
    if data == "*" {
        marks.is_any = true;
        return Ok(marks);
    }
    if !data.contains('=') {
        let expression = Some(Expression::parse(data)?);
        match data.starts_with(|c: char| c.is_ascii_digit()) {
            true => marks.version = expression,
            false => marks.either = expression,
        }
        return Ok(marks);
    }
    for word in data.split(',').map(str::trim) {
        let Some((key, value)) = word.split_at_checked(2).filter(|(_, value)| !value.is_empty())
        else {
            continue;
        };
        let mark = match key.to_ascii_lowercase().as_str() {
            "a=" => &mut marks.archive,
            "n=" => &mut marks.codename,
            "v=" => &mut marks.version,
            "o=" => &mut marks.origin,
            "l=" => &mut marks.label,
            "c=" => &mut marks.component,
            "b=" => &mut marks.architecture,
            _ => continue,
        };
        *mark = Some(Expression::parse(value)?);
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Preferences {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), bytes(text))).collect();
        Preferences::of(&files)
    }

    #[test]
    fn files_are_read_in_apts_order() {
        let pin = |priority| format!("Package: *\nPin: release a=x\nPin-Priority: {priority}\n");
        let texts: Vec<String> = (1..8).map(pin).collect();
        let names = [
            "etc/apt/preferences.d/20-b.pref",
            "etc/apt/preferences.d/10-a",
            "etc/apt/preferences",
            "etc/apt/preferences.d/c.bak",
            "etc/apt/preferences.d/d/e",
            "etc/apt/preferences.dpkg-old",
        ];
        let files: Vec<_> =
            names.iter().zip(&texts).map(|(name, text)| (*name, text.as_str())).collect();
        let preferences = read(&files);
        let found: Vec<_> = preferences.pins.iter().map(|pin| pin.priority).collect();
        assert_eq!(found, [3, 2, 1].map(Priority::Of));
    }

    #[test]
    fn what_apt_refuses_is_a_problem() {
        fn check(package: &str, pin: &str, priority: &str, expected: Option<&str>) {
            let text = format!(
                "Explanation: x\nPackage: {package}\nPin: {pin}\nPin-Priority: {priority}\n"
            );
            let preferences = read(&[("etc/apt/preferences", &text)]);
            let problems: Vec<_> =
                preferences.problems.iter().map(|problem| problem.message.as_str()).collect();
            let expected: Vec<_> =
                expected.into_iter().map(|what| format!("line 1: {what}")).collect();
            assert_eq!(problems, expected, "{text}");
            assert_eq!(preferences.pins.len() + problems.len(), 1);
        }
        check("*", "release a=stable", "500", None);
        check("*", "release a=stable", "never", None);
        check("a b src:c d:i386 e* /f/", "origin \"\"", "-1", None);
        check("a", "version 1.*", "1001", None);
        check("*", "version 1.*", "1001", Some("a pin of a kind that apt does not know"));
        check("a", "release a=stable", "never", Some("never is for all packages only"));
        check("a", "release a=stable", "0", Some("no priority"));
        check("a", "release a=stable", "40000", Some("a priority that is none"));
        check("a", "release a=stable", "", Some("no priority"));
        check("", "release a=stable", "1", Some("no package"));
        check("a", "somewhere x", "1", Some("a pin of a kind that apt does not know"));
        check("/(/", "release a=stable", "1", Some("a regular expression that cannot be read"));
    }
}
