//! The program on real images, package databases and advisories, with results that others computed.

mod alpine;
mod archive;
mod images;
mod rpm;

use std::fs;
use std::path::Path;

use serde_json::Value;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
