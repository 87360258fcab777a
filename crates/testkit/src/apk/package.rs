//! One package.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::key::{ApkHash, ApkKey};
use super::{cut_tar, gzip, header};

/// A package, from which its `.apk` and its entry in an index are made.
#[derive(Clone, Debug)]
pub struct ApkPackage {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) arch: String,
    pub(super) origin: String,
    pub(super) built: u64,
    pub(super) depends: Vec<String>,
    pub(super) provides: Vec<String>,
    pub(super) install_if: Vec<String>,
    pub(super) priority: u32,
    files: Vec<(String, Vec<u8>)>,
}

impl ApkPackage {
    /// An empty package for x86_64 that is its own origin, built at the start of 2024.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            arch: "x86_64".to_owned(),
            origin: name.to_owned(),
            built: 1_704_067_200,
            depends: Vec::new(),
            provides: Vec::new(),
            install_if: Vec::new(),
            priority: 0,
            files: Vec::new(),
        }
    }

    /// The same of another source.
    pub fn origin(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    /// The same for another architecture, or `noarch`.
    pub fn arch(self, arch: &str) -> Self {
        Self { arch: arch.to_owned(), ..self }
    }

    /// The same, built at this second since 1970.
    pub fn built(self, seconds: u64) -> Self {
        Self { built: seconds, ..self }
    }

    /// The same with a dependency: `musl`, `so:libc.musl-x86_64.so.1`, `a=1.2-r0`.
    pub fn depends(mut self, on: &str) -> Self {
        self.depends.push(on.to_owned());
        self
    }

    /// The same with another name or library that it provides: `so:libssl.so.3=3`.
    pub fn provides(mut self, what: &str) -> Self {
        self.provides.push(what.to_owned());
        self
    }

    /// The same with a condition of those that together make apk install it by itself.
    pub fn install_if(mut self, condition: &str) -> Self {
        self.install_if.push(condition.to_owned());
        self
    }

    /// The same with a rank among those that provide a name without a version; 0 is not chosen by itself.
    pub fn priority(self, priority: u32) -> Self {
        Self { priority, ..self }
    }

    /// The same with a file, mode 0755.
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// The name of its file in a repository.
    pub fn file_name(&self) -> String {
        format!("{}-{}.apk", self.name, self.version)
    }

    /// The `.apk`, signed as Alpine signs.
    pub fn build(&self, key: &ApkKey) -> Vec<u8> {
        let control = self.control();
        let mut apk = key.sign(ApkHash::Sha1, &control);
        apk.extend_from_slice(&self.data());
        apk
    }

    /// The hash of its control part, as `C:` in an index has it.
    pub fn checksum(&self) -> String {
        let hash = sha1_checked::Sha1::try_digest(self.control());
        format!("Q1{}", BASE64_STANDARD.encode(hash.hash()))
    }

    /// Bytes of its files.
    pub(super) fn installed_size(&self) -> usize {
        // A package of size zero is a virtual one to apk.
        self.files.iter().map(|(_, content)| content.len()).sum::<usize>().max(4096)
    }

    /// Bytes of the `.apk` without its signature, which no index needs to know exactly.
    pub(super) fn unsigned_size(&self) -> usize {
        self.control().len() + self.data().len()
    }

    fn control(&self) -> Vec<u8> {
        let mut info = format!(
            "pkgname = {}\npkgver = {}\npkgdesc = {} of a test\nurl = https://example.org/\n\
             builddate = {}\npackager = Nobody <nobody@example.org>\nsize = {}\narch = {}\n\
             origin = {}\nlicense = MIT\n",
            self.name,
            self.version,
            self.name,
            self.built,
            self.installed_size(),
            self.arch,
            self.origin,
        );
        for depend in &self.depends {
            info.push_str(&format!("depend = {depend}\n"));
        }
        for provided in &self.provides {
            info.push_str(&format!("provides = {provided}\n"));
        }
        if !self.install_if.is_empty() {
            info.push_str(&format!("install_if = {}\n", self.install_if.join(" ")));
        }
        if self.priority > 0 {
            info.push_str(&format!("provider_priority = {}\n", self.priority));
        }
        let hash = Sha256::digest(self.data());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        info.push_str(&format!("datahash = {hash}\n"));
        cut_tar(&[(".PKGINFO", info.as_bytes())], self.built)
    }

    fn data(&self) -> Vec<u8> {
        let mut tar = ::tar::Builder::new(Vec::new());
        let directories: BTreeSet<&str> = self
            .files
            .iter()
            .flat_map(|(path, _)| path.match_indices('/').map(|(at, _)| &path[..at]))
            .collect();
        for directory in directories {
            let mut header = header(0, 0o755, self.built);
            header.set_entry_type(::tar::EntryType::Directory);
            tar.append_data(&mut header, directory, &b""[..]).unwrap();
        }
        for (path, content) in &self.files {
            let hash = sha1_checked::Sha1::try_digest(content);
            let hash: String = hash.hash().iter().map(|byte| format!("{byte:02x}")).collect();
            let record = format!("68 APK-TOOLS.checksum.SHA1={hash}\n");
            // `tar` leaves the name of such a header empty, which is the end of the tar to apk.
            let mut pax = header(record.len(), 0o644, 0);
            pax.set_entry_type(::tar::EntryType::XHeader);
            tar.append_data(&mut pax, "PaxHeaders/file", record.as_bytes()).unwrap();
            let mut header = header(content.len(), 0o755, self.built);
            tar.append_data(&mut header, path, &**content).unwrap();
        }
        gzip(&tar.into_inner().unwrap())
    }
}
