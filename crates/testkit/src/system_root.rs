//! A real system in a directory, with its real package manager.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::blob::Compression;
use crate::layer::Layer;
use crate::skip::{find_program, needs_programs, skipped};

/// A root file system that is removed in the end. Its programs run as root without any other wall than chroot: only
/// for root file systems that distributions publish or that are made of their packages.
#[derive(Debug)]
pub struct SystemRoot {
    /// For the owner only; the root in it is as its programs expect it.
    directory: TempDir,
}

/// What is in no layer: devices and what tests put there.
const NOT_IN_LAYERS: &[&str] = &["dev", "proc", "sys", "run", "tmp", "mnt"];

impl SystemRoot {
    /// Unpacks a tar, compressed or not; says that the test is skipped where its programs cannot be run.
    pub fn unpack(tarball: &Path) -> Option<Self> {
        if !cfg!(target_arch = "x86_64") {
            skipped("needs a machine that runs x86_64");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            skipped("needs root for chroot");
            return None;
        }
        if !needs_programs(&["chroot", "tar"]) {
            return None;
        }
        let made = Self::empty();
        let mut tar = Command::new("tar");
        tar.args(["--extract", "--numeric-owner", "--preserve-permissions", "--file"]);
        succeed(tar.arg(tarball).arg("--directory").arg(made.root()));
        Some(made)
    }

    /// The same in a directory of its own.
    pub fn copy(&self) -> Self {
        let made = Self::empty();
        let mut cp = Command::new("cp");
        cp.args(["--archive", "--reflink=auto", "--no-target-directory"]);
        succeed(cp.arg(self.root()).arg(made.root()));
        made
    }

    fn empty() -> Self {
        let directory = tempfile::Builder::new().prefix("plimsoll-root-").tempdir().unwrap();
        fs::create_dir(directory.path().join("root")).unwrap();
        Self { directory }
    }

    /// Where it is.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    /// A path inside it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// A file of it as text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a file of it; directories above it are made.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a program of it and returns what it printed, both outputs behind one another; panics where it fails.
    pub fn run(&self, words: &[&str]) -> String {
        self.attempt(words).unwrap_or_else(|text| panic!("{words:?}: {text}"))
    }

    /// The same; what a program printed that failed is the error.
    pub fn attempt(&self, words: &[&str]) -> Result<String, String> {
        let mut chroot = Command::new(find_program("chroot").unwrap());
        chroot.arg(self.root()).args(words).env_clear();
        chroot.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        chroot.env("DEBIAN_FRONTEND", "noninteractive");
        output(&mut chroot)
    }

    /// A layer with everything in it.
    pub fn layer(&self) -> Layer {
        let mut tar = Tar::default();
        self.walk(Path::new(""), None, &mut tar).unwrap();
        tar.layer()
    }

    /// A layer with what changed since it was a copy of `below`, as builders write it.
    pub fn layer_on(&self, below: &Self) -> Layer {
        let mut tar = Tar::default();
        self.walk(Path::new(""), Some(&below.root()), &mut tar).unwrap();
        tar.layer()
    }

    /// Adds what is in a directory, and whiteouts for what was in it.
    fn walk(&self, directory: &Path, below: Option<&Path>, tar: &mut Tar) -> io::Result<()> {
        let here = self.root().join(directory);
        for name in names(&here)? {
            let path = directory.join(&name);
            if NOT_IN_LAYERS.iter().any(|skipped| Path::new(skipped) == path) {
                continue;
            }
            let metadata = here.join(&name).symlink_metadata()?;
            let before = below.and_then(|below| below.join(&path).symlink_metadata().ok());
            if before.is_none_or(|before| !is_same(&before, &metadata)) {
                tar.0.append_path_with_name(here.join(&name), &path)?;
            }
            if metadata.is_dir() {
                self.walk(&path, below, tar)?;
            }
        }
        let Some(below) = below.map(|below| below.join(directory)).filter(|it| it.is_dir()) else {
            return Ok(());
        };
        for name in names(&below)?.into_iter().filter(|name| !exists(&here.join(name))) {
            let whiteout = directory.join(format!(".wh.{name}"));
            let mut header = ::tar::Header::new_gnu();
            header.set_mode(0o600);
            header.set_size(0);
            tar.0.append_data(&mut header, whiteout, io::empty())?;
        }
        Ok(())
    }
}

struct Tar(::tar::Builder<Vec<u8>>);

impl Default for Tar {
    fn default() -> Self {
        let mut builder = ::tar::Builder::new(Vec::new());
        builder.follow_symlinks(false);
        Self(builder)
    }
}

impl Tar {
    fn layer(self) -> Layer {
        // Not compressed: these are large, and tests have better things to do.
        Layer::from_tar(&self.0.into_inner().unwrap(), Compression::None)
    }
}

fn succeed(command: &mut Command) {
    output(command).unwrap_or_else(|text| panic!("{command:?}: {text}"));
}

/// Runs a program to its end; what it printed is the error where it fails.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(directory)?;
    let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().unwrap());
    let mut names = entries.map(name).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether nobody wrote to it; the times of directories change with what is in them.
fn is_same(before: &Metadata, after: &Metadata) -> bool {
    let rights = |it: &Metadata| (it.mode(), it.uid(), it.gid());
    let content = |it: &Metadata| (it.len(), it.mtime(), it.mtime_nsec());
    rights(before) == rights(after) && (after.is_dir() || content(before) == content(after))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_layer_has_what_changed() {
        let below = SystemRoot::empty();
        for (path, content) in [("etc/kept", "1"), ("etc/changed", "1"), ("opt/gone/x", "1")] {
            below.write(path, content);
        }
        below.write("dev/null", "");
        let above = below_with_changes(&below);
        let tar = above.layer_on(&below).tar().unwrap();
        let mut archive = ::tar::Archive::new(&*tar);
        let members: BTreeMap<String, u8> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let kind = entry.header().entry_type().as_byte();
                (entry.path().unwrap().display().to_string(), kind)
            })
            .collect();
        let expected = [
            ("etc/added", b'0'),
            ("etc/changed", b'0'),
            ("etc/link", b'2'),
            ("etc/private", b'5'),
            ("opt/.wh.gone", b'0'),
        ];
        assert_eq!(members, expected.map(|(path, kind)| (path.to_owned(), kind)).into());
        let whole = above.layer().tar().unwrap();
        let count = ::tar::Archive::new(&*whole).entries().unwrap().count();
        // etc, opt, and five in etc.
        assert_eq!(count, 7);
    }

    fn below_with_changes(below: &SystemRoot) -> SystemRoot {
        let above = below.copy();
        above.write("etc/changed", "22");
        above.write("etc/added", "1");
        symlink("kept", above.path("etc/link")).unwrap();
        fs::create_dir(above.path("etc/private")).unwrap();
        fs::set_permissions(above.path("etc/private"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::remove_dir_all(above.path("opt/gone")).unwrap();
        above
    }
}
