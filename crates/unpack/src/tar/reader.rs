//! The framing: headers, extension headers, bodies, padding, end.

use std::io::{self, BufRead};

use ::tar::GnuExtSparseHeader;

use super::entry::{Body, Entry, Member, MemberFlag, clamp};
use super::error::TarError;
use super::header::{BLOCK_BYTES, Block, RawHeader, until_nul};
use super::pax::{self, PaxRecords};
use super::sparse::{self, BodyMap, PaxSparse};
use crate::limits::Limits;

/// Go's limit on a long name or PAX header; real ones stay below 64 KiB (large xattrs).
const MAX_EXTENSION_BYTES: u64 = 1 << 20;

/// A member has at most a PAX header, a global one, a long name and a long link.
const MAX_EXTENSIONS_PER_ENTRY: u32 = 16;

/// Reads the members of a tar in order.
pub struct TarReader<R> {
    source: R,
    limits: Limits,
    offset: u64,
    entries: u64,
    at_end: bool,
    member: Member,
    body: Body,
    name: Vec<u8>,
    extension: Vec<u8>,
}

/// What the extension headers in front of a member said.
#[derive(Default)]
struct Extensions {
    pax: PaxRecords,
    long_name: Vec<u8>,
    long_link: Vec<u8>,
}

impl<R: BufRead + Send> TarReader<R> {
    /// Reads from the first header on; give it a reader with a large buffer.
    pub fn new(source: R, limits: &Limits) -> Self {
        Self {
            source,
            limits: *limits,
            offset: 0,
            entries: 0,
            at_end: false,
            member: Member::default(),
            body: Body::new(limits.max_output_bytes),
            name: Vec::new(),
            extension: Vec::new(),
        }
    }

