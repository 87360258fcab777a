//! Tars, configurations and the documents of Docker archives.

use std::io::Write;

use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

/// A tar of these files; a name with an arrow is a link: `a -> b` symbolic, `a => b` hard.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        let link = [(" -> ", tar::EntryType::Symlink), (" => ", tar::EntryType::Link)]
            .into_iter()
            .find_map(|(arrow, kind)| Some((name.split_once(arrow)?, kind)));
        match link {
            Some(((name, target), kind)) => {
                header.set_entry_type(kind);
                header.set_size(0);
                builder.append_link(&mut header, name, target).unwrap();
            }
            None => {
                header.set_size(content.len() as u64);
                // Names such as "./a" are kept as they are.
                header.as_old_mut().name[..name.len().min(100)]
                    .copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
                match name.len() <= 100 {
                    true => {
                        header.set_cksum();
                        builder.append(&header, *content).unwrap();
                    }
                    false => builder.append_data(&mut header, name, *content).unwrap(),
                }
            }
        }
    }
    builder.into_inner().unwrap()
}

/// A layer with one file.
pub(crate) fn layer(name: &str) -> Vec<u8> {
    tar(&[(name, name.as_bytes())])
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

/// A configuration for these uncompressed layers.
pub(crate) fn image_config(platform: &str, layers: &[&[u8]]) -> String {
    let diff_ids: Vec<_> = layers.iter().map(|layer| format!("\"{}\"", sha256(layer))).collect();
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next().unwrap(), parts.next().unwrap());
    let variant =
        parts.next().map_or(String::new(), |variant| format!(r#""variant":"{variant}","#));
    format!(
        r#"{{"os":"{os}","architecture":"{architecture}",{variant}"created":"2024-01-02T03:04:05Z",
            "rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
        diff_ids.join(",")
    )
}

/// The same for amd64.
pub(crate) fn docker_config(layers: &[&[u8]]) -> String {
    image_config("linux/amd64", layers)
}

/// `manifest.json` with images of a configuration, tags and layers.
pub(crate) fn manifest_json(images: &[(&str, &[&str], &[&str])]) -> String {
    let image = |(config, tags, layers): &(&str, &[&str], &[&str])| {
        format!(r#"{{"Config":"{config}","RepoTags":{tags:?},"Layers":{layers:?}}}"#)
    };
    format!("[{}]", images.iter().map(image).collect::<Vec<_>>().join(","))
}

/// `ID/json` of the first generation.
pub(crate) fn legacy_json(parent: Option<&str>, command: &str) -> String {
    let parent = parent.map_or(String::new(), |parent| format!(r#""parent":"{parent}","#));
    format!(
        r#"{{{parent}"os":"linux","architecture":"amd64","created":"2014-01-02T03:04:05Z",
            "container_config":{{"Cmd":["/bin/sh","-c","{command}"]}}}}"#
    )
}
