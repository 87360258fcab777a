//! The part of GitLab's report that is written, in the words of its JSON schema.

use std::borrow::Cow;

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report<'a> {
    pub(super) version: &'static str,
    pub(super) scan: Run<'a>,
    pub(super) vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
pub(super) struct Run<'a> {
    pub(super) analyzer: Analyzer<'a>,
    pub(super) scanner: Analyzer<'a>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) start_time: &'a str,
    pub(super) end_time: &'a str,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) messages: Vec<Message>,
}

#[derive(Serialize)]
pub(super) struct Analyzer<'a> {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) version: &'a str,
    pub(super) vendor: Named<'static>,
}

#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub(super) name: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct Message {
    pub(super) level: &'static str,
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct Vulnerability<'a> {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) severity: &'static str,
    pub(super) solution: String,
    pub(super) identifiers: Vec<Identifier<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link<'a>>,
    pub(super) location: Location<'a>,
}

#[derive(Serialize)]
pub(super) struct Identifier<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Link<'a> {
    pub(super) url: &'a str,
}

#[derive(Serialize)]
pub(super) struct Location<'a> {
    pub(super) dependency: Dependency<'a>,
    pub(super) operating_system: String,
    pub(super) image: String,
}

#[derive(Serialize)]
pub(super) struct Dependency<'a> {
    pub(super) package: Named<'a>,
    pub(super) version: Cow<'a, str>,
}
