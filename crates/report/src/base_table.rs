//! The answer of `plimsoll base` for people.

use plimsoll_model::{BaseReport, Effect, Eol, EolPhase, Newer, NewerImage};

use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::scan_table::header;
use crate::tone::{Tone, flow};
use crate::words::{self, day, effect, newer};

/// How many names that fit as well are printed before they are only counted.
const TIES_SHOWN: usize = 8;

/// The base and whether its tag has moved on one line, then the image, then newer bases and newer builds
/// of the image itself.
pub fn base_table(report: &BaseReport, look: Look) -> String {
    let mut text = flow(look, "; ", &answer(report));
    if let Some(base) = &report.base
        && !base.ties.is_empty()
    {
        text.push_str(&flow(look, ", ", &ties(&base.ties)));
    }
    text.push('\n');
    text.push_str(&header(&report.image, report.os.as_ref(), report.as_of, look));
    let tables = [
        table("NEWER BASE", &report.newer_bases, look),
        table("NEWER IMAGE", &report.newer_images, look),
    ];
    for table in tables.iter().filter(|table| !table.is_empty()) {
        text.push('\n');
        text.push_str(table);
    }
    if tables.iter().all(String::is_empty) {
        text.push('\n');
        let (words, tone) = match report.problems.is_empty() {
            true => ("nothing newer is known", Tone::Normal),
            false => ("nothing newer is known, but not everything could be asked", Tone::Alarm),
        };
        text.push_str(&flow(look, "", &[(words.to_owned(), tone)]));
    }
    if !report.problems.is_empty() {
        text.push('\n');
    }
    for problem in &report.problems {
        let words = format!("problem: {}: {}", problem.path, problem.message);
        text.push_str(&flow(look, "", &[(words, Tone::Alarm)]));
    }
    text
}

/// `debian:bookworm-slim of 2026-03-02 (3 of 7 layers, confirmed by layers)`, and what its tag names now.
fn answer(report: &BaseReport) -> Vec<(String, Tone)> {
    let Some(base) = &report.base else {
        let words = "the base image is not known: no image of the catalogue has these layers";
        return vec![(words.to_owned(), Tone::Alarm)];
    };
    let (name, evidence) = words::base(base, report.image.layers.len());
    let mut parts = vec![(format!("{name} ({evidence})"), Tone::Strong)];
    let moved = report
        .newer_bases
        .iter()
        .find(|newer| newer.relation == Newer::SameTag && newer.reference == base.reference);
    parts.extend(
        moved.map(|to| (format!("{}: {}", newer(Newer::SameTag), effect(to.effect)), Tone::Alarm)),
    );
    parts
}

fn ties(names: &[String]) -> Vec<(String, Tone)> {
    let mut parts: Vec<_> = names
        .iter()
        .take(TIES_SHOWN)
        .enumerate()
        .map(|(index, name)| match index {
            0 => (format!("also called {name}"), Tone::Normal),
            _ => (name.clone(), Tone::Normal),
        })
        .collect();
    if names.len() > TIES_SHOWN {
        parts.push((format!("{} more", names.len() - TIES_SHOWN), Tone::Normal));
    }
    parts
}

fn table(title: &str, images: &[NewerImage], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            (title, Align::Left),
            ("WHAT IT IS", Align::Left),
            ("BUILT", Align::Left),
            ("SUPPORT", Align::Left),
            ("FINDINGS", Align::Left),
        ],
    );
    grid.at_least(0, 24);
    grid.unbroken(2);
    for image in images {
        let name = match &image.digest {
            Some(digest) => {
                let short = format!("{}:{}", digest.algorithm().as_str(), digest.short());
                format!("{}\n{short}", image.reference)
            }
            None => image.reference.clone(),
        };
        let built = image.created.map_or("?".to_owned(), |created| day(created).to_string());
        let (support, tone) = match &image.eol {
            Some(eol) => short_support(eol),
            None => ("?".to_owned(), Tone::Faint),
        };
        let effect = match image.effect {
            Some(Effect { clears, introduces }) => format!("{clears} fewer, {introduces} more"),
            None => "not known".to_owned(),
        };
        let effect_tone = match image.effect {
            Some(effect) if effect.introduces > 0 => Tone::Alarm,
            Some(effect) if effect.clears > 0 => Tone::Good,
            Some(_) => Tone::Normal,
            None => Tone::Faint,
        };
        grid.row([
            (&*name, Tone::Strong),
            (newer(image.relation), Tone::Normal),
            (&built, Tone::Normal),
            (&support, tone),
            (&effect, effect_tone),
        ]);
    }
    if grid.is_empty() { String::new() } else { grid.to_string() }
}

/// `until 2028-06-30, LTS`: shorter than the header says it, because a row has less room.
fn short_support(eol: &Eol) -> (String, Tone) {
    let date = eol.date;
    match eol.phase {
        EolPhase::Regular => (format!("until {date}"), Tone::Good),
        EolPhase::Lts => (format!("until {date}, LTS"), Tone::Normal),
        EolPhase::Esm => (format!("until {date}, paid"), Tone::Alarm),
        EolPhase::Ended => (format!("ended {date}"), Tone::Alarm),
    }
}
