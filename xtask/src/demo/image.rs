//! The demo's image: Debian as it was frozen, and something of our own on top.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use plimsoll_testkit::{Compression, Entry, Image, Layer, Layout};

use crate::process;

/// Builds the layout at `layout`, relative to the workspace's root, unless it is there.
pub(super) fn build(root: &Path, layout: &Path, codename: &str, mirror: &str) -> Result<()> {
    if root.join(layout).join("index.json").exists() {
        println!("The image is already there: {}", layout.display());
        return Ok(());
    }
    let tar = layout.with_extension("tar");
    let mut mmdebstrap = Command::new("mmdebstrap");
    mmdebstrap.args(["--variant=minbase", "--format=tar", "--quiet", codename]);
    // Without the security suite: as somebody's image is who installed and never updated.
    mmdebstrap.arg(&tar).arg(format!("deb {mirror} {codename} main"));
    println!("\n$ {}", process::shown(&mmdebstrap));
    process::run(mmdebstrap.current_dir(root))?;

    let bytes = fs::read(root.join(&tar)).context("reading what mmdebstrap made")?;
    let base = Layer::from_tar(&bytes, Compression::Gzip).created_by("mmdebstrap");
    let own = [Entry::directory("opt/shop"), Entry::file("opt/shop/VERSION", "1.4\n")];
    let own = Layer::new(&own).created_by("COPY VERSION /opt/shop/");
    let architecture = process::read(Command::new("dpkg").arg("--print-architecture"))?;
    let mut image = Image::new([base, own]).platform(&format!("linux/{}", architecture.trim()));
    image.created = process::read(Command::new("date").args(["-u", "+%FT%TZ"]))?.trim().to_owned();
    Layout::of(&image).write(&root.join(layout)).context("writing the demo's image")?;
    fs::remove_file(root.join(&tar)).context("removing what mmdebstrap made")
}
