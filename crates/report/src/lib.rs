#![doc = include_str!("../README.md")]

mod bom;
mod escape;
mod grid;
mod inventory_table;
mod json;
mod look;
mod scan_table;
mod tone;

pub use bom::{cyclonedx, spdx};
pub use escape::for_terminal;
pub use grid::{Align, Grid};
pub use inventory_table::inventory_table;
pub use json::to_json;
pub use look::{Color, Look};
pub use scan_table::{By, scan_table};
pub use tone::{Tone, paint};
