//! Opening a reference and telling, in one line an image, what was found in it.

mod build;
pub(crate) mod layout;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_engine::{Engines, Settings};
use plimsoll_image::{Context, Error, Opened, PlatformChoice, RegistryOpener, open};
use plimsoll_model::{DiffId, Digest, Image};
use plimsoll_unpack::{Decoder, Limits};

pub(crate) use build::{
    docker_config, gzip, image_config, layer, legacy_json, manifest_json, sha256, tar, zstd,
};
pub(crate) use layout::Layout;

/// Nothing was asked for, and the machine is an amd64 one.
pub(crate) fn host() -> PlatformChoice {
    PlatformChoice::Host("linux/amd64".parse().unwrap())
}

/// `--platform`.
pub(crate) fn one(platform: &str) -> PlatformChoice {
    PlatformChoice::One(platform.parse().unwrap())
}

/// Without any engine.
pub(crate) fn context(platform: PlatformChoice) -> Context {
    let mut settings = Settings::new(BTreeMap::new(), None, 0);
    settings.root = PathBuf::from("/nonexistent");
    let registry: RegistryOpener = Arc::new(|| Err("no registry in this test".into()));
    Context { platform, engines: Arc::new(Engines::new(settings)), registry }
}

/// One line an image: where it came from, its platform, and what is in each layer.
pub(crate) fn read(reference: &str, platform: PlatformChoice) -> Result<Vec<String>, String> {
    read_in(reference, &context(platform))
}

pub(crate) fn read_in(reference: &str, ctx: &Context) -> Result<Vec<String>, String> {
    let opened = open(&reference.parse().unwrap(), ctx).map_err(|error| text(&error))?;
    contents(opened).map_err(|error| text(&error))
}

/// An error with its causes and its hint.
pub(crate) fn text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\nhint: {hint}"));
    }
    text
}

/// Reads every layer and compares it with all that is expected of it.
pub(crate) fn contents(opened: Opened) -> Result<Vec<String>, Error> {
    match opened {
        Opened::Images(images) => images
            .iter()
            .map(|image| {
                if let Some(export) = &image.export {
                    let mut lines = contents(Opened::Archive(export.open()?))?;
                    return Ok(lines.remove(0));
                }
                assert_eq!(image.layers.len(), image.image.layers.len());
                let mut layers = Vec::new();
                for (layer, model) in image.layers.iter().zip(&image.image.layers) {
                    assert_eq!((&layer.digest, &layer.diff_id), (&model.digest, &model.diff_id));
                    assert_eq!(layer.size, model.size);
                    let mut bytes = Vec::new();
                    match layer.open() {
                        Ok(mut reader) => reader.read_to_end(&mut bytes).unwrap(),
                        Err(Error::ForeignLayer { .. }) if layer.foreign => {
                            layers.push("foreign".to_owned());
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    assert_eq!(layer.size, Some(bytes.len() as u64));
                    layers.push(names(&bytes, layer.digest.as_ref(), layer.diff_id.as_ref()));
                }
                Ok(line(&image.image, &layers))
            })
            .collect(),
        Opened::Archive(stream) => {
            let mut entries = BTreeMap::new();
            let images = stream.read::<Error>(&mut |entry, reader| {
                let mut bytes = Vec::new();
                if let Err(source) = reader.read_to_end(&mut bytes) {
                    return Err(Error::Read { source_name: entry.path.clone(), source });
                }
                assert_eq!(entry.size, bytes.len() as u64);
                entries.insert(entry.path.clone(), bytes);
                Ok(())
            })?;
            let line = |archived: plimsoll_image::ArchivedImage| {
                let layer = |layer: &plimsoll_image::ArchivedLayer| match &layer.entry {
                    Some(entry) => {
                        assert_eq!(layer.size, Some(entries[entry].len() as u64));
                        names(&entries[entry], layer.digest.as_ref(), layer.diff_id.as_ref())
                    }
                    None => "foreign".to_owned(),
                };
                let layers: Vec<_> = archived.layers.iter().map(layer).collect();
                line(&archived.image, &layers)
            };
            Ok(images.into_iter().map(line).collect())
        }
        Opened::RootFs(root) => Ok(vec![line(&root.image, &[])]),
    }
}

fn line(image: &Image, layers: &[String]) -> String {
    let platform = image.platform.as_ref().map_or("-".to_owned(), ToString::to_string);
    format!("{} {platform} {}", image.source, layers.join(" | ")).trim_end().to_owned()
}

/// The names in a layer whose digests are the expected ones.
fn names(bytes: &[u8], digest: Option<&Digest>, diff_id: Option<&DiffId>) -> String {
    assert!(digest.is_none_or(|digest| *digest == sha256(bytes)));
    let mut content = Vec::new();
    let limits = Limits::default();
    Decoder::buffered(bytes, &limits).unwrap().read_to_end(&mut content).unwrap();
    assert!(diff_id.is_none_or(|diff_id| diff_id.0 == sha256(&content)));
    let mut archive = ::tar::Archive::new(Cursor::new(content));
    let entries = archive.entries().unwrap();
    let names: Vec<_> =
        entries.map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    names.join(" ")
}
