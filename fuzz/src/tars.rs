//! Tars as members, by our reader and by the `tar` crate.

use std::io::Read;

use plimsoll_unpack::tar::{Kind, TarReader};
use plimsoll_unpack::{Limits, SafePath};

use crate::Pieces;

/// Sparse members claim exabytes of holes: only contents up to this size are read.
const MAX_CONTENT: u64 = 1 << 16;

/// A member's path, and its content where that was read.
pub type Content = (SafePath, Option<Vec<u8>>);

/// What reading a tar gave.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub contents: Vec<Content>,
    /// All that the headers say, a text for each member.
    pub headers: Vec<String>,
    /// The error that ended the reading.
    pub error: Option<String>,
}

/// Reads a tar that arrives in pieces of `size` bytes, with or without the members' bodies.
pub fn read(bytes: &[u8], size: usize, bodies: bool) -> Outcome {
    let limits = Limits { max_entries: 100, ..Limits::default() };
    let mut reader = TarReader::new(Pieces::new(bytes, size), &limits);
    let mut outcome = Outcome { contents: Vec::new(), headers: Vec::new(), error: None };
    loop {
        match reader.next_entry() {
            Ok(Some(mut entry)) => {
                check_path(entry.path());
                if let Kind::Hardlink { target } = entry.kind() {
                    check_path(target);
                }
                let (path, kind) = (entry.path().clone(), entry.kind());
                assert!(entry.mode() <= 0o7777);
                let header = format!("{path:?} {kind:?} {} {:o}", entry.size(), entry.mode());
                let content = bodies.then(|| entry.read_to_vec(MAX_CONTENT).ok()).flatten();
                let is_whole = |content: &Vec<u8>| content.len() as u64 == entry.size();
                assert!(content.as_ref().is_none_or(is_whole));
                outcome.headers.push(header);
                outcome.contents.push((path, content));
            }
            Ok(None) => break,
            Err(error) => {
                outcome.error = Some(format!("{error:?}"));
                assert!(matches!(reader.next_entry(), Ok(None)), "errors are final");
                return outcome;
            }
        }
    }
    assert_eq!(reader.entries(), outcome.headers.len() as u64);
    outcome
}

/// Checks that a path stays inside its root, whatever is done with it.
pub fn check_path(path: &SafePath) {
    let bytes = path.as_bytes();
    let is_odd = |part: &[u8]| matches!(part, b"" | b"." | b"..") || part.contains(&0);
    assert!(!path.components().any(is_odd), "{path:?}");
    assert!(!bytes.starts_with(b"/") && !bytes.ends_with(b"/"), "{path:?}");
    assert!(path.is_root() || SafePath::new(bytes).as_ref() == Ok(path), "cleaning twice");
    let climbed = path.resolve(b"../../../../x").expect("it is short");
    assert!(!climbed.components().any(is_odd), "{path:?} resolves to {climbed:?}");
}

/// What the `tar` crate reads; nothing where it refuses, or is known to decide otherwise.
pub fn read_by_tar_crate(bytes: &[u8]) -> Option<Vec<Content>> {
    let mut contents = Vec::new();
    for entry in tar::Archive::new(bytes).entries().ok()? {
        let mut entry = entry.ok()?;
        let kind = entry.header().entry_type();
        let is_file = kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse();
        // It skips a body behind directories and links, lists global headers as members, and knows no PAX sparse
        // files.
        let has_body = !is_file && entry.size() > 0;
        if has_body || kind.is_pax_global_extensions() || entry.pax_extensions().ok()?.is_some() {
            return None;
        }
        let path = SafePath::new(entry.path_bytes()).ok()?;
        if entry.size() > MAX_CONTENT {
            contents.push((path, None));
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        contents.push((path, Some(content)));
    }
    Some(contents)
}
