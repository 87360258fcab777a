//! The demo's images, in a real registry.

use std::process::Command;

use anyhow::{Context, Result};
use plimsoll_testkit::{Image, Layer, Layout, Registry};

use super::layer;
use super::roots::{OWN_PACKAGES, Roots};
use crate::process;

/// The images; the base of the application is the older one.
pub(super) struct Images {
    base: Image,
    newer_base: Image,
    pub(super) shop: Image,
    pub(super) updated_shop: Image,
}

impl Images {
    pub(super) fn of(roots: &Roots) -> Result<Self> {
        let base = layer::whole(&roots.base)?.created_by("a root file system of Debian");
        let newer_base =
            layer::whole(&roots.newer_base)?.created_by("a root file system of Debian");
        let own = layer::difference(&roots.base, &roots.shop)?;
        let own = own.created_by(&format!("RUN apt-get install {OWN_PACKAGES}"));
        let update = layer::difference(&roots.shop, &roots.updated_shop)?;
        let update = update.created_by("RUN apt-get dist-upgrade");
        Ok(Self {
            base: image([base.clone()])?,
            newer_base: image([newer_base])?,
            shop: image([base.clone(), own.clone()])?,
            updated_shop: image([base, own, update])?,
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

    pub(super) fn push_updated(&self, registry: &Registry) {
        push(registry, &self.updated_shop, "shop:1.4-updated");
    }
}

fn push(registry: &Registry, image: &Image, name: &str) {
    println!("pushing {}/{name}: {} layers", registry.host(), image.layers.len());
    registry.push(&Layout::of(image), name);
}

fn image(layers: impl IntoIterator<Item = Layer>) -> Result<Image> {
    let architecture = process::read(Command::new("dpkg").arg("--print-architecture"))?;
    let mut image = Image::new(layers).platform(&format!("linux/{}", architecture.trim()));
    let now = process::read(Command::new("date").args(["-u", "+%FT%TZ"]));
    image.created = now.context("asking for the time")?.trim().to_owned();
    Ok(image)
}
