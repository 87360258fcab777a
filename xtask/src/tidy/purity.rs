//! What a crate's code touches besides memory.

use super::Violation;
use super::rules_file::{Rules, Thing};
use super::source::has_word;
use super::tree::Tree;

const REASON: &str = "not among what crates/order.toml lets this crate touch";

/// How each thing shows in code. Constants of `std::env` are known when compiling.
const SIGNS: &[(Thing, &[&str])] = &[
    (Thing::Clock, &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"]),
    (
        Thing::Environment,
        &["env::var", "env::vars", "env::var_os", "env::args", "env::current_dir"],
    ),
    (Thing::Files, &["std::fs", "rustix::fs", "tempfile::"]),
    (Thing::Network, &["std::net", "std::os::unix::net", "rustix::net", "tokio::net"]),
    (Thing::Printing, &["println!", "eprintln!", "print!", "eprint!", "stdout()", "stderr()"]),
    (Thing::Processes, &["Command::new"]),
];

pub(super) fn check(tree: &Tree, rules: &Rules) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, source) in tree.sources().filter(|(file, _)| file.is_product()) {
        let Some(crate_name) = file.crate_name() else { continue };
        for (thing, signs) in SIGNS.iter().filter(|(thing, _)| !rules.may_touch(crate_name, *thing))
        {
            for (number, line) in source.product_lines() {
                if let Some(sign) = signs.iter().find(|sign| has_word(line, sign)) {
                    let what = format!("{sign} touches {}", format!("{thing:?}").to_lowercase());
                    found.push(Violation::new(&file.path, number, what, REASON));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pure_crate_touches_nothing() {
        let rules =
            Rules::parse("order = []\nexempt = []\nfence = []\n[touches]\nengine = [\"clock\"]\n")
                .unwrap();
        let check = |path: &str, text: &str, expected: &[usize]| {
            let found = check(&Tree::of(&[(path, text)]), &rules);
            let lines: Vec<_> = found.iter().map(|violation| violation.line).collect();
            assert_eq!(lines, expected, "{path}: {text}");
        };
        let pure = "crates/model/src/lib.rs";
        check(pure, "use std::fs;\n", &[1]);
        check(pure, "// use std::fs;\nlet x = \"std::fs\";\n", &[]);
        check(pure, "\nlet x = Instant::now();\n", &[2]);
        check(pure, "std::env::consts::ARCH", &[]);
        check(pure, "std::env::var(\"X\")", &[1]);
        check(pure, "writeln!(f)", &[]);
        check(pure, "println!()", &[1]);
        check(pure, "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n", &[]);
        check("crates/model/tests/it.rs", "use std::fs;", &[]);
        check("crates/engine/src/lib.rs", "Instant::now()", &[]);
        check("crates/engine/src/lib.rs", "std::fs::read()", &[1]);
    }
}
