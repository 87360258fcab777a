//! A scan of which filters may have taken something out.

use plimsoll_model::{CoverageStatus, Scan};

/// A scan, and what its document does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Filtered<'a> {
    /// The document, with the findings that are to be shown.
    pub scan: &'a Scan,
    /// How many findings filters took out of it.
    pub hidden: usize,
}

impl Filtered<'_> {
    /// Whether every part was judged with usable data. Where one was not, what is missing from the findings is not
    /// gone, and a program that closes what is missing must be told.
    pub(crate) fn is_whole(self) -> bool {
        let coverage = &self.scan.coverage;
        !coverage.is_empty() && coverage.iter().all(|part| part.status == CoverageStatus::Evaluated)
    }

    /// What programs are told of the rest; none where everything is shown.
    pub(crate) fn note(self) -> Option<String> {
        match self.hidden {
            0 => None,
            1 => Some("1 finding is not shown: filters".to_owned()),
            n => Some(format!("{n} findings are not shown: filters")),
        }
    }
}
