//! One suite: its indexes and the file that vouches for them.

use std::fmt::Write as _;
use std::io;

use jiff::Timestamp;

use super::AptKey;
use crate::blob::digest_of;
use crate::deb::{Deb, Stanza, gzip, xz};

/// A suite of an archive with one component, `main`.
#[derive(Clone, Debug)]
pub struct AptSuite {
    directory: String,
    release: Stanza,
    architectures: Vec<String>,
    date: Option<i64>,
    valid_until: Option<i64>,
    is_signed: bool,
    packages: Vec<Deb>,
}

impl AptSuite {
    /// A suite of Debian for amd64, made when it is written, that promises nothing about its age.
    ///
    /// `directory` is the part below `dists/`, also `Suite` and `Codename`.
    pub fn new(directory: &str) -> Self {
        let release = [
            ("Origin", "Debian"),
            ("Label", "Debian"),
            ("Suite", directory),
            ("Codename", directory),
            ("Acquire-By-Hash", "yes"),
            ("Components", "main"),
            ("Description", "archive of a test"),
        ];
        Self {
            directory: directory.to_owned(),
            release: release.into_iter().collect(),
            architectures: vec!["amd64".to_owned()],
            date: None,
            valid_until: None,
            is_signed: true,
            packages: Vec::new(),
        }
    }

    /// The same with a field of `Release`: `Suite`, `Label`, `NotAutomatic`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.release.set(name, value);
        self
    }

    /// The same as a security suite: its label and codename.
    pub fn security(self, codename: &str) -> Self {
        self.field("Label", "Debian-Security").field("Codename", &format!("{codename}-security"))
    }

    /// The same as backports are: nothing is installed from it unasked, what is there is updated.
    pub fn not_automatic(self) -> Self {
        self.field("NotAutomatic", "yes").field("ButAutomaticUpgrades", "yes")
    }

    /// The same for these architectures; packages of others are in no index.
    pub fn architectures(self, architectures: &[&str]) -> Self {
        let architectures = architectures.iter().map(|name| (*name).to_owned()).collect();
        Self { architectures, ..self }
    }

    /// The same with this `Date`, in seconds since the epoch.
    pub fn date(self, date: i64) -> Self {
        Self { date: Some(date), ..self }
    }

    /// The same with this `Valid-Until`, in seconds since the epoch.
    pub fn valid_until(self, end: i64) -> Self {
        Self { valid_until: Some(end), ..self }
    }

    /// The same with nothing but `Release`.
    pub fn unsigned(self) -> Self {
        Self { is_signed: false, ..self }
    }

    /// The same with one more package.
    pub fn package(mut self, package: Deb) -> Self {
        self.packages.push(package);
        self
    }

    /// The same with more packages.
    pub fn packages(mut self, packages: impl IntoIterator<Item = Deb>) -> Self {
        self.packages.extend(packages);
        self
    }

    /// All its files with their paths below the archive's root.
    pub(super) fn files(&self, key: &AptKey, now: i64) -> io::Result<Vec<(String, Vec<u8>)>> {
        let directory = format!("dists/{}", self.directory);
        let mut files = Vec::new();
        let mut stanzas = Vec::new();
        for package in &self.packages {
            let content = package.build()?;
            let path = pool_path(package);
            stanzas.push((package.get("Architecture"), index_stanza(package, &path, &content)));
            files.push((path, content));
        }
        let mut sums = String::new();
        for architecture in &self.architectures {
            let of_it = stanzas
                .iter()
                .filter(|(of, _)| of.is_some_and(|of| of == architecture || of == "all"));
            let index: String = of_it.map(|(_, stanza)| format!("{stanza}\n")).collect();
            let below = format!("main/binary-{architecture}");
            for (name, content) in [
                ("Packages", index.as_bytes().to_vec()),
                ("Packages.gz", gzip(index.as_bytes())),
                ("Packages.xz", xz(index.as_bytes())?),
            ] {
                let hash = digest_of(&content);
                let size = content.len();
                let _ = write!(sums, "\n {} {size:>8} {below}/{name}", hash.hex());
                let by_hash = format!("{directory}/{below}/by-hash/SHA256/{}", hash.hex());
                files.push((by_hash, content.clone()));
                files.push((format!("{directory}/{below}/{name}"), content));
            }
        }
        let release = self.release_file(now, &sums);
        if self.is_signed {
            files.push((format!("{directory}/InRelease"), key.sign_inline(&release, now)));
            files.push((format!("{directory}/Release.gpg"), key.sign_detached(&release, now)));
        }
        files.push((format!("{directory}/Release"), release.into_bytes()));
        Ok(files)
    }

    fn release_file(&self, now: i64, sums: &str) -> String {
        let mut release = self.release.clone();
        release.set("Date", &release_date(self.date.unwrap_or(now)));
        if let Some(end) = self.valid_until {
            release.set("Valid-Until", &release_date(end));
        }
        release.set("Architectures", &self.architectures.join(" "));
        release.set("SHA256", sums);
        release.to_string()
    }
}

/// Seconds since the epoch as `Release` has them: `Sat, 21 Nov 2026 00:53:02 UTC`.
fn release_date(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).expect("a time of our days");
    time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

/// `pool/main/o/openssl/libssl3_3.0.2-1_amd64.deb`, as Debian sorts sources.
fn pool_path(package: &Deb) -> String {
    let source = package.source_package().name;
    let letters = if source.starts_with("lib") { 4 } else { 1 };
    let group = source.get(..letters).unwrap_or(&source);
    format!("pool/main/{group}/{source}/{}", package.file_name())
}

fn index_stanza(package: &Deb, path: &str, content: &[u8]) -> Stanza {
    let mut stanza = package.control().clone();
    stanza.set("Filename", path);
    stanza.set("Size", &content.len().to_string());
    stanza.set("SHA256", digest_of(content).hex());
    stanza
}
