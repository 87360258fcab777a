//! A known image: what it is called, and what it can be recognised by.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, ImageName, Platform, Scope};

use crate::chain::Chain;
use crate::glob;
use crate::packages::PackageList;
use crate::tags::rank;

/// An image on one platform, as the catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownImage {
    /// Host and repository: `docker.io/library/debian`.
    pub repository: String,
    /// What it is or was tagged with there.
    pub tags: Vec<KnownTag>,
    /// The digest of its manifest.
    pub digest: Option<Digest>,
    /// The digest of its config: what engines call the image id.
    pub config: Option<Digest>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// When it was built, in whole seconds.
    pub created: Option<Timestamp>,
    /// Its layers.
    pub chain: Option<Chain>,
    /// Its layers as they are stored, compressed.
    pub blobs: Option<Chain>,
    /// Whose advisories apply to it.
    pub scope: Option<Scope>,
    /// What is installed in it.
    pub packages: Option<Arc<PackageList>>,
    /// Who says all this.
    pub source: Source,
    /// When they said so, in whole seconds; none where that is not known.
    pub seen: Option<Timestamp>,
}

/// A tag of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownTag {
    /// The tag.
    pub name: String,
    /// What the registry answered for it: the digest of an index or of the manifest itself.
    pub digest: Option<Digest>,
    /// Whether another image is known that has the tag now.
    pub moved: bool,
}

/// Where knowledge of an image comes from, in ascending order of trust.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Its registry, asked because another image names it. Whoever made that image may have made this one too: it
    /// proves that image's words, and those of other images that speak of its repository; it names the base of no
    /// image that does not.
    Claimed,
    /// A file of this name was imported.
    Imported(String),
    /// The image itself was read, from its registry or under whatever name somebody gave it on this machine.
    Scanned,
    /// Its registry.
    Learned,
}

impl Source {
    /// Comparable by trust alone.
    pub(crate) fn trust(&self) -> u8 {
        match self {
            Self::Claimed => 0,
            Self::Imported(_) => 1,
            Self::Scanned => 2,
            Self::Learned => 3,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claimed => f.write_str("named by another image"),
            Self::Imported(file) => write!(f, "imported from {file}"),
            Self::Scanned => f.write_str("scanned"),
            Self::Learned => f.write_str("learned from its registry"),
        }
    }
}

impl KnownTag {
    /// A tag that the image has now.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), digest: None, moved: false }
    }
}

impl KnownImage {
    /// An image of which only a name is known yet. The name's digest is taken for the manifest's.
    pub fn new(name: &ImageName, source: Source) -> Self {
        Self {
            repository: repository(name),
            tags: name.tag.iter().map(|tag| KnownTag::new(tag)).collect(),
            digest: name.digest.clone(),
            config: None,
            platform: None,
            created: None,
            chain: None,
            blobs: None,
            scope: None,
            packages: None,
            source,
            seen: None,
        }
    }

    /// The same with layers, lowest first.
    #[must_use]
    pub fn with_layers(mut self, diff_ids: &[DiffId]) -> Self {
        self.chain = Chain::of(diff_ids);
        self
    }

    /// The name that says most: `python:3.11.4-slim-bookworm`, or `app@sha256:…` where it never had a tag.
    pub fn name(&self) -> String {
        match (self.tag(), &self.digest) {
            (Some(tag), _) => format!("{}:{}", self.short_repository(), tag.name),
            (None, Some(digest)) => format!("{}@{digest}", self.short_repository()),
            (None, None) => self.short_repository().to_owned(),
        }
    }

    /// All its names, the one that says most first.
    pub fn names(&self) -> Vec<String> {
        let mut tags: Vec<_> = self.tags.iter().collect();
        tags.sort_by_key(|tag| Reverse(importance(tag)));
        if tags.is_empty() {
            return vec![self.name()];
        }
        tags.iter().map(|tag| format!("{}:{}", self.short_repository(), tag.name)).collect()
    }

    /// The tag that says most. One that it still has, then a version before a word, and no date while there is
    /// something else.
    pub fn tag(&self) -> Option<&KnownTag> {
        self.tags.iter().max_by_key(|tag| importance(tag))
    }

    /// The name to ask a registry for, with host and tag.
    pub fn full_name(&self) -> Option<ImageName> {
        let mut name: ImageName = self.repository.parse().ok()?;
        name.tag = self.tag().map(|tag| tag.name.clone());
        name.digest.clone_from(&self.digest);
        Some(name)
    }

