//! What media types say, in OCI's and in Docker's words.

/// What a descriptor in an index leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManifestKind {
    /// The manifest of one image.
    Image,
    /// A list of manifests.
    Index,
}

/// OCI's manifest.
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// OCI's index.
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker's manifest, schema 2.
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest list.
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Tells manifests from indexes; nothing for any other media type.
pub(crate) fn manifest_kind(media_type: &str) -> Option<ManifestKind> {
    match media_type {
        OCI_MANIFEST | DOCKER_MANIFEST => Some(ManifestKind::Image),
        OCI_INDEX | DOCKER_LIST => Some(ManifestKind::Index),
        _ => None,
    }
}

/// Whether a manifest's configuration is that of a container image rather than of an artifact.
pub(crate) fn is_image_config(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
    )
}

/// Where a layer's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayerKind {
    /// With the image.
    Distributed,
    /// Said to be elsewhere, for legal reasons.
    Foreign,
}

/// Tells layers of a file system by their media type; nothing for any other. How they are
/// compressed is told by their bytes.
pub(crate) fn layer_kind(media_type: &str) -> Option<LayerKind> {
    let base = media_type
        .strip_suffix("+gzip")
        .or_else(|| media_type.strip_suffix("+zstd"))
        .or_else(|| media_type.strip_suffix(".gzip"))
        .or_else(|| media_type.strip_suffix(".zstd"))
        .unwrap_or(media_type);
    match base {
        "application/vnd.oci.image.layer.v1.tar"
        | "application/vnd.docker.image.rootfs.diff.tar" => Some(LayerKind::Distributed),
        "application/vnd.oci.image.layer.nondistributable.v1.tar"
        | "application/vnd.docker.image.rootfs.foreign.diff.tar" => Some(LayerKind::Foreign),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_known_in_both_vocabularies() {
        let check = |media_type: &str, expected| {
            assert_eq!(layer_kind(media_type), expected, "{media_type}");
        };
        let distributed = Some(LayerKind::Distributed);
        check("application/vnd.oci.image.layer.v1.tar", distributed);
        check("application/vnd.oci.image.layer.v1.tar+gzip", distributed);
        check("application/vnd.oci.image.layer.v1.tar+zstd", distributed);
        check("application/vnd.docker.image.rootfs.diff.tar.gzip", distributed);
        check("application/vnd.docker.image.rootfs.diff.tar.zstd", distributed);
        let foreign = Some(LayerKind::Foreign);
        check("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", foreign);
        check("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", foreign);
        check("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", None);
        check("application/vnd.in-toto+json", None);
        check("", None);
    }
}
