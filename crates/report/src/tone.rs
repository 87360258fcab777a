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

/// The parts behind each other with `separator` between, broken into lines that fit: between parts where
/// that helps, else between words; lines after the first are indented. Ends with a line break.
pub(crate) fn flow(look: Look, separator: &str, parts: &[(String, Tone)]) -> String {
    let width = usize::from(look.width);
    let length = |text: &str| for_terminal(text).chars().count();
    let mut text = String::new();
    let mut column = 0;
    for (index, (part, tone)) in parts.iter().enumerate() {
        let between = if index > 0 { separator } else { "" };
        let is_broken = length(part) + INDENT.len() > width;
        if index > 0 && !is_broken && column + length(between) + length(part) > width {
            text.push_str(between.trim_end());
            new_line(&mut text, &mut column);
        } else {
            text.push_str(between);
            column += length(between);
        }
        let pieces: Vec<&str> = match is_broken {
            true => part.split_inclusive(' ').collect(),
            false => vec![part],
        };
        for piece in pieces {
            if column > INDENT.len() && column + length(piece.trim_end()) > width {
                text.truncate(text.trim_end_matches(' ').len());
                new_line(&mut text, &mut column);
            }
            text.push_str(&paint(look, piece, *tone));
            column += length(piece);
        }
    }
    text.push('\n');
    text
}

/// What lines after the first begin with.
const INDENT: &str = "  ";

fn new_line(text: &mut String, column: &mut usize) {
    text.push('\n');
    text.push_str(INDENT);
    *column = INDENT.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_parts_else_between_words() {
        let check = |parts: &[&str], expected: &str| {
            let parts: Vec<_> =
                parts.iter().map(|part| ((*part).to_owned(), Tone::Normal)).collect();
            let look = Look { width: 20, color: Color::Plain };
            assert_eq!(flow(look, "; ", &parts), expected);
        };
        check(&["one", "two"], "one; two\n");
        check(&["a first part", "a second"], "a first part;\n  a second\n");
        check(
            &["x", "a part that is longer than a line"],
            "x; a part that is\n  longer than a line\n",
        );
        check(&["a/path/that/is/longer/than/a/line"], "a/path/that/is/longer/than/a/line\n");
    }
}
