//! From a reference to what it names.

mod path;

use std::path::Path;

use plimsoll_engine::Kind;
use plimsoll_model::{ImageName, ImageReference, Transport};

use crate::archive::ArchiveKind;
use crate::context::Context;
use crate::engine;
use crate::error::{Error, Tried};
use crate::platform_choice::PlatformChoice;
use crate::registry;
use crate::source::{Opened, SourceImage};
use path::{open_archive, open_dir, open_layout, open_path};

/// Finds and opens what the user named. Without a transport an existing path is recognised by its
/// content, and anything else is looked for in Podman, then in Docker, then in the registry; for all
/// platforms in the registry first. An engine that has it for another platform does not have it.
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
        Some(Transport::Docker) => open_in_engine(Kind::Docker, rest, &asked, ctx).map(one),
        Some(Transport::Podman) => open_in_engine(Kind::Podman, rest, &asked, ctx).map(one),
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
    let mut search = Search { name, asked, ctx, tried, warnings: Vec::new(), hint: None };
    // An engine has one platform of an image.
    let found = match ctx.platform {
        PlatformChoice::All => match search.registry(&image_name)? {
            None => search.engines()?,
            found => found,
        },
        PlatformChoice::Host(_) | PlatformChoice::One(_) => match search.engines()? {
            None => search.registry(&image_name)?,
            found => found,
        },
    };
    let Search { tried, warnings, hint, .. } = search;
    match found {
        Some(mut images) => {
            for image in &mut images {
                image.warnings.extend_from_slice(&warnings);
            }
            Ok(Opened::Images(images))
        }
        None => Err(Error::NotFound { reference: asked.to_owned(), tried, hint }),
    }
}

/// The places where an image without a transport may be.
struct Search<'a> {
    name: &'a str,
    asked: &'a str,
    ctx: &'a Context,
    tried: Vec<Tried>,
    /// What kept a place from answering.
    warnings: Vec<String>,
    /// The first place's that had one.
    hint: Option<String>,
}

impl Search<'_> {
    fn engines(&mut self) -> Result<Option<Vec<SourceImage>>, Error> {
        for kind in Kind::ALL {
            match open_in_engine(kind, self.name, self.asked, self.ctx) {
                Ok(image) => return Ok(Some(vec![image])),
                Err(Error::Engine(error)) => {
                    let why = engine::chain(&error);
                    if !error.is_not_found() && !error.is_not_here() {
                        self.warnings.push(why.clone());
                    }
                    self.tried.push(Tried { place: kind.as_str(), why });
                }
                // Pulled for another platform: the wanted one may be elsewhere.
                Err(error @ Error::OtherPlatforms { .. }) => {
                    self.tried.push(Tried { place: kind.as_str(), why: engine::chain(&error) });
                    self.hint = self.hint.take().or_else(|| error.hint());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn registry(&mut self, name: &ImageName) -> Result<Option<Vec<SourceImage>>, Error> {
        match registry::open(name, self.asked, self.ctx) {
            Ok(images) => Ok(Some(images)),
            Err(error @ (Error::Registry(_) | Error::RegistryClient { .. })) => {
                // Where an engine has the image then, it is one platform of all.
                let why = engine::chain(&error);
                self.warnings.push(why.clone());
                self.tried.push(Tried { place: "registry", why });
                self.hint = self.hint.take().or_else(|| error.hint());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Names in a registry begin with a letter or digit and never end like this.
fn looks_like_path(name: &str) -> bool {
    let endings = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"];
    name.starts_with(['/', '.', '~']) || endings.iter().any(|ending| name.ends_with(ending))
}

fn open_in_engine(
    kind: Kind,
    name: &str,
    asked: &str,
    ctx: &Context,
) -> Result<SourceImage, Error> {
    let client = ctx.engines.get(kind).map_err(Error::Engine)?;
    engine::open(&client, name, asked, &ctx.platform)
}

fn open_in_registry(name: &ImageName, asked: &str, ctx: &Context) -> Result<Opened, Error> {
    registry::open(name, asked, ctx).map(Opened::Images)
}

fn one(image: SourceImage) -> Opened {
    Opened::Images(vec![image])
}
