//! The images that are scanned: made once, kept, the same on every run.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow};
use plimsoll_testkit::{BlobWriter, Compression, Entry, Image, Layer, Layout, Random, TarWriter};

use super::Bench;
use super::corpus::{CORPUS_BYTES, Corpus};
use super::inventory::{OS_RELEASE, PACKAGES, dpkg_status};

/// Raised when images are made otherwise, so that old ones are not reused.
const VERSION: u32 = 1;

/// An image of this many uncompressed bytes.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    bytes: u64,
    layers: u64,
    files: u64,
    pub(super) packages: usize,
}

/// As Alpine's base image.
pub(super) const ALPINE: Spec =
    Spec { name: "alpine", title: "5.6 MB", bytes: 5_600_000, layers: 1, files: 80, packages: 15 };
pub(super) const SMALL: Spec = Spec {
    name: "small",
    title: "80 MB, 1 layer",
    bytes: 80_000_000,
    layers: 1,
    files: 3_000,
    packages: 90,
};
pub(super) const LARGE: Spec = Spec {
    name: "large",
    title: "1 GB, 8 layers",
    bytes: 1_000_000_000,
    layers: 8,
    files: 40_000,
    packages: 400,
};
pub(super) const HUGE: Spec = Spec {
    name: "huge",
    title: "3 GB, 12 layers, 150,000 files",
    bytes: 3_000_000_000,
    layers: 12,
    files: 150_000,
    packages: 1_000,
};
/// Hardly more than its package database.
pub(super) const PACKAGED: Spec = Spec {
    name: "packaged",
    title: "2,200 packages",
    bytes: 1_000_000,
    layers: 1,
    files: 20,
    packages: PACKAGES,
};

/// A layer that is put on top of an image.
pub(super) const TOP_BYTES: u64 = 20_000_000;
const TOP_FILES: u64 = 400;

/// A layout, and the same with one more layer.
pub(super) struct Built {
    pub(super) layout: PathBuf,
    pub(super) with_top: PathBuf,
    /// The top layer alone.
    pub(super) top: PathBuf,
}

/// The image of a spec, built unless it is there.
pub(super) fn build(bench: &Bench, spec: &Spec) -> Result<Built> {
    let directory = bench.directory.join(format!("images/{}-{VERSION}", spec.name));
    if !directory.join("complete").exists() {
        println!("making the image of {} …", spec.title);
        let corpus = Corpus::load(CORPUS_BYTES)?;
        make(spec, &corpus, &directory)
            .with_context(|| format!("making {}", directory.display()))?;
    }
    let at = |name: &str| directory.join(name);
    Ok(Built { layout: at("image"), with_top: at("with-top"), top: at("top") })
}

fn make(spec: &Spec, corpus: &Corpus, directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    let numbers: Vec<_> = (0..spec.layers).collect();
    // Two at a time: one at a time leaves a processor idle, all at once would be as slow.
    let (even, odd): (Vec<u64>, Vec<u64>) = numbers.into_iter().partition(|n| n % 2 == 0);
    let some = |numbers: Vec<u64>| -> Result<Vec<Layer>> {
        numbers.into_iter().map(|n| bottom_layer(spec, n, corpus, directory)).collect()
    };
    let (even, odd) = thread::scope(|scope| {
        let odd = scope.spawn(|| some(odd));
        let even = some(even);
        (even, odd.join().map_err(|_| anyhow!("a thread panicked")))
    });
    let (mut even, mut odd) = (even?.into_iter(), odd??.into_iter());
    let layers: Vec<_> = (0..spec.layers)
        .filter_map(|n| if n % 2 == 0 { even.next() } else { odd.next() })
        .collect();
    let contents = Contents { number: spec.layers, bytes: TOP_BYTES, files: TOP_FILES };
    let top = write_layer(&contents, &[], corpus, &directory.join("top.layer"))?;

    let image = Image::new(layers.clone());
    Layout::of(&image).write(&directory.join("image"))?;
    let with_top = Image::new(layers.into_iter().chain([top.clone()]));
    Layout::of(&with_top).write(&directory.join("with-top"))?;
    Layout::of(&Image::new([top])).write(&directory.join("top"))?;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "layer") {
            fs::remove_file(path)?;
        }
    }
    fs::write(directory.join("complete"), "")?;
    Ok(())
}

