//! `plimsoll config`

use plimsoll_report::{Align, Grid, Tone};

use crate::exit::Exit;
use crate::output::{Failure, answer};
use crate::printer::answer_look;
use crate::settings::Settings;

/// Prints every setting with its value and where the value comes from.
pub(crate) fn run(settings: &Settings) -> Result<Exit, Failure> {
    let mut grid = Grid::new(
        answer_look(),
        &[("SETTING", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left)],
    );
    for entry in settings.entries() {
        grid.row([
            (entry.key, Tone::Strong),
            (&*entry.value, Tone::Normal),
            (&*entry.origin.to_string(), Tone::Faint),
        ]);
    }
    let rules = settings.ignore.len();
    answer(&format!("{grid}\n{rules} ignore rule{}\n", if rules == 1 { "" } else { "s" }))?;
    Ok(Exit::Done)
}
