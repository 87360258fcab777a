//! Keys to sign with.

use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use sha2::{Digest, Sha256, Sha512};

use super::cut_tar;

/// How a signature hashes what it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApkHash {
    /// `.SIGN.RSA.`, as Alpine signs.
    Sha1,
    /// `.SIGN.RSA256.`, as Wolfi signs.
    Sha256,
    /// `.SIGN.RSA512.`
    Sha512,
}

/// A key that anybody can sign with: its primes are below.
#[derive(Clone, Debug)]
pub struct ApkKey {
    name: String,
    key: RsaPrivateKey,
}

impl ApkKey {
    /// A key of 2048 bits, always the same: making one would take longer than the tests that use it.
    pub fn new(name: &str) -> Self {
        Self::of(name, PRIMES[0], PRIMES[1])
    }

    /// Another key of 2048 bits.
    pub fn other(name: &str) -> Self {
        Self::of(name, PRIMES[0], PRIMES[2])
    }

    /// A key of 1024 bits, which nobody should believe.
    pub fn short(name: &str) -> Self {
        Self::of(name, SHORT_PRIMES[0], SHORT_PRIMES[1])
    }

    fn of(name: &str, p: &str, q: &str) -> Self {
        let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).unwrap();
        let key = RsaPrivateKey::from_p_q(number(p), number(q), BigUint::from(65_537_u32));
        Self { name: name.to_owned(), key: key.unwrap() }
    }

    /// The name of its file in `etc/apk/keys`: `test.rsa.pub`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content of that file.
    pub fn public_pem(&self) -> String {
        self.key.to_public_key().to_public_key_pem(LineEnding::LF).unwrap()
    }

    /// The name and content of the file that signs these bytes.
    pub fn signature(&self, hash: ApkHash, bytes: &[u8]) -> (String, Vec<u8>) {
        let (kind, info, digest): (_, &[u8], _) = match hash {
            ApkHash::Sha1 => {
                let digest = sha1_checked::Sha1::try_digest(bytes);
                (
                    "RSA",
                    b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
                    digest.hash().to_vec(),
                )
            }
            ApkHash::Sha256 => (
                "RSA256",
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
                Sha256::digest(bytes).to_vec(),
            ),
            ApkHash::Sha512 => (
                "RSA512",
                b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
                Sha512::digest(bytes).to_vec(),
            ),
        };
        let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: info.into() };
        let signature = self.key.sign(scheme, &digest).unwrap();
        (format!(".SIGN.{kind}.{}", self.name), signature)
    }

    /// Puts a signature in front, as abuild-sign does.
    pub fn sign(&self, hash: ApkHash, bytes: &[u8]) -> Vec<u8> {
        let (name, signature) = self.signature(hash, bytes);
        let mut signed = cut_tar(&[(&name, &signature)], 0);
        signed.extend_from_slice(bytes);
        signed
    }
}

const PRIMES: [&str; 3] = [
    "F42CEA4DA9DAE0D580F03DF90713EC1C71DAA6E7D0A032157C74C1D3F7883BF527E2E7B450C5BB62412FD011A151DC08\
     D217116620C0ACA9D9A7460B6839691EBD079BB09F7C0CAE03BDD3A07C9F7982C8D026064BF188B8C3353BF364001FB9\
     BB9F81CDCD19E8341EA8EB585672CEFA1F9136C07834833F17CC8F4E983A941B",
    "F6D997E5DA942C3C28033359B80BE0CDE5E294085E64DBC9EC94BB96DC1AFA178E601E38DD39419AE790D2F7A8C1FD59\
     4E27A2F4129C1C602CE5E7F796BA85D8D865E5D0F3440D7AB6D599F2E064451BCFD400CBC75C448F8E8C934534323154\
     C87D510C7F1F1206B32CE5E596143AF76CF3860F8F5CA2705F08D3F19AE8F2F9",
    "EB6DF9CC2697853F63A8BC6F93BCB79DCE8E6D720AF180952723AF4BA93E0F29DC0C8F1942F41DF997D0FB3FA408D002\
     0EE432E5E540AB9170A256D900455885D2200C75A6CB1ED1F18FDE44FB8816818F1A7D39404A6F85E62B53048F6AB779\
     923DD413756C542C9DAEC77036C24F11E2BD7AE399DA73CBAEA2053798C4C997",
];

const SHORT_PRIMES: [&str; 2] = [
    "E14780032FC83B1E31FD69CB2D345CC8EA5DEB2312545D72F0D0CBD39612EDBCFC3AE10FCEC7432B6178F8702A835C44\
     53FB023E40980ADA9A2CDCAB873DA5F7",
    "CD198B16AF0E83925346B61C3F5C79B7DF8A26E1456D9CD81A6C74CF770CF95BE6025380278A41D4283253F9E2A0A28C\
     E735661D252C68FAF174F9EE23BFDE27",
];
