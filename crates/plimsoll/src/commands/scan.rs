//! `plimsoll scan IMAGE…`

mod filters;

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use plimsoll_advice::{GateThreshold, why_not};
use plimsoll_flow::{Scanned, Session, scan, status};
use plimsoll_model::{ImageReference, Scan, Scans, ScansSchema};
use plimsoll_report::{
    By, Filtered, Look, for_terminal, gitlab, junit, markdown, sarif, scan_table, to_json,
};

use self::filters::{FilterArgs, Filters};
use crate::exit::Exit;
use crate::format::{self, Target};
use crate::output::{Failure, answer};
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
    /// table, json, markdown, sarif, junit or gitlab, to standard output or to a file; may be given
    /// several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    formats: Vec<Target<Format>>,
    /// What a row of the table is
    #[arg(long, value_enum, default_value_t)]
    by: Rows,
    /// Say why this remedy is not the recommended one: an action, a target, or both
    #[arg(long, value_name = "REMEDY", conflicts_with = "formats")]
    why_not: Option<String>,
    #[command(flatten)]
    filters: FilterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    /// For a merge request or a chat
    Markdown,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
    /// GitLab's report for container scanning
    Gitlab,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Rows {
    #[default]
    Remedy,
    Finding,
    Package,
    Layer,
}

/// Scans, reports, and says by the exit code what the answer is.
pub(crate) fn run(
    args: &ScanArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    format::check(&args.formats)?;
    let references = references(&args.images)?;
    let filters = Filters::new(&args.filters)?;
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
    if let Some(words) = &args.why_not {
        answer(&reasons(words, &scanned.scans))?;
        return Ok(exit);
    }
    let hidden: Vec<usize> = scanned.scans.iter_mut().map(|scan| filters.keep(scan)).collect();
    let shown: Vec<_> =
        scanned.scans.iter().zip(hidden).map(|(scan, hidden)| Filtered { scan, hidden }).collect();
    let asked_for_several = asks_for_several(&references, settings);
    for target in &args.formats {
        target.write(|look| render(&shown, args, target.format, asked_for_several, look))?;
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

/// Whether the answer is a list even if it has one entry: programs rely on the shape of what they asked for.
pub(super) fn asks_for_several(references: &[ImageReference], settings: &Settings) -> bool {
    references.len() > 1 || settings.platform.as_deref() == Some("all")
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

fn render(
    shown: &[Filtered<'_>],
    args: &ScanArgs,
    format: Format,
    asked_for_several: bool,
    look: Look,
) -> Result<String, Failure> {
    Ok(match (format, shown) {
        (Format::Table, _) => {
            let by = args.by.into();
            let tables: Vec<_> =
                shown.iter().map(|one| scan_table(one.scan, one.hidden, by, look)).collect();
            tables.join("\n")
        }
        (Format::Json, [one]) if !asked_for_several => to_json(one.scan)?,
        (Format::Json, _) => {
            let scans = shown.iter().map(|one| one.scan.clone()).collect();
            to_json(&Scans { schema: ScansSchema::V1, scans })?
        }
        (Format::Markdown, _) => markdown(shown),
        (Format::Sarif, _) => sarif(shown)?,
        (Format::Junit, _) => junit(shown)?,
        (Format::Gitlab, _) => gitlab(shown)?,
    })
}

/// Why a remedy is not the recommended one, for each scan.
fn reasons(words: &str, scans: &[Scan]) -> String {
    let mut text = String::new();
    for scan in scans {
        if scans.len() > 1 {
            text.push_str(&format!("{}\n", for_terminal(&scan.image.reference)));
        }
        for line in why_not(words, scan) {
            text.push_str(&format!("{}\n", for_terminal(&line)));
        }
    }
    text
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
