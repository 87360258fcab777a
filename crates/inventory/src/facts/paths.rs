//! Every path of a layer, sorted, in a form that is searched without being decoded.
//!
//! Paths are ordered component by component (`a`, `a/b`, `a.b`), so what lies below a directory
//! follows it, and a tar made by walking a tree is already in order. Each path is written as the
//! length it shares with the one before and the rest; every sixteenth is written whole, and the
//! offsets of those stand in front:
//!
//! ```text
//! entries u32 · blocks u32 · offset u32 × blocks · entries
//! entry: shared · rest · tag · [target]    (LEB128 numbers; byte strings begin with their length)
//! ```

use std::cmp::Ordering;

use super::codec::{Decoder, Encoder, Malformed};

/// Paths from one whole path to the next: a search decodes half of them on average.
const BLOCK: usize = 16;

/// A table without paths.
pub(crate) const EMPTY: [u8; 8] = [0; 8];

/// What a layer has at a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    /// The entry itself; none where there is only a whiteout, or an opaque marker inside.
    pub(crate) kind: Option<Kind<'a>>,
    /// What it hides of the layers below.
    pub(crate) hides: Hides,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Dir,
    File,
    /// With the target as it stands in the link.
    Symlink(&'a [u8]),
    /// With the cleaned path of the file it is another name of.
    Hardlink(&'a [u8]),
    /// A device, a FIFO: hides what is below, can never be read.
    Other,
}

/// What a layer hides of those below it; never anything of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hides {
    #[default]
    Nothing,
    /// Opaque: what the directory had below.
    Children,
    /// A whiteout: whatever was there, with all below it.
    All,
}

/// Compares component by component: the separator sorts before every byte of a name.
pub(crate) fn order(left: &[u8], right: &[u8]) -> Ordering {
    let shared = shared(left, right);
    let rank = |byte: &u8| if *byte == b'/' { 0 } else { u16::from(*byte) + 1 };
    left.get(shared).map(rank).cmp(&right.get(shared).map(rank))
}

fn shared(left: &[u8], right: &[u8]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

/// Writes a sorted table.
#[derive(Default)]
pub(super) struct Writer {
    entries: Encoder,
    offsets: Vec<u32>,
    count: u32,
    last: Vec<u8>,
}

impl Writer {
    /// Adds the next path; they must come in [`order`].
    pub(super) fn push(&mut self, path: &[u8], node: &Node<'_>) {
        let shared = if (self.count as usize).is_multiple_of(BLOCK) {
            self.offsets.push(self.entries.len() as u32);
            0
        } else {
            shared(&self.last, path)
        };
        self.entries.number(shared as u64);
        self.entries.bytes(&path[shared..]);
        let (kind, target) = match node.kind {
            None => (0, None),
            Some(Kind::Dir) => (1, None),
            Some(Kind::File) => (2, None),
            Some(Kind::Symlink(target)) => (3, Some(target)),
            Some(Kind::Hardlink(target)) => (4, Some(target)),
            Some(Kind::Other) => (5, None),
        };
        self.entries.byte(kind | (node.hides as u8) << 4);
        if let Some(target) = target {
            self.entries.bytes(target);
        }
        self.last.clear();
        self.last.extend_from_slice(path);
        self.count += 1;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut table = Vec::with_capacity(8 + self.offsets.len() * 4 + self.entries.len());
        table.extend_from_slice(&self.count.to_le_bytes());
        table.extend_from_slice(&(self.offsets.len() as u32).to_le_bytes());
        for offset in &self.offsets {
            table.extend_from_slice(&offset.to_le_bytes());
        }
        table.extend_from_slice(self.entries.as_bytes());
        table
    }
}

/// A table, searched where it lies. Nothing in it is believed: every length and offset is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths<'a> {
    count: usize,
    offsets: &'a [[u8; 4]],
    entries: &'a [u8],
}

/// The outcome of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// What is at the path itself.
    pub(crate) node: Node<'a>,
    /// Whether the layer has anything below it, which makes it a directory.
    pub(crate) has_children: bool,
}

