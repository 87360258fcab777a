//! Our inflate against zlib-rs: the same bytes from every valid stream, an error from every other.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::io::{BufReader, Read, Write};

use flate2::bufread::DeflateDecoder;
use flate2::{Compression as Level, Crc, GzBuilder};
use plimsoll_unpack::{Compression, Decoder, Limits};

/// Reads in pieces of `buffer` bytes: with few of them, no symbol goes through the fast loop.
fn gunzip(bytes: &[u8], buffer: usize) -> Result<Vec<u8>, String> {
    let reader = BufReader::with_capacity(buffer, bytes);
    let limits = Limits::default();
    let mut decoder = Decoder::with_compression(reader, Compression::Gzip, &limits).unwrap();
    let mut all = Vec::new();
    decoder.read_to_end(&mut all).map_err(|error| error.to_string())?;
    Ok(all)
}

#[track_caller]
fn check(bytes: &[u8], expected: &[u8]) {
    for buffer in [1, 15, 16, 17, 31, 4096, 1 << 20] {
        let all = gunzip(bytes, buffer).expect("a valid stream");
        assert!(all == expected, "pieces of {buffer}");
    }
}

fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Level::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// One gzip member around a deflate stream that unpacks to `content`.
fn member(deflated: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let header = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..];
    [header, deflated, &crc.sum().to_le_bytes(), &crc.amount().to_le_bytes()].concat()
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % n
    }

    /// Bytes of `alphabet` values, and now and then a repetition from `distance` back.
    fn bytes(&mut self, length: usize, alphabet: usize, distance: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        while bytes.len() < length {
            if self.below(8) == 0 {
                let from = bytes.len() - 1 - self.below(distance.min(bytes.len()));
                let longest = [12, 12, 12, 300][self.below(4)];
                let n = 3 + self.below(longest);
                (from..from + n).for_each(|at| bytes.push(bytes[at]));
            } else {
                // The more often, the smaller: so that the codes differ in length.
                let limit = 1 + self.below(alphabet);
                bytes.push(self.below(limit) as u8);
            }
        }
        bytes
    }
}

#[test]
fn every_level_and_kind_of_content() {
    let mut random = Random(1);
    for (length, alphabet, distance) in [
        (1, 1, 1),
        (40, 256, 4),
        (1000, 4, 1),
        (70_000, 1, 3),
        (300_000, 256, 8),
        (700_000, 60, 15),
        (1_500_000, 200, 32_768),
    ] {
        let content = random.bytes(length, alphabet, distance);
        for level in [0, 1, 6, 9] {
            check(&member(&deflate(&content, level), &content), &content);
        }
    }
    check(&member(&deflate(b"", 6), b""), b"");
}

#[test]
fn members_of_any_size_make_one_stream() {
    let mut random = Random(2);
    let (mut stream, mut content) = (Vec::new(), Vec::new());
    for length in [0, 1, 200_000, 3, 600_000, 0, 0, 30_000, 262_144, 20] {
        let part = random.bytes(length, 100, 32_768);
        stream.extend(member(&deflate(&part, 6), &part));
        content.extend(part);
    }
    check(&stream, &content);
}

#[test]
fn headers_with_every_field() {
    let content = b"content";
    let mut encoder = GzBuilder::new()
        .extra(vec![7; 300])
        .filename("layer.tar")
        .comment("made by a test")
        .write(Vec::new(), Level::default());
    encoder.write_all(content).unwrap();
    check(&encoder.finish().unwrap(), content);

    // With the header's own checksum, right and wrong.
    let plain = member(&deflate(content, 6), content);
    let header = [0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3];
    let mut crc = Crc::new();
    crc.update(&header);
    let crc = crc.sum() as u16;
    let with = |crc: u16| [&header[..], &crc.to_le_bytes(), &plain[10..]].concat();
    check(&with(crc), content);
    check_error(&with(crc ^ 1), "corrupt gzip stream: invalid checksum of the header");

    let named = |length| [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], &vec![b'n'; length]].concat();
    let name = |length| [&named(length)[..], &[0], &plain[10..]].concat();
    check(&name(511), content);
    check_error(&name(512), "corrupt gzip stream: invalid header: name too long");
}

#[track_caller]
fn check_error(bytes: &[u8], expected: &str) {
    for buffer in [1, 1 << 20] {
        assert_eq!(gunzip(bytes, buffer).expect_err("an error"), expected);
    }
}

#[test]
fn wrong_streams_are_named() {
    let check = |deflated: &[u8], expected: &str| {
        // Enough bytes behind it for the fast loop.
        let bytes = [&member(deflated, b"")[..], &[0; 40]].concat();
        check_error(&bytes, &format!("corrupt gzip stream: invalid {expected}"));
    };
    check(&[7], "block type");
    check(&[1, 5, 0, 5, 0], "length of a stored block");
    // A fixed code and a match of three bytes before there is any.
    check(&[3, 2, 0], "distance: before the start");
    // 287 codes, which is one too many.
    check(&[0b1111_0101, 0, 0, 0], "number of codes");
    // No code lengths at all.
    check(&[5, 0, 0, 0, 0], "code length");
    // Nothing in the stream, but something claimed.
    let mut bytes = member(&deflate(b"content", 6), b"content");
    let end = bytes.len() - 4;
    bytes[end] += 1;
    check_error(&bytes, "corrupt gzip stream: invalid checksum");
    // A member does not refer to the one before it.
    let both = [member(&deflate(b"aaaa", 6), b"aaaa"), member(&[3, 2, 0], b"aaa")].concat();
    check_error(&both, "corrupt gzip stream: invalid distance: before the start");
}

#[test]
fn an_error_stays_an_error() {
    let mut bytes = member(&deflate(b"content", 6), b"other");
    bytes.extend(member(&deflate(b"next", 6), b"next"));
    let mut decoder = Decoder::buffered(&bytes[..], &Limits::default()).unwrap();
    decoder.read_to_end(&mut Vec::new()).unwrap_err();
    decoder.read_to_end(&mut Vec::new()).unwrap_err();
}

/// Damages deflate streams and compares with what zlib-rs makes of them.
#[test]
fn damaged_streams_are_judged_like_zlib_does() {
    let mut random = Random(3);
    let mut n_valid = 0;
    for round in 0..20_000 {
        let length = 1 + random.below(if round % 50 == 0 { 4000 } else { 200 });
        let alphabet = 1 + random.below(256);
        let content = random.bytes(length, alphabet, 500);
        let mut deflated = deflate(&content, [1, 6][round % 2]);
        for _ in 0..1 + random.below(3) {
            // Mostly near the start, where the codes are.
            let reach = 1 + random.below(200);
            let at = random.below(deflated.len().min(reach));
            deflated[at] ^= 1 << random.below(8);
        }
        let mut oracle = DeflateDecoder::new(&deflated[..]);
        let mut expected = Vec::new();
        let is_valid = oracle.read_to_end(&mut expected).is_ok();
        let used = oracle.total_in() as usize;
        let bytes = member(&deflated[..used], &expected);
        let buffer = [1, 20, 4096][round % 3];
        match gunzip(&bytes, buffer) {
            Ok(all) => assert!(is_valid && all == expected, "round {round}: accepted"),
            Err(error) => assert!(!is_valid, "round {round}: {error}"),
        }
        n_valid += usize::from(is_valid);
    }
    // Not a test of one side only.
    assert!((1000..19_000).contains(&n_valid), "{n_valid} were valid");
}
