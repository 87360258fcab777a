#![doc = include_str!("../README.md")]

mod gate;
mod ignore;
mod remedies;

pub use gate::{Gate, GateOrigin, GateThreshold, ParseGateError};
pub use ignore::{IgnoreRule, apply_ignore_rules};
pub use remedies::{SourceUpdate, remedies, source_updates};
