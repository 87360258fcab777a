//! `plimsoll compare-versions ECOSYSTEM [A B]`

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::io::{BufRead, Write as _};

use clap::Args;
use plimsoll_versions::{InvalidVersion, Scheme, compare};

use crate::exit::Exit;
use crate::output::{Failure, answer};
use crate::printer::Printer;

/// A longer line on standard input is no pair of versions.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Without A and B, tab-separated pairs are read from standard input, one a line.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// debian, ubuntu, alpine, redhat, … or dpkg, rpm, apk, semver
    ecosystem: String,
    /// The first version
    #[arg(requires = "b", allow_hyphen_values = true)]
    a: Option<String>,
    /// The second version
    #[arg(allow_hyphen_values = true)]
    b: Option<String>,
}

/// Prints `A < B`, `A = B` or `A > B`.
pub(crate) fn run(args: &CompareArgs, printer: &Printer) -> Result<Exit, Failure> {
    let scheme: Scheme = args.ecosystem.parse().map_err(Failure::usage)?;
    match (&args.a, &args.b) {
        (Some(a), Some(b)) => {
            answer(&relation(scheme, a, b)?)?;
            Ok(Exit::Done)
        }
        _ => from_stdin(scheme, printer),
    }
}

/// Every pair is answered; one that cannot be compared is answered with `?`, named on standard error,
/// and makes the run fail at its end.
fn from_stdin(scheme: Scheme, printer: &Printer) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut stdin = std::io::stdin().lock();
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if std::io::Read::take(&mut stdin, MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            continue;
        }
        let Some((a, b)) = text.split_once('\t') else {
            printer.warn(&format!("line {number}: no tab between two versions"));
            exit = Exit::Failed;
            continue;
        };
        match relation(scheme, a, b) {
            Ok(relation) => stdout.write_all(relation.as_bytes())?,
            Err(error) => {
                printer.warn(&format!("line {number}: {error}"));
                writeln!(stdout, "{a} ? {b}")?;
                exit = Exit::Failed;
            }
        }
    }
    stdout.flush()?;
    Ok(exit)
}

fn relation(scheme: Scheme, a: &str, b: &str) -> Result<String, InvalidVersion> {
    let sign = match compare(scheme, a, b)? {
        Ordering::Less => '<',
        Ordering::Equal => '=',
        Ordering::Greater => '>',
    };
    let mut line = String::with_capacity(a.len() + b.len() + 4);
    let _ = writeln!(line, "{a} {sign} {b}");
    Ok(line)
}
