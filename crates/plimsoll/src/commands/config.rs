//! `plimsoll config`

use plimsoll_report::{Align, Grid, Tone};

use crate::exit::Exit;
use crate::output::{Failure, answer, counted};
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
    let rules = counted(settings.ignore.len() as u64, "ignore rule", "ignore rules");
    answer(&format!("{grid}\n{rules}\n"))?;
    Ok(Exit::Done)
}
