//! How bad a vulnerability is, in the five words that every source can be mapped to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Ordered from "nobody said" to the worst. `Unknown` is no severity: it is shown and can be gated.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No source says.
    #[default]
    Unknown,
    /// Not worth an update of its own (Debian's `unimportant`, Ubuntu's `negligible`).
    Negligible,
    /// CVSS 0.1 – 3.9.
    Low,
    /// CVSS 4.0 – 6.9; Red Hat's and SUSE's "moderate".
    Medium,
    /// CVSS 7.0 – 8.9; Red Hat's and SUSE's "important".
    High,
    /// CVSS 9.0 – 10.0.
    Critical,
}

impl Severity {
    /// All, from the worst down, as reports list them.
    pub const DESCENDING: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Negligible, Self::Unknown];

    /// The lower-case word in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The qualitative rating of a CVSS base score (CVSS v3.1, section 5). `None` stays unrated: 0.0
    /// is "none", which no severity here says better than `Negligible`.
    pub fn from_cvss_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Negligible,
        }
    }

    /// The severity that a vendor's word means, if it is one of the words vendors use.
    pub fn from_vendor_word(word: &str) -> Option<Self> {
        const WORDS: &[(&str, Severity)] = &[
            ("critical", Severity::Critical),
            ("important", Severity::High),
            ("high", Severity::High),
            ("moderate", Severity::Medium),
            ("medium", Severity::Medium),
            ("low", Severity::Low),
            ("minor", Severity::Low),
            ("negligible", Severity::Negligible),
            ("unimportant", Severity::Negligible),
        ];
        let word = word.trim().trim_end_matches('*');
        WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|&(_, is)| is)
    }
}

/// Who said so, in the order in which they are believed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SeveritySource {
    /// The distribution's own word.
    Vendor,
    /// The CVSS vector of the advisory itself.
    AdvisoryCvss,
    /// The CVSS vector of another record that is an alias of this id.
    AliasCvss,
    /// Nobody said.
    #[default]
    Unknown,
}

/// The word is no severity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a severity (critical, high, medium, low, negligible, unknown)")]
pub struct UnknownSeverity {
    word: String,
}

impl FromStr for Severity {
    type Err = UnknownSeverity;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::DESCENDING
            .into_iter()
            .find(|severity| word.eq_ignore_ascii_case(severity.as_str()))
            .ok_or_else(|| UnknownSeverity { word: word.chars().take(80).collect() })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cvss_scores_fall_into_the_bands_of_the_specification() {
        for (score, severity) in [
            (0.0, Severity::Negligible),
            (0.1, Severity::Low),
            (3.9, Severity::Low),
            (4.0, Severity::Medium),
            (6.9, Severity::Medium),
            (7.0, Severity::High),
            (8.9, Severity::High),
            (9.0, Severity::Critical),
            (10.0, Severity::Critical),
        ] {
            assert_eq!(Severity::from_cvss_score(score), severity, "{score}");
        }
    }
}
