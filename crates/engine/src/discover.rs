//! Where the engines' own command-line tools would find them.

mod docker;
mod podman;

pub(crate) use docker::docker;
pub(crate) use podman::{Podman, podman};
