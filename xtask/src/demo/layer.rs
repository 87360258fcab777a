//! What one root file system has and another lacks, as a layer: what a build step would have left.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use plimsoll_testkit::{Compression, Layer};
use tar::{Archive, Builder, EntryType, Header};

/// What makes a member the same: not its time, which a second build changes.
#[derive(PartialEq, Eq)]
struct Member {
    kind: EntryType,
    mode: u32,
    owner: (u64, u64),
    link: Option<Vec<u8>>,
    content: Vec<u8>,
}

/// A root file system in a tar, as a layer.
pub(super) fn whole(tar: &Path) -> Result<Layer> {
    let bytes = std::fs::read(tar).with_context(|| tar.display().to_string())?;
    Ok(Layer::from_tar(&bytes, Compression::Gzip))
}

/// The layer that makes `after` of `before`.
pub(super) fn difference(before: &Path, after: &Path) -> Result<Layer> {
    let open = |path: &Path| File::open(path).with_context(|| path.display().to_string());
    let tar = changes(open(before)?, open(after)?)
        .with_context(|| format!("comparing {} with {}", before.display(), after.display()))?;
    Ok(Layer::from_tar(&tar, Compression::Gzip))
}

/// A text file of a root file system.
pub(super) fn text(tar: &Path, wanted: &str) -> Result<String> {
    let file = File::open(tar).with_context(|| tar.display().to_string())?;
    for entry in Archive::new(file).entries()? {
        let mut entry = entry?;
        if path(&entry) == wanted {
            let mut text = String::new();
            entry.read_to_string(&mut text).with_context(|| wanted.to_owned())?;
            return Ok(text);
        }
    }
    bail!("{} has no {wanted}", tar.display())
}

/// When the newest package of a root file system was built, in seconds since the epoch: builds give every file at most
/// the time of the changelog's newest entry.
pub(super) fn newest_package(tar: &Path) -> Result<u64> {
    let file = File::open(tar).with_context(|| tar.display().to_string())?;
    let mut newest = 0;
    for entry in Archive::new(file).entries()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() && path(&entry).starts_with("usr/share/doc/") {
            newest = newest.max(entry.header().mtime()?);
        }
    }
    Ok(newest)
}

fn changes(before: impl Read, after: impl Read) -> io::Result<Vec<u8>> {
    let mut known = BTreeMap::new();
    for entry in Archive::new(before).entries()? {
        let mut entry = entry?;
        known.insert(path(&entry), member(&mut entry)?);
    }
    let mut layer = Builder::new(Vec::new());
    for entry in Archive::new(after).entries()? {
        let mut entry = entry?;
        let path = path(&entry);
        let member = member(&mut entry)?;
        if known.remove(&path).as_ref() != Some(&member) {
            append(&mut layer, &path, &member, entry.header().clone())?;
        }
    }
    // What is left was removed (OCI image specification, "Whiteouts").
    for path in known.keys().filter(|path| !parents(path).any(|parent| known.contains_key(parent)))
    {
        let mut header = Header::new_gnu();
        header.set_size(0);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        layer.append_data(&mut header, whiteout(path), io::empty())?;
    }
    layer.into_inner()
}

/// The directories that a path lies in, the nearest first.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('/'), |(parent, _)| parent.rsplit_once('/'))
        .map(|(parent, _)| parent)
}

fn whiteout(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((parent, name)) => format!("{parent}/.wh.{name}"),
        None => format!(".wh.{path}"),
    }
}

/// Without `./` in front and a slash behind.
fn path<R: Read>(entry: &tar::Entry<'_, R>) -> String {
    let bytes = entry.path_bytes();
    let path = String::from_utf8_lossy(&bytes);
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}

fn member<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Member> {
    let link = entry.link_name_bytes().map(std::borrow::Cow::into_owned);
    let header = entry.header();
    let (kind, mode) = (header.entry_type(), header.mode()?);
    let owner = (header.uid()?, header.gid()?);
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(Member { kind, mode, owner, link, content })
}

fn append(
    layer: &mut Builder<Vec<u8>>,
    path: &str,
    member: &Member,
    mut header: Header,
) -> io::Result<()> {
    match &member.link {
        Some(link) => {
            let link = String::from_utf8_lossy(link);
            layer.append_link(&mut header, path, &*link)
        }
        None if path.is_empty() => Ok(()),
        None => layer.append_data(&mut header, path, &*member.content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_testkit::{Entry, TarWriter};

    #[test]
    fn only_what_differs_is_in_the_layer() {
        let tar = |entries: &[Entry]| {
            let mut tar = TarWriter::new(Vec::new());
            entries.iter().for_each(|entry| tar.append(entry).unwrap());
            tar.finish().unwrap()
        };
        let before = tar(&[
            Entry::directory("./etc"),
            Entry::file("./etc/same", "1"),
            Entry::file("./etc/changed", "1"),
            Entry::directory("./etc/gone"),
            Entry::file("./etc/gone/too", "1"),
            Entry::file("./old", "1"),
        ]);
        let after = tar(&[
            Entry::directory("./etc"),
            Entry::file("./etc/same", "1"),
            Entry::file("./etc/changed", "2"),
            Entry::symlink("./etc/new", "same"),
        ]);
        let layer = changes(&*before, &*after).unwrap();
        let mut found = Vec::new();
        for entry in Archive::new(&*layer).entries().unwrap() {
            let mut entry = entry.unwrap();
            let content = member(&mut entry).unwrap().content;
            found.push((path(&entry), String::from_utf8(content).unwrap()));
        }
        let owned = |path: &str, content: &str| (path.to_owned(), content.to_owned());
        assert_eq!(
            found,
            [
                owned("etc/changed", "2"),
                owned("etc/new", ""),
                owned("etc/.wh.gone", ""),
                owned(".wh.old", ""),
            ]
        );
    }
}
