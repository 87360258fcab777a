//! A scan of which filters may have taken something out.

use plimsoll_model::Scan;

/// A scan, and what its document does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Filtered<'a> {
    /// The document, with the findings that are to be shown.
    pub scan: &'a Scan,
    /// How many findings filters took out of it.
    pub hidden: usize,
}

impl Filtered<'_> {
    /// What programs are told of the rest; none where everything is shown.
    pub(crate) fn note(self) -> Option<String> {
        match self.hidden {
            0 => None,
            1 => Some("1 finding is not shown: filters".to_owned()),
            n => Some(format!("{n} findings are not shown: filters")),
        }
    }
}
