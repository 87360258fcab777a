//! What was judged and with what: "cannot know" is never "clean".

use plimsoll_model::{Coverage, CoverageStatus, Os, Package, Scope};

use super::scopes::{by_scope, scopes_of};
use super::{Matcher, OpenShard, Options};
use crate::feeds;

/// The scope of an inventory whose system was not recognised.
const UNKNOWN_SYSTEM: &str = "unknown";

impl Matcher {
    /// One line for each scope and feed that was used, and one for each scope that could not be judged.
    pub(super) fn coverage(
        &self,
        packages: &[Package],
        os: Option<&Os>,
        options: &Options,
    ) -> Vec<Coverage> {
        let mut coverage = Vec::new();
        let mut by_scope = by_scope(packages, os);
        for scope in scopes_of(os, packages) {
            let has_packages = by_scope.contains_key(&Some(scope.clone()));
            self.scope_coverage(&scope, has_packages, options, &mut coverage);
        }
        match os {
            Some(os) if os.scope.is_none() => coverage.push(unsupported(os.id.clone())),
            None => coverage.push(unsupported(UNKNOWN_SYSTEM.to_owned())),
            Some(_) => {}
        }
        // Packages of another world than the system's, such as apk packages on Debian.
        let strangers = by_scope.remove(&None).unwrap_or_default();
        for package in strangers {
            let scope = package.ecosystem.to_string();
            if !coverage.iter().any(|line| line.scope == scope) {
                coverage.push(unsupported(scope));
            }
        }
        coverage
    }

    /// Whether something can be said of the packages of a scope.
    pub fn can_judge(&self, scope: &Scope) -> bool {
        self.unjudged(scope, true).is_none()
    }

    /// Why nothing can be said of a scope; none where it is judged. Nothing is judged where nothing is
    /// installed, nor by feeds that never speak of the release: they serve every release of their
    /// distribution, also those that they do not know.
    pub(super) fn unjudged(&self, scope: &Scope, has_packages: bool) -> Option<CoverageStatus> {
        let mut used = self.of_scope(scope).peekable();
        if used.peek().is_none() && feeds::for_scope(scope).is_empty() {
            return Some(CoverageStatus::Unsupported);
        }
        let is_judged = has_packages && used.any(|open| open.info.advisories > 0);
        (!is_judged).then_some(CoverageStatus::NoData)
    }

    fn of_scope(&self, scope: &Scope) -> impl Iterator<Item = &OpenShard> {
        self.shards.iter().filter(move |open| open.scope == *scope)
    }

    fn scope_coverage(
        &self,
        scope: &Scope,
        has_packages: bool,
        options: &Options,
        coverage: &mut Vec<Coverage>,
    ) {
        let unjudged = self.unjudged(scope, has_packages);
        let before = coverage.len();
        for open in self.of_scope(scope) {
            let age = options.now.duration_since(open.info.checked);
            let is_stale = options.max_age.is_some_and(|max_age| age > max_age);
            coverage.push(Coverage {
                scope: scope.to_string(),
                status: match (unjudged, is_stale) {
                    (Some(status), _) => status,
                    (None, true) => CoverageStatus::Stale,
                    (None, false) => CoverageStatus::Evaluated,
                },
                feed: Some(open.info.feed.clone()),
                as_of: Some(open.info.as_of),
            });
        }
        if let Some(status) = unjudged
            && coverage.len() == before
        {
            coverage.push(Coverage { scope: scope.to_string(), status, feed: None, as_of: None });
        }
    }
}

fn unsupported(scope: String) -> Coverage {
    Coverage { scope, status: CoverageStatus::Unsupported, feed: None, as_of: None }
}
