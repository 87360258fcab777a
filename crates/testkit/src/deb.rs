//! Debian packages, made in code or taken from a real one.

mod read;
mod stanza;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use plimsoll_model::SourcePackage;

use crate::entry::Entry;
use crate::tar::TarWriter;

pub(crate) use stanza::Stanza;

/// How the members of a `.deb` are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DebCompression {
    /// `data.tar`.
    None,
    /// `data.tar.gz`, as small tools write it.
    Gzip,
    /// `data.tar.xz`, Debian's default.
    #[default]
    Xz,
    /// `data.tar.zst`, Ubuntu's default.
    Zstd,
}

/// A binary package to be built; `dpkg` installs it.
#[derive(Clone, Debug)]
pub struct Deb {
    control: Stanza,
    /// Members of the control tar besides `control`: scripts, `conffiles`.
    scripts: Vec<Entry>,
    data: Vec<Entry>,
    compression: DebCompression,
}

impl Deb {
    /// An empty package of all architectures.
    pub fn new(name: &str, version: &str) -> Self {
        let fields = [
            ("Package", name),
            ("Version", version),
            ("Architecture", "all"),
            ("Maintainer", "Test archive <archive@example.org>"),
            ("Section", "misc"),
            ("Priority", "optional"),
            ("Description", "package of a test"),
        ];
        Self {
            control: fields.into_iter().collect(),
            scripts: Vec::new(),
            data: Vec::new(),
            compression: DebCompression::default(),
        }
    }

    /// The same of this source: `openssl`, or `openssl (3.0.1-1)` where the versions differ.
    pub fn source(self, source: &str) -> Self {
        self.field("Source", source)
    }

    /// The same for this architecture: `amd64`, `all`.
    pub fn architecture(self, architecture: &str) -> Self {
        self.field("Architecture", architecture)
    }

    /// The same with this version.
    pub fn version(self, version: &str) -> Self {
        self.field("Version", version)
    }

