//! Compressing and digesting in one pass.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

/// How a layer is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// A plain tar.
    None,
    /// What practically every layer is.
    #[default]
    Gzip,
    /// As newer builders write on request.
    Zstd,
}

/// What became of the bytes written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Of the compressed bytes.
    pub digest: Digest,
    /// How many compressed bytes.
    pub size: u64,
    /// Of the uncompressed bytes.
    pub diff_id: Digest,
    /// How many uncompressed bytes.
    pub uncompressed_size: u64,
    /// How it was compressed.
    pub compression: Compression,
}

/// Compresses what is written to it, and digests both sides.
pub struct BlobWriter<W: Write> {
    encoder: Encoder<Digesting<W>>,
    plain: Sha256,
    uncompressed_size: u64,
    compression: Compression,
}

enum Encoder<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

struct Digesting<W> {
    inner: W,
    sha256: Sha256,
    size: u64,
}

impl Compression {
    /// The layer's media type (OCI image specification, "Media Types").
    pub fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

/// The sha256 of these bytes.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(bytes).into())
}

impl<W: Write> BlobWriter<W> {
    /// Compresses into `inner`.
    pub fn new(inner: W, compression: Compression) -> io::Result<Self> {
        let inner = Digesting { inner, sha256: Sha256::new(), size: 0 };
        let encoder = match compression {
            Compression::None => Encoder::None(inner),
            // The header says neither when nor where, so the bytes are the same every time.
            Compression::Gzip => {
                Encoder::Gzip(GzEncoder::new(inner, flate2::Compression::default()))
            }
            Compression::Zstd => Encoder::Zstd(zstd::Encoder::new(inner, 3)?),
        };
        Ok(Self { encoder, plain: Sha256::new(), uncompressed_size: 0, compression })
    }

    /// Ends the stream.
    pub fn finish(self) -> io::Result<(W, Blob)> {
        let stored = match self.encoder {
            Encoder::None(encoder) => encoder,
            Encoder::Gzip(encoder) => encoder.finish()?,
            Encoder::Zstd(encoder) => encoder.finish()?,
        };
        let blob = Blob {
            digest: Digest::sha256(&stored.sha256.finalize().into()),
            size: stored.size,
            diff_id: Digest::sha256(&self.plain.finalize().into()),
            uncompressed_size: self.uncompressed_size,
            compression: self.compression,
        };
        Ok((stored.inner, blob))
    }
}

impl<W: Write> Write for BlobWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.encoder {
            Encoder::None(encoder) => encoder.write(bytes)?,
            Encoder::Gzip(encoder) => encoder.write(bytes)?,
            Encoder::Zstd(encoder) => encoder.write(bytes)?,
        };
        self.plain.update(&bytes[..written]);
        self.uncompressed_size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.encoder {
            Encoder::None(encoder) => encoder.flush(),
            Encoder::Gzip(encoder) => encoder.flush(),
            Encoder::Zstd(encoder) => encoder.flush(),
        }
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_digests_are_those_of_the_bytes() {
        let bytes = b"what is written".repeat(10_000);
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let mut writer = BlobWriter::new(Vec::new(), compression).unwrap();
            writer.write_all(&bytes).unwrap();
            let (stored, blob) = writer.finish().unwrap();
            assert_eq!((blob.digest, blob.size), (digest_of(&stored), stored.len() as u64));
            assert_eq!(
                (blob.diff_id, blob.uncompressed_size),
                (digest_of(&bytes), bytes.len() as u64)
            );
            assert_eq!(stored == bytes, compression == Compression::None);
        }
        // FIPS 180-4, message "abc".
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest_of(b"abc").to_string(), abc);
    }
}
