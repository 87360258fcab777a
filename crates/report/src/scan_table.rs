//! The answer of `plimsoll scan` for people.

mod footer;
mod groups;
mod header;

use plimsoll_model::Scan;

pub(crate) use header::header;

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

/// The whole report: a header, the findings grouped as asked, the sum, what was not evaluated. `hidden` is how
/// many findings filters took out of the document before.
pub fn scan_table(scan: &Scan, hidden: usize, by: By, look: Look) -> String {
    let mut text = header(&scan.image, scan.os.as_ref(), scan.as_of, look);
    text.push_str(&header::data_line(scan, look));
    text.push('\n');
    let body = match by {
        By::Remedy => groups::by_remedy(scan, look),
        By::Finding => groups::by_finding(scan, look),
        By::Package => groups::by_package(scan, look),
        By::Layer => groups::by_layer(scan, look),
    };
    if !body.is_empty() {
        text.push_str(&body);
        text.push('\n');
    }
    text.push_str(&footer::footer(scan, hidden, look));
    text
}
