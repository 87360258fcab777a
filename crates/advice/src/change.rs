//! What changes from one list of packages to another.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Package, PackageChange};

use crate::identity::Place;

/// The packages of each place, each place's versions in order.
pub(crate) type ByPlace<'p> = BTreeMap<Place<'p>, Vec<&'p Package>>;

pub(crate) fn by_place<'p>(packages: impl IntoIterator<Item = &'p Package>) -> ByPlace<'p> {
    let mut places = ByPlace::new();
    for package in packages {
        places.entry(Place::of(package)).or_default().push(package);
    }
    for versions in places.values_mut() {
        versions.sort_by(|a, b| a.version.cmp(&b.version));
    }
    places
}

/// Whether two places hold the same versions.
pub(crate) fn is_same(a: &[&Package], b: &[&Package]) -> bool {
    a.iter().map(|package| &package.version).eq(b.iter().map(|package| &package.version))
}

/// The packages added, removed and changed, sorted.
pub(crate) fn package_changes(before: &ByPlace<'_>, after: &ByPlace<'_>) -> Vec<PackageChange> {
    let mut changes = BTreeSet::new();
    let places: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for place in places {
        let [from, to] = [before, after].map(|side| side.get(place).map_or(&[][..], |p| p));
        let only = |versions: &[&Package], other: &[&Package]| -> Vec<String> {
            let is_new = |version: &String| !other.iter().any(|known| known.version == *version);
            versions.iter().map(|package| package.version.clone()).filter(is_new).collect()
        };
        match (&*only(from, to), &*only(to, from)) {
            ([from], [to]) => {
                changes.insert(place.change(Some(from), Some(to)));
            }
            (removed, added) => {
                changes.extend(removed.iter().map(|version| place.change(Some(version), None)));
                changes.extend(added.iter().map(|version| place.change(None, Some(version))));
            }
        }
    }
    changes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::package;

    fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
        let packages = |list: &[(&str, &str)]| -> Vec<Package> {
            list.iter().map(|(name, version)| package(name, name, version)).collect()
        };
        let (before, after) = (packages(before), packages(after));
        let lines: Vec<String> = package_changes(&by_place(&before), &by_place(&after))
            .into_iter()
            .map(|change| {
                let [from, to] =
                    [change.from, change.to].map(|side| side.unwrap_or_else(|| "-".to_owned()));
                format!("{} {from} {to}", change.name)
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn packages_are_added_removed_and_changed() {
        check(&[("a", "1"), ("b", "1")], &[("b", "1"), ("a", "1")], &[]);
        check(&[("a", "1"), ("b", "1")], &[("b", "2"), ("c", "1")], &["a 1 -", "b 1 2", "c - 1"]);
    }

    #[test]
    fn what_is_installed_twice_changes_by_what_differs() {
        check(&[("k", "1"), ("k", "2")], &[("k", "2"), ("k", "3")], &["k 1 3"]);
        check(&[("k", "1"), ("k", "2")], &[("k", "2")], &["k 1 -"]);
        check(&[("k", "1"), ("k", "2")], &[("k", "3")], &["k - 3", "k 1 -", "k 2 -"]);
    }
}
