//! Everything that is not the answer goes to standard error: errors, hints, warnings, progress.

use std::io::{self, IsTerminal, Write};

use plimsoll_report::{Color, Look, Tone, for_terminal, paint};

use crate::output::Failure;

/// How much to say, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    verbosity: Verbosity,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verbosity {
    /// Errors only.
    Quiet,
    Normal,
    /// Also notes.
    Verbose,
}

impl Printer {
    /// `quiet` wins over `verbose`.
    pub(crate) fn new(quiet: bool, verbose: bool) -> Self {
        let verbosity = match (quiet, verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let is_terminal = io::stderr().is_terminal();
        Self { verbosity, look: Look { width: width(), color: color(is_terminal) } }
    }

    /// Why it could not be done, then what to try.
    pub(crate) fn error(&self, failure: &Failure) {
        self.line("error", Tone::Alarm, &failure.to_string());
        if let Some(hint) = failure.hint() {
            self.line("hint", Tone::Strong, hint);
        }
    }

    /// Something that makes the answer less than the user may think.
    pub(crate) fn warn(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.line("warning", Tone::Severity(plimsoll_model::Severity::Medium), text);
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.line("hint", Tone::Strong, text);
        }
    }

    /// What was done, for whoever asked with `-v`.
    pub(crate) fn note(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.line("note", Tone::Faint, text);
        }
    }

    /// Whether to draw progress bars: on a terminal, unless asked to be quiet.
    pub(crate) fn draws_progress(&self) -> bool {
        self.verbosity >= Verbosity::Normal && io::stderr().is_terminal()
    }

    fn line(&self, word: &str, tone: Tone, text: &str) {
        let word = paint(self.look, word, tone);
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(io::stderr(), "{word}: {}", for_terminal(text));
    }
}

/// How the answer looks on standard output: as wide as the terminal, or 80 columns in a pipe.
pub(crate) fn answer_look() -> Look {
    Look { width: width(), color: color(io::stdout().is_terminal()) }
}

/// Narrower than this no table can be read.
const MIN_WIDTH: u16 = 60;
/// Wider than this no eye follows a row.
const MAX_WIDTH: u16 = 160;

fn width() -> u16 {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| width.0);
    columns.or_else(terminal).unwrap_or(Look::PLAIN.width).clamp(MIN_WIDTH, MAX_WIDTH)
}

/// <https://no-color.org> and <https://bixense.com/clicolors/>.
fn color(is_terminal: bool) -> Color {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = is_set("CLICOLOR_FORCE")
        && std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    match is_set("NO_COLOR") {
        true => Color::Plain,
        false if forced || is_terminal => Color::Ansi,
        false => Color::Plain,
    }
}
