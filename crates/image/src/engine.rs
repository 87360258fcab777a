//! Images of a local engine: known from its inspection, read by exporting them.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_engine::{Client, Container, HistoryStep, Kind, PodmanDetails};
use plimsoll_model::{DiffId, Digest, Image, ImageName, Layer, Origin, Transport};
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::error::{Error, Tried};
use crate::metadata::{self, Metadata};
use crate::platform_choice::PlatformChoice;
use crate::source::{Export, KnownBy, LayerBytes, SourceImage, SourceLayer};

/// The transport of an engine.
pub(crate) fn transport(kind: Kind) -> Transport {
    match kind {
        Kind::Docker => Transport::Docker,
        Kind::Podman => Transport::Podman,
    }
}

/// Opens the image that an engine knows by this name.
pub(crate) fn open(
    client: &Client,
    name: &str,
    reference: &str,
    choice: &PlatformChoice,
) -> Result<SourceImage, Error> {
    let image = client.image(name)?;
    let source = transport(client.kind());
    if let Some(wanted) = choice.wanted()
        && !choice.accepts_alone(image.platform.as_ref())
    {
        return Err(Error::OtherPlatforms {
            source_name: format!("{name} in {source}"),
            wanted: wanted.clone(),
            available: image.platform.into_iter().collect(),
        });
    }
    // Podman 4.3 fails on images whose history has no times; steps are good to have, no more.
    let id = image.id.to_string();
    let history = client.history(&id).unwrap_or_default();
    // So are these.
    let podman = match client.engine() {
        Kind::Docker => None,
        Kind::Podman => client.podman_details(&id).ok(),
    };
    let steps = created_by(&history, image.diff_ids.len());
    let model_layer = |(diff_id, created_by): (_, &Option<String>)| Layer {
        digest: None,
        diff_id: Some(diff_id),
        size: None,
        origin: Origin::Unknown,
        created_by: created_by.clone(),
    };
    let known_image = known_image(&image);
    let known_by = |diff_id: &DiffId| match (client.engine(), &known_image) {
        (Kind::Docker, _) => KnownBy::EngineDiffId(diff_id.clone()),
        (Kind::Podman, Some(image)) => {
            KnownBy::EngineImage { image: image.clone(), diff_id: diff_id.clone() }
        }
        (Kind::Podman, None) => KnownBy::Nothing,
    };
    let source_layer = |diff_id: &DiffId| SourceLayer {
        known_by: known_by(diff_id),
        digest: None,
        diff_id: Some(diff_id.clone()),
        size: None,
        media_type: None,
        foreign: false,
        bytes: LayerBytes::InEngine,
    };
    let digest = image.descriptor.clone().or_else(|| repo_digest(name, &image.repo_digests));
    let config_digest = image.descriptor.is_none().then(|| image.id.clone());
    let layers = image.diff_ids.iter().map(source_layer).collect();
    let export = Export {
        // By id: a tag may have moved when the export begins.
        export: client.export(&id),
        reference: reference.to_owned(),
        source,
        platform: match image.platform.clone() {
            Some(platform) => PlatformChoice::Host(platform),
            None => choice.clone(),
        },
        digest: digest.clone(),
    };
    let metadata = metadata_of(&image, &history, podman);
    let image = Image {
        reference: reference.to_owned(),
        source: source.to_string(),
        digest,
        config_digest,
        platform: image.platform,
        created: image.created,
        layers: image.diff_ids.into_iter().zip(&steps).map(model_layer).collect(),
    };
    Ok(SourceImage { image, layers, metadata, export: Some(export), warnings: Vec::new() })
}

