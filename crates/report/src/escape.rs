//! Text out of images and feeds, made harmless for a terminal.

use std::borrow::Cow;

/// `text` with control characters, and the marks that reorder lines (Unicode bidirectional controls),
/// written as escapes: a package name must not move the cursor or hide a line.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

/// Whether a character could move the cursor, change colours or reorder a line.
pub(crate) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        for (text, expected) in [
            ("plain ü", "plain ü"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\nb\r", "a\\nb\\r"),
            ("\u{202e}evil", "\\u{202e}evil"),
        ] {
            assert_eq!(for_terminal(text), expected);
        }
    }
}
