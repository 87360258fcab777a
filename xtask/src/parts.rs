//! The real parts that tests and the demo run against, from the distribution's packages.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use plimsoll_testkit::has_program;

use crate::process;

/// A package of Debian and what tells that it is there.
pub(crate) struct Part {
    pub(crate) package: &'static str,
    marker: Marker,
    reason: &'static str,
}

enum Marker {
    Program(&'static str),
    /// A module of the distribution's own Python; another Python first in PATH does not see it.
    Python(&'static str),
    File(&'static str),
}

use Marker::{File, Program, Python};

/// What the tests need.
pub(crate) const PARTS: &[Part] = &[
    part(
        "ca-certificates",
        File("/etc/ssl/certs/ca-certificates.crt"),
        "trust roots of the system",
    ),
    part("openssl", Program("openssl"), "registries with their own authority"),
    part("podman", Program("podman"), "the Podman source"),
    part("catatonit", Program("catatonit"), "podman's init; pods do not start without it"),
    part("runc", Program("runc"), "crun refuses a hybrid cgroup hierarchy"),
    part("netavark", File("/usr/lib/podman/netavark"), "podman's networks"),
    part("aardvark-dns", File("/usr/lib/podman/aardvark-dns"), "names in podman's networks"),
    part("buildah", Program("buildah"), "images as other builders make them"),
    SKOPEO,
    part("docker.io", Program("dockerd"), "the Docker source"),
    DOCKER_REGISTRY,
    part("iptables", Program("iptables"), "dockerd does not start without it"),
    part("nftables", Program("nft"), "published ports"),
    part("iproute2", Program("ip"), "network namespaces of tests"),
    MMDEBSTRAP,
    part("python3-apt", Python("apt_pkg"), "dpkg's own version order, a million pairs at a time"),
    part("python3-rpm", Python("rpm"), "rpm's own version order, and its databases"),
    part("rpm", Program("rpm"), "databases made and read by rpm itself"),
    part("dnf", Program("dnf"), "the judge of pending updates from rpm repositories"),
    part(
        "dnf-plugins-core",
        File("/usr/lib/python3/dist-packages/dnf-plugins/versionlock.py"),
        "dnf's locks",
    ),
    part("createrepo-c", Program("createrepo_c"), "rpm repositories as distributions make them"),
    part("sqlite3", Program("sqlite3"), "rpm databases that somebody is writing"),
    part("gpgv", Program("gpgv"), "signatures as apt judges them"),
    part("procps", Program("pgrep"), "processes that podman leaves behind"),
    part("zstd", Program("zstd"), "streams as other encoders write them"),
    part("xz-utils", Program("xz"), "streams as other encoders write them"),
];

/// What the demo needs.
pub(crate) const DEMO: &[Part] = &[MMDEBSTRAP, DOCKER_REGISTRY, SKOPEO];

const MMDEBSTRAP: Part = part("mmdebstrap", Program("mmdebstrap"), "real root file systems");
const DOCKER_REGISTRY: Part =
    part("docker-registry", Program("docker-registry"), "the registry source");
const SKOPEO: Part =
    part("skopeo", Program("skopeo"), "a second opinion on layouts, archives and registries");

const fn part(package: &'static str, marker: Marker, reason: &'static str) -> Part {
    Part { package, marker, reason }
}

impl Part {
    pub(crate) fn is_here(&self) -> bool {
        match self.marker {
            Program(name) => has_program(name),
            File(path) => Path::new(path).exists(),
            Python(module) => {
                let mut command = Command::new("/usr/bin/python3");
                command.args(["-c", &format!("import {module}")]);
                command.stdout(Stdio::null()).stderr(Stdio::null());
                command.status().is_ok_and(|status| status.success())
            }
        }
    }
}

/// Says what is missing and what it is for.
pub(crate) fn report_missing(parts: &[Part]) {
    for part in parts.iter().filter(|part| !part.is_here()) {
        println!("missing: {} ({})", part.package, part.reason);
    }
}

/// Installs what is missing from the distribution's packages.
pub(crate) fn install_missing(parts: &[Part]) -> Result<()> {
    let missing: Vec<_> =
        parts.iter().filter(|part| !part.is_here()).map(|part| part.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !has_program("apt-get") {
        bail!("this system has no apt-get; install by its own means what these hold: {missing:?}");
    }
    apt_get(&["update"])?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(&missing);
    apt_get(&arguments)?;
    match parts.iter().find(|part| !part.is_here()) {
        Some(part) => bail!("{} is installed, but what tests use of it is not", part.package),
        None => Ok(()),
    }
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = if is_root()? {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        command.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        command
    };
    command.args(["--quiet", "-o", "Dpkg::Use-Pty=0"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    println!("$ {}", process::shown(&command));
    process::run(&mut command)
}

fn is_root() -> Result<bool> {
    Ok(process::read(Command::new("id").arg("-u"))?.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_tell_what_is_here() {
        let here = |marker| part("x", marker, "x").is_here();
        assert!(here(Program("sh")));
        assert!(!here(Program("no-such-program")));
        assert!(here(File("/")));
        assert!(!here(File("/nowhere")));
        assert!(!here(Python("no_such_module")));
    }
}
