//! Any bytes as a deflate stream in a gzip member: our decoder against zlib-rs, which is told where the stream ends
//! and so what the trailer must say.
#![no_main]

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use libfuzzer_sys::fuzz_target;
use plimsoll_fuzz::Pieces;
use plimsoll_unpack::{Compression, Decoder, Limits};

/// More than this is not compared.
const MAX_OUTPUT: usize = 1 << 18;

fuzz_target!(|stream: &[u8]| {
    let mut content = Vec::with_capacity(MAX_OUTPUT);
    let mut zlib = Decompress::new(false);
    match zlib.decompress_vec(stream, &mut content, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) => {
            let consumed = usize::try_from(zlib.total_in()).expect("it was in memory");
            let mut gzip = member(&stream[..consumed], &content);
            for size in [1, 15, 32, usize::MAX] {
                assert!(gunzip(&gzip, size).as_ref() == Some(&content), "pieces of {size}");
            }
            gzip.extend_from_within(..);
            content.extend_from_within(..);
            assert!(gunzip(&gzip, usize::MAX).as_ref() == Some(&content), "two members");
            let last = gzip.len() - 5;
            gzip[last] ^= 1;
            assert!(gunzip(&gzip, usize::MAX).is_none(), "a wrong checksum");
        }
        Ok(_) if content.len() == MAX_OUTPUT => {}
        Ok(_) | Err(_) => {
            let gzip = member(stream, &content);
            for size in [1, 32, usize::MAX] {
                assert!(gunzip(&gzip, size).is_none(), "zlib-rs refuses it: pieces of {size}");
            }
        }
    }
});

fn gunzip(gzip: &[u8], size: usize) -> Option<Vec<u8>> {
    let pieces = Pieces::new(gzip, size);
    let decoder = Decoder::with_compression(pieces, Compression::Gzip, &Limits::default());
    let mut content = Vec::new();
    decoder.ok()?.read_to_end(&mut content).ok().map(|_| content)
}

fn member(stream: &[u8], content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let header = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..];
    [header, stream, &crc.sum().to_le_bytes(), &crc.amount().to_le_bytes()].concat()
}
