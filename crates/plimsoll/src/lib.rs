#![doc = include_str!("../README.md")]

mod cli;
mod commands;
mod exit;
mod format;
mod output;
mod printer;
mod progress;
mod run;
mod settings;

pub use run::run;
