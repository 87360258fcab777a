//! The indexes of a suite, compiled: in this run, in the cache, or read from the archive.

use std::sync::{Arc, PoisonError};

use plimsoll_distro::{AskedSuite, CompiledIndex, Index, IndexFile, PackagesFile, Release};
use plimsoll_unpack::{Decoder, Limits};

use super::suite::Failure;
use crate::archives::{Archives, PACKAGES};
use crate::error::chain;

/// `Packages.xz` of Debian's main suite has 9 MB, of Ubuntu's universe 20 MB.
const MAX_PACKED_BYTES: u64 = 64 << 20;
/// Unpacked they have 50 MB and 80 MB.
const MAX_OPEN_BYTES: u64 = 1 << 30;

/// The index of a component, for one architecture.
pub(super) fn index(
    archives: &Archives<'_>,
    asked: &AskedSuite,
    release: &Release,
    packages: &PackagesFile<'_>,
) -> Result<Arc<Index>, Failure> {
    let sha256 = &packages.file.sha256;
    let indexes = || archives.indexes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = indexes().get(sha256) {
        return Ok(Arc::clone(known));
    }
    let kept = &archives.documents.kept;
    let place = kept.path(PACKAGES, sha256);
    let index = match Index::open(&place) {
        Ok(index) => {
            kept.mark_used(&place);
            index
        }
        Err(_) => {
            let bytes = compile(archives, asked, release, packages)?;
            match kept.write(&place, &bytes).ok().and_then(|()| Index::open(&place).ok()) {
                Some(index) => index,
                // A cache that cannot be written costs memory, not the answer.
                None => Index::from_bytes(&packages.file.path, bytes)
                    .map_err(|error| unreadable(packages.file, &error))?,
            }
        }
    };
    let index = Arc::new(index);
    indexes().insert(sha256.clone(), Arc::clone(&index));
    Ok(index)
}

fn compile(
    archives: &Archives<'_>,
    asked: &AskedSuite,
    release: &Release,
    packages: &PackagesFile<'_>,
) -> Result<Vec<u8>, Failure> {
    let PackagesFile { file, unpacked_size } = packages;
    let packed = packed(archives, asked, release, file)?;
    let max_output_bytes = unpacked_size.unwrap_or(MAX_OPEN_BYTES).min(MAX_OPEN_BYTES);
    let limits = Limits { max_output_bytes, ..Limits::default() };
    let unpacked =
        Decoder::buffered(packed.as_slice(), &limits).map_err(|error| unreadable(file, &error))?;
    let compiled = CompiledIndex::of(unpacked).map_err(|error| unreadable(file, &error))?;
    Ok(compiled.to_bytes())
}

fn unreadable(file: &IndexFile, error: &dyn std::error::Error) -> Failure {
    Failure::Unreachable(format!("{}: {}", file.path, chain(error)))
}

/// The index as the archive has it. By hash where it can: the plain name may already belong to the next update.
fn packed(
    archives: &Archives<'_>,
    asked: &AskedSuite,
    release: &Release,
    file: &IndexFile,
) -> Result<Vec<u8>, Failure> {
    let by_hash = asked.url(&file.by_hash_path());
    let plain = asked.url(&file.path);
    let get = |address: &str| {
        let limit = file.size.min(MAX_PACKED_BYTES);
        archives.documents.file(address, limit).map_err(Failure::Unreachable)
    };
    let found = match release.by_hash {
        true => get(&by_hash).ok().flatten(),
        false => None,
    };
    let bytes = match found {
        Some(found) => found,
        None => {
            get(&plain)?.ok_or_else(|| Failure::Inconsistent(format!("{plain} is not there")))?
        }
    };
    file.check(&bytes).map_err(|error| Failure::Inconsistent(chain(&error)))?;
    Ok(bytes)
}
