//! Bills of materials: an inventory in the two formats that other programs read.
//!
//! Both are functions of the inventory alone: no clock and no randomness, so the same inventory gives
//! the same bytes, and two documents differ only where the inventories do. Their time of creation is the
//! day the inventory speaks for. Text out of the image is written as `for_terminal` shows it: documents
//! are printed and converted to formats (tag-value, XML) that have no place for control characters. The
//! purl has the exact name and version.

mod cyclonedx;
mod identity;
mod image_purl;
mod license;
mod spdx;

pub use self::cyclonedx::cyclonedx;
pub use self::spdx::spdx;

use std::borrow::Cow;

use jiff::civil::Date;

use crate::escape::for_terminal;

/// The start of the day, as both formats want it.
fn midnight(day: Date) -> String {
    format!("{day}T00:00:00Z")
}

/// The text made harmless; none where there is nothing in it.
fn present(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.trim().is_empty()).map(for_terminal)
}
