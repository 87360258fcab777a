//! What changed between two images, or for one image between two generations of the database.

use plimsoll_advice::IgnoreRule;
use plimsoll_model::{Diff, ImageReference, Scan};

use crate::error::Error;
use crate::event::Observer;
use crate::scan::{Depth, scan_to};
use crate::session::{Session, Settings};

/// Compares two images, judged with the same generation.
pub fn diff(
    session: &Session,
    from: &ImageReference,
    to: &ImageReference,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Diff, Error> {
    let scanned = scan_to(Depth::Findings, session, &[from.clone(), to.clone()], rules, observer)?;
    if let Some(failure) = scanned.failures.into_iter().next() {
        return Err(failure);
    }
    match scanned.scans.as_slice() {
        [from, to] => Ok(plimsoll_advice::diff(from, to)),
        scans => Err(Error::NotTwo { images: scans.len() }),
    }
}

/// Compares one image judged with two generations, each named as `--generation` takes it; `current` is the one in
/// force.
pub fn diff_generations(
    session: &Session,
    image: &ImageReference,
    from: &str,
    to: &str,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Diff, Error> {
    let judged = |generation: &str| -> Result<Scan, Error> {
        let generation = match generation {
            "current" => None,
            generation => Some(generation.to_owned()),
        };
        // The one in force is taken as it is: bringing it up to date would make it another.
        let settings = Settings { generation, offline: true, ..session.settings.clone() };
        let session = Session::new(settings, session.surroundings.clone());
        let references = [image.clone()];
        let mut scanned = scan_to(Depth::Findings, &session, &references, rules, observer)?;
        match (scanned.failures.pop(), scanned.scans.pop(), scanned.scans.len()) {
            (Some(failure), ..) => Err(failure),
            (None, Some(scan), 0) => Ok(scan),
            (None, _, more) => Err(Error::NotTwo { images: more + 1 }),
        }
    };
    Ok(plimsoll_advice::diff(&judged(from)?, &judged(to)?))
}
