//! The demo's images, in a real registry.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use plimsoll_testkit::{Entry, Image, Layer, Layout, Registry};

use super::layer;
use super::rebase::Statuses;
use super::roots::{OWN_PACKAGES, Roots};
use crate::process;

/// The images.
pub(super) struct Images {
    base: Image,
    newer_base: Image,
    /// The application on `base`.
    pub(super) shop: Image,
    /// With all its packages upgraded.
    pub(super) updated_shop: Image,
    /// With its own layer on `newer_base`.
    rebased_shop: Image,
}

const STATUS: &str = "var/lib/dpkg/status";

impl Images {
    pub(super) fn of(roots: &Roots) -> Result<Self> {
        let base = layer::whole(&roots.base)?.created_by("a root file system of Debian");
        let newer = layer::whole(&roots.newer_base)?.created_by("a root file system of Debian");
        let own = layer::difference(&roots.base, &roots.shop)?;
        let own = own.created_by(&format!("RUN apt-get install {OWN_PACKAGES}"));
        let update = layer::difference(&roots.shop, &roots.updated_shop)?;
        let update = update.created_by("RUN apt-get dist-upgrade");
        Ok(Self {
            base: image([base.clone()], &roots.base)?,
            newer_base: image([newer.clone()], &roots.newer_base)?,
            shop: image([base.clone(), own.clone()], &roots.shop)?,
            updated_shop: image([base, own.clone(), update], &roots.updated_shop)?,
            rebased_shop: image([newer, own, merged_status(roots)?], &roots.newer_base)?,
        })
    }

    /// What was there when the application was built, and the application.
    pub(super) fn push_old(&self, registry: &Registry) {
        push(registry, &self.base, "debian:bookworm-slim");
        push(registry, &self.shop, "shop:1.4");
    }

    /// The same tag of the base names a newer build.
    pub(super) fn push_newer_base(&self, registry: &Registry) {
        push(registry, &self.newer_base, "debian:bookworm-slim");
    }

    /// What one gets who does as advised, in either way.
    pub(super) fn push_remedied(&self, registry: &Registry) {
        push(registry, &self.updated_shop, "shop:1.4-updated");
        push(registry, &self.rebased_shop, "shop:1.4-rebased");
    }
}

/// The database of packages is one file, which the own layer has as of the old base.
fn merged_status(roots: &Roots) -> Result<Layer> {
    let status = |root| layer::text(root, STATUS);
    let statuses = Statuses {
        old_base: &status(&roots.base)?,
        newer_base: &status(&roots.newer_base)?,
        image: &status(&roots.shop)?,
    };
    let layer = Layer::new(&[Entry::file(STATUS, statuses.merged())]);
    Ok(layer.created_by("the package databases of both, merged"))
}

fn push(registry: &Registry, image: &Image, name: &str) {
    println!("pushing {}/{name}: {} layers", registry.host(), image.layers.len());
    registry.push(&Layout::of(image), name);
}

/// As old as the newest package of its root: as if it had been built when that was.
fn image(layers: impl IntoIterator<Item = Layer>, root: &Path) -> Result<Image> {
    let architecture = process::read(Command::new("dpkg").arg("--print-architecture"))?;
    let mut image = Image::new(layers).platform(&format!("linux/{}", architecture.trim()));
    let built = format!("@{}", layer::newest_package(root)?);
    let built = process::read(Command::new("date").args(["-u", "+%FT%TZ", "-d", &built]));
    image.created = built.context("converting a time")?.trim().to_owned();
    Ok(image)
}
