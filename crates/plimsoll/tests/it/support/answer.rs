//! What a run of the program ended with.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

/// Exit code and output; paths of the test's own directory are written `[ROOT]`.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What was typed.
    pub(crate) args: String,
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Answer {
    pub(super) fn new<A: AsRef<OsStr>>(output: &Output, root: &Path, args: &[A]) -> Self {
        let root = root.display().to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&root, "[ROOT]");
        let args: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
        Self {
            args: args.join(" "),
            // A signal (a crash) has no code.
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The same, having ended with this code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// The same, with this on standard error.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not said by {self}");
        self
    }

    /// The same, with this on standard output.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is not shown by {self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// `ID package-name` of every finding of a scan, sorted.
    #[track_caller]
    pub(crate) fn findings(&self) -> Vec<String> {
        let scan = self.json();
        let name_of = |id: &Value| {
            let mut packages = scan["packages"].as_array().unwrap().iter();
            packages.find(|package| package["id"] == *id).unwrap()["name"].as_str().unwrap()
        };
        let findings = scan["findings"].as_array().unwrap().iter();
        let mut found: Vec<_> = findings
            .map(|one| format!("{} {}", one["id"].as_str().unwrap(), name_of(&one["package"])))
            .collect();
        found.sort();
        found
    }

    /// Everything, for a snapshot: what differs from run to run is blanked.
    pub(crate) fn snapshot(&self) -> String {
        let Self { args, code, stdout, stderr } = self;
        format!(
            "$ plimsoll {args}\nexit code: {code}\n----- stdout\n{stdout}----- stderr\n{stderr}"
        )
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.snapshot())
    }
}

/// Compares a run with its snapshot.
macro_rules! assert_answer {
    ($answer:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(true);
        settings.set_snapshot_path("snapshots");
        settings.set_omit_expression(true);
        settings.add_filter(r"\b[0-9a-f]{64}\b", "[SHA256]");
        settings.add_filter(r"sha256:[0-9a-f]{12}\b", "sha256:[SHORT]");
        settings.add_filter(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", "[TIME]");
        settings.add_filter(r"generation [0-9a-f]{16}\b", "generation [GENERATION]");
        settings.bind(|| insta::assert_snapshot!($answer.snapshot()));
    }};
}
pub(crate) use assert_answer;
