//! Rust source as the rules look at it: without comments, texts and test modules.

/// One file, split so that a rule looks only where it means to.
pub(super) struct Source {
    /// The code, line by line as in the file, with comments and the insides of literals blanked.
    pub(super) code: Vec<String>,
    /// For each line, whether it belongs to an item under `#[cfg(test)]`.
    pub(super) in_tests: Vec<bool>,
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let code: Vec<String> = blank(text).lines().map(str::to_owned).collect();
        let in_tests = test_lines(&code);
        Self { code, in_tests }
    }

    /// The lines of code outside of test modules, counted from 1.
    pub(super) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.iter().zip(&self.in_tests).enumerate();
        lines.filter(|(_, (_, in_tests))| !**in_tests).map(|(at, (line, _))| (at + 1, &**line))
    }

    /// All lines of code, counted from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(at, line)| (at + 1, &**line))
    }
}

/// Where `word` stands in `line` as a whole word, on the sides where it is one.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let touches = |inside: Option<char>, outside: Option<char>| {
        inside.is_some_and(is_word) && outside.is_some_and(is_word)
    };
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !touches(word.chars().next(), before) && !touches(word.chars().next_back(), after)
    })
}

/// Replaces comments and the insides of texts by spaces; line breaks stay.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => text_literal(rest),
            'r' if !is_name(previous) => raw_literal(rest).unwrap_or(0),
            '\'' => char_literal(rest).unwrap_or(0),
            _ => 0,
        };
        if length == 0 {
            out.push(c);
            previous = c;
            rest = &rest[c.len_utf8()..];
        } else {
            let blanked = rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' });
            out.extend(blanked);
            previous = ' ';
            rest = &rest[length..];
        }
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a literal that begins with `"`.
fn text_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"`, `r#"…"#` and so on.
fn raw_literal(text: &str) -> Option<usize> {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    let body = 1 + hashes + 1;
    if text[1 + hashes..].chars().next()? != '"' {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(text[body..].find(&end).map_or(text.len(), |at| body + at + end.len()))
}

/// The length of `'x'` or `'\n'`; a lifetime is no literal.
fn char_literal(text: &str) -> Option<usize> {
    let inside = &text[1..];
    if inside.starts_with('\\') {
        return inside.char_indices().skip(2).find(|(_, c)| *c == '\'').map(|(at, _)| at + 2);
    }
    let c = inside.chars().next()?;
    inside[c.len_utf8()..].starts_with('\'').then_some(c.len_utf8() + 2)
}

/// Marks the item that follows each `#[cfg(test)]`, to the end of its block or to its semicolon.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut at = 0;
    while at < code.len() {
        if !code[at].trim_start().starts_with("#[cfg(test)]") {
            at += 1;
            continue;
        }
        let (mut depth, mut ended) = (0, false);
        while at < code.len() && !ended {
            marks[at] = true;
            for c in code[at].chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ';' if depth == 0 => ended = true,
                    _ => {}
                }
                ended |= c == '}' && depth == 0;
            }
            at += 1;
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_not_code() {
        let check = |text: &str, expected: &str| assert_eq!(blank(text).trim_end(), expected);
        check("a // std::fs", "a");
        check("a /* x /* y */\n z */ b", "a             \n      b");
        check(r#"f("a\"b", c)"#, "f(      , c)");
        check(r###"f(r#"a"b"#, c)"###, "f(        , c)");
        check("let x: &'a str = '\\''; y", "let x: &'a str =     ; y");
        check("for r in x", "for r in x");
        check("'\"' + x", "    + x");
    }

    #[test]
    fn test_modules_are_told_apart() {
        let source = Source::new(
            "use a;\n#[cfg(test)]\nmod tests;\nfn f() {}\n#[cfg(test)]\nmod t {\n fn g() { }\n}\nfn h() {}\n",
        );
        let lines: Vec<_> = source.product_lines().collect();
        assert_eq!(lines, [(1, "use a;"), (4, "fn f() {}"), (9, "fn h() {}")]);
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("unsafe {", "unsafe"));
        assert!(!has_word("unsafe_code", "unsafe"));
        assert!(has_word("std::env::var", "std::env"));
        assert!(has_word("eprintln!(x)", "eprintln!("));
        assert!(!has_word("eprintln!(x)", "println!("));
    }
}