fn bottom_layer(spec: &Spec, number: u64, corpus: &Corpus, directory: &Path) -> Result<Layer> {
    let mut first = Vec::new();
    if number == 0 {
        first.push(Entry::file("etc/os-release", OS_RELEASE));
        first.push(Entry::file("var/lib/dpkg/status", dpkg_status(spec.packages)));
    }
    let contents =
        Contents { number, bytes: spec.bytes / spec.layers, files: spec.files / spec.layers };
    write_layer(&contents, &first, corpus, &directory.join(format!("{number}.layer")))
}

struct Contents {
    number: u64,
    bytes: u64,
    files: u64,
}

/// Files per directory.
const DIRECTORY_FILES: u64 = 25;

/// Many small files and few large ones, as in real layers.
fn write_layer(
    contents: &Contents,
    first: &[Entry],
    corpus: &Corpus,
    path: &Path,
) -> Result<Layer> {
    let number = contents.number;
    let mut random = Random::seeded(number + 1);
    let file = BufWriter::new(File::create(path)?);
    let mut tar = TarWriter::new(BlobWriter::new(file, Compression::Gzip)?);
    for entry in first {
        tar.append(entry)?;
    }
    let average = contents.bytes / contents.files;
    for n in 0..contents.files {
        let directory = format!("usr/share/layer{number}/part{}", n / DIRECTORY_FILES);
        if n % DIRECTORY_FILES == 0 {
            tar.append(&Entry::directory(&directory))?;
        }
        // Of eight files four have an eighth of the average, three half of it, one the rest.
        let size = match n % 8 {
            0..4 => average / 8,
            4..7 => average / 2,
            _ => average * 6,
        };
        let size = size / 2 + random.below(size.max(1));
        let length = usize::try_from(size)?;
        let content = corpus.slice(&mut random, length);
        let entry = Entry::file(format!("{directory}/file{n}"), "");
        tar.append_from(&entry, content.len() as u64, content)?;
    }
    let (file, blob) = tar.finish()?.finish()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    Ok(Layer::in_file(path, blob))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_spec_makes_the_same_image_of_about_its_size() {
        let spec =
            Spec { name: "t", title: "t", bytes: 3_000_000, layers: 3, files: 600, packages: 5 };
        let corpus = Corpus::load(4 << 20).unwrap();
        let index = || {
            let directory = tempfile::tempdir().unwrap();
            make(&spec, &corpus, directory.path()).unwrap();
            let layers = fs::read_dir(directory.path().join("image/blobs/sha256")).unwrap();
            let sizes: u64 = layers.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
            assert!((300_000..3_000_000).contains(&sizes), "{sizes}");
            fs::read_to_string(directory.path().join("with-top/index.json")).unwrap()
        };
        assert_eq!(index(), index());
    }

    #[test]
    fn a_layer_has_its_bytes_files_and_database() {
        let directory = tempfile::tempdir().unwrap();
        let corpus = Corpus::load(2 << 20).unwrap();
        let spec =
            Spec { name: "t", title: "t", bytes: 2_000_000, layers: 1, files: 200, packages: 20 };
        let layer = bottom_layer(&spec, 0, &corpus, directory.path()).unwrap();
        let size = layer.blob.uncompressed_size;
        assert!((1_700_000..2_500_000).contains(&size), "{size}");
        let tar = layer.tar().unwrap();
        let status = b"\nPackage: openssl-part1\n";
        assert!(tar.windows(status.len()).any(|window| window == status));
    }
}