    /// Whether one of its names fits a pattern with `*` and `?`; a repository alone fits all of its images.
    pub fn fits(&self, pattern: &str) -> bool {
        self.repository_fits(pattern) || self.tags.iter().any(|tag| self.tag_fits(pattern, tag))
    }

    /// Whether a pattern is about the repository, and so about all of its images.
    pub(crate) fn repository_fits(&self, pattern: &str) -> bool {
        self.repository_names().iter().any(|name| glob::fits(pattern, name))
    }

    /// Whether a pattern is about one of its tags.
    pub(crate) fn tag_fits(&self, pattern: &str, tag: &KnownTag) -> bool {
        let fits = |name: &&str| glob::fits(pattern, &format!("{name}:{}", tag.name));
        self.repository_names().iter().any(fits)
    }

    fn repository_names(&self) -> [&str; 2] {
        [&self.repository, self.short_repository()]
    }

    /// The repository as people write it: Docker Hub and its library are left out.
    pub fn short_repository(&self) -> &str {
        short(&self.repository)
    }
}

fn importance(tag: &KnownTag) -> impl Ord {
    (!tag.moved, rank(&tag.name), Reverse(tag.name.clone()))
}

/// Host and repository of a name; a short name is one of Docker Hub, as in registry.
pub(crate) fn repository(name: &ImageName) -> String {
    match &name.registry {
        None if name.repository.contains('/') => format!("docker.io/{}", name.repository),
        None => format!("docker.io/library/{}", name.repository),
        Some(host) if is_docker_hub(host) && !name.repository.contains('/') => {
            format!("docker.io/library/{}", name.repository)
        }
        Some(host) if is_docker_hub(host) => format!("docker.io/{}", name.repository),
        Some(host) => format!("{host}/{}", name.repository),
    }
}

pub(crate) fn short(repository: &str) -> &str {
    let hub = repository.strip_prefix("docker.io/");
    hub.map_or(repository, |rest| rest.strip_prefix("library/").unwrap_or(rest))
}

fn is_docker_hub(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str, tags: &[&str]) -> KnownImage {
        let mut image = KnownImage::new(&name.parse().unwrap(), Source::Learned);
        image.tags.extend(tags.iter().map(|tag| KnownTag::new(tag)));
        image
    }

    #[test]
    fn the_name_that_says_most_is_shown() {
        let check = |name: &str, tags: &[&str], expected: &str| {
            assert_eq!(image(name, tags).name(), expected);
        };
        check(
            "python",
            &["latest", "3", "3.11.4-slim-bookworm", "slim"],
            "python:3.11.4-slim-bookworm",
        );
        check("debian", &["bookworm-20260302-slim", "bookworm-slim"], "debian:bookworm-slim");
        check("debian", &["bookworm-20260302-slim"], "debian:bookworm-20260302-slim");
        check("r.example/a/b", &["latest", "main"], "r.example/a/b:main");
        check("docker.io/team/app", &["latest"], "team/app:latest");
        let digest = format!("app@sha256:{}", "0a".repeat(32));
        check(&digest, &[], &digest);
        check("app", &[], "app");
    }

    #[test]
    fn a_pattern_is_about_a_repository_or_about_tags() {
        let image = image("debian", &["12", "12-slim"]);
        let check = |pattern: &str, repository: bool, tags: &[&str]| {
            let fits = image.tags.iter().filter(|tag| image.tag_fits(pattern, tag));
            assert_eq!(fits.map(|tag| tag.name.as_str()).collect::<Vec<_>>(), tags, "{pattern}");
            assert_eq!(image.repository_fits(pattern), repository, "{pattern}");
            assert_eq!(image.fits(pattern), repository || !tags.is_empty(), "{pattern}");
        };
        check("debian", true, &[]);
        check("docker.io/library/debian", true, &[]);
        check("debian:*-slim", false, &["12-slim"]);
        check("docker.io/*:12", false, &["12"]);
        check("ubuntu", false, &[]);
    }

    #[test]
    fn a_tag_that_moved_is_named_last() {
        let mut image = image("debian", &["12.8-slim", "bookworm-slim"]);
        image.tags[0].moved = true;
        assert_eq!(image.name(), "debian:bookworm-slim");
        assert_eq!(image.names(), ["debian:bookworm-slim", "debian:12.8-slim"]);
        let full = image.full_name().unwrap().to_string();
        assert_eq!(full, "docker.io/library/debian:bookworm-slim");
    }
}
