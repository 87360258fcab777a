//! The merged image, asked path by path: what an overlay of the layers would show, found by
//! searching the layers' sorted paths from the top down. No tree is built.
//!
//! The rules are overlayfs' and the OCI image specification's ("Changesets"):
//! - an entry hides what lower layers have at its path, except that directories merge with
//!   directories;
//! - an entry's parents that the layer does not list are directories all the same;
//! - `.wh.name` hides `name` of lower layers, `.wh..wh..opq` all children that lower layers have;
//!   neither hides anything of its own layer;
//! - a directory that is replaced and made again shows nothing from before.

use crate::facts::LayerFacts;
use crate::facts::codec::Malformed;
use crate::facts::paths::{Hides, Kind};

/// Links followed for one path: as many as Linux follows (`MAXSYMLINKS`).
const MAX_LINKS: usize = 40;

/// Components walked for one path: far more than `PATH_MAX` has, and an end for links that grow.
const MAX_STEPS: usize = 4096;

/// Names listed in one directory. Distroless images have two for each package, some hundred in all.
const MAX_NAMES: usize = 10_000;

/// Some layers, lowest first, seen as one file system.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    layers: &'a [&'a LayerFacts],
}

/// A regular file of the merged image.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The file's path with all symbolic links resolved.
    pub(crate) path: Vec<u8>,
    /// The layer that has its bytes, counted from the lowest.
    pub(crate) layer: usize,
    /// Their path in that layer: another one where the file is a hard link.
    pub(crate) stored: Vec<u8>,
    /// The highest layer that had a part in finding it. Seen from any number of layers that
    /// includes this one and leads to no newer file, the path leads here.
    pub(crate) decided: usize,
}

/// Why a path cannot be followed to its end, other than that nothing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unresolved {
    #[error("more than {MAX_LINKS} links lead on (a cycle)")]
    Links,
    #[error("links lead through more than {MAX_STEPS} directories")]
    Steps,
    #[error("leads to something that is no regular file")]
    NotAFile,
    #[error("the directory has more than {MAX_NAMES} entries")]
    Names,
    #[error(transparent)]
    Facts(#[from] Malformed),
}

/// What the merged image has at one name of a directory.
enum Entry<'a> {
    /// With the lowest layer whose children it still shows.
    Directory { floor: usize },
    /// In this layer.
    Leaf { layer: usize, kind: Kind<'a> },
}

/// A directory on the way, and what it shows.
#[derive(Clone)]
struct Directory {
    path: Vec<u8>,
    floor: usize,
}

/// The end of a walk.
enum End<'a> {
    Directory(Directory),
    Leaf(Leaf<'a>),
}

/// Something that is no directory, as its layer has it.
struct Leaf<'a> {
    path: Vec<u8>,
    layer: usize,
    kind: Kind<'a>,
    decided: usize,
}

/// What is bounded over a whole walk, links of links included.
#[derive(Default)]
struct Spent {
    links: usize,
    steps: usize,
}

impl Spent {
    fn link(&mut self) -> Result<(), Unresolved> {
        self.links += 1;
        if self.links > MAX_LINKS { Err(Unresolved::Links) } else { Ok(()) }
    }

    fn step(&mut self) -> Result<(), Unresolved> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err(Unresolved::Steps) } else { Ok(()) }
    }
}

/// What is done with a symbolic link in the last component.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Follow,
    /// As `link(2)` does: another name for a link is that link.
    Keep,
}

