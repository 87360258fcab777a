//! Deflate streams of every kind of block.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::{Corpus, Result};

pub(crate) fn write(corpus: &mut Corpus, _shared: Option<&Path>) -> Result<()> {
    let words = "All work and no play makes Jack a dull boy. ".repeat(12);
    let noise: Vec<u8> =
        (0..900_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 15) as u8).collect();
    // Few of some values and many of others: codes of all lengths, which take subtables.
    let skewed: Vec<u8> =
        (0..15_u32).flat_map(|at| vec![at as u8 * 7; 1 << (at * 3 / 4)]).collect();
    let source = include_bytes!("main.rs");
    let contents = [b"", words.as_bytes(), &noise, &skewed, source, &[0; 5000]];
    for content in contents {
        for level in [0, 1, 6, 9] {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
            let (first, second) = content.split_at(content.len() / 2);
            encoder.write_all(first)?;
            if level == 6 {
                encoder.flush()?;
            }
            encoder.write_all(second)?;
            corpus.add(encoder.finish()?)?;
        }
    }
    // A fixed block without and with one literal; a dynamic one cut in its header; a block of no kind.
    [&[3, 0][..], &[0x4b, 4, 0], &[5, 0xe0, 0x81], &[7]]
        .iter()
        .try_for_each(|stream| corpus.add(stream))
}
