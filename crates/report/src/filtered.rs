//! A scan of which filters may have taken something out.

use plimsoll_model::Scan;

use crate::words::not_evaluated;

/// A scan, and what its document does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Filtered<'a> {
    /// The document, with the findings that are to be shown.
    pub scan: &'a Scan,
    /// How many findings filters took out of it.
    pub hidden: usize,
}

impl Filtered<'_> {
    /// What programs are told besides the findings: what was not judged, what could not be read, what is hidden.
    pub(crate) fn notices(self) -> impl Iterator<Item = String> {
        let scan = self.scan;
        let parts = scan.coverage.iter().filter_map(not_evaluated);
        let nothing = scan.coverage.is_empty().then(|| "nothing was evaluated".to_owned());
        let problems = scan.problems.iter().map(|p| format!("{}: {}", p.path, p.message));
        parts.chain(nothing).chain(problems).chain(self.note())
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
