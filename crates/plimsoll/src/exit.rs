//! What the program ends with. Other programs rely on these numbers.

use std::process::ExitCode;

/// The exit codes, in the order in which one wins over another when several apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, and nothing at or above the gate.
    Done,
    /// Nothing usable to judge with: an unsupported or undetectable system, no data, data too old.
    Unknown,
    /// The gate is hit.
    Gate,
    /// It could not be done.
    Failed,
    /// Wrong usage.
    Usage,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Gate => 10,
            Self::Unknown => 11,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
