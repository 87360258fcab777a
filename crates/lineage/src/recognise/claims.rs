//! What an image says of its base: annotations, and the provenance attached to it.

use plimsoll_model::{BaseMethod, Digest, ImageName};

use super::layers::Stacks;
use super::{Known, Subject};
use crate::catalogue::CatalogueError;
use crate::known::{KnownImage, repository, short};

/// OCI image specification, "Pre-Defined Annotation Keys".
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
/// Materials that are looked at: stages of one build.
const MAX_CLAIMS: usize = 20;

/// One statement about the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) name: ImageName,
    pub(super) digest: Option<Digest>,
    pub(super) method: BaseMethod,
}

/// What the claims are worth.
pub(super) struct Judged {
    /// Repositories and tags that are named, contradicted or not.
    pub(super) named: Vec<(String, Option<String>)>,
    /// Those that nothing is known about.
    pub(super) open: Vec<Claim>,
    /// Why the others are not believed.
    pub(super) doubts: Vec<String>,
}

impl Claim {
    /// The name for people.
    pub(super) fn shown(&self) -> String {
        let repository = repository(&self.name);
        let short = short(&repository);
        match (&self.name.tag, &self.digest) {
            (Some(tag), _) => format!("{short}:{tag}"),
            (None, Some(digest)) => format!("{short}@{digest}"),
            (None, None) => format!("{short}:latest"),
        }
    }

    /// By digest for what it was, else by tag for what it is now.
    pub(super) fn ask(&self) -> impl Iterator<Item = ImageName> {
        let by_digest = self
            .digest
            .clone()
            .map(|digest| ImageName { digest: Some(digest), ..self.name.clone() });
        let by_tag =
            self.name.tag.is_some().then(|| ImageName { digest: None, ..self.name.clone() });
        [by_digest, by_tag].into_iter().flatten()
    }
}

/// The annotation first, then the materials of the platform.
pub(super) fn claims(subject: &Subject<'_>) -> Vec<Claim> {
    let digest = subject.annotations.get(BASE_DIGEST).and_then(|digest| digest.parse().ok());
    let name = subject.annotations.get(BASE_NAME);
    let name = name.and_then(|name| name.parse::<ImageName>().ok());
    let annotation = name.map(|name| {
        let digest = digest.or_else(|| name.digest.clone());
        Claim { name: ImageName { digest: None, ..name }, digest, method: BaseMethod::Annotation }
    });
    let fits = |platform| match (platform, subject.platform) {
        (Some(of), Some(own)) => own.serves(of) || own == of,
        _ => true,
    };
    let materials = subject.materials.iter().filter(|material| fits(material.platform.as_ref()));
    let materials = materials.map(|material| Claim {
        name: material.name.clone(),
        digest: material.digest.clone(),
        method: BaseMethod::Provenance,
    });
    annotation.into_iter().chain(materials).take(MAX_CLAIMS).collect()
}

/// Compares claims with what is known of the layers of the images that they name.
pub(super) fn judge(
    claims: Vec<Claim>,
    stacks: &Stacks,
    known: &Known<'_>,
) -> Result<Judged, CatalogueError> {
    let mut judged = Judged { named: Vec::new(), open: Vec::new(), doubts: Vec::new() };
    for claim in claims {
        let named = (repository(&claim.name), claim.name.tag.clone());
        if !judged.named.contains(&named) {
            judged.named.push(named);
        }
        let images = match &claim.digest {
            Some(digest) => with_digest(digest, known)?,
            None => Vec::new(),
        };
        let verdicts: Vec<bool> = images.iter().filter_map(|image| stacks.agree(image)).collect();
        if verdicts.contains(&true) {
            // Then its layers were found below the image's, too.
            continue;
        }
        // A build has stages that leave nothing behind: of materials this is no contradiction.
        match (verdicts.is_empty(), claim.method) {
            (true, _) => judged.open.push(claim),
            (false, BaseMethod::Annotation) => {
                let digest = claim.digest.as_ref().map_or("", |digest| digest.short());
                let shown = claim.shown();
                judged.doubts.push(format!(
                    "its annotation names {shown} ({digest}), whose layers are not the lowest of this image"
                ));
            }
            (false, _) => {}
        }
    }
    Ok(judged)
}

fn with_digest(digest: &Digest, known: &Known<'_>) -> Result<Vec<KnownImage>, CatalogueError> {
    let mut images = known.catalogue.by_digest(digest)?;
    let has = |image: &&KnownImage| {
        let tags = image.tags.iter().filter_map(|tag| tag.digest.as_ref());
        image.digest.iter().chain(tags).any(|known| known == digest)
    };
    images.extend(known.others.iter().filter(has).cloned());
    Ok(images)
}
