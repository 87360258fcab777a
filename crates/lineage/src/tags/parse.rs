//! What a tag says: a version, the variant it is of, and whether it is a release yet.
//!
//! A tag is split at its hyphens. A part is a number (`3.11.4`, `v1.2`, `17.0.8_7`, `8u342`), a word with a number
//! (`alpine3.18`, `jdk17`), the name of a release (`bookworm`), a mark of a pre-release (`rc1`, `beta.2`), or a word.
//! The first number is the version; numbers right behind it belong to it. Everything else is the variant.

use crate::codename;

/// A tag that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Of the software, where the tag has one.
    pub(crate) version: Vec<u64>,
    /// How far before its release the version is.
    pub(crate) stage: Stage,
    /// A second release within the tag: the `3.18` of `alpine3.18`, the 12 of `bookworm`.
    pub(crate) releases: Vec<Vec<u64>>,
    /// The tag without its numbers: only tags of one shape are compared.
    pub(crate) shape: String,
}

/// How finished a version is, with the number of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Snapshot(u64),
    Alpha(u64),
    Beta(u64),
    Candidate(u64),
    Released,
}

/// The longest tag that a registry may have (OCI distribution specification).
const MAX_TAG_BYTES: usize = 128;

/// Words with digits that are no versions.
const ARCHITECTURES: [&str; 18] = [
    "amd64", "arm", "arm32v5", "arm32v6", "arm32v7", "arm64", "arm64v8", "armv5", "armv6", "armv7",
    "armv8", "i386", "i686", "mips64le", "ppc64le", "riscv64", "s390x", "x86",
];

/// Words before the number of a build: `8u302-b08`, `15.4.0-debian-11-r10`.
const REVISIONS: [&str; 6] = ["b", "build", "p", "patch", "r", "rev"];

/// A number with more digits than this, which is no date, counts builds or seconds and says nothing to anybody else.
const MAX_LONE_DIGITS: usize = 4;
/// Hexadecimal digits that make a part a commit: what git abbreviates to.
const MIN_COMMIT_DIGITS: usize = 7;

impl Tag {
    /// What a tag says, or none if it says nothing that could be newer or older.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TAG_BYTES {
            return None;
        }
        let mut tag = Self {
            version: Vec::new(),
            stage: Stage::Released,
            releases: Vec::new(),
            shape: String::new(),
        };
        let mut before = Part::Word;
        for text in text.split('-') {
            let part = Part::of(text)?;
            let is_version = match &part {
                Part::Number { .. } => {
                    tag.version.is_empty() || matches!(before, Part::Number { .. })
                }
                _ => false,
            };
            tag.shape.push('-');
            match part.clone() {
                Part::Number { prefix, numbers, stage } if is_version => {
                    if stage != Stage::Released {
                        tag.stage = stage;
                    }
                    tag.shape.push_str(&format!("{prefix}{}{{{}}}", kind(&numbers), numbers.len()));
                    tag.version.extend(numbers);
                }
                Part::Number { prefix, numbers, .. } => {
                    tag.shape.push_str(&format!("{prefix}#"));
                    tag.releases.push(numbers);
                }
                Part::Numbered { word, numbers } if tag.is_revision(&word) => {
                    tag.shape.push_str(&format!("{word}{{{}}}", numbers.len()));
                    tag.version.extend(numbers);
                }
                Part::Numbered { word, numbers } => {
                    tag.shape.push_str(&format!("{word}#"));
                    tag.releases.push(numbers);
                }
                Part::Stage(stage) if !tag.version.is_empty() => {
                    tag.shape.pop();
                    tag.stage = stage;
                }
                Part::Odd if tag.version.is_empty() => return None,
                Part::Stage(_) | Part::Word | Part::Odd => tag.shape.push_str(text),
            }
            before = part;
        }
        tag.is_meaningful().then_some(tag)
    }

    /// Whether a word with a number counts builds of a version, so that it belongs to it wherever it stands.
    fn is_revision(&self, word: &str) -> bool {
        !self.version.is_empty() && REVISIONS.contains(&word)
    }

    fn is_meaningful(&self) -> bool {
        let is_odd =
            matches!(*self.version, [only] if !is_date(only) && digits(only) > MAX_LONE_DIGITS);
        let says_nothing = self.version.is_empty() && self.releases.is_empty();
        !is_odd && !says_nothing
    }
}

/// How much a tag says to people: a version with many places before one with few, that before words, and what is
/// only a date or `latest` last.
pub(crate) fn rank(tag: &str) -> (u8, usize, usize) {
    let parsed = Tag::parse(tag);
    let version = parsed.as_ref().map_or(&[][..], |tag| &tag.version);
    let class = match version {
        _ if tag == "latest" => 0,
        [first, ..] if is_date(*first) => 1,
        _ => 2,
    };
    (class, version.len(), tag.len())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Number {
        prefix: &'static str,
        numbers: Vec<u64>,
        stage: Stage,
    },
    Numbered {
        word: String,
        numbers: Vec<u64>,
    },
    Stage(Stage),
    /// Begins like a number and is none (`32bit`): a word, but nothing to take for a version.
    Odd,
    Word,
}

impl Part {
    /// None if the part makes the whole tag odd.
    fn of(text: &str) -> Option<Self> {
        if text.is_empty() || is_commit(text) {
            return None;
        }
        if ARCHITECTURES.contains(&text) {
            return Some(Self::Word);
        }
        if let Some(release) = codename::release(text) {
            let word = release.distribution.to_owned();
            return Some(Self::Numbered { word, numbers: vec![release.number.into()] });
        }
        let bare = text.strip_prefix('v').filter(|rest| starts_with_digit(rest));
        if let Some(rest) = bare {
            return Some(Self::number("v", rest).unwrap_or(Self::Odd));
        }
        if starts_with_digit(text) {
            return Some(Self::number("", text).unwrap_or(Self::Odd));
        }
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = text.split_at_checked(letters)?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        // `b08` on its own is a build.
        if let Some(stage) = stage(word, rest).filter(|_| word.len() > 1) {
            return Some(Self::Stage(stage));
        }
        match numbers(rest) {
            Some((numbers, "")) if !word.is_empty() => {
                Some(Self::Numbered { word: word.to_owned(), numbers })
            }
            _ => Some(Self::Word),
        }
    }