    /// Members seen so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The reader, wherever in the tar it stands.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// The next member, or nothing at the tar's end; what was not read of the last is skipped.
    ///
    /// After an error the reader's position is lost: every later call finds the end.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, TarError> {
        if self.at_end {
            return Ok(None);
        }
        // Cleared below only once a member is complete, so that errors are final.
        self.at_end = true;
        self.finish_body()?;
        let mut block = [0; BLOCK_BYTES];
        let mut extensions = Extensions::default();
        for _ in 0..=MAX_EXTENSIONS_PER_ENTRY {
            let offset = self.offset;
            if !self.read_header_block(&mut block)? {
                return Ok(None);
            }
            let header = RawHeader::new(&block, offset)?;
            match header.flag() {
                b'x' => extensions.pax = self.read_pax(&header)?,
                // A global header is checked for its form and then has no effect, as in Go.
                b'g' => drop(self.read_pax(&header)?),
                b'L' => extensions.long_name = self.read_long(&header)?,
                b'K' => extensions.long_link = self.read_long(&header)?,
                _ => {
                    self.start_member(&header, extensions)?;
                    self.at_end = false;
                    return Ok(Some(Entry {
                        source: &mut self.source,
                        body: &mut self.body,
                        member: &self.member,
                    }));
                }
            }
        }
        let limit = MAX_EXTENSIONS_PER_ENTRY;
        Err(TarError::TooManyExtensions { offset: self.offset, limit })
    }

    /// Sets the current member from its header and what came before it.
    fn start_member(
        &mut self,
        header: &RawHeader<'_>,
        extensions: Extensions,
    ) -> Result<(), TarError> {
        let offset = header.offset;
        if self.entries == self.limits.max_entries {
            return Err(TarError::TooManyEntries { limit: self.limits.max_entries });
        }
        self.entries += 1;
        let Extensions { pax, long_name, long_link } = extensions;

        self.name.clear();
        let sparse_name = if pax.sparse.is_sparse() { &pax.sparse.name[..] } else { &[] };
        match [sparse_name, &long_name, &pax.path].into_iter().find(|name| !name.is_empty()) {
            Some(name) => self.name.extend_from_slice(name),
            None => header.append_name(&mut self.name),
        }
        self.member.link.clear();
        self.member.link.extend_from_slice(
            [&long_link, &pax.link_path]
                .into_iter()
                .find(|link| !link.is_empty())
                .map_or(header.link_name(), Vec::as_slice),
        );
        self.member.mode = header.mode();
        self.member.flag = member_flag(header.flag(), &self.name);

        let limits = &self.limits.path;
        let named = |source| TarError::Path { offset, source };
        self.member.path.assign(&self.name, limits).map_err(named)?;
        if self.member.flag == MemberFlag::Hardlink {
            self.member.hardlink.assign(&self.member.link, limits).map_err(named)?;
        }

        let stored = match self.member.flag {
            MemberFlag::File | MemberFlag::Other(_) => {
                pax.size.map_or_else(|| header.size(), Ok)?
            }
            _ => 0,
        };
        if header.flag() == b'S' {
            return self.start_old_gnu_sparse(header, stored);
        }
        let layout = match self.member.flag {
            MemberFlag::File => pax.sparse.layout(),
            _ => PaxSparse::None,
        };
        self.start_body(stored, layout, offset)
    }

    fn start_body(&mut self, stored: u64, layout: PaxSparse, offset: u64) -> Result<(), TarError> {
        let padding = padding_after(stored);
        let malformed = |reason| TarError::Sparse { offset, reason };
        match layout {
            PaxSparse::None => self.body.start_whole(stored, padding),
            PaxSparse::InRecords { map, real_size } => {
                let size = real_size.unwrap_or(stored);
                let segments =
                    sparse::segments(sparse::pairs(&map), size, stored).map_err(malformed)?;
                self.body.start_sparse(size, segments, padding);
            }
            PaxSparse::InBody { real_size } => {
                let (mut rest, mut reader, mut block) =
                    (stored, BodyMap::default(), [0; BLOCK_BYTES]);
                let map = loop {
                    rest = rest
                        .checked_sub(BLOCK_BYTES as u64)
                        .ok_or_else(|| malformed("the map is longer than the body"))?;
                    self.read_block(&mut block, offset)?;
                    if let Some(map) = reader.push(&block).map_err(malformed)? {
                        break map;
                    }
                };
                let size = real_size.unwrap_or(rest);
                let segments =
                    sparse::segments(sparse::pairs(&map), size, rest).map_err(malformed)?;
                self.body.start_sparse(size, segments, padding);
            }
        }
        Ok(())
    }

    /// The map of an old GNU sparse member is in its header and in blocks that follow it.
    fn start_old_gnu_sparse(
        &mut self,
        header: &RawHeader<'_>,
        stored: u64,
    ) -> Result<(), TarError> {
        let offset = header.offset;
        let malformed = |reason| TarError::Sparse { offset, reason };
        let gnu = header.as_gnu().ok_or_else(|| malformed("not a GNU header"))?;
        let size = header.numeric("real size", &gnu.realsize)?;
        let mut map = Vec::new();
        sparse::push_gnu_entries(&gnu.sparse, &mut map).map_err(malformed)?;
        let mut is_extended = gnu.is_extended();
        let mut blocks = 0;
        while is_extended {
            // Blocks without entries would let the loop go on for ever.
            blocks += 1;
            if blocks > sparse::MAX_SEGMENTS / 21 + 1 {
                return Err(malformed("too many parts"));
            }
            let mut extension = GnuExtSparseHeader::new();
            self.read_block(extension.as_mut_bytes(), offset)?;
            sparse::push_gnu_entries(extension.sparse(), &mut map).map_err(malformed)?;
            is_extended = extension.is_extended();
        }
        let segments = sparse::segments(map, size, stored).map_err(malformed)?;
        self.body.start_sparse(size, segments, padding_after(stored));
        Ok(())
    }

    fn read_pax(&mut self, header: &RawHeader<'_>) -> Result<PaxRecords, TarError> {
        self.read_extension(header)?;
        pax::parse(&self.extension)
            .map_err(|reason| TarError::Pax { offset: header.offset, reason })
    }

    fn read_long(&mut self, header: &RawHeader<'_>) -> Result<Vec<u8>, TarError> {
        self.read_extension(header)?;
        Ok(until_nul(&self.extension).to_vec())
    }

    /// Reads the body of an extension header, growing as bytes arrive.
    fn read_extension(&mut self, header: &RawHeader<'_>) -> Result<(), TarError> {
        let (offset, bytes) = (header.offset, header.size()?);
        if bytes > MAX_EXTENSION_BYTES {
            let limit = MAX_EXTENSION_BYTES;
            return Err(TarError::ExtensionTooLarge { offset, bytes, limit });
        }
        self.extension.clear();
        let mut block = [0; BLOCK_BYTES];
        let mut rest = bytes;
        while rest > 0 {
            self.read_block(&mut block, offset)?;
            let n = clamp(rest, BLOCK_BYTES);
            self.extension.extend_from_slice(&block[..n]);
            rest -= n as u64;
        }
        Ok(())
    }

    /// Reads the next header; nothing at the end of the tar.
    fn read_header_block(&mut self, block: &mut Block) -> Result<bool, TarError> {
        if self.peek()?.is_empty() {
            return Ok(false);
        }
        let offset = self.offset;
        self.read_block(block, offset)?;
        if *block != [0; BLOCK_BYTES] {
            return Ok(true);
        }
        if self.peek()?.is_empty() {
            return Ok(false);
        }
        let offset = self.offset;
        self.read_block(block, offset)?;
        if *block == [0; BLOCK_BYTES] {
            return Ok(false);
        }
        Err(TarError::LoneZeroBlock { offset })
    }

    /// Reads one whole block, which belongs to the header at `offset`.
    fn read_block(&mut self, block: &mut Block, offset: u64) -> Result<(), TarError> {
        let mut filled = 0;
        while filled < BLOCK_BYTES {
            let available = self.peek()?;
            if available.is_empty() {
                return Err(TarError::TruncatedHeader { offset });
            }
            let n = available.len().min(BLOCK_BYTES - filled);
            block[filled..filled + n].copy_from_slice(&available[..n]);
            filled += n;
            self.source.consume(n);
        }
        self.offset += BLOCK_BYTES as u64;
        Ok(())
    }

    /// Skips what is left of the current member.
    fn finish_body(&mut self) -> Result<(), TarError> {
        let mut rest = self.body.stored + self.body.padding;
        while rest > 0 {
            let available = self.peek()?.len();
            if available == 0 {
                return Err(TarError::TruncatedBody { path: self.member.path.to_string() });
            }
            let n = clamp(rest, available);
            self.source.consume(n);
            rest -= n as u64;
        }
        self.offset += self.body.length;
        self.body.start_whole(0, 0);
        Ok(())
    }

    fn peek(&mut self) -> Result<&[u8], TarError> {
        // Asked twice, since the borrow checker does not let one call be tried again and returned;
        // the second call only lends what the first one read.
        while let Err(error) = self.source.fill_buf() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(TarError::Read(error));
            }
        }
        self.source.fill_buf().map_err(TarError::Read)
    }
}

/// Bytes from the end of a body to the next block.
fn padding_after(stored: u64) -> u64 {
    stored.next_multiple_of(BLOCK_BYTES as u64) - stored
}

fn member_flag(flag: u8, name: &[u8]) -> MemberFlag {
    match flag {
        // Before POSIX a directory was a file whose name ends in a slash.
        0 if name.ends_with(b"/") => MemberFlag::Dir,
        0 | b'0' | b'7' | b'S' => MemberFlag::File,
        b'1' => MemberFlag::Hardlink,
        b'2' => MemberFlag::Symlink,
        b'3' => MemberFlag::CharDevice,
        b'4' => MemberFlag::BlockDevice,
        b'5' => MemberFlag::Dir,
        b'6' => MemberFlag::Fifo,
        other => MemberFlag::Other(other),
    }
}
