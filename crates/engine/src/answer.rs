//! The shapes of the API's answers, as far as we read them.
//!
//! Only fields that every version since 1.24 has, and that Podman's compatible API has too; each is
//! optional where an engine has been seen to leave it out. Enumerations stay text: Podman has states
//! that Docker's documentation does not name, and one unknown word must not lose the whole answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::Digest;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VersionAnswer {
    pub(crate) version: String,
    pub(crate) api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageSummaryAnswer {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) repo_digests: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) created: i64,
    #[serde(default)]
    pub(crate) size: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageAnswer {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) repo_digests: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) created: Option<String>,
    #[serde(default)]
    pub(crate) os: String,
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) variant: Option<String>,
    #[serde(rename = "RootFS")]
    pub(crate) root_fs: RootFsAnswer,
    #[serde(default)]
    pub(crate) descriptor: Option<DescriptorAnswer>,
    #[serde(default)]
    pub(crate) config: Option<ImageConfigAnswer>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImageConfigAnswer {
    #[serde(default)]
    pub(crate) env: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

/// Podman's own inspection of an image.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PodmanImageAnswer {
    #[serde(default)]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) history: Option<Vec<PodmanHistoryAnswer>>,
}

/// A step as it stands in the image's configuration.
#[derive(Deserialize)]
pub(crate) struct PodmanHistoryAnswer {
    #[serde(default)]
    pub(crate) created: Option<String>,
    #[serde(default)]
    pub(crate) created_by: Option<String>,
    #[serde(default)]
    pub(crate) comment: Option<String>,
    #[serde(default)]
    pub(crate) empty_layer: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RootFsAnswer {
    #[serde(default)]
    pub(crate) layers: Option<Vec<Digest>>,
}

/// Since API 1.48, with the containerd image store.
#[derive(Deserialize)]
pub(crate) struct DescriptorAnswer {
    pub(crate) digest: Digest,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HistoryAnswer {
    #[serde(default)]
    pub(crate) created: i64,
    #[serde(default)]
    pub(crate) created_by: String,
    #[serde(default)]
    pub(crate) comment: String,
    #[serde(default)]
    pub(crate) size: i64,
}

#[derive(Deserialize)]
pub(crate) struct ContainerSummaryAnswer {
    #[serde(rename = "Id")]
    pub(crate) id: String,
    #[serde(rename = "Names", default)]
    pub(crate) names: Option<Vec<String>>,
    #[serde(rename = "Image", default)]
    pub(crate) image: String,
    #[serde(rename = "ImageID", default)]
    pub(crate) image_id: String,
    #[serde(rename = "Created", default)]
    pub(crate) created: i64,
    #[serde(rename = "State", default)]
    pub(crate) state: String,
    #[serde(rename = "Labels", default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContainerAnswer {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    /// The image's id.
    #[serde(default)]
    pub(crate) image: String,
    pub(crate) config: ContainerConfigAnswer,
    pub(crate) state: ContainerStateAnswer,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContainerConfigAnswer {
    /// The image as it was named.
    #[serde(default)]
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContainerStateAnswer {
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) started_at: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ErrorAnswer {
    pub(crate) message: String,
}

/// A time as engines print it; Go's zero time means none.
pub(crate) fn timestamp(text: Option<&str>) -> Option<Timestamp> {
    let time: Timestamp = text?.parse().ok()?;
    (time > Timestamp::UNIX_EPOCH).then_some(time)
}

/// A time in seconds; zero means none.
pub(crate) fn timestamp_seconds(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok().filter(|time| *time > Timestamp::UNIX_EPOCH)
}

/// An image's id; Podman leaves the algorithm out in some answers.
pub(crate) fn image_id(text: &str) -> Option<Digest> {
    match text.contains(':') {
        true => text.parse().ok(),
        false => format!("sha256:{text}").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_read_in_both_engines_spellings() {
        let hex = "0a".repeat(32);
        let id = image_id(&hex).unwrap();
        assert_eq!(image_id(&format!("sha256:{hex}")), Some(id));
        assert_eq!(image_id("busybox"), None);
        assert_eq!(timestamp(Some("0001-01-01T00:00:00Z")), None);
        assert_eq!(timestamp_seconds(0), None);
        let time = timestamp(Some("2024-09-26T21:31:42Z")).unwrap();
        assert_eq!(timestamp_seconds(time.as_second()), Some(time));
    }
}
