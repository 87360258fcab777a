//! The parts of an OVAL document that matter here, read as a stream of XML events.
//!
//! Definitions come first and name tests, which name objects and states, which come last; so a compact
//! form of everything is held until the end.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::super::reading::{FeedError, timestamp};

/// The largest documents (SUSE, Red Hat) have 300 MB; more is no OVAL.
const MAX_BYTES: u64 = 1 << 30;

/// Criteria nest four deep in what distributions publish.
const MAX_DEPTH: usize = 32;

/// One text (a description) is some KB; more of it is not kept.
const MAX_TEXT: usize = 64 << 10;

/// A document as far as it is evaluated.
#[derive(Default)]
pub(super) struct Document {
    pub(super) definitions: Vec<Definition>,
    pub(super) tests: HashMap<String, Test>,
    pub(super) objects: HashMap<String, Object>,
    pub(super) states: HashMap<String, StateOf>,
    pub(super) variables: HashMap<String, Vec<String>>,
    pub(super) date: Option<Timestamp>,
}

/// One `<definition>`.
#[derive(Default)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) severity: Option<String>,
    pub(super) patchable: Option<String>,
    pub(super) published: Option<Timestamp>,
    /// Of all `<reference>`s: the source's name, the id, the address.
    pub(super) references: Vec<[String; 3]>,
    /// The text of `<cve>` elements.
    pub(super) cves: Vec<String>,
    pub(super) criteria: Option<Criteria>,
}

/// A node of the condition.
pub(super) enum Criteria {
    /// All of them hold.
    And(Vec<Criteria>),
    /// One of them holds.
    Or(Vec<Criteria>),
    /// The test of this id holds.
    Test { id: String, comment: String },
    /// Something that is not evaluated: another definition, or a negation.
    Other,
}

/// One `<…_test>`.
#[derive(Default)]
pub(super) struct Test {
    /// `rpminfo`, `dpkginfo`, `textfilecontent54` …
    pub(super) family: String,
    pub(super) object: String,
    pub(super) state: Option<String>,
}

/// One `<…_object>`: a package's name, or the variable that holds names.
#[derive(Default)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) variable: Option<String>,
}

/// One `<…_state>`: the conditions on an installed package.
#[derive(Default)]
pub(super) struct StateOf {
    /// The operation and the version.
    pub(super) evr: Option<(String, String)>,
    pub(super) arch: Option<String>,
}

/// What the element that is being read belongs to.
enum Part {
    Definition(Definition),
    Test(String, Test),
    Object(String, Object),
    State(String, StateOf),
    Variable(String, Vec<String>),
}

struct Builder {
    document: Document,
    part: Option<Part>,
    /// Criteria that are still open, outermost first.
    open: Vec<(bool, bool, Vec<Criteria>)>,
    /// The operation of the `<evr>` that is being read.
    operation: String,
    text: String,
}

