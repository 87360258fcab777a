//! No large file is in the repository.

use super::Violation;
use super::tree::Tree;

const REASON: &str = "a clone stays small: fixtures are built in code or live in shared/data";

const LIMIT_BYTES: u64 = 1 << 20;

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let large = tree.files.iter().filter(|file| file.bytes > LIMIT_BYTES);
    large
        .map(|file| Violation::new(&file.path, 0, format!("{} bytes", file.bytes), REASON))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mebibyte_is_the_limit() {
        let text = "x".repeat(1 << 20);
        assert_eq!(check(&Tree::of(&[("a.bin", &text)])), []);
        assert_eq!(check(&Tree::of(&[("a.bin", &(text + "x"))])).len(), 1);
    }
}
