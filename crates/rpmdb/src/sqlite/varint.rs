//! sqlite's variable-length integers: seven bits a byte, most significant first, the ninth byte whole.

/// The integer at the start of `bytes` and how many bytes it takes.
pub(super) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(8).enumerate() {
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    let last = bytes.get(8)?;
    Some((value << 8 | u64::from(*last), 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_nine_bytes() {
        fn check(bytes: &[u8], expected: Option<(u64, usize)>) {
            assert_eq!(read(bytes), expected, "{bytes:?}");
        }
        check(&[0x7f, 1], Some((0x7f, 1)));
        check(&[0x81, 0x00], Some((0x80, 2)));
        check(&[0xff; 9], Some((u64::MAX, 9)));
        check(&[0x80; 9], Some((0x80, 9)));
        check(&[0xff; 8], None);
        check(&[0x80], None);
        check(&[], None);
    }
}