impl<'a> Paths<'a> {
    pub(crate) fn new(table: &'a [u8]) -> Result<Self, Malformed> {
        let (count, rest) = table.split_first_chunk().ok_or(Malformed)?;
        let (blocks, rest) = rest.split_first_chunk().ok_or(Malformed)?;
        let count = u32::from_le_bytes(*count) as usize;
        let blocks = u32::from_le_bytes(*blocks) as usize;
        if blocks != count.div_ceil(BLOCK) {
            return Err(Malformed);
        }
        let length = blocks.checked_mul(4).ok_or(Malformed)?;
        let (offsets, entries) = rest.split_at_checked(length).ok_or(Malformed)?;
        let (offsets, _) = offsets.as_chunks();
        Ok(Self { count, offsets, entries })
    }

    /// How many paths there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// What the layer has at `path`.
    pub(crate) fn find(&self, path: &[u8]) -> Result<Found<'a>, Malformed> {
        let mut found = Found { node: Node::default(), has_children: false };
        let mut cursor = self.seek(path)?;
        while cursor.next()? {
            match order(&cursor.path, path) {
                Ordering::Less => {}
                Ordering::Equal => found.node = cursor.node,
                Ordering::Greater => {
                    found.has_children = is_below(&cursor.path, path);
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Calls `visit` with each path below `directory`, relative to it.
    pub(crate) fn below(
        &self,
        directory: &[u8],
        mut visit: impl FnMut(&[u8], Node<'a>),
    ) -> Result<(), Malformed> {
        let mut cursor = self.seek(directory)?;
        while cursor.next()? {
            if is_below(&cursor.path, directory) {
                let skip = if directory.is_empty() { 0 } else { directory.len() + 1 };
                visit(&cursor.path[skip..], cursor.node);
            } else if order(&cursor.path, directory) == Ordering::Greater {
                break;
            }
        }
        Ok(())
    }

    /// All paths, in order.
    pub(super) fn all(&self) -> Cursor<'a> {
        self.at_block(0)
    }

    /// A cursor in front of the block that would hold `path`.
    fn seek(&self, path: &[u8]) -> Result<Cursor<'a>, Malformed> {
        let (mut low, mut high) = (0, self.offsets.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let mut cursor = self.at_block(middle);
            cursor.next()?;
            match order(&cursor.path, path) {
                Ordering::Greater => high = middle,
                Ordering::Less | Ordering::Equal => low = middle + 1,
            }
        }
        Ok(self.at_block(low.saturating_sub(1)))
    }

    fn at_block(&self, block: usize) -> Cursor<'a> {
        let offset =
            self.offsets.get(block).map_or(usize::MAX, |at| u32::from_le_bytes(*at) as usize);
        let rest = self.entries.get(offset..).unwrap_or_default();
        let left = self.count.saturating_sub(block * BLOCK);
        Cursor { from: Decoder::new(rest), left, path: Vec::new(), node: Node::default() }
    }
}

fn is_below(path: &[u8], directory: &[u8]) -> bool {
    match path.strip_prefix(directory) {
        Some(rest) if directory.is_empty() => !rest.is_empty(),
        Some(rest) => rest.starts_with(b"/"),
        None => false,
    }
}

/// Steps through a table.
pub(super) struct Cursor<'a> {
    from: Decoder<'a>,
    left: usize,
    pub(super) path: Vec<u8>,
    pub(super) node: Node<'a>,
}

