//! Builds of the official Ubuntu images, as tianon/docker-brew-ubuntu-core kept them: no digests, but what is
//! installed.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use plimsoll_model::{Ecosystem, Platform, Scope};
use serde::Deserialize;
use serde_json::Value;

use crate::codename;
use crate::known::{KnownImage, KnownTag, Source};
use crate::packages::PackageList;

#[derive(Deserialize)]
struct Build {
    #[serde(rename = "ref")]
    reference: String,
    suite: String,
    /// `SERIAL=20220801`
    serial: String,
    packages: Vec<(String, String)>,
}

pub(super) fn image(value: &Value, source: Source) -> Result<KnownImage, String> {
    let build = Build::deserialize(value).map_err(|error| error.to_string())?;
    let serial = build.serial.trim_start_matches("SERIAL=");
    let date = Date::strptime("%Y%m%d", serial.get(..8).unwrap_or(serial))
        .map_err(|_| format!("its serial {:?} is no date", build.serial))?;
    let created =
        TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_err(|error| error.to_string())?;
    let release = codename::release(&build.suite).map(|release| release.number);
    // 2204 is 22.04.
    let release = release.map(|number| format!("{}.{:02}", number / 100, number % 100));
    let mut tags =
        vec![KnownTag::new(&build.suite), KnownTag::new(&format!("{}-{serial}", build.suite))];
    tags.extend(release.as_deref().map(KnownTag::new));
    let platform = build.reference.rsplit_once("dist-").map(|(_, arch)| platform(arch));
    let platform = platform.transpose()?;
    Ok(KnownImage {
        repository: "docker.io/library/ubuntu".to_owned(),
        tags,
        digest: None,
        config: None,
        platform,
        created: Some(created),
        chain: None,
        blobs: None,
        scope: release.map(|release| Scope::release(Ecosystem::Ubuntu, &release)),
        packages: Some(Arc::new(PackageList::new(build.packages))),
        source,
        seen: Some(created),
    })
}

/// From the names of the branches to those of images.
fn platform(arch: &str) -> Result<Platform, String> {
    let platform = match arch {
        "ppc64el" => Platform::new("linux", "ppc64le", None),
        other => Platform::new("linux", other, None),
    };
    platform.map_err(|error| error.to_string())
}
