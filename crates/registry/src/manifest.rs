//! Manifests: what kind they are, and that they are what they are called.

use plimsoll_model::{Algorithm, Digest};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256, Sha512};

/// A manifest or index whose digest was computed and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The bytes as the registry sent them.
    pub bytes: Vec<u8>,
    /// Which document they are.
    pub kind: ManifestKind,
    /// The digest of the bytes.
    pub digest: Digest,
}

/// The documents that a reference can lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManifestKind {
    /// An image manifest of OCI.
    OciManifest,
    /// An image index of OCI.
    OciIndex,
    /// An image manifest of Docker (version 2, schema 2).
    DockerManifest,
    /// A manifest list of Docker.
    DockerList,
}

impl ManifestKind {
    /// All of them, as the `Accept` header lists them.
    pub const ALL: [Self; 4] =
        [Self::OciIndex, Self::OciManifest, Self::DockerList, Self::DockerManifest];

    /// Whether it lists manifests per platform.
    pub fn is_index(self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::OciManifest => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::DockerManifest => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    fn of(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }
}

/// Why some bytes are no manifest that we can use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KindError {
    Schema1,
    Other(String),
}

/// The keys that tell what a document is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    schema_version: Option<u32>,
    media_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
}

/// The kind of a document. Its own word counts, then the header's, then its shape; where they
/// contradict each other two readers could see two images, so that is an error (CVE-2021-41190).
pub(crate) fn kind(bytes: &[u8], content_type: Option<&str>) -> Result<ManifestKind, KindError> {
    let other = |why: &str| KindError::Other(why.to_owned());
    let shape: Shape =
        serde_json::from_slice(bytes).map_err(|_| other("it is not a JSON object of one"))?;
    if shape.schema_version == Some(1) {
        return Err(KindError::Schema1);
    }
    let header = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    let header = header.and_then(ManifestKind::of);
    let own = match &shape.media_type {
        Some(media_type) => Some(
            ManifestKind::of(media_type)
                .ok_or_else(|| KindError::Other(format!("its media type is {media_type:?}")))?,
        ),
        None => None,
    };
    let is_index = match (shape.manifests.is_some(), shape.layers.is_some()) {
        (true, true) => return Err(other("it has both manifests and layers")),
        (false, false) => return Err(other("it has neither manifests nor layers")),
        (is_index, _) => is_index,
    };
    let by_shape = if is_index { ManifestKind::OciIndex } else { ManifestKind::OciManifest };
    let kind = own.or(header).unwrap_or(by_shape);
    if header.is_some_and(|header| header != kind) || kind.is_index() != is_index {
        return Err(other("its media type contradicts itself"));
    }
    Ok(kind)
}

/// The digest of `bytes`.
pub(crate) fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    match algorithm {
        Algorithm::Sha256 => Digest::sha256(&Sha256::digest(bytes).into()),
        Algorithm::Sha512 => Digest::sha512(&Sha512::digest(bytes).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_apart() {
        use ManifestKind::*;
        let check = |json: &str, header: Option<&str>, expected: Option<ManifestKind>| {
            assert_eq!(kind(json.as_bytes(), header).ok(), expected, "{json} {header:?}");
        };
        let typed = |kind: ManifestKind, rest: &str| {
            format!(r#"{{"schemaVersion":2,"mediaType":"{}",{rest}}}"#, kind.media_type())
        };
        let (index, layers) = (r#""manifests":[]"#, r#""layers":[]"#);
        for kind in ManifestKind::ALL {
            let rest = if kind.is_index() { index } else { layers };
            check(&typed(kind, rest), None, Some(kind));
            check(&typed(kind, rest), Some(kind.media_type()), Some(kind));
            check(&typed(kind, rest), Some("application/json"), Some(kind));
            check(&typed(kind, if kind.is_index() { layers } else { index }), None, None);
        }
        check(r#"{"layers":[]}"#, None, Some(OciManifest));
        check(r#"{"manifests":[]}"#, Some("text/plain"), Some(OciIndex));
        check(r#"{"layers":[]}"#, Some(DockerManifest.media_type()), Some(DockerManifest));
        let with_charset = format!("{}; charset=utf-8", DockerList.media_type());
        check(r#"{"manifests":[]}"#, Some(&with_charset), Some(DockerList));
        check(&typed(OciManifest, layers), Some(DockerManifest.media_type()), None);
        check(r#"{"layers":[],"manifests":[]}"#, None, None);
        check(r#"{"mediaType":"application/x","layers":[]}"#, None, None);
        check("{}", None, None);
        check("[]", None, None);
        check("<html>", None, None);
    }

    #[test]
    fn the_first_schema_is_named() {
        let json = br#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#;
        assert_eq!(kind(json, None), Err(KindError::Schema1));
    }
}
