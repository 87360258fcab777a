//! Fixtures of this crate's tests.

use std::io;

use plimsoll_unpack::{Expected, Limits, read_layer};
use tar::{Builder, EntryType, Header};

use crate::budget::Budget;
use crate::facts::{LayerFacts, Stated};
use crate::layer::{Analyser, digests};

/// A tar whose entries are written as lines: `dir/`, `file`, `file: content`, `fifo|`, `link ->
/// target`, `hard = target`.
pub(crate) fn tar_of(lines: &[&str]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for line in lines {
        let mut header = Header::new_gnu();
        header.set_mode(0o755);
        if let Some((path, content)) = line.split_once(": ") {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_bytes()).unwrap();
            continue;
        }
        header.set_size(0);
        if let Some((path, target)) = line.split_once(" -> ") {
            header.set_entry_type(EntryType::Symlink);
            tar.append_link(&mut header, path, target).unwrap();
        } else if let Some((path, target)) = line.split_once(" = ") {
            header.set_entry_type(EntryType::Link);
            tar.append_link(&mut header, path, target).unwrap();
        } else {
            let (path, kind) = match line.strip_suffix('|') {
                Some(path) => (path, EntryType::Fifo),
                None if line.ends_with('/') => (*line, EntryType::Directory),
                None => (*line, EntryType::Regular),
            };
            header.set_entry_type(kind);
            tar.append_data(&mut header, path, io::empty()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

/// The facts of a layer, read as images are.
pub(crate) fn facts_of(tar: &[u8]) -> LayerFacts {
    let budget = Budget::default();
    let mut analyser = Analyser::new(&budget, None);
    let layer =
        read_layer(tar, &Expected::default(), &Limits::default(), |entry| analyser.entry(entry))
            .unwrap();
    let (diff_id, digest) = digests(&layer);
    let stated = Stated { diff_id: &diff_id, digest: digest.as_ref(), size: layer.size };
    analyser.finish(&stated).unwrap()
}

/// The facts of layers written as lines, lowest first.
pub(crate) fn layers(stack: &[&[&str]]) -> Vec<LayerFacts> {
    stack.iter().map(|lines| facts_of(&tar_of(lines))).collect()
}
