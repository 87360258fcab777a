//! Running programs, and naming them when they fail.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs a program with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", shown(command)))?;
    ensure!(status.success(), "{} ended with {status}", shown(command));
    Ok(())
}

/// Runs a program and returns what it wrote to standard output.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = bytes(command)?;
    String::from_utf8(output).with_context(|| format!("reading {}", shown(command)))
}

/// The same where it is not text.
pub(crate) fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let command = command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("starting {}", shown(command)))?;
    ensure!(output.status.success(), "{} ended with {}", shown(command), output.status);
    Ok(output.stdout)
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    words(std::iter::once(name).chain(command.get_args()))
}

/// Words as one would type them.
pub(crate) fn words<T: AsRef<OsStr>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_one_would_type_them() {
        let mut command = Command::new("/usr/bin/plimsoll");
        command.args(["scan", "oci:target/demo/image", "it's", ""]);
        assert_eq!(shown(&command), r"plimsoll scan oci:target/demo/image 'it'\''s' ''");
    }

    #[test]
    fn a_failing_program_is_named() {
        let error = run(Command::new("false").arg("x")).unwrap_err();
        assert_eq!(error.to_string(), "false x ended with exit status: 1");
        let error = read(&mut Command::new("/nowhere/program")).unwrap_err();
        assert_eq!(error.to_string(), "starting program");
    }
}
