//! Which tags of a repository are newer than one of them.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use plimsoll_model::Newer;

use super::parse::{Stage, Tag};

/// Tags offered per relation: the newest line, and two before it for those who cannot go that far.
const MAX_PER_RELATION: usize = 3;

/// The tags of `all` that are newer than `tag`, of the same kind and precision, at most three of each relation and the
/// newest first; of each line of versions (3.12, 3.13 …) only its newest.
///
/// A patch stays on the release of the distribution that the tag names (`3.11.9-alpine3.18`); a later release is a
/// relation of its own, and comes with the newest patch (`3.11.9-alpine3.20`). A longer step takes what release there
/// is: an old one may have been given up long ago.
/// A tag with few places floats: for `3.11` there is no patch, only the tag itself may have moved. A
/// pre-release is offered only to who runs an earlier one of the same version. Odd tags have nothing newer.
pub fn newer_tags<S: AsRef<str>>(tag: &str, all: &[S]) -> Vec<(String, Newer)> {
    let Some(own) = Tag::parse(tag) else { return Vec::new() };
    let mut lines: BTreeMap<(Relation, Reverse<Line>), (Order, &str)> = BTreeMap::new();
    for text in all.iter().map(S::as_ref) {
        let Some(other) = Tag::parse(text) else { continue };
        let Some((relation, line)) = relation(&own, &other) else { continue };
        let found = (Order::of(other, &own), text);
        let known = lines.entry((relation, Reverse(line))).or_insert_with(|| found.clone());
        if *known < found {
            *known = found;
        }
    }
    let mut newer: Vec<(String, Newer)> = Vec::new();
    for ((relation, _), (_, text)) in lines {
        let relation = relation.into();
        if newer.iter().filter(|(_, known)| *known == relation).count() < MAX_PER_RELATION {
            newer.push((text.to_owned(), relation));
        }
    }
    newer
}

/// In the order in which they are offered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Patch,
    Minor,
    Major,
    Variant,
}

/// What the tags of one line have in common: only the newest of them is offered.
type Line = Vec<u64>;

/// What decides within a line: the version, then staying on one's own release, then the later release.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    version: Vec<u64>,
    stage: Stage,
    is_own_release: bool,
    releases: Vec<Vec<u64>>,
}

impl Order {
    fn of(tag: Tag, own: &Tag) -> Self {
        let is_own_release = tag.releases == own.releases;
        Self { version: tag.version, stage: tag.stage, is_own_release, releases: tag.releases }
    }
}

impl From<Relation> for Newer {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::Patch => Self::Patch,
            Relation::Minor => Self::Minor,
            Relation::Major => Self::Major,
            Relation::Variant => Self::Variant,
        }
    }
}

/// How `other` is newer than `own`, and in which line.
fn relation(own: &Tag, other: &Tag) -> Option<(Relation, Line)> {
    if own.shape != other.shape {
        return None;
    }
    // Who runs a release candidate waits for its release, and for nothing else that is unfinished.
    let is_awaited = own.stage != Stage::Released && own.version == other.version;
    if other.stage != Stage::Released && !is_awaited {
        return None;
    }
    // Two releases in one tag can go apart: later means that none is earlier.
    let is_later = own.releases.len() == other.releases.len()
        && own.releases.iter().zip(&other.releases).all(|(own, other)| own <= other);
    let is_same_release = own.releases == other.releases;
    match (&other.version, other.stage).cmp(&(&own.version, own.stage)) {
        Ordering::Greater if is_later => {
            let (relation, line) = step(&own.version, &other.version);
            if relation == Relation::Patch && !is_same_release {
                return Some((Relation::Variant, other.releases.concat()));
            }
            Some((relation, line))
        }
        Ordering::Equal if is_later && !is_same_release => {
            Some((Relation::Variant, other.releases.concat()))
        }
        _ => None,
    }
}

