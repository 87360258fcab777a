//! The package URL of an image (purl-spec, type `oci`).

use std::fmt::Write;

use plimsoll_model::{Image, ImageName, ImageReference, Transport};

/// The purl, where a manifest's digest and a name in a registry are known: without the digest it would
/// name no image, and a file's name is no name of its image.
pub(super) fn image_purl(image: &Image) -> Option<String> {
    let digest = image.digest.as_ref()?;
    let named = [Transport::Registry, Transport::Docker, Transport::Podman];
    if !named.iter().any(|transport| transport.as_str() == image.source) {
        return None;
    }
    let reference: ImageReference = image.reference.parse().ok()?;
    let name: ImageName = reference.rest.parse().ok()?;
    let last = name.repository.rsplit('/').next()?;

    let mut purl = format!("pkg:oci/{last}@{digest}");
    // A short name is completed by the configuration of the engine: its registry is not known here.
    let repository = name.registry.map(|registry| format!("{registry}/{}", name.repository));
    let architecture = image.platform.as_ref().map(|platform| platform.architecture.as_str());
    let qualifiers = [
        ("arch", architecture),
        ("repository_url", repository.as_deref()),
        ("tag", name.tag.as_deref()),
    ];
    let mut separator = '?';
    for (key, value) in qualifiers {
        if let Some(value) = value {
            purl.push(separator);
            purl.push_str(key);
            purl.push('=');
            encode(value, &mut purl);
            separator = '&';
        }
    }
    Some(purl)
}

/// Percent-encodes all but the unreserved characters and the colon, which the specification leaves as it is.
fn encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Digest;

    use super::*;

    #[test]
    fn images_have_a_purl_where_they_have_a_name_and_a_digest() {
        let check = |source: &str, reference: &str, expected: Option<&str>| {
            let mut image = Image {
                reference: reference.to_owned(),
                source: source.to_owned(),
                digest: Some(Digest::sha256(&[0xab; 32])),
                config_digest: None,
                platform: Some("linux/arm64".parse().unwrap()),
                created: None,
                layers: Vec::new(),
            };
            let hex = "ab".repeat(32);
            let expected = expected.map(|expected| expected.replace("DIGEST", &hex));
            assert_eq!(image_purl(&image), expected);
            image.digest = None;
            assert_eq!(image_purl(&image), None);
        };
        check(
            "registry",
            "registry.example:5000/shop/web:1.4",
            Some(
                "pkg:oci/web@sha256:DIGEST?arch=arm64&repository_url=registry.example:5000%2Fshop%2Fweb&tag=1.4",
            ),
        );
        check("docker", "docker:web", Some("pkg:oci/web@sha256:DIGEST?arch=arm64"));
        check("oci", "oci:web:1.4", None);
        check("dir", "dir:/mnt", None);
        check("registry", "No Name", None);
    }
}
