#![doc = include_str!("../README.md")]

mod apk;
mod apt;
mod changelog;
mod openpgp;
mod pending;
mod rpm;

pub use apt::deb822::StanzaError;
pub use apt::packages::{IndexPackage, Packages, PackagesError};
pub use apt::release::{IndexFile, IndexMismatch, Release, ReleaseError, ReleaseState};
pub use apt::sources::{
    SignedBy, Source, SourceKind, Sources, SourcesProblem, parse_deb822_sources, parse_sources_list,
};
pub use apt::suites::{Pocket, Suite, archive_hosts, suites};
pub use apt::updates::{FEED, SourceUpdate, SourceUpdates, security_advisories};
pub use openpgp::keyring::{Keyring, KeyringError};
pub use openpgp::keys::{ArchiveKey, KeyUse, archive_keys, carried_keyring, host_keyring};
pub use openpgp::verify::{Signer, Verified, VerifyError, verify_detached, verify_inline};
pub use pending::{Bulletin, Pending, PendingBinary};
