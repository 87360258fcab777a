//! The rows of a table, in order.

use super::cell::{LinkCell, RowCell};
use super::node::{Content, Node};
use super::pager::Pager;
use super::payload;
use crate::installed::Collector;
use crate::problem::{Place, Reason};

/// sqlite's own limit (`BTCURSOR_MAX_DEPTH`): more than the greatest possible table needs.
const MAX_DEPTH: usize = 20;

/// What is done with a row.
pub(super) type RowReader<'r> = &'r mut dyn FnMut(Place, &[u8], &mut Collector);

/// Calls `read_row` for every row of the table whose b-tree begins at page `root`.
pub(super) fn walk(
    pager: &mut Pager<'_>,
    root: u32,
    collector: &mut Collector,
    read_row: RowReader<'_>,
) {
    let mut walk = Walk { pager, collector, read_row, scratch: Vec::new(), last_row: None };
    walk.page(root, 1);
}

struct Walk<'w, 'a> {
    pager: &'w mut Pager<'a>,
    collector: &'w mut Collector,
    read_row: RowReader<'w>,
    scratch: Vec<u8>,
    /// Row numbers ascend through the whole tree, so a page linked from the wrong place shows.
    last_row: Option<i64>,
}

impl Walk<'_, '_> {
    fn page(&mut self, number: u32, depth: usize) {
        let place = Place::Page(number);
        if depth > MAX_DEPTH {
            return self.collector.problem(place, Reason::TreeDepth);
        }
        let node = match self.pager.take(number).and_then(|page| Node::read(page, number)) {
            Ok(node) => node,
            Err(reason) => return self.collector.problem(place, reason),
        };
        if !node.adds_up {
            self.collector.problem(place, Reason::PageSpace);
        }
        match node.content {
            Content::Rows(rows) => {
                for (index, row) in (0..).zip(rows) {
                    let place = Place::Entry { page: number, index };
                    if let Err(reason) = row.and_then(|row| self.row(place, &row)) {
                        self.collector.problem(place, reason);
                    }
                }
            }
            Content::Links(links, last_child) => {
                for (index, link) in (0..).zip(links) {
                    if let Err(reason) = link.and_then(|link| self.link(&link, depth)) {
                        self.collector.problem(Place::Entry { page: number, index }, reason);
                    }
                }
                self.page(last_child, depth + 1);
            }
        }
    }

    fn row(&mut self, place: Place, cell: &RowCell<'_>) -> Result<(), Reason> {
        let in_order = self.last_row.is_none_or(|last| last < cell.row);
        self.last_row = Some(cell.row);
        let row = payload::gather(self.pager, cell, &mut self.scratch)?;
        (self.read_row)(place, row, self.collector);
        if in_order { Ok(()) } else { Err(Reason::RowOrder(cell.row)) }
    }

    fn link(&mut self, cell: &LinkCell, depth: usize) -> Result<(), Reason> {
        self.page(cell.child, depth + 1);
        let in_order = self.last_row.is_none_or(|last| last <= cell.row);
        if in_order { Ok(()) } else { Err(Reason::RowOrder(cell.row)) }
    }
}
