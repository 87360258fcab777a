//! The fixed 512-byte header.

use ::tar::{GnuHeader, Header};

use super::error::TarError;

/// Tar's unit: headers and bodies begin at multiples of it.
pub(super) const BLOCK_BYTES: usize = 512;

/// One block of a tar.
pub(super) type Block = [u8; BLOCK_BYTES];

/// A header whose checksum fits, with the position that errors name.
pub(super) struct RawHeader<'a> {
    header: &'a Header,
    pub(super) offset: u64,
}

/// Star's header keeps two times in the last bytes of the name prefix and ends in this mark.
const STAR_TRAILER: &[u8] = b"tar\0";
const STAR_PREFIX_BYTES: usize = 131;

impl<'a> RawHeader<'a> {
    pub(super) fn new(block: &'a Block, offset: u64) -> Result<Self, TarError> {
        let header = Header::from_byte_slice(block);
        let number = RawHeader { header, offset };
        let stored = number.numeric("checksum", &header.as_old().cksum)?;
        let (mut unsigned, mut signed) = (0u64, 0i64);
        for (position, &byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&position) { b' ' } else { byte };
            unsigned += u64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        // Some old writers summed signed characters.
        if stored == unsigned || i64::try_from(stored) == Ok(signed) {
            Ok(number)
        } else {
            Err(TarError::Checksum { offset })
        }
    }

    /// The type flag.
    pub(super) fn flag(&self) -> u8 {
        self.header.as_old().linkflag[0]
    }

    /// The size field: bytes stored in the tar after this header.
    pub(super) fn size(&self) -> Result<u64, TarError> {
        self.numeric("size", &self.header.as_old().size)
    }

    /// Permission bits; zero where the field is not a number, since nothing depends on them.
    pub(super) fn mode(&self) -> u32 {
        let mode = parse_number(&self.header.as_old().mode).unwrap_or(0);
        u32::try_from(mode & 0o7777).unwrap_or(0)
    }

    /// Appends the name, with a POSIX header's prefix in front.
    pub(super) fn append_name(&self, path: &mut Vec<u8>) {
        if let Some(ustar) = self.header.as_ustar() {
            let is_star = self.header.as_bytes().ends_with(STAR_TRAILER);
            let length = if is_star { STAR_PREFIX_BYTES } else { ustar.prefix.len() };
            let prefix = until_nul(&ustar.prefix[..length]);
            if !prefix.is_empty() {
                path.extend_from_slice(prefix);
                path.push(b'/');
            }
        }
        path.extend_from_slice(until_nul(&self.header.as_old().name));
    }

    /// The link target.
    pub(super) fn link_name(&self) -> &'a [u8] {
        until_nul(&self.header.as_old().linkname)
    }

    /// The GNU view of the header, if it is one.
    pub(super) fn as_gnu(&self) -> Option<&'a GnuHeader> {
        self.header.as_gnu()
    }

    /// Parses a numeric field of this header.
    pub(super) fn numeric(&self, field: &'static str, bytes: &[u8]) -> Result<u64, TarError> {
        parse_number(bytes).ok_or(TarError::Number { field, offset: self.offset })
    }
}

/// Bytes up to the first NUL.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Octal digits between spaces and NULs, or base 256; nothing if negative or above `i64::MAX`,
/// beyond which sums of sizes could overflow.
pub(super) fn parse_number(field: &[u8]) -> Option<u64> {
    let value = match field.split_first() {
        Some((first, rest)) if first & 0x80 != 0 => {
            if first & 0x40 != 0 {
                return None;
            }
            rest.iter().try_fold(u64::from(first & 0x3f), |value, &byte| {
                Some(value.checked_mul(256)? | u64::from(byte))
            })?
        }
        _ => {
            let start = field.iter().position(|byte| !b" \0".contains(byte)).unwrap_or(field.len());
            let digits = until_nul(&field[start..]).trim_ascii_end();
            digits.iter().try_fold(0u64, |value, &digit| match digit {
                b'0'..=b'7' => Some(value.checked_mul(8)? | u64::from(digit - b'0')),
                _ => None,
            })?
        }
    };
    i64::try_from(value).ok()?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_writers_write_them() {
        let check = |field: &[u8], expected| assert_eq!(parse_number(field), expected, "{field:?}");
        check(b"00000000017\0", Some(15));
        check(b"      17 \0", Some(15));
        check(b"17\0garbage", Some(15));
        check(b"\0\0\0\0", Some(0));
        check(b"", Some(0));
        check(b"0000008\0", None);
        check(b"-000001\0", None);
        check(b"1 7\0", None);
        check(b"\x80\0\0\0\0\0\0\0\0\0\x01\x02", Some(258));
        check(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX as u64));
        check(b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None);
        check(b"\x80\x01\0\0\0\0\0\0\0\0\0\0", None);
        check(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None);
    }
}
