//! Known images out of files that others publish, one record at a time.

mod debian;
mod reader;
mod repo_info;
mod ubuntu;

use std::fmt;
use std::io::{self, BufReader, Read};

use plimsoll_model::Problem;
use plimsoll_unpack::{DecodeError, Decoder, Limits};
use serde_json::Value;

use crate::known::{KnownImage, Source};
use reader::{Record, Records};

/// What a file said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The formats of its records.
    pub formats: Vec<Format>,
    /// The images it names.
    pub images: Vec<KnownImage>,
    /// Its records that could not be used; the first thousand of them.
    pub problems: Vec<Problem>,
}

/// What wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The builds of debuerreotype/docker-debian-artifacts: suite, variant, package list, digests, diff ids.
    Debian,
    /// The builds of the Ubuntu images: suite, serial, package list.
    Ubuntu,
    /// docker-library/repo-info: name, platform, digests, blobs.
    RepoInfo,
}

/// Why a file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Its compression is damaged, or made to be huge.
    #[error("cannot unpack {file}")]
    Unpack {
        /// The file.
        file: String,
        /// Why.
        source: DecodeError,
    },
    /// No record of it is of a known format.
    #[error("{file} has no record of a known format (Debian, Ubuntu, repo-info)")]
    Unknown {
        /// The file.
        file: String,
    },
}

/// A line of a million images with package lists is about 4 kB each.
const MAX_UNPACKED_BYTES: u64 = 8 << 30;
/// As many images as the catalogue is made for.
const MAX_RECORDS: usize = 1_000_000;
/// Nobody reads more problems than this.
const MAX_PROBLEMS: usize = 1_000;

/// Reads a file, compressed or not. Its formats are known by its records; a record that lies or cannot be understood
/// is a problem and nothing else is lost.
pub fn import(file: &str, reader: impl Read) -> Result<Imported, ImportError> {
    let limits = Limits { max_output_bytes: MAX_UNPACKED_BYTES, ..Limits::default() };
    let unpack = |source| ImportError::Unpack { file: file.to_owned(), source };
    let decoder = Decoder::buffered(reader, &limits).map_err(unpack)?;
    let mut imported = Imported { formats: Vec::new(), images: Vec::new(), problems: Vec::new() };
    for (at, record) in (1..).zip(Records::new(BufReader::new(decoder))) {
        let record =
            record.map_err(|source| ImportError::Read { file: file.to_owned(), source })?;
        let outcome = match record {
            _ if at > MAX_RECORDS => {
                Err(format!("more than {MAX_RECORDS} records; the rest is left out"))
            }
            Record::Value(value) => known_image(file, &value),
            Record::Bad(why) => Err(why),
        };
        match outcome {
            Ok((format, image)) => {
                if !imported.formats.contains(&format) {
                    imported.formats.push(format);
                }
                imported.images.push(image);
            }
            Err(why) if imported.problems.len() < MAX_PROBLEMS => {
                imported.problems.push(problem(file, at, why));
            }
            Err(_) => {}
        }
        if at > MAX_RECORDS {
            break;
        }
    }
    if imported.images.is_empty() {
        return Err(ImportError::Unknown { file: file.to_owned() });
    }
    Ok(imported)
}

/// The image that a record is about, by the keys that only one format has.
fn known_image(file: &str, value: &Value) -> Result<(Format, KnownImage), String> {
    let source = Source::Imported(file.to_owned());
    let has = |key: &str| value.get(key).is_some();
    if has("image") && has("manifest") {
        Ok((Format::RepoInfo, repo_info::image(value, source)?))
    } else if has("suite") && has("serial") {
        Ok((Format::Ubuntu, ubuntu::image(value, source)?))
    } else if has("suite") && has("variant") {
        Ok((Format::Debian, debian::image(value, source)?))
    } else {
        Err("it is a record of no known format".to_owned())
    }
}

fn problem(file: &str, at: usize, message: String) -> Problem {
    Problem { path: format!("{file}: record {at}"), layer: None, message }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debian => "Debian builds",
            Self::Ubuntu => "Ubuntu builds",
            Self::RepoInfo => "repo-info",
        })
    }
}
