//! `--format FORMAT[=FILE]`: which answer goes where.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use clap::ValueEnum;
use plimsoll_report::Look;

use crate::output::{Failure, answer};
use crate::printer::answer_look;

/// A format, and the file it goes to; none means standard output.
#[derive(Clone, Debug)]
pub(crate) struct Target<F> {
    /// The format.
    pub format: F,
    /// The file.
    pub file: Option<PathBuf>,
}

impl<F: ValueEnum> FromStr for Target<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = F::from_str(name, true).map_err(|_| {
            let known: Vec<_> = F::value_variants()
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            format!("unknown format {name:?} (known: {})", known.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

impl<F> Target<F> {
    /// Writes what `render` makes for the look of the place it goes to. A file appears whole or not at
    /// all.
    pub(crate) fn write<E>(
        &self,
        render: impl FnOnce(Look) -> Result<String, E>,
    ) -> Result<(), Failure>
    where
        Failure: From<E>,
    {
        let Some(path) = &self.file else {
            return Ok(answer(&render(answer_look())?)?);
        };
        let text = render(Look::PLAIN)?;
        write_whole(path, |file| Ok(file.write_all(text.as_bytes())?))
    }
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let context = || format!("cannot write {}", path.display());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666)) // less the umask, as for any new file
        .tempfile_in(directory)
        .with_context(context)?;
    let written = write(file.as_file_mut())?;
    file.persist(path).with_context(context)?;
    Ok(written)
}

/// Two answers on standard output would be no answer that a program can read.
///
/// # Errors
/// More than one target without a file.
pub(crate) fn check<F>(targets: &[Target<F>]) -> Result<(), Failure> {
    match targets.iter().filter(|target| target.file.is_none()).count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage(anyhow::anyhow!(
            "only one --format can go to standard output; give the others a file: json=report.json"
        ))),
    }
}
