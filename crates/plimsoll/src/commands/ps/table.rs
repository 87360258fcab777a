//! What runs, as rows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_model::Confidence;
use plimsoll_report::{Align, Grid, Look, Tone};

use super::Row;

/// One row for each container, then what to do and to type next for each: commands are to be copied, so
/// they stand in a table of their own in which they are not broken.
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
            ("FIX", Align::Right),
        ],
    );
    grid.unbroken(3);
    grid.unbroken(5);
    for row in rows {
        let image = format!("{}\n{}", row.image, age(row, today));
        let (worst, worst_tone) = worst(row);
        grid.row([
            (&*format!("{}\n{}", row.name, row.engine), Tone::Strong),
            (&*image, Tone::Normal),
            (&*base(row), Tone::Normal),
            (&*findings(row), Tone::Normal),
            (&*worst, worst_tone),
            (&*fix(row), Tone::Normal),
        ]);
    }
    let mut text = grid.to_string();
    let mut commands = Grid::new(
        look,
        &[("CONTAINER", Align::Left), ("WHAT TO DO", Align::Left), ("NEXT", Align::Left)],
    );
    commands.unbroken(2);
    for row in rows {
        if let Some(next) = &row.next {
            let what = row.fix.as_ref().map_or("", |fix| &fix.instruction);
            commands.row([(row.name, Tone::Strong), (what, Tone::Normal), (next, Tone::Normal)]);
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

/// How many the recommended remedy clears, else how many a newer version of a package would.
fn fix(row: &Row<'_>) -> String {
    match (row.error, row.evaluated, &row.fix) {
        (Some(_), _, _) | (_, false, _) => "?".to_owned(),
        (None, true, Some(fix)) => fix.clears.to_string(),
        (None, true, None) => row.fixable.unwrap_or(0).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Base, BaseMethod, RemedyAction, Severity};
    use plimsoll_report::Color;

    use super::super::Fix;
    use super::*;

    fn base() -> Base {
        Base {
            reference: "debian:bookworm-slim".to_owned(),
            digest: None,
            layers: 0,
            method: BaseMethod::History,
            confidence: Confidence::Guess,
            created: Some("2026-03-02T00:00:00Z".parse().unwrap()),
            ties: Vec::new(),
        }
    }

    fn row<'a>(name: &'a str, base: Option<&'a Base>) -> Row<'a> {
        Row {
            engine: "podman",
            name,
            image: "registry.example/shop:1.4",
            image_id: None,
            image_created: Some("2026-03-02T00:00:00Z".parse().unwrap()),
            base,
            findings: Some(58),
            fixable: Some(41),
            worst: Some(Severity::High),
            kev: Some(1),
            evaluated: true,
            fix: Some(Fix {
                action: RemedyAction::UpgradeBase,
                target: Some("debian:bookworm-slim"),
                clears: 41,
                introduces: 0,
                instruction: "build on today's debian:bookworm-slim".to_owned(),
            }),
            next: Some(format!("plimsoll base container:{name}")),
            error: None,
        }
    }

    #[test]
    fn a_row_says_what_it_stands_on_what_helps_and_what_to_type() {
        let guess = base();
        let mut failed = row("db\u{1b}[2J", None);
        (failed.error, failed.fix, failed.next) = (Some("the engine is gone"), None, None);
        let mut clean = row("clean", Some(&guess));
        (clean.findings, clean.fixable, clean.worst) = (Some(0), Some(0), None);
        (clean.kev, clean.fix, clean.next) = (Some(0), None, None);
        let rows = [row("web", Some(&guess)), failed, clean];
        let look = Look { width: 100, color: Color::Plain };
        insta::assert_snapshot!(table(&rows, look, Date::constant(2026, 11, 24)), @r"
        CONTAINER     IMAGE                      BASE                    FINDINGS   WORST                FIX
        ────────────────────────────────────────────────────────────────────────────────────────────────────
        web           registry.example/shop:1.   debian:bookworm-slim?         58   high KEV              41
        podman        4                          of 2026-03-02
                      267 d old
        db\u{1b}[2J   registry.example/shop:1.   not known                      ?   the engine is gone     ?
        podman        4
                      267 d old
        clean         registry.example/shop:1.   debian:bookworm-slim?          0   none                   0
        podman        4                          of 2026-03-02
                      267 d old

        CONTAINER   WHAT TO DO                              NEXT
        ───────────────────────────────────────────────────────────────────────────────
        web         build on today's debian:bookworm-slim   plimsoll base container:web
        ");
    }

    #[test]
    fn a_command_is_never_broken() {
        let name = "a-container-with-a-rather-long-name";
        let text = table(&[row(name, None)], Look::PLAIN, Date::constant(2026, 11, 24));
        assert!(text.contains(&format!("plimsoll base container:{name}")), "{text}");
    }
}
