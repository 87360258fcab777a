//! One fence per outside thing.

use super::Violation;
use super::rules_file::Rules;
use super::tree::Tree;
use crate::workspace::Package;

pub(super) fn check(packages: &[Package], rules: &Rules, tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package.short_name() != "testkit") {
        // Tests may talk to what they test by other means.
        let shipped = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        for dependency in shipped {
            let fence = rules.fences.iter().find(|fence| fence.packages.contains(&dependency.name));
            let Some(fence) = fence else { continue };
            if !fence.crates.iter().any(|name| name == package.short_name()) {
                let (path, line) = tree.manifest_line(package, &dependency.name);
                let what = format!("{} depends on {}", package.short_name(), dependency.name);
                found.push(Violation::new(&path, line, what, &fence.reason));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fenced_package_is_used_only_behind_its_fence() {
        let rules = Rules::parse(
            r#"
            order = []
            exempt = []
            touches = {}
            [[fence]]
            packages = ["clap"]
            crates = ["plimsoll"]
            reason = "one command line"
            "#,
        )
        .unwrap();
        let tree = Tree::of(&[("crates/flow/Cargo.toml", "clap = \"4\"\n")]);
        let check = |name: &str, kind: &str, expected: &[&str]| {
            let packages: Vec<Package> = serde_json::from_str(&format!(
                r#"[{{"name": "{name}", "manifest_path": "",
                      "dependencies": [{{"name": "clap", "kind": {kind}}}]}}]"#
            ))
            .unwrap();
            let found = check(&packages, &rules, &tree);
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected);
        };
        check("plimsoll", "null", &[]);
        check("plimsoll-flow", "\"dev\"", &[]);
        let expected = "crates/flow/Cargo.toml:1: flow depends on clap (one command line)";
        check("plimsoll-flow", "null", &[expected]);
    }
}
