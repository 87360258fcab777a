//! Names that an image has in registries. What it is called on this machine, or in a file, is nobody's business:
//! no registry is asked for it.

use plimsoll_inventory::ImageInventory;
use plimsoll_lineage::{KnownImage, Source};
use plimsoll_model::{Digest, ImageName, Transport};

/// The registry of names without a host.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// Where Podman puts names without a host that it made itself.
const LOCAL: &str = "localhost";

/// A name under which an image came from its registry, with the digests that the registry gave for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegistryName {
    /// With a tag, unless the image was asked for by digest.
    pub(crate) name: ImageName,
    /// Of an index or of a manifest.
    pub(crate) digests: Vec<Digest>,
}

/// The host of a name; Docker Hub has several.
pub(crate) fn host(name: &ImageName) -> &str {
    match name.registry.as_deref() {
        None | Some("index.docker.io" | "registry-1.docker.io") => DOCKER_HUB,
        Some(host) => host,
    }
}

/// Host and repository, so that names can be compared.
pub(crate) fn repository(name: &ImageName) -> String {
    KnownImage::new(name, Source::Scanned).repository
}

/// The names of an image that was read: those by which a registry was asked, and of an engine those whose repository
/// it knows a registry's digest of.
pub(crate) fn registry_names(image: &ImageInventory) -> Vec<RegistryName> {
    let metadata = &image.metadata;
    let digests = proven(&metadata.repo_digests, engine_digest(image));
    let names = metadata.names.iter().filter_map(|name| name.parse().ok());
    with_digests(names, &digests)
}

/// The same of an image that an engine lists: its names, its `name@digest`, and its id.
pub(crate) fn registry_names_of(
    names: &[String],
    repo_digests: &[String],
    id: &Digest,
) -> Vec<RegistryName> {
    let digests = proven(repo_digests, Some(id));
    with_digests(names.iter().filter_map(|name| name.parse().ok()), &digests)
}

/// Where an image came from, whatever it is called: one name for each repository.
pub(crate) fn origins(image: &ImageInventory) -> Vec<ImageName> {
    proven(&image.metadata.repo_digests, engine_digest(image))
}

/// The digest by which an engine itself knows the image, where that is not its config's.
fn engine_digest(image: &ImageInventory) -> Option<&Digest> {
    let is_engines = image.image.source != Transport::Registry.as_str();
    (is_engines && image.image.config_digest.is_none()).then_some(image.image.digest.as_ref())?
}

/// Those that tell of a registry. An engine that knows images by their manifest (Docker with the containerd store)
/// makes such a digest up for every name, also for one that was only built here; then a name without a host may be
/// anything, while one with a host was given for that host.
fn proven(repo_digests: &[String], engines: Option<&Digest>) -> Vec<ImageName> {
    let is_proof = |name: &ImageName| {
        let is_made_up = engines.is_some() && name.digest.as_ref() == engines;
        host(name) != LOCAL && !(is_made_up && host(name) == DOCKER_HUB)
    };
    repo_digests.iter().filter_map(|known| known.parse().ok()).filter(is_proof).collect()
}

fn with_digests(names: impl Iterator<Item = ImageName>, proven: &[ImageName]) -> Vec<RegistryName> {
    names
        .filter_map(|name| {
            let own = repository(&name);
            let digests: Vec<Digest> = proven
                .iter()
                .filter(|known| repository(known) == own)
                .filter_map(|known| known.digest.clone())
                .collect();
            (!digests.is_empty()).then_some(RegistryName { name, digests })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{digest, inventory};

    /// `names` are what an engine calls the image, `known` its repo digests, all of digest 1.
    fn check(source: &str, config: Option<u8>, names: &[&str], known: &[&str], expected: &[&str]) {
        let mut image = inventory(source);
        image.image.digest = Some(digest(1));
        image.image.config_digest = config.map(digest);
        image.metadata.names = names.iter().map(|&name| name.to_owned()).collect();
        image.metadata.repo_digests =
            known.iter().map(|name| format!("{name}@{}", digest(1))).collect();
        let found: Vec<_> =
            registry_names(&image).iter().map(|found| found.name.to_string()).collect();
        assert_eq!(found, expected, "{source} {names:?} {known:?}");
    }

    #[test]
    fn a_name_counts_only_where_its_own_registry_gave_the_image() {
        let hub = "docker.io/library/debian";
        check(
            "registry",
            Some(2),
            &["docker.io/library/debian:12"],
            &[hub],
            &["docker.io/library/debian:12"],
        );
        check("docker", Some(2), &["debian:12"], &["debian"], &["debian:12"]);
        // Only ever built here.
        check("docker", Some(2), &["payroll:1"], &[], &[]);
        // `docker tag debian:12 secret:prod`
        check("docker", Some(2), &["debian:12", "secret:prod"], &["debian"], &["debian:12"]);
        // Podman makes digests up too, but knows what is only here.
        check("podman", Some(2), &["localhost/payroll:1"], &["localhost/payroll"], &[]);
        // Docker with the containerd store.
        check("docker", None, &["payroll:1"], &["payroll"], &[]);
        check("docker", None, &["r.example/app:1"], &["r.example/app"], &["r.example/app:1"]);
        // The text of a file.
        check("docker-archive", Some(2), &["debian:12"], &[], &[]);
        check(
            "registry",
            None,
            &["docker.io/library/debian:12"],
            &[hub],
            &["docker.io/library/debian:12"],
        );
    }
}
