//! What was asked, and whether its word counts.

use jiff::civil::Date;
use plimsoll_model::{ArchiveStatus, ArchiveSuite, Changes};

use crate::tone::Tone;
use crate::words::{counted, day};

/// Whether the suite is there for security updates: `bookworm-security`, and the older
/// `debian-security buster/updates`.
fn is_security(suite: &ArchiveSuite) -> bool {
    suite.suite.contains("security") || suite.address.contains("security")
}

/// One line for the verified suites together, one for each other.
pub(crate) fn archive_lines(changes: &Changes) -> Vec<Vec<(String, Tone)>> {
    let (verified, others): (Vec<_>, Vec<_>) = changes
        .distribution_archive
        .iter()
        .partition(|suite| suite.status == ArchiveStatus::Verified);
    let mut lines = Vec::new();
    if !verified.is_empty() {
        let newest = verified.iter().filter_map(|suite| suite.date).max().map(day);
        let newest = newest.map(|day| format!(", newest {day}")).unwrap_or_default();
        let suites = counted(verified.len(), "suite", "suites");
        let mut parts = vec![(format!("{suites} verified{newest}"), Tone::Good)];
        let security = verified.iter().filter(|suite| is_security(suite));
        parts.extend(security.filter_map(|suite| {
            let age = age(day(suite.date?), changes.as_of);
            Some((format!("{} {age}", suite.suite), Tone::Normal))
        }));
        lines.push(parts);
    }
    lines.extend(others.into_iter().map(|suite| {
        let tone = if suite.status.is_usable() { Tone::Normal } else { Tone::Alarm };
        vec![(state(suite), tone)]
    }));
    lines
}

fn age(made: Date, today: Date) -> String {
    match (today - made).get_days() {
        0 => "of today".to_owned(),
        1 => "1 day old".to_owned(),
        days if days > 0 => format!("{days} days old"),
        _ => format!("of {made}"),
    }
}

/// `bookworm-updates (host/path): expired on 2026-11-01: the reason`.
fn state(suite: &ArchiveSuite) -> String {
    let until = suite.valid_until.map(day);
    let made = suite.date.map(day);
    let what = match (suite.status, until, made) {
        (ArchiveStatus::Verified, _, _) => "verified".to_owned(),
        (ArchiveStatus::Expired, Some(until), _) => format!("expired on {until}"),
        (ArchiveStatus::Expired, None, _) => "expired".to_owned(),
        (ArchiveStatus::FromTheFuture, _, Some(made)) => format!("made in the future, on {made}"),
        (ArchiveStatus::FromTheFuture, _, None) => "made in the future".to_owned(),
        (ArchiveStatus::RolledBack, _, _) => "older than what was seen before".to_owned(),
        (ArchiveStatus::Unsigned, _, _) => "not signed".to_owned(),
        (ArchiveStatus::WronglySigned, _, _) => "wrongly signed".to_owned(),
        (ArchiveStatus::SignedByImageKey, _, _) => {
            "signed by a key of the image, not by the distribution".to_owned()
        }
        (ArchiveStatus::TransportOnly, _, _) => {
            "not signed, read over https from its vendor's own host".to_owned()
        }
        (ArchiveStatus::Inconsistent, _, _) => "its parts do not belong together".to_owned(),
        (ArchiveStatus::Unreachable, _, _) => "could not be asked".to_owned(),
        (ArchiveStatus::NotAllowed, _, _) => {
            "named by the image, not asked (--allow-source HOST allows it)".to_owned()
        }
    };
    let reason = suite.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} ({}): {what}{reason}", suite.suite, suite.address)
}