/// Reads a document.
pub(super) fn read(input: impl Read) -> Result<Document, FeedError> {
    let input = BufReader::with_capacity(256 << 10, input.take(MAX_BYTES));
    let mut xml = Reader::from_reader(input);
    xml.config_mut().check_end_names = true;
    let mut builder = Builder {
        document: Document::default(),
        part: None,
        open: Vec::new(),
        operation: String::new(),
        text: String::new(),
    };
    let bad = |error: &dyn std::fmt::Display| FeedError::syntax("an OVAL document", error);
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    let mut is_oval = false;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(|error| bad(&error))? {
            Event::Start(element) => {
                is_oval |= element.local_name().as_ref() == "oval_definitions";
                depth += 1;
                builder.start(&element).map_err(|error| bad(&error))?;
            }
            Event::Empty(element) => {
                builder.start(&element).map_err(|error| bad(&error))?;
                builder.end(element.local_name().as_ref());
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                builder.end(element.local_name().as_ref());
            }
            Event::Text(text) => builder.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => builder.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => builder.text(c.encode_utf8(&mut [0; 4])),
                _ => builder.text(resolve_xml_entity(&reference).unwrap_or_default()),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if depth != 0 || !is_oval {
        return Err(bad(&"it is cut off, or something else"));
    }
    Ok(builder.document)
}

impl Builder {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        self.text.clear();
        let name = element.local_name();
        let name = name.as_ref();
        let attributes = Attributes::of(element)?;
        match name {
            "definition" => {
                let id = attributes.get("id");
                self.part = Some(Part::Definition(Definition { id, ..Definition::default() }));
            }
            "constant_variable" => {
                self.part = Some(Part::Variable(attributes.get("id"), Vec::new()));
            }
            "criteria" => {
                if self.open.len() == MAX_DEPTH {
                    return Err(format!("criteria nest deeper than {MAX_DEPTH}"));
                }
                let is_or = attributes.get("operator").eq_ignore_ascii_case("or");
                let negated = attributes.get("negate") == "true";
                self.open.push((is_or, negated, Vec::new()));
            }
            "criterion" => {
                let node = if attributes.get("negate") == "true" {
                    Criteria::Other
                } else {
                    Criteria::Test {
                        id: attributes.get("test_ref"),
                        comment: attributes.get("comment"),
                    }
                };
                self.node(node);
            }
            "extend_definition" => self.node(Criteria::Other),
            _ => self.start_in_part(name, &attributes),
        }
        Ok(())
    }

    fn start_in_part(&mut self, name: &str, attributes: &Attributes) {
        if let Some(family) = name.strip_suffix("_test") {
            let test = Test { family: family.to_owned(), ..Test::default() };
            self.part = Some(Part::Test(attributes.get("id"), test));
            return;
        }
        if name.ends_with("_object") {
            self.part = Some(Part::Object(attributes.get("id"), Object::default()));
            return;
        }
        if name.ends_with("_state") {
            self.part = Some(Part::State(attributes.get("id"), StateOf::default()));
            return;
        }
        match (&mut self.part, name) {
            (Some(Part::Definition(definition)), "reference") => definition.references.push([
                attributes.get("source"),
                attributes.get("ref_id"),
                attributes.get("ref_url"),
            ]),
            (Some(Part::Definition(definition)), "issued") => {
                definition.published =
                    definition.published.or_else(|| date(&attributes.get("date")));
            }
            (Some(Part::Test(_, test)), "object") => test.object = attributes.get("object_ref"),
            (Some(Part::Test(_, test)), "state") => test.state = Some(attributes.get("state_ref")),
            (Some(Part::Object(_, object)), "name") => {
                let variable = attributes.get("var_ref");
                object.variable = (!variable.is_empty()).then_some(variable);
            }
            (Some(Part::State(..)), "evr") => self.operation = attributes.get("operation"),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        match (name, &mut self.part) {
            ("criteria", _) => {
                if let Some((is_or, negated, children)) = self.open.pop() {
                    self.node(match (negated, is_or) {
                        (true, _) => Criteria::Other,
                        (false, true) => Criteria::Or(children),
                        (false, false) => Criteria::And(children),
                    });
                }
            }
            ("timestamp", None) => self.document.date = timestamp(text).or_else(|| date(text)),
            ("title", Some(Part::Definition(definition))) => text.clone_into(&mut definition.title),
            ("severity", Some(Part::Definition(definition))) => {
                definition.severity = Some(text.to_owned());
            }
            ("patchable", Some(Part::Definition(definition))) => {
                definition.patchable = Some(text.to_owned());
            }
            ("cve", Some(Part::Definition(definition))) => definition.cves.push(text.to_owned()),
            ("advisory_date" | "public_date", Some(Part::Definition(definition))) => {
                definition.published = timestamp(text).or_else(|| date(text));
            }
            ("name", Some(Part::Object(_, object))) => text.clone_into(&mut object.name),
            ("value", Some(Part::Variable(_, values))) => values.push(text.to_owned()),
            ("evr", Some(Part::State(_, state))) => {
                state.evr = Some((std::mem::take(&mut self.operation), text.to_owned()));
            }
            ("arch", Some(Part::State(_, state))) => state.arch = Some(text.to_owned()),
            _ => self.end_part(name),
        }
    }

    fn end_part(&mut self, name: &str) {
        let ends = match &self.part {
            Some(Part::Definition(_)) => name == "definition",
            Some(Part::Test(..)) => name.ends_with("_test"),
            Some(Part::Object(..)) => name.ends_with("_object"),
            Some(Part::State(..)) => name.ends_with("_state"),
            Some(Part::Variable(..)) => name == "constant_variable",
            None => false,
        };
        if !ends {
            return;
        }
        let document = &mut self.document;
        match self.part.take() {
            Some(Part::Definition(definition)) => document.definitions.push(definition),
            Some(Part::Test(id, test)) => drop(document.tests.insert(id, test)),
            Some(Part::Object(id, object)) => drop(document.objects.insert(id, object)),
            Some(Part::State(id, state)) => drop(document.states.insert(id, state)),
            Some(Part::Variable(id, values)) => drop(document.variables.insert(id, values)),
            None => {}
        }
    }

    /// Adds a node to the criteria that are open, or makes it the definition's condition.
    fn node(&mut self, node: Criteria) {
        match (self.open.last_mut(), &mut self.part) {
            (Some((_, _, children)), _) => children.push(node),
            (None, Some(Part::Definition(definition))) => definition.criteria = Some(node),
            (None, _) => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.text.len() + text.len() <= MAX_TEXT {
            self.text.push_str(text);
        }
    }
}

/// The attributes of an element, by local name.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(element: &BytesStart<'_>) -> Result<Self, String> {
        let mut list = Vec::new();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            list.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self(list))
    }

    fn get(&self, name: &str) -> String {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }
}

/// `2019-10-23`, `2017-01-31 22:59:00 UTC`, `2020-02-20T11:58:25`: times without a zone are taken as UTC.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(" UTC");
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into)).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}
