//! What is installed, as far as it takes to tell images apart.

use std::cmp::Ordering;

/// Names and versions of packages, sorted by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PackageList {
    packages: Vec<(Box<str>, Box<str>)>,
}

/// How much of a base's list another list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Packages of the base that are there in the same version.
    pub same: usize,
    /// Packages of the base that are there in any version.
    pub named: usize,
    /// Packages of the base.
    pub of: usize,
}

/// Fewer packages than this are no fingerprint: a scratch image with two of them is like any other.
const MIN_PACKAGES: usize = 5;
/// Share, in percent, of the base's packages that must still be there: people seldom remove any.
const MIN_NAMED: usize = 90;
/// Share, in percent, that must still be there in the same version: the rest may have been upgraded.
const MIN_SAME: usize = 50;

impl PackageList {
    /// A list from names and versions in any order. `libc6:amd64`, as dpkg prints it, is `libc6`.
    pub fn new<N: AsRef<str>, V: AsRef<str>>(packages: impl IntoIterator<Item = (N, V)>) -> Self {
        let bare = |name: &str| name.split(':').next().unwrap_or_default().into();
        let mut packages: Vec<(Box<str>, Box<str>)> = packages
            .into_iter()
            .map(|(name, version)| (bare(name.as_ref()), version.as_ref().into()))
            .collect();
        packages.sort();
        packages.dedup();
        Self { packages }
    }

    /// Name and version of each, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.packages.iter().map(|(name, version)| (&**name, &**version))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// How much of `base` is in this list.
    pub fn likeness_to(&self, base: &Self) -> Likeness {
        let mut likeness = Likeness { same: 0, named: 0, of: base.len() };
        let mut ours = self.packages.as_slice();
        for (name, version) in &base.packages {
            let skip = ours.partition_point(|(our, _)| our < name);
            ours = ours.get(skip..).unwrap_or_default();
            let named = ours.iter().take_while(|(our, _)| our == name);
            let mut versions = named.map(|(_, version)| version).peekable();
            likeness.named += usize::from(versions.peek().is_some());
            likeness.same += usize::from(versions.any(|ours| ours == version));
        }
        likeness
    }
}

impl Likeness {
    /// Whether it is enough for a guess.
    pub fn is_enough(&self) -> bool {
        self.of >= MIN_PACKAGES
            && self.named * 100 >= self.of * MIN_NAMED
            && self.same * 100 >= self.of * MIN_SAME
    }

    /// A package in the same version counts for a base, one in another version half as much, and a missing one
    /// against it: of two lists that are both contained the larger explains more.
    fn score(&self) -> usize {
        (self.same + 3 * self.named).saturating_sub(2 * self.of)
    }
}

impl PartialOrd for Likeness {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Likeness {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (it.score(), it.same, it.named, it.of);
        key(self).cmp(&key(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> PackageList {
        PackageList::new(text.split_whitespace().filter_map(|one| one.split_once('=')))
    }

    #[test]
    fn same_and_other_versions_are_counted_apart() {
        let check = |image: &str, base: &str, same, named| {
            let of = list(base).len();
            assert_eq!(list(image).likeness_to(&list(base)), Likeness { same, named, of });
        };
        check("a=1 b=2 c=3", "a=1 b=2", 2, 2);
        check("a=1 b=2 c=3", "b=1 d=1", 0, 1);
        check("libc6:amd64=1", "libc6=1", 1, 1);
        check("kernel=1 kernel=2 z=1", "kernel=2", 1, 1);
        check("", "a=1", 0, 0);
        check("a=1", "", 0, 0);
    }

    #[test]
    fn the_larger_of_two_contained_lists_is_nearer() {
        let image = list("a=1 b=1 c=1 d=1 e=1 f=1 g=1 app=1");
        let (small, large) = (list("a=1 b=1 c=1 d=1 e=1"), list("a=1 b=1 c=1 d=1 e=1 f=1 g=1"));
        let strange = list("a=1 b=1 c=1 d=1 e=1 x=1 y=1");
        assert!(image.likeness_to(&large) > image.likeness_to(&small));
        assert!(image.likeness_to(&small) > image.likeness_to(&strange));
        assert!(image.likeness_to(&small).is_enough());
        assert!(!image.likeness_to(&strange).is_enough());
        assert!(!image.likeness_to(&list("a=1 b=1")).is_enough());
    }
}
