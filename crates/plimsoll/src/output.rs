//! Standard output, and the errors that a command ends with.

use std::fmt;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::settings::SettingError;

/// Why a command could not do it, and what the user may try.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A mistake in how the program was called or set up.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), hint: None, exit: Exit::Usage }
    }

    /// The advice.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What to end with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether the reader of our output went away (`plimsoll scan … | head`), which is nobody's fault.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// The whole chain on one line, causes behind their consequences.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

impl From<plimsoll_flow::Error> for Failure {
    fn from(error: plimsoll_flow::Error) -> Self {
        Self { hint: error.hint(), error: error.into(), exit: Exit::Failed }
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::usage(error)
    }
}

macro_rules! without_hint {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { error: error.into(), hint: None, exit: Exit::Failed }
            }
        })*
    };
}

without_hint!(anyhow::Error, io::Error, serde_json::Error, plimsoll_versions::InvalidVersion);

/// Writes an answer to standard output.
pub(crate) fn answer(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// `1 layer`, `2 layers`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
