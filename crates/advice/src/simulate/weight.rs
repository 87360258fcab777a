//! How much an action is worth, by what people care about.

use plimsoll_model::{Finding, Severity, State};

/// What is cleared less what is brought in: known exploitation before severities, severities before numbers.
/// Greater is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight {
    exploited: i64,
    /// As [`Severity::DESCENDING`] has them.
    by_severity: [i64; Severity::DESCENDING.len()],
    /// Those of which the vendor has not said whether they affect anything.
    undetermined: i64,
}

impl Weight {
    /// A finding that is cleared.
    pub(crate) fn add(&mut self, finding: &Finding) {
        self.count(finding, 1);
    }

    /// A finding that is brought in.
    pub(crate) fn subtract(&mut self, finding: &Finding) {
        self.count(finding, -1);
    }

    fn count(&mut self, finding: &Finding, by: i64) {
        if finding.state == State::Undetermined {
            self.undetermined += by;
            return;
        }
        if finding.kev.is_some() {
            self.exploited += by;
        }
        for (severity, count) in Severity::DESCENDING.iter().zip(&mut self.by_severity) {
            if *severity == finding.severity {
                *count += by;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::finding;

    /// Words: `kev`, `undetermined`, severities; with `-` in front they are brought in.
    fn weight(words: &str) -> Weight {
        let mut weight = Weight::default();
        for word in words.split_whitespace() {
            let mut one = finding("CVE-1", "a", None);
            match word.trim_start_matches('-') {
                "kev" => {
                    let added = jiff::civil::Date::constant(2026, 1, 1);
                    one.kev = Some(plimsoll_model::Kev { added, ransomware: false });
                    one.severity = Severity::Low;
                }
                "undetermined" => one.state = State::Undetermined,
                severity => one.severity = severity.parse().unwrap(),
            }
            match word.starts_with('-') {
                true => weight.subtract(&one),
                false => weight.add(&one),
            }
        }
        weight
    }

    #[test]
    fn exploitation_then_severity_then_number() {
        let ascending = [
            "-critical high high high",
            "-low",
            "",
            "undetermined undetermined",
            "unknown",
            "low low low",
            "medium -low",
            "medium",
            "medium low",
            "high",
            "high high",
            "critical",
            "kev",
        ];
        for pair in ascending.windows(2) {
            assert!(weight(pair[0]) < weight(pair[1]), "{pair:?}");
        }
    }
}
