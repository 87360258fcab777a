//! `plimsoll db update|status|feeds|search|export|import|verify`

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use plimsoll_flow::{
    DatabaseStatus, FeedOutcome, FeedResult, Session, Shrinkage, Trust, UpdateRequest, export,
    feeds, import, search, shard_problems, status, update, verify,
};
use plimsoll_model::Digest;
use plimsoll_report::{Align, Grid, Tone, for_terminal};

use crate::exit::Exit;
use crate::output::{Failure, answer, counted};
use crate::printer::{Printer, answer_look};
use crate::progress::Progress;
use crate::settings::Settings;

/// What to do with the advisory database.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Fetch what changed, for the scopes named or in use
    Update(UpdateArgs),
    /// What is in it, how old it is, and why it is believed
    Status {
        /// Also list the records of feeds that could not be used
        #[arg(long)]
        problems: bool,
    },
    /// Every feed: scopes, address, format, licence
    Feeds,
    /// What the database says of an id or a package
    Search {
        /// CVE-2019-1549, openssl
        text: String,
    },
    /// Write it as one file, for a machine without network
    Export {
        /// The file
        file: PathBuf,
    },
    /// Install an exported file
    Import {
        /// The file
        file: PathBuf,
        /// The digest that `db export` printed
        #[arg(long, value_name = "sha256:…")]
        digest: Option<Digest>,
    },
    /// Read every byte and say what is damaged
    Verify,
}

/// Without SCOPE: those that are in use.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// debian:12, alpine:3.20, almalinux:9 …
    #[arg(value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Only these feeds (`plimsoll db feeds` lists them)
    #[arg(long = "feed", value_name = "NAME")]
    feeds: Vec<String>,
    /// Believe a feed that lost most of its records since it was read last
    #[arg(long)]
    accept_shrinkage: bool,
}

/// Does it and says what came of it.
pub(crate) fn run(
    command: &DbCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let session = settings.session()?;
    match command {
        DbCommand::Update(args) => run_update(args, &session, printer),
        DbCommand::Status { problems } => run_status(*problems, &session, printer),
        DbCommand::Feeds => run_feeds(),
        DbCommand::Search { text } => run_search(text, &session),
        DbCommand::Export { file } => run_export(file, &session),
        DbCommand::Import { file, digest } => run_import(file, digest.as_ref(), &session, printer),
        DbCommand::Verify => run_verify(&session, printer),
    }
}

fn run_update(args: &UpdateArgs, session: &Session, printer: &Printer) -> Result<Exit, Failure> {
    let request = UpdateRequest {
        scopes: args
            .scopes
            .iter()
            .map(|scope| scope.parse().map_err(Failure::usage))
            .collect::<Result<_, _>>()?,
        feeds: args.feeds.clone(),
        shrinkage: match args.accept_shrinkage {
            true => Shrinkage::Accept,
            false => Shrinkage::Refuse,
        },
    };
    let progress = Progress::new(printer);
    let updated = update(session, &request, &|event| progress.on(event));
    progress.finish();
    let updated = updated?;
    if updated.outcomes.is_empty() {
        printer.warn("no scope is in use yet");
        printer.hint("plimsoll db update debian:12, or scan an image");
        return Ok(Exit::Done);
    }
    let mut grid = Grid::new(
        answer_look(),
        &[("SCOPE", Align::Left), ("FEED", Align::Left), ("RESULT", Align::Left)],
    );
    for outcome in &updated.outcomes {
        let (text, tone) = result(&outcome.result);
        let scope = outcome.scope.as_ref().map_or("ranking".to_owned(), ToString::to_string);
        grid.row([(&*scope, Tone::Strong), (&*outcome.feed, Tone::Normal), (&text, tone)]);
    }
    answer(&grid.to_string())?;
    Ok(if every_scope_has_data(&updated.outcomes) { Exit::Done } else { Exit::Failed })
}

/// A scope whose feeds all failed, with nothing older kept, has nothing to judge with.
fn every_scope_has_data(outcomes: &[FeedOutcome]) -> bool {
    let usable =
        |outcome: &FeedOutcome| !matches!(outcome.result, FeedResult::Failed { kept: false, .. });
    let scopes = outcomes.iter().filter_map(|outcome| outcome.scope.as_ref());
    scopes.into_iter().all(|scope| {
        outcomes.iter().any(|other| other.scope.as_ref() == Some(scope) && usable(other))
    })
}

fn result(result: &FeedResult) -> (String, Tone) {
    match result {
        FeedResult::Updated { advisories, problems: 0 } => {
            (counted(*advisories, "advisory", "advisories"), Tone::Good)
        }
        FeedResult::Updated { advisories, problems } => {
            let advisories = counted(*advisories, "advisory", "advisories");
            let records = counted(*problems as u64, "record", "records");
            (format!("{advisories}, {records} could not be used"), Tone::Good)
        }
        FeedResult::Unchanged => ("unchanged".to_owned(), Tone::Faint),
        FeedResult::Failed { reason, kept: true } => {
            (format!("older data stays in use: {reason}"), Tone::Alarm)
        }
        FeedResult::Failed { reason, kept: false } => (format!("failed: {reason}"), Tone::Alarm),
    }
}

