//! The part of SPDX that is written, in the words of its JSON schema.

use std::borrow::Cow;

use serde::Serialize;

use crate::escape::for_terminal;

/// "Nobody looked", as opposed to `NONE`, "there is none".
pub(super) const NO_ASSERTION: &str = "NOASSERTION";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    pub(super) spdx_version: &'static str,
    /// The licence of the document itself: SPDX allows no other.
    pub(super) data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub(super) spdx_id: &'static str,
    pub(super) name: Cow<'a, str>,
    pub(super) document_namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    pub(super) creation_info: CreationInfo,
    pub(super) packages: &'a [Package<'a>],
    pub(super) relationships: Vec<Relationship<'a>>,
}

#[derive(Serialize)]
pub(super) struct CreationInfo {
    pub(super) created: String,
    pub(super) creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package<'a> {
    #[serde(rename = "SPDXID")]
    pub(super) spdx_id: String,
    pub(super) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version_info: Option<Cow<'a, str>>,
    pub(super) primary_package_purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<String>,
    pub(super) download_location: &'static str,
    /// Always false: the package manager's record was read, not the package's files.
    pub(super) files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_info: Option<String>,
    pub(super) license_concluded: &'static str,
    pub(super) license_declared: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_comments: Option<Cow<'a, str>>,
    pub(super) copyright_text: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) external_refs: Option<[ExternalRef<'a>; 1]>,
}

impl<'a> Package<'a> {
    /// The least that a package has.
    pub(super) fn of(spdx_id: String, name: &'a str, purpose: Purpose) -> Self {
        Self {
            spdx_id,
            name: for_terminal(name),
            version_info: None,
            primary_package_purpose: purpose,
            summary: None,
            supplier: None,
            download_location: NO_ASSERTION,
            files_analyzed: false,
            source_info: None,
            license_concluded: NO_ASSERTION,
            license_declared: NO_ASSERTION.into(),
            license_comments: None,
            copyright_text: NO_ASSERTION,
            external_refs: None,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub(super) enum Purpose {
    Container,
    Library,
    OperatingSystem,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalRef<'a> {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: Cow<'a, str>,
}

impl<'a> ExternalRef<'a> {
    pub(super) fn purl(purl: Cow<'a, str>) -> Self {
        Self {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: purl,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship<'a> {
    spdx_element_id: &'a str,
    relationship_type: Relation,
    related_spdx_element: &'a str,
}

impl<'a> Relationship<'a> {
    pub(super) fn of(element: &'a str, relation: Relation, related: &'a str) -> Self {
        Self {
            spdx_element_id: element,
            relationship_type: relation,
            related_spdx_element: related,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Relation {
    Contains,
    Describes,
}
