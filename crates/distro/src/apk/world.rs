//! What an image wants installed: `etc/apk/world` (apk-world(5)).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plimsoll_versions::apk;

/// The largest machines name some hundred packages.
const MAX_CONSTRAINTS: usize = 100_000;

/// What the image's administrator asked apk for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkWorld {
    wanted: BTreeMap<String, Vec<Constraint>>,
    /// Words that apk would refuse.
    pub problems: Vec<String>,
}

/// `name[@tag][operator version]`, or its opposite with a `!` in front.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Constraint {
    conflict: bool,
    tag: Option<String>,
    version: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    operator: Operator,
    version: String,
}

/// Which orders of a package's version against the named one are good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Operator {
    less: bool,
    equal: bool,
    greater: bool,
    /// `~`: equal is also what only goes on where the named version ends.
    fuzzy: bool,
}

/// Reads `etc/apk/world`.
pub fn parse_apk_world(text: &str) -> ApkWorld {
    let mut world = ApkWorld::default();
    for word in text.split_ascii_whitespace().take(MAX_CONSTRAINTS) {
        match constraint(word) {
            Some((name, constraint)) => {
                world.wanted.entry(name.to_owned()).or_default().push(constraint);
            }
            None => world.problems.push(format!("{word:?} is not a package with a version")),
        }
    }
    world
}

impl ApkWorld {
    /// The tag of the repositories that a package shall come from.
    pub(crate) fn tag_of(&self, name: &str) -> Option<&str> {
        self.constraints(name).find_map(|constraint| constraint.tag.as_deref())
    }

    /// Whether a version of a package may be installed; `checksum` is its `C:`.
    pub(crate) fn allows(&self, name: &str, version: &str, checksum: &str) -> bool {
        self.constraints(name).all(|constraint| {
            let fits =
                constraint.version.as_ref().is_none_or(|bound| bound.holds(version, checksum));
            fits != constraint.conflict
        })
    }

    fn constraints(&self, name: &str) -> impl Iterator<Item = &Constraint> {
        self.wanted.get(name).into_iter().flatten()
    }
}

fn constraint(word: &str) -> Option<(&str, Constraint)> {
    let (conflict, word) = match word.strip_prefix('!') {
        Some(word) => (true, word),
        None => (false, word),
    };
    let is_operator = |c: char| "<=>~".contains(c);
    let (name, bound) = match word.find(is_operator) {
        None => (word, None),
        Some(at) => {
            let (name, rest) = word.split_at(at);
            let version = rest.trim_start_matches(is_operator);
            let operator = operator(rest.strip_suffix(version)?)?;
            let valid = operator.is_checksum() || apk::compare(version, version).is_ok();
            if !valid {
                return None;
            }
            (name, Some(Bound { operator, version: version.to_owned() }))
        }
    };
    let (name, tag) = match name.split_once('@') {
        Some((name, tag)) => (name, Some(tag.to_owned())),
        None => (name, None),
    };
    let constraint = Constraint { conflict, tag, version: bound };
    Some((name, constraint)).filter(|(name, _)| !name.is_empty())
}

fn operator(text: &str) -> Option<Operator> {
    let mut operator = Operator::default();
    for sign in text.chars() {
        match sign {
            '<' => operator.less = true,
            '>' => operator.greater = true,
            '=' => operator.equal = true,
            '~' => (operator.fuzzy, operator.equal) = (true, true),
            _ => return None,
        }
    }
    Some(operator).filter(|operator| *operator != Operator::default())
}

impl Operator {
    /// `><`: the version is a checksum.
    fn is_checksum(self) -> bool {
        self.less && self.greater && !self.equal
    }
}

impl Bound {
    fn holds(&self, version: &str, checksum: &str) -> bool {
        if self.operator.is_checksum() {
            return self.version == checksum;
        }
        if self.operator.fuzzy && continues(version, &self.version) {
            return self.operator.equal;
        }
        match apk::compare(version, &self.version) {
            Ok(Ordering::Less) => self.operator.less,
            Ok(Ordering::Equal) => self.operator.equal,
            Ok(Ordering::Greater) => self.operator.greater,
            Err(_) => false,
        }
    }
}

/// Whether a version is the named one, or goes on behind it with another part: `1.2.3-r1` behind `1.2`, not `1.20`.
fn continues(version: &str, start: &str) -> bool {
    let Some(rest) = version.strip_prefix(start) else { return false };
    let (Some(last), Some(next)) = (start.chars().next_back(), rest.chars().next()) else {
        return true;
    };
    if last.is_ascii_digit() { !next.is_ascii_digit() } else { !next.is_ascii_alphabetic() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(world: &str, version: &str, expected: bool) {
        let parsed = parse_apk_world(world);
        assert_eq!(parsed.problems, [] as [&str; 0], "{world}");
        assert_eq!(parsed.allows("a", version, "Q1abc="), expected, "{world} {version}");
    }

    #[test]
    fn versions_are_bounded_by_operators() {
        check("a", "2", true);
        check("b<1", "2", true);
        check("a=1.2-r0", "1.2-r0", true);
        check("a=1.2-r0", "1.2-r1", false);
        check("a<2", "1.9", true);
        check("a<2", "2", false);
        check("a<=2", "2", true);
        check("a>2", "2.0.1", true);
        check("a>=2", "1", false);
        check("a>1 a<2", "1.5", true);
        check("a>1\na<2\n", "2.5", false);
        check("a><Q1abc=", "7", true);
        check("a><Q1abd=", "7", false);
        check("!a", "1", false);
        check("!a<2", "1", false);
        check("!a<2", "2", true);
        check("a@edge=1", "2", false);
    }

    #[test]
    fn a_fuzzy_version_is_a_start() {
        for world in ["a~1.2", "a~=1.2", "a=~1.2"] {
            check(world, "1.2", true);
            check(world, "1.2.9-r4", true);
            check(world, "1.2a", true);
            check(world, "1.2_rc1", true);
            check(world, "1.2-r7", true);
            check(world, "1.20", false);
            check(world, "1.3", false);
            check(world, "1.1", false);
        }
        check("a~1.2_p", "1.2_pre1", false);
        check("a>~1.2", "1.2.9", true);
        check("a>~1.2", "1.3", true);
        check("a>~1.2", "1.1", false);
    }

    #[test]
    fn tags_and_what_is_no_constraint() {
        let world = parse_apk_world("busybox@edge curl@own>8 .build-deps a=x =1 b= @t\n");
        assert_eq!(world.tag_of("busybox"), Some("edge"));
        assert_eq!(world.tag_of("curl"), Some("own"));
        assert_eq!(world.tag_of(".build-deps"), None);
        assert_eq!(world.problems.len(), 4, "{:?}", world.problems);
    }
}
