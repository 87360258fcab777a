//! The configuration of an image: OCI's and Docker's have the same shape.

use std::collections::BTreeMap;

use jiff::Timestamp;
use plimsoll_model::{Digest, ParsePlatformError, Platform};
use serde::Deserialize;

use super::lenient;
use crate::metadata::{HistoryStep, Metadata};

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
    #[serde(default, deserialize_with = "lenient")]
    config: Option<Runtime>,
}

/// What a container of the image starts with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Runtime {
    #[serde(default, deserialize_with = "lenient")]
    env: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    labels: Option<BTreeMap<String, String>>,
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
    #[serde(default, deserialize_with = "lenient")]
    created: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    comment: Option<String>,
}

impl Config {
    /// When the image was built; Go's zero time means that nobody said.
    pub(crate) fn created(&self) -> Option<Timestamp> {
        timestamp(self.created.as_deref())
    }

    /// None where it is not given, or is no platform.
    pub(crate) fn platform(&self) -> Option<Platform> {
        platform(self.os.as_deref(), self.architecture.as_deref(), self.variant.as_deref())?.ok()
    }

    /// What to say of a platform that is none.
    pub(crate) fn platform_warning(&self) -> Option<String> {
        let platform =
            platform(self.os.as_deref(), self.architecture.as_deref(), self.variant.as_deref());
        platform?.err().map(|error| format!("the platform of the image is not known: {error}"))
    }

    pub(crate) fn diff_ids(&self) -> &[Digest] {
        self.rootfs.as_ref().and_then(|rootfs| rootfs.diff_ids.as_deref()).unwrap_or_default()
    }

    /// What the configuration says of where the image comes from.
    pub(crate) fn metadata(&self) -> Metadata {
        let step = |step: &Step| HistoryStep {
            created: timestamp(step.created.as_deref()),
            created_by: step.created_by.clone(),
            comment: step.comment.clone(),
            empty_layer: Some(step.empty_layer),
        };
        let runtime = self.config.as_ref();
        Metadata {
            env: runtime.and_then(|runtime| runtime.env.clone()).unwrap_or_default(),
            labels: runtime.and_then(|runtime| runtime.labels.clone()).unwrap_or_default(),
            history: self.history.iter().flatten().map(step).collect(),
            ..Metadata::default()
        }
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
) -> Option<Result<Platform, ParsePlatformError>> {
    let os = os.filter(|os| !os.is_empty())?;
    let architecture = architecture.filter(|architecture| !architecture.is_empty())?;
    Some(Platform::new(os, architecture, variant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_is_none_is_not_known_and_that_is_said() {
        let check = |json: &str, expected: Option<&str>, warning: Option<&str>| {
            let config: Config = serde_json::from_str(json).unwrap();
            let platform = config.platform().map(|platform| platform.to_string());
            assert_eq!(platform.as_deref(), expected, "{json}");
            assert_eq!(config.platform_warning().as_deref(), warning, "{json}");
        };
        check(r#"{"os":"linux","architecture":"arm64"}"#, Some("linux/arm64"), None);
        check(r#"{"os":"linux","architecture":""}"#, None, None);
        check("{}", None, None);
        check(
            r#"{"os":"linux","architecture":"amd64) <img src=x> @all"}"#,
            None,
            Some(
                "the platform of the image is not known: \"linux/amd64) <img src=x> @all\" is not a platform \
                 (os/architecture[/variant], for example linux/arm64)",
            ),
        );
    }

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
    fn environment_labels_and_history_are_told_whatever_else_is_odd() {
        let check = |json: &str, env: &[&str], labels: &[(&str, &str)]| {
            let config: Config = serde_json::from_str(json).unwrap();
            let found = config.metadata();
            let found_labels: Vec<_> =
                found.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!((found.env.as_slice(), found_labels.as_slice()), (&*own(env), labels));
        };
        fn own(texts: &[&str]) -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        }
        let odd = r#"{"config":{"Env":["A=b"],"Labels":[],"ExposedPorts":7}}"#;
        check(odd, &["A=b"], &[]);
        check(r#"{"config":{"Env":null,"Labels":{"k":"v"}}}"#, &[], &[("k", "v")]);
        check(r#"{"config":{"Env":[7],"Labels":{"k":"v"}}}"#, &[], &[("k", "v")]);
        check(r#"{"config":"x"}"#, &[], &[]);
        check("{}", &[], &[]);
        let config: Config = serde_json::from_str(
            r#"{"history":[{"created":"2024-09-26T21:31:42Z","created_by":"a","comment":"c"},
                           {"created":9,"empty_layer":true}]}"#,
        )
        .unwrap();
        let [first, second] = config.metadata().history.try_into().unwrap();
        assert_eq!(first.created.unwrap().to_string(), "2024-09-26T21:31:42Z");
        assert_eq!((first.comment.as_deref(), first.empty_layer), (Some("c"), Some(false)));
        let bare = HistoryStep { empty_layer: Some(true), ..HistoryStep::default() };
        assert_eq!(second, bare);
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
