//! Builds of the official Debian images, as debuerreotype/docker-debian-artifacts keeps them.

use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_model::{DiffId, Digest, Ecosystem, Platform, Scope};
use serde::Deserialize;
use serde_json::Value;

use crate::chain::Chain;
use crate::codename;
use crate::known::{KnownImage, KnownTag, Source};
use crate::packages::PackageList;

#[derive(Deserialize)]
struct Build {
    suite: String,
    variant: String,
    arch: Option<String>,
    /// Seconds since 1970, as text.
    epoch: Option<String>,
    debian_version: Option<String>,
    #[serde(default)]
    packages: Vec<(String, String)>,
    manifest_digest: Option<Digest>,
    config_digest: Option<Digest>,
    layer_digest: Option<Digest>,
    #[serde(default)]
    diff_ids: Vec<DiffId>,
}

pub(super) fn image(value: &Value, source: Source) -> Result<KnownImage, String> {
    let build = Build::deserialize(value).map_err(|error| error.to_string())?;
    // These images have one layer.
    if let Some(layer) = &build.layer_digest
        && build.diff_ids.len() != 1
    {
        let count = build.diff_ids.len();
        return Err(format!("it has one layer ({layer}) and {count} diff ids"));
    }
    let epoch = build.epoch.as_deref().map(str::parse::<i64>).transpose();
    let epoch = epoch.map_err(|_| "its epoch is no number".to_owned())?;
    let created = epoch.and_then(|epoch| Timestamp::from_second(epoch).ok());
    Ok(KnownImage {
        repository: "docker.io/library/debian".to_owned(),
        tags: tags(&build, created),
        digest: build.manifest_digest,
        config: build.config_digest,
        platform: build.arch.as_deref().map(platform).transpose()?,
        created,
        chain: Chain::of(&build.diff_ids),
        blobs: Chain::of_blobs(build.layer_digest.as_slice()),
        scope: scope(&build.suite, build.debian_version.as_deref()),
        packages: (!build.packages.is_empty()).then(|| Arc::new(PackageList::new(build.packages))),
        source,
        seen: created,
    })
}

/// `bookworm-slim` and `bookworm-20241202-slim`.
fn tags(build: &Build, created: Option<Timestamp>) -> Vec<KnownTag> {
    let suite = &build.suite;
    let suffix = match build.variant.as_str() {
        "default" => String::new(),
        variant => format!("-{variant}"),
    };
    let dated = created.map(|created| created.strftime("-%Y%m%d").to_string());
    let dates = [Some(String::new()), dated].into_iter().flatten();
    dates.map(|date| KnownTag::new(&format!("{suite}{date}{suffix}"))).collect()
}

/// From Debian's words for architectures to those of images.
fn platform(arch: &str) -> Result<Platform, String> {
    let platform = match arch {
        "armel" => Platform::new("linux", "arm", Some("v5")),
        "mips64el" => Platform::new("linux", "mips64le", None),
        "ppc64el" => Platform::new("linux", "ppc64le", None),
        other => Platform::new("linux", other, None),
    };
    platform.map_err(|error| error.to_string())
}

/// `12.8` is release 12; before a release `debian_version` has a name, as in `trixie/sid`, and sid never is one.
fn scope(suite: &str, debian_version: Option<&str>) -> Option<Scope> {
    let number = debian_version.and_then(|version| version.split('.').next());
    let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let named = || codename::release(suite).map(|release| release.number.to_string());
    let release = number.map(str::to_owned).or_else(named)?;
    Some(Scope::release(Ecosystem::Debian, &release))
}
