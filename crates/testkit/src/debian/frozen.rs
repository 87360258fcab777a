//! Frozen archives of real packages: the same every time, so that what is computed from them can be compared with
//! what apt itself does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::apt_archive::{AptArchive, AptKey, AptSuite};
use crate::deb::{Deb, changelog_entry};

/// The key that signs all of them.
const KEY_SEED: u64 = 2026;

/// What later versions end in: higher than any rebuild (`+b1`), lower than what Debian itself would call the next.
const SUFFIX: &str = "+plimsoll1";

/// Packages that every minimal root has and that show what is special: versions of binaries with an epoch that their
/// source lacks (bsdutils), native ones (debconf), documentation that is a link to a sibling's (libgcc-s1); and two
/// that no minimal root has (less, libexpat1).
const PACKAGES: &[&str] =
    &["bsdutils", "debconf", "less", "libexpat1", "libgcc-s1", "libstdc++6", "tzdata", "zlib1g"];

/// Comes with a point release instead of a security update.
const IN_MAIN: &str = "tzdata";

/// What the later versions are said to fix, by the beginning of the source's name; others fix something without an id.
const FIXES: &[(&str, &[&str])] = &[
    ("debconf", &["GHSA-plim-soll-0001"]),
    ("gcc-", &["CVE-2026-900003"]),
    ("less", &["CVE-2026-900005"]),
    ("util-linux", &["CVE-2026-900001", "CVE-2026-900002"]),
    ("zlib", &["CVE-2026-900004"]),
];

/// Where an archive is made, and of what.
#[derive(Clone, Copy, Debug)]
pub struct FrozenArchive<'a> {
    /// Gets `v1`, `v2`, `key.gpg` and what was downloaded.
    pub directory: &'a Path,
    /// `bookworm`.
    pub codename: &'a str,
    /// An archive of Debian without a slash at its end.
    pub mirror: &'a str,
    /// `amd64`.
    pub architecture: &'a str,
}

impl FrozenArchive<'_> {
    /// Makes both archives at `now`, in seconds since the epoch. Packages are downloaded the first time only.
    ///
    /// `v1` has one suite with the packages as the release has them. In `v2` one of them has a later version there, all
    /// others in a security suite; a suite like backports has one that apt must not take unasked.
    pub fn make(&self, now: i64) -> io::Result<()> {
        let packages = self.packages()?;
        let updated = packages.iter().map(|package| self.updated(package));
        let updated = updated.collect::<io::Result<Vec<_>>>()?;
        let backport = packages.iter().find(|package| package.name() == "zlib1g");
        let backport = backport.map(|package| with_suffix(package, "+plimsoll2~bpo1"));
        let (point_release, updated): (Vec<_>, Vec<_>) =
            updated.into_iter().partition(|package| package.name() == IN_MAIN);
        let kept = packages.iter().filter(|package| package.name() != IN_MAIN).cloned();

        let key = AptKey::new(KEY_SEED);
        let security = self
            .suite(&format!("{}-security", self.codename))
            .security(self.codename)
            .valid_until(now + 7 * 86_400)
            .packages(updated);
        let backports = self
            .suite(&format!("{}-backports", self.codename))
            .field("Label", "Debian Backports")
            .not_automatic()
            .packages(backport);
        let later = self.suite(self.codename).packages(kept).packages(point_release);
        let first = self.suite(self.codename).packages(packages.clone());
        let archive = |version: &str| AptArchive::new(self.directory.join(version), &key);
        archive("v1").suite(first).write(now)?;
        archive("v2").suite(later).suite(security).suite(backports).write(now)?;
        fs::write(self.directory.join("key.gpg"), key.keyring())
    }

    fn suite(&self, name: &str) -> AptSuite {
        AptSuite::new(name).architectures(&[self.architecture])
    }

    /// The same package in its later version, with an entry of its changelog that says why.
    fn updated(&self, package: &Deb) -> io::Result<Deb> {
        let later = with_suffix(package, SUFFIX);
        // Without a changelog of its own, that of its sibling gets the entry.
        if later.changelog_text().is_err() {
            return Ok(later);
        }
        let source = later.source_package();
        let fixes = FIXES.iter().find(|(start, _)| source.name.starts_with(start));
        let body: String = match fixes {
            Some((_, ids)) => {
                ids.iter().map(|id| format!("  * {id}: what a test\n    made up.\n")).collect()
            }
            None => "  * Something that has no id.\n".to_owned(),
        };
        let suite = match package.name() {
            IN_MAIN => self.codename.to_owned(),
            _ => format!("{}-security", self.codename),
        };
        later.changelog_entry(&changelog_entry(&source.name, &source.version, &suite, &body))
    }

    /// The packages as the release has them.
    fn packages(&self) -> io::Result<Vec<Deb>> {
        let below = self.directory.join("packages");
        let mut names: Vec<_> = PACKAGES.iter().map(|name| (*name).to_owned()).collect();
        if !below.exists() {
            // Named as a whole once everything is there.
            let unfinished = self.directory.join("packages.part");
            self.download(&unfinished, &names)?;
            // Its name has the compiler's version in it.
            let base = read_all(&unfinished)?.iter().find_map(gcc_base);
            let base = base.ok_or_else(|| io::Error::other("libgcc-s1 needs no base"))?;
            self.download(&unfinished, &[base])?;
            fs::rename(unfinished, &below)?;
        }
        let packages = read_all(&below)?;
        names.extend(packages.iter().find_map(gcc_base));
        let is_there = |name: &String| packages.iter().any(|package| package.name() == name);
        match names.iter().find(|name| !is_there(name)) {
            None => Ok(packages),
            Some(missing) => {
                let below = below.display();
                Err(io::Error::other(format!("{below} lacks {missing}; remove it")))
            }
        }
    }

    /// Has an apt of its own get them: this machine's may be of another release.
    fn download(&self, below: &Path, names: &[String]) -> io::Result<()> {
        let apt = self.directory.join("apt");
        let lists = apt.join("state/lists/partial");
        for directory in [below, &apt.join("etc"), &lists, &apt.join("cache/archives/partial")] {
            fs::create_dir_all(directory)?;
        }
        // Checked with the keys that this machine trusts.
        let source = format!("deb {} {} main\n", self.mirror, self.codename);
        fs::write(apt.join("etc/sources.list"), source)?;
        fs::write(apt.join("status"), "")?;
        run(self.apt(&apt).arg("update"))?;
        run(self.apt(&apt).arg("download").args(names).current_dir(below))
    }

    fn apt(&self, directory: &Path) -> Command {
        let at = |option: &str, path: &str| format!("{option}={}", directory.join(path).display());
        let mut apt = Command::new("apt-get");
        for option in [
            at("Dir::Etc::sourcelist", "etc/sources.list"),
            at("Dir::Etc::sourceparts", "etc/none"),
            at("Dir::State", "state"),
            at("Dir::State::status", "status"),
            at("Dir::Cache", "cache"),
            format!("APT::Architecture={}", self.architecture),
            "APT::Sandbox::User=root".to_owned(),
            "Acquire::Languages=none".to_owned(),
        ] {
            apt.arg("-o").arg(option);
        }
        apt.arg("-qq");
        apt
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?} ended with {}: {said}", output.status)))
}

