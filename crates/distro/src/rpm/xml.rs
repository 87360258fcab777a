//! The XML of repositories, element by element, within limits.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// The metadata of repositories nests seven deep at most.
const MAX_DEPTH: usize = 32;

/// One tag or one text; the longest descriptions have some 100 kB. What is longer would be held in memory.
const MAX_EVENT: usize = 4 << 20;

/// Elements of repository metadata have eight attributes at most.
const MAX_ATTRIBUTES: usize = 32;

/// Why metadata of a repository cannot be read: it counts for nothing.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The bytes could not be read or unpacked.
    #[error("reading the metadata")]
    Read(#[source] io::Error),
    /// It is not well-formed.
    #[error("metadata is not XML: {0}")]
    Syntax(String),
    /// It is another document, or cut off.
    #[error("metadata is not a whole <{expected}> document")]
    Other {
        /// The name of the root it should have.
        expected: &'static str,
    },
    /// Elements within elements: no metadata has so many.
    #[error("elements of the metadata nest deeper than {MAX_DEPTH}")]
    TooDeep,
    /// A document type, which could define entities.
    #[error("metadata declares a document type")]
    DocumentType,
    /// More than any repository has.
    #[error("metadata has more than {limit} {what}")]
    TooMany {
        /// How many may be.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// A file that is larger than any: it is not fetched.
    #[error("metadata states that {path} has more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// How many bytes may be.
        limit: u64,
    },
    /// A checksum that anybody can forge, or none.
    #[error("metadata states no checksum of {path} that is strong enough")]
    Weak {
        /// The file that it should state it of.
        path: String,
    },
}

/// What a reader makes of the elements, by their local names.
pub(super) trait Visitor {
    /// An element begins.
    fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError>;
    /// An element ends; `text` is what stood in it since the last tag, without white space around it.
    fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError>;
}

/// The attributes of an element.
pub(super) struct Attributes<'x>(&'x BytesStart<'x>);

impl Attributes<'_> {
    /// The first attribute with this local name, its references resolved.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        // Looking for duplicates would take quadratic time.
        let mut attributes = self.0.attributes();
        attributes
            .with_checks(false)
            .take(MAX_ATTRIBUTES)
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.local_name().as_ref() == name)
            .and_then(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0).ok())
    }

    /// The same as a text of its own.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Cow::into_owned)
    }
}

/// Reads a document with this root to its end.
pub(super) fn read(
    input: impl BufRead,
    root: &'static str,
    visitor: &mut impl Visitor,
) -> Result<(), MetadataError> {
    let mut xml = Reader::from_reader(Rationed { input, left: MAX_EVENT });
    let (mut buffer, mut text) = (Vec::new(), String::new());
    let mut depth = 0;
    let mut is_whole = false;
    loop {
        buffer.clear();
        xml.get_mut().left = MAX_EVENT;
        match xml.read_event_into(&mut buffer).map_err(failure)? {
            Event::Start(element) => {
                if depth == 0 {
                    expect_root(&element, root, is_whole)?;
                }
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(MetadataError::TooDeep);
                }
                text.clear();
                visitor.start(element.local_name().as_ref(), &Attributes(&element))?;
            }
            Event::Empty(element) => {
                if depth == 0 {
                    expect_root(&element, root, is_whole)?;
                    is_whole = true;
                }
                text.clear();
                let name = element.local_name();
                visitor.start(name.as_ref(), &Attributes(&element))?;
                visitor.end(name.as_ref(), "")?;
            }
            Event::End(element) => {
                depth -= 1;
                is_whole = depth == 0;
                visitor.end(element.local_name().as_ref(), text.trim())?;
                text.clear();
            }
            Event::Text(content) => push(&mut text, &content.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(content) => push(&mut text, &content.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => push(&mut text, c.encode_utf8(&mut [0; 4])),
                _ => push(&mut text, resolve_xml_entity(&reference).unwrap_or("\u{fffd}")),
            },
            Event::DocType(_) => return Err(MetadataError::DocumentType),
            Event::Eof => break,
            _ => {}
        }
    }
    if is_whole { Ok(()) } else { Err(MetadataError::Other { expected: root }) }
}

