//! What the tests of the program stand on.

mod answer;
mod archive;
mod bases;
mod context;
mod feeds;
mod server;
mod shared;
mod systems;

pub(crate) use answer::{Answer, assert_answer};
pub(crate) use archive::*;
pub(crate) use bases::{Bases, app_on, recognised};
pub(crate) use context::TestContext;
pub(crate) use feeds::{Feeds, Osv, secdb};
pub(crate) use server::{FeedServer, Request};
pub(crate) use shared::{extract, rootfs_of_status, shared};
pub(crate) use systems::{
    Apk, BASE, Dpkg, alpine_release, alpine_repositories, apk_database, debian_release,
    dpkg_status, entries_of, shop, shop_feeds, write_rootfs,
};
