//! The table at the end, the skips with their reasons, and the closing line that CI reads.

use std::fmt::Write;
use std::time::Duration;

use super::libtest::{Outcome, Skip};

/// What a missing part of the machine means for the tests that need it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    IsSkipped,
    Fails,
}

/// The only part that cannot be installed.
const MAY_BE_MISSING: &str = "needs shared/data";

/// One suite with its outcome.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

pub(super) struct Summary {
    missing: Missing,
    rows: Vec<Row>,
}

impl Row {
    pub(super) fn step(name: &str, succeeded: bool, took: Duration) -> Self {
        let (passed, failed) = if succeeded { (1, 0) } else { (0, 1) };
        let outcome = Outcome { passed, failed, skipped: Vec::new() };
        Self { name: name.to_owned(), outcome, took }
    }
}

impl Summary {
    pub(super) fn new(missing: Missing) -> Self {
        Self { missing, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(super) fn is_green(&self) -> bool {
        self.rows.iter().all(|row| self.counts(&row.outcome).1 == 0)
    }

    /// Passed, failed, skipped, where a skip that may not be is a failure.
    fn counts(&self, outcome: &Outcome) -> (usize, usize, usize) {
        let (fails, skips): (Vec<_>, Vec<_>) =
            outcome.skipped.iter().partition(|skip| self.is_failure(skip));
        (outcome.passed, outcome.failed + fails.len(), skips.len())
    }

    fn is_failure(&self, skip: &Skip) -> bool {
        self.missing == Missing::Fails && skip.reason != MAY_BE_MISSING
    }

    pub(super) fn text(&self, total: Duration) -> String {
        let name = |row: &Row| row.name.chars().count();
        let width = self.rows.iter().map(name).max().unwrap_or(0).max("suite".len());
        let mut lines = vec![format!("\n{:width$}  passed  failed  skipped  seconds", "suite")];
        let mut sum = (0, 0, 0);
        for row in &self.rows {
            let (passed, failed, skipped) = self.counts(&row.outcome);
            sum = (sum.0 + passed, sum.1 + failed, sum.2 + skipped);
            let mut line = format!("{:width$}  {passed:>6}  {failed:>6}  {skipped:>7}", row.name);
            let _ = write!(line, "  {:>7.1}", row.took.as_secs_f64());
            if failed > 0 {
                line.push_str("  FAILED");
            }
            lines.push(line);
        }
        lines.push(format!("{:width$}  {:>32.1}\n", "total", total.as_secs_f64()));
        for row in &self.rows {
            for skip in &row.outcome.skipped {
                let word = if self.is_failure(skip) { "FAILED, skipped" } else { "skipped" };
                lines.push(format!("{word}: {} {}: {}", row.name, skip.test, skip.reason));
            }
        }
        lines.push(format!("{} passed, {} failed, {} skipped\n", sum.0, sum.1, sum.2));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(missing: Missing) -> Summary {
        let skip = |reason: &str| Skip { test: "t".to_owned(), reason: reason.to_owned() };
        let skipped = vec![skip("needs podman"), skip(MAY_BE_MISSING)];
        let outcome = Outcome { passed: 5, failed: 0, skipped };
        let took = Duration::from_millis(1250);
        let mut summary = Summary::new(missing);
        summary.add(Row::step("fmt", true, took));
        summary.add(Row { name: "engine".to_owned(), outcome, took });
        summary
    }

    #[test]
    fn the_closing_line_is_alone_on_its_line() {
        let summary = summary(Missing::IsSkipped);
        let text = summary.text(Duration::from_secs(3));
        assert_eq!(
            text,
            "
suite   passed  failed  skipped  seconds
fmt          1       0        0      1.2
engine       5       0        2      1.2
total                                3.0

skipped: engine t: needs podman
skipped: engine t: needs shared/data
6 passed, 0 failed, 2 skipped
"
        );
        assert!(summary.is_green());
    }

    #[test]
    fn with_everything_installed_only_the_shared_data_may_be_missing() {
        let summary = summary(Missing::Fails);
        let text = summary.text(Duration::ZERO);
        assert!(text.contains("engine       5       1        1      1.2  FAILED\n"), "{text}");
        assert!(text.ends_with("\n6 passed, 1 failed, 1 skipped\n"), "{text}");
        assert!(!summary.is_green());
    }
}
