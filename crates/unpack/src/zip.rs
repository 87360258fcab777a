//! Zip, within limits: members by their position in the central directory.
//!
//! The directory is held in memory, about 400 bytes for each member. Of members with the same name
//! only the last counts. Stored and deflated members are read; other methods do not occur in
//! advisory feeds and jars.

use std::io::{self, Read, Seek};

use ::zip::ZipArchive;
use ::zip::read::ZipFile;

use crate::limits::Limits;
use crate::path::{PathError, SafePath};

/// A zip that is in memory or seekable.
///
/// Members are found by seeking: memory or an unbuffered file suits better than a `BufReader`,
/// which forgets its buffer at every seek.
pub struct Zip<R> {
    archive: ZipArchive<R>,
    limits: Limits,
    produced: u64,
}

/// A member of a zip. Its content costs nothing until it is opened.
pub struct ZipEntry<'a, R> {
    zip: &'a mut Zip<R>,
    index: usize,
    path: SafePath,
    size: u64,
    compressed: u64,
    is_dir: bool,
}

/// The content of a member.
pub struct ZipBody<'a, R: Read> {
    file: ZipFile<'a, R>,
    limits: Limits,
    compressed: u64,
    produced_here: u64,
    produced: &'a mut u64,
}

/// What is wrong with a zip.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// The structure is broken, or a feature is not supported.
    #[error("invalid zip")]
    Format(#[source] ::zip::result::ZipError),
    /// More members than [`Limits::max_entries`].
    #[error("zip has {entries} entries, more than {limit}")]
    TooManyEntries {
        /// How many it claims.
        entries: u64,
        /// The limit.
        limit: u64,
    },
    /// A member's name is not a path.
    #[error("name of a zip entry")]
    Path(#[source] PathError),
    /// A member is larger than its reader wants.
    #[error("{path} unpacks to more than {limit} bytes")]
    EntryTooLarge {
        /// The member, escaped.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// A member's content could not be read, or the whole zip unpacks to too much.
    #[error("reading {path} from the zip")]
    Read {
        /// The member, escaped.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl<R: Read + Seek> Zip<R> {
    /// Reads the central directory.
    pub fn open(reader: R, limits: &Limits) -> Result<Self, ZipError> {
        let archive = ZipArchive::new(reader).map_err(ZipError::Format)?;
        let (entries, limit) = (archive.len() as u64, limits.max_entries);
        if entries > limit {
            return Err(ZipError::TooManyEntries { entries, limit });
        }
        Ok(Self { archive, limits: *limits, produced: 0 })
    }

    /// How many members the zip has.
    pub fn len(&self) -> usize {
        self.archive.len()
    }

    /// Whether the zip has no members.
    pub fn is_empty(&self) -> bool {
        self.archive.is_empty()
    }

    /// The member at a position below [`len`](Self::len).
    ///
    /// What all opened members unpack to counts together towards [`Limits::max_output_bytes`].
    pub fn entry(&mut self, index: usize) -> Result<ZipEntry<'_, R>, ZipError> {
        let entry = self.archive.by_index_data(index).map_err(ZipError::Format)?;
        let path = SafePath::within(entry.name_raw(), &self.limits.path).map_err(ZipError::Path)?;
        let (size, compressed) = (entry.size(), entry.compressed_size());
        let is_dir = entry.is_dir();
        Ok(ZipEntry { zip: self, index, path, size, compressed, is_dir })
    }
}

impl<'a, R: Read + Seek> ZipEntry<'a, R> {
    /// The member's cleaned name.
    pub fn path(&self) -> &SafePath {
        &self.path
    }

    /// Whether the name says that this is a directory.
    pub fn is_dir(&self) -> bool {
        self.is_dir
    }

    /// The unpacked size that the directory claims.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Opens the content.
    pub fn open(self) -> Result<ZipBody<'a, R>, ZipError> {
        let Self { zip, index, compressed, .. } = self;
        let Zip { archive, limits, produced } = zip;
        let file = archive.by_index(index).map_err(ZipError::Format)?;
        Ok(ZipBody { file, limits: *limits, compressed, produced_here: 0, produced })
    }

    /// The whole content, if it is not more than `max_bytes`. Allocates as bytes arrive.
    pub fn read_to_vec(self, max_bytes: u64) -> Result<Vec<u8>, ZipError> {
        let path = self.path.to_string();
        let mut content = Vec::new();
        let result = self.open()?.take(max_bytes.saturating_add(1)).read_to_end(&mut content);
        match result {
            Err(source) => Err(ZipError::Read { path, source }),
            Ok(n) if n as u64 > max_bytes => {
                Err(ZipError::EntryTooLarge { path, limit: max_bytes })
            }
            Ok(_) => Ok(content),
        }
    }
}

impl<R: Read> Read for ZipBody<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.produced_here += n as u64;
        *self.produced += n as u64;
        let limits = &self.limits;
        if *self.produced > limits.max_output_bytes {
            let limit = limits.max_output_bytes;
            return Err(too_much(format!("zip unpacks to more than {limit} bytes")));
        }
        // Overlapping members make one compressed byte count many times, hence the sum above.
        if self.produced_here > limits.ratio_floor_bytes
            && self.produced_here > self.compressed.saturating_mul(limits.max_ratio)
        {
            let limit = limits.max_ratio;
            return Err(too_much(format!("zip entry unpacks more than {limit} to one")));
        }
        Ok(n)
    }
}

