//! Foreign text in Markdown.

use crate::escape::for_terminal;

/// `text` as a code span; empty text stays empty.
///
/// Backticks, which would end the span, and bars, which would end a table's cell, are written as the
/// escapes that control characters have: there is no way to write both in a code span in a table that
/// all readers of Markdown agree on.
pub(crate) fn for_markdown(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    format!("`{}`", for_terminal(text).replace('`', "\\u{60}").replace('|', "\\u{7c}"))
}

/// The lines as a code block, whose fence is longer than any in them.
pub(super) fn code_block(text: &str) -> String {
    let text = text.replace('\t', "        ");
    let lines: Vec<_> = text.lines().map(for_terminal).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// `text` as a code element of HTML, for the places where Markdown is not read.
pub(super) fn for_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in for_terminal(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    format!("<code>{escaped}</code>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_code_span_or_a_cell() {
        for (text, expected) in [
            ("openssl", "`openssl`"),
            ("", ""),
            ("  ", ""),
            ("a`b`", "`a\\u{60}b\\u{60}`"),
            ("a|b\\|c", "`a\\u{7c}b\\\\u{7c}c`"),
            ("a\n# b", "`a\\n# b`"),
            ("@everyone <img> [x](y) #1", "`@everyone <img> [x](y) #1`"),
        ] {
            assert_eq!(for_markdown(text), expected);
        }
    }

    #[test]
    fn nothing_ends_a_code_block() {
        assert_eq!(code_block("a\n```\nb"), "````text\na\n```\nb\n````\n");
        assert_eq!(code_block("a\u{1b}[2J"), "```text\na\\u{1b}[2J\n```\n");
        assert_eq!(code_block("ü` x"), "```text\nü` x\n```\n");
    }

    #[test]
    fn nothing_is_an_element() {
        assert_eq!(for_html("<b>&'\""), "<code>&lt;b&gt;&amp;&#39;&quot;</code>");
    }
}