/// Texts between many comments add up; what is beyond is cut.
fn push(text: &mut String, more: &str) {
    if text.len() + more.len() <= MAX_EVENT {
        text.push_str(more);
    }
}

fn expect_root(
    element: &BytesStart<'_>,
    root: &'static str,
    is_second: bool,
) -> Result<(), MetadataError> {
    if is_second || element.local_name().as_ref() != root {
        return Err(MetadataError::Other { expected: root });
    }
    Ok(())
}

fn failure(error: quick_xml::Error) -> MetadataError {
    match error {
        quick_xml::Error::Io(error) => {
            MetadataError::Read(io::Error::new(error.kind(), error.to_string()))
        }
        error => MetadataError::Syntax(error.to_string()),
    }
}

/// An input of which one event gets no more than its ration: the parser itself would hold a text of any length.
struct Rationed<R> {
    input: R,
    left: usize,
}

impl<R: BufRead> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(buffer.len());
        if let (Some(from), Some(to)) = (available.get(..n), buffer.get_mut(..n)) {
            to.copy_from_slice(from);
        }
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Rationed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(format!("one element has more than {MAX_EVENT} bytes")));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[derive(Default)]
    struct Trace(String);

    impl Visitor for Trace {
        fn start(&mut self, name: &str, attributes: &Attributes<'_>) -> Result<(), MetadataError> {
            let value = attributes.text("x").unwrap_or_default();
            write!(self.0, "<{name}{value}").unwrap();
            Ok(())
        }

        fn end(&mut self, name: &str, text: &str) -> Result<(), MetadataError> {
            write!(self.0, "{text}/{name}>").unwrap();
            Ok(())
        }
    }

    fn trace(xml: &str) -> Result<String, String> {
        let mut trace = Trace::default();
        match read(xml.as_bytes(), "r", &mut trace) {
            Ok(()) => Ok(trace.0),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn elements_their_attributes_and_texts() {
        for (xml, expected) in [
            ("<?xml version='1.0'?><r><a x='1&amp;2'> t </a></r>", "<r<a1&2t/a>/r>"),
            ("<p:r><p:a y='0' p:x='3'/>&lt;&#65;<![CDATA[<]]></p:r>", "<r<a3/a><A</r>"),
            ("<r>&unknown;</r>", "<r\u{fffd}/r>"),
            ("<r/>", "<r/r>"),
        ] {
            assert_eq!(trace(xml).as_deref(), Ok(expected), "{xml}");
        }
    }

    #[test]
    fn what_is_no_metadata_is_an_error() {
        let deep = format!("<r>{}{}</r>", "<a>".repeat(40), "</a>".repeat(40));
        for (xml, expected) in [
            ("", "metadata is not a whole <r> document"),
            ("<html/>", "metadata is not a whole <r> document"),
            ("<r><a></a>", "metadata is not a whole <r> document"),
            ("<r/><r/>", "metadata is not a whole <r> document"),
            (deep.as_str(), "elements of the metadata nest deeper than 32"),
            ("<!DOCTYPE r [<!ENTITY a 'aaaa'>]><r>&a;</r>", "metadata declares a document type"),
        ] {
            assert_eq!(trace(xml), Err(expected.to_owned()), "{xml}");
        }
        assert!(trace("<r><a></b></r>").is_err_and(|error| error.contains("not XML")));
    }

    #[test]
    fn a_text_without_end_is_not_held_in_memory() {
        let endless = io::BufReader::new(b"<r>".chain(io::repeat(b'a')));
        let error = read(endless, "r", &mut Trace::default()).unwrap_err();
        assert!(matches!(error, MetadataError::Read(_)), "{error}");
        let endless = io::BufReader::new(b"<r ".chain(io::repeat(b'a')));
        assert!(read(endless, "r", &mut Trace::default()).is_err());
    }
}
