//! Runs of ASCII digits of any length, by value.

use std::cmp::Ordering;

/// The largest value a key holds in its first byte.
const LARGEST_IN_ONE_BYTE: u8 = 246;

/// Digits beyond this many may not fit an `u64`.
const DIGITS_OF_ANY_U64: usize = 19;

/// The first byte of a number of more digits than [`DIGITS_OF_ANY_U64`].
const LONG: u8 = 255;

/// Splits the digits off the front; there may be none.
pub(crate) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Compares two runs of digits by value; leading zeros do not count, and no digits are zero.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (without_leading_zeros(a), without_leading_zeros(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Appends a self-delimiting form of the digits' value whose bytes order as the values do.
///
/// Up to 246: the value. Other numbers of at most 19 digits: 246 plus the count of their bytes,
/// then those, most significant first. Longer ones: 255, the count of digits, the digits.
pub(crate) fn push_key(digits: &[u8], key: &mut Vec<u8>) {
    let digits = without_leading_zeros(digits);
    if digits.len() > DIGITS_OF_ANY_U64 {
        key.push(LONG);
        key.extend((digits.len() as u64).to_be_bytes());
        key.extend(digits);
        return;
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    push_value_key(value, key);
}

/// [`push_key`] of a number that is already one.
pub(crate) fn push_value_key(value: u64, key: &mut Vec<u8>) {
    if let Ok(small) = u8::try_from(value)
        && small <= LARGEST_IN_ONE_BYTE
    {
        key.push(small);
        return;
    }
    let bytes = value.to_be_bytes();
    let zeros = value.leading_zeros() as usize / 8;
    let significant = bytes.get(zeros..).unwrap_or_default();
    key.push(LARGEST_IN_ONE_BYTE + significant.len() as u8);
    key.extend(significant);
}

fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    digits.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digits: &str) -> Vec<u8> {
        let mut key = Vec::new();
        push_key(digits.as_bytes(), &mut key);
        key
    }

    #[test]
    fn numbers_and_their_keys_order_by_value_at_every_change_of_form() {
        let ascending = [
            "",
            "1",
            "9",
            "10",
            "245",
            "246",
            "247",
            "255",
            "256",
            "65535",
            "65536",
            "16777215",
            "16777216",
            "20210530193627",
            "9999999999999999999",
            "10000000000000000000",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999",
            "100000000000000000000",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                let expected = i.cmp(&j);
                assert_eq!(compare(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
                assert_eq!(key(a).cmp(&key(b)), expected, "keys of {a} {b}");
            }
        }
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(compare(b"007", b"7"), Ordering::Equal);
        assert_eq!(key("007"), key("7"));
        assert_eq!(key("000"), key(""));
        assert_eq!(key("00000000000000000000000001"), key("1"));
    }

    #[test]
    fn digits_are_split_off_the_front() {
        assert_eq!(split_digits(b"12a3"), (&b"12"[..], &b"a3"[..]));
        assert_eq!(split_digits(b"a"), (&b""[..], &b"a"[..]));
        assert_eq!(split_digits(b"7"), (&b"7"[..], &b""[..]));
    }
}
