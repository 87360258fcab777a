//! The files that are, or are about to be, in the repository.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

use super::source::Source;
use crate::process;
use crate::workspace::{Package, Workspace};

pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Empty where the file is not UTF-8.
    pub(super) text: String,
    /// Where it is Rust.
    pub(super) source: Option<Source>,
}

impl Tree {
    /// What git tracks, and what it would track with the next `git add`.
    pub(super) fn load(workspace: &Workspace) -> Result<Self> {
        let mut command = std::process::Command::new("git");
        command.current_dir(&workspace.root);
        command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = process::read(&mut command).context("listing the repository's files")?;
        let paths: BTreeSet<_> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        let mut files = Vec::new();
        for path in paths {
            let place = workspace.root.join(path);
            // A file may be deleted and not yet committed, a link may point anywhere.
            if place.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                let bytes = fs::read(&place).with_context(|| format!("reading {path}"))?;
                files.push(File::new(path, bytes));
            }
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, text.as_bytes().to_vec()));
        Self { files: files.collect() }
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// All Rust files.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.source.as_ref()?)))
    }

    /// A package's manifest, and the line on which it names something.
    pub(super) fn manifest_line(&self, package: &Package, needle: &str) -> (String, usize) {
        let directory = match package.short_name() {
            "xtask" => "xtask".to_owned(),
            short => format!("crates/{short}"),
        };
        let path = format!("{directory}/Cargo.toml");
        let text = self.get(&path).map_or("", |file| &file.text);
        let line = text.lines().position(|line| line.starts_with(needle)).map_or(0, |at| at + 1);
        (path, line)
    }
}

impl File {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let text = String::from_utf8(bytes).unwrap_or_default();
        let source = path.ends_with(".rs").then(|| Source::new(&text));
        Self { path: path.to_owned(), bytes: length, text, source }
    }

    /// The crate that this file belongs to: `unpack` for `crates/unpack/src/lib.rs`.
    pub(super) fn crate_name(&self) -> Option<&str> {
        match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split_once('/').map(|(name, _)| name),
            None => self.path.starts_with("xtask/").then_some("xtask"),
        }
    }

    /// Whether this is code that ships: not a test, an example or a development task.
    pub(super) fn is_product(&self) -> bool {
        self.path.starts_with("crates/")
            && self.path.split('/').nth(2) == Some("src")
            && self.crate_name() != Some("testkit")
            && !is_test_file(&self.path)
    }
}

/// A file of tests by its name: `src/header/tests.rs`, `src/cache_tests.rs`, `tests/…`.
pub(super) fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_know_where_they_belong() {
        let check = |path: &str, crate_name: Option<&str>, is_product: bool| {
            let file = File::new(path, Vec::new());
            assert_eq!((file.crate_name(), file.is_product()), (crate_name, is_product), "{path}");
        };
        check("crates/unpack/src/lib.rs", Some("unpack"), true);
        check("crates/unpack/src/tar/reader.rs", Some("unpack"), true);
        check("crates/unpack/src/header/tests.rs", Some("unpack"), false);
        check("crates/unpack/src/view/data_tests.rs", Some("unpack"), false);
        check("crates/unpack/tests/rootfs.rs", Some("unpack"), false);
        check("crates/unpack/examples/inflate.rs", Some("unpack"), false);
        check("crates/testkit/src/lib.rs", Some("testkit"), false);
        check("xtask/src/main.rs", Some("xtask"), false);
        check("Cargo.toml", None, false);
    }
}
