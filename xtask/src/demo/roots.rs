//! Real root file systems: Debian as it was frozen, and as it is with every security update.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::mirrors::Mirrors;
use crate::process;

/// What the application needs besides the base: packages that get security updates often.
pub(super) const OWN_PACKAGES: &str = "curl,openssl";

/// Tars of root file systems.
pub(super) struct Roots {
    /// The base, installed once and never updated.
    pub(super) base: PathBuf,
    /// The application on it.
    pub(super) shop: PathBuf,
    /// The base of today.
    pub(super) newer_base: PathBuf,
    /// The application after an upgrade of all its packages.
    pub(super) updated_shop: PathBuf,
}

/// How much of the archive a root has seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// The release alone, as of its last point release.
    Frozen,
    /// With the security suite, as of now.
    Updated,
}

impl Roots {
    /// Builds them below `directory`; the frozen ones are kept from run to run.
    pub(super) fn build(directory: &Path, codename: &str, mirrors: &Mirrors) -> Result<Self> {
        fs::create_dir_all(directory).context("making the directory of the root file systems")?;
        let root = |name: &str, age, include| {
            let tar = directory.join(format!("{name}.tar"));
            if age == Age::Updated || !tar.exists() {
                mmdebstrap(&tar, codename, mirrors, age, include)?;
            }
            Ok::<_, anyhow::Error>(tar)
        };
        Ok(Self {
            base: root("base", Age::Frozen, None)?,
            shop: root("shop", Age::Frozen, Some(OWN_PACKAGES))?,
            newer_base: root("newer-base", Age::Updated, None)?,
            updated_shop: root("updated-shop", Age::Updated, Some(OWN_PACKAGES))?,
        })
    }
}

fn mmdebstrap(
    tar: &Path,
    codename: &str,
    Mirrors { main, security }: &Mirrors,
    age: Age,
    include: Option<&str>,
) -> Result<()> {
    let unfinished = tar.with_extension("unfinished.tar");
    let mut mmdebstrap = Command::new("mmdebstrap");
    mmdebstrap.args(["--variant=minbase", "--format=tar", "--quiet"]);
    mmdebstrap.args(include.map(|packages| format!("--include={packages}")));
    let shown = format!("{} … {codename}", process::shown(&mmdebstrap));
    // Images name the archive itself, whatever mirror they were built from.
    let sources = format!(
        "deb http://ftp.debian.org/debian {codename} main\\n\
         deb http://security.debian.org/debian-security {codename}-security main\\n"
    );
    let hook = format!("printf '{sources}' > \"$1/etc/apt/sources.list\"");
    mmdebstrap.arg(format!("--customize-hook={hook}"));
    mmdebstrap.arg(codename).arg(&unfinished).arg(format!("deb {main} {codename} main"));
    if age == Age::Updated {
        mmdebstrap.arg(format!("deb {security} {codename}-security main"));
    }
    let what = match age {
        Age::Frozen => "without updates",
        Age::Updated => "with every security update",
    };
    println!("$ {shown}  # {what}");
    process::run(&mut mmdebstrap)?;
    fs::rename(&unfinished, tar).with_context(|| tar.display().to_string())
}
