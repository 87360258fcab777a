//! PAX extended headers: `<length> <key>=<value>\n` records.

use super::sparse::{SparseHints, parse_decimal};

/// The records of one PAX header that say where bodies end and what members are called.
#[derive(Default)]
pub(super) struct PaxRecords {
    pub(super) path: Vec<u8>,
    pub(super) link_path: Vec<u8>,
    pub(super) size: Option<u64>,
    pub(super) sparse: SparseHints,
}

/// Parses all records; unknown keys are ignored, malformed records are an error.
pub(super) fn parse(mut bytes: &[u8]) -> Result<PaxRecords, &'static str> {
    let mut records = PaxRecords::default();
    while !bytes.is_empty() {
        let (key, value, rest) = split_record(bytes).ok_or("malformed record")?;
        records.set(key, value)?;
        bytes = rest;
    }
    records.sparse.finish()?;
    Ok(records)
}

fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|&byte| byte == b' ')?;
    let length = usize::try_from(parse_decimal(&bytes[..space])?).ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    let (key, value) = (&record[..equals], &record[equals + 1..]);
    (!key.is_empty()).then_some((key, value, &bytes[length..]))
}

impl PaxRecords {
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        match key {
            b"path" => self.path = value.to_vec(),
            b"linkpath" if value.contains(&0) => return Err("NUL byte in linkpath"),
            b"linkpath" => self.link_path = value.to_vec(),
            b"size" if value.is_empty() => self.size = None,
            b"size" => self.size = Some(parse_decimal(value).ok_or("invalid size")?),
            _ => {
                if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.set(key, value)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_by_their_length() {
        let records = parse(b"16 path=a\nb=c\nd\n11 size=17\n13 mtime=1.5\n").unwrap();
        assert_eq!(records.path, b"a\nb=c\nd");
        assert_eq!(records.size, Some(17));
    }

    #[test]
    fn malformed_records_are_errors() {
        let check = |bytes: &[u8], expected| assert_eq!(parse(bytes).err(), expected, "{bytes:?}");
        check(b"", None);
        check(b"6 a=b\n", None);
        check(b"6 a=b", Some("malformed record"));
        check(b"7 a=b\n", Some("malformed record"));
        check(b"5 a=b\n", Some("malformed record"));
        check(b"0 a=b\n", Some("malformed record"));
        check(b"5 =bc\n", Some("malformed record"));
        check(b"5 abc\n", Some("malformed record"));
        check(b"99999999999999999999 a=b\n", Some("malformed record"));
        check(b"-6 a=b\n", Some("malformed record"));
        check(b"11 size=-1\n", Some("invalid size"));
        check(b"28 size=9223372036854775808\n", Some("invalid size"));
    }
}
