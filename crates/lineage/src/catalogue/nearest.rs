//! Which images' packages an image has.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use plimsoll_model::Platform;
use zerocopy::little_endian::U32;

use super::build::package_key;
use super::error::CatalogueError;
use super::format::{LISTS, PACKAGES, Span};
use super::read::Catalogue;
use crate::known::KnownImage;
use crate::packages::{Likeness, PackageList};

/// An image whose packages another image has, more or less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The image.
    pub image: KnownImage,
    /// How much of its list is there.
    pub likeness: Likeness,
}

/// Lists that are looked at closely after counting; the others share fewer packages. One release has about as many
/// builds as this in a year, over all variants.
const MAX_LISTS: usize = 64;

impl Catalogue {
    /// The images that are nearest to a list of packages, all with the same likeness; empty if none is near enough.
    pub fn nearest(
        &self,
        packages: &PackageList,
        platform: Option<&Platform>,
    ) -> Result<Vec<Nearest>, CatalogueError> {
        let lists = self.lists_like(packages)?;
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let mut nearest: Vec<Nearest> = Vec::new();
        for (_, image) in self.with_lists(&lists)? {
            let fits = match (&image.platform, platform) {
                (Some(has), Some(wanted)) => has.serves(wanted),
                _ => true,
            };
            let Some(list) = image.packages.as_deref().filter(|_| fits) else { continue };
            let likeness = packages.likeness_to(list);
            if !likeness.is_enough() {
                continue;
            }
            if nearest.first().is_some_and(|first| first.likeness < likeness) {
                nearest.clear();
            }
            if nearest.first().is_none_or(|first| first.likeness == likeness) {
                nearest.push(Nearest { image, likeness });
            }
        }
        Ok(nearest)
    }

    /// The lists that share most packages, versions included.
    fn lists_like(&self, packages: &PackageList) -> Result<BTreeSet<u32>, CatalogueError> {
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for (name, version) in packages.iter() {
            for list in self.table().find::<U32>(PACKAGES, &package_key(name, version))? {
                *shared.entry(list.get()).or_default() += 1;
            }
        }
        let lists = self.table().records::<Span>(LISTS)?;
        let mut near = Vec::new();
        for (list, same) in shared {
            let Some(of) = lists.get(list as usize).map(|span| span.count.get() as usize) else {
                continue;
            };
            // As if every other package were there in another version.
            let at_best = Likeness { same, named: of, of };
            if at_best.is_enough() {
                near.push((Reverse(at_best), list));
            }
        }
        near.sort();
        Ok(near.into_iter().take(MAX_LISTS).map(|(_, list)| list).collect())
    }
}