    /// The same with this field of `control`, instead of an earlier one of that name.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.control.set(name, value);
        self
    }

    /// The same with a file beside `control`: `postinst`, `conffiles`.
    pub fn control_file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        let mode = if name.ends_with("inst") || name.ends_with("rm") { 0o755 } else { 0o644 };
        self.scripts.push(Entry::file(format!("./{name}"), content).mode(mode));
        self
    }

    /// The same with a file: `usr/bin/openssl`. It takes the place of one with that path.
    pub fn file(self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.entry(Entry::file(path, content))
    }

    /// The same with any member; directories above it come by themselves.
    pub fn entry(mut self, entry: Entry) -> Self {
        self.data.retain(|known| bare(&known.path) != bare(&entry.path));
        self.data.push(entry);
        self
    }

    /// The same with this text as the changelog of a package that is not native.
    pub fn changelog(self, text: &str) -> Self {
        let path = self.doc("changelog.Debian.gz");
        self.file(&path, gzip(text.as_bytes()))
    }

    /// The same with this text as `NEWS.Debian`.
    pub fn news(self, text: &str) -> Self {
        let path = self.doc("NEWS.Debian.gz");
        self.file(&path, gzip(text.as_bytes()))
    }

    /// The same, where another package's documentation stands for this one's.
    pub fn docs_of(self, sibling: &str) -> Self {
        let path = format!("usr/share/doc/{}", self.name());
        self.entry(Entry::symlink(path, sibling))
    }

    /// The same with an entry on top of its changelog, which it must have.
    pub fn changelog_entry(mut self, entry: &str) -> io::Result<Self> {
        let text = format!("{entry}\n{}", self.changelog_text()?);
        let at = self.changelog_position()?;
        self.data[at].content = gzip(text.as_bytes());
        Ok(self)
    }

    /// Its changelog, which it must have.
    pub fn changelog_text(&self) -> io::Result<String> {
        let packed = &*self.data[self.changelog_position()?].content;
        let mut bytes = Vec::new();
        MultiGzDecoder::new(packed).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn changelog_position(&self) -> io::Result<usize> {
        let names = ["changelog.Debian.gz", "changelog.gz"].map(|name| self.doc(name));
        let position =
            |name: &String| self.data.iter().position(|entry| bare(&entry.path) == name.as_bytes());
        names.iter().find_map(position).ok_or_else(|| {
            let what = format!("{} has no changelog of its own", self.name());
            io::Error::new(io::ErrorKind::NotFound, what)
        })
    }

    /// The same with its members compressed so.
    pub fn compression(self, compression: DebCompression) -> Self {
        Self { compression, ..self }
    }

    /// The package's name.
    pub fn name(&self) -> &str {
        self.get("Package").unwrap_or_default()
    }

    /// A field of `control`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.control.get(name)
    }

    /// The source by the rules of `Source:`.
    pub fn source_package(&self) -> SourcePackage {
        let version = self.get("Version").unwrap_or_default();
        let source = self.get("Source").unwrap_or(self.name());
        let (name, version) = source
            .split_once(" (")
            .map_or((source, version), |(name, rest)| (name, rest.trim_end_matches(')')));
        SourcePackage { name: name.to_owned(), version: version.to_owned() }
    }

    /// `openssl_3.0.2-1_amd64.deb`, without the epoch as in archives.
    pub fn file_name(&self) -> String {
        let version = self.get("Version").unwrap_or_default();
        let version = version.split_once(':').map_or(version, |(_, rest)| rest);
        format!("{}_{version}_{}.deb", self.name(), self.get("Architecture").unwrap_or_default())
    }

    /// The bytes of the `.deb`.
    pub fn build(&self) -> io::Result<Vec<u8>> {
        let control = [Entry::directory("./"), Entry::file("./control", self.control.to_string())];
        let control = tar(control.iter().chain(&self.scripts))?;
        let data = tar(&self.members())?;
        let suffix = self.compression.suffix();
        Ok(ar(&[
            ("debian-binary", b"2.0\n"),
            (&format!("control.tar{suffix}"), &self.compression.compress(&control)?),
            (&format!("data.tar{suffix}"), &self.compression.compress(&data)?),
        ]))
    }

    pub(crate) fn control(&self) -> &Stanza {
        &self.control
    }

    /// As `dpkg-deb` orders them: by path, each directory before what is in it, symbolic links last.
    fn members(&self) -> Vec<Entry> {
        let mut members = BTreeMap::new();
        for entry in &self.data {
            let path = bare(&entry.path);
            for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
                let above = components(&path[..at]);
                members
                    .entry(above)
                    .or_insert_with(|| Entry::directory([b"./", &path[..at], b"/"].concat()));
            }
            let is_directory = entry.kind.is_dir();
            let slash: &[u8] = if is_directory { b"/" } else { b"" };
            let entry = Entry { path: [b"./", path, slash].concat(), ..entry.clone() };
            members.insert(components(path), entry);
        }
        let mut ordered = vec![Entry::directory("./")];
        let (links, others): (Vec<_>, Vec<_>) =
            members.into_values().partition(|entry| entry.kind.is_symlink());
        ordered.extend(others);
        ordered.extend(links);
        ordered
    }

    fn doc(&self, file: &str) -> String {
        format!("usr/share/doc/{}/{file}", self.name())
    }
}

impl DebCompression {
    fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::None => Ok(bytes.to_vec()),
            Self::Gzip => Ok(gzip(bytes)),
            Self::Xz => xz(bytes),
            Self::Zstd => zstd::encode_all(bytes, 3),
        }
    }
}

/// An ar of these members, as `dpkg-deb` writes it.
pub fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let size = content.len();
        bytes.extend(
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100_644).bytes(),
        );
        bytes.extend_from_slice(content);
        bytes.extend(b"\n".iter().take(size % 2));
    }
    bytes
}

/// An entry of a changelog in the form of deb-changelog(5); the body's lines are indented already.
pub fn changelog_entry(source: &str, version: &str, suite: &str, body: &str) -> String {
    let body = body.trim_matches('\n');
    format!(
        "{source} ({version}) {suite}; urgency=medium\n\n{body}\n\n \
         -- Test archive <archive@example.org>  Sat, 21 Nov 2026 12:00:00 +0000\n"
    )
}

/// With a header that says neither when nor where, so that the bytes are the same every time.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every byte")
}

pub(crate) fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn tar<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> io::Result<Vec<u8>> {
    let mut tar = TarWriter::new(Vec::new());
    for entry in entries {
        tar.append(entry)?;
    }
    tar.finish()
}

/// A path without the `./` before it and the slash after it.
fn bare(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    path.strip_suffix(b"/").unwrap_or(path)
}

/// What sorts a directory before all that is in it, and `a/b` before `a-c`.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect()
}
