//! Tables as people see them, at 80 columns and wider.

#![expect(clippy::unwrap_used, reason = "fixtures are constants")]

#[path = "support/fixtures.rs"]
mod fixtures;

use plimsoll_model::{CoverageStatus, Database, Diff, Scan};
use plimsoll_report::{
    By, Color, Length, Look, Shown, base_table, changes_table, diff_table, scan_table, to_json,
};

use fixtures::{advised, base_report, changes, diff, hostile, scan};

/// What `render` makes for the width, which it has to keep and in which nothing steers a terminal.
fn fits(width: u16, render: impl FnOnce(Look) -> String) -> String {
    let text = render(Look { width, color: Color::Plain });
    for line in text.lines() {
        assert!(line.chars().count() <= usize::from(width), "wider than {width}: {line}");
        let steers = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!line.chars().any(steers), "an escape went through: {line:?}");
    }
    text
}

fn check(by: By, width: u16) -> String {
    fits(width, |look| scan_table(&scan(), 0, by, look))
}

fn check_advised(by: By, width: u16) -> String {
    fits(width, |look| scan_table(&advised(), 0, by, look))
}

#[test]
fn by_remedy_fits_80_columns() {
    insta::assert_snapshot!(check(By::Remedy, 80));
}

#[test]
fn by_remedy_uses_120_columns() {
    insta::assert_snapshot!(check(By::Remedy, 120));
}

#[test]
fn by_finding() {
    insta::assert_snapshot!(check(By::Finding, 80));
}

#[test]
fn by_package() {
    insta::assert_snapshot!(check(By::Package, 80));
}

#[test]
fn by_layer() {
    insta::assert_snapshot!(check(By::Layer, 80));
}

#[test]
fn an_image_that_nothing_could_judge_never_looks_clean() {
    let mut scan = scan();
    scan.findings.clear();
    scan.coverage[0].status = CoverageStatus::Unsupported;
    scan.database.as_of = None;
    let text = scan_table(&scan, 0, By::Remedy, Look::PLAIN);
    assert!(text.contains("cannot know: nothing was evaluated"), "{text}");
    assert!(!text.contains("nothing found"), "{text}");
}

#[test]
fn json_has_the_keys_that_programs_rely_on() {
    insta::assert_snapshot!(to_json(&scan()).unwrap());
}

#[test]
fn findings_that_filters_hide_are_counted_and_never_look_clean() {
    let mut scan = scan();
    scan.findings.clear();
    scan.problems.clear();
    let text = scan_table(&scan, 3, By::Remedy, Look::PLAIN);
    assert!(text.contains("3 findings are not shown: filters"), "{text}");
    assert!(!text.contains("nothing found"), "{text}");
}

#[test]
fn advice_at_80_columns() {
    insta::assert_snapshot!(check_advised(By::Remedy, 80));
}

#[test]
fn advice_at_120_columns() {
    insta::assert_snapshot!(check_advised(By::Remedy, 120));
}

#[test]
fn whose_findings_they_are_stands_in_every_table() {
    for (by, column) in
        [(By::Finding, "IN"), (By::Package, "IN"), (By::Layer, "OF"), (By::Remedy, "IN")]
    {
        let text = check_advised(by, 100);
        assert!(text.contains(&format!(" {column} ")), "{by:?} has no {column}: {text}");
        assert!(text.contains(" own "), "{text}");
    }
}

#[test]
fn remedies_that_are_only_the_updates_below_are_not_said_twice() {
    let mut scan = advised();
    scan.remedies.retain(|remedy| remedy.target.as_ref().is_some_and(|t| t.starts_with("curl ")));
    assert_eq!(scan.remedies.len(), 1);
    let text = scan_table(&scan, 0, By::Remedy, Look::PLAIN);
    assert!(!text.contains("WHAT TO DO") && text.contains("UPDATE"), "{text}");
}

#[test]
fn a_base_that_is_a_guess_is_called_one() {
    let mut scan = advised();
    let base = scan.base.as_mut().unwrap();
    base.method = plimsoll_model::BaseMethod::History;
    base.confidence = plimsoll_model::Confidence::Guess;
    let text = scan_table(&scan, 0, By::Remedy, Look::PLAIN);
    assert!(text.contains("on debian:bookworm-slim of 2026-03-02"), "{text}");
    assert!(text.contains("a guess by its history"), "{text}");
}

