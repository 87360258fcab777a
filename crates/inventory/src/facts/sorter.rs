//! Sorts a layer's paths as they arrive, in bounded memory.

use std::cmp::Ordering;

use super::codec::Malformed;
use super::paths::{Cursor, Hides, Kind, Node, Paths, Writer, order};

/// Bytes of paths held unsorted. A layer with more is sorted in runs of this size and merged:
/// compressed runs are a quarter of their paths, so a layer of five million entries stays near 100
/// MB.
const RUN: usize = 4 << 20;

/// Three million files, the most that was seen in an image, take 90 MB. A layer beyond this limit
/// was made to exhaust a machine.
const MAX_TABLE: usize = 192 << 20;

/// The paths of a layer take more memory than any real layer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the layer's paths take more than {MAX_TABLE} bytes")]
pub(crate) struct TooManyPaths;

/// Collects paths in any order.
pub(super) struct Sorter {
    run: usize,
    names: Vec<u8>,
    items: Vec<Item>,
    runs: Vec<Vec<u8>>,
    encoded: usize,
}

/// A path and what is there; offsets into `names`, so that an item is small.
#[derive(Clone, Copy)]
struct Item {
    start: u32,
    path: u32,
    target: u32,
    kind: Shape,
    hides: Hides,
}

/// A [`Kind`] whose target lies behind its path in `names`.
#[derive(Clone, Copy)]
enum Shape {
    None,
    Dir,
    File,
    Symlink,
    Hardlink,
    Other,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_run(RUN)
    }
}

impl Sorter {
    fn with_run(run: usize) -> Self {
        Self { run, names: Vec::new(), items: Vec::new(), runs: Vec::new(), encoded: 0 }
    }

    pub(super) fn push(&mut self, path: &[u8], node: Node<'_>) -> Result<(), TooManyPaths> {
        let (kind, target) = match node.kind {
            None => (Shape::None, &[][..]),
            Some(Kind::Dir) => (Shape::Dir, &[][..]),
            Some(Kind::File) => (Shape::File, &[][..]),
            Some(Kind::Symlink(target)) => (Shape::Symlink, target),
            Some(Kind::Hardlink(target)) => (Shape::Hardlink, target),
            Some(Kind::Other) => (Shape::Other, &[][..]),
        };
        self.items.push(Item {
            start: self.names.len() as u32,
            path: path.len() as u32,
            target: target.len() as u32,
            kind,
            hides: node.hides,
        });
        self.names.extend_from_slice(path);
        self.names.extend_from_slice(target);
        if self.names.len() >= self.run {
            self.flush();
        }
        if self.encoded > MAX_TABLE { Err(TooManyPaths) } else { Ok(()) }
    }

    /// The sorted table. Of several entries for a path the last one counts, as when the layer is
    /// unpacked; what they hide adds up.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Malformed> {
        self.flush();
        match self.runs.len() {
            0 => Ok(Writer::default().finish()),
            1 => Ok(self.runs.swap_remove(0)),
            _ => merge(&self.runs),
        }
    }

    fn flush(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let names = &self.names;
        let path = |item: &Item| &names[item.start as usize..][..item.path as usize];
        self.items.sort_by(|left, right| order(path(left), path(right)));
        let mut writer = Writer::default();
        for same in self.items.chunk_by(|left, right| path(left) == path(right)) {
            let mut node = Node::default();
            for item in same {
                let target = &names[(item.start + item.path) as usize..][..item.target as usize];
                let kind = match item.kind {
                    Shape::None => None,
                    Shape::Dir => Some(Kind::Dir),
                    Shape::File => Some(Kind::File),
                    Shape::Symlink => Some(Kind::Symlink(target)),
                    Shape::Hardlink => Some(Kind::Hardlink(target)),
                    Shape::Other => Some(Kind::Other),
                };
                add(&mut node, Node { kind, hides: item.hides });
            }
            if let Some(first) = same.first() {
                writer.push(path(first), &node);
            }
        }
        let run = writer.finish();
        self.encoded += run.len();
        self.runs.push(run);
        self.names.clear();
        self.items.clear();
    }
}

fn add<'a>(to: &mut Node<'a>, later: Node<'a>) {
    to.kind = later.kind.or(to.kind);
    to.hides = to.hides.max(later.hides);
}

fn merge(runs: &[Vec<u8>]) -> Result<Vec<u8>, Malformed> {
    let mut cursors: Vec<Cursor<'_>> = Vec::with_capacity(runs.len());
    for run in runs {
        let mut cursor = Paths::new(run)?.all();
        if cursor.next()? {
            cursors.push(cursor);
        }
    }
    let mut writer = Writer::default();
    let mut path = Vec::new();
    while let Some(lowest) = cursors.iter().min_by(|left, right| order(&left.path, &right.path)) {
        path.clone_from(&lowest.path);
        let mut node = Node::default();
        let mut index = 0;
        // Runs are in the order of arrival, so a later one's entry counts.
        while let Some(cursor) = cursors.get_mut(index) {
            if order(&cursor.path, &path) == Ordering::Equal {
                add(&mut node, cursor.node);
                if !cursor.next()? {
                    cursors.remove(index);
                    continue;
                }
            }
            index += 1;
        }
        writer.push(&path, &node);
    }
    Ok(writer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(run: usize) {
        let mut sorter = Sorter::with_run(run);
        let file = Node { kind: Some(Kind::File), hides: Hides::Nothing };
        for index in (0..500).rev() {
            sorter.push(format!("d{}/f{index}", index % 7).as_bytes(), file).unwrap();
        }
        sorter.push(b"d1/f1", Node { kind: None, hides: Hides::All }).unwrap();
        sorter
            .push(b"d2/f2", Node { kind: Some(Kind::Symlink(b"t")), hides: Hides::Nothing })
            .unwrap();
        sorter.push(b"d0", Node { kind: None, hides: Hides::Children }).unwrap();
        sorter.push(b"d0", Node { kind: Some(Kind::Dir), hides: Hides::Nothing }).unwrap();
        let table = sorter.finish().unwrap();
        let paths = Paths::new(&table).unwrap();
        assert_eq!(paths.len(), 501);
        for index in 0..500 {
            let name = format!("d{}/f{index}", index % 7);
            assert!(paths.find(name.as_bytes()).unwrap().node.kind.is_some(), "{name}");
        }
        let node = |path: &[u8]| paths.find(path).unwrap().node;
        assert_eq!(node(b"d1/f1"), Node { kind: Some(Kind::File), hides: Hides::All });
        assert_eq!(node(b"d2/f2").kind, Some(Kind::Symlink(b"t")));
        assert_eq!(node(b"d0"), Node { kind: Some(Kind::Dir), hides: Hides::Children });
    }

    #[test]
    fn runs_of_any_size_give_one_table() {
        for run in [1, 10, 100, 1000, RUN] {
            check(run);
        }
    }

    #[test]
    fn a_flood_of_paths_is_an_error() {
        let mut sorter = Sorter::default();
        let file = Node { kind: Some(Kind::File), hides: Hides::Nothing };
        let tail = "x".repeat(4000);
        let result =
            (0..100_000).try_for_each(|n| sorter.push(format!("{n}{tail}").as_bytes(), file));
        assert_eq!(result, Err(TooManyPaths));
    }

    #[test]
    fn no_paths_are_an_empty_table() {
        let table = Sorter::default().finish().unwrap();
        assert_eq!(Paths::new(&table).unwrap().len(), 0);
    }
}
