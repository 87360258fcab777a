//! Every crate has the workspace's lints, a README, and its line in crates/README.md.

use super::Violation;
use super::tree::Tree;
use crate::workspace::Package;

const INDEX: &str = "crates/README.md";

pub(super) fn check(packages: &[Package], tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let index = tree.get(INDEX).map_or("", |file| &file.text);
    for package in packages {
        let (manifest, lints) = tree.manifest_line(package, "[lints]");
        let text = tree.get(&manifest).map_or("", |file| &file.text);
        if lints == 0 || text.lines().nth(lints).map(str::trim) != Some("workspace = true") {
            let what = "[lints] workspace = true is missing";
            found.push(Violation::new(
                &manifest,
                0,
                what,
                "undocumented items and more are warnings",
            ));
        }
        let name = package.short_name();
        if name == "xtask" {
            continue;
        }
        let readme = format!("crates/{name}/README.md");
        if tree.get(&readme).is_none() {
            let reason = "it says what the crate does and what it never does";
            found.push(Violation::new(&readme, 0, "is missing", reason));
        }
        if !index.contains(&format!("({name}/README.md)")) {
            let what = format!("does not link {name}/README.md");
            found.push(Violation::new(INDEX, 0, what, "it is where a newcomer finds the crate"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_complete() {
        let packages: Vec<Package> = serde_json::from_str(
            r#"[{"name": "plimsoll-model", "manifest_path": "", "dependencies": []}]"#,
        )
        .unwrap();
        let count = |files: &[(&str, &str)]| check(&packages, &Tree::of(files)).len();
        let manifest = ("crates/model/Cargo.toml", "[lints]\nworkspace = true\n");
        let readme = ("crates/model/README.md", "");
        let index = (INDEX, "| [model](model/README.md) | … |");
        assert_eq!(count(&[manifest, readme, index]), 0);
        assert_eq!(count(&[("crates/model/Cargo.toml", "[lints]\n"), readme, index]), 1);
        assert_eq!(count(&[manifest, index]), 1);
        assert_eq!(count(&[manifest, readme]), 1);
        assert_eq!(count(&[]), 3);
    }
}
