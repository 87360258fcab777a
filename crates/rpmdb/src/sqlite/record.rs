//! A row's record: the kinds of its columns, then their values.

use super::varint;

/// The schema table has five columns, `Packages` two; a row with more is neither.
const MAX_COLUMNS: usize = 5;

/// A column's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    /// A floating-point number, which no column here has.
    Real,
    Blob(&'a [u8]),
    /// In the database's encoding.
    Text(&'a [u8]),
}

/// The values of a row, if they fill the record exactly.
pub(super) fn values(record: &[u8]) -> Option<Vec<Value<'_>>> {
    let (header_length, start) = varint::read(record)?;
    let (header, mut body) = record.split_at_checked(usize::try_from(header_length).ok()?)?;
    let mut kinds = header.get(start..)?;
    let mut values = Vec::new();
    while !kinds.is_empty() {
        if values.len() == MAX_COLUMNS {
            return None;
        }
        let (kind, width) = varint::read(kinds)?;
        kinds = kinds.get(width..)?;
        let (bytes, rest) = body.split_at_checked(value_length(kind)?)?;
        body = rest;
        values.push(value(kind, bytes));
    }
    body.is_empty().then_some(values)
}

fn value_length(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        _ => usize::try_from((kind - 12) / 2).ok(),
    }
}

fn value(kind: u64, bytes: &[u8]) -> Value<'_> {
    match kind {
        0 => Value::Null,
        1..=6 => Value::Integer(integer(bytes)),
        7 => Value::Real,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        _ if kind.is_multiple_of(2) => Value::Blob(bytes),
        _ => Value::Text(bytes),
    }
}

/// Sign-extended from however many bytes there are.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: &[u8], expected: Option<&[Value<'_>]>) {
        assert_eq!(values(record).as_deref(), expected, "{record:?}");
    }

    #[test]
    fn columns_are_read_by_their_kind() {
        check(b"\x03\x00\x10ab", Some(&[Value::Null, Value::Blob(b"ab")]));
        check(
            b"\x05\x01\x02\x08\x09\xff\x01\x02",
            Some(&[
                Value::Integer(-1),
                Value::Integer(0x102),
                Value::Integer(0),
                Value::Integer(1),
            ]),
        );
        check(b"\x02\x0fa", Some(&[Value::Text(b"a")]));
        check(b"\x02\x0712345678", Some(&[Value::Real]));
        check(b"\x01", Some(&[]));
    }

    #[test]
    fn a_record_that_is_not_filled_exactly_is_none() {
        check(b"", None);
        check(b"\x00", None);
        check(b"\x04\x00\x10ab", None);
        check(b"\x03\x00\x10a", None);
        check(b"\x03\x00\x10abc", None);
        check(b"\x02\x0a", None);
        check(b"\x07\0\0\0\0\0\0", None);
    }
}
