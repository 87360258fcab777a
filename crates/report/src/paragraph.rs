//! Running text in lines that fit.

use crate::escape::for_terminal;
use crate::look::Look;
use crate::tone::{Tone, paint};

/// A foreign line may be indented by so much; more is no indentation but an attempt to push text out
/// of sight.
const INDENT_KEPT: usize = 16;
/// What a tab stands for.
const TAB: &str = "        ";
/// However narrow the place, a line has this many characters.
const LEAST_WIDTH: usize = 20;

/// `text` behind `indent` blanks, broken between words where a line does not fit. What does not fit on
/// a line goes on below its first word.
pub(crate) fn paragraph(look: Look, indent: usize, text: &str, tone: Tone) -> Vec<String> {
    text.lines().flat_map(|line| broken(look, indent, line, tone)).collect()
}

fn broken(look: Look, indent: usize, line: &str, tone: Tone) -> Vec<String> {
    let line = line.replace('\t', TAB);
    let line = for_terminal(line.trim_end());
    let words = line.trim_start_matches(' ');
    let own = (line.len() - words.len()).min(INDENT_KEPT);
    let blanks = " ".repeat(indent + own);
    let width = usize::from(look.width).saturating_sub(blanks.len()).max(LEAST_WIDTH);
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut length = 0;
    for word in words.split(' ') {
        let word: Vec<char> = word.chars().collect();
        if !current.is_empty() && length + 1 + word.len() > width {
            lines.push(std::mem::take(&mut current));
            length = 0;
        } else if length > 0 {
            current.push(' ');
            length += 1;
        }
        let mut parts = word.chunks(width).peekable();
        while let Some(part) = parts.next() {
            current.extend(part);
            length += part.len();
            if parts.peek().is_some() {
                lines.push(std::mem::take(&mut current));
                length = 0;
            }
        }
    }
    lines.push(current);
    lines
        .into_iter()
        .map(|line| match line.is_empty() {
            true => String::new(),
            false => format!("{blanks}{}", paint(look, &line, tone)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Color;

    fn check(text: &str, expected: &[&str]) {
        let look = Look { width: 26, color: Color::Plain };
        assert_eq!(paragraph(look, 2, text, Tone::Normal), expected);
    }

    #[test]
    fn lines_are_broken_between_words() {
        check("short", &["  short"]);
        check("", &[]);
        check("a\n\nb  c", &["  a", "", "  b  c"]);
        check(
            "  * Fix a thing that was quite wrong",
            &["    * Fix a thing that was", "    quite wrong"],
        );
        check("abcdefghijklmnopqrstuvwxyz0123", &["  abcdefghijklmnopqrstuvwx", "  yz0123"]);
        check(
            "a abcdefghijklmnopqrstuvwxyz0123 b",
            &["  a", "  abcdefghijklmnopqrstuvwx", "  yz0123 b"],
        );
        check("abcdefghijklmnopqrstuvwx b", &["  abcdefghijklmnopqrstuvwx", "  b"]);
    }

    #[test]
    fn a_word_of_megabytes_costs_no_more_than_its_length() {
        let lines = paragraph(Look::PLAIN, 0, &"x".repeat(4 << 20), Tone::Normal);
        assert_eq!(lines.iter().map(String::len).sum::<usize>(), 4 << 20);
    }

    #[test]
    fn nothing_moves_the_cursor_or_hides_behind_blanks() {
        check("a\u{1b}[2Jb", &["  a\\u{1b}[2Jb"]);
        let hidden = format!("{}far", " ".repeat(500));
        let lines = paragraph(Look::PLAIN, 0, &hidden, Tone::Normal);
        assert_eq!(lines, [format!("{}far", " ".repeat(INDENT_KEPT))]);
    }
}
