//! Builds every test binary once, and names them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::suite::Suite;
use crate::process;
use crate::workspace::Workspace;

/// One line of cargo's `--message-format=json`, as far as it is about a test binary.
#[derive(Deserialize)]
struct Message {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: PathBuf,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds what `command` selects and returns its test binaries, in the order of the crates.
///
/// They are run directly afterwards: `cargo test -p` for each crate would resolve features anew for
/// each and build most dependencies again.
pub(super) fn test_binaries(mut command: Command, workspace: &Workspace) -> Result<Vec<Suite>> {
    command.args(["--tests", "--no-run", "--message-format=json-render-diagnostics"]);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().context("starting cargo")?;
    ensure!(output.status.success(), "{} failed", process::shown(&command));
    let messages = String::from_utf8(output.stdout)?;
    let mut suites: Vec<_> =
        messages.lines().filter_map(|line| suite_of(line, workspace)).collect();
    suites.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(suites)
}

/// The suite that a message announces; messages of other kinds lack a field.
fn suite_of(line: &str, workspace: &Workspace) -> Option<Suite> {
    let message: Message = serde_json::from_str(line).ok()?;
    if !message.profile.test {
        return None;
    }
    let package =
        workspace.packages.iter().find(|package| package.manifest_path == message.manifest_path)?;
    let kind = message.target.kind.first()?;
    let name = match kind.as_str() {
        "test" => format!("{} tests/{}", package.short_name(), message.target.name),
        "bin" => format!("{} (binary)", package.short_name()),
        _ => package.short_name().to_owned(),
    };
    let directory = package.directory().to_owned();
    Some(Suite { name, directory, executable: message.executable, is_library: kind == "lib" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_test_binaries_are_suites() {
        let workspace: Workspace = serde_json::from_str(
            r#"{"workspace_root": "/w", "target_directory": "/w/target", "packages": [
                {"name": "plimsoll-unpack", "manifest_path": "/w/unpack/Cargo.toml",
                 "dependencies": []}]}"#,
        )
        .unwrap();
        let line = |kind: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/w/unpack/Cargo.toml",
                    "target":{{"kind":["{kind}"],"name":"limits"}},"profile":{{"test":{test}}},
                    "executable":"/w/target/x"}}"#
            )
        };
        let name = |line: &str| suite_of(line, &workspace).map(|suite| suite.name);
        assert_eq!(name(&line("lib", true)).as_deref(), Some("unpack"));
        assert_eq!(name(&line("bin", true)).as_deref(), Some("unpack (binary)"));
        assert_eq!(name(&line("test", true)).as_deref(), Some("unpack tests/limits"));
        assert_eq!(name(&line("bin", false)), None);
        assert_eq!(name(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