fn too_much(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;
    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;

    fn zip(entries: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        let mut bytes = writer.finish().unwrap();
        bytes.set_position(0);
        bytes
    }

    fn read_all(zip: Cursor<Vec<u8>>, limits: &Limits) -> Result<Vec<(String, Vec<u8>)>, ZipError> {
        let mut zip = Zip::open(zip, limits)?;
        (0..zip.len())
            .map(|index| {
                let entry = zip.entry(index)?;
                Ok((entry.path().to_string(), entry.read_to_vec(1 << 20)?))
            })
            .collect()
    }

    #[test]
    fn members_are_read_in_order() {
        let bytes = zip(&[("b.json", b"{}"), ("../../a", &[7; 100_000]), ("dir/", b"")]);
        let all = read_all(bytes, &Limits::default()).unwrap();
        assert_eq!(
            all,
            [
                ("b.json".to_owned(), b"{}".to_vec()),
                ("a".to_owned(), vec![7; 100_000]),
                ("dir".to_owned(), Vec::new())
            ]
        );
    }

    #[test]
    fn limits_hold() {
        let zeros = vec![0; 1 << 20];
        let bytes = zip(&[("a", &zeros), ("b", &zeros)]);
        let check = |limits: Limits, expected: &str| {
            let error = read_all(bytes.clone(), &limits).unwrap_err();
            let text = match &error {
                ZipError::Read { source, .. } => format!("{error}: {source}"),
                _ => error.to_string(),
            };
            assert_eq!(text, expected);
        };
        let limits = Limits::default();
        check(Limits { max_entries: 1, ..limits }, "zip has 2 entries, more than 1");
        check(
            Limits { max_output_bytes: 3 << 19, ..limits },
            "reading b from the zip: zip unpacks to more than 1572864 bytes",
        );
        check(
            Limits { max_ratio: 100, ratio_floor_bytes: 1 << 16, ..limits },
            "reading a from the zip: zip entry unpacks more than 100 to one",
        );
        let large = zip(&[("a", &vec![0; (1 << 20) + 1])]);
        let error = read_all(large, &limits).unwrap_err();
        assert_eq!(error.to_string(), "a unpacks to more than 1048576 bytes");
    }

    #[test]
    fn damage_is_an_error() {
        let bytes = zip(&[("a.json", b"some content that is stored or deflated")]).into_inner();
        for length in 0..bytes.len() {
            let result = read_all(Cursor::new(bytes[..length].to_vec()), &Limits::default());
            assert!(result.is_err(), "cut at {length}");
        }
        // The content's first byte: the checksum no longer fits.
        let mut flipped = bytes;
        let start = 30 + "a.json".len();
        flipped[start + 4] ^= 1;
        assert!(read_all(Cursor::new(flipped), &Limits::default()).is_err());
    }
}
