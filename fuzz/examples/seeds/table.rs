//! Files for the reader, and content for the builder.

use std::path::Path;

use plimsoll_fuzz::table::{Content, build};

use crate::{Corpus, Result};

pub(crate) fn write(corpus: &mut Corpus, _shared: Option<&Path>) -> Result<()> {
    let value = |string: &str, text: &str| (string.as_bytes().to_vec(), text.to_owned());
    let long = "All work and no play makes Jack a dull boy. ".repeat(20);
    let contents: [Content; 4] = [
        Content::new(),
        Content::from([(b"curl".to_vec(), vec![value("7.88.1-10", "")])]),
        Content::from([
            (b"curl".to_vec(), vec![value("", "heap overflow"), value("7.88.1-10", &long)]),
            (b"curlftpfs".to_vec(), vec![value("7.88.1-10", "heap overflow")]),
            (b"openssl".to_vec(), vec![value("1.1.1d", "timing")]),
        ]),
        (0_u8..40)
            .map(|n| (vec![b'k', n], vec![value(&"s".repeat(usize::from(n) * 4), &long)]))
            .collect(),
    ];
    for content in &contents {
        corpus.add([&[1], &build(content, b"{}")?[..]].concat())?;
    }
    for length in [16, 64, 256, 1024_u32] {
        let noise = (0..length).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8);
        corpus.add([0].into_iter().chain(noise).collect::<Vec<_>>())?;
    }
    Ok(())
}
