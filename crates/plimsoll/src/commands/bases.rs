//! `plimsoll bases learn|list|import|forget`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use plimsoll_flow::{
    KnownBase, LearnRequest, Session, bases_forget, bases_import, bases_learn, bases_list,
};
use plimsoll_report::{Align, Grid, Look, Tone};

use crate::exit::Exit;
use crate::output::{Failure, answer, counted};
use crate::printer::{Printer, answer_look};
use crate::progress::Progress;
use crate::settings::Settings;

/// What to do with the catalogue.
#[derive(Debug, Subcommand)]
pub(crate) enum BasesCommand {
    /// Learn the tags of a repository: registry.example/library/debian
    Learn(LearnArgs),
    /// The images that can be recognised
    List(PatternArgs),
    /// Add images from files
    Import(ImportArgs),
    /// Remove images
    Forget(ForgetArgs),
}

/// Asks for digests first and reads only what is new; stops at a registry's rate limit, and goes on from
/// there the next time.
#[derive(Debug, Args)]
pub(crate) struct LearnArgs {
    /// The repository
    name: String,
    /// Only tags like this: 'bookworm*'
    #[arg(long, value_name = "GLOB")]
    tags: Option<String>,
    /// At most so many tags, the newest
    #[arg(long, value_name = "N", default_value_t = 50)]
    newest: usize,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct PatternArgs {
    /// Only images like this: 'debian:*'
    pattern: Option<String>,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Lists of images with their layers, plain or compressed
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Arguments of `forget`.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Images like this: 'debian:*'
    pattern: String,
}

/// Does what the subcommand says, and says what came of it.
pub(crate) fn run(
    command: &BasesCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let session = settings.session()?;
    match command {
        BasesCommand::Learn(args) => learn(args, &session, printer),
        BasesCommand::List(args) => {
            let known = bases_list(&session, args.pattern.as_deref())?;
            answer(&table(&known, answer_look()))?;
            Ok(Exit::Done)
        }
        BasesCommand::Import(args) => import(args, &session, printer),
        BasesCommand::Forget(args) => {
            let forgotten = bases_forget(&session, &args.pattern)?;
            answer(&format!("{} forgotten\n", images(forgotten)))?;
            Ok(Exit::Done)
        }
    }
}

/// Not everything that was asked for was learned: that is no success, though nothing of it is lost.
fn learn(args: &LearnArgs, session: &Session, printer: &Printer) -> Result<Exit, Failure> {
    let request = LearnRequest { tags: args.tags.clone(), newest: args.newest };
    let progress = Progress::new(printer);
    let learned = bases_learn(session, &args.name, &request, &|event| progress.on(event));
    progress.finish();
    let learned = learned?;
    for problem in &learned.problems {
        printer.warn(problem);
    }
    answer(&format!("{} learned, {} known before\n", images(learned.added), learned.known))?;
    if let Some(why) = &learned.stopped {
        printer.warn(&format!("stopped early: {why}"));
        printer.hint("the same command goes on from here");
    }
    let nothing = learned.added + learned.known == 0 && !learned.problems.is_empty();
    Ok(if learned.stopped.is_some() || nothing { Exit::Failed } else { Exit::Done })
}

fn import(args: &ImportArgs, session: &Session, printer: &Printer) -> Result<Exit, Failure> {
    let mut added = 0;
    for file in &args.files {
        let imported = bases_import(session, file)?;
        added += imported.added;
        for problem in &imported.problems {
            printer.warn(&format!("{}: {problem}", file.display()));
        }
    }
    answer(&format!("{} added\n", images(added)))?;
    Ok(Exit::Done)
}

fn images(count: usize) -> String {
    // A count of things in memory fits.
    counted(u64::try_from(count).unwrap_or(u64::MAX), "image", "images")
}

fn table(known: &[KnownBase], look: Look) -> String {
    let mut grid = Grid::new(
        look,
        &[
            ("IMAGE", Align::Left),
            ("PLATFORM", Align::Left),
            ("BUILT", Align::Left),
            ("LAYERS", Align::Right),
            ("FROM", Align::Left),
        ],
    );
    grid.at_least(0, 30);
    for base in known {
        let name = match &base.digest {
            Some(digest) => {
                format!("{}\n{}:{}", base.reference, digest.algorithm().as_str(), digest.short())
            }
            None => base.reference.clone(),
        };
        let platform = base.platform.as_ref().map(ToString::to_string).unwrap_or_default();
        let built = base.created.map(|created| created.strftime("%Y-%m-%d").to_string());
        grid.row([
            (&*name, Tone::Strong),
            (&platform, Tone::Normal),
            (built.as_deref().unwrap_or("?"), Tone::Normal),
            (&base.layers.to_string(), Tone::Normal),
            (&base.origin, Tone::Faint),
        ]);
    }
    match grid.is_empty() {
        true => "no image can be recognised: plimsoll bases learn NAME\n".to_owned(),
        false => grid.to_string(),
    }
}