/// The first place in which two versions of one length differ says how far the step is.
fn step(own: &[u64], other: &[u64]) -> (Relation, Line) {
    let same = own.iter().zip(other).take_while(|(own, other)| own == other).count();
    let line = |places: usize| other.get(..places).unwrap_or_default().to_vec();
    match (same, own.len()) {
        // A date is one number, and the next one is the next build of the same.
        (0, 1) if other.iter().all(|&number| number > 9_999) => (Relation::Patch, Vec::new()),
        (0, _) => (Relation::Major, line(1)),
        (1, 2..) => (Relation::Minor, line(2)),
        _ => (Relation::Patch, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use Newer::{Major, Minor, Patch, Variant};

    use super::*;

    fn check(tag: &str, all: &str, expected: &[(&str, Newer)]) {
        let all: Vec<_> = all.split_whitespace().collect();
        let found = newer_tags(tag, &all);
        let found: Vec<_> = found.iter().map(|(tag, newer)| (&**tag, *newer)).collect();
        assert_eq!(found, expected, "{tag}");
    }

    #[test]
    fn each_place_has_its_relation() {
        let all = "3.11.4-slim-bookworm 3.11.9-slim-bookworm 3.11.10-slim-bookworm 3.12.1-slim-bookworm \
                   3.12.3-slim-bookworm 3.13.0-slim-bookworm 4.0.0-slim-bookworm 3.11.9-bookworm 3.11-slim-bookworm \
                   3.10.9-slim-bookworm 3.11.3-slim-bookworm latest slim 3.14.0rc1-slim-bookworm";
        check(
            "3.11.4-slim-bookworm",
            all,
            &[
                ("3.11.10-slim-bookworm", Patch),
                ("3.13.0-slim-bookworm", Minor),
                ("3.12.3-slim-bookworm", Minor),
                ("4.0.0-slim-bookworm", Major),
            ],
        );
        check("latest", all, &[]);
        check("slim", all, &[]);
    }

    #[test]
    fn precision_is_kept() {
        check(
            "3.11",
            "3 3.11 3.12 3.11.9 3.13 4.0 4",
            &[("3.13", Minor), ("3.12", Minor), ("4.0", Major)],
        );
        check("15", "14 15 16 16.1 latest", &[("16", Major)]);
        check("v1.2.3", "1.2.4 v1.2.4 v1.2", &[("v1.2.4", Patch)]);
        check("1.2.3.4", "1.2.3.5 1.2.4.1 1.3.0.0", &[("1.2.4.1", Patch), ("1.3.0.0", Minor)]);
    }

    #[test]
    fn a_later_release_of_the_distribution_is_another_variant() {
        check(
            "3.11.4-alpine3.18",
            "3.11.4-alpine3.17 3.11.4-alpine3.18 3.11.4-alpine3.19 3.11.9-alpine3.19 3.11.9-alpine3.20 3.12.0-alpine3.20",
            &[
                ("3.12.0-alpine3.20", Minor),
                ("3.11.9-alpine3.20", Variant),
                ("3.11.9-alpine3.19", Variant),
            ],
        );
        check(
            "15.3-alpine3.18",
            "15.7-alpine3.18 15.19-alpine3.24 16.3-alpine3.18 16.15-alpine3.23 16.15-alpine3.24 16.15-alpine3.17",
            &[("15.19-alpine3.24", Minor), ("15.7-alpine3.18", Minor), ("16.15-alpine3.24", Major)],
        );
        check(
            "2.2-alpine3.14",
            "2.2-alpine3.15 2.6-alpine3.15",
            &[("2.6-alpine3.15", Minor), ("2.2-alpine3.15", Variant)],
        );
        check(
            "15-alpine3.18",
            "15-alpine3.24 18-alpine3.24",
            &[("18-alpine3.24", Major), ("15-alpine3.24", Variant)],
        );
        check(
            "bookworm-slim",
            "bullseye-slim bookworm-slim trixie-slim trixie",
            &[("trixie-slim", Variant)],
        );
        check(
            "10.1.20-jdk17-temurin-jammy",
            "10.1.20-jdk21-temurin-jammy 10.1.20-jdk21-temurin-focal",
            &[("10.1.20-jdk21-temurin-jammy", Variant)],
        );
        // Debian's names and Ubuntu's are no sequence.
        check("1.0-bookworm", "1.0-noble 1.1-noble", &[]);
    }

    #[test]
    fn dates_are_builds() {
        check(
            "bookworm-20260302-slim",
            "bookworm-20260112-slim bookworm-20260803-slim bookworm-20260720-slim trixie-20260803-slim bookworm-20260803",
            &[("bookworm-20260803-slim", Patch), ("trixie-20260803-slim", Variant)],
        );
        check("20230329", "20230329 20260805 3.24.1", &[("20260805", Patch)]);
    }

    #[test]
    fn pre_releases_lead_to_releases_and_never_back() {
        check("3.14.0", "3.14.1rc1 3.15.0b1 3.15.0-beta.2", &[]);
        check("3.15.0rc1", "3.15.0b4 3.15.0rc2 3.15.0", &[("3.15.0", Patch)]);
        check("3.15.0rc1", "3.15.0b4 3.15.0rc2", &[("3.15.0rc2", Patch)]);
        check("3.15.0rc1", "3.16.0a1 3.15.1rc1", &[]);
        check("2.0-rc", "2.0 2.0-beta", &[("2.0", Patch)]);
    }
}