impl<'a> View<'a> {
    pub(crate) fn new(layers: &'a [&'a LayerFacts]) -> Self {
        Self { layers }
    }

    /// How many layers there are.
    pub(crate) fn height(&self) -> usize {
        self.layers.len()
    }

    /// Only the lowest `count` layers.
    pub(crate) fn lowest(&self, count: usize) -> Self {
        Self { layers: self.layers.get(..count).unwrap_or(self.layers) }
    }

    /// The regular file that `path` leads to; none where nothing is there.
    pub(crate) fn file(&self, path: &[u8]) -> Result<Option<Place>, Unresolved> {
        let mut spent = Spent::default();
        match self.walk(path, Last::Follow, &mut spent)? {
            None => Ok(None),
            Some(End::Directory(_)) => Err(Unresolved::NotAFile),
            Some(End::Leaf(leaf)) => self.stored(leaf, &mut spent),
        }
    }

    /// The names in the directory that `path` leads to, sorted; none where no directory is there.
    pub(crate) fn names(&self, path: &[u8]) -> Result<Vec<Vec<u8>>, Unresolved> {
        let end = self.walk(path, Last::Follow, &mut Spent::default())?;
        let Some(End::Directory(directory)) = end else { return Ok(Vec::new()) };
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut excess = false;
        for layer in self.layers.get(directory.floor..).unwrap_or_default() {
            layer.paths()?.below(&directory.path, |name, _| {
                let name = name.split(|byte| *byte == b'/').next().unwrap_or_default();
                if names.last().is_none_or(|last| last != name) {
                    excess |= names.len() >= MAX_NAMES;
                    if !excess {
                        names.push(name.to_vec());
                    }
                }
            })?;
        }
        if excess {
            return Err(Unresolved::Names);
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn walk(
        &self,
        path: &[u8],
        last: Last,
        spent: &mut Spent,
    ) -> Result<Option<End<'a>>, Unresolved> {
        let mut pending: Vec<Vec<u8>> = Vec::new();
        push_components(&mut pending, path);
        let root = self.root()?;
        let mut trail: Vec<Directory> = Vec::new();
        let mut decided = 0;
        while let Some(name) = pending.pop() {
            spent.step()?;
            if name == b".." {
                trail.pop();
                continue;
            }
            let directory = trail.last().unwrap_or(&root);
            let path = join(&directory.path, &name);
            let (layer, kind) = match self.entry(&path, directory.floor)? {
                None => return Ok(None),
                Some(Entry::Directory { floor }) => {
                    trail.push(Directory { path, floor });
                    continue;
                }
                Some(Entry::Leaf { layer, kind }) => (layer, kind),
            };
            decided = decided.max(layer);
            let leaf = Leaf { path, layer, kind, decided };
            if pending.is_empty() && last == Last::Keep {
                return Ok(Some(End::Leaf(leaf)));
            }
            let Some(target) = self.link_target(&leaf, spent)? else {
                // Below a file there is nothing.
                return Ok(pending.is_empty().then_some(End::Leaf(leaf)));
            };
            spent.link()?;
            if target.starts_with(b"/") {
                trail.clear();
            }
            push_components(&mut pending, target);
        }
        Ok(Some(End::Directory(trail.pop().unwrap_or(root))))
    }

    /// Where a symbolic link leads, or a hard link to a symbolic link.
    fn link_target(
        &self,
        leaf: &Leaf<'a>,
        spent: &mut Spent,
    ) -> Result<Option<&'a [u8]>, Unresolved> {
        let (mut layer, mut kind) = (leaf.layer, leaf.kind);
        loop {
            match kind {
                Kind::Symlink(target) => return Ok(Some(target)),
                Kind::Hardlink(target) => match self.other_name(layer, target, spent)? {
                    Some(other) => (layer, kind) = (other.layer, other.kind),
                    None => return Ok(None),
                },
                Kind::Dir | Kind::File | Kind::Other => return Ok(None),
            }
        }
    }

    /// The file whose bytes a leaf has, through all hard links.
    fn stored(&self, leaf: Leaf<'a>, spent: &mut Spent) -> Result<Option<Place>, Unresolved> {
        let Leaf { path, mut layer, mut kind, decided } = leaf;
        let mut stored = path.clone();
        loop {
            match kind {
                Kind::File => return Ok(Some(Place { path, layer, stored, decided })),
                Kind::Hardlink(target) => match self.other_name(layer, target, spent)? {
                    Some(other) => (layer, kind, stored) = (other.layer, other.kind, other.path),
                    None => return Ok(None),
                },
                Kind::Dir | Kind::Symlink(_) | Kind::Other => return Err(Unresolved::NotAFile),
            }
        }
    }

    /// What a hard link made by `layer` is another name of, in the image as that layer left it.
    fn other_name(
        &self,
        layer: usize,
        target: &[u8],
        spent: &mut Spent,
    ) -> Result<Option<Leaf<'a>>, Unresolved> {
        spent.link()?;
        match self.lowest(layer + 1).walk(target, Last::Keep, spent)? {
            Some(End::Leaf(leaf)) => Ok(Some(leaf)),
            Some(End::Directory(_)) | None => Ok(None),
        }
    }

    /// What is at `path`, whose directory shows the layers from `floor` up.
    fn entry(&self, path: &[u8], floor: usize) -> Result<Option<Entry<'a>>, Malformed> {
        let mut lowest = None;
        for (index, layer) in self.layers.iter().enumerate().skip(floor).rev() {
            let found = layer.paths()?.find(path)?;
            let implied = found.has_children || found.node.hides == Hides::Children;
            match found.node.kind.or(implied.then_some(Kind::Dir)) {
                Some(Kind::Dir) => lowest = Some(index),
                Some(_) if lowest.is_some() => break,
                Some(kind) => return Ok(Some(Entry::Leaf { layer: index, kind })),
                None => {}
            }
            if found.node.hides != Hides::Nothing {
                break;
            }
        }
        Ok(lowest.map(|floor| Entry::Directory { floor }))
    }

    /// The root, which a layer can make opaque like any directory.
    fn root(&self) -> Result<Directory, Malformed> {
        let mut floor = 0;
        for (index, layer) in self.layers.iter().enumerate().rev() {
            if layer.paths()?.find(b"")?.node.hides != Hides::Nothing {
                floor = index;
                break;
            }
        }
        Ok(Directory { path: Vec::new(), floor })
    }
}

/// Puts a path's components on a stack, the first on top.
fn push_components(pending: &mut Vec<Vec<u8>>, path: &[u8]) {
    let components = path.rsplit(|byte| *byte == b'/');
    pending.extend(components.filter(|name| !matches!(*name, b"" | b".")).map(<[u8]>::to_vec));
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    path.extend_from_slice(directory);
    if !directory.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

#[cfg(test)]
mod shared_data_tests;
#[cfg(test)]
mod tests;
