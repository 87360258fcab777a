//! What people type to name an image: `transport:rest`, a path, or a name in a registry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Where to look for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A registry, over the OCI distribution protocol.
    Registry,
    /// The local Docker engine.
    Docker,
    /// The local Podman.
    Podman,
    /// A container of a local engine: the image it runs.
    Container,
    /// A tar as `docker save` writes it, compressed or not.
    DockerArchive,
    /// An OCI image layout in a directory.
    Oci,
    /// An OCI image layout in a tar.
    OciArchive,
    /// A root file system in a directory.
    Dir,
    /// A software bill of materials.
    Sbom,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Registry,
        Self::Docker,
        Self::Podman,
        Self::Container,
        Self::DockerArchive,
        Self::Oci,
        Self::OciArchive,
        Self::Dir,
        Self::Sbom,
    ];

    /// The word before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Container => "container",
            Self::DockerArchive => "docker-archive",
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
            Self::Dir => "dir",
            Self::Sbom => "sbom",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An image as the user named it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// The transport, where one was given.
    pub transport: Option<Transport>,
    /// All behind the transport.
    pub rest: String,
}

impl FromStr for ImageReference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why| ParseReferenceError { text: text.chars().take(200).collect(), why };
        let (transport, rest) = match text.split_once(':') {
            Some((word, rest)) => {
                match Transport::ALL.into_iter().find(|known| known.as_str() == word) {
                    // `docker://NAME` is how skopeo writes a registry.
                    Some(Transport::Docker) if rest.starts_with("//") => {
                        (Some(Transport::Registry), rest.trim_start_matches('/'))
                    }
                    Some(transport) => (Some(transport), rest),
                    None => (None, text),
                }
            }
            None => (None, text),
        };
        if rest.is_empty() {
            return Err(error("nothing is named"));
        }
        if rest.chars().any(char::is_control) {
            return Err(error("it has control characters"));
        }
        Ok(Self { transport, rest: rest.to_owned() })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.transport {
            Some(transport) => write!(f, "{transport}:{}", self.rest),
            None => f.write_str(&self.rest),
        }
    }
}

/// A name in a registry: `[host[:port]/]path[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName {
    /// Host and port; none for a short name such as `nginx` or `library/nginx`.
    pub registry: Option<String>,
    /// The repository within the registry.
    pub repository: String,
    /// The tag, where one was given.
    pub tag: Option<String>,
    /// The digest, where one was given: it wins over the tag.
    pub digest: Option<Digest>,
}

/// The text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an image reference: {why}")]
pub struct ParseReferenceError {
    text: String,
    why: &'static str,
}

/// Longest repository, as the reference grammar of distribution has it.
const MAX_REPOSITORY_BYTES: usize = 255;
/// Longest tag (OCI distribution specification).
const MAX_TAG_BYTES: usize = 128;

impl FromStr for ImageName {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why| ParseReferenceError { text: text.chars().take(200).collect(), why };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                (rest, Some(digest.parse().map_err(|_| error("the digest is malformed"))?))
            }
            None => (text, None),
        };
        let name_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (rest, tag) = match rest[name_start..].find(':') {
            Some(colon) => (&rest[..name_start + colon], Some(&rest[name_start + colon + 1..])),
            None => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(error("the tag is malformed"));
        }
        // The rule of Docker and Podman: the first part is a host if it looks like one.
        let (registry, repository) = match rest.split_once('/') {
            Some((first, rest)) if first == "localhost" || first.contains(['.', ':', '[']) => {
                (Some(first), rest)
            }
            _ => (None, rest),
        };
        if registry.is_some_and(|host| !is_host(host)) {
            return Err(error("the registry's host is malformed"));
        }
        if repository.is_empty() || repository.len() > MAX_REPOSITORY_BYTES {
            return Err(error("the repository is empty or too long"));
        }
        if repository.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(error("the repository must be lower case"));
        }
        if !repository.split('/').all(is_component) {
            return Err(error("the repository is malformed"));
        }
        Ok(Self {
            registry: registry.map(str::to_owned),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= MAX_TAG_BYTES
        && bytes.next().is_some_and(word)
        && bytes.all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_host(host: &str) -> bool {
    host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]_".contains(&b))
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    bytes.first().copied().is_some_and(alphanumeric)
        && bytes.last().copied().is_some_and(alphanumeric)
        && bytes.iter().all(|&b| alphanumeric(b) || b"._-".contains(&b))
        && !part.contains("..")
        && !part.contains("___")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_as_engines_split_them() {
        let check = |text: &str, registry: Option<&str>, repository: &str, tag: Option<&str>| {
            let name: ImageName = text.parse().unwrap();
            assert_eq!(name.registry.as_deref(), registry, "{text}");
            assert_eq!(name.repository, repository, "{text}");
            assert_eq!(name.tag.as_deref(), tag, "{text}");
            assert_eq!(name.to_string(), text);
        };
        check("nginx", None, "nginx", None);
        check("library/nginx:1.25", None, "library/nginx", Some("1.25"));
        check("localhost/app", Some("localhost"), "app", None);
        check("127.0.0.1:5000/app:x", Some("127.0.0.1:5000"), "app", Some("x"));
        check("registry.example/shop/web:1.4", Some("registry.example"), "shop/web", Some("1.4"));
        check("[::1]:5000/app", Some("[::1]:5000"), "app", None);
        let digest = format!("a/b@sha256:{}", "0a".repeat(32));
        check(&digest, None, "a/b", None);
        for bad in ["", ":x", "a//b", "A", "a:", "a:-x", "a@sha256:x", "a b", "../a", "-a", "a.."] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_transport_is_a_known_word_before_the_first_colon() {
        let check = |text: &str, transport, rest: &str| {
            let reference: ImageReference = text.parse().unwrap();
            assert_eq!((reference.transport, reference.rest.as_str()), (transport, rest), "{text}");
        };
        check("shop:1.4", None, "shop:1.4");
        check("registry:docker:dind", Some(Transport::Registry), "docker:dind");
        check("docker-archive:a.tar", Some(Transport::DockerArchive), "a.tar");
        check("docker://r.example/a", Some(Transport::Registry), "r.example/a");
        check("oci:dir:tag", Some(Transport::Oci), "dir:tag");
        assert!("dir:".parse::<ImageReference>().is_err());
    }
}
