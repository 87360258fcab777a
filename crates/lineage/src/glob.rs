//! Patterns of names: `*` is any run of characters, `?` one.

/// Whether the whole of `text` fits `pattern`. Every `*` is tried from the left and given up when a later one is
/// reached, so the cost is at most the product of both lengths.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    let mut star = None;
    while let Some(&byte) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, star_seen)) = star else { return false };
                star = Some((star_at, star_seen + 1));
                at = star_at + 1;
                seen = star_seen + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        };
        check("bookworm*", "bookworm-slim", true);
        check("bookworm*", "bookworm", true);
        check("bookworm*", "xbookworm", false);
        check("*slim*", "bookworm-slim-x", true);
        check("*-slim", "a-slim-slim", true);
        check("*-slim", "a-slim-x", false);
        check("3.1?", "3.18", true);
        check("3.1?", "3.1", false);
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("a*b*c", "aXXbYYbZZc", true);
        check("a*b*c", "aXXbYYbZZ", false);
    }
}
