//! The part of CycloneDX that is written, in the words of its JSON schema.

use std::borrow::Cow;

use serde::Serialize;

use crate::escape::for_terminal;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bom<'a> {
    pub(super) bom_format: &'static str,
    pub(super) spec_version: &'static str,
    pub(super) serial_number: String,
    /// Counts editions with the same serial number; ours has the contents in it, so it is always 1.
    pub(super) version: u32,
    pub(super) metadata: Metadata<'a>,
    pub(super) components: &'a [Component<'a>],
    pub(super) dependencies: [Dependency<'a>; 1],
}

#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) timestamp: String,
    pub(super) tools: Tools<'a>,
    pub(super) component: &'a Component<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
pub(super) struct Tools<'a> {
    pub(super) components: [Component<'a>; 1],
}

#[derive(Serialize)]
pub(super) struct Component<'a> {
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    pub(super) bom_ref: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: ComponentType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<Entity<'a>>,
    pub(super) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) licenses: Option<[LicenseChoice<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) purl: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) properties: Vec<Property<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) evidence: Option<Evidence<'a>>,
}

impl<'a> Component<'a> {
    /// The least that a component has.
    pub(super) fn of(kind: ComponentType, name: &'a str) -> Self {
        Self {
            bom_ref: None,
            kind,
            supplier: None,
            name: for_terminal(name),
            version: None,
            description: None,
            licenses: None,
            purl: None,
            properties: Vec::new(),
            evidence: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ComponentType {
    Application,
    Container,
    Library,
    OperatingSystem,
}

#[derive(Serialize)]
pub(super) struct Entity<'a> {
    pub(super) name: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum LicenseChoice<'a> {
    Expression { expression: Cow<'a, str>, acknowledgement: Acknowledgement },
    Named(License<'a>),
}

#[derive(Serialize)]
pub(super) struct License<'a> {
    pub(super) license: NamedLicense<'a>,
}

#[derive(Serialize)]
pub(super) struct NamedLicense<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) acknowledgement: Acknowledgement,
}

/// Whose word a licence is.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Acknowledgement {
    /// The package's own.
    Declared,
}

#[derive(Serialize)]
pub(super) struct Property<'a> {
    pub(super) name: &'static str,
    pub(super) value: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct Evidence<'a> {
    pub(super) occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Occurrence<'a> {
    pub(super) location: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_context: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dependency<'a> {
    #[serde(rename = "ref")]
    pub(super) reference: &'static str,
    pub(super) depends_on: Vec<&'a str>,
}
