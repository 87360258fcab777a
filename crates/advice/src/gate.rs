//! `--fail-on SEVERITY|kev|unknown[,fixable][,base|own]`: what makes a run fail.

use std::str::FromStr;

use plimsoll_model::{Finding, Origin, Severity, State};

/// The findings that close the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// How bad a finding must be.
    pub threshold: GateThreshold,
    /// Only findings that a newer version clears.
    pub fixable_only: bool,
    /// Only findings in this part of the image.
    pub origin: Option<GateOrigin>,
}

/// How bad a finding must be to close the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateThreshold {
    /// This severity or a worse one.
    AtLeast(Severity),
    /// Known to be exploited.
    Kev,
    /// Without any severity.
    UnknownSeverity,
}

/// The part of the image that a gate looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateOrigin {
    /// The base image.
    Base,
    /// What was added on top; a layer whose base is not known counts as own, because nobody else is
    /// known to answer for it.
    Own,
}

/// The text is no gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseGateError {
    /// A word that a gate does not know.
    #[error("unknown word {0:?} in the gate (SEVERITY|kev|unknown[,fixable][,base|own])")]
    Word(String),
    /// No severity, `kev` or `unknown`, or more than one.
    #[error("the gate names {0} thresholds; it takes one severity, kev or unknown")]
    Thresholds(usize),
}

impl Gate {
    /// Whether `finding` closes the gate. Findings that a rule set aside never do, nor those of which
    /// the vendor has not said whether they affect anything.
    pub fn holds(&self, finding: &Finding) -> bool {
        if finding.suppressed.is_some() || finding.state == State::Undetermined {
            return false;
        }
        if self.fixable_only && finding.fixed_version.is_none() {
            return false;
        }
        let in_part = match self.origin {
            None => true,
            Some(GateOrigin::Base) => finding.origin == Origin::Base,
            Some(GateOrigin::Own) => finding.origin != Origin::Base,
        };
        in_part
            && match self.threshold {
                GateThreshold::AtLeast(severity) => finding.severity >= severity,
                GateThreshold::Kev => finding.kev.is_some(),
                GateThreshold::UnknownSeverity => finding.severity == Severity::Unknown,
            }
    }
}

impl FromStr for Gate {
    type Err = ParseGateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut thresholds = Vec::new();
        let mut fixable_only = false;
        let mut origin = None;
        for word in text.split(',').map(str::trim) {
            match word {
                "kev" => thresholds.push(GateThreshold::Kev),
                "unknown" => thresholds.push(GateThreshold::UnknownSeverity),
                "fixable" => fixable_only = true,
                "base" => origin = Some(GateOrigin::Base),
                "own" => origin = Some(GateOrigin::Own),
                _ => match word.parse() {
                    Ok(severity) => thresholds.push(GateThreshold::AtLeast(severity)),
                    Err(_) => return Err(ParseGateError::Word(word.chars().take(40).collect())),
                },
            }
        }
        match thresholds[..] {
            [threshold] => Ok(Self { threshold, fixable_only, origin }),
            _ => Err(ParseGateError::Thresholds(thresholds.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::finding;

    #[test]
    fn gates_parse_and_hold() {
        let check = |gate: &str, change: &dyn Fn(&mut Finding), expected: bool| {
            let gate: Gate = gate.parse().unwrap();
            let mut finding = finding("CVE-1", "a", Some("2"));
            finding.severity = Severity::High;
            change(&mut finding);
            assert_eq!(gate.holds(&finding), expected, "{gate:?}");
        };
        let same: &dyn Fn(&mut Finding) = &|_| {};
        check("high", same, true);
        check("critical", same, false);
        check("low,fixable", same, true);
        check("high,fixable", &|f| f.fixed_version = None, false);
        check("kev", same, false);
        check("unknown", same, false);
        check("unknown", &|f| f.severity = Severity::Unknown, true);
        check("high,own", same, true);
        check("high,base", same, false);
        check("high,own", &|f| f.origin = Origin::Base, false);
        check("high", &|f| f.state = State::Undetermined, false);
    }

    #[test]
    fn a_gate_needs_exactly_one_threshold() {
        assert_eq!("fixable".parse::<Gate>(), Err(ParseGateError::Thresholds(0)));
        assert_eq!("kev,high".parse::<Gate>(), Err(ParseGateError::Thresholds(2)));
        assert_eq!("hihg".parse::<Gate>(), Err(ParseGateError::Word("hihg".to_owned())));
    }
}
