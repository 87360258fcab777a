//! The files of a repository: from the cache by their hash, else from the repository; checked in any case, and read
//! once for all images of a run.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Cursor, Read};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_distro::rpm::{
    Available, Changes, Index, Kind, MetadataFile, Modules, Notice, Place, PrimaryRead, Repomd,
    Wanted, read_modules, read_other, read_primary, read_updateinfo,
};
use plimsoll_inventory::ImageInventory;
use plimsoll_model::Package;
use plimsoll_unpack::{Decoder, Limits};

use super::Failure;
use crate::archives::Archives;
use crate::archives::documents::Documents;
use crate::error::chain;

/// Fedora's `primary.xml.zst` has 20 MB, `other` of those that keep all changelogs 60 MB.
const MAX_PACKED_BYTES: u64 = 256 << 20;
/// Unpacked they have 200 MB and 500 MB.
const MAX_OPEN_BYTES: u64 = 2 << 30;
/// What is read of `modules.yaml` before `distro` refuses it.
const MAX_MODULES_BYTES: u64 = 256 << 20;

/// The metadata that a judged `repomd.xml` lists.
pub(super) struct Metadata<'a> {
    pub(super) archives: &'a Archives<'a>,
    pub(super) place: &'a Place,
    pub(super) repomd: &'a Repomd,
}

/// What was read in this run, and which packages it is read for.
pub(crate) struct Contents {
    wanted: Wanted,
    /// By the hashes of the files.
    read: Mutex<HashMap<Hashes, Arc<Content>>>,
}

/// Of primary, updateinfo and modules.
type Hashes = [Option<String>; 3];

/// What a repository has of the packages of interest.
struct Content {
    packages: Vec<Available>,
    notices: Option<Vec<Notice>>,
    modules: Modules,
    problems: Vec<String>,
}

impl Contents {
    /// Nothing yet; what is read will be of interest for all these images.
    pub(crate) fn wanted_by(images: &[ImageInventory]) -> Self {
        let packages = images.iter().flat_map(|image| &image.packages);
        let rpms: Vec<Package> = packages.filter(|p| p.ecosystem.is_rpm()).cloned().collect();
        Self { wanted: Wanted::of(&rpms), read: Mutex::default() }
    }
}

impl Metadata<'_> {
    /// What the repository offers of the packages of interest, and what is wrong with some of it.
    pub(super) fn index(&self) -> Result<(Index, Vec<String>), Failure> {
        let Contents { wanted, read } = &self.archives.rpm;
        let hash = |kind| self.repomd.file(kind).map(|file| file.hash.hex().to_owned());
        let hashes = [Kind::Primary, Kind::UpdateInfo, Kind::Modules].map(hash);
        let read = || read.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read().get(&hashes).cloned();
        let content = match known {
            Some(known) => known,
            None => {
                let content = Arc::new(self.content(wanted)?);
                read().insert(hashes, Arc::clone(&content));
                content
            }
        };
        let Content { packages, notices, modules, problems } = &*content;
        let index = Index {
            repository: self.place.repository.clone(),
            packages: packages.clone(),
            notices: notices.clone(),
            modules: modules.clone(),
        };
        Ok((index, problems.clone()))
    }

    fn content(&self, wanted: &Wanted) -> Result<Content, Failure> {
        let primary = self
            .open(Kind::Primary)?
            .ok_or_else(|| Failure::Inconsistent("it has no primary metadata".to_owned()))?;
        let PrimaryRead { packages, mut problems } = read_primary(primary, wanted)
            .map_err(|error| Failure::Inconsistent(format!("primary: {}", chain(&error))))?;
        let notices = self.notices(wanted, &mut problems)?;
        let modules = self.modules(wanted)?;
        problems.extend(modules.problems.iter().cloned());
        Ok(Content { packages, notices, modules, problems })
    }

    /// The changelogs of packages.
    pub(super) fn changes(&self, pkgids: &BTreeSet<String>) -> Result<Changes, Failure> {
        let Some(other) = self.open(Kind::Other)? else { return Ok(Changes::new()) };
        read_other(other, pkgids)
            .map_err(|error| Failure::Inconsistent(format!("other: {}", chain(&error))))
    }

    /// The advisories. Where they cannot be read, the packages still count.
    fn notices(
        &self,
        wanted: &Wanted,
        problems: &mut Vec<String>,
    ) -> Result<Option<Vec<Notice>>, Failure> {
        let Some(input) = self.open(Kind::UpdateInfo)? else { return Ok(None) };
        match read_updateinfo(input, wanted) {
            Ok(read) => {
                problems.extend(read.problems);
                Ok(Some(read.notices))
            }
            Err(error) => {
                problems.push(format!("updateinfo: {}", chain(&error)));
                Ok(None)
            }
        }
    }

    /// The modules: without them packages of a wrong stream would count.
    fn modules(&self, wanted: &Wanted) -> Result<Modules, Failure> {
        let Some(input) = self.open(Kind::Modules)? else { return Ok(Modules::default()) };
        let mut yaml = Vec::new();
        input
            .take(MAX_MODULES_BYTES)
            .read_to_end(&mut yaml)
            .map_err(|error| Failure::Inconsistent(format!("modules: {}", chain(&error))))?;
        Ok(read_modules(&yaml, wanted))
    }

    /// A file, unpacked as it is read; none where the repository has none of this kind.
    fn open(&self, kind: Kind) -> Result<Option<impl BufRead + use<>>, Failure> {
        let Some(file) = self.repomd.file(kind) else { return Ok(None) };
        let open_size = file.open_size.unwrap_or(MAX_OPEN_BYTES);
        let limits =
            Limits { max_output_bytes: open_size.min(MAX_OPEN_BYTES), ..Limits::default() };
        let unpacked = Decoder::new(Cursor::new(self.bytes(file)?), &limits)
            .map_err(|error| Failure::Inconsistent(format!("{}: {}", file.path, chain(&error))))?;
        Ok(Some(BufReader::with_capacity(256 << 10, unpacked)))
    }

    fn bytes(&self, file: &MetadataFile) -> Result<Vec<u8>, Failure> {
        let Documents { kept, .. } = &self.archives.documents;
        let place = kept.path("rpm", file.hash.hex());
        if let Some(bytes) = kept.read(&place)
            && file.check(&bytes).is_ok()
        {
            return Ok(bytes);
        }
        let address = self.place.url(&file.path);
        let limit = file.size.unwrap_or(MAX_PACKED_BYTES).min(MAX_PACKED_BYTES);
        let bytes = self.archives.documents.file(&address, limit).map_err(Failure::Unreachable)?;
        let bytes =
            bytes.ok_or_else(|| Failure::Inconsistent(format!("{address} is not there")))?;
        file.check(&bytes).map_err(|error| Failure::Inconsistent(chain(&error)))?;
        // That it cannot be kept only costs a request.
        let _ = kept.write(&place, &bytes);
        Ok(bytes)
    }
}
