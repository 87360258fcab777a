//! `APKINDEX`: the packages that a repository offers.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use jiff::Timestamp;
use plimsoll_unpack::{Compression, Decoder, Limits};

use crate::apk::members::Members;
use crate::apk::signature::VerifiedApkIndex;

/// The largest index known, Wolfi's with every version of years, inflates to some 150 MB.
const MAX_OUTPUT: u64 = 1 << 30;

/// Text like this shrinks to a fifth.
const MAX_RATIO: u64 = 100;

/// What may inflate whatever the ratio.
const RATIO_FLOOR: u64 = 64 << 20;

/// `DESCRIPTION` and `APKINDEX`; signatures are not here.
const MAX_MEMBERS: usize = 16;

/// Alpine's community has 30,000.
const MAX_PACKAGES: u64 = 2_000_000;

/// Names and versions are short; a longer value is taken for damage.
const MAX_VALUE: usize = 4096;

/// Enough to see what is wrong.
const MAX_PROBLEMS: usize = 50;

/// One line: `v3.20.3-27-g8b2c1a9`.
const MAX_DESCRIPTION: u64 = 1024;

/// A package of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApkIndexPackage<'a> {
    /// `P:`
    pub name: &'a str,
    /// `V:`
    pub version: &'a str,
    /// `A:`; empty where it is for every architecture.
    pub arch: &'a str,
    /// `o:`, the package itself where it names none.
    pub origin: &'a str,
    /// `C:`, the hash of its control part; empty where it has none.
    pub checksum: &'a str,
}

/// The packages of a repository, about 100 bytes for each.
#[derive(Default)]
pub struct ApkIndex {
    /// When it was made, by the time that its tar gives the file; none where that says nothing.
    pub made_at: Option<Timestamp>,
    /// When the newest of its packages was built: it cannot be older. It makes no promise to be news.
    pub newest_build: Option<Timestamp>,
    /// What it is of, by its own word: `v3.20.3-27-g8b2c1a9`.
    pub description: String,
    /// Packages left out, and why.
    pub problems: Vec<String>,
    /// The fields of all packages behind one another.
    text: String,
    /// By name.
    packages: Vec<Fields>,
}

/// Where the fields of a package are in the text.
struct Fields {
    start: usize,
    lengths: [u16; 5],
}

/// Why an index cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ApkIndexError {
    /// Its compression or its tar is damaged, or it is larger than any index.
    #[error("reading APKINDEX")]
    Read(#[source] io::Error),
    /// It holds no list of packages.
    #[error("index has no APKINDEX")]
    Missing,
    /// More packages than any repository has.
    #[error("index has more than {MAX_PACKAGES} packages")]
    TooMany,
}

impl ApkIndex {
    /// Reads an index as a stream.
    pub fn read(verified: &VerifiedApkIndex<'_>) -> Result<Self, ApkIndexError> {
        let limits = Limits {
            max_output_bytes: MAX_OUTPUT,
            max_ratio: MAX_RATIO,
            ratio_floor_bytes: RATIO_FLOOR,
            ..Limits::default()
        };
        let decoder = Decoder::with_compression(verified.index(), Compression::Gzip, &limits)
            .map_err(|error| ApkIndexError::Read(io::Error::other(error)))?;
        read_tar(decoder)
    }

    /// How many packages it has.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// The versions of a package.
    pub fn packages(&self, name: &str) -> impl Iterator<Item = ApkIndexPackage<'_>> {
        let first = self.packages.partition_point(|fields| self.package(fields).name < name);
        let rest = self.packages.get(first..).unwrap_or_default().iter();
        rest.map(|fields| self.package(fields)).take_while(move |package| package.name == name)
    }

    fn package(&self, fields: &Fields) -> ApkIndexPackage<'_> {
        let mut rest = self.text.get(fields.start..).unwrap_or_default();
        let [name, version, arch, origin, checksum] = fields.lengths.map(|length| {
            let (field, behind) = rest.split_at_checked(length.into()).unwrap_or_default();
            rest = behind;
            field
        });
        ApkIndexPackage { name, version, arch, origin, checksum }
    }

    fn push(&mut self, package: ApkIndexPackage<'_>) {
        let ApkIndexPackage { name, version, arch, origin, checksum } = package;
        let fields = [name, version, arch, origin, checksum];
        let start = self.text.len();
        fields.iter().for_each(|field| self.text.push_str(field));
        // No field is longer than MAX_VALUE.
        let lengths = fields.map(|field| u16::try_from(field.len()).unwrap_or_default());
        self.packages.push(Fields { start, lengths });
    }

    /// By name, each in the order of the index.
    fn sort(&mut self) {
        let mut packages = std::mem::take(&mut self.packages);
        packages.sort_by(|a, b| self.package(a).name.cmp(self.package(b).name));
        self.packages = packages;
    }
}

impl fmt::Debug for ApkIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApkIndex {:?} of {} packages", self.description, self.len())
    }
}

