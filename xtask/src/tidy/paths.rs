//! No path of the machine that built this.

use std::path::{Path, PathBuf};

use super::Violation;
use super::tree::Tree;

const REASON: &str = "a path of one machine means nothing on another";

/// Directories that every machine has: naming one gives nothing away.
const EVERYWHERE: &[&str] =
    &["/", "/home", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr", "/var"];

pub(super) fn check(tree: &Tree, paths: &[String]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in &tree.files {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(path) = paths.iter().find(|path| names(line, path)) {
                let what = format!("names {path}, a path of this machine");
                found.push(Violation::new(&file.path, at + 1, what, REASON));
            }
        }
    }
    found
}

/// Where this workspace lies, what is around it, and the user's home.
pub(super) fn of_this_machine(root: &Path) -> Vec<String> {
    let mut paths = vec![root.to_owned()];
    paths.extend(root.parent().map(Path::to_owned));
    paths.extend(std::env::home_dir());
    paths.extend(std::env::var_os("CARGO_HOME").map(PathBuf::from));
    let mut paths: Vec<_> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    paths.retain(|path| path.starts_with('/') && !EVERYWHERE.contains(&path.as_str()));
    paths.sort();
    paths.dedup();
    paths
}

/// Whether the path stands in the line as a path of its own.
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let of_path = |c: char| c.is_alphanumeric() || "._-".contains(c);
        !before.is_some_and(|c| of_path(c) || c == '/') && !after.is_some_and(of_path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_found() {
        let paths = ["/build/here".to_owned()];
        let check = |line: &str, expected: usize| {
            assert_eq!(check(&Tree::of(&[("a.md", line)]), &paths).len(), expected, "{line}");
        };
        check("see /build/here/file", 1);
        check("\"/build/here\"", 1);
        check("my/build/here", 0);
        check("/build/heretic", 0);
        check("oci:target/x", 0);
    }

    #[test]
    fn the_directories_of_every_machine_give_nothing_away() {
        let paths = of_this_machine(Path::new("/srv/plimsoll"));
        assert!(paths.contains(&"/srv/plimsoll".to_owned()));
        assert!(!paths.contains(&"/srv".to_owned()));
    }
}
