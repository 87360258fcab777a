//! Whether the word of a repository counts: the signature and the age of its `repomd.xml`.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{ArchiveStatus, ArchiveSuite};

use super::configuration::Demand;
use super::places::{Host, Place};
use super::repomd::Repomd;
use crate::openpgp::keyring::Keyring;
use crate::openpgp::verify::{Signer, VerifyError, verify_detached};

/// Where an rpm system keeps the keys of its repositories, one a file: also a host that is one.
pub const HOST_KEYS: &str = "/etc/pki/rpm-gpg";

/// Clocks differ a little.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// How bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over https from the host that was named.
    Https,
    /// From a copy that the operator named in its place.
    Copy,
    /// Over plain http.
    Http,
}

/// What a repository answered.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its `repomd.xml`.
    pub repomd: &'a [u8],
    /// The detached signature; none if it has none.
    pub signature: Option<&'a [u8]>,
    /// How both came.
    pub over: Transport,
    /// The date that its `repomd.xml` had when last seen.
    pub seen: Option<Timestamp>,
    /// The time.
    pub now: Timestamp,
}

/// Whose signatures count.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// The host's keyring and what the operator named.
    pub trusted: &'a Keyring,
    /// The keys that the image brings for its repositories.
    pub image: &'a Keyring,
}

/// A repository's word, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What is reported of it.
    pub suite: ArchiveSuite,
    /// Its metadata; none if its word does not count.
    pub repomd: Option<Repomd>,
}

/// Judges the metadata of a repository.
///
/// A signature by a trusted key verifies it. Most vendors sign their packages, not their metadata: what came over
/// https from the distribution's own host without a signature, or signed by keys that are not at hand, is as good as
/// what dnf works with, and is called [`ArchiveStatus::TransportOnly`]; so is what came from a copy that the operator
/// named. A signature that is wrong is worse than none.
/// The image's own keys count for hosts that the operator allowed, never for the distribution itself.
pub fn judge(place: &Place, received: &Received<'_>, keys: &Keys<'_>) -> Judged {
    let Trust { status, signers, reason } = trust(place, received, keys);
    let mut suite = place.suite(status, reason);
    if !signers.is_empty() {
        let fingerprints = signers.iter().map(|signer| signer.fingerprint.as_str());
        suite.signed_by = Some(fingerprints.collect::<Vec<_>>().join(", "));
    }
    if !status.is_usable() {
        return Judged { suite, repomd: None };
    }
    let repomd = match Repomd::parse(received.repomd) {
        Ok(repomd) => repomd,
        Err(error) => {
            suite.status = ArchiveStatus::Inconsistent;
            suite.reason = Some(error.to_string());
            return Judged { suite, repomd: None };
        }
    };
    suite.date = repomd.date;
    let status = match repomd.date {
        Some(date) if received.now.duration_until(date) > CLOCK_TOLERANCE => {
            Some((ArchiveStatus::FromTheFuture, "it was made in the future".to_owned()))
        }
        Some(date) => received.seen.filter(|seen| date < *seen).map(|seen| {
            (ArchiveStatus::RolledBack, format!("it is older than what was seen before ({seen})"))
        }),
        None => None,
    };
    match status {
        Some((status, reason)) => {
            suite.status = status;
            suite.reason = Some(reason);
            Judged { suite, repomd: None }
        }
        None => Judged { suite, repomd: Some(repomd) },
    }
}

/// What the signature, or the way without one, is worth.
struct Trust {
    status: ArchiveStatus,
    signers: Vec<Signer>,
    reason: Option<String>,
}

fn trust(place: &Place, received: &Received<'_>, keys: &Keys<'_>) -> Trust {
    let Some(signature) = received.signature else {
        return without_key(place, received, "the vendor does not sign its metadata".to_owned());
    };
    let verify = |keyring| verify_detached(received.repomd, signature, keyring, received.now);
    let because = |status, signers, reason| Trust { status, signers, reason };
    let error = match verify(keys.trusted) {
        Ok(verified) => return because(ArchiveStatus::Verified, verified.signers().to_vec(), None),
        Err(error) => error,
    };
    if !matches!(error, VerifyError::UnknownKey { .. }) {
        return because(ArchiveStatus::WronglySigned, Vec::new(), Some(error.to_string()));
    }
    match verify(keys.image) {
        Ok(verified) if place.host == Host::Allowed => {
            let reason = "signed by a key that the image brings".to_owned();
            let signers = verified.signers().to_vec();
            because(ArchiveStatus::SignedByImageKey, signers, Some(reason))
        }
        Ok(_) | Err(VerifyError::UnknownKey { .. }) => {
            without_key(place, received, format!("{error}; none of these is at hand"))
        }
        Err(error) => because(ArchiveStatus::WronglySigned, Vec::new(), Some(error.to_string())),
    }
}

/// Metadata that no key at hand vouches for.
fn without_key(place: &Place, received: &Received<'_>, why: String) -> Trust {
    let is_signed = received.signature.is_some();
    let demanded = place.repository.signature == Demand::Required && !is_signed;
    let (status, reason) = match (received.over, place.host) {
        _ if demanded => {
            let demand = "it has no signature, and its .repo file demands one (repo_gpgcheck)";
            (ArchiveStatus::Unsigned, demand.to_owned())
        }
        (Transport::Https, Host::Official) => {
            (ArchiveStatus::TransportOnly, format!("{why}; read over https from its own host"))
        }
        (Transport::Copy, _) => {
            let copy = "read from the copy that the operator named";
            (ArchiveStatus::TransportOnly, format!("{why}; {copy}"))
        }
        _ if is_signed => (ArchiveStatus::WronglySigned, why),
        _ => {
            let other = "it has no signature, and this is not its vendor's own host over https";
            (ArchiveStatus::Unsigned, other.to_owned())
        }
    };
    Trust { status, signers: Vec::new(), reason: Some(reason) }
}
