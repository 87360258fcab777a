//! Whose advisories apply to which packages.

use std::collections::BTreeMap;

use plimsoll_model::{Ecosystem, Os, Package, Scope};

/// The scopes whose advisories an inventory needs.
pub fn scopes_of(os: Option<&Os>, packages: &[Package]) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = os.and_then(|os| os.scope.clone()).into_iter().collect();
    for package in packages {
        if let Some(scope) = scope_of(package, os)
            && !scopes.contains(&scope)
        {
            scopes.push(scope);
        }
    }
    scopes
}

/// The scope of a package: the system's where it is a package of the system, its own where its ecosystem
/// has no releases (Bitnami's components on Debian).
pub fn scope_of(package: &Package, os: Option<&Os>) -> Option<Scope> {
    if let Some(os) = os
        && os.ecosystem == Some(package.ecosystem)
    {
        return os.scope.clone();
    }
    is_rolling(package.ecosystem).then(|| Scope::rolling(package.ecosystem))
}

/// The packages of each scope; under none, those that no advisories can be found for.
pub(super) fn by_scope<'p>(
    packages: impl IntoIterator<Item = &'p Package>,
    os: Option<&Os>,
) -> BTreeMap<Option<Scope>, Vec<&'p Package>> {
    let mut scopes: BTreeMap<Option<Scope>, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        scopes.entry(scope_of(package, os)).or_default().push(package);
    }
    scopes
}

fn is_rolling(ecosystem: Ecosystem) -> bool {
    matches!(
        ecosystem,
        Ecosystem::Wolfi | Ecosystem::Chainguard | Ecosystem::MinimOs | Ecosystem::Bitnami
    )
}
