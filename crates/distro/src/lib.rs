#![doc = include_str!("../README.md")]

mod apk;
mod apt;
mod changelog;
mod limits;
mod openpgp;
mod pending;
pub mod rpm;

pub use apk::architecture::{apk_arch, parse_apk_arch};
pub use apk::archives::{ApkArchive, ApkArchiveKeys, ApkArchives, apk_archives};
pub use apk::index::{ApkIndex, ApkIndexError, ApkIndexPackage};
pub use apk::judge::{ApkJudge, JudgedApkIndex};
pub use apk::keys::{ApkKeyError, ApkKeys};
pub use apk::lists::{ApkIndexKind, ApkRepositories, ApkRepository};
pub use apk::secfixes::{Secfix, apk_update};
pub use apk::signature::{ApkVerifyError, VerifiedApkIndex, verify_apk_index};
pub use apk::system::ApkSystem;
pub use apk::updates::{ApkOffer, ApkUpdates, apk_updates};
pub use apk::world::{ApkWorld, parse_apk_world};
pub use apt::asked::{AskedSuite, SuiteKeys};
pub use apt::candidates::{AptState, AptUpdates, Offer, pending_updates};
pub use apt::deb822::StanzaError;
pub use apt::entry::{IndexEntry, MultiArch};
pub use apt::image_keys::image_keyring;
pub use apt::index::{CompiledIndex, Index};
pub use apt::judge::{Judge, JudgedRelease, SignedRelease};
pub use apt::packages::{IndexPackage, Packages, PackagesError};
pub use apt::preferences::Preferences;
pub use apt::release::{
    IndexFile, IndexMismatch, PackagesFile, Release, ReleaseError, ReleaseState,
};
pub use apt::request::{AptRequest, AptSystem, archives_to_ask};
pub use apt::sources::{
    SignedBy, Source, SourceKind, Sources, SourcesProblem, parse_deb822_sources, parse_sources_list,
};
pub use apt::suites::{Pocket, Suite, archive_hosts, suites};
pub use apt::updates::{FEED, SourceUpdate, SourceUpdates, security_advisories};
pub use changelog::advisories::{ChangelogOrigin, changelog_advisories};
pub use changelog::deb::{DebChangelog, DebDoc, DebError, read_doc};
pub use changelog::delta::{Delta, Fix, delta, news_since};
pub use changelog::ids::ids_in;
pub use changelog::parse::{Changelog, Entry};
pub use changelog::text::DebText;
pub use changelog::update::{deb_update, update_of};
pub use openpgp::keyring::{Keyring, KeyringError};
pub use openpgp::keys::{ArchiveKey, KeyUse, archive_keys, carried_keyring, host_keyring};
pub use openpgp::verify::{Signer, Verified, VerifyError, verify_detached, verify_inline};
pub use pending::{Bulletin, Pending, PendingBinary};