fn read_tar(tar: impl Read) -> Result<ApkIndex, ApkIndexError> {
    let mut members = Members::new(tar);
    let mut index = ApkIndex::default();
    for _ in 0..MAX_MEMBERS {
        let Some(member) = members.next().map_err(ApkIndexError::Read)? else { break };
        if !member.is_file {
            continue;
        }
        let body = members.body(&member);
        match member.name.as_str() {
            "DESCRIPTION" => {
                let mut description = Vec::new();
                let read = body.take(MAX_DESCRIPTION).read_to_end(&mut description);
                read.map_err(ApkIndexError::Read)?;
                index.description = String::from_utf8_lossy(description.trim_ascii()).into_owned();
            }
            "APKINDEX" => {
                let mut reader = Reader { index, count: 0, newest: 0 };
                reader.read(BufReader::with_capacity(128 << 10, body))?;
                let mut index = reader.index;
                index.made_at = time(member.mtime);
                index.newest_build = time(reader.newest);
                index.sort();
                return Ok(index);
            }
            _ => {}
        }
    }
    Err(ApkIndexError::Missing)
}

/// A second since 1970, but for the first, which is written where nothing is known.
fn time(seconds: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds != 0)?;
    Timestamp::from_second(seconds).ok()
}

struct Reader {
    index: ApkIndex,
    count: u64,
    /// The newest `t:`.
    newest: u64,
}

/// One package under construction.
#[derive(Default)]
struct Stanza {
    begun: bool,
    name: Vec<u8>,
    version: Vec<u8>,
    arch: Vec<u8>,
    origin: Vec<u8>,
    checksum: Vec<u8>,
    built: Vec<u8>,
}

impl Reader {
    fn read(&mut self, mut from: impl BufRead) -> Result<(), ApkIndexError> {
        let mut stanza = Stanza::default();
        let mut line = Vec::new();
        while next_line(&mut from, &mut line).map_err(ApkIndexError::Read)? {
            if line.is_empty() {
                self.finish(&mut stanza)?;
            } else {
                stanza.line(&line);
            }
        }
        self.finish(&mut stanza)
    }

    fn finish(&mut self, stanza: &mut Stanza) -> Result<(), ApkIndexError> {
        if !stanza.begun {
            return Ok(());
        }
        self.count += 1;
        if self.count > MAX_PACKAGES {
            return Err(ApkIndexError::TooMany);
        }
        if let Err(what) = self.take(stanza)
            && self.index.problems.len() < MAX_PROBLEMS
        {
            self.index.problems.push(format!("package {} {what}", self.count));
        }
        stanza.clear();
        Ok(())
    }

    fn take(&mut self, stanza: &Stanza) -> Result<(), &'static str> {
        let text = |bytes| str::from_utf8(bytes).map_err(|_| "has a field that is no text");
        let (name, version) = (text(&stanza.name)?, text(&stanza.version)?);
        if name.is_empty() || version.is_empty() {
            return Err("has no name (P:) or no version (V:)");
        }
        let origin = text(&stanza.origin)?;
        self.newest = self.newest.max(text(&stanza.built)?.parse().unwrap_or(0));
        self.index.push(ApkIndexPackage {
            name,
            version,
            arch: text(&stanza.arch)?,
            origin: if origin.is_empty() { name } else { origin },
            checksum: text(&stanza.checksum)?,
        });
        Ok(())
    }
}

impl Stanza {
    fn line(&mut self, line: &[u8]) {
        self.begun = true;
        let [letter, b':', value @ ..] = line else { return };
        let field = match letter {
            b'P' => &mut self.name,
            b'V' => &mut self.version,
            b'A' => &mut self.arch,
            b'o' => &mut self.origin,
            b'C' => &mut self.checksum,
            b't' => &mut self.built,
            _ => return,
        };
        // apk takes the last of several.
        field.clear();
        if value.len() <= MAX_VALUE {
            field.extend_from_slice(value);
        }
    }

    fn clear(&mut self) {
        self.begun = false;
        let fields = [
            &mut self.name,
            &mut self.version,
            &mut self.arch,
            &mut self.origin,
            &mut self.checksum,
            &mut self.built,
        ];
        for field in fields {
            field.clear();
        }
    }
}

/// Reads a line without its end; false at the end of the bytes. Of a line that is longer than any value counts, the
/// rest is passed over: lists of dependencies can be long, and are not wanted.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut some = false;
    loop {
        let buffer = from.fill_buf()?;
        if buffer.is_empty() {
            return Ok(some);
        }
        some = true;
        let end = memchr::memchr(b'\n', buffer);
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        let room = (MAX_VALUE + 3).saturating_sub(line.len());
        line.extend_from_slice(part.get(..room).unwrap_or(part));
        let n = part.len();
        if end.is_some() {
            from.consume(n + 1);
            return Ok(true);
        }
        from.consume(n);
    }
}
