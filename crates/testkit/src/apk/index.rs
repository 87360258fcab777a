//! The index of a repository, and the repository.

use std::fs;
use std::path::Path;

use super::key::{ApkHash, ApkKey};
use super::package::ApkPackage;
use super::{gzip, header};

/// An index under construction.
#[derive(Clone, Debug, Default)]
pub struct ApkIndexWriter {
    packages: Vec<ApkPackage>,
    made: u64,
}

impl ApkIndexWriter {
    /// An index of these packages.
    pub fn new(packages: &[ApkPackage]) -> Self {
        Self { packages: packages.to_vec(), made: 0 }
    }

    /// The same, made at this second since 1970; without, the tar says nothing, as in old indexes.
    pub fn made(self, seconds: u64) -> Self {
        Self { made: seconds, ..self }
    }

    /// The compressed tar, not signed yet.
    pub fn unsigned(&self) -> Vec<u8> {
        Self::pack(&self.packages.iter().map(entry).collect::<String>(), self.made)
    }

    /// `APKINDEX.tar.gz`.
    pub fn build(&self, key: &ApkKey, hash: ApkHash) -> Vec<u8> {
        key.sign(hash, &self.unsigned())
    }

    /// Any text as the compressed tar of an index, not signed yet.
    pub fn pack(text: &str, made: u64) -> Vec<u8> {
        Self::pack_described("v1-test", text, made)
    }

    /// The same with the name that an index gives itself: `v3.20.3-27-g8b2c1a9`.
    pub fn pack_described(description: &str, text: &str, made: u64) -> Vec<u8> {
        let mut tar = ::tar::Builder::new(Vec::new());
        for (name, content) in [("DESCRIPTION", description), ("APKINDEX", text)] {
            let mut header = header(content.len(), 0o644, made);
            tar.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        gzip(&tar.into_inner().unwrap())
    }

    /// Writes the index and the packages below a directory: `x86_64/APKINDEX.tar.gz`.
    pub fn write_repository(&self, root: &Path, arch: &str, key: &ApkKey, hash: ApkHash) {
        let directory = root.join(arch);
        fs::create_dir_all(&directory).unwrap();
        for package in &self.packages {
            fs::write(directory.join(package.file_name()), package.build(key)).unwrap();
        }
        fs::write(directory.join("APKINDEX.tar.gz"), self.build(key, hash)).unwrap();
    }
}

fn entry(package: &ApkPackage) -> String {
    let mut text = format!(
        "C:{}\nP:{}\nV:{}\nA:{}\nS:{}\nI:{}\nT:{} of a test\nU:https://example.org/\nL:MIT\no:{}\n\
         m:Nobody <nobody@example.org>\nt:{}\nc:0123456789abcdef0123456789abcdef01234567\n",
        package.checksum(),
        package.name,
        package.version,
        package.arch,
        package.unsigned_size(),
        package.installed_size(),
        package.name,
        package.origin,
        package.built,
    );
    let lists = [("D", &package.depends), ("p", &package.provides), ("i", &package.install_if)];
    for (letter, words) in lists {
        if !words.is_empty() {
            text.push_str(&format!("{letter}:{}\n", words.join(" ")));
        }
    }
    if package.priority > 0 {
        text.push_str(&format!("k:{}\n", package.priority));
    }
    text.push('\n');
    text
}
