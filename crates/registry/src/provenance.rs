//! What is attached to an image about how it was built.

use std::collections::BTreeMap;

use plimsoll_model::Digest;
use serde::Deserialize;

use crate::error::Error;
use crate::manifest::Manifest;
use crate::repository::Repository;

/// Attachments of one image that are looked at: one per build and tool.
const MAX_ATTACHED: usize = 8;
/// Layers of one attachment that are read.
const MAX_STATEMENTS: usize = 8;
/// Provenance of builds with thousands of materials stays under a megabyte.
const MAX_STATEMENT_BYTES: u64 = 4 << 20;

/// BuildKit, "Attestation Storage": a member of the index that is no image.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
const ATTESTATION: &str = "attestation-manifest";
/// in-toto attestations in OCI images: what a layer states.
const PREDICATE: &str = "in-toto.io/predicate-type";
const PROVENANCE: &str = "https://slsa.dev/provenance/";
/// What statements are stored as: bare, in an envelope, in a bundle of sigstore.
const STATEMENTS: [&str; 3] = [
    "application/vnd.in-toto+json",
    "application/vnd.dsse.envelope.v1+json",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
];
/// BuildKit's, where it uses referrers.
const DOCKER_ATTESTATION: &str = "application/vnd.docker.attestation.manifest.v1+json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// What is attached to an image about how it was built.
#[derive(Debug, Default)]
pub struct Provenance {
    /// The statements. They were checked against their digests and nothing else: whoever may push may attach.
    pub statements: Vec<Vec<u8>>,
    /// Why there may be more.
    pub problems: Vec<Error>,
}

impl Repository {
    /// The statements about the build of a manifest: those that BuildKit puts into the index beside it, then those
    /// that refer to it. What is missing keeps nothing else from being read.
    pub fn provenance(&self, index: Option<&Manifest>, subject: &Digest) -> Provenance {
        let mut found = Provenance::default();
        let mut attached = index.map_or_else(Vec::new, |index| beside(index, subject));
        let is_statement = |kind: &str| STATEMENTS.contains(&kind) || kind == DOCKER_ATTESTATION;
        let referrers = found.note(self.referrers(subject)).unwrap_or_default().into_iter();
        let referrers = referrers
            .filter(|referrer| referrer.artifact_type.as_deref().is_some_and(is_statement));
        attached.extend(referrers.map(|referrer| referrer.digest));
        attached.sort();
        attached.dedup();
        for digest in attached.iter().take(MAX_ATTACHED) {
            if found.problems.iter().any(Error::is_rate_limit) {
                break;
            }
            let Some(manifest) = found.note(self.manifest(digest)) else { continue };
            for layer in stated(&manifest).iter().take(MAX_STATEMENTS) {
                let statement = found.note(self.small_blob(&layer.digest, layer.size));
                found.statements.extend(statement);
            }
        }
        found
    }
}

impl Provenance {
    fn note<T>(&mut self, answer: Result<T, Error>) -> Option<T> {
        answer.map_err(|error| self.problems.push(error)).ok()
    }
}

fn beside(index: &Manifest, subject: &Digest) -> Vec<Digest> {
    let subject = subject.to_string();
    let members = members(index).manifests.into_iter().filter(|member| {
        member.annotations.get(REFERENCE_TYPE).is_some_and(|kind| kind == ATTESTATION)
            && member.annotations.get(REFERENCE_DIGEST) == Some(&subject)
    });
    members.map(|member| member.digest).collect()
}

/// The layers that may be provenance, and are small enough to be.
fn stated(manifest: &Manifest) -> Vec<Descriptor> {
    let mut layers = members(manifest).layers;
    layers.retain(|layer| {
        let predicate = layer.annotations.get(PREDICATE);
        STATEMENTS.contains(&layer.media_type.as_str())
            && layer.size <= MAX_STATEMENT_BYTES
            && predicate.is_none_or(|predicate| predicate.starts_with(PROVENANCE))
    });
    layers
}

/// A document that cannot be read has no members.
fn members(manifest: &Manifest) -> Members {
    let none = Members { manifests: Vec::new(), layers: Vec::new() };
    serde_json::from_slice(&manifest.bytes).unwrap_or(none)
}
