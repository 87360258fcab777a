//! Debian changelogs: where a `.deb` keeps them, what they say between two versions, which
//! vulnerabilities they name.

pub(crate) mod advisories;
pub(crate) mod bullets;
pub(crate) mod date;
pub(crate) mod deb;
pub(crate) mod delta;
pub(crate) mod ids;
pub(crate) mod parse;
pub(crate) mod text;
pub(crate) mod update;