#[test]
fn hostile_text_steers_no_terminal() {
    for by in [By::Remedy, By::Finding, By::Package, By::Layer] {
        let text = scan_table(&hostile(), 0, by, Look::PLAIN);
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

fn changes_at(width: u16, length: Length) -> String {
    let changes = changes();
    let pending = Shown { changes: &changes, hidden: 0 };
    fits(width, |look| changes_table(pending, length, look))
}

#[test]
fn changes_at_80_columns() {
    insta::assert_snapshot!(changes_at(80, Length::Short));
}

#[test]
fn changes_at_120_columns_in_full() {
    insta::assert_snapshot!(changes_at(120, Length::Full));
}

#[test]
fn nothing_pending_is_said_only_where_it_can_be_known() {
    let check = |is_whole, hidden, expected: &str| {
        let mut changes = changes();
        changes.updates.clear();
        changes.is_whole = is_whole;
        let pending = Shown { changes: &changes, hidden };
        let text = changes_table(pending, Length::Short, Look::PLAIN);
        assert!(text.contains(expected), "{text}");
        assert_eq!(text.contains("no pending"), is_whole, "{text}");
    };
    check(true, 0, "no pending updates: nothing newer is offered");
    check(true, 2, "no pending security updates; 2 other updates are not shown");
    check(false, 0, "cannot know: the archive's word on security");
    check(
        false,
        2,
        "2 other updates are not shown;\n  cannot know: the archive's word on security",
    );
}

#[test]
fn security_updates_alone_are_not_counted_twice() {
    let mut changes = changes();
    changes.updates.retain(|update| update.security);
    let pending = Shown { changes: &changes, hidden: 0 };
    let text = changes_table(pending, Length::Short, Look::PLAIN);
    assert!(text.contains("\n2 security updates pending (7 ids); 1 with changes"), "{text}");
}

#[test]
fn updates_of_an_archive_that_does_not_count_are_not_all() {
    let mut changes = changes();
    changes.is_whole = false;
    let pending = Shown { changes: &changes, hidden: 0 };
    let text = changes_table(pending, Length::Short, Look::PLAIN);
    assert!(text.contains("there may be more: the archive's word on security"), "{text}");
}

#[test]
fn a_system_without_archive_is_said_to_have_none() {
    let mut changes = changes();
    changes.updates.clear();
    changes.distribution_archive.clear();
    changes.is_whole = false;
    let pending = Shown { changes: &changes, hidden: 0 };
    let text = changes_table(pending, Length::Short, Look::PLAIN);
    assert!(text.contains("no distribution archive is known for this system"), "{text}");
}

#[test]
fn a_base_at_80_columns() {
    let text = fits(80, |look| base_table(&base_report(), look));
    let first = "debian:bookworm-slim of 2026-03-02 (2 of 3 layers, confirmed by layers)";
    assert!(text.starts_with(first), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_base_at_120_columns() {
    insta::assert_snapshot!(fits(120, |look| base_table(&base_report(), look)));
}

#[test]
fn an_unknown_base_is_no_guess() {
    let mut report = base_report();
    report.base = None;
    report.newer_bases.clear();
    report.newer_images.clear();
    let text = base_table(&report, Look::PLAIN);
    assert!(text.starts_with("the base image is not known"), "{text}");
    assert!(text.contains("nothing newer is known, but not everything could be asked"), "{text}");
}

#[test]
fn a_difference_of_images_at_80_columns() {
    insta::assert_snapshot!(fits(80, |look| diff_table(&diff(), look)));
}

#[test]
fn a_difference_of_generations_names_both() {
    let mut diff: Diff = diff();
    diff.to.image = diff.from.image.clone();
    diff.to.database = Database { generation: Some("g2".to_owned()), as_of: None };
    let text = fits(120, |look| diff_table(&diff, look));
    assert!(text.starts_with("shop:1.4: generation g1 of 2026-11-24 → generation g2\n"), "{text}");
}

#[test]
fn a_difference_without_judgement_says_so() {
    let mut diff = diff();
    diff.to.coverage[0].status = CoverageStatus::NoData;
    diff.from.coverage.clear();
    let text = diff_table(&diff, Look::PLAIN);
    assert!(text.contains("before: cannot know, nothing was evaluated"), "{text}");
    assert!(text.contains("after: debian:12 (debian-tracker): not evaluated"), "{text}");
}

#[test]
fn colours_are_there_only_for_a_terminal() {
    let render = |color| {
        let look = Look { width: 80, color };
        let scan: Scan = advised();
        [scan_table(&scan, 0, By::Remedy, look), base_table(&base_report(), look)].concat()
    };
    assert!(render(Color::Ansi).contains("\u{1b}[1;31m"));
    assert!(!render(Color::Plain).contains('\u{1b}'));
}
