//! Tests that cannot be had on this machine say so.

use std::path::{Path, PathBuf};

/// Says that this test is skipped, in the form that `cargo xtask test` counts: `needs podman`.
pub fn skipped(reason: &str) {
    println!("skipped: {reason}");
}

/// The shared test data beside the repository; says that the test is skipped where there is none.
pub fn shared_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if path.is_dir() {
        return Some(path);
    }
    skipped("needs shared/data");
    None
}

/// Whether a program can be started by its name.
pub fn has_program(name: &str) -> bool {
    find_program(name).is_some()
}

/// Whether all these programs are there; says that the test is skipped where one is not.
pub fn needs_programs(names: &[&str]) -> bool {
    match names.iter().find(|name| !has_program(name)) {
        Some(missing) => {
            skipped(&format!("needs {missing}"));
            false
        }
        None => true,
    }
}

/// By `PATH`, and by the places of administration that a user's `PATH` lacks.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let administration = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut places = std::env::split_paths(&path).chain(administration);
    places.find_map(|place| Some(place.join(name)).filter(|program| program.is_file()))
}
