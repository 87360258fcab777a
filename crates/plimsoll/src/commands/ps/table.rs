//! What runs, as rows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_model::Confidence;
use plimsoll_report::{Align, Grid, Look, Tone};

use super::Row;

/// One row for each container, then what to type next for each: commands are to be copied, so they stand
/// in a table of their own in which they are not broken.
pub(super) fn table(rows: &[Row<'_>], look: Look, today: Date) -> String {
    if rows.is_empty() {
        return "nothing runs here in Docker or Podman\n".to_owned();
    }
    let mut grid = Grid::new(
        look,
        &[
            ("CONTAINER", Align::Left),
            ("IMAGE", Align::Left),
            ("BASE", Align::Left),
            ("FINDINGS", Align::Right),
            ("WORST", Align::Left),
            ("FIX", Align::Left),
        ],
    );
    grid.unbroken(3);
    for row in rows {
        let image = format!("{}\n{}", row.image, age(row, today));
        let (worst, worst_tone) = worst(row);
        let (fix, fix_tone) = fix(row);
        grid.row([
            (&*format!("{}\n{}", row.name, row.engine), Tone::Strong),
            (&*image, Tone::Normal),
            (&*base(row), Tone::Normal),
            (&*findings(row), Tone::Normal),
            (&*worst, worst_tone),
            (&*fix, fix_tone),
        ]);
    }
    let mut text = grid.to_string();
    let mut commands = Grid::new(look, &[("CONTAINER", Align::Left), ("NEXT", Align::Left)]);
    commands.unbroken(1);
    for row in rows {
        if let Some(next) = &row.next {
            commands.row([(row.name, Tone::Strong), (next, Tone::Normal)]);
        }
    }
    if !commands.is_empty() {
        text.push('\n');
        text.push_str(&commands.to_string());
    }
    text
}

fn age(row: &Row<'_>, today: Date) -> String {
    let Some(created) = row.image_created else { return "age not known".to_owned() };
    let built = TimeZone::UTC.to_datetime(created).date();
    format!("{} d old", (today - built).get_days())
}

/// Its name and when it was built; a question mark behind what is not confirmed.
fn base(row: &Row<'_>) -> String {
    let Some(base) = row.base else { return "not known".to_owned() };
    let doubt = if base.confidence == Confidence::Confirmed { "" } else { "?" };
    let built = base.created.map(|created| TimeZone::UTC.to_datetime(created).date());
    let built = built.map(|built| format!("\nof {built}")).unwrap_or_default();
    format!("{}{doubt}{built}", base.reference)
}

fn findings(row: &Row<'_>) -> String {
    match (row.error, row.evaluated) {
        (None, true) => row.findings.unwrap_or(0).to_string(),
        _ => "?".to_owned(),
    }
}

fn worst(row: &Row<'_>) -> (String, Tone) {
    match (row.error, row.evaluated, row.worst, row.kev) {
        (Some(error), _, _, _) => (error.to_owned(), Tone::Alarm),
        (None, false, _, _) => ("cannot know".to_owned(), Tone::Alarm),
        (None, true, None, _) => ("none".to_owned(), Tone::Good),
        (None, true, Some(worst), Some(0) | None) => (worst.to_string(), Tone::Severity(worst)),
        (None, true, Some(worst), Some(_)) => (format!("{worst} KEV"), Tone::Alarm),
    }
}

/// How many the recommended remedy clears and what it is, else how many a newer version fixes.
fn fix(row: &Row<'_>) -> (String, Tone) {
    if row.error.is_some() {
        return ("?".to_owned(), Tone::Normal);
    }
    match (&row.fix, row.fixable.unwrap_or(0), row.findings.unwrap_or(0)) {
        (Some(fix), _, _) => (format!("{}: {}", fix.clears, fix.instruction), Tone::Strong),
        (None, 0, 0) => (String::new(), Tone::Normal),
        (None, 0, _) => ("none yet".to_owned(), Tone::Faint),
        (None, fixable, _) => (format!("{fixable} by newer packages"), Tone::Strong),
    }
}
