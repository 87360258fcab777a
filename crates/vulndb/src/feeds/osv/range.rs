//! OSV events (`introduced`, `fixed`, `last_affected`) and the ranges they mean.

use std::cmp::Ordering;

use plimsoll_model::{Ecosystem, Range, RangeEnd};
use serde::Deserialize;

use crate::scheme::compare;

/// A package has a handful of ranges; Linux kernels of GHSA reach 30.
const MAX_EVENTS: usize = 1000;

/// One event. `limit` is not evaluated: it bounds Git ranges only.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::Introduced(version)
            | Self::Fixed(version)
            | Self::LastAffected(version)
            | Self::Limit(version) => version,
        }
    }

    /// Before every version: `introduced: "0"`.
    fn is_beginning(&self) -> bool {
        matches!(self, Self::Introduced(version) if version == "0")
    }

    /// At one version, what is fixed there ends before what is introduced there begins.
    fn rank(&self) -> u8 {
        match self {
            Self::Fixed(_) => 0,
            Self::Introduced(_) => 1,
            Self::LastAffected(_) | Self::Limit(_) => 2,
        }
    }
}

/// The affected ranges; none where every one of them is empty (`fixed: "0"`, "not affected").
pub(super) fn ranges_of(
    mut events: Vec<Event>,
    ecosystem: Ecosystem,
) -> Result<Vec<Range>, String> {
    if events.len() > MAX_EVENTS {
        return Err(format!("more than {MAX_EVENTS} events"));
    }
    if !events.iter().any(|event| matches!(event, Event::Introduced(_))) {
        return Err("a range without introduced".to_owned());
    }
    // Versions that cannot be compared keep their place; the compiler reports them.
    events.sort_by(|a, b| order(a, b, ecosystem));
    let mut ranges = Vec::new();
    let mut from: Option<Option<String>> = None;
    for event in events {
        let end = match event {
            Event::Introduced(_) if from.is_some() => continue,
            Event::Introduced(version) => {
                from = Some((version != "0").then_some(version));
                continue;
            }
            Event::Fixed(version) => RangeEnd::Fixed(version),
            Event::LastAffected(version) => RangeEnd::LastAffected(version),
            Event::Limit(_) => continue,
        };
        let Some(introduced) = from.take() else { continue };
        let is_empty = introduced.is_none() && end == RangeEnd::Fixed("0".to_owned());
        if !is_empty {
            ranges.push(Range { introduced, end });
        }
    }
    if let Some(introduced) = from {
        ranges.push(Range { introduced, end: RangeEnd::Open });
    }
    Ok(ranges)
}

fn order(a: &Event, b: &Event, ecosystem: Ecosystem) -> Ordering {
    match (a.is_beginning(), b.is_beginning()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => compare(ecosystem, a.version(), b.version())
            .map_or(Ordering::Equal, |order| order.then_with(|| a.rank().cmp(&b.rank()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(events: &str, expected: &str) {
        let events = serde_json::from_str(events).unwrap();
        let text = match ranges_of(events, Ecosystem::Bitnami) {
            Err(message) => message,
            Ok(ranges) => ranges
                .iter()
                .map(|range| {
                    let from = range.introduced.as_deref().unwrap_or("");
                    match &range.end {
                        RangeEnd::Fixed(to) => format!("{from}..{to}"),
                        RangeEnd::LastAffected(to) => format!("{from}..={to}"),
                        RangeEnd::Open => format!("{from}.."),
                    }
                })
                .collect::<Vec<_>>()
                .join(" "),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn events_of_any_order_become_ranges() {
        check(r#"[{"introduced":"0"},{"fixed":"1.2.0"}]"#, "..1.2.0");
        check(r#"[{"introduced":"0"}]"#, "..");
        check(r#"[{"introduced":"1.0.0"},{"last_affected":"1.2.0"}]"#, "1.0.0..=1.2.0");
        check(
            r#"[{"introduced":"2.0.0"},{"fixed":"2.3.0"},{"introduced":"0"},{"fixed":"1.2.0"}]"#,
            "..1.2.0 2.0.0..2.3.0",
        );
        check(r#"[{"fixed":"1.2.0"},{"introduced":"0"}]"#, "..1.2.0");
        check(r#"[{"introduced":"0"},{"fixed":"1.2.0"},{"fixed":"2.0.0"}]"#, "..1.2.0");
        check(r#"[{"introduced":"0"},{"introduced":"1.0.0"},{"fixed":"2.0.0"}]"#, "..2.0.0");
        check(
            r#"[{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"1.0.0"}]"#,
            "..1.0.0 1.0.0..",
        );
        check(r#"[{"introduced":"1.0.0"},{"last_affected":"1.0.0"}]"#, "1.0.0..=1.0.0");
        check(r#"[{"introduced":"0"},{"limit":"3.0.0"}]"#, "..");
    }

    #[test]
    fn a_fix_in_version_0_means_not_affected() {
        check(r#"[{"introduced":"0"},{"fixed":"0"}]"#, "");
        check(r#"[{"fixed":"0"},{"introduced":"0"}]"#, "");
    }

    #[test]
    fn a_range_that_never_begins_is_refused() {
        check(r#"[{"fixed":"1.0.0"}]"#, "a range without introduced");
        check("[]", "a range without introduced");
    }
}
