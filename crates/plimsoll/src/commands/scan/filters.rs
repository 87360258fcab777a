//! Which findings of a scan are shown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use plimsoll_model::{Origin, Scan, Scans, Severity};

use crate::output::Failure;

/// Filters: what they hide is counted, and still counts for the gate.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    /// Only findings of these severities, comma-separated, or of this one and worse: high+
    #[arg(long, value_name = "SEVERITIES")]
    severity: Option<Severities>,
    /// Only findings that a newer version clears
    #[arg(long)]
    only_fixable: bool,
    /// Only findings in this part of the image
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<Part>,
    /// Only findings that this earlier JSON report does not have
    #[arg(long, value_name = "FILE.json")]
    new_since: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Base,
    Own,
}

#[derive(Clone, Debug)]
struct Severities(Vec<Severity>);

impl std::str::FromStr for Severities {
    type Err = plimsoll_model::UnknownSeverity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut wanted = Vec::new();
        for word in text.split(',').map(str::trim) {
            match word.strip_suffix('+') {
                Some(word) => {
                    let least: Severity = word.parse()?;
                    wanted.extend(Severity::DESCENDING.into_iter().filter(|s| *s >= least));
                }
                None => wanted.push(word.parse()?),
            }
        }
        Ok(Self(wanted))
    }
}

/// The filters with what they need at hand.
pub(super) struct Filters<'a> {
    args: &'a FilterArgs,
    earlier: Option<BTreeSet<String>>,
}

impl<'a> Filters<'a> {
    /// Reads the earlier report, where one is named.
    pub(super) fn new(args: &'a FilterArgs) -> Result<Self, Failure> {
        Ok(Self { args, earlier: args.new_since.as_deref().map(earlier_keys).transpose()? })
    }

    /// Leaves what the filters ask for; gives how many findings they hide.
    pub(super) fn keep(&self, scan: &mut Scan) -> usize {
        let Self { args, earlier } = self;
        let before = scan.findings.len();
        scan.findings.retain(|finding| {
            let severity = args.severity.as_ref().is_none_or(|s| s.0.contains(&finding.severity));
            let fixable = !args.only_fixable || finding.fixed_version.is_some();
            let part = match args.only {
                None => true,
                Some(Part::Base) => finding.origin == Origin::Base,
                Some(Part::Own) => finding.origin != Origin::Base,
            };
            let new = earlier.as_ref().is_none_or(|known| !known.contains(&finding.key.0));
            severity && fixable && part && new
        });
        let kept: BTreeSet<_> = scan.findings.iter().map(|finding| &finding.key).collect();
        for remedy in &mut scan.remedies {
            remedy.clears.retain(|key| kept.contains(key));
        }
        scan.remedies.retain(|remedy| !remedy.clears.is_empty());
        before - scan.findings.len()
    }
}

/// The keys of the findings of an earlier report.
fn earlier_keys(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let scans: Vec<Scan> = match serde_json::from_slice::<Scans>(&bytes) {
        Ok(several) => several.scans,
        Err(_) => vec![
            serde_json::from_slice(&bytes)
                .with_context(|| format!("{name} is no JSON report of plimsoll scan"))?,
        ],
    };
    Ok(scans.into_iter().flat_map(|scan| scan.findings).map(|finding| finding.key.0).collect())
}
