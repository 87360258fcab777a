//! Reading what libtest prints, to count tests that skipped themselves.
//!
//! libtest knows no skipped tests: one that lacks a part prints a line that begins with `skipped: `
//! and returns, so it passes. `--show-output` prints the output of tests that pass, in a block
//! `---- NAME stdout ----` below the line `successes:`.

/// What a suite's tests came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: Vec<Skip>,
}

/// A test that did not test everything it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skip {
    pub(super) test: String,
    /// `needs podman`
    pub(super) reason: String,
}

/// Reads the lines of one run.
#[derive(Default)]
pub(super) struct Reader {
    outcome: Outcome,
    block: Block,
    test: String,
}

#[derive(Default, PartialEq, Eq)]
enum Block {
    #[default]
    Progress,
    Successes,
    Failures,
}

impl Reader {
    /// Takes one line; says whether it is worth showing: what passing tests print is not, except
    /// that they skipped.
    pub(super) fn line(&mut self, line: &str) -> bool {
        if let Some(reason) = line.strip_prefix("skipped: ") {
            if self.block != Block::Failures {
                self.skip(reason);
            }
            return true;
        }
        match line {
            "successes:" => self.block = Block::Successes,
            "failures:" => self.block = Block::Failures,
            _ => {}
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.block = Block::Progress;
            self.count(counts);
            return true;
        }
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----")) {
            self.test = name.trim_end_matches(" stdout").to_owned();
        }
        if let Some((test, reason)) = ignored(line) {
            self.test = test.to_owned();
            self.skip(reason);
        }
        self.block != Block::Successes && !line.is_empty()
    }

    /// Ends the run; one that failed without naming a test failed as a whole.
    pub(super) fn finish(mut self, success: bool) -> Outcome {
        // Tests that skipped are among those that passed.
        self.outcome.passed = self.outcome.passed.saturating_sub(self.outcome.skipped.len());
        if !success && self.outcome.failed == 0 {
            self.outcome.failed = 1;
        }
        self.outcome
    }

    /// A test may skip several of its parts: it counts once, with every reason.
    fn skip(&mut self, reason: &str) {
        match self.outcome.skipped.iter_mut().find(|skip| skip.test == self.test) {
            Some(skip) if skip.reason.split("; ").any(|known| known == reason) => {}
            Some(skip) => skip.reason.extend(["; ", reason]),
            None => {
                let skip = Skip { test: self.test.clone(), reason: reason.to_owned() };
                self.outcome.skipped.push(skip);
            }
        }
    }

    /// `ok. 3 passed; 0 failed; 1 ignored; …`
    fn count(&mut self, counts: &str) {
        let of = |word: &str| {
            counts.split("; ").find_map(|part| {
                let number = part.strip_suffix(word)?;
                number.rsplit(' ').find(|text| !text.is_empty())?.parse::<usize>().ok()
            })
        };
        let of = |word| of(word).unwrap_or(0);
        // Ignored tests are added here because `finish` takes every skipped test off again.
        self.outcome.passed += of("passed") + of("ignored");
        self.outcome.failed += of("failed");
    }
}

/// `test name ... ignored, reason`
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (test, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let reason = result.strip_prefix("ignored")?;
    Some((test, if reason.is_empty() { "ignored" } else { reason.trim_start_matches(", ") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(success: bool, output: &str, expected: (usize, usize, &[(&str, &str)])) {
        let mut reader = Reader::default();
        for line in output.lines() {
            reader.line(line);
        }
        let skipped = expected
            .2
            .iter()
            .map(|(test, reason)| Skip { test: (*test).to_owned(), reason: (*reason).to_owned() });
        let expected =
            Outcome { passed: expected.0, failed: expected.1, skipped: skipped.collect() };
        assert_eq!(reader.finish(success), expected, "{output}");
    }

    #[test]
    fn tests_that_skip_themselves_do_not_count_as_passed() {
        let output = "
running 3 tests
test a ... ok
test b::c ... ok
test d ... ok

successes:

---- b::c stdout ----
skipped: needs podman
skipped: needs podman
skipped: needs shared/data

---- d stdout ----
something else


successes:
    a
    b::c
    d

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.31s
";
        check(true, output, (2, 0, &[("b::c", "needs podman; needs shared/data")]));
    }

    #[test]
    fn failures_and_ignored_tests_are_counted() {
        let output = "
running 3 tests
test a ... FAILED
test b ... ignored, too slow
test c ... ok

successes:

---- c stdout ----
skipped: needs shared/data

successes:
    c

failures:

---- a stdout ----
skipped: what a failing test says does not matter
thread 'a' panicked

failures:
    a

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        check(false, output, (0, 1, &[("b", "too slow"), ("c", "needs shared/data")]));
    }

    #[test]
    fn a_suite_that_dies_has_failed() {
        check(false, "running 1 test\n", (0, 1, &[]));
        check(true, "", (0, 0, &[]));
    }

    #[test]
    fn several_runs_add_up() {
        let one = "test result: ok. 2 passed; 0 failed; 0 ignored; finished in 0s\n";
        check(true, &one.repeat(2), (4, 0, &[]));
    }

    #[test]
    fn what_passing_tests_print_is_not_shown() {
        let mut reader = Reader::default();
        let shown = |reader: &mut Reader, line: &str| reader.line(line);
        assert!(shown(&mut reader, "test a ... ok"));
        assert!(!shown(&mut reader, "successes:"));
        assert!(!shown(&mut reader, "noise"));
        assert!(shown(&mut reader, "skipped: needs podman"));
        assert!(shown(&mut reader, "failures:"));
        assert!(shown(&mut reader, "thread 'a' panicked"));
    }
}
