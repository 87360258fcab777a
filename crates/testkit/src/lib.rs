#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests may fail the test, and say that it is skipped"
)]

mod apk;
mod apt_archive;
mod blob;
mod deb;
mod debian;
mod docker;
mod docker_archive;
mod entry;
mod fault_proxy;
mod http;
mod image;
mod layer;
mod layout;
mod place;
mod podman;
mod random;
mod registry;
mod rpm_repository;
mod running;
mod skip;
mod system_root;
mod tar;

pub use apk::{AlpineRoot, ApkHash, ApkIndexWriter, ApkKey, ApkPackage};
pub use apt_archive::{AptArchive, AptKey, AptSuite};
pub use blob::{Blob, BlobWriter, Compression, digest_of};
pub use deb::{Deb, DebCompression, ar, changelog_entry};
pub use debian::{DebianMirrors, FrozenArchive};
pub use docker::Docker;
pub use docker_archive::DockerArchive;
pub use entry::Entry;
pub use fault_proxy::{Fault, FaultProxy, Received};
pub use image::Image;
pub use layer::{Content, Layer};
pub use layout::{Layout, OciTar};
pub use place::Place;
pub use podman::Podman;
pub use random::Random;
pub use registry::{Access, Registry, Setup, Tls};
pub use rpm_repository::{Rpm, RpmContents, RpmNotice, RpmRepository, RpmSystem};
pub use skip::{has_program, needs_programs, shared_data, skipped};
pub use system_root::SystemRoot;
pub use tar::TarWriter;