/// Every package in a directory, in the order of their names.
fn read_all(directory: &Path) -> io::Result<Vec<Deb>> {
    let entries = fs::read_dir(directory)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    paths.iter().map(|path| Deb::from_bytes(&fs::read(path)?)).collect()
}

/// `gcc-12-base`, where this is what needs it.
fn gcc_base(package: &Deb) -> Option<String> {
    let is_base = |name: &&str| name.starts_with("gcc-") && name.ends_with("-base");
    let needs = package.get("Depends")?.split(',').filter_map(|it| it.split_whitespace().next());
    let mut needs = needs.filter(is_base);
    (package.name() == "libgcc-s1").then(|| needs.next().map(str::to_owned)).flatten()
}

/// The same package in a later version of binary and source. What it needs in exactly its own version, a package of the
/// same source, is needed in the later one.
fn with_suffix(package: &Deb, suffix: &str) -> Deb {
    let version = package.get("Version").unwrap_or_default();
    let source = package.source_package();
    // A rebuild (1.0-1+b2 of 1.0-1) is followed by a new version of the source.
    let base = version.strip_prefix(&*source.version).filter(|rest| rest.starts_with("+b"));
    let later = match base {
        Some(_) => format!("{}{suffix}", source.version),
        None => format!("{version}{suffix}"),
    };
    let mut changed = package.clone().version(&later);
    if package.get("Source").is_some() {
        let source_version = format!("{}{suffix}", source.version);
        let source = match source_version == later {
            true => source.name,
            false => format!("{} ({source_version})", source.name),
        };
        changed = changed.source(&source);
    }
    for field in ["Depends", "Pre-Depends"] {
        if let Some(needs) = package.get(field) {
            let exactly = format!("(= {version})");
            changed = changed.field(field, &needs.replace(&exactly, &format!("(= {later})")));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_versions_of_binary_and_source() {
        let check = |version: &str, source: Option<&str>, expected: (&str, &str)| {
            let package = Deb::new("p", version).field("Depends", &format!("q (= {version}), r"));
            let package = source.into_iter().fold(package, Deb::source);
            let later = with_suffix(&package, SUFFIX);
            let (version, source) = (later.get("Version").unwrap(), later.source_package().version);
            assert_eq!((version, &*source), expected);
            assert_eq!(later.get("Depends").unwrap(), format!("q (= {}), r", expected.0));
        };
        check("1.0-1", None, ("1.0-1+plimsoll1", "1.0-1+plimsoll1"));
        check("1.0-1", Some("s"), ("1.0-1+plimsoll1", "1.0-1+plimsoll1"));
        check("1:2.38-5", Some("s (2.38-5)"), ("1:2.38-5+plimsoll1", "2.38-5+plimsoll1"));
        check("1.0-1+b2", Some("s (1.0-1)"), ("1.0-1+plimsoll1", "1.0-1+plimsoll1"));
    }
}