impl Cursor<'_> {
    /// Steps to the next path; false behind the last.
    pub(super) fn next(&mut self) -> Result<bool, Malformed> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let shared = self.from.size()?;
        if shared > self.path.len() {
            return Err(Malformed);
        }
        self.path.truncate(shared);
        self.path.extend_from_slice(self.from.bytes()?);
        let tag = self.from.byte()?;
        let kind = match tag & 0xf {
            0 => None,
            1 => Some(Kind::Dir),
            2 => Some(Kind::File),
            3 => Some(Kind::Symlink(self.from.bytes()?)),
            4 => Some(Kind::Hardlink(self.from.bytes()?)),
            5 => Some(Kind::Other),
            _ => return Err(Malformed),
        };
        let hides = match tag >> 4 {
            0 => Hides::Nothing,
            1 => Hides::Children,
            2 => Hides::All,
            _ => return Err(Malformed),
        };
        self.node = Node { kind, hides };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(paths: &[&[u8]]) -> Vec<u8> {
        let mut writer = Writer::default();
        for path in paths {
            writer.push(path, &Node { kind: Some(Kind::File), hides: Hides::Nothing });
        }
        writer.finish()
    }

    #[test]
    fn children_follow_their_directory() {
        let mut paths: Vec<&[u8]> =
            vec![b"a.b", b"a", b"", b"a/c/d", b"a-", b"a/c", b"\xff", b"a/\xfe"];
        paths.sort_by(|left, right| order(left, right));
        let expected: Vec<&[u8]> =
            vec![b"", b"a", b"a/c", b"a/c/d", b"a/\xfe", b"a-", b"a.b", b"\xff"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn every_path_is_found_and_nothing_else() {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for outer in 0..40 {
            names.push(format!("dir{outer}").into_bytes());
            for inner in 0..outer {
                names.push(format!("dir{outer}/file{inner}").into_bytes());
            }
        }
        names.push(b"lone/deep/file\xff".to_vec());
        names.sort_by(|left, right| order(left, right));
        let bytes = table(&names.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let paths = Paths::new(&bytes).unwrap();
        assert_eq!(paths.len(), names.len());
        for name in &names {
            let found = paths.find(name).unwrap();
            assert_eq!(found.node.kind, Some(Kind::File));
            let children = names.iter().any(|other| is_below(other, name));
            assert_eq!(found.has_children, children, "{name:?}");
        }
        for (absent, children) in [
            (&b"dir"[..], false),
            (b"lone", true),
            (b"lone/deep", true),
            (b"zzz", false),
            (b"", true),
        ] {
            let found = paths.find(absent).unwrap();
            assert_eq!((found.node.kind, found.has_children), (None, children), "{absent:?}");
        }
        let mut below = 0;
        paths.below(b"dir39", |name, _| below += usize::from(name.starts_with(b"file"))).unwrap();
        assert_eq!(below, 39);
    }

    #[test]
    fn nodes_survive() {
        let nodes = [
            Node { kind: None, hides: Hides::All },
            Node { kind: Some(Kind::Dir), hides: Hides::Children },
            Node { kind: Some(Kind::Symlink(b"../x")), hides: Hides::Nothing },
            Node { kind: Some(Kind::Hardlink(b"x")), hides: Hides::All },
            Node { kind: Some(Kind::Other), hides: Hides::Nothing },
        ];
        let mut writer = Writer::default();
        for (index, node) in nodes.iter().enumerate() {
            writer.push(&[b'a' + index as u8], node);
        }
        let bytes = writer.finish();
        let paths = Paths::new(&bytes).unwrap();
        for (index, node) in nodes.iter().enumerate() {
            assert_eq!(paths.find(&[b'a' + index as u8]).unwrap().node, *node);
        }
    }

    #[test]
    fn damaged_tables_never_panic() {
        let names: Vec<Vec<u8>> = (100..180).map(|n| format!("d/{n}").into_bytes()).collect();
        let bytes = table(&names.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let search = |bytes: &[u8]| {
            if let Ok(paths) = Paths::new(bytes) {
                for wanted in [&b"d/100"[..], b"d/150", b"d", b"zz", b""] {
                    let _ = paths.find(wanted);
                    let _ = paths.below(wanted, |_, _| {});
                }
            }
        };
        for cut in 0..bytes.len() {
            search(&bytes[..cut]);
        }
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] ^= flip;
                search(&damaged);
            }
        }
        assert!(Paths::new(&[]).is_err());
        assert_eq!(Paths::new(&EMPTY).unwrap().find(b"x").unwrap().node, Node::default());
    }
}