    fn number(prefix: &'static str, text: &str) -> Option<Self> {
        let (numbers, rest) = numbers(text)?;
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, attempt) = rest.split_at_checked(letters)?;
        let stage = if rest.is_empty() { Stage::Released } else { stage(word, attempt)? };
        Some(Self::Number { prefix, numbers, stage })
    }
}

/// Numbers with dots, underscores or a `u` (Java's updates) between them, and what follows.
fn numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at_checked(end)?;
        numbers.push(digits.parse().ok()?);
        match after.strip_prefix(['.', '_', 'u']).filter(|next| starts_with_digit(next)) {
            Some(next) => rest = next,
            None => return Some((numbers, after)),
        }
    }
}

fn stage(word: &str, attempt: &str) -> Option<Stage> {
    let attempt = match attempt {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    Some(match word.to_ascii_lowercase().as_str() {
        "snapshot" | "dev" | "nightly" | "ea" => Stage::Snapshot(attempt),
        "a" | "alpha" | "preview" | "m" => Stage::Alpha(attempt),
        "b" | "beta" => Stage::Beta(attempt),
        "rc" | "pre" => Stage::Candidate(attempt),
        _ => return None,
    })
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// Dates are not compared with other numbers.
fn kind(numbers: &[u64]) -> &'static str {
    if numbers.first().is_some_and(|&first| is_date(first)) { "date" } else { "" }
}

fn is_date(number: u64) -> bool {
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    (2000..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Hexadecimal with both digits and letters, so that neither dates nor words are taken for it.
fn is_commit(text: &str) -> bool {
    text.len() >= MIN_COMMIT_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_apart() {
        fn check(text: &str, version: &[u64], releases: &[&[u64]], shape: &str) {
            let tag = Tag::parse(text).unwrap_or_else(|| panic!("{text} says nothing"));
            assert_eq!(tag.version, version, "{text}");
            assert_eq!(tag.releases, releases, "{text}");
            assert_eq!(tag.shape, shape, "{text}");
            assert_eq!(tag.stage, Stage::Released, "{text}");
        }
        check("3.11.4-slim-bookworm", &[3, 11, 4], &[&[12]], "-{3}-slim-debian#");
        check("3.11-alpine3.18", &[3, 11], &[&[3, 18]], "-{2}-alpine#");
        check("v1.2.3", &[1, 2, 3], &[], "-v{3}");
        check("bookworm-20260302-slim", &[20260302], &[&[12]], "-debian#-date{1}-slim");
        check("2024-01-15", &[2024, 1, 15], &[], "-{1}-{1}-{1}");
        check("17.0.8_7-jdk-jammy", &[17, 0, 8, 7], &[&[2204]], "-{4}-jdk-ubuntu#");
        check("8u342-jre", &[8, 342], &[], "-{2}-jre");
        check("10.1-jdk17-temurin", &[10, 1], &[&[17]], "-{2}-jdk#-temurin");
        check("15.4.0-debian-11-r10", &[15, 4, 0, 10], &[&[11]], "-{3}-debian-#-r{1}");
        check("8u302-b08-jdk", &[8, 302, 8], &[], "-{2}-b{1}-jdk");
        check("bookworm", &[], &[&[12]], "-debian#");
        check("1.0-amd64", &[1, 0], &[], "-{2}-amd64");
        check("4.0.1-32bit", &[4, 0, 1], &[], "-{3}-32bit");
        check("22.04", &[22, 4], &[], "-{2}");
    }

    #[test]
    fn pre_releases_are_known() {
        let check = |text: &str, stage, shape: &str| {
            let tag = Tag::parse(text).unwrap();
            assert_eq!((tag.stage, &*tag.shape), (stage, shape), "{text}");
        };
        check("3.15.0rc1-trixie", Stage::Candidate(1), "-{3}-debian#");
        check("3.15-rc-slim", Stage::Candidate(0), "-{2}-slim");
        check("2.0.0-beta.3", Stage::Beta(3), "-{3}");
        check("8.0.0-preview.4-alpine", Stage::Alpha(4), "-{3}-alpine");
        check("rc-buggy-20220622", Stage::Released, "-rc-buggy-date{1}");
        check("1.0.0-SNAPSHOT", Stage::Snapshot(0), "-{3}");
        assert!(Stage::Alpha(9) < Stage::Beta(1));
        assert!(Stage::Candidate(9) < Stage::Released);
    }

    #[test]
    fn odd_tags_say_nothing() {
        for text in [
            "latest",
            "stable",
            "stable-slim",
            "main",
            "sha-1a2b3c4",
            "1a2b3c4d",
            "1.2.3-1a2b3c4",
            "123456",
            "",
            "-",
            "1.2.x",
            "1.1.1w",
            "99999999999999999999.1",
            "3.",
            "edge",
        ] {
            assert_eq!(Tag::parse(text), None, "{text}");
        }
        assert_eq!(Tag::parse(&"1".repeat(200)), None);
    }

    #[test]
    fn what_says_more_ranks_higher() {
        let ascending =
            ["latest", "bookworm-20260302-slim", "slim", "bookworm-slim", "12-slim", "12.8-slim"];
        for pair in ascending.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]), "{pair:?}");
        }
    }
}
