//! The documentation that a `.deb` brings along.

use std::io::{self, BufReader, Read};

use plimsoll_unpack::ar::{ArError, ArReader};
use plimsoll_unpack::tar::{Entry, Kind, TarError, TarReader};
use plimsoll_unpack::{Compression, DecodeError, Decoder, Limits, SafePath};

use crate::changelog::parse::Changelog;
use crate::changelog::text::DebText;

/// `debian-binary`, `control.tar`, `data.tar`; others begin with an underscore and are few (deb(5)).
const MAX_MEMBERS: u64 = 16;

/// texlive's largest package has 130,000 files.
const MAX_FILES: u64 = 1_000_000;

/// The largest packages unpack to 6 GiB of debug symbols or maps of games; whoever wants a changelog starts with the
/// smallest package of the source.
const MAX_DATA_BYTES: u64 = 8 << 30;

const BUFFER_BYTES: usize = 64 << 10;

/// Where packages keep their documentation.
const DOC: &[u8] = b"usr/share/doc/";

/// What a package says about its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebDoc {
    /// Its changelog.
    pub changelog: DebChangelog,
    /// Its `NEWS.Debian`: what its users must know before they update.
    pub news: Option<DebText>,
}

/// Where a package's changelog is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DebChangelog {
    /// In the package; the entry of a rebuild stands above those of the source.
    Text(DebText),
    /// In this package, which is built from the same source: the documentation is a link to it.
    Sibling(String),
    /// Nowhere: packages of a source with a common documentation, images without any.
    Missing,
}

