//! `unsafe` is only where a file is mapped.

use super::Violation;
use super::source::has_word;
use super::tree::Tree;

const REASON: &str = "unsafe code is only in table, which maps files";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, source) in tree.sources().filter(|(file, _)| file.crate_name() != Some("table")) {
        for (number, line) in source.lines().filter(|(_, line)| has_word(line, "unsafe")) {
            found.push(Violation::new(&file.path, number, line.trim(), REASON));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_as_a_word_of_code() {
        let tree = Tree::of(&[
            ("crates/image/src/lib.rs", "// unsafe\n#[expect(unsafe_code)]\nunsafe { f() }\n"),
            ("crates/table/src/map.rs", "unsafe { f() }\n"),
        ]);
        let found = check(&tree);
        assert_eq!(found, [Violation::new("crates/image/src/lib.rs", 3, "unsafe { f() }", REASON)]);
    }
}
