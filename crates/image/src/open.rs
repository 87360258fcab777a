//! From a reference to what it names.

mod path;

use std::path::Path;

use plimsoll_engine::Kind;
use plimsoll_model::{ImageName, ImageReference, Transport};

use crate::archive::ArchiveKind;
use crate::context::Context;
use crate::engine;
use crate::error::{Error, Tried};
use crate::registry;
use crate::source::{Opened, SourceImage};
use path::{open_archive, open_dir, open_layout, open_path};

/// Finds and opens what the user named. Without a transport an existing path is recognised by its
/// content, and anything else is looked for in Podman, then in Docker, then in the registry.
///
/// Reads documents, never layers. What exists nowhere is an error that names every place looked at.
pub fn open(reference: &ImageReference, ctx: &Context) -> Result<Opened, Error> {
    let rest = reference.rest.as_str();
    let asked = reference.to_string();
    let opened = match reference.transport {
        None => return open_any(rest, &asked, ctx),
        Some(Transport::Oci) => open_layout(rest, &asked, ctx),
        Some(Transport::OciArchive) => open_archive(rest, &asked, ArchiveKind::Oci, ctx),
        Some(Transport::DockerArchive) => open_archive(rest, &asked, ArchiveKind::Docker, ctx),
        Some(Transport::Dir) => open_dir(rest, &asked),
        Some(Transport::Docker) => open_in_engine(Kind::Docker, rest, &asked, ctx),
        Some(Transport::Podman) => open_in_engine(Kind::Podman, rest, &asked, ctx),
        Some(Transport::Container) => engine::open_container(rest, &asked, ctx).map(one),
        Some(Transport::Registry) => {
            rest.parse().map_err(Error::Name).and_then(|name| open_in_registry(&name, &asked, ctx))
        }
        Some(transport @ Transport::Sbom) => Err(Error::NoImageTransport(transport)),
    };
    opened.map_err(|error| with_registry_hint(error, reference))
}

/// `docker:dind` and `registry:2` are images that people really use, and transports here: what
/// follows the colon could be a tag.
fn with_registry_hint(error: Error, reference: &ImageReference) -> Error {
    let is_image = !reference.rest.contains('/')
        && reference.to_string().parse::<ImageName>().is_ok_and(|name| name.tag.is_some());
    let new_hint = is_image
        .then(|| format!("the image {reference} of a registry is named registry:{reference}"));
    match (error, reference.transport) {
        (Error::NotFound { reference, tried, hint: None }, _) => {
            Error::NotFound { reference, tried, hint: new_hint }
        }
        (Error::NoSuchPath { path, hint: None }, _) => Error::NoSuchPath { path, hint: new_hint },
        (Error::Engine(error), Some(transport)) if error.is_not_found() || error.is_not_here() => {
            not_found_in(transport, reference, &error, new_hint)
        }
        (Error::Registry(error), Some(transport))
            if new_hint.is_some() && (error.is_not_found() || error.is_unauthorized()) =>
        {
            not_found_in(transport, reference, &error, new_hint)
        }
        (error, _) => error,
    }
}

/// A file or directory may have the name of an image by chance.
fn with_name_hint(error: Error, name: &str) -> Error {
    match error {
        Error::NotAnImage { path, looks_like, .. } if name.parse::<ImageName>().is_ok() => {
            let hint = Some(format!("the image of that name is registry:{name}"));
            Error::NotAnImage { path, looks_like, hint }
        }
        error => error,
    }
}

fn not_found_in(
    transport: Transport,
    reference: &ImageReference,
    error: &dyn std::error::Error,
    hint: Option<String>,
) -> Error {
    let tried = vec![Tried { place: transport.as_str(), why: engine::chain(error) }];
    Error::NotFound { reference: reference.to_string(), tried, hint }
}

fn open_any(name: &str, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    let path = Path::new(name);
    if path.exists() {
        return open_path(path, asked, ctx).map_err(|error| with_name_hint(error, name));
    }
    if looks_like_path(name) {
        return Err(Error::NoSuchPath { path: path.to_owned(), hint: None });
    }
    let mut tried = vec![Tried { place: "path", why: "no such file or directory".to_owned() }];
    let image_name: ImageName = match name.parse() {
        Ok(image_name) => image_name,
        Err(error) => {
            tried.push(Tried { place: "registry", why: error.to_string() });
            return Err(Error::NotFound { reference: asked.to_owned(), tried, hint: None });
        }
    };
    let mut warnings = Vec::new();
    for kind in Kind::ALL {
        match open_in_engine(kind, name, asked, ctx) {
            Ok(Opened::Images(mut images)) => {
                add_warnings(&mut images, &warnings);
                return Ok(Opened::Images(images));
            }
            Ok(opened) => return Ok(opened),
            Err(Error::Engine(error)) => {
                let why = engine::chain(&error);
                if !error.is_not_found() && !error.is_not_here() {
                    warnings.push(why.clone());
                }
                tried.push(Tried { place: kind.as_str(), why });
            }
            Err(error) => return Err(error),
        }
    }
    match registry::open(&image_name, asked, ctx) {
        Ok(mut images) => {
            add_warnings(&mut images, &warnings);
            Ok(Opened::Images(images))
        }
        Err(error @ (Error::Registry(_) | Error::RegistryClient { .. })) => {
            tried.push(Tried { place: "registry", why: engine::chain(&error) });
            let (reference, hint) = (asked.to_owned(), error.hint());
            Err(Error::NotFound { reference, tried, hint })
        }
        Err(error) => Err(error),
    }
}

fn add_warnings(images: &mut [SourceImage], warnings: &[String]) {
    for image in images {
        image.warnings.extend_from_slice(warnings);
    }
}

/// Names in a registry begin with a letter or digit and never end like this.
fn looks_like_path(name: &str) -> bool {
    let endings = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"];
    name.starts_with(['/', '.', '~']) || endings.iter().any(|ending| name.ends_with(ending))
}

fn open_in_engine(kind: Kind, name: &str, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    let client = ctx.engines.get(kind).map_err(Error::Engine)?;
    engine::open(&client, name, asked, &ctx.platform).map(one)
}

fn open_in_registry(name: &ImageName, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    registry::open(name, asked, ctx).map(Opened::Images)
}

fn one(image: SourceImage) -> Opened {
    Opened::Images(vec![image])
}
