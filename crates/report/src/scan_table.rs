//! The answer of `plimsoll scan` for people.

mod alert;
mod footer;
mod groups;
mod header;
mod remedies;

use plimsoll_model::Scan;

pub(crate) use alert::{Since, can_be_summed, parts, since, sum};
pub(crate) use footer::caveats;
pub(crate) use header::{base_line, header, support};
pub use remedies::instruction;
pub(crate) use remedies::{by_key, changed, distinct_ids, offered, sources, uncleared, worst_of};

use crate::filtered::Filtered;
use crate::look::Look;

/// What a row of the table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The update that clears findings: a source package and a version.
    #[default]
    Remedy,
    /// One finding on one package.
    Finding,
    /// An installed package.
    Package,
    /// A layer of the image.
    Layer,
}

/// The whole report: the image and what it stands on, what is wrong and since when, what to do, the
/// findings grouped as asked, what was not evaluated, what to type next. `hidden` is how many findings
/// filters took out of the document before.
pub fn scan_table(scan: &Scan, hidden: usize, by: By, look: Look) -> String {
    let mut text = header(&scan.image, scan.os.as_ref(), scan.as_of, look);
    text.push_str(&base_line(scan.base.as_ref(), &scan.image, look));
    text.push_str(&header::data_line(scan, look));
    let blocks = match by {
        By::Remedy => [remedies::what_to_do(scan, look), groups::by_remedy(scan, look)],
        By::Finding => [String::new(), groups::by_finding(scan, look)],
        By::Package => [String::new(), groups::by_package(scan, look)],
        By::Layer => [String::new(), groups::by_layer(scan, look)],
    };
    let [what_to_do, body] = blocks;
    let filtered = Filtered { scan, hidden };
    let (alert, footer) = (alert::alert(filtered, look), footer::footer(filtered, look));
    for block in [alert, what_to_do, body, footer] {
        if !block.is_empty() {
            text.push('\n');
            text.push_str(&block);
        }
    }
    text
}
