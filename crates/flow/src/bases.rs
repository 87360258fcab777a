//! The catalogue of known base images: filled from registries and files, one file in the state directory.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use plimsoll_lineage::{Catalogue, CatalogueError, KnownImage, forget, import, merge, wanted_tags};
use plimsoll_model::{Digest, ImageName, Platform, Problem};

use crate::error::{Error, chain};
use crate::event::{Event, Observer};
use crate::registries::{Registries, Taught, Untaught};
use crate::session::Session;

/// What to learn of a repository.
#[derive(Clone, Debug)]
pub struct LearnRequest {
    /// Which tags, as a pattern with `*` and `?`; none means all.
    pub tags: Option<String>,
    /// At most so many tags of each family, the newest.
    pub newest: usize,
}

/// What was learned.
#[derive(Clone, Debug, Default)]
pub struct LearnedBases {
    /// Images that are new in the catalogue.
    pub added: usize,
    /// Images that it knew already.
    pub known: usize,
    /// Tags that could not be learned.
    pub problems: Vec<String>,
    /// Why it ended early; what was learned is kept, and the next run goes on.
    pub stopped: Option<String>,
}

/// An image of the catalogue.
#[derive(Clone, Debug)]
pub struct KnownBase {
    /// Its name.
    pub reference: String,
    /// Its manifest digest.
    pub digest: Option<Digest>,
    /// Its platform.
    pub platform: Option<Platform>,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// How many layers it has; 0 where they are not known.
    pub layers: usize,
    /// Where the entry came from.
    pub origin: String,
}

/// What an import brought.
#[derive(Clone, Debug, Default)]
pub struct ImportedBases {
    /// Images that are new in the catalogue.
    pub added: usize,
    /// Entries that were left out, and why.
    pub problems: Vec<String>,
}

/// The catalogue is written after so many images: what was learned survives whatever ends the run.
const BATCH: usize = 20;
/// More tags than any repository that people build on: docker.io/library/python has some 5,000.
const MAX_TAGS: usize = 100_000;

/// Fills the catalogue from a repository of a registry. A tag whose digest is the one that was learned before
/// costs one request without a body.
pub fn bases_learn(
    session: &Session,
    name: &str,
    request: &LearnRequest,
    observer: Observer<'_>,
) -> Result<LearnedBases, Error> {
    let repository: ImageName =
        name.parse().map_err(|source| Error::Name { text: name.to_owned(), source })?;
    let registries = Registries::open(session)?;
    let mut learned = LearnedBases::default();
    let tags = match &repository.tag {
        Some(tag) => vec![tag.clone()],
        None => match registries.tags(&repository, MAX_TAGS).map_err(Untaught::from) {
            Ok(all) => wanted_tags(request.tags.as_deref().unwrap_or("*"), &all, request.newest),
            Err(Untaught::RateLimited(why)) => {
                learned.stopped = Some(why);
                return Ok(learned);
            }
            Err(Untaught::Other(error)) => return Err(error),
        },
    };
    let catalogue = open(session)?;
    let mut batch = Vec::new();
    for tag in tags {
        let name = ImageName { tag: Some(tag), ..repository.clone() };
        observer(Event::Note(format!("asking for {name}")));
        match registries.teach(&name, &catalogue) {
            Ok(Taught::Known) => learned.known += 1,
            Ok(Taught::Images(images)) => batch.extend(images),
            Err(Untaught::RateLimited(why)) => {
                learned.stopped = Some(why);
                break;
            }
            Err(Untaught::Other(error)) => {
                learned.problems.push(format!("{name}: {}", chain(&error)));
            }
        }
        if batch.len() >= BATCH {
            learned.added += keep(session, std::mem::take(&mut batch), &mut learned.problems)?;
        }
    }
    learned.added += keep(session, batch, &mut learned.problems)?;
    Ok(learned)
}

