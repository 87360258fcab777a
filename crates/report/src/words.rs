//! Words that several reports share, so that they say the same thing in the same words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_model::{
    Base, BaseMethod, Confidence, Coverage, CoverageStatus, Effect, Finding, ImageReference, Newer,
    Scope, Severity, Transport,
};

/// `one` for exactly one, else `many`.
pub(crate) fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", plural(count, one, many))
}

/// At most so many characters, with an ellipsis for the rest.
pub(crate) fn cut(text: &str, shown: usize) -> Cow<'_, str> {
    match text.char_indices().nth(shown) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// The day of a moment, in UTC.
pub(crate) fn day(moment: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(moment).date()
}

/// `docker:shop` of `docker:shop:1.4`: what stays the same from build to build. Names without a tag, such
/// as those of containers and directories, stay as they are.
pub(crate) fn without_tag(reference: &str) -> String {
    let Ok(ImageReference { transport, rest }) = reference.parse() else {
        return reference.to_owned();
    };
    if matches!(transport, Some(Transport::Container | Transport::Dir | Transport::Sbom)) {
        return reference.to_owned();
    }
    let name = rest.split_once('@').map_or(&*rest, |(name, _)| name);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !name.is_empty() => name,
        _ => name,
    };
    transport.map_or(name.to_owned(), |transport| format!("{transport}:{name}"))
}

/// `2 critical, 5 high`: the severities that occur, worst first.
pub(crate) fn severities<'a>(findings: impl Iterator<Item = &'a Finding>) -> String {
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let words: Vec<_> =
        counts.iter().rev().map(|(severity, count)| format!("{count} {severity}")).collect();
    words.join(", ")
}

/// Where only the distribution archive speaks, the id is `suite/source@version`, and the row says source
/// and version already.
pub(crate) fn short_id(id: &str) -> &str {
    match id.split_once('/') {
        Some((suite, rest)) if rest.contains('@') => suite,
        _ => id,
    }
}

/// `5: CVE-1 CVE-2 +3`: how many, and the first `shown` of them.
pub(crate) fn first_of(ids: &[&str], shown: usize) -> String {
    let count = ids.len();
    let named = ids[..count.min(shown)].join(" ");
    match count {
        0 | 1 => named,
        _ if count <= shown => format!("{count}: {named}"),
        _ => format!("{count}: {named} +{}", count - shown),
    }
}

/// `debian:bookworm-slim of 2026-03-02`, and `3 of 7 layers, confirmed by layers`: a base's name, and what
/// speaks for it.
pub(crate) fn base(base: &Base, layers: usize) -> (String, String) {
    let built = base.created.map(|created| format!(" of {}", day(created))).unwrap_or_default();
    let method = match base.method {
        BaseMethod::Layers => "its layers",
        BaseMethod::Annotation => "its annotations",
        BaseMethod::Provenance => "its provenance",
        BaseMethod::History => "its history",
        BaseMethod::Packages => "its packages",
    };
    let confidence = match (base.confidence, base.method) {
        (Confidence::Confirmed, BaseMethod::Layers) => "confirmed by layers".to_owned(),
        (Confidence::Confirmed, _) => format!("named by {method}, confirmed by layers"),
        (Confidence::Unconfirmed, BaseMethod::Layers) => {
            "by layers that the config claims".to_owned()
        }
        (Confidence::Unconfirmed, _) => format!("named by {method}, not confirmed by layers"),
        (Confidence::Guess, _) => format!("a guess by {method}"),
    };
    let evidence = match base.layers {
        0 => confidence,
        n => format!("{n} of {}, {confidence}", counted(layers, "layer", "layers")),
    };
    (format!("{}{built}", base.reference), evidence)
}

/// `41 findings fewer, 0 more`.
pub(crate) fn effect(effect: Option<Effect>) -> String {
    match effect {
        Some(Effect { clears, introduces }) => {
            format!("{} fewer, {introduces} more", counted(clears, "finding", "findings"))
        }
        None => "effect not known".to_owned(),
    }
}

/// In which way an image is newer.
pub(crate) fn newer(relation: Newer) -> &'static str {
    match relation {
        Newer::SameTag => "the tag has moved",
        Newer::Patch => "newer patch",
        Newer::Minor => "newer minor",
        Newer::Major => "newer major",
        Newer::Variant => "another variant",
    }
}

/// Why a part was not judged, or with what it was; none where it was judged as it should be.
pub(crate) fn not_evaluated(coverage: &Coverage) -> Option<String> {
    let why = match coverage.status {
        CoverageStatus::Evaluated => return None,
        // What could not be read stands here by its path or layer, not by a scope.
        CoverageStatus::NoData if coverage.scope.parse::<Scope>().is_err() => "cannot be judged",
        CoverageStatus::NoData => "not evaluated: no advisory data",
        CoverageStatus::Unsupported => "not evaluated: no feed covers it",
        CoverageStatus::Stale => "evaluated with data older than the limit",
    };
    let feed = coverage.feed.as_ref().map(|feed| format!(" ({feed})")).unwrap_or_default();
    Some(format!("{}{feed}: {why}", coverage.scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_and_the_first_named() {
        for (ids, expected) in [
            (&[][..], ""),
            (&["a"][..], "a"),
            (&["a", "b"][..], "2: a b"),
            (&["a", "b", "c"][..], "3: a b +1"),
        ] {
            assert_eq!(first_of(ids, 2), expected);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        for (text, expected) in [("", ""), ("aü", "aü"), ("aüb", "aü…"), ("üüüü", "üü…")]
        {
            assert_eq!(cut(text, 2), expected);
        }
    }

    #[test]
    fn a_name_stays_the_same_from_build_to_build() {
        for (reference, expected) in [
            ("shop:1.4", "shop"),
            ("shop", "shop"),
            ("docker:shop:1.4", "docker:shop"),
            ("registry.example:5000/shop", "registry.example:5000/shop"),
            ("registry.example:5000/shop:1.4@sha256:abab", "registry.example:5000/shop"),
            ("oci:layout:1.4", "oci:layout"),
            ("container:web", "container:web"),
            ("dir:/srv/a:b", "dir:/srv/a:b"),
        ] {
            assert_eq!(without_tag(reference), expected);
        }
    }

    #[test]
    fn a_guess_is_called_a_guess() {
        let check = |method, confidence, layers, expected: &str| {
            let guess = Base {
                reference: "debian:12".to_owned(),
                digest: None,
                layers,
                method,
                confidence,
                created: Some("2026-03-02T23:00:00Z".parse().unwrap()),
                ties: Vec::new(),
            };
            let (name, evidence) = base(&guess, 7);
            assert_eq!(name, "debian:12 of 2026-03-02");
            assert_eq!(evidence, expected);
        };
        let (layers, annotation, history) =
            (BaseMethod::Layers, BaseMethod::Annotation, BaseMethod::History);
        check(layers, Confidence::Confirmed, 3, "3 of 7 layers, confirmed by layers");
        check(
            layers,
            Confidence::Unconfirmed,
            3,
            "3 of 7 layers, by layers that the config claims",
        );
        check(
            annotation,
            Confidence::Unconfirmed,
            0,
            "named by its annotations, not confirmed by layers",
        );
        check(history, Confidence::Guess, 2, "2 of 7 layers, a guess by its history");
    }
}
