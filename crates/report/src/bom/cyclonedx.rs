//! CycloneDX 1.6 in JSON (ECMA-424, first edition).
//!
//! 1.6 and not 1.7: readers refuse a version newer than themselves, and those in wide use read up to
//! 1.6. It is also the first that says whose word a licence is (`acknowledgement`).

mod document;

use plimsoll_model::{Inventory, Os, Package};

use self::document::{
    Acknowledgement, Bom, Component, ComponentType, Dependency, Entity, Evidence, License,
    LicenseChoice, Metadata, NamedLicense, Occurrence, Property, Tools,
};
use super::image_purl::image_purl;
use super::license::is_expression;
use super::{identity, midnight, present};
use crate::escape::for_terminal;
use crate::json::to_json;
use crate::unique::Unique;

/// What refers to the image within the document.
const IMAGE: &str = "image";
/// What refers to its operating system.
const OPERATING_SYSTEM: &str = "operating-system";

/// The inventory as CycloneDX 1.6 JSON: the image, its operating system and each package, with the
/// source package, the module and the layer as properties named `plimsoll:…`.
///
/// # Errors
/// None for an inventory; see [`to_json`].
pub fn cyclonedx(inventory: &Inventory) -> serde_json::Result<String> {
    let mut references = Unique::default();
    let image = image(inventory, references.claim(IMAGE));
    let mut components = Vec::with_capacity(inventory.packages.len() + 1);
    if let Some(os) = &inventory.os {
        components.push(operating_system(os, references.claim(OPERATING_SYSTEM)));
    }
    for package in &inventory.packages {
        let reference = references.claim(&for_terminal(&package.id.0));
        components.push(library(package, reference));
    }
    let holds = components.iter().filter_map(|component| component.bom_ref.as_deref()).collect();
    to_json(&Bom {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: identity::urn("cyclonedx", inventory)?,
        version: 1,
        metadata: Metadata {
            timestamp: midnight(inventory.as_of),
            tools: Tools { components: [tool(&inventory.tool.version)] },
            component: &image,
            properties: problems(inventory),
        },
        dependencies: [Dependency { reference: IMAGE, depends_on: holds }],
        components: &components,
    })
}

fn tool(version: &str) -> Component<'_> {
    Component {
        version: Some(version.into()),
        ..Component::of(ComponentType::Application, "plimsoll")
    }
}

fn image(inventory: &Inventory, reference: String) -> Component<'_> {
    let image = &inventory.image;
    let digest = image.digest.as_ref().or(image.config_digest.as_ref());
    let platform = image.platform.as_ref().map(ToString::to_string);
    let config = image.config_digest.as_ref().map(ToString::to_string);
    let properties = [("plimsoll:platform", platform), ("plimsoll:config_digest", config)];
    Component {
        bom_ref: Some(reference),
        version: digest.map(|digest| digest.to_string().into()),
        purl: image_purl(image).map(Into::into),
        properties: properties
            .into_iter()
            .filter_map(|(name, value)| Some(Property { name, value: value?.into() }))
            .collect(),
        ..Component::of(ComponentType::Container, &image.reference)
    }
}

fn operating_system(os: &Os, reference: String) -> Component<'_> {
    Component {
        bom_ref: Some(reference),
        version: present(os.version_id.as_deref()),
        description: present(os.pretty_name.as_deref()),
        ..Component::of(ComponentType::OperatingSystem, &os.id)
    }
}

fn library(package: &Package, reference: String) -> Component<'_> {
    let source = package.source.as_ref();
    let layer = package.introduced_in.as_ref().map(|layer| layer.to_string().into());
    let properties = [
        ("plimsoll:source_name", source.map(|source| for_terminal(&source.name))),
        ("plimsoll:source_version", source.map(|source| for_terminal(&source.version))),
        ("plimsoll:module", present(package.module.as_deref())),
        ("plimsoll:layer_diff_id", layer),
    ];
    Component {
        bom_ref: Some(reference),
        supplier: present(package.vendor.as_deref()).map(|name| Entity { name }),
        version: Some(for_terminal(&package.version)),
        licenses: license(package),
        purl: Some(for_terminal(&package.purl)),
        properties: properties
            .into_iter()
            .filter_map(|(name, value)| Some(Property { name, value: value? }))
            .collect(),
        evidence: evidence(package),
        ..Component::of(ComponentType::Library, &package.name)
    }
}

fn license(package: &Package) -> Option<[LicenseChoice<'_>; 1]> {
    let text = present(package.license.as_deref())?;
    let acknowledgement = Acknowledgement::Declared;
    Some([if is_expression(&text) {
        LicenseChoice::Expression { expression: text, acknowledgement }
    } else {
        LicenseChoice::Named(License { license: NamedLicense { name: text, acknowledgement } })
    }])
}

fn evidence(package: &Package) -> Option<Evidence<'_>> {
    let occurrences = package.locations.iter().map(|location| Occurrence {
        location: for_terminal(&location.path),
        additional_context: location.layer.as_ref().map(|layer| format!("layer {layer}")),
    });
    (!package.locations.is_empty()).then(|| Evidence { occurrences: occurrences.collect() })
}

/// What could not be read: a list with gaps must not pass for a whole one.
fn problems(inventory: &Inventory) -> Vec<Property<'_>> {
    let problems = inventory.problems.iter().map(|problem| {
        let text = format!("{}: {}", problem.path, problem.message);
        Property { name: "plimsoll:problem", value: for_terminal(&text).into_owned().into() }
    });
    problems.collect()
}
