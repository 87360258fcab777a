#![doc = include_str!("../README.md")]

mod answer;
mod chains;
mod client;
mod discover;
mod endpoint;
mod engines;
mod error;
mod http;
mod kind;
mod local;
mod private_service;
mod settings;

pub use chains::{LocalChain, local_chains};
pub use client::{
    Client, Container, ContainerSummary, HistoryStep, Image, ImageExport, ImageSummary,
    PodmanDetails, Version, Which,
};
pub use endpoint::Endpoint;
pub use engines::Engines;
pub use error::Error;
pub use kind::Kind;
pub use local::{Local, LocalContainer, LocalImage, local_containers, local_images};
pub use settings::Settings;