/// What the engine knows of where an image comes from. Podman's own answers say more than those in
/// which it takes after Docker.
fn metadata_of(
    image: &plimsoll_engine::Image,
    history: &[HistoryStep],
    podman: Option<PodmanDetails>,
) -> Metadata {
    let own = |step: &HistoryStep| metadata::HistoryStep {
        created: step.created,
        created_by: Some(step.created_by.clone()).filter(|text| !text.is_empty()),
        comment: Some(step.comment.clone()).filter(|text| !text.is_empty()),
        empty_layer: step.empty_layer,
    };
    let podman = podman.unwrap_or_default();
    let history = if podman.history.is_empty() { history } else { &podman.history };
    Metadata {
        names: image.tags.clone(),
        repo_digests: image.repo_digests.clone(),
        env: image.env.clone(),
        labels: image.labels.clone(),
        history: history.iter().map(own).collect(),
        annotations: podman.annotations,
        ..Metadata::default()
    }
}

/// Opens the image that a container runs, in whichever engine has the container.
pub(crate) fn open_container(
    name: &str,
    reference: &str,
    ctx: &Context,
) -> Result<SourceImage, Error> {
    let mut found: Vec<(Client, Container)> = Vec::new();
    let mut tried = Vec::new();
    for kind in Kind::ALL {
        let asked = ctx.engines.get(kind).and_then(|client| {
            let container = client.container(name).map_err(Arc::new)?;
            Ok((client, container))
        });
        match asked {
            Ok(answer) => found.push(answer),
            Err(error) => tried.push(Tried { place: kind.as_str(), why: chain(&error) }),
        }
    }
    match found.as_slice() {
        [] => Err(Error::NotFound { reference: reference.to_owned(), tried, hint: None }),
        [(_, one), (_, other)] if one.image_id != other.image_id => {
            Err(Error::AmbiguousContainer { name: name.to_owned() })
        }
        [(client, container), ..] => {
            open(client, &container.image_id.to_string(), reference, &ctx.platform)
        }
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// What stands for exactly these layers in Podman's store. The id alone does not: it is the digest of
/// the configuration, which a hostile image may share with a clean one. Manifests name the bytes of
/// the layers, and Podman verifies these; an image without a name has none that it would tell.
fn known_image(image: &plimsoll_engine::Image) -> Option<Digest> {
    let manifests: BTreeSet<&str> = image
        .repo_digests
        .iter()
        .filter_map(|known| known.split_once('@').map(|(_, digest)| digest))
        .collect();
    if manifests.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    hash.update(image.id.to_string());
    for manifest in manifests {
        hash.update(" ");
        hash.update(manifest);
    }
    Some(Digest::sha256(&hash.finalize().into()))
}

/// The manifest's digest, if the engine knows the image from that repository by just one.
fn repo_digest(name: &str, repo_digests: &[String]) -> Option<Digest> {
    let name: ImageName = name.parse().ok()?;
    let mut digests = repo_digests
        .iter()
        .filter_map(|text| text.parse::<ImageName>().ok())
        .filter(|known| is_repository(&name, known))
        .filter_map(|known| known.digest);
    match (digests.next(), digests.next()) {
        (Some(digest), None) => Some(digest),
        _ => None,
    }
}

/// Docker's list drops `docker.io/library/`, Podman's writes it out.
fn is_repository(name: &ImageName, known: &ImageName) -> bool {
    let full = |name: &ImageName| {
        let registry = name.registry.as_deref().unwrap_or("docker.io").to_owned();
        let repository = match registry == "docker.io" && !name.repository.contains('/') {
            true => format!("library/{}", name.repository),
            false => name.repository.clone(),
        };
        (registry, repository)
    };
    full(name) == full(known)
}

/// The build step of each layer. The engines' histories do not say which steps made a layer, only
/// how much each added; a layer may be empty, though. Where leaving out the steps that add nothing
/// does not give as many as there are layers, only those that never make a layer are left out; and
/// where that does not either, none is believed.
fn created_by(history: &[HistoryStep], layers: usize) -> Vec<Option<String>> {
    let added = |step: &&HistoryStep| step.size > 0;
    let may_make_layer =
        |step: &&HistoryStep| step.size > 0 || !only_sets_metadata(&step.created_by);
    let steps = |kept: Vec<&HistoryStep>| {
        kept.into_iter()
            .map(|step| Some(step.created_by.clone()).filter(|text| !text.is_empty()))
            .collect()
    };
    let by_size: Vec<_> = history.iter().filter(added).collect();
    if by_size.len() == layers {
        return steps(by_size);
    }
    let by_kind: Vec<_> = history.iter().filter(may_make_layer).collect();
    match by_kind.len() == layers {
        true => steps(by_kind),
        false => vec![None; layers],
    }
}

/// Instructions of a Dockerfile that never make a layer, as the classic builder and BuildKit write
/// them into the history.
fn only_sets_metadata(created_by: &str) -> bool {
    const INSTRUCTIONS: [&str; 14] = [
        "ARG",
        "CMD",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "FROM",
    ];
    let step = created_by.strip_prefix("/bin/sh -c #(nop)").unwrap_or(created_by).trim_start();
    let word = step.split_whitespace().next().unwrap_or_default();
    INSTRUCTIONS.contains(&word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn steps_are_matched_by_size_then_by_kind_or_not_at_all() {
        let check = |history: &[(&str, u64)], layers: usize, expected: &[Option<&str>]| {
            let history: Vec<_> = history
                .iter()
                .map(|(step, size)| HistoryStep {
                    created_by: (*step).to_owned(),
                    size: *size,
                    ..Default::default()
                })
                .collect();
            let found = created_by(&history, layers);
            let found: Vec<_> = found.iter().map(Option::as_deref).collect();
            assert_eq!(found, expected, "{history:?} for {layers}");
        };
        let history = [
            ("/bin/sh -c #(nop) ADD file:1 in / ", 9),
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", 0),
            ("RUN apk add x # buildkit", 5),
            ("ENV A=b", 0),
            ("WORKDIR /srv", 0),
        ];
        let add = Some("/bin/sh -c #(nop) ADD file:1 in / ");
        let run = Some("RUN apk add x # buildkit");
        check(&history, 2, &[add, run]);
        check(&history, 3, &[add, run, Some("WORKDIR /srv")]);
        check(&history, 4, &[None; 4]);
        check(&[("", 1)], 1, &[None]);
        check(&[], 1, &[None]);
    }

    #[test]
    fn an_image_is_known_by_its_id_and_its_manifests() {
        let key = |id: u8, known: &[String]| {
            known_image(&plimsoll_engine::Image {
                id: Digest::sha256(&[id; 32]),
                tags: Vec::new(),
                repo_digests: known.to_vec(),
                created: None,
                platform: None,
                diff_ids: Vec::new(),
                descriptor: None,
                env: Vec::new(),
                labels: BTreeMap::new(),
            })
        };
        let at = |name: &str, byte: u8| format!("{name}@{}", Digest::sha256(&[byte; 32]));
        let one = key(1, &[at("a", 1)]);
        assert!(one.is_some());
        assert_eq!(key(1, &[at("b", 1), at("a", 1)]), one);
        assert_ne!(key(2, &[at("a", 1)]), one);
        assert_ne!(key(1, &[at("a", 2)]), one);
        assert_ne!(key(1, &[at("a", 1), at("a", 2)]), one);
        assert_eq!(key(1, &[]), None);
    }

    #[test]
    fn a_digest_counts_only_for_the_repository_that_was_named() {
        let digest = |byte: u8| Digest::sha256(&[byte; 32]);
        let check = |name: &str, known: &[String], expected: Option<u8>| {
            assert_eq!(repo_digest(name, known), expected.map(digest), "{name} in {known:?}");
        };
        let one = [format!("docker.io/library/alpine@{}", digest(1))];
        check("alpine:3.10", &one, Some(1));
        check("docker.io/library/alpine", &one, Some(1));
        check("registry.example/alpine", &one, None);
        check("sha256:0", &one, None);
        check("alpine", &[format!("alpine@{}", digest(1))], Some(1));
        let two = [format!("alpine@{}", digest(1)), format!("alpine@{}", digest(2))];
        check("alpine", &two, None);
    }
}
