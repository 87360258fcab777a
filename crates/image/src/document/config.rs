//! The configuration of an image: OCI's and Docker's have the same shape.

use jiff::Timestamp;
use plimsoll_model::{Digest, Platform};
use serde::Deserialize;

/// The configuration of one image on one platform.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Config {
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    rootfs: Option<RootFs>,
    #[serde(default)]
    history: Option<Vec<Step>>,
}

#[derive(Clone, Debug, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

/// A step of the build.
#[derive(Clone, Debug, Deserialize)]
struct Step {
    #[serde(default)]
    created_by: Option<String>,
    #[serde(default)]
    empty_layer: bool,
}

impl Config {
    /// When the image was built; Go's zero time means that nobody said.
    pub(crate) fn created(&self) -> Option<Timestamp> {
        timestamp(self.created.as_deref())
    }

    pub(crate) fn platform(&self) -> Option<Platform> {
        platform(self.os.as_deref(), self.architecture.as_deref(), self.variant.as_deref())
    }

    pub(crate) fn diff_ids(&self) -> &[Digest] {
        self.rootfs.as_ref().and_then(|rootfs| rootfs.diff_ids.as_deref()).unwrap_or_default()
    }

    /// The build step of each layer. History is optional and nothing checks it: where its steps do
    /// not match the layers one by one, none is believed.
    pub(crate) fn created_by(&self, layers: usize) -> Vec<Option<String>> {
        let steps = self.history.as_deref().unwrap_or_default();
        let with_layer = || steps.iter().filter(|step| !step.empty_layer);
        match with_layer().count() == layers {
            true => with_layer().map(|step| step.created_by.clone()).collect(),
            false => vec![None; layers],
        }
    }
}

/// A time after 1970.
pub(super) fn timestamp(text: Option<&str>) -> Option<Timestamp> {
    let time: Timestamp = text?.parse().ok()?;
    (time >= Timestamp::UNIX_EPOCH).then_some(time)
}

/// A platform whose two main parts are given.
pub(super) fn platform(
    os: Option<&str>,
    architecture: Option<&str>,
    variant: Option<&str>,
) -> Option<Platform> {
    let os = os.filter(|os| !os.is_empty())?;
    let architecture = architecture.filter(|architecture| !architecture.is_empty())?;
    Some(Platform::new(os, architecture, variant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_matched_over_empty_layers_or_not_at_all() {
        let check = |history: &str, layers: usize, expected: &[Option<&str>]| {
            let config: Config =
                serde_json::from_str(&format!(r#"{{"history":{history}}}"#)).unwrap();
            let found = config.created_by(layers);
            let found: Vec<_> = found.iter().map(Option::as_deref).collect();
            assert_eq!(found, expected, "{history} for {layers}");
        };
        let history = r#"[{"created_by":"a"},{"created_by":"e","empty_layer":true},{}]"#;
        check(history, 2, &[Some("a"), None]);
        check(history, 3, &[None, None, None]);
        check(history, 1, &[None]);
        check("null", 1, &[None]);
        check("[]", 0, &[]);
    }

    #[test]
    fn a_zero_or_malformed_time_is_none() {
        let check = |created: &str, expected: Option<&str>| {
            let config: Config =
                serde_json::from_str(&format!(r#"{{"created":{created}}}"#)).unwrap();
            assert_eq!(config.created().map(|time| time.to_string()).as_deref(), expected);
        };
        check(r#""2024-09-26T21:31:42Z""#, Some("2024-09-26T21:31:42Z"));
        check(r#""1970-01-01T00:00:00Z""#, Some("1970-01-01T00:00:00Z"));
        check(r#""0001-01-01T00:00:00Z""#, None);
        check(r#""yesterday""#, None);
        check("null", None);
    }
}
