//! `Decoder` over every compression, whole, cut, damaged and too large.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

use std::io::{self, BufReader, Read, Write};

use flate2::write::GzEncoder;
use liblzma::write::XzEncoder;
use plimsoll_unpack::{Compression, DecodeError, Decoder, Limits};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A frame that decoders skip; zstd:chunked keeps its table of contents in such.
fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[0x50, 0x2a, 0x4d, 0x18][..], &length.to_le_bytes(), content].concat()
}

fn decode(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::buffered(bytes, limits)?;
    let (mut all, mut buffer) = (Vec::new(), vec![0; 4096]);
    loop {
        match decoder.decode(&mut buffer)? {
            0 => return Ok(all),
            n => all.extend_from_slice(&buffer[..n]),
        }
    }
}

fn sample() -> Vec<u8> {
    (0..200_000u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[..3].to_vec())
        .collect()
}

#[track_caller]
fn check_error(bytes: &[u8], limits: &Limits, expected: &str) {
    assert_eq!(decode(bytes, limits).expect_err("an error").to_string(), expected);
}

#[test]
fn every_compression_is_told_by_its_first_bytes() {
    let sample = sample();
    let check = |bytes: Vec<u8>, compression: Compression| {
        // One byte at a time: detection must not depend on how much the first read gives.
        for buffer in [1, 1 << 18] {
            let reader = BufReader::with_capacity(buffer, &bytes[..]);
            let mut decoder = Decoder::new(reader, &Limits::default()).unwrap();
            assert_eq!(decoder.compression(), compression);
            let mut all = Vec::new();
            decoder.read_to_end(&mut all).unwrap();
            assert!(all == sample, "{compression}, buffer of {buffer}");
        }
    };
    let (start, end) = sample.split_at(77_777);
    check(sample.clone(), Compression::None);
    check(gzip(&sample), Compression::Gzip);
    check([gzip(start), gzip(b""), gzip(end)].concat(), Compression::Gzip);
    check(zstd(&sample), Compression::Zstd);
    check([zstd(start), skippable(b"manifest"), zstd(end)].concat(), Compression::Zstd);
    check([skippable(b"first"), zstd(&sample), skippable(b"last")].concat(), Compression::Zstd);
    check(xz(&sample), Compression::Xz);
    check([xz(start), xz(end)].concat(), Compression::Xz);
}

#[test]
fn short_streams_are_uncompressed() {
    for bytes in [&b""[..], b"\x1f", b"\x1f\x8b", b"hello"] {
        assert_eq!(decode(bytes, &Limits::default()).unwrap(), bytes);
    }
}

#[test]
fn every_cut_is_a_truncated_stream() {
    let content = b"content that is long enough to be cut anywhere, cut anywhere, cut anywhere";
    let check = |bytes: Vec<u8>, expected: &str| {
        for length in 6..bytes.len() {
            check_error(&bytes[..length], &Limits::default(), expected);
        }
    };
    check(gzip(content), "truncated gzip stream");
    check(zstd(content), "truncated zstd stream");
    check(xz(content), "truncated xz stream");
    // Also in the second member.
    let first = gzip(content);
    let both = [first.clone(), gzip(content)].concat();
    for length in first.len() + 1..both.len() {
        check_error(&both[..length], &Limits::default(), "truncated gzip stream");
    }
}

#[test]
fn damage_and_trailing_garbage_are_corrupt() {
    let content = sample();
    let check = |mut bytes: Vec<u8>, position: usize, compression: &str| {
        bytes[position] ^= 0x40;
        let error = decode(&bytes, &Limits::default()).expect_err("an error").to_string();
        assert!(error.starts_with(&format!("corrupt {compression} stream: ")), "{error}");
    };
    let (gz, zst, xz) = (gzip(&content), zstd(&content), xz(&content));
    check(gz.clone(), gz.len() - 6, "gzip");
    check(zst.clone(), zst.len() - 2, "zstd");
    check(xz.clone(), xz.len() / 2, "xz");
    for (bytes, compression) in [(gz, "gzip"), (zst, "zstd"), (xz, "xz")] {
        let bytes = [bytes, b"garbage behind the end".to_vec()].concat();
        let error = decode(&bytes, &Limits::default()).expect_err("an error").to_string();
        assert!(error.starts_with(&format!("corrupt {compression} stream: ")), "{error}");
    }
}

#[test]
fn bombs_are_stopped() {
    let zeros = vec![0; 4 << 20];
    let size = Limits { max_output_bytes: 1 << 20, ..Limits::default() };
    let ratio = Limits { max_ratio: 100, ratio_floor_bytes: 1 << 20, ..Limits::default() };
    for bytes in [zeros.clone(), gzip(&zeros), zstd(&zeros), xz(&zeros)] {
        check_error(&bytes, &size, "stream unpacks to more than 1048576 bytes");
    }
    for bytes in [gzip(&zeros), zstd(&zeros), xz(&zeros)] {
        let error = decode(&bytes, &ratio).expect_err("an error");
        assert!(matches!(error, DecodeError::Ratio { limit: 100, .. }), "{error}");
        // Below the floor nothing is judged.
        let floor = Limits { ratio_floor_bytes: 4 << 20, ..ratio };
        assert_eq!(decode(&bytes, &floor).unwrap().len(), 4 << 20);
    }
    assert_eq!(decode(&zeros, &ratio).unwrap().len(), 4 << 20);
    let exact = Limits { max_output_bytes: 4 << 20, ..Limits::default() };
    assert_eq!(decode(&gzip(&zeros), &exact).unwrap().len(), 4 << 20);
}

#[test]
fn decoders_that_want_too_much_memory_are_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    let bytes = encoder.finish().unwrap();
    check_error(&bytes, &Limits::default(), "zstd stream needs too much memory to decode");
    let wide = Limits { max_zstd_window_log: 27, ..Limits::default() };
    assert_eq!(decode(&bytes, &wide).unwrap().len(), 1 << 20);

    // A dictionary of 256 MiB, as no preset of xz has.
    let mut options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
    options.dict_size(256 << 20);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let stream =
        liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::Crc32)
            .unwrap();
    let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(b"small").unwrap();
    let bytes = encoder.finish().unwrap();
    check_error(&bytes, &Limits::default(), "xz stream needs too much memory to decode");
}

/// Gives some bytes and then fails.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by test")),
            n => Ok(n),
        }
    }
}

#[test]
fn a_failing_source_is_the_error() {
    for bytes in [sample(), gzip(&sample()), zstd(&sample()), xz(&sample())] {
        let half = Failing(&bytes[..bytes.len() / 2]);
        let mut decoder = Decoder::buffered(half, &Limits::default()).unwrap();
        let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let decode_error = error.get_ref().unwrap();
        assert_eq!(decode_error.source().unwrap().to_string(), "connection reset by test");
    }
}
