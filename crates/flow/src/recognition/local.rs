//! The images of the local engines: what stands here may well be what others stand on.

use plimsoll_engine::{LocalChain, local_chains};
use plimsoll_lineage::{Chain, KnownImage, Source};
use plimsoll_model::ImageName;

use crate::names::registry_names_of;
use crate::session::Session;

pub(super) fn local_images(session: &Session) -> Vec<KnownImage> {
    local_chains(&session.engines()).items.iter().flat_map(known).collect()
}

/// One for each name. Those under which it came from a registry have that registry's digest.
fn known(image: &LocalChain) -> Vec<KnownImage> {
    let from_registry = registry_names_of(&image.names, &image.repo_digests, &image.id);
    let names = image.names.iter().filter_map(|name| name.parse::<ImageName>().ok());
    names
        .map(|name| {
            let mut known = KnownImage::new(&name, Source::Scanned);
            known.chain = Chain::of(&image.layers);
            known.platform.clone_from(&image.platform);
            known.created = image.created;
            known.config = Some(image.id.clone());
            let registry = from_registry.iter().find(|found| found.name == name);
            if let (Some(tag), Some(registry)) = (known.tags.first_mut(), registry) {
                tag.digest = registry.digests.first().cloned();
            }
            known
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::digest;
    use plimsoll_model::DiffId;

    #[test]
    fn only_names_from_a_registry_have_its_digest() {
        let image = LocalChain {
            id: digest(1),
            names: ["debian:12", "secret:prod"].map(str::to_owned).to_vec(),
            repo_digests: vec![format!("debian@{}", digest(2))],
            layers: vec![DiffId(digest(3))],
            created: None,
            platform: None,
            engines: Vec::new(),
        };
        let known = known(&image);
        let digests: Vec<_> = known.iter().map(|known| known.tags[0].digest.clone()).collect();
        assert_eq!(digests, [Some(digest(2)), None]);
        assert_eq!(known[1].repository, "docker.io/library/secret");
    }
}
