//! What changed between two images, or for one image between two generations of the database.

use plimsoll_advice::IgnoreRule;
use plimsoll_model::{Diff, ImageReference, Scan};
use plimsoll_vulndb::Matcher;

use crate::error::Error;
use crate::event::Observer;
use crate::inventory::read_images;
use crate::knowledge::scopes;
use crate::scan::{judge, judge_all, match_error, set_aside};
use crate::session::Session;
use crate::survey::Survey;

/// Compares two images, judged with the same generation.
pub fn diff(
    session: &Session,
    from: &ImageReference,
    to: &ImageReference,
    rules: &[(String, IgnoreRule)],
    observer: Observer<'_>,
) -> Result<Diff, Error> {
    let mut survey = Survey::open(session, None, observer);
    survey.read(from)?;
    survey.read(to)?;
    match judge_all(survey, rules)?.scans.as_slice() {
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
    let store = session.store()?;
    // The one in force is taken as it is: bringing it up to date would make it another.
    let find = |name: &str| {
        let found = match name {
            "current" => store.current(),
            id => store.generation(id).map(Some),
        };
        found.map_err(|error| session.database_error(error))
    };
    let generations = [find(from)?, find(to)?];
    let mut images = read_images(session, image, observer)?;
    let (Some(image), 0) = (images.pop(), images.len()) else {
        return Err(Error::NotTwo { images: images.len() + 1 });
    };
    let [from, to] = generations.map(|generation| -> Result<Scan, Error> {
        let generation = generation.as_ref();
        let matcher = Matcher::open(generation, &scopes(&image)).map_err(match_error)?;
        let mut scan = judge(session, image.clone(), &matcher, generation)?;
        set_aside(session, rules, &mut scan);
        Ok(scan)
    });
    Ok(plimsoll_advice::diff(&from?, &to?))
}
