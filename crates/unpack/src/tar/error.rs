use std::io;

use crate::path::PathError;

/// What is wrong with a tar. Offsets count uncompressed bytes from the start.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The underlying reader failed.
    #[error("reading the tar")]
    Read(#[source] io::Error),
    /// The bytes end inside a header or an extension header.
    #[error("truncated tar: ends inside the header at byte {offset}")]
    TruncatedHeader {
        /// Where the header begins.
        offset: u64,
    },
    /// The bytes end inside a member's body or its padding.
    #[error("truncated tar: ends inside {path}")]
    TruncatedBody {
        /// The member, escaped.
        path: String,
    },
    /// A header's checksum does not fit its bytes.
    #[error("tar header at byte {offset} has a wrong checksum")]
    Checksum {
        /// Where the header begins.
        offset: u64,
    },
    /// One zero block followed by something else is neither an end nor a member.
    #[error("tar header at byte {offset} follows a single zero block")]
    LoneZeroBlock {
        /// Where the header begins.
        offset: u64,
    },
    /// A numeric field is not a number, negative, or too large.
    #[error("tar header at byte {offset} has an invalid {field}")]
    Number {
        /// The field's name.
        field: &'static str,
        /// Where the header begins.
        offset: u64,
    },
    /// A long name or PAX header is larger than any real one.
    #[error("tar extension header at byte {offset} has {bytes} bytes, more than {limit}")]
    ExtensionTooLarge {
        /// Where the header begins.
        offset: u64,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Too many extension headers in front of one member.
    #[error("more than {limit} extension headers before the tar header at byte {offset}")]
    TooManyExtensions {
        /// Where the header begins.
        offset: u64,
        /// The limit.
        limit: u32,
    },
    /// A PAX header's records are malformed.
    #[error("PAX header at byte {offset}: {reason}")]
    Pax {
        /// Where the header begins.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A sparse member's map is malformed.
    #[error("sparse map of the tar header at byte {offset}: {reason}")]
    Sparse {
        /// Where the header begins.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A member's name, or the target of its hard link, is not a path.
    #[error("name in the tar header at byte {offset}")]
    Path {
        /// Where the header begins.
        offset: u64,
        /// Why.
        #[source]
        source: PathError,
    },
    /// More bytes of sparse files' holes were read than [`Limits::max_output_bytes`], all members
    /// together.
    ///
    /// [`Limits::max_output_bytes`]: crate::Limits::max_output_bytes
    #[error("reading the holes of sparse files yields more than {limit} bytes")]
    TooManyHoles {
        /// The limit.
        limit: u64,
    },
    /// More members than [`Limits::max_entries`](crate::Limits::max_entries).
    #[error("tar has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
}
