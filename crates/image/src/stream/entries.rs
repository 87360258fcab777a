//! The one pass over a stream: layers to the visitor, documents and links kept.

use std::io::{self, BufReader, Cursor, Read};

use plimsoll_unpack::tar::{Entry, Kind, TarReader};
use plimsoll_unpack::{Compression, Decoder, Limits};

use super::ArchiveEntry;
use crate::document::MAX_DOCUMENT_BYTES;
use crate::error::Error;
use crate::files::{Kept, MAX_KEPT_BYTES, MAX_MEMBERS, Member, is_tar_header};

/// How much of a member is looked at to tell what it is: a tar's first header.
const START_BYTES: usize = 512;

/// As large as the pieces in which a decoder gives out its output.
const BUFFER_BYTES: usize = 128 << 10;

type Visit<'a, E> = &'a mut dyn FnMut(&ArchiveEntry, &mut (dyn Read + Send)) -> Result<(), E>;

/// Reads the stream to its end and returns what was kept of it.
pub(super) fn read<E: From<Error>>(
    source_name: String,
    reader: Box<dyn Read + Send>,
    visit: Visit<'_, E>,
) -> Result<Kept, E> {
    let limits = Limits { max_entries: MAX_MEMBERS, ..Limits::default() };
    let decoder = match Decoder::buffered(reader, &limits) {
        Ok(decoder) => decoder,
        Err(source) => return Err(Error::Decode { source_name, source }.into()),
    };
    let mut tar = TarReader::new(BufReader::with_capacity(BUFFER_BYTES, decoder), &limits);
    let mut kept = Kept::new(source_name.clone());
    let mut kept_bytes = 0;
    loop {
        let entry = match tar.next_entry() {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(source) => return Err(Error::Tar { source_name, source }.into()),
        };
        let path = entry.path().clone();
        match entry.kind() {
            Kind::File => {
                let member = take(entry, &source_name, &mut kept_bytes, &mut *visit)?;
                kept.add(path, member);
            }
            Kind::Symlink { target } => {
                // One that leads nowhere is as good as none.
                if let Ok(target) = path.resolve(target) {
                    kept.add_link(path, target);
                }
            }
            Kind::Hardlink { target } => kept.add_link(path, target.clone()),
            _ => {}
        }
    }
    // What follows the tar is nothing to us, but a stream that breaks off there is not whole.
    match io::copy(&mut tar.into_inner(), &mut io::sink()) {
        Ok(_) => Ok(kept),
        Err(source) => Err(Error::Read { source_name, source }.into()),
    }
}

fn take<E: From<Error>>(
    mut entry: Entry<'_>,
    source_name: &str,
    kept_bytes: &mut u64,
    visit: Visit<'_, E>,
) -> Result<Member, E> {
    let failed = |source| E::from(Error::Read { source_name: source_name.to_owned(), source });
    let size = entry.size();
    let mut start = Vec::with_capacity(START_BYTES);
    (&mut entry).take(START_BYTES as u64).read_to_end(&mut start).map_err(failed)?;
    if is_layer(&start) {
        let archive_entry = ArchiveEntry { path: entry.path().to_string(), size };
        visit(&archive_entry, &mut Cursor::new(start).chain(entry))?;
        return Ok(Member::Layer { size });
    }
    if size > MAX_DOCUMENT_BYTES || *kept_bytes + size > MAX_KEPT_BYTES {
        return Ok(Member::Other { size });
    }
    *kept_bytes += size;
    entry.read_to_end(&mut start).map_err(failed)?;
    Ok(Member::Document(start))
}

/// Whether a member begins like a layer.
fn is_layer(start: &[u8]) -> bool {
    let header = start.first_chunk::<START_BYTES>();
    Compression::detect(start) != Compression::None || header.is_some_and(is_tar_header)
}
