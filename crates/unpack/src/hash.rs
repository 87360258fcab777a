//! The two digest algorithms of OCI, over streams.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest, Sha256, Sha512};

/// A digest algorithm registered by the OCI image specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// What practically every image uses.
    #[default]
    Sha256,
    /// Allowed by the specification, seen rarely.
    Sha512,
}

/// A finished digest with its algorithm; displayed as `sha256:<hex>`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// The 32 bytes of a SHA-256.
    Sha256([u8; 32]),
    /// The 64 bytes of a SHA-512.
    Sha512([u8; 64]),
}

/// A digest being computed.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Starts a digest.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Appends bytes to what is digested.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// Ends the digest.
    pub fn finish(self) -> Checksum {
        match self.0 {
            State::Sha256(state) => Checksum::Sha256(state.finalize().into()),
            State::Sha512(state) => Checksum::Sha512(state.finalize().into()),
        }
    }
}

impl Checksum {
    /// Digests bytes that are all at hand.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm that made this digest.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The raw digest, 32 or 64 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256(_) => "sha256:",
            Self::Sha512(_) => "sha512:",
        })?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digests and counts what is read through it.
#[derive(Debug)]
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    bytes: u64,
}

impl<R: Read> HashingReader<R> {
    /// Reads `inner` and digests every byte that comes out.
    pub fn new(inner: R, algorithm: Algorithm) -> Self {
        Self { inner, hasher: Hasher::new(algorithm), bytes: 0 }
    }

    /// The digest and the number of bytes read so far.
    pub fn finish(self) -> (Checksum, u64) {
        (self.hasher.finish(), self.bytes)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_equal_the_published_vectors() {
        // FIPS 180-4, message "abc".
        let check = |algorithm, expected: &str| {
            assert_eq!(Checksum::of(algorithm, b"abc").to_string(), expected);
            let mut reader = HashingReader::new(&b"abc"[..], algorithm);
            io::copy(&mut reader, &mut io::sink()).unwrap();
            let (checksum, bytes) = reader.finish();
            assert_eq!((checksum.to_string().as_str(), bytes), (expected, 3));
        };
        check(
            Algorithm::Sha256,
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
        check(
            Algorithm::Sha512,
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        );
    }
}
