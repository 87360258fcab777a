//! Documents as JSON, indented: the same document gives the same bytes.

use std::fmt::Write;

use serde::Serialize;

use crate::escape::is_hostile;

/// The document as indented JSON with a line break at the end. Characters that steer a terminal are
/// written as `\u` escapes: JSON itself escapes only the oldest of them.
///
/// # Errors
/// None for the documents of `plimsoll-model`; a map with keys that are no text would be one.
pub fn to_json<T: Serialize>(document: &T) -> serde_json::Result<String> {
    let text = serde_json::to_string_pretty(document)?;
    let mut safe = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // Line breaks are the document's own; inside of strings they are escaped already.
        if c != '\n' && is_hostile(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe.push('\n');
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_reads_back() {
        let document = ["\u{9b}31m", "\u{202e}evil", "a\nb", "ü"];
        let text = to_json(&document).unwrap();
        assert!(text.contains("\\u009b31m") && text.contains("\\u202eevil"), "{text}");
        assert_eq!(serde_json::from_str::<[String; 4]>(&text).unwrap(), document);
    }
}