/// Why a `.deb` cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// It is no ar, or a broken one.
    #[error(transparent)]
    Ar(#[from] ArError),
    /// The first member is not that of a Debian package.
    #[error("no Debian package: the first member is not debian-binary")]
    NotADeb,
    /// A version of the format that dpkg does not know either.
    #[error("format {0:?} of Debian packages is not known")]
    Format(String),
    /// There is no member with the files.
    #[error("no member data.tar")]
    NoData,
    /// The files are compressed in a way that Debian gave up long ago, or never had.
    #[error("member {0} has a compression that is not supported")]
    Compression(String),
    /// The member with the files cannot be unpacked.
    #[error("unpacking data.tar")]
    Data(#[source] DecodeError),
    /// The files cannot be read.
    #[error("reading the files")]
    Files(#[source] TarError),
}

/// Reads the changelog and the news of a package out of its `.deb`, as far as needed.
///
/// `dpkg-deb` writes the files sorted by path and symbolic links after them. So reading ends after the package's
/// documentation directory where that had the changelog; where it has none, the whole package is read. The bytes after
/// that are the caller's: what was read is not to be believed before the hash of all of them is known.
pub fn read_doc(deb: impl Read + Send, package: &str) -> Result<DebDoc, DebError> {
    let limits = Limits { max_entries: MAX_MEMBERS, ..Limits::default() };
    let mut ar = ArReader::new(BufReader::with_capacity(BUFFER_BYTES, deb), &limits);
    check_format(&mut ar)?;
    while let Some(member) = ar.next_entry()? {
        let name = String::from_utf8_lossy(member.name()).into_owned();
        let Some(suffix) = name.strip_prefix("data.tar") else { continue };
        let compression = match suffix {
            "" => Compression::None,
            ".gz" => Compression::Gzip,
            ".xz" => Compression::Xz,
            ".zst" => Compression::Zstd,
            _ => return Err(DebError::Compression(name)),
        };
        let limits = Limits {
            max_entries: MAX_FILES,
            max_output_bytes: MAX_DATA_BYTES,
            ..Limits::default()
        };
        let member = BufReader::with_capacity(BUFFER_BYTES, member);
        let data =
            Decoder::with_compression(member, compression, &limits).map_err(DebError::Data)?;
        let data = BufReader::with_capacity(BUFFER_BYTES, data);
        return read_files(TarReader::new(data, &limits), package).map_err(DebError::Files);
    }
    Err(DebError::NoData)
}

fn check_format<R: io::BufRead>(ar: &mut ArReader<R>) -> Result<(), DebError> {
    let mut first = ar.next_entry()?.ok_or(DebError::NotADeb)?;
    if first.name() != b"debian-binary" {
        return Err(DebError::NotADeb);
    }
    let mut format = Vec::new();
    (&mut first).take(16).read_to_end(&mut format).map_err(ArError::Read)?;
    if format.starts_with(b"2.") {
        return Ok(());
    }
    Err(DebError::Format(String::from_utf8_lossy(format.trim_ascii_end()).into_owned()))
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// `changelog.Debian`, or `changelog` of a package that is only Debian's.
    changelog: Option<DebText>,
    /// `changelog.Debian.amd64`: the one entry of a rebuild.
    rebuild: Option<DebText>,
    news: Option<DebText>,
    sibling: Option<String>,
}

fn read_files<R: io::BufRead + Send>(
    mut tar: TarReader<R>,
    package: &str,
) -> Result<DebDoc, TarError> {
    let mut found = Found::default();
    while let Some(mut entry) = tar.next_entry()? {
        let path = entry.path();
        let below = path.as_bytes().strip_prefix(DOC);
        let below = below.and_then(|below| below.strip_prefix(package.as_bytes()));
        match below {
            Some(b"") => found.note_link(&entry, package),
            Some([b'/', file @ ..]) => found.read_file(&mut entry, file, package),
            _ if found.changelog.is_some() => break,
            _ => {}
        }
        // Skipping the rest of one that is too long means unpacking it.
        if found.changelog.as_ref().is_some_and(|text| text.cut.is_some()) {
            break;
        }
    }
    Ok(found.into_doc())
}

impl Found {
    fn read_file(&mut self, entry: &mut Entry<'_>, file: &[u8], package: &str) {
        let name = file.strip_suffix(b".gz").unwrap_or(file);
        match name {
            b"NEWS.Debian" if entry.kind() == Kind::File => {
                self.news = Some(DebText::read(entry));
            }
            b"changelog.Debian" | b"changelog" if entry.kind() == Kind::File => {
                let text = DebText::read(entry);
                // The name is upstream's where Debian's has its own.
                if name != b"changelog" || self.changelog.is_none() && begins_with_entry(&text) {
                    self.changelog = Some(text);
                }
            }
            b"changelog.Debian" | b"changelog" => self.note_link(entry, package),
            _ if name.starts_with(b"changelog.Debian.") && entry.kind() == Kind::File => {
                self.rebuild = Some(DebText::read(entry));
            }
            _ => {}
        }
    }

    /// A directory or a file may be a link into the directory of another package.
    fn note_link(&mut self, entry: &Entry<'_>, package: &str) {
        let target = match entry.kind() {
            Kind::Symlink { target } => entry.path().resolve(target).ok(),
            Kind::Hardlink { target } => Some(target.clone()),
            _ => None,
        };
        let sibling = target.as_ref().and_then(documented_package);
        if let Some(sibling) = sibling.filter(|sibling| *sibling != package) {
            self.sibling = Some(sibling.to_owned());
        }
    }

    fn into_doc(self) -> DebDoc {
        let changelog = match (self.changelog, self.sibling, self.rebuild) {
            (Some(text), _, rebuild) => DebChangelog::Text(joined(rebuild, text)),
            (None, Some(sibling), _) => DebChangelog::Sibling(sibling),
            (None, None, Some(rebuild)) => DebChangelog::Text(rebuild),
            (None, None, None) => DebChangelog::Missing,
        };
        DebDoc { changelog, news: self.news }
    }
}

fn joined(rebuild: Option<DebText>, text: DebText) -> DebText {
    let Some(rebuild) = rebuild else { return text };
    DebText { text: format!("{}\n{}", rebuild.text, text.text), cut: text.cut.or(rebuild.cut) }
}

fn begins_with_entry(text: &DebText) -> bool {
    let line = text.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    !Changelog::parse(line).entries.is_empty()
}

/// The package whose documentation a path is, where the name can be one (deb-control(5)).
fn documented_package(path: &SafePath) -> Option<&str> {
    let below = str::from_utf8(path.as_bytes().strip_prefix(DOC)?).ok()?;
    let name = below.split('/').next()?;
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    (name.len() > 1 && !name.starts_with(['+', '-', '.']) && name.bytes().all(is_name))
        .then_some(name)
}
