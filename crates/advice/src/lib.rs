#![doc = include_str!("../README.md")]

mod action;
mod advise;
mod change;
mod diff;
mod distinct;
mod gate;
mod identity;
mod ignore;
mod next;
mod simulate;
#[cfg(test)]
mod tests;
mod update;
mod why_not;

pub use advise::{Advice, Choices, advise};
pub use diff::diff;
pub use distinct::distinct;
pub use gate::{Gate, GateOrigin, GateThreshold, ParseGateError};
pub use ignore::{IgnoreRule, apply_ignore_rules};
pub use next::next_command;
pub use simulate::{Certainty, OtherImage, Outcome, Simulated, Simulator, Subject};
pub use update::{SourceFindings, by_source};
pub use why_not::why_not;
