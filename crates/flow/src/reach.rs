//! Where feeds are read: at their address, at a mirror, or in a copy laid out by host and path.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use plimsoll_fetch::{Client, Fetched, Limit, Request, Url, Validators};
use plimsoll_vulndb::Trust;

use crate::error::{Error, chain};
use crate::session::Session;

/// The largest feed seen is Debian's OSV export with some 100 MB; ten times that is no feed.
const FEED_LIMIT: Limit = Limit { bytes: 1 << 30, name: "feed" };

/// How feeds are reached in this session.
pub(crate) struct Reach {
    client: Client,
    place: Place,
    mirrors: Vec<(String, String)>,
}

enum Place {
    Upstream,
    Address(String),
    Directory(PathBuf),
}

/// What came of asking.
pub(crate) enum Reached {
    /// It has not changed since the validators were given.
    NotModified,
    /// There is no such document; says where it was looked for.
    Missing(String),
    /// Here it is.
    Found(Found),
}

/// An open feed.
pub(crate) struct Found {
    pub(crate) bytes: Box<dyn Read + Send>,
    pub(crate) validators: Validators,
    /// When the document was changed last, as the server or the file system says.
    pub(crate) modified: Option<Timestamp>,
    pub(crate) trust: Trust,
}

impl Reach {
    pub(crate) fn new(session: &Session) -> Result<Self, Error> {
        let place = match session.settings.feeds_from.as_deref() {
            None => Place::Upstream,
            Some(base) if base.starts_with("http://") || base.starts_with("https://") => {
                Place::Address(base.trim_end_matches('/').to_owned())
            }
            Some(base) => Place::Directory(PathBuf::from(base)),
        };
        if let Place::Directory(path) = &place {
            // A mistyped directory would look like a copy that lacks every feed.
            std::fs::read_dir(path).map_err(|source| Error::File { path: path.clone(), source })?;
        }
        let mirrors = session.settings.mirrors.clone();
        Ok(Self { client: session.fetch()?, place, mirrors })
    }

    /// Asks for `address` (`https://HOST/PATH`; `http` where an operator allowed a host that has nothing
    /// better), only for what changed where validators are given.
    pub(crate) fn open(
        &self,
        address: &str,
        known: Option<&Validators>,
    ) -> Result<Reached, String> {
        let (_, location) = address.split_once("://").unwrap_or(("https", address));
        match &self.place {
            Place::Directory(base) => open_file(base, location),
            Place::Address(base) => self.get(&format!("{base}/{location}"), Trust::Copy, known),
            Place::Upstream => match self.mirrored(location) {
                Some(url) => self.get(&url, Trust::Copy, known),
                None => self.get(address, Trust::Https, known),
            },
        }
    }

    fn mirrored(&self, location: &str) -> Option<String> {
        self.mirrors.iter().find_map(|(archive, url)| {
            let path = location.strip_prefix(archive.as_str())?.strip_prefix('/')?;
            Some(format!("{url}/{path}"))
        })
    }

    /// `trust` is what the place deserves over TLS.
    fn get(&self, url: &str, trust: Trust, known: Option<&Validators>) -> Result<Reached, String> {
        let trust = if url.starts_with("https://") { trust } else { Trust::Http };
        let address: Url = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
        let request = Request::get(address).limit(FEED_LIMIT);
        let nothing = Validators::default();
        let fetched = self.client.get_if_changed(&request, known.unwrap_or(&nothing));
        let fetched = match fetched {
            Err(error) if error.status() == Some(404) => {
                return Ok(Reached::Missing(format!("{url} is not there")));
            }
            fetched => fetched.map_err(|error| chain(&error))?,
        };
        match fetched {
            Fetched::NotModified => Ok(Reached::NotModified),
            Fetched::Changed(response) => {
                let validators = response.validators();
                Ok(Reached::Found(Found {
                    modified: validators.last_modified.as_deref().and_then(http_date),
                    validators,
                    bytes: Box::new(response.body),
                    trust,
                }))
            }
        }
    }
}

/// `Last-Modified` has the form of a date in mail (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// The file of a copy. Programs that make copies write `%20` as a blank (`wget -x`) or leave it.
fn open_file(base: &Path, location: &str) -> Result<Reached, String> {
    match open_name(base, &location.replace("%20", " "))? {
        Reached::Missing(_) if location.contains("%20") => open_name(base, location),
        found => Ok(found),
    }
}

fn open_name(base: &Path, location: &str) -> Result<Reached, String> {
    let is_plain = location.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !is_plain {
        return Err(format!("{location} is no path of a feed"));
    }
    let path = base.join(location);
    match File::open(&path) {
        Ok(file) => Ok(Reached::Found(Found {
            modified: file
                .metadata()
                .and_then(|m| m.modified())
                .ok()
                .and_then(|m| m.try_into().ok()),
            bytes: Box::new(file.take(FEED_LIMIT.bytes)),
            validators: Validators::default(),
            trust: Trust::Copy,
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Reached::Missing(format!("{} is not there", path.display())))
        }
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}
