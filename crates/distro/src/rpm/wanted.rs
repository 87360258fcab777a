//! The packages of interest.

use std::collections::HashSet;

use plimsoll_model::Package;

/// The names of installed packages: of all that a repository has, only these are kept.
#[derive(Clone, Debug, Default)]
pub struct Wanted(HashSet<String>);

impl Wanted {
    /// The names of the installed rpm packages.
    pub fn of(installed: &[Package]) -> Self {
        let is_rpm = |package: &&Package| package.ecosystem.is_rpm();
        Self(installed.iter().filter(is_rpm).map(|package| package.name.clone()).collect())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}
