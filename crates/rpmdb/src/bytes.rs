//! Integers at an offset of a borrowed slice; `None` where the slice ends first.

/// Order of an integer's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let array = array(bytes, at)?;
        Some(match self {
            Self::Little => u16::from_le_bytes(array),
            Self::Big => u16::from_be_bytes(array),
        })
    }

    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let array = array(bytes, at)?;
        Some(match self {
            Self::Little => u32::from_le_bytes(array),
            Self::Big => u32::from_be_bytes(array),
        })
    }

    pub(crate) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let array = array(bytes, at)?;
        Some(match self {
            Self::Little => u64::from_le_bytes(array),
            Self::Big => u64::from_be_bytes(array),
        })
    }
}

/// The `length` bytes at `at`.
pub(crate) fn part(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..)?.get(..length)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_end_with_the_slice() {
        let bytes = [1, 2, 3, 4, 5];
        assert_eq!(ByteOrder::Big.u32(&bytes, 1), Some(0x0203_0405));
        assert_eq!(ByteOrder::Little.u32(&bytes, 1), Some(0x0504_0302));
        assert_eq!(ByteOrder::Little.u16(&bytes, 0), Some(0x0201));
        assert_eq!(ByteOrder::Big.u32(&bytes, 2), None);
        assert_eq!(ByteOrder::Big.u64(&bytes, 0), None);
        assert_eq!(ByteOrder::Big.u16(&bytes, usize::MAX), None);
        assert_eq!(part(&bytes, 4, usize::MAX), None);
    }
}
