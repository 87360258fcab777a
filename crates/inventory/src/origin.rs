//! What of an image is its base's, and what was added on top.

use std::collections::{BTreeMap, HashSet};

use plimsoll_model::{Image, Origin, Package, PackageId};

/// Marks the lowest `base_layers` layers as the base's and tells whose each of `packages` is.
///
/// A package is the base's if the base has it in the same version: one that was upgraded on top is
/// the image's own, and so is one of a layer above. `base_packages` are those of
/// [`ImageInventory::prefix`](crate::ImageInventory::prefix). Without a base nothing is known.
pub fn mark_origins(
    image: &mut Image,
    base_layers: usize,
    base_packages: &[Package],
    packages: &[Package],
) -> BTreeMap<PackageId, Origin> {
    let has_base = base_layers > 0;
    let of = |is_base: bool| match (has_base, is_base) {
        (false, _) => Origin::Unknown,
        (true, true) => Origin::Base,
        (true, false) => Origin::Own,
    };
    for (number, layer) in image.layers.iter_mut().enumerate() {
        layer.origin = of(number < base_layers);
    }
    let base: HashSet<&PackageId> = base_packages.iter().map(|package| &package.id).collect();
    packages.iter().map(|package| (package.id.clone(), of(base.contains(&package.id)))).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Ecosystem, Layer};

    use super::*;

    fn package(name: &str, version: &str) -> Package {
        Package {
            id: PackageId::of(Ecosystem::Debian, name, version, Some("amd64")),
            ecosystem: Ecosystem::Debian,
            name: name.to_owned(),
            version: version.to_owned(),
            arch: Some("amd64".to_owned()),
            source: None,
            module: None,
            vendor: None,
            license: None,
            purl: String::new(),
            locations: Vec::new(),
            introduced_in: None,
        }
    }

    fn check(base_layers: usize, layers: [Origin; 3], packages: [Origin; 3]) {
        let layer = Layer {
            digest: None,
            diff_id: None,
            size: None,
            origin: Origin::Unknown,
            created_by: None,
        };
        let mut image = Image {
            reference: "x".to_owned(),
            source: "oci".to_owned(),
            digest: None,
            config_digest: None,
            platform: None,
            created: None,
            layers: vec![layer; 3],
        };
        let base = [package("kept", "1"), package("upgraded", "1"), package("removed", "1")];
        let all = [package("added", "1"), package("kept", "1"), package("upgraded", "2")];
        let found = mark_origins(&mut image, base_layers, &base, &all);
        let origins: Vec<_> = image.layers.iter().map(|layer| layer.origin).collect();
        assert_eq!(origins, layers, "{base_layers}");
        assert_eq!(all.map(|package| found[&package.id]), packages, "{base_layers}");
    }

    #[test]
    fn what_the_base_has_in_the_same_version_is_its() {
        use Origin::{Base, Own, Unknown};
        check(2, [Base, Base, Own], [Own, Base, Own]);
        check(9, [Base; 3], [Own, Base, Own]);
        check(0, [Unknown; 3], [Unknown; 3]);
    }
}
