#![doc = include_str!("../README.md")]

mod archives;
mod assess;
mod clearsign;
mod deb822;
mod keyring;
mod keys;
mod packages;
mod release;
mod sources;
mod updates;
mod verify;

pub use archives::{Pocket, Suite, archive_hosts, suites};
pub use deb822::StanzaError;
pub use keyring::{Keyring, KeyringError};
pub use keys::{ArchiveKey, KeyUse, archive_keys, carried_keyring, host_keyring};
pub use packages::{IndexPackage, Packages, PackagesError};
pub use release::{IndexFile, IndexMismatch, Release, ReleaseError, ReleaseState};
pub use sources::{
    SignedBy, Source, SourceKind, Sources, SourcesProblem, parse_deb822_sources, parse_sources_list,
};
pub use updates::{FEED, SourceUpdate, SourceUpdates, security_advisories};
pub use verify::{Signer, Verified, VerifyError, verify_detached, verify_inline};
