//! Values for the tests of this module.

use plimsoll_model::{Ecosystem, Package, PackageId, SourcePackage};

/// An installed package, built from a source of the same name and version.
pub(super) fn installed(name: &str, version: &str, arch: &str) -> Package {
    Package {
        id: PackageId::of(Ecosystem::Rocky, name, version, Some(arch)),
        ecosystem: Ecosystem::Rocky,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: Some(arch.to_owned()),
        source: Some(SourcePackage { name: name.to_owned(), version: version.to_owned() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}
