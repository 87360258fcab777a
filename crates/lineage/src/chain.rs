//! The identity of a stack of layers, as the OCI image specification defines it ("Layer ChainID").

use std::fmt;

use plimsoll_model::{Algorithm, DiffId, Digest};
use sha2::{Digest as _, Sha256};

/// The id of a stack of layers: of one layer its own digest, of more the SHA-256 of the text
/// `CHAIN-ID-OF-ALL-BUT-THE-LAST LAST`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId([u8; 32]);

/// A stack of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chain {
    /// Its id.
    pub id: ChainId,
    /// How many layers it has; never 0.
    pub layers: u32,
}

impl ChainId {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A first layer named by SHA-512, which nobody makes but the specification allows, gets the SHA-256 of its
    /// name, so that all ids have one size.
    fn first(layer: &Digest) -> Self {
        Self(sha256_bytes(layer).unwrap_or_else(|| Sha256::digest(layer.to_string()).into()))
    }

    fn followed_by(self, layer: &Digest) -> Self {
        Self(Sha256::digest(format!("{self} {layer}")).into())
    }
}

impl Chain {
    /// The stack of all these layers, lowest first; none where there are none.
    pub fn of(diff_ids: &[DiffId]) -> Option<Self> {
        Self::prefixes(diff_ids.iter().map(|diff_id| &diff_id.0)).last()
    }

    /// The same over the digests of compressed layers. Such a stack is known only by those who keep the very
    /// same blobs; it helps with sources that do not tell diff ids.
    pub fn of_blobs(digests: &[Digest]) -> Option<Self> {
        Self::prefixes(digests.iter()).last()
    }

    /// The stacks of the lowest layer, of the lowest two, and so on.
    pub fn prefixes<'a>(layers: impl Iterator<Item = &'a Digest>) -> impl Iterator<Item = Self> {
        layers.scan(None, |below: &mut Option<Self>, layer| {
            let chain = match *below {
                None => Self { id: ChainId::first(layer), layers: 1 },
                Some(below) => {
                    Self { id: below.id.followed_by(layer), layers: below.layers.saturating_add(1) }
                }
            };
            *below = Some(chain);
            *below
        })
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest::sha256(&self.0).fmt(f)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The value of a sha256 digest.
pub(crate) fn sha256_bytes(digest: &Digest) -> Option<[u8; 32]> {
    if digest.algorithm() != Algorithm::Sha256 {
        return None;
    }
    let mut bytes = [0; 32];
    let (pairs, _) = digest.hex().as_bytes().as_chunks::<2>();
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(nibble(high)? << 4 | nibble(low)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff_id(byte: &str) -> DiffId {
        DiffId(format!("sha256:{}", byte.repeat(32)).parse().unwrap())
    }

    #[test]
    fn ids_are_those_of_the_specification() {
        fn check(layers: &[&str], expected: &str) {
            let layers: Vec<_> = layers.iter().map(|byte| diff_id(byte)).collect();
            let chain = Chain::of(&layers).unwrap();
            assert_eq!(chain.id.to_string(), format!("sha256:{expected}"));
            assert_eq!(chain.layers as usize, layers.len());
        }
        check(&["0a"], &"0a".repeat(32));
        // printf 'sha256:0a…0a sha256:0b…0b' | sha256sum, and once more with 0c.
        check(&["0a", "0b"], TWO);
        check(&["0a", "0b", "0c"], THREE);
        assert_eq!(Chain::of(&[]), None);
    }

    const TWO: &str = "fd90608a6292d3cd8f673c89ba12dd640d823217ec20a0cf3177a6384b89278f";
    const THREE: &str = "1a2a8b381c87a8d0e8c969b6a49fea328c38da470dcac6c374e3addcaea974e6";

    #[test]
    fn prefixes_are_the_stacks_below() {
        let layers = ["0a", "0b", "0c"].map(diff_id);
        let prefixes: Vec<_> = Chain::prefixes(layers.iter().map(|layer| &layer.0)).collect();
        let expected: Vec<_> = (1..=3).map(|count| Chain::of(&layers[..count]).unwrap()).collect();
        assert_eq!(prefixes, expected);
    }

    #[test]
    fn a_first_layer_of_another_algorithm_has_an_id_too() {
        let layer = DiffId(format!("sha512:{}", "0a".repeat(64)).parse().unwrap());
        let other = DiffId(format!("sha512:{}", "0b".repeat(64)).parse().unwrap());
        assert_ne!(Chain::of(&[layer]), Chain::of(&[other]));
    }
}
