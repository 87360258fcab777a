use super::*;

type Row<'a> = (u32, u32, u32, &'a [u8]);

/// A header of entries `(tag, kind, count, data)`; the caller aligns.
fn header(rows: &[Row<'_>]) -> Vec<u8> {
    let store: Vec<u8> = rows.iter().flat_map(|row| row.3.iter().copied()).collect();
    let mut blob = Vec::new();
    blob.extend((rows.len() as u32).to_be_bytes());
    blob.extend((store.len() as u32).to_be_bytes());
    let mut offset = 0;
    for (tag, kind, count, data) in rows {
        for word in [*tag, *kind, offset, *count] {
            blob.extend(word.to_be_bytes());
        }
        offset += data.len() as u32;
    }
    blob.extend(store);
    blob
}

#[test]
fn the_last_entry_of_a_tag_counts() {
    let blob = header(&[(1000, 6, 1, b"old\0"), (1000, 6, 1, b"new\0")]);
    let header = Header::parse(&blob).unwrap();
    assert_eq!(header.string(Tag::NAME), Ok(Some(&b"new"[..])));
    assert_eq!(header.string(Tag::VERSION), Ok(None));
}

#[test]
fn the_first_string_of_several_is_the_untranslated_one() {
    let blob = header(&[(1011, 9, 2, b"Firm\0Firma\0"), (5000, 8, 1, b"x\0")]);
    let header = Header::parse(&blob).unwrap();
    assert_eq!(header.string(Tag::VENDOR), Ok(Some(&b"Firm"[..])));
    assert_eq!(header.verify(), Ok(()));
}

#[test]
fn integers_of_every_width_are_read() {
    fn check(kind: u32, data: &[u8], expected: &Result<Option<u64>, HeaderError>) {
        let blob = header(&[(1003, kind, 1, data)]);
        assert_eq!(Header::parse(&blob).unwrap().number(Tag::EPOCH).as_ref(), expected.as_ref());
    }
    check(2, &[7], &Ok(Some(7)));
    check(3, &[1, 2], &Ok(Some(0x102)));
    check(4, &[1, 2, 3, 4], &Ok(Some(0x0102_0304)));
    check(5, &[0, 0, 0, 1, 0, 0, 0, 0], &Ok(Some(1 << 32)));
    check(4, &[1, 2, 3], &Err(HeaderError::Entry(Tag::EPOCH)));
    check(6, b"1\0", &Err(HeaderError::Kind { tag: Tag::EPOCH, kind: Kind::String }));
}

#[test]
fn lengths_must_agree() {
    fn check(blob: &[u8], expected: &HeaderError) {
        assert_eq!(&Header::parse(blob).unwrap_err(), expected);
    }
    let sound = header(&[(1000, 6, 1, b"a\0")]);
    check(&sound[..7], &HeaderError::Cut);
    check(&sound[..20], &HeaderError::Cut);
    check(&sound[..25], &HeaderError::Length { stated: 2, found: 1 });
    check(&[&sound[..], &[0]].concat(), &HeaderError::Length { stated: 2, found: 3 });
    check(&[0; 8], &HeaderError::EntryCount(0));
    check(&[0, 1, 0, 0, 0, 0, 0, 0], &HeaderError::EntryCount(0x1_0000));
    check(&[0, 0, 0, 1, 0x10, 0, 0, 0], &HeaderError::StoreLength(0x1000_0000));
}

#[test]
fn a_damaged_entry_is_named() {
    fn check(rows: &[Row<'_>], expected: &Result<(), HeaderError>) {
        assert_eq!(Header::parse(&header(rows)).unwrap().verify().as_ref(), expected.as_ref());
    }
    let broken = |tag| Err(HeaderError::Entry(Tag(tag)));
    check(&[(1000, 6, 1, b"a\0"), (9999, 2, 1, &[1])], &Ok(()));
    check(&[(1000, 6, 1, b"a")], &broken(1000));
    check(&[(1000, 6, 2, b"a\0b\0")], &broken(1000));
    check(&[(1000, 8, 3, b"a\0b\0")], &broken(1000));
    check(&[(1000, 8, u32::MAX, b"a\0b\0")], &broken(1000));
    check(&[(1000, 8, 0, b"a\0")], &broken(1000));
    check(&[(1000, 6, 1, b"a\0"), (1003, 4, 0x4000_0001, &[0; 4])], &broken(1003));
    check(&[(1000, 2, 1, &[1]), (1003, 3, 1, &[0; 2])], &broken(1003));
    check(&[(1000, 10, 1, b"a\0")], &broken(1000));
    check(&[(99, 6, 1, b"a\0")], &broken(99));
    // The first entry claims the second's data.
    check(&[(1000, 8, 2, b"a\0"), (1001, 6, 1, b"b\0")], &broken(1001));
}

#[test]
fn a_region_needs_its_trailer() {
    fn check(trailer: [u32; 4], expected: &Result<(), HeaderError>) {
        let trailer: Vec<u8> = trailer.iter().flat_map(|word| word.to_be_bytes()).collect();
        let mut blob = header(&[(63, 7, 16, &[]), (1000, 6, 1, b"abc\0"), (1001, 7, 16, &trailer)]);
        blob[16..20].copy_from_slice(&4_u32.to_be_bytes());
        assert_eq!(Header::parse(&blob).unwrap().verify().as_ref(), expected.as_ref());
    }
    let back = |entries: u32| (entries * 16).wrapping_neg();
    check([63, 7, back(2), 16], &Ok(()));
    check([63, 7, back(4), 16], &Err(HeaderError::Region));
    check([63, 7, back(0), 16], &Err(HeaderError::Region));
    check([63, 7, back(2) + 1, 16], &Err(HeaderError::Region));
    check([1000, 7, back(2), 16], &Err(HeaderError::Region));
    check([63, 6, back(2), 16], &Err(HeaderError::Region));
    check([63, 7, back(2), 15], &Err(HeaderError::Region));
}
