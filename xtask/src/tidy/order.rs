//! The one total order of the crates.

use super::Violation;
use super::rules_file::{PATH, Rules};
use super::tree::Tree;
use crate::workspace::{Package, short_name};

const REASON: &str = "a crate may use only crates to its right in crates/order.toml";

pub(super) fn check(packages: &[Package], rules: &Rules, tree: &Tree) -> Vec<Violation> {
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| !rules.is_exempt(package.short_name())) {
        let Some(place) = rules.place(package.short_name()) else {
            let what = format!("{} has no place in the order", package.short_name());
            found.push(Violation::new(PATH, 0, what, REASON));
            continue;
        };
        let used = package.dependencies.iter().filter(|dependency| ours(&dependency.name));
        for dependency in used {
            let name = short_name(&dependency.name);
            let in_tests = dependency.kind.as_deref() == Some("dev");
            let allowed = if rules.is_exempt(name) {
                in_tests
            } else {
                rules.place(name).is_some_and(|other| other > place)
            };
            if !allowed {
                let (path, line) = tree.manifest_line(package, &dependency.name);
                let what = format!("{} uses {name}", package.short_name());
                found.push(Violation::new(&path, line, what, REASON));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crates_to_the_right_are_used() {
        let rules = Rules::parse(
            r#"
            order = ["flow", "image", "model"]
            exempt = ["testkit"]
            fence = []
            touches = {}
            "#,
        )
        .unwrap();
        let tree = Tree::of(&[(
            "crates/image/Cargo.toml",
            "[dependencies]\nplimsoll-flow.workspace = true",
        )]);
        let found = |name: &str, dependency: &str, kind: &str| {
            let packages: Vec<Package> = serde_json::from_str(&format!(
                r#"[{{"name": "{name}", "manifest_path": "", "dependencies":
                     [{{"name": "{dependency}", "kind": {kind}}}, {{"name": "serde", "kind": null}}]}},
                    {{"name": "plimsoll-flow", "manifest_path": "", "dependencies": []}},
                    {{"name": "plimsoll-model", "manifest_path": "", "dependencies": []}},
                    {{"name": "plimsoll-testkit", "manifest_path": "", "dependencies": []}}]"#
            ))
            .unwrap();
            let found = check(&packages, &rules, &tree);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let none: [String; 0] = [];
        assert_eq!(found("plimsoll-image", "plimsoll-model", "null"), none);
        assert_eq!(found("plimsoll-image", "plimsoll-testkit", "\"dev\""), none);
        let flow = format!("crates/image/Cargo.toml:2: image uses flow ({REASON})");
        assert_eq!(found("plimsoll-image", "plimsoll-flow", "null"), [flow.as_str()]);
        assert_eq!(found("plimsoll-image", "plimsoll-flow", "\"dev\""), [flow]);
        assert_eq!(found("plimsoll-image", "plimsoll-testkit", "null").len(), 1);
        let lost = format!("crates/order.toml: lost has no place in the order ({REASON})");
        assert_eq!(found("plimsoll-lost", "plimsoll-model", "null"), [lost]);
    }
}
