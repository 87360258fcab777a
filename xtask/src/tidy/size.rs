//! How long files are, without their tests.

use super::Violation;
use super::tree::{Tree, is_test_file};

const REASON: &str = "one concept per file: split it";

/// From here on a file is mentioned.
const LONG: usize = 500;
/// From here on it is an error.
const TOO_LONG: usize = 900;

#[derive(Default)]
pub(super) struct Sizes {
    pub(super) long: Vec<String>,
    pub(super) too_long: Vec<Violation>,
}

pub(super) fn check(tree: &Tree) -> Sizes {
    let mut sizes = Sizes::default();
    for (file, source) in tree.sources().filter(|(file, _)| !is_test_file(&file.path)) {
        let lines = source.product_lines().count();
        if lines > TOO_LONG {
            let what = format!("{lines} lines besides tests, {TOO_LONG} at most");
            sizes.too_long.push(Violation::new(&file.path, 0, what, REASON));
        } else if lines > LONG {
            sizes.long.push(format!("{}: {lines} lines besides tests", file.path));
        }
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_do_not_count() {
        let check = |text: &str, long: usize, too_long: usize| {
            let sizes = check(&Tree::of(&[("crates/x/src/lib.rs", text)]));
            assert_eq!((sizes.long.len(), sizes.too_long.len()), (long, too_long));
        };
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(1000));
        check(&tests, 0, 0);
        check(&"\n".repeat(500), 0, 0);
        check(&"\n".repeat(501), 1, 0);
        check(&("\n".repeat(900) + &tests), 1, 0);
        check(&("\n".repeat(901) + &tests), 0, 1);
    }
}
