//! The keys that sign the official suites: the facts about them, and the certificates that the program carries.
//!
//! Certificates may also come from the host's keyring or from `--keyring`; of those only the ones named here count
//! for an official suite. What a fingerprint names cannot be forged, so where the bytes come from does not matter.

use jiff::civil::{Date, date};
use plimsoll_model::Ecosystem;

/// What an archive uses a key for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Every suite of the archive, automatically.
    Archive,
    /// The security suites, automatically.
    Security,
    /// The release itself, by the release team.
    Release,
}

/// A key that signs official suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveKey {
    /// Whose suites.
    pub ecosystem: Ecosystem,
    /// Which of them.
    pub key_use: KeyUse,
    /// The primary key's fingerprint, in upper-case hexadecimal.
    pub fingerprint: &'static str,
    /// Its user id, without the address.
    pub name: &'static str,
    /// The day it expires; none if never.
    pub expires: Option<Date>,
}

/// The keys of a distribution; empty for one that has no apt archive.
pub fn archive_keys(ecosystem: Ecosystem) -> impl Iterator<Item = &'static ArchiveKey> {
    KEYS.iter().filter(move |key| key.ecosystem == ecosystem)
}

/// The certificates that the program carries for a distribution, ASCII-armoured. None for Ubuntu, whose keyring no
/// registry that the project builds from has: there the host's keyring or `--keyring` must help.
pub fn carried_keyring(ecosystem: Ecosystem) -> Option<&'static [u8]> {
    (ecosystem == Ecosystem::Debian).then_some(include_bytes!("../../keys/debian.asc"))
}

/// Where a host keeps the archive keys of a distribution, if it has them.
pub fn host_keyring(ecosystem: Ecosystem) -> Option<&'static str> {
    match ecosystem {
        Ecosystem::Debian => Some("/usr/share/keyrings/debian-archive-keyring.gpg"),
        Ecosystem::Ubuntu => Some("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
        _ => None,
    }
}

/// As the packages `debian-archive-keyring` and `ubuntu-keyring` have them in November 2026.
static KEYS: [ArchiveKey; 11] = [
    debian(
        KeyUse::Archive,
        "1F89983E0081FDE018F3CC9673A4F27B8DD47936",
        "Debian Archive Automatic Signing Key (11/bullseye)",
        date(2029, 1, 15),
    ),
    debian(
        KeyUse::Security,
        "AC530D520F2F3269F5E98313A48449044AAD5C5D",
        "Debian Security Archive Automatic Signing Key (11/bullseye)",
        date(2029, 1, 15),
    ),
    debian(
        KeyUse::Release,
        "A4285295FC7B1A81600062A9605C66F00D6C9793",
        "Debian Stable Release Key (11/bullseye)",
        date(2029, 2, 11),
    ),
    debian(
        KeyUse::Archive,
        "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
        "Debian Archive Automatic Signing Key (12/bookworm)",
        date(2031, 1, 19),
    ),
    debian(
        KeyUse::Security,
        "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0",
        "Debian Security Archive Automatic Signing Key (12/bookworm)",
        date(2031, 1, 19),
    ),
    debian(
        KeyUse::Release,
        "4D64FEC119C2029067D6E791F8D2585B8783D481",
        "Debian Stable Release Key (12/bookworm)",
        date(2031, 1, 21),
    ),
    debian(
        KeyUse::Archive,
        "04B54C3CDCA79751B16BC6B5225629DF75B188BD",
        "Debian Archive Automatic Signing Key (13/trixie)",
        date(2035, 3, 28),
    ),
    debian(
        KeyUse::Security,
        "5E04A1E3223A19A20706E20F9904613D4CCE68C6",
        "Debian Security Archive Automatic Signing Key (13/trixie)",
        date(2035, 3, 28),
    ),
    debian(
        KeyUse::Release,
        "41587F7DB8C774BCCF131416762F67A0B2C39DE4",
        "Debian Stable Release Key (13/trixie)",
        date(2033, 3, 22),
    ),
    ubuntu(
        "790BC7277767219C42C86F933B4FE6ACC0B21F32",
        "Ubuntu Archive Automatic Signing Key (2012)",
    ),
    ubuntu(
        "F6ECB3762474EDA9D21B7022871920D1991BC93C",
        "Ubuntu Archive Automatic Signing Key (2018)",
    ),
];

const fn debian(
    key_use: KeyUse,
    fingerprint: &'static str,
    name: &'static str,
    expires: Date,
) -> ArchiveKey {
    ArchiveKey { ecosystem: Ecosystem::Debian, key_use, fingerprint, name, expires: Some(expires) }
}

const fn ubuntu(fingerprint: &'static str, name: &'static str) -> ArchiveKey {
    ArchiveKey {
        ecosystem: Ecosystem::Ubuntu,
        key_use: KeyUse::Archive,
        fingerprint,
        name,
        expires: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use pgp::packet::Signature;
    use pgp::types::KeyDetails;

    use super::*;
    use crate::openpgp::keyring::{Keyring, fingerprint};

    #[test]
    fn the_carried_certificates_are_the_named_keys_with_the_named_expiry() {
        let keyring = Keyring::from_bytes(carried_keyring(Ecosystem::Debian).unwrap()).unwrap();
        let mut named: Vec<_> = archive_keys(Ecosystem::Debian).collect();
        for certificate in keyring.certificates() {
            let found = fingerprint(certificate);
            let at = named.iter().position(|key| key.fingerprint == found);
            let key = named.swap_remove(at.unwrap_or_else(|| panic!("{found} is not named")));
            let created = i64::from(certificate.primary_key.created_at().as_secs());
            let signatures = certificate.details.users.iter().flat_map(|user| &user.signatures);
            let lifetime = signatures.filter_map(Signature::key_expiration_time).last();
            let expires = lifetime.map(|lifetime| {
                let end = Timestamp::from_second(created + i64::from(lifetime.as_secs())).unwrap();
                TimeZone::UTC.to_datetime(end).date()
            });
            assert_eq!(expires, key.expires, "{}", key.name);
        }
        assert!(named.is_empty(), "not carried: {named:?}");
    }
}
