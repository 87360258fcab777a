//! SPDX 2.3 in JSON. 2.3 and not 3.0, which is another model that few programs read.

mod document;

use std::borrow::Cow;

use plimsoll_model::{Inventory, Os, Package as Installed};

use self::document::{
    CreationInfo, Document, ExternalRef, NO_ASSERTION, Package, Purpose, Relation, Relationship,
};
use super::image_purl::image_purl;
use super::license::is_expression;
use super::{identity, midnight, present};
use crate::escape::for_terminal;
use crate::json::to_json;
use crate::unique::Unique;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

/// The inventory as SPDX 2.3 JSON: the document describes the image, which contains its operating
/// system and each package.
///
/// # Errors
/// None for an inventory; see [`to_json`].
pub fn spdx(inventory: &Inventory) -> serde_json::Result<String> {
    let image = image(inventory);
    let mut packages = Vec::with_capacity(inventory.packages.len() + 2);
    packages.push(image);
    packages.extend(inventory.os.as_ref().map(operating_system));
    let mut ids = Unique::default();
    for package in &inventory.packages {
        packages.push(library(package, ids.claim(&spdx_id(&package.id.0))));
    }
    to_json(&Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        spdx_id: DOCUMENT,
        name: for_terminal(&inventory.image.reference),
        document_namespace: identity::urn("spdx", inventory)?,
        comment: problems(inventory),
        creation_info: CreationInfo {
            created: midnight(inventory.as_of),
            creators: [format!("Tool: plimsoll-{}", inventory.tool.version)],
        },
        relationships: relationships(&packages),
        packages: &packages,
    })
}

fn image(inventory: &Inventory) -> Package<'_> {
    let image = &inventory.image;
    let digest = image.digest.as_ref().or(image.config_digest.as_ref());
    Package {
        version_info: digest.map(|digest| digest.to_string().into()),
        external_refs: image_purl(image).map(|purl| [ExternalRef::purl(purl.into())]),
        ..Package::of("SPDXRef-Image".to_owned(), &image.reference, Purpose::Container)
    }
}

fn operating_system(os: &Os) -> Package<'_> {
    Package {
        version_info: present(os.version_id.as_deref()),
        summary: present(os.pretty_name.as_deref()),
        ..Package::of("SPDXRef-OperatingSystem".to_owned(), &os.id, Purpose::OperatingSystem)
    }
}

fn library(package: &Installed, id: String) -> Package<'_> {
    // The wording of Trivy, which reads it back: a scanner of the document needs the source package.
    let source = package.source.as_ref().map(|source| {
        let text = format!("built package from: {} {}", source.name, source.version);
        for_terminal(&text).into_owned()
    });
    let supplier = present(package.vendor.as_deref());
    let (license_declared, license_comments) = license(package);
    Package {
        version_info: Some(for_terminal(&package.version)),
        supplier: supplier.map(|vendor| format!("Organization: {vendor}")),
        source_info: source,
        license_declared,
        license_comments,
        external_refs: Some([ExternalRef::purl(for_terminal(&package.purl))]),
        ..Package::of(id, &package.name, Purpose::Library)
    }
}

/// The declared licence, and the package's own words where they are no expression: to make a
/// `LicenseRef` of them would mean to give the licence's text, which is not known.
fn license(package: &Installed) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    match present(package.license.as_deref()) {
        Some(text) if is_expression(&text) => (text, None),
        text => (NO_ASSERTION.into(), text),
    }
}

fn relationships<'a>(packages: &'a [Package<'_>]) -> Vec<Relationship<'a>> {
    let mut relationships = Vec::with_capacity(packages.len());
    if let Some((image, contents)) = packages.split_first() {
        let describes = Relation::Describes;
        relationships.push(Relationship::of(DOCUMENT, describes, &image.spdx_id));
        relationships.extend(
            contents.iter().map(|package| {
                Relationship::of(&image.spdx_id, Relation::Contains, &package.spdx_id)
            }),
        );
    }
    relationships
}

/// What could not be read: a list with gaps must not pass for a whole one.
fn problems(inventory: &Inventory) -> Option<String> {
    let problems = inventory.problems.iter().map(|problem| {
        for_terminal(&format!("{}: {}", problem.path, problem.message)).into_owned()
    });
    let problems = problems.collect::<Vec<_>>().join("; ");
    (!problems.is_empty()).then(|| format!("not everything could be read: {problems}"))
}

/// An SPDX identifier has letters, digits, `.` and `-` only (clause 7.2).
fn spdx_id(id: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let id = id.chars().map(|c| if allowed(c) { c } else { '-' });
    format!("SPDXRef-Package-{}", id.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_characters_that_spdx_allows() {
        let check = |id, expected: &str| assert_eq!(spdx_id(id), expected);
        check("debian/libssl3@1:3.0~x+b1:amd64", "SPDXRef-Package-debian-libssl3-1-3.0-x-b1-amd64");
        check("a/ü\u{1b}@1", "SPDXRef-Package-a----1");
        check("", "SPDXRef-Package-");
    }
}
