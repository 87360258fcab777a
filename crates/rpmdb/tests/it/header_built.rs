//! Headers and packages as rpm would write them, for databases built in code.

use plimsoll_rpmdb::Installed;

/// A header named `name`, of at least `length` bytes, with the region rpm puts around what a package
/// was built with.
pub(crate) fn header(name: &str, length: usize) -> Vec<u8> {
    let text = |text: &str| [text.as_bytes(), &[0]].concat();
    let mut rows: Vec<(u32, u32, u32, Vec<u8>)> = vec![
        (1000, 6, 1, text(name)),
        (1001, 6, 1, text("1.0")),
        (1002, 6, 1, text("1")),
        (1022, 6, 1, text("noarch")),
        (1044, 6, 1, text(&format!("{name}-1.0-1.src.rpm"))),
    ];
    let padding = length.saturating_sub(200).max(1);
    rows.push((9999, 7, padding as u32, vec![0x5a; padding]));

    let entries = rows.len() as u32 + 1;
    let mut index = Vec::new();
    let mut store = Vec::new();
    for (tag, kind, count, data) in rows {
        index.extend([tag, kind, store.len() as u32, count].map(u32::to_be_bytes).concat());
        store.extend(data);
    }
    let region = [63, 7, store.len() as u32, 16].map(u32::to_be_bytes).concat();
    store.extend([63, 7, (entries * 16).wrapping_neg(), 16].map(u32::to_be_bytes).concat());
    let intro = [entries, store.len() as u32].map(u32::to_be_bytes).concat();
    [intro, region, index, store].concat()
}

/// The names found, sorted.
pub(crate) fn names(installed: &Installed) -> Vec<&str> {
    let mut names: Vec<_> = installed.packages.iter().map(|p| p.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// The problems as they read.
pub(crate) fn problems(installed: &Installed) -> Vec<String> {
    installed.problems.iter().map(ToString::to_string).collect()
}
