//! What strangers write about images: catalogues, import files, provenance, tags.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_lineage::{
    Catalogue, Chain, PackageList, import, materials, newer_tags, wanted_tags,
};
use plimsoll_model::Newer;

fuzz_target!(|data: &[u8]| {
    let _ = materials(data);
    if let Ok(imported) = import("file", data) {
        assert!(!imported.images.is_empty());
    }
    if let Ok(catalogue) = Catalogue::from_bytes("bases", data.to_vec()) {
        read(&catalogue);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let tags: Vec<&str> = text.split_whitespace().take(50).collect();
        for tag in &tags {
            for (newer, relation) in newer_tags(tag, &tags) {
                assert_ne!(relation, Newer::SameTag);
                assert!(tags.contains(&newer.as_str()) && newer != *tag);
                assert!(newer_tags(&newer, &[tag]).is_empty(), "{tag} {newer}");
            }
        }
        assert!(wanted_tags("*", &tags, 2).len() <= tags.len());
    }
});

fn read(catalogue: &Catalogue) {
    let Ok(images) = catalogue.images() else { return };
    for image in images.flatten().take(100) {
        let _ = image.name();
        let _ = image.full_name();
        let chain: Option<Chain> = image.chain;
        let _ = chain.map(|chain| catalogue.by_chain(chain));
        let _ = image.digest.as_ref().map(|digest| catalogue.by_digest(digest));
        let _ = catalogue.images_of(&image.repository);
    }
    let packages = PackageList::new((0..6).map(|number| (format!("p{number}"), "1")));
    let _ = catalogue.nearest(&packages, None);
}
