//! `read_layer`: digests over every byte, and the root cause of whatever goes wrong.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::error::Error;
use std::io::{self, BufRead, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::write::GzEncoder;
use plimsoll_unpack::tar::{Kind, TarReader};
use plimsoll_unpack::{
    Algorithm, Checksum, Compression, Expected, Layer, LayerError, Limits, read_layer,
};

fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, &content[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(length)
    .collect()
}

/// A tar of several pipeline buffers.
fn sample() -> Vec<u8> {
    tar(&[("etc/passwd", b"root".to_vec()), ("large", noise(5_000_000)), ("last", vec![7; 1000])])
}

fn sha256(bytes: &[u8]) -> Checksum {
    Checksum::of(Algorithm::Sha256, bytes)
}

/// Reads a layer without looking at it.
fn read(bytes: &[u8], expected: &Expected) -> Result<Layer, LayerError> {
    read_layer(bytes, expected, &Limits::default(), |_| Ok(()))
}

fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

#[track_caller]
fn check_error(result: Result<Layer, LayerError>, expected: &str) {
    assert_eq!(chain(&result.expect_err("an error")), expected);
}

#[test]
fn both_digests_cover_every_byte() {
    let mut plain = sample();
    // Behind the end mark: more zero blocks, and something that no reader of tars looks at.
    plain.extend_from_slice(&[0; 10_240]);
    plain.extend_from_slice(&noise(700_000));
    let check = |bytes: &[u8], compression| {
        let expected = Layer {
            compression,
            digest: sha256(bytes),
            compressed_size: bytes.len() as u64,
            diff_id: sha256(&plain),
            size: plain.len() as u64,
            entries: 3,
        };
        let claimed = Expected {
            digest: Some(expected.digest),
            size: Some(expected.compressed_size),
            diff_id: Some(expected.diff_id),
        };
        assert_eq!(read(bytes, &Expected::default()).unwrap(), expected);
        assert_eq!(read(bytes, &claimed).unwrap(), expected);
    };
    check(&plain, Compression::None);
    check(&gzip(&plain), Compression::Gzip);
    check(&[gzip(&plain[..999_999]), gzip(&plain[999_999..])].concat(), Compression::Gzip);
    check(&zstd(&plain), Compression::Zstd);
}

#[test]
fn sha512_is_used_where_it_is_expected() {
    let (plain, bytes) = (sample(), gzip(&sample()));
    let sha512 = |bytes: &[u8]| Checksum::of(Algorithm::Sha512, bytes);
    let expected = Expected { digest: Some(sha512(&bytes)), ..Expected::default() };
    let layer = read(&bytes, &expected).unwrap();
    assert_eq!((layer.digest, layer.diff_id), (sha512(&bytes), sha256(&plain)));
    // Uncompressed, with two algorithms over the same bytes.
    let layer = read(&plain, &Expected { digest: Some(sha512(&plain)), ..expected }).unwrap();
    assert_eq!((layer.digest, layer.diff_id), (sha512(&plain), sha256(&plain)));
    let expected = Expected { diff_id: Some(sha512(&plain)), ..Expected::default() };
    let layer = read(&plain, &expected).unwrap();
    assert_eq!((layer.digest, layer.diff_id), (sha256(&plain), sha512(&plain)));
}

#[test]
fn entries_are_visited_in_order_with_their_content() {
    for bytes in [sample(), gzip(&sample()), zstd(&sample())] {
        let mut seen = Vec::new();
        read_layer(&bytes[..], &Expected::default(), &Limits::default(), |entry| {
            assert_eq!(entry.kind(), Kind::File);
            let content = entry.read_to_vec(10_000_000)?;
            seen.push((entry.path().to_string(), sha256(&content)));
            Ok(())
        })
        .unwrap();
        let expected = [
            ("etc/passwd", b"root".to_vec()),
            ("large", noise(5_000_000)),
            ("last", vec![7; 1000]),
        ];
        assert_eq!(seen, expected.map(|(name, content)| (name.to_owned(), sha256(&content))));
    }
}

#[test]
fn an_entry_can_itself_be_a_layer() {
    let layer = gzip(&sample());
    let saved = tar(&[("manifest.json", b"[]".to_vec()), ("abc/layer.tar", layer.clone())]);
    let mut outer = TarReader::new(&saved[..], &Limits::default());
    outer.next_entry().unwrap().unwrap();
    let entry = outer.next_entry().unwrap().unwrap();
    let inner = read_layer(entry, &Expected::default(), &Limits::default(), |_| Ok(())).unwrap();
    assert_eq!((inner.digest, inner.entries), (sha256(&layer), 3));
    assert!(outer.next_entry().unwrap().is_none());
}

#[test]
fn wrong_claims_are_named() {
    let bytes = gzip(&sample());
    let other = sha256(b"other");
    check_error(
        read(&bytes, &Expected { digest: Some(other), ..Expected::default() }),
        &format!("layer has digest {}, not {other}", sha256(&bytes)),
    );
    check_error(
        read(&bytes, &Expected { diff_id: Some(other), ..Expected::default() }),
        &format!("layer has diff_id {}, not {other}", sha256(&sample())),
    );
    let size = bytes.len() as u64 + 1;
    check_error(
        read(&bytes, &Expected { size: Some(size), ..Expected::default() }),
        &format!("layer has {} bytes, not {size}", size - 1),
    );
    // A source that does not end is left as soon as it is too long.
    let endless = (&bytes[..]).chain(io::repeat(0));
    let expected = Expected { size: Some(bytes.len() as u64), ..Expected::default() };
    let error = read_layer(endless, &expected, &Limits::default(), |_| Ok(())).unwrap_err();
    assert!(matches!(error, LayerError::Size { .. }), "{error}");
}

#[test]
fn truncated_layers_are_named_and_never_succeed() {
    let (plain, none) = (sample(), Expected::default());
    let (gz, zst) = (gzip(&plain), zstd(&plain));
    check_error(read(&gz[..gz.len() / 2], &none), "truncated gzip stream");
    check_error(read(&gz[..gz.len() - 1], &none), "truncated gzip stream");
    check_error(read(&zst[..zst.len() / 2], &none), "truncated zstd stream");
    check_error(read(&plain[..3_000_000], &none), "truncated tar: ends inside large");
    check_error(read(&gzip(&plain[..3_000_000]), &none), "truncated tar: ends inside large");
    check_error(read(&plain[..700], &none), "truncated tar: ends inside etc/passwd");
    // Where the descriptor tells the length or digest, that is the cause.
    let cut = &gz[..gz.len() / 2];
    let size = Expected { size: Some(gz.len() as u64), ..none };
    check_error(read(cut, &size), &format!("layer has {} bytes, not {}", cut.len(), gz.len()));
    let digest = Expected { digest: Some(sha256(&gz)), ..none };
    check_error(
        read(cut, &digest),
        &format!("layer has digest {}, not {}", sha256(cut), sha256(&gz)),
    );
}

#[test]
fn one_flipped_byte_is_a_wrong_digest() {
    for bytes in [sample(), gzip(&sample()), zstd(&sample())] {
        let expected = Expected { digest: Some(sha256(&bytes)), ..Expected::default() };
        // In the first header, early, in the middle and at the end.
        for position in [0, 3, 300, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1;
            let error = read(&flipped, &expected).expect_err("a wrong digest");
            assert!(matches!(error, LayerError::Digest(_)), "at {position}: {error}");
        }
    }
    // Without a claim about the compressed bytes, the diff_id or the codec tells.
    let mut flipped = gzip(&sample());
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let expected = Expected { diff_id: Some(sha256(&sample())), ..Expected::default() };
    assert!(read(&flipped, &expected).is_err());
}

#[test]
fn bombs_are_stopped_early() {
    let zeros = tar(&[("zeros", vec![0; 20 << 20])]);
    let none = Expected::default();
    let check = |bytes: Vec<u8>, limits: Limits, expected: &str| {
        let error = read_layer(&bytes[..], &none, &limits, |_| Ok(())).expect_err("an error");
        assert!(chain(&error).contains(expected), "{}", chain(&error));
    };
    let limits = Limits::default();
    let size = Limits { max_output_bytes: 1 << 20, ..limits };
    check(gzip(&zeros), size, "unpacks to more than 1048576 bytes");
    check(zstd(&zeros), size, "unpacks to more than 1048576 bytes");
    check(zeros.clone(), size, "unpacks to more than 1048576 bytes");
    let ratio = Limits { max_ratio: 50, ratio_floor_bytes: 1 << 20, ..limits };
    check(gzip(&zeros), ratio, "more than 50 to one");
    let many: Vec<_> = (0..100).map(|_| ("a", Vec::new())).collect();
    check(gzip(&tar(&many)), Limits { max_entries: 50, ..limits }, "more than 50 entries");
    let deep = tar(&[(&"d/".repeat(300), Vec::new())]);
    check(gzip(&deep), limits, "more than 256 levels deep");
    let long = tar(&[(&"d".repeat(5000), Vec::new())]);
    check(gzip(&long), limits, "is longer than 4096");
}

/// Counts what was asked of it.
struct Counting<'a>(&'a [u8], &'a AtomicUsize);

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        self.1.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }
}

