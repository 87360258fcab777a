//! What was judged, how long its system is cared for, and with what data.

use jiff::civil::Date;
use plimsoll_model::{Base, Confidence, CoverageStatus, Eol, EolPhase, Image, Os, Scan};

use crate::look::Look;
use crate::tone::{Tone, flow};
use crate::words::{self, counted, day};

/// What it is, and its system.
pub(crate) fn header(image: &Image, os: Option<&Os>, today: Date, look: Look) -> String {
    let mut parts = vec![(image.reference.clone(), Tone::Strong)];
    let mut fact = |text: String| parts.push((text, Tone::Normal));
    if let Some(platform) = &image.platform {
        fact(platform.to_string());
    }
    match image.layers.len() {
        0 => {}
        n => fact(counted(n, "layer", "layers")),
    }
    if let Some(created) = image.created {
        let built = day(created);
        fact(format!("built {built}{}", age(built, today)));
    }
    if let Some(digest) = image.digest.as_ref().or(image.config_digest.as_ref()) {
        fact(format!("{}:{}", digest.algorithm().as_str(), digest.short()));
    }
    let mut text = flow(look, " · ", &parts);
    text.push_str(&system_line(os, today, look));
    text
}

/// `, 8 months old`, from a month on: below that nobody asks.
fn age(built: Date, today: Date) -> String {
    let days = (today - built).get_days();
    match days {
        ..30 => String::new(),
        30..60 => ", a month ago".to_owned(),
        60..730 => format!(", {} months ago", days / 30),
        _ => format!(", {} years ago", days / 365),
    }
}

/// What it was built on; empty where that is not known.
pub(crate) fn base_line(base: Option<&Base>, image: &Image, look: Look) -> String {
    let Some(base) = base else { return String::new() };
    let (name, evidence) = words::base(base, image.layers.len());
    let tone = match base.confidence {
        Confidence::Confirmed => Tone::Normal,
        Confidence::Unconfirmed | Confidence::Guess => Tone::Faint,
    };
    flow(look, " ", &[(format!("on {name}"), Tone::Normal), (format!("({evidence})"), tone)])
}

fn system_line(os: Option<&Os>, today: Date, look: Look) -> String {
    let Some(os) = os else {
        let words = "no operating system was recognised".to_owned();
        return flow(look, "", &[(words, Tone::Alarm)]);
    };
    let name = match (&os.pretty_name, &os.version_id) {
        (Some(name), _) => name.clone(),
        (None, Some(version)) => format!("{} {version}", os.id),
        (None, None) => os.id.clone(),
    };
    let mut parts = vec![(name, Tone::Normal)];
    parts.extend(os.eol.as_ref().map(|eol| support(eol, today)));
    flow(look, " · ", &parts)
}

/// In how many days an end of support is worth saying so.
const SOON_DAYS: i32 = 90;

/// How long somebody cares for a release.
pub(crate) fn support(eol: &Eol, today: Date) -> (String, Tone) {
    let date = eol.date;
    let days = (date - today).get_days();
    match eol.phase {
        EolPhase::Regular if days < SOON_DAYS => {
            (format!("security support until {date} ({days} days)"), Tone::Alarm)
        }
        EolPhase::Regular => (format!("security support until {date}"), Tone::Good),
        EolPhase::Lts => (format!("long-term support until {date}"), Tone::Normal),
        EolPhase::Esm => (format!("only extended (paid) support until {date}"), Tone::Alarm),
        EolPhase::Ended => (format!("END OF LIFE since {date}"), Tone::Alarm),
    }
}

/// Which feeds spoke, and how old the oldest of them is.
pub(super) fn data_line(scan: &Scan, look: Look) -> String {
    let mut feeds: Vec<&str> = scan
        .coverage
        .iter()
        .filter(|coverage| {
            matches!(coverage.status, CoverageStatus::Evaluated | CoverageStatus::Stale)
        })
        .filter_map(|coverage| coverage.feed.as_deref())
        .collect();
    feeds.dedup();
    let packages = counted(scan.packages.len(), "package", "packages");
    let data = match scan.database.as_of {
        Some(as_of) if !feeds.is_empty() => {
            let as_of = as_of.strftime("%Y-%m-%d %H:%M UTC");
            (format!("advisories of {as_of} ({})", feeds.join(", ")), Tone::Normal)
        }
        _ => ("no advisories to judge them with".to_owned(), Tone::Alarm),
    };
    flow(look, " · ", &[(packages, Tone::Normal), data])
}
