//! What apt knows of the packages of an image.

use std::collections::BTreeSet;

use plimsoll_inventory::ImageInventory;
use plimsoll_model::Package;

/// dpkg's architectures of the image, its own first: that of most packages.
pub(super) fn architectures(image: &ImageInventory) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for arch in image.packages.iter().filter(|p| is_apt(p)).filter_map(|p| p.arch.as_deref()) {
        match counts.iter_mut().find(|(known, _)| *known == arch) {
            _ if arch == "all" => {}
            Some((_, count)) => *count += 1,
            None => counts.push((arch, 1)),
        }
    }
    counts.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
    counts.into_iter().map(|(arch, _)| arch.to_owned()).collect()
}

fn is_apt(package: &Package) -> bool {
    use plimsoll_model::Ecosystem::{Debian, Ubuntu};
    matches!(package.ecosystem, Debian | Ubuntu)
}

pub(super) fn apt_packages(packages: &[Package]) -> Vec<Package> {
    packages.iter().filter(|package| is_apt(package)).cloned().collect()
}

/// The packages on hold as `name:arch`.
pub(super) fn held(image: &ImageInventory) -> BTreeSet<String> {
    let held = image.packages.iter().filter(|package| image.held.contains(&package.id));
    held.map(|package| match &package.arch {
        Some(arch) => format!("{}:{arch}", package.name),
        None => package.name.clone(),
    })
    .collect()
}
