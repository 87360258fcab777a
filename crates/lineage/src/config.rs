//! A known image out of its config, as a registry gives it.

use plimsoll_model::{DiffId, Digest, ImageName, Platform};
use serde::Deserialize;

use crate::known::{KnownImage, Source};

/// Why a config says nothing about layers.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no JSON object of an image's config.
    #[error("the config of {name} cannot be read")]
    Json {
        /// The image.
        name: String,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// More layers than an engine can mount.
    #[error(
        "the config of {name} names {count} layers, more than the {MAX_LAYERS} that are possible"
    )]
    TooManyLayers {
        /// The image.
        name: String,
        /// How many.
        count: usize,
    },
}

/// Four times what overlayfs, and so every engine, can mount.
pub(crate) const MAX_LAYERS: usize = 512;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    created: Option<String>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<DiffId>,
}

impl KnownImage {
    /// An image of which the config is known. `name` is what it was asked by; its digest is taken for the
    /// manifest's, `config` is the digest of the config itself.
    pub fn from_config(
        name: &ImageName,
        config: Option<&Digest>,
        json: &[u8],
        source: Source,
    ) -> Result<Self, ConfigError> {
        let parsed: Config = serde_json::from_slice(json)
            .map_err(|source| ConfigError::Json { name: name.to_string(), source })?;
        let count = parsed.rootfs.diff_ids.len();
        if count > MAX_LAYERS {
            return Err(ConfigError::TooManyLayers { name: name.to_string(), count });
        }
        let mut image = Self::new(name, source).with_layers(&parsed.rootfs.diff_ids);
        image.config = config.cloned();
        // A time that cannot be read is a time that is not known.
        image.created = parsed.created.and_then(|text| text.parse().ok());
        if !parsed.os.is_empty() && !parsed.architecture.is_empty() {
            let variant = parsed.variant.as_deref();
            image.platform = Some(Platform::new(&parsed.os, &parsed.architecture, variant));
        }
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;

    #[test]
    fn layers_platform_and_date_are_taken() {
        let name = "r.example/app:1".parse().unwrap();
        let layers = ["0a", "0b"].map(|byte| format!("sha256:{}", byte.repeat(32)));
        let json = format!(
            r#"{{"os":"linux","architecture":"arm64","variant":"v8","created":"2026-03-02T00:00:00Z",
                "rootfs":{{"type":"layers","diff_ids":["{}","{}"]}},"history":[{{}}]}}"#,
            layers[0], layers[1]
        );
        let image = KnownImage::from_config(&name, None, json.as_bytes(), Source::Learned).unwrap();
        let layers = layers.map(|layer| DiffId(layer.parse().unwrap()));
        assert_eq!(image.chain, Chain::of(&layers));
        assert_eq!(image.platform.unwrap().to_string(), "linux/arm64/v8");
        assert_eq!(image.created.unwrap().to_string(), "2026-03-02T00:00:00Z");
        assert_eq!(image.repository, "r.example/app");
    }

    #[test]
    fn what_is_no_config_is_named() {
        let check = |json: &str, expected: &str| {
            let name = "app:1".parse().unwrap();
            let error = KnownImage::from_config(&name, None, json.as_bytes(), Source::Learned);
            assert_eq!(error.unwrap_err().to_string(), expected);
        };
        check("{}", "the config of app:1 cannot be read");
        check(r#"{"rootfs":{"diff_ids":["sha256:x"]}}"#, "the config of app:1 cannot be read");
        let layer = format!("\"sha256:{}\"", "0a".repeat(32));
        let many = vec![layer; 513].join(",");
        let expected = "the config of app:1 names 513 layers, more than the 512 that are possible";
        check(&format!(r#"{{"rootfs":{{"diff_ids":[{many}]}}}}"#), expected);
    }
}
