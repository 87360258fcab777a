//! Text with a meaning, in lines that fit.

use plimsoll_model::Severity;

use crate::escape::for_terminal;
use crate::look::{Color, Look};

/// What a piece of text means, from which its colour follows. Only the dark colours are used: they can
/// be read on a light terminal as well as on a dark one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Normal,
    /// The name of what the row is about.
    Strong,
    /// Less important than the rest.
    Faint,
    /// A severity.
    Severity(Severity),
    /// Something good.
    Good,
    /// Something to look at.
    Alarm,
}

/// `text` in the colour of `tone`, for use outside a grid.
pub fn paint(look: Look, text: &str, tone: Tone) -> String {
    let text = for_terminal(text);
    let code = match (look.color, tone) {
        (Color::Plain, _) | (_, Tone::Normal) => return text.into_owned(),
        (_, Tone::Strong) => "1",
        (_, Tone::Faint) => "2",
        (_, Tone::Good) => "32",
        (_, Tone::Alarm | Tone::Severity(Severity::Critical)) => "1;31",
        (_, Tone::Severity(Severity::High)) => "31",
        (_, Tone::Severity(Severity::Medium)) => "35",
        (_, Tone::Severity(Severity::Low)) => "36",
        (_, Tone::Severity(_)) => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

/// The parts behind each other with `separator` between, broken into lines that fit; lines after the
/// first are indented. Ends with a line break.
pub(crate) fn flow(look: Look, separator: &str, parts: &[(String, Tone)]) -> String {
    let width = usize::from(look.width);
    let mut text = String::new();
    let mut column = 0;
    for (index, (part, tone)) in parts.iter().enumerate() {
        let length = for_terminal(part).chars().count();
        if index > 0 {
            if column + separator.chars().count() + length > width {
                text.push_str(separator.trim_end());
                text.push_str("\n  ");
                column = 2;
            } else {
                text.push_str(separator);
                column += separator.chars().count();
            }
        }
        text.push_str(&paint(look, part, *tone));
        column += length;
    }
    text.push('\n');
    text
}
