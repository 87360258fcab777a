//! Any bytes as a Debian package whose changelog is wanted, or as the changelog itself.
//!
//! Input: one byte that chooses; the package or the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_distro::{
    Changelog, ChangelogOrigin, DebChangelog, changelog_advisories, delta, ids_in, news_since,
    read_doc,
};
use plimsoll_fuzz::Pieces;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    if choice % 2 == 0 {
        let whole = read_doc(bytes, "p").map_err(|error| error.to_string());
        let pieces = read_doc(Pieces::new(bytes, 7), "p").map_err(|error| error.to_string());
        assert_eq!(whole, pieces);
        if let Ok(DebChangelog::Text(text)) = whole.map(|doc| doc.changelog) {
            check(&text.text);
        }
    } else {
        check(&String::from_utf8_lossy(bytes));
    }
});

/// What is new and what is not add up, and nothing is fixed that the text does not name.
fn check(text: &str) {
    let changelog = Changelog::parse(text);
    let named = ids_in(text);
    let installed = changelog.entries.get(changelog.entries.len() / 2);
    let installed = installed.map_or("1.0-1", |entry| entry.version);
    let delta = delta(&changelog, installed);
    assert!(delta.entries.len() <= changelog.entries.len());
    assert!(delta.entries.iter().all(|entry| entry.version != installed));
    for fix in &delta.fixes {
        assert!(named.contains(&fix.id), "{fix:?}");
        assert!(ids_in(&fix.quote).contains(&fix.id), "{fix:?}");
        assert!(!fix.quote.contains('\n') && fix.quote.len() < 500, "{fix:?}");
    }
    let scope = "debian:12".parse().expect("a scope");
    let origin = ChangelogOrigin { scope: &scope, suite: "s", source: "p", candidate: "1" };
    for advisory in changelog_advisories(&origin, &changelog) {
        assert!(named.contains(&advisory.ids[0]), "{advisory:?}");
    }
    for entry in &changelog.entries {
        let _ = (entry.text(), entry.urgency(), entry.date());
    }
    let _ = news_since(text, installed);
}
