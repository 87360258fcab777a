//! A slim image of Debian 12, and its archive: the real main suite, and a security suite with updates that are made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use plimsoll_testkit::{
    AptArchive, AptKey, AptSuite, Compression, Deb, Entry, Image, Layer, Layout, Random,
    changelog_entry,
};

use crate::bench::Bench;
use crate::bench::inventory::OS_RELEASE;
use crate::process;

/// How many source packages have an update.
pub(super) const SOURCES: usize = 10;
/// The day of the shared data, on which the real suite is judged; `NOW` is six o'clock of it.
pub(super) const DAY: &str = "2026-11-24";
const NOW: i64 = 1_795_500_000;
const WEEK: i64 = 7 * 86_400;

const STATUS: &str = "rootfs/dpkg-status/debian-bookworm-main-slim.status.xz";
/// In the shared data, without `dists`.
const MAIN: &str = "archive/debian/bookworm";
/// Besides the changelog: as of a small package.
const SMALL_BYTES: usize = 100_000;
/// Of its sibling, which nobody should ask for.
const LARGE_BYTES: usize = 2_000_000;

/// Raised when the files are made otherwise, so that old ones are not reused.
const VERSION: u32 = 1;

/// The files, made once.
pub(super) struct Fixture {
    directory: PathBuf,
}

/// A source package whose one installed binary package has its name and version.
struct Source {
    name: String,
    version: String,
    architecture: String,
}

impl Fixture {
    pub(super) fn build(bench: &Bench) -> Result<Self> {
        let directory = bench.directory.join(format!("changes-{VERSION}"));
        let fixture = Self { directory };
        if !fixture.directory.join("complete").exists() {
            fixture.make(&bench.shared_data()).context("making the archive of a slim image")?;
        }
        Ok(fixture)
    }

    /// Laid out by host and path.
    pub(super) fn archive(&self) -> PathBuf {
        self.directory.join("archive")
    }

    pub(super) fn image(&self) -> PathBuf {
        self.directory.join("image")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.directory.join("key.gpg")
    }

    /// The bytes of the smallest package of each source: each has its changelog.
    pub(super) fn smallest_packages(&self) -> Result<u64> {
        let mut bytes = 0;
        for group in fs::read_dir(self.security().join("pool/main"))? {
            for source in fs::read_dir(group?.path())? {
                let packages = fs::read_dir(source?.path())?;
                let sizes: Vec<u64> = packages
                    .map(|package| Ok(package?.metadata()?.len()))
                    .collect::<std::io::Result<_>>()?;
                bytes += sizes.into_iter().min().unwrap_or(0);
            }
        }
        Ok(bytes)
    }

    fn security(&self) -> PathBuf {
        self.archive().join("security.debian.org/debian-security")
    }

    fn make(&self, data: &Path) -> Result<()> {
        super::empty(&self.directory)?;
        let status = process::read(Command::new("xz").arg("-dc").arg(data.join(STATUS)))?;
        let layer = Layer::compressed(
            &[
                Entry::file("etc/os-release", OS_RELEASE),
                Entry::file("var/lib/dpkg/status", &*status),
            ],
            Compression::Gzip,
        );
        Layout::of(&Image::new([layer])).write(&self.image())?;

        let main = self.archive().join("ftp.debian.org/debian/dists/bookworm");
        fs::create_dir_all(main.join("main/binary-amd64"))?;
        for name in ["InRelease", "main/binary-amd64/Packages.xz"] {
            fs::write(main.join(name), fs::read(data.join(MAIN).join(name))?)?;
        }

        let key = AptKey::new(1);
        fs::write(self.key(), key.keyring())?;
        let updates = AptSuite::new("bookworm-updates");
        AptArchive::new(self.archive().join("ftp.debian.org/debian"), &key)
            .suite(updates)
            .write(NOW)?;
        let mut security = AptSuite::new("bookworm-security").security("bookworm");
        security = security.valid_until(NOW + WEEK);
        let sources = sources(&status);
        ensure!(sources.len() == SOURCES, "only {} sources can be updated", sources.len());
        for (number, source) in sources.iter().enumerate() {
            security = security.packages(source.packages(number as u64));
        }
        AptArchive::new(self.security(), &key).suite(security).write(NOW)?;
        fs::write(self.directory.join("complete"), "")?;
        Ok(())
    }
}

/// The first sources of a status file that have one binary package, with their own name and version.
fn sources(status: &str) -> Vec<Source> {
    let field = |stanza: &str, name: &str| {
        let line = stanza.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    let stanzas = status.split("\n\n").filter(|stanza| field(stanza, "Source:").is_none());
    let sources = stanzas.filter_map(|stanza| {
        Some(Source {
            name: field(stanza, "Package:")?,
            version: field(stanza, "Version:")?,
            architecture: field(stanza, "Architecture:")?,
        })
    });
    sources.take(SOURCES).collect()
}

impl Source {
    /// The update: a package that is installed, and a large one of the same source that is not.
    fn packages(&self, number: u64) -> [Deb; 2] {
        let Self { name, version, architecture } = self;
        let newer = format!("{version}+bench1");
        let fix = format!("  * CVE-2026-{}: what a benchmark made up.", 90_000 + number);
        let changelog = [
            changelog_entry(name, &newer, "bookworm-security", &fix),
            changelog_entry(name, version, "bookworm", "  * As it is installed."),
        ]
        .join("\n");
        let mut random = Random::seeded(number + 1);
        let mut package = |package: &str, size| {
            Deb::new(package, &newer)
                .architecture(architecture)
                .file(&format!("usr/share/{package}/data"), random.bytes(size))
                .changelog(&changelog)
        };
        [package(name, SMALL_BYTES), package(&format!("{name}-large"), LARGE_BYTES).source(name)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_those_of_one_package() {
        let status = "Package: a\nVersion: 1\nArchitecture: all\n\n\
                      Package: b\nSource: c\nVersion: 2\nArchitecture: amd64\n\n\
                      Package: d\nVersion: 3-1\nArchitecture: amd64\n\n";
        let found: Vec<_> = sources(status).into_iter().map(|it| (it.name, it.version)).collect();
        let owned = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(found, [owned("a", "1"), owned("d", "3-1")]);
    }
}
