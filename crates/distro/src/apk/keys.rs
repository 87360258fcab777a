//! The keys that sign apk's indexes, by the names under which signatures name them.

use std::collections::BTreeMap;

use plimsoll_model::Ecosystem;
use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;

/// Alpine's oldest keys have 2048 bits; what is shorter can be factored by those who want it enough.
const MIN_KEY_BITS: usize = 2048;

/// A key of 4096 bits has 800 bytes.
const MAX_KEY_FILE: usize = 64 << 10;

/// `etc/apk/keys` holds five; every one may cost a verification.
const MAX_KEYS: usize = 1000;

/// Public RSA keys by name, as a directory `etc/apk/keys` holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkKeys {
    by_name: BTreeMap<String, RsaPublicKey>,
}

/// Why a file is no key for indexes.
#[derive(Debug, thiserror::Error)]
pub enum ApkKeyError {
    /// It holds no public key in PEM, or none of RSA up to 4096 bits.
    #[error("{name:?} is no RSA public key in PEM")]
    Malformed {
        /// The file's name.
        name: String,
    },
    /// Its key is too short to be believed.
    #[error("key {name:?} has only {bits} bits")]
    Short {
        /// The file's name.
        name: String,
        /// Its length.
        bits: usize,
    },
    /// There are more keys than any system has.
    #[error("more than {MAX_KEYS} keys")]
    TooMany,
}

impl ApkKeys {
    /// The keys that the program carries for the official indexes of an architecture. None for Wolfi and Chainguard:
    /// there the operator must name the key.
    pub fn carried(ecosystem: Ecosystem, arch: &str) -> Self {
        let mut keys = Self::default();
        if ecosystem == Ecosystem::Alpine {
            for (key, arches) in ALPINE {
                if arches.contains(&arch)
                    && let Some((name, pem)) = carried_key(key)
                {
                    // A test proves that every carried key is one.
                    let added = keys.add(name, pem.as_bytes());
                    debug_assert!(added.is_ok(), "{name}");
                }
            }
        }
        keys
    }

    /// Adds a key: `name` is the file's name without its directory (`wolfi-signing.rsa.pub`).
    pub fn add(&mut self, name: &str, pem: &[u8]) -> Result<(), ApkKeyError> {
        if self.by_name.len() >= MAX_KEYS {
            return Err(ApkKeyError::TooMany);
        }
        let text = Some(pem).filter(|pem| pem.len() <= MAX_KEY_FILE);
        let key = text
            .and_then(|pem| str::from_utf8(pem).ok())
            .and_then(|text| RsaPublicKey::from_public_key_pem(text.trim_ascii()).ok())
            .ok_or_else(|| ApkKeyError::Malformed { name: name.to_owned() })?;
        let bits = key.n().bits();
        if bits < MIN_KEY_BITS {
            return Err(ApkKeyError::Short { name: name.to_owned(), bits });
        }
        self.by_name.insert(name.to_owned(), key);
        Ok(())
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&RsaPublicKey> {
        self.by_name.get(name)
    }
}

static CARRIED: &str = include_str!("../../keys/alpine.pem");

/// The name and the PEM block of the key whose name ends so.
fn carried_key(key: &str) -> Option<(&'static str, &'static str)> {
    CARRIED.split("\n\n").find_map(|part| {
        let (name, pem) = part.split_once('\n')?;
        let found = name.strip_suffix(".rsa.pub")?.rsplit_once('-')?.1 == key;
        found.then_some((name, pem))
    })
}

/// Which keys sign for which architectures, as the directories of the package `alpine-keys` 2.4-r1 have it.
static ALPINE: [(&str, &[&str]); 17] = [
    ("4a6a0840", &["x86", "x86_64"]),
    ("5243ef4b", &["x86"]),
    ("524d27bb", &["armhf", "armv7"]),
    ("5261cecb", &["x86_64"]),
    ("58199dcc", &["aarch64"]),
    ("58cbb476", &["ppc64le"]),
    ("58e4f17d", &["s390x"]),
    ("5e69ca50", &["mips64"]),
    ("60ac2099", &["riscv64"]),
    ("6165ee59", &["x86_64"]),
    ("61666e3f", &["x86"]),
    ("616a9724", &["armhf"]),
    ("616abc23", &["ppc64le"]),
    ("616ac3bc", &["s390x"]),
    ("616adfeb", &["armv7"]),
    ("616ae350", &["aarch64"]),
    ("616db30d", &["riscv64"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_carried_key_is_named_and_sound() {
        let mut keys = ApkKeys::default();
        for (key, arches) in ALPINE {
            let (name, pem) = carried_key(key).unwrap();
            keys.add(name, pem.as_bytes()).unwrap();
            assert!(!arches.is_empty());
        }
        assert_eq!(keys.names().count(), ALPINE.len());
        assert_eq!(CARRIED.matches("BEGIN PUBLIC KEY").count(), ALPINE.len());
        let exponent = rsa::BigUint::from(65_537_u32);
        assert!(keys.by_name.values().all(|key| *key.e() == exponent));
    }

    #[test]
    fn an_architecture_has_its_own_keys() {
        let names = |ecosystem, arch| -> Vec<String> {
            ApkKeys::carried(ecosystem, arch).names().map(str::to_owned).collect()
        };
        assert_eq!(
            names(Ecosystem::Alpine, "x86_64"),
            ["4a6a0840", "5261cecb", "6165ee59"]
                .map(|key| format!("alpine-devel@lists.alpinelinux.org-{key}.rsa.pub"))
        );
        assert_eq!(names(Ecosystem::Alpine, "nothing"), [] as [&str; 0]);
        assert_eq!(names(Ecosystem::Wolfi, "x86_64"), [] as [&str; 0]);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        fn check(pem: &str, expected: &str) {
            let error = ApkKeys::default().add("a.rsa.pub", pem.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        check("", "\"a.rsa.pub\" is no RSA public key in PEM");
        check("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", {
            "\"a.rsa.pub\" is no RSA public key in PEM"
        });
        // 1024 bits.
        check(
            "-----BEGIN PUBLIC KEY-----\n\
             MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCsPhzLuX9zvqJ1ojZPpGgCdWcX\n\
             48cB+TnQq1AQtDULyo9wLfeVGqgJz3wYgxC0nxSxdLNbEek/1y2haM+N4vO3DljW\n\
             Dxg730WHnTMld+GWu3EjV48uXT62bQVmb67LHrnhIQnnM4Vr37/U28qaFISUJSDc\n\
             0OIFana3cq4vOIDn8QIDAQAB\n\
             -----END PUBLIC KEY-----\n",
            "key \"a.rsa.pub\" has only 1024 bits",
        );
    }
}
