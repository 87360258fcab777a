//! Fixtures.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use plimsoll_lineage::{Catalogue, KnownImage, KnownTag, PackageList, Source, merge};
use plimsoll_model::{DiffId, Digest};
use plimsoll_unpack::{Decoder, Limits};
use tempfile::TempDir;

/// A digest that a word stands for: the word in hexadecimal, filled up.
pub(crate) fn digest(word: &str) -> Digest {
    let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex:0<64}").parse().unwrap()
}

/// The layers that some words stand for.
pub(crate) fn layers(words: &str) -> Vec<DiffId> {
    words.split_whitespace().map(|word| DiffId(digest(word))).collect()
}

pub(crate) fn time(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

/// A learned image with a manifest digest made from its name and layers: `debian:bookworm`, `a b`.
pub(crate) fn image(name: &str, words: &str) -> KnownImage {
    let mut image = KnownImage::new(&name.parse().unwrap(), Source::Learned);
    let id: String = format!("{}{}", image.repository, words).replace(['/', ' ', '.'], "");
    image.digest = Some(digest(&id[id.len().saturating_sub(30)..]));
    image.platform = Some("linux/amd64".parse().unwrap());
    image.seen = Some(time("2026-03-02"));
    image.with_layers(&layers(words))
}

pub(crate) fn tagged(mut image: KnownImage, tags: &[&str]) -> KnownImage {
    image.tags.extend(tags.iter().map(|tag| KnownTag::new(tag)));
    image
}

pub(crate) fn packages(text: &str) -> PackageList {
    PackageList::new(text.split_whitespace().filter_map(|one| one.split_once('=')))
}

/// A catalogue in a directory of its own.
pub(crate) struct Place {
    _directory: TempDir,
    pub path: PathBuf,
}

impl Place {
    pub(crate) fn new(images: &[KnownImage]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bases");
        let place = Self { _directory: directory, path };
        let merged = merge(&place.path, images.to_vec()).unwrap();
        assert_eq!(merged.refused, []);
        place
    }

    pub(crate) fn open(&self) -> Catalogue {
        Catalogue::open(&self.path).unwrap()
    }

    pub(crate) fn images(&self) -> Vec<KnownImage> {
        self.open().images().unwrap().map(Result::unwrap).collect()
    }

    /// Every image as `name layers tags`, a moved tag in brackets.
    pub(crate) fn shown(&self) -> Vec<String> {
        let tag = |tag: &KnownTag| match tag.moved {
            true => format!("({})", tag.name),
            false => tag.name.clone(),
        };
        let show = |image: &KnownImage| {
            let tags: Vec<_> = image.tags.iter().map(tag).collect();
            let source = match image.source {
                Source::Learned => "learned",
                Source::Scanned => "scanned",
                Source::Imported(_) => "imported",
                Source::Claimed => "claimed",
            };
            format!("{} {} {source}", image.short_repository(), tags.join(","))
        };
        self.images().iter().map(show).collect()
    }
}

/// A file of the shared test data, or none where it is not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !root.exists() {
        println!("skipped: needs shared/data");
        return None;
    }
    Some(root.join(path))
}

/// The content of a compressed file.
pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap();
    let mut bytes = Vec::new();
    let mut decoder = Decoder::buffered(file, &Limits::default()).unwrap();
    std::io::Read::read_to_end(&mut decoder, &mut bytes).unwrap();
    bytes
}
