//! Whether the word of a repository counts: signature, date, and whether its index is the one that was asked for.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{ArchiveStatus, ArchiveSuite};

use crate::apk::archives::{ApkArchive, ApkArchiveKeys};
use crate::apk::index::{ApkIndex, ApkIndexError};
use crate::apk::keys::ApkKeys;
use crate::apk::signature::{VerifiedApkIndex, verify_apk_index};

/// How far an index may lie in the future, for clocks that are a little wrong, and for an index judged as of a day.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// Judges indexes by keys and the time.
#[derive(Clone, Copy, Debug)]
pub struct ApkJudge<'k> {
    /// The keys that the program carries, and those that the operator gave.
    pub trusted: &'k ApkKeys,
    /// Those that the image brings: for repositories that are not the distribution's.
    pub image: &'k ApkKeys,
    /// The time to judge by.
    pub now: Timestamp,
}

/// What became of a repository.
#[derive(Debug)]
pub struct JudgedApkIndex {
    /// The repository as it is shown. Its date is the index's own, or else that of its newest package.
    pub suite: ArchiveSuite,
    /// What it has; only where its word counts.
    pub index: Option<ApkIndex>,
}

impl ApkJudge<'_> {
    /// Judges an `APKINDEX.tar.gz`. `accepted` is the `made_at` of the newest index of the repository that counted
    /// before, if one did.
    ///
    /// The states in the order they are looked at: unsigned and wrongly signed, damaged or of another release than was
    /// asked for (inconsistent), from the future, rolled back, verified or signed by the image's own key. None is ever
    /// expired: an index promises nothing.
    pub fn index(
        &self,
        asked: &ApkArchive,
        bytes: &[u8],
        accepted: Option<Timestamp>,
    ) -> JudgedApkIndex {
        let image = match asked.keys {
            ApkArchiveKeys::Official => None,
            ApkArchiveKeys::Image => Some(self.image),
        };
        let verified = match verify_apk_index(bytes, self.trusted, image) {
            Ok(verified) => verified,
            Err(error) => {
                let suite = asked.told(error.status(), error.to_string());
                return JudgedApkIndex { suite, index: None };
            }
        };
        let index = match ApkIndex::read(&verified) {
            Ok(index) => index,
            Err(error) => {
                let reason = match &error {
                    ApkIndexError::Read(source) => format!("{error}: {source}"),
                    _ => error.to_string(),
                };
                let suite = asked.told(ArchiveStatus::Inconsistent, reason);
                return JudgedApkIndex { suite, index: None };
            }
        };
        let (status, reason) = self.state(asked, &verified, &index, accepted);
        let suite = ArchiveSuite {
            suite: asked.suite.clone(),
            address: asked.address.clone(),
            signed_by: Some(verified.signed_by().to_owned()),
            date: index.made_at.or(index.newest_build),
            valid_until: None,
            status,
            reason,
        };
        JudgedApkIndex { suite, index: Some(index).filter(|_| status.is_usable()) }
    }

    fn state(
        &self,
        asked: &ApkArchive,
        verified: &VerifiedApkIndex<'_>,
        index: &ApkIndex,
        accepted: Option<Timestamp>,
    ) -> (ArchiveStatus, Option<String>) {
        if let Some(branch) = another_branch(asked, &index.description) {
            let reason = format!("its index is of {branch}");
            return (ArchiveStatus::Inconsistent, Some(reason));
        }
        let date = index.made_at.or(index.newest_build);
        if let Some(date) = date.filter(|date| date.duration_since(self.now) > CLOCK_TOLERANCE) {
            return (ArchiveStatus::FromTheFuture, Some(format!("made on {date}")));
        }
        // Not by the newest package: where that is withdrawn, the newest left is older.
        if let (Some(made_at), Some(accepted)) = (index.made_at, accepted)
            && made_at < accepted
        {
            let reason = format!("made on {made_at}, but one of {accepted} was seen before");
            return (ArchiveStatus::RolledBack, Some(reason));
        }
        (verified.status(), verified.reason().map(str::to_owned))
    }
}

/// The numbered branch that an official index says it is of (`v3.20.3-27-g8b2c1a9`), if another was asked for: all
/// branches are signed by the same keys. Indexes of edge are named by days.
fn another_branch<'d>(asked: &ApkArchive, description: &'d str) -> Option<&'d str> {
    let wanted = asked.suite.split_once('/').map_or("", |(branch, _repository)| branch);
    let numbers = |text: &str| -> Option<(u16, u16)> {
        let mut numbers = text.strip_prefix('v')?.split(|c: char| !c.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    let is_official = asked.keys == ApkArchiveKeys::Official;
    let (found, wanted) = (numbers(description)?, numbers(wanted)?);
    (is_official && found != wanted).then_some(description)
}