/// The images of the catalogue whose names match the pattern.
pub fn bases_list(session: &Session, pattern: Option<&str>) -> Result<Vec<KnownBase>, Error> {
    let catalogue = open(session)?;
    let mut bases = Vec::new();
    let images = catalogue.images().map_err(|source| catalogue_error(session, source))?;
    for image in images {
        let image = image.map_err(|source| catalogue_error(session, source))?;
        if pattern.is_none_or(|pattern| image.fits(pattern)) {
            bases.push(KnownBase {
                reference: image.name(),
                digest: image.digest,
                platform: image.platform,
                created: image.created,
                layers: image.chain.map_or(0, |chain| chain.layers as usize),
                origin: image.source.to_string(),
            });
        }
    }
    Ok(bases)
}

/// Adds the entries of a file.
pub fn bases_import(session: &Session, path: &Path) -> Result<ImportedBases, Error> {
    let file = File::open(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let name =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let read = import(&name, file)
        .map_err(|source| Error::Import { path: path.to_owned(), source: Box::new(source) })?;
    let mut problems: Vec<String> = read.problems.iter().map(sentence).collect();
    let added = keep(session, read.images, &mut problems)?;
    Ok(ImportedBases { added, problems })
}

/// Removes the images whose names match the pattern; gives how many.
pub fn bases_forget(session: &Session, pattern: &str) -> Result<usize, Error> {
    let _lock = lock(session)?;
    forget(&path(session), pattern).map_err(|source| catalogue_error(session, source))
}

/// The catalogue as it is; one that was never filled is empty.
pub(crate) fn open(session: &Session) -> Result<Catalogue, Error> {
    session.check_state_dir()?;
    Catalogue::open(&path(session)).map_err(|source| catalogue_error(session, source))
}

/// Adds images to the catalogue; gives how many are new.
pub(crate) fn keep(
    session: &Session,
    images: Vec<KnownImage>,
    problems: &mut Vec<String>,
) -> Result<usize, Error> {
    if images.is_empty() {
        return Ok(0);
    }
    let _lock = lock(session)?;
    let merged =
        merge(&path(session), images).map_err(|source| catalogue_error(session, source))?;
    problems.extend(merged.refused.iter().map(sentence));
    Ok(merged.added)
}

/// Whoever changes the catalogue reads it, adds to it and replaces it: nobody else may do so meanwhile. The file is
/// replaced, so it cannot carry the lock itself.
fn lock(session: &Session) -> Result<File, Error> {
    session.make_state_dir()?;
    let path = session.state_dir().join("bases.lock");
    let lock = || -> io::Result<File> {
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(|source| Error::File { path: path.clone(), source })
}

fn sentence(problem: &Problem) -> String {
    format!("{}: {}", problem.path, problem.message)
}

pub(crate) fn catalogue_error(session: &Session, source: CatalogueError) -> Error {
    Error::Catalogue { path: path(session), source: Box::new(source) }
}

fn path(session: &Session) -> PathBuf {
    session.state_dir().join("bases")
}

#[cfg(test)]
mod tests {
    use plimsoll_lineage::Source;

    use super::*;
    use crate::testing::session;

    #[test]
    fn nothing_is_lost_where_several_add_at_once() {
        const ADDERS: usize = 16;
        let (_directory, session) = session();
        std::thread::scope(|scope| {
            for number in 0..ADDERS {
                let session = &session;
                scope.spawn(move || {
                    let name = format!("r.example/app:{number}").parse().unwrap();
                    let mut image = KnownImage::new(&name, Source::Learned);
                    image.digest = Some(crate::testing::digest(number as u8));
                    assert_eq!(keep(session, vec![image], &mut Vec::new()).unwrap(), 1);
                });
            }
        });
        assert_eq!(bases_list(&session, None).unwrap().len(), ADDERS);
        assert_eq!(bases_forget(&session, "r.example/app:1*").unwrap(), 7);
        assert_eq!(bases_list(&session, Some("r.example/app")).unwrap().len(), ADDERS - 7);
    }
}
