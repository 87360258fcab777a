//! Any bytes as a layer: true digests or an error, within the limits, however the bytes arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::Pieces;
use plimsoll_unpack::{
    Algorithm, Checksum, Compression, Decoder, Expected, Layer, Limits, read_layer,
};

const MAX_OUTPUT: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes, usize::MAX, &Expected::default());
    assert_eq!(whole, read(bytes, 7, &Expected::default()), "pieces of 7");
    let Some((layer, members)) = whole else { return };

    let content = decode(bytes);
    assert_eq!(layer.digest, Checksum::of(Algorithm::Sha256, bytes));
    assert_eq!(layer.diff_id, Checksum::of(Algorithm::Sha256, &content));
    assert_eq!((layer.compressed_size, layer.size), (bytes.len() as u64, content.len() as u64));
    assert!(layer.size <= MAX_OUTPUT && layer.entries == members.len() as u64);

    let expected = Expected {
        digest: Some(layer.digest),
        size: Some(layer.compressed_size),
        diff_id: Some(layer.diff_id),
    };
    assert_eq!(Some((layer, members)), read(bytes, 512, &expected));
    let other = Some(Checksum::of(Algorithm::Sha256, b"not a layer"));
    assert_eq!(None, read(bytes, 512, &Expected { digest: other, ..expected }));
    assert_eq!(None, read(bytes, 512, &Expected { diff_id: other, ..expected }));
});

/// All of it from one buffer into another, as in a pipeline: zstd looks at the limit of a frame's window only where it
/// needs one, which it does not for a frame that is there as a whole and fits into what it is given to fill.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut content = vec![0; MAX_OUTPUT as usize + 1];
    let mut length = 0;
    let compression = Compression::detect(bytes);
    let decoder = Decoder::with_compression(bytes, compression, &limits());
    let mut decoder = decoder.expect("it was just decoded");
    loop {
        match decoder.decode(&mut content[length..]).expect("it was just decoded") {
            0 => break,
            n => length += n,
        }
    }
    content.truncate(length);
    content
}

fn limits() -> Limits {
    let limits = Limits::default();
    Limits { max_output_bytes: MAX_OUTPUT, max_entries: 100, max_zstd_window_log: 20, ..limits }
}

/// The layer and its members. Of two things that are wrong with a layer, it is a matter of time which one is the
/// error where no digest is expected: errors are not compared.
fn read(bytes: &[u8], size: usize, expected: &Expected) -> Option<(Layer, Vec<String>)> {
    let mut members = Vec::new();
    let layer = read_layer(Pieces::new(bytes, size), expected, &limits(), |entry| {
        let content = entry.read_to_vec(1 << 16);
        assert!(content.is_err() || content.is_ok_and(|all| all.len() as u64 == entry.size()));
        members.push(format!("{} {:?}", entry.path(), entry.kind()));
        Ok(())
    });
    layer.ok().map(|layer| (layer, members))
}
