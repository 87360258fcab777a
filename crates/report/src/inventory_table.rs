//! The answer of `plimsoll inventory` for people.

use plimsoll_model::Inventory;

use crate::grid::{Align, Grid};
use crate::look::Look;
use crate::scan_table::{base_line, header};
use crate::tone::Tone;

/// A header, one row for each package, and what could not be read.
pub fn inventory_table(inventory: &Inventory, look: Look) -> String {
    let mut text = header(&inventory.image, inventory.os.as_ref(), inventory.as_of, look);
    text.push_str(&base_line(inventory.base.as_ref(), &inventory.image, look));
    text.push('\n');
    let mut grid = Grid::new(
        look,
        &[
            ("PACKAGE", Align::Left),
            ("VERSION", Align::Left),
            ("ARCH", Align::Left),
            ("SOURCE", Align::Left),
            ("LAYER", Align::Right),
        ],
    );
    for package in &inventory.packages {
        let layer = package.introduced_in.as_ref().and_then(|diff_id| {
            inventory.image.layers.iter().position(|layer| layer.diff_id.as_ref() == Some(diff_id))
        });
        let layer = layer.map(|index| (index + 1).to_string()).unwrap_or_default();
        grid.row([
            (&*package.name, Tone::Strong),
            (&package.version, Tone::Normal),
            (package.arch.as_deref().unwrap_or(""), Tone::Faint),
            (package.source.as_ref().map_or("", |source| &source.name), Tone::Normal),
            (&layer, Tone::Normal),
        ]);
    }
    if !grid.is_empty() {
        text.push_str(&grid.to_string());
        text.push('\n');
    }
    text.push_str(&match inventory.packages.len() {
        1 => "1 package\n".to_owned(),
        n => format!("{n} packages\n"),
    });
    for problem in &inventory.problems {
        text.push_str(&format!(
            "problem: {}: {}\n",
            crate::for_terminal(&problem.path),
            crate::for_terminal(&problem.message)
        ));
    }
    text
}