fn run_status(problems: bool, session: &Session, printer: &Printer) -> Result<Exit, Failure> {
    let DatabaseStatus { generation, generations, shards } = status(session)?;
    let Some(generation) = generation else {
        printer.warn("there is no advisory database yet");
        printer.hint("plimsoll db update debian:12, or scan an image");
        return Ok(Exit::Done);
    };
    let mut grid = Grid::new(
        answer_look(),
        &[
            ("SCOPE", Align::Left),
            ("FEED", Align::Left),
            ("ADVISORIES", Align::Right),
            ("PROBLEMS", Align::Right),
            ("DATA OF", Align::Left),
            ("TRUST", Align::Left),
        ],
    );
    for shard in &shards {
        let scope = shard.scope.as_ref().map_or("ranking".to_owned(), ToString::to_string);
        let date = shard.as_of.strftime("%Y-%m-%d %H:%M").to_string();
        let note = shard.kept.as_ref().map(|why| format!("\nolder: {why}")).unwrap_or_default();
        grid.row([
            (&*scope, Tone::Strong),
            (&*shard.feed, Tone::Normal),
            (&*shard.advisories.to_string(), Tone::Normal),
            (&*shard.problems.to_string(), Tone::Normal),
            (&*format!("{date}{note}"), Tone::Normal),
            (trust(&shard.trust), Tone::Faint),
        ]);
    }
    let mut text = format!("generation {generation} ({} kept)\n\n{grid}", generations.len());
    if problems {
        for (feed, problem) in shard_problems(session)? {
            let line = format!("{feed}: {}: {}", problem.path, problem.message);
            text.push_str(&format!("{}\n", for_terminal(&line)));
        }
    }
    answer(&text)?;
    Ok(Exit::Done)
}

/// In a word; whose signature it is stands in the generation's manifest.
fn trust(trust: &Trust) -> &'static str {
    match trust {
        Trust::Signed(_) => "signed",
        Trust::Https => "https",
        Trust::ImportedVerified => "bundle",
        Trust::Copy => "copy",
        Trust::Imported => "bundle, unverified",
        Trust::Http => "http, unverified",
    }
}

/// Not a table: an address that is broken over lines is neither found by grep nor copied.
fn run_feeds() -> Result<Exit, Failure> {
    let mut text = String::new();
    for feed in feeds() {
        let format = feed.format.as_str();
        text.push_str(&format!("{}: {} ({format}; {})\n", feed.name, feed.scopes(), feed.license));
        for address in feed.address().replace(" https://", "\nhttps://").lines() {
            text.push_str(&format!("    {address}\n"));
        }
    }
    answer(&text)?;
    Ok(Exit::Done)
}

fn run_search(text: &str, session: &Session) -> Result<Exit, Failure> {
    let found = search(session, text)?;
    let mut grid = Grid::new(
        answer_look(),
        &[
            ("ID", Align::Left),
            ("SCOPE", Align::Left),
            ("PACKAGE", Align::Left),
            ("AFFECTED", Align::Left),
            ("FEED", Align::Left),
        ],
    );
    for hit in &found {
        grid.row([
            (&*hit.ids.join(" "), Tone::Strong),
            (&*hit.scope.to_string(), Tone::Normal),
            (&*hit.package, Tone::Normal),
            (&*hit.affected, Tone::Normal),
            (&*format!("{} {}", hit.feed, hit.record), Tone::Faint),
        ]);
    }
    let text = match found.is_empty() {
        true => "the database says nothing of it\n".to_owned(),
        false => grid.to_string(),
    };
    answer(&text)?;
    Ok(Exit::Done)
}

fn run_export(path: &Path, session: &Session) -> Result<Exit, Failure> {
    let name = path.display();
    let digest = crate::format::write_whole(path, |file| Ok(export(session, file)?))?;
    answer(&format!("{digest}  {name}\n"))?;
    Ok(Exit::Done)
}

fn run_import(
    path: &Path,
    digest: Option<&Digest>,
    session: &Session,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let name = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let generation = import(session, &mut file, digest)?;
    if digest.is_none() {
        printer.warn("imported without --digest: nothing vouches for the file");
    }
    answer(&format!("generation {}\n", generation.id()))?;
    Ok(Exit::Done)
}

fn run_verify(session: &Session, printer: &Printer) -> Result<Exit, Failure> {
    let damages = verify(session)?;
    for damage in &damages {
        let scope = damage.scope.as_ref().map(|scope| format!(" of {scope}")).unwrap_or_default();
        printer.warn(&format!("{}{scope}: {}", damage.feed, damage.reason));
    }
    match damages.is_empty() {
        true => {
            answer("every shard is whole\n")?;
            Ok(Exit::Done)
        }
        false => Ok(Exit::Failed),
    }
}
