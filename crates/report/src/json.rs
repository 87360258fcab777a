//! Documents as JSON, indented: the same document gives the same bytes.

use serde::Serialize;

/// The document as indented JSON with a line break at the end.
///
/// # Errors
/// None for the documents of `plimsoll-model`; a map with keys that are no text would be one.
pub fn to_json<T: Serialize>(document: &T) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}
