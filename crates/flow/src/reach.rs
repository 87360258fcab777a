//! Where feeds and archives are read: at their address, at a mirror, or in a copy laid out by host and path.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use plimsoll_fetch::{Client, Fetched, Limit, Refusal, Request, Url, Validators};
use plimsoll_vulndb::Trust;

use crate::error::{Error, chain};
use crate::session::Session;

/// The largest feed seen is Debian's OSV export with some 100 MB; ten times that is no feed.
const FEED_LIMIT: Limit = Limit { bytes: 1 << 30, name: "feed" };

/// How feeds and archives are reached in this session.
pub(crate) struct Reach {
    client: Client,
    origin: Origin,
    mirrors: Vec<(String, String)>,
}

enum Origin {
    Upstream,
    Address(String),
    Directory(PathBuf),
}

/// Where an address is really asked in this session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The address or the path of the file.
    pub(crate) name: String,
    pub(crate) way: Way,
}

/// How bytes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the host that was named, over https.
    Https,
    /// From the host that was named, over plain http.
    Http,
    /// From a mirror or a copy that the operator named in its place.
    Copy,
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
        let origin = match session.settings.feeds_from.as_deref() {
            None => Origin::Upstream,
            Some(base) if base.starts_with("http://") || base.starts_with("https://") => {
                Origin::Address(base.trim_end_matches('/').to_owned())
            }
            Some(base) => Origin::Directory(PathBuf::from(base)),
        };
        if let Origin::Directory(path) = &origin {
            // A mistyped directory would look like a copy that lacks every feed.
            std::fs::read_dir(path).map_err(|source| Error::File { path: path.clone(), source })?;
        }
        let mirrors = session.settings.mirrors.clone();
        Ok(Self { client: session.fetch()?, origin, mirrors })
    }

    /// Asks for `address` (`https://HOST/PATH`; `http` where an operator allowed a host that has nothing
    /// better), only for what changed where validators are given.
    pub(crate) fn open(
        &self,
        address: &str,
        known: Option<&Validators>,
    ) -> Result<Reached, String> {
        match &self.origin {
            Origin::Directory(base) => open_file(base, location(address)),
            Origin::Address(_) | Origin::Upstream => self.get(&self.place(address), known),
        }
    }

    /// Where [`Self::open`] asks for an address.
    pub(crate) fn place(&self, address: &str) -> Place {
        let location = location(address);
        let copy = match &self.origin {
            Origin::Directory(base) => Some(base.join(location).display().to_string()),
            Origin::Address(base) => Some(format!("{base}/{location}")),
            Origin::Upstream => self.mirrored(location),
        };
        match copy {
            Some(name) => Place { name, way: Way::Copy },
            None if address.starts_with("http://") => {
                Place { name: address.to_owned(), way: Way::Http }
            }
            None => Place { name: address.to_owned(), way: Way::Https },
        }
    }

    fn mirrored(&self, location: &str) -> Option<String> {
        self.mirrors.iter().find_map(|(archive, url)| {
            let path = location.strip_prefix(archive.as_str())?.strip_prefix('/')?;
            Some(format!("{url}/{path}"))
        })
    }

    fn get(&self, place: &Place, known: Option<&Validators>) -> Result<Reached, String> {
        let Place { name: url, way } = place;
        let trust = match way {
            _ if !url.starts_with("https://") => Trust::Http,
            Way::Copy => Trust::Copy,
            Way::Https | Way::Http => Trust::Https,
        };
        let address: Url = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
        let request = Request::get(address).limit(FEED_LIMIT);
        let nothing = Validators::default();
        let fetched = self.client.get_if_changed(&request, known.unwrap_or(&nothing));
        let fetched = match fetched {
            Err(error) if error.status() == Some(404) => {
                return Ok(Reached::Missing(format!("{url} is not there")));
            }
            Err(error @ plimsoll_fetch::Error::Refused { refusal: Refusal::PlainHttp, .. }) => {
                return Err(format!("{}; --insecure with its host allows it", chain(&error)));
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

/// Host and path of an address.
fn location(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, location)| location)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const ADDRESS: &str = "https://a.example/b/c";

    #[test]
    fn an_address_is_asked_where_the_operator_says() {
        let check = |from: Option<&str>, address: &str, expected: &str, way: Way| {
            let (_directory, mut session) = testing::session();
            session.settings.feeds_from = from.map(str::to_owned);
            let mirror = |archive: &str, url: &str| (archive.to_owned(), url.to_owned());
            session.settings.mirrors = vec![
                mirror("m.example/b", "http://near.example"),
                mirror("a.example/bb", "http://x.example"),
            ];
            let place = Reach::new(&session).unwrap().place(address);
            assert_eq!(place, Place { name: expected.to_owned(), way });
        };
        check(None, ADDRESS, ADDRESS, Way::Https);
        check(None, "http://a.example/b", "http://a.example/b", Way::Http);
        let mirrored = "https://m.example/b/c";
        check(None, mirrored, "http://near.example/c", Way::Copy);
        check(Some("/"), ADDRESS, "/a.example/b/c", Way::Copy);
        check(Some("https://copy/"), mirrored, "https://copy/m.example/b/c", Way::Copy);
    }

    #[test]
    fn plain_http_is_refused_with_what_would_allow_it() {
        let (_directory, mut session) = testing::session();
        session.settings.allowed_sources = vec!["a.example".to_owned()];
        let reach = Reach::new(&session).unwrap();
        let why = reach.open("http://a.example/b", None).err().unwrap();
        assert!(why.contains("--insecure with its host allows it"), "{why}");
    }
}