#[test]
fn the_visitor_can_stop_the_reading() {
    for bytes in [sample(), gzip(&noisy_tar()), zstd(&noisy_tar())] {
        let read_bytes = AtomicUsize::new(0);
        let source = Counting(&bytes, &read_bytes);
        let error = read_layer(source, &Expected::default(), &Limits::default(), |_| {
            Err(io::Error::other("enough"))
        });
        check_error(error, "analysing the layer: enough");
        assert!(read_bytes.load(Ordering::Relaxed) <= 4 << 20, "read on after the end");
    }
}

/// Does not compress, so that much of it is left to read when the first entry was seen.
fn noisy_tar() -> Vec<u8> {
    tar(&[("a", noise(12 << 20))])
}

#[test]
fn a_failing_source_is_the_root_cause() {
    for bytes in [sample(), gzip(&sample()), zstd(&sample())] {
        for length in [0, 3, 100, bytes.len() / 2] {
            let source = (&bytes[..length]).chain(Failing);
            let result = read_layer(source, &Expected::default(), &Limits::default(), |entry| {
                // A visitor that reads meets the failure first; it is still not the cause.
                while let n @ 1.. = entry.fill_buf()?.len() {
                    entry.consume(n);
                }
                Ok(())
            });
            check_error(result, "reading the layer: connection reset by test");
        }
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by test"))
    }
}

#[test]
fn a_visitor_that_hides_errors_changes_nothing() {
    let bytes = gzip(&sample());
    let result =
        read_layer(&bytes[..bytes.len() / 2], &Expected::default(), &Limits::default(), |entry| {
            let _ = entry.read_to_vec(u64::MAX);
            Ok(())
        });
    check_error(result, "truncated gzip stream");
}

struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the source of this test panics")
    }
}

#[test]
fn a_panic_in_the_source_is_an_error() {
    let bytes = gzip(&sample());
    let source = (&bytes[..bytes.len() / 2]).chain(Panicking);
    check_error(
        read_layer(source, &Expected::default(), &Limits::default(), |_| Ok(())),
        "the read thread panicked",
    );
}

#[test]
fn an_empty_layer_is_an_empty_tar() {
    let layer = read(b"", &Expected::default()).unwrap();
    assert_eq!((layer.entries, layer.size, layer.diff_id), (0, 0, sha256(b"")));
    let layer = read(&gzip(&[0; 1024]), &Expected::default()).unwrap();
    assert_eq!((layer.entries, layer.size), (0, 1024));
}
