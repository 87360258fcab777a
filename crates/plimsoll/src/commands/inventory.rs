//! `plimsoll inventory IMAGE`

use clap::{Args, ValueEnum};
use plimsoll_flow::inventories;
use plimsoll_model::{Inventories, InventoriesSchema, Inventory};
use plimsoll_report::{Look, cyclonedx, inventory_table, spdx, to_json};

use super::scan::references;
use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// IMAGE as for `plimsoll scan`.
#[derive(Debug, Args)]
pub(crate) struct InventoryArgs {
    /// What to look into
    #[arg(value_name = "IMAGE")]
    image: String,
    /// table, json, cyclonedx or spdx, to standard output or to a file; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    /// CycloneDX 1.6
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
}

/// Prints what is installed.
pub(crate) fn run(
    args: &InventoryArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let references = references(std::slice::from_ref(&args.image))?;
    let session = settings.session()?;
    let progress = Progress::new(printer);
    let found = inventories(&session, &references, &|event| progress.on(event));
    progress.finish();
    let found = found?;
    check_bills(&args.formats, &found)?;
    let asked_for_all = settings.platform.as_deref() == Some("all");
    for target in &args.formats {
        target.write(|look| render(&found, asked_for_all, target.format, look))?;
    }
    let nothing = found.iter().any(|inventory| inventory.packages.is_empty());
    if nothing {
        printer.warn("no package database was found: what is inside cannot be known");
    }
    Ok(if nothing && !settings.allow_unknown { Exit::Unknown } else { Exit::Done })
}

fn render(
    found: &[Inventory],
    asked_for_all: bool,
    format: Format,
    look: Look,
) -> serde_json::Result<String> {
    match (format, found) {
        (Format::Table, _) => {
            let tables: Vec<_> = found.iter().map(|one| inventory_table(one, look)).collect();
            Ok(tables.join("\n"))
        }
        (Format::Json, [one]) if !asked_for_all => to_json(one),
        (Format::Json, several) => {
            to_json(&Inventories { schema: InventoriesSchema::V1, inventories: several.to_vec() })
        }
        (Format::Cyclonedx, several) => several.iter().map(cyclonedx).collect(),
        (Format::Spdx, several) => several.iter().map(spdx).collect(),
    }
}

/// A bill of materials speaks of one thing: several in one file would be no bill that a program reads.
fn check_bills(targets: &[Target<Format>], found: &[Inventory]) -> Result<(), Failure> {
    let is_bill =
        |target: &Target<Format>| matches!(target.format, Format::Cyclonedx | Format::Spdx);
    match found.len() > 1 && targets.iter().any(is_bill) {
        true => Err(Failure::usage(anyhow::anyhow!(
            "a bill of materials speaks of one platform; name it with --platform"
        ))),
        false => Ok(()),
    }
}
