//! Nothing unfinished is left behind.

use super::Violation;
use super::source::has_word;
use super::tree::Tree;

const REASON: &str = "unfinished work is an issue, not a comment or a switched-off test";

/// In code.
const IN_CODE: &[&str] = &["todo!", "unimplemented!", "#[ignore"];
/// Anywhere; put together so that this file does not contain them.
const ANYWHERE: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X:")];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, source) in tree.sources() {
        for (number, line) in source.lines() {
            if let Some(marker) = IN_CODE.iter().find(|marker| has_word(line, marker)) {
                found.push(Violation::new(&file.path, number, *marker, REASON));
            }
        }
    }
    for file in &tree.files {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(marker) = ANYWHERE.iter().find(|marker| has_word(line, marker)) {
                found.push(Violation::new(&file.path, at + 1, *marker, REASON));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_where_they_mean_something() {
        let check = |path: &str, text: &str, expected: usize| {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), expected, "{text}");
        };
        check("a.rs", "fn f() { todo!() }", 1);
        check("a.rs", "// no todo!() here\n\"#[ignore]\"", 0);
        check("a.rs", "#[test]\n#[ignore = \"slow\"]\n", 1);
        check("a.rs", &format!("// {}: later", ANYWHERE[0]), 1);
        check("a.md", ANYWHERE[0], 1);
    }
}
