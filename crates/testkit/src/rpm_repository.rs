//! rpm repositories made by the real tools, and a root file system in which the real dnf judges them.

mod package;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use package::{Rpm, RpmNotice};
pub use system::RpmSystem;

use crate::place::Place;

/// A directory that `createrepo_c` made a repository of.
#[derive(Clone, Debug)]
pub struct RpmRepository {
    id: String,
    directory: PathBuf,
}

/// What a repository is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct RpmContents<'a> {
    /// The packages, built by `rpmbuild`.
    pub packages: &'a [Rpm],
    /// The advisories; none for a repository without `updateinfo`.
    pub notices: Option<&'a [RpmNotice]>,
    /// The text of `modules.yaml`.
    pub modules: Option<&'a str>,
}

impl RpmRepository {
    /// Makes a repository in a place; panics where a tool fails.
    pub fn new(place: &Place, id: &str, contents: &RpmContents<'_>) -> Self {
        let directory = place.path("repositories").join(id);
        fs::create_dir_all(&directory).unwrap();
        for package in contents.packages {
            package.build(place, &directory);
        }
        let path = directory.display().to_string();
        place.run("createrepo_c", &["--quiet", "--no-database", &path]);
        let repository = Self { id: id.to_owned(), directory };
        if let Some(notices) = contents.notices {
            repository.add(place, "updateinfo.xml", &package::updateinfo(notices));
        }
        if let Some(modules) = contents.modules {
            repository.add(place, "modules.yaml", modules);
        }
        repository
    }

    /// Its id, as in a `.repo` file.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its section of a `.repo` file, with more lines where there are any.
    pub fn section(&self, more: &str) -> String {
        let Self { id, directory } = self;
        format!("[{id}]\nname={id}\nbaseurl=file://{}\ngpgcheck=0\n{more}\n", directory.display())
    }

    /// Adds a file to the metadata, by the kind that its name says.
    fn add(&self, place: &Place, name: &str, text: &str) {
        let file = place.path(name);
        fs::write(&file, text).unwrap();
        let metadata = self.directory.join("repodata").display().to_string();
        place.run("modifyrepo_c", &[&file.display().to_string(), &metadata]);
    }
}

/// A program that is run for what it does, not for what it prints.
fn run(mut command: Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}
