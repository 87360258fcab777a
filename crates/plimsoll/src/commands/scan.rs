//! `plimsoll scan IMAGE…`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_advice::GateThreshold;
use plimsoll_flow::{Scanned, Session, scan, status};
use plimsoll_model::{ImageReference, Origin, Scan, Scans, ScansSchema, Severity};
use plimsoll_report::{By, Look, scan_table, to_json};

use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::Failure;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;

/// IMAGE is a name in a registry or a local engine, a path, or one with a transport: registry:REF,
/// docker:REF, podman:REF, container:NAME, docker-archive:FILE, oci:DIR[:TAG], oci-archive:FILE[:TAG],
/// dir:ROOTFS.
#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    /// What to scan
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
    /// table or json, to standard output or to a file; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
    /// What a row of the table is
    #[arg(long, value_enum, default_value_t)]
    by: Rows,
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
enum Format {
    Table,
    Json,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Rows {
    #[default]
    Remedy,
    Finding,
    Package,
    Layer,
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

/// Scans, reports, and says by the exit code what the answer is.
pub(crate) fn run(
    args: &ScanArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let references = references(&args.images)?;
    let earlier = args.new_since.as_deref().map(earlier_keys).transpose()?;
    let session: Session = settings.session()?;
    let progress = Progress::new(printer);
    let scanned = scan(&session, &references, &settings.ignore, &|event| progress.on(event));
    progress.finish();
    let mut scanned = scanned?;
    for rule in &scanned.expired_rules {
        printer.warn(&format!("{rule} has expired and hides nothing any more"));
    }
    let exit = verdict(&scanned, settings, lacks_kev(&session, settings)?);
    for error in std::mem::take(&mut scanned.failures) {
        printer.error(&Failure::from(error));
    }
    if scanned.scans.is_empty() {
        return Ok(exit);
    }
    let hidden: Vec<usize> =
        scanned.scans.iter_mut().map(|scan| keep(args, earlier.as_ref(), scan)).collect();
    let asked_for_several = references.len() > 1 || settings.platform.as_deref() == Some("all");
    for target in &args.formats {
        target.write(|look| match (target.format, scanned.scans.as_slice()) {
            (Format::Table, scans) => Ok(tables(scans, &hidden, args.by.into(), look)),
            (Format::Json, [scan]) if !asked_for_several => to_json(scan),
            (Format::Json, scans) => {
                to_json(&Scans { schema: ScansSchema::V1, scans: scans.to_vec() })
            }
        })?;
    }
    if exit == Exit::Unknown && !scanned.any_unknown() {
        printer.warn(
            "the gate asks for KEV, and the database has no list of exploited vulnerabilities",
        );
        printer.hint("plimsoll db update fetches it");
    }
    if scanned.any_unknown() {
        hint_at_unknown(&scanned, settings, printer);
    }
    Ok(exit)
}

pub(super) fn references(images: &[String]) -> Result<Vec<ImageReference>, Failure> {
    images.iter().map(|image| image.parse().map_err(Failure::usage)).collect()
}

/// Not done wins over the gate, the gate over "cannot know". The gate looks at every finding; filters only
/// decide what is shown. A gate without the data it asks for cannot be passed.
fn verdict(scanned: &Scanned, settings: &Settings, lacks_kev: bool) -> Exit {
    let gated = settings.fail_on.is_some_and(|gate| {
        scanned.scans.iter().any(|scan| scan.findings.iter().any(|finding| gate.holds(finding)))
    });
    match () {
        () if !scanned.failures.is_empty() => Exit::Failed,
        () if gated => Exit::Gate,
        () if (scanned.any_unknown() || lacks_kev) && !settings.allow_unknown => Exit::Unknown,
        () => Exit::Done,
    }
}

/// Whether the gate asks for known exploitation and nothing here knows of any.
fn lacks_kev(session: &Session, settings: &Settings) -> Result<bool, Failure> {
    let asks = settings.fail_on.is_some_and(|gate| gate.threshold == GateThreshold::Kev);
    Ok(asks && !status(session)?.shards.iter().any(|shard| shard.feed == "kev"))
}

/// Leaves what the filters ask for; gives how many findings they hide.
fn keep(args: &ScanArgs, earlier: Option<&Vec<String>>, scan: &mut Scan) -> usize {
    let before = scan.findings.len();
    scan.findings.retain(|finding| {
        let severity = args.severity.as_ref().is_none_or(|s| s.0.contains(&finding.severity));
        let fixable = !args.only_fixable || finding.fixed_version.is_some();
        let part = match args.only {
            None => true,
            Some(Part::Base) => finding.origin == Origin::Base,
            Some(Part::Own) => finding.origin != Origin::Base,
        };
        let new = earlier.is_none_or(|known| !known.contains(&finding.key.0));
        severity && fixable && part && new
    });
    let kept: BTreeSet<_> = scan.findings.iter().map(|f| &f.key).collect();
    for remedy in &mut scan.remedies {
        remedy.clears.retain(|key| kept.contains(key));
    }
    scan.remedies.retain(|remedy| !remedy.clears.is_empty());
    before - scan.findings.len()
}

fn tables(scans: &[Scan], hidden: &[usize], by: By, look: Look) -> String {
    let tables: Vec<_> = scans
        .iter()
        .zip(hidden)
        .map(|(scan, hidden)| scan_table(scan, *hidden, by, look))
        .collect();
    tables.join("\n")
}

fn hint_at_unknown(scanned: &Scanned, settings: &Settings, printer: &Printer) {
    if scanned.scans.iter().any(|scan| scan.packages.is_empty()) {
        printer.warn("no package database was found: what is inside cannot be known");
    }
    let parts = scanned.scans.iter().flat_map(|scan| &scan.coverage);
    let systems: BTreeSet<_> = parts
        .filter(|part| part.status != plimsoll_model::CoverageStatus::Evaluated)
        .map(|part| part.scope.as_str())
        .collect();
    if !systems.is_empty() {
        let systems: Vec<_> = systems.into_iter().collect();
        printer.warn(&format!("not everything could be judged: {}", systems.join(", ")));
    }
    if settings.offline {
        printer.hint("without --offline, missing advisories are fetched");
    }
}

/// The keys of the findings of an earlier report.
fn earlier_keys(path: &std::path::Path) -> Result<Vec<String>, Failure> {
    use anyhow::Context;
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

impl From<Rows> for By {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::Remedy => Self::Remedy,
            Rows::Finding => Self::Finding,
            Rows::Package => Self::Package,
            Rows::Layer => Self::Layer,
        }
    }
}
