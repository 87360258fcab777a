//! Hashes as indexes write them.

/// What a byte is worth as a digit; [`NONE`] for all others. A table, because every package has 64 of them.
const DIGITS: [u8; 256] = {
    let mut digits = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

const NONE: u8 = 0xff;

/// The bytes of a SHA-256 in lower-case hexadecimal, the only form that archives use.
pub(crate) fn sha256(text: &[u8]) -> Option<[u8; 32]> {
    let text: &[u8; 64] = text.try_into().ok()?;
    let (pairs, _) = text.as_chunks::<2>();
    let mut bytes = [0; 32];
    let mut seen = 0;
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        let [high, low] = [high, low].map(|digit| DIGITS[usize::from(digit)]);
        seen |= high | low;
        *byte = high << 4 | low;
    }
    (seen < 16).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_of_the_right_length_counts() {
        let mut expected = [0; 32];
        expected[0] = 0x0f;
        expected[31] = 0xa5;
        assert_eq!(sha256(format!("0f{}a5", "00".repeat(30)).as_bytes()), Some(expected));
        for wrong in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"00".repeat(33)] {
            assert_eq!(sha256(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
