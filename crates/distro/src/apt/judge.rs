//! Whether the word of a suite counts: signature, age, and whether it is the suite that was asked for.

use jiff::{SignedDuration, Timestamp};
use plimsoll_model::{ArchiveStatus, ArchiveSuite};

use crate::apt::asked::{AskedSuite, SuiteKeys};
use crate::apt::release::{Release, ReleaseError, ReleaseState};
use crate::apt::suites::{Pocket, signers};
use crate::openpgp::keyring::Keyring;
use crate::openpgp::keys::archive_keys;
use crate::openpgp::verify::{Verified, VerifyError, verify_detached, verify_inline};

/// How far a release may lie in the future, for clocks that are a little wrong. apt refuses from ten seconds on, but
/// judges by the clock that it will be used by; ours may judge an archive of another day (`--as-of`).
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// Names that move from release to release.
const AGES: [&str; 4] = ["stable", "oldstable", "oldoldstable", "testing"];

/// A suite's signed list of its files, as it was fetched.
#[derive(Clone, Copy, Debug)]
pub enum SignedRelease<'b> {
    /// `InRelease`.
    Inline(&'b [u8]),
    /// `Release`, and `Release.gpg` where there is one.
    Detached {
        /// The list.
        release: &'b [u8],
        /// Its signature.
        signature: Option<&'b [u8]>,
    },
}

/// Judges releases by keys and the time.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'k> {
    /// The distribution's keys, carried by the program or the host's; of them only those count that sign the suite.
    pub distribution: &'k Keyring,
    /// Keys that the operator gave: they count for every suite, but for those of the distribution's that are known to
    /// sign another one.
    pub operator: Option<&'k Keyring>,
    /// The time to judge by.
    pub now: Timestamp,
}

/// What became of a suite.
#[derive(Clone, Debug)]
pub struct JudgedRelease {
    /// The suite as it is shown.
    pub suite: ArchiveSuite,
    /// Which part of the release it is: security and updates only if keys of the distribution or the operator say so.
    pub pocket: Pocket,
    /// What it says; none where nobody that may sign it did, or where it cannot be read. It counts only where the
    /// status says so.
    pub release: Option<Release>,
}

/// Whose keys verified a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Ours,
    Image,
}

impl Judge<'_> {
    /// Judges what was fetched for a suite. `accepted` is the date of the newest release of it that was usable before,
    /// if one was.
    ///
    /// The states in the order they are looked at: unsigned and wrongly signed, not the suite that was asked for
    /// (inconsistent), from the future, rolled back, expired, verified or signed by the image's own key.
    pub fn release(
        &self,
        asked: &AskedSuite,
        file: SignedRelease<'_>,
        accepted: Option<Timestamp>,
    ) -> JudgedRelease {
        let (verified, trust) = match self.verify(asked, file) {
            Ok(found) => found,
            Err(error) => {
                let status = match error {
                    VerifyError::Unsigned => ArchiveStatus::Unsigned,
                    _ => ArchiveStatus::WronglySigned,
                };
                return JudgedRelease {
                    suite: asked.told(status, error.to_string()),
                    pocket: Pocket::Other,
                    release: None,
                };
            }
        };
        let signed_by: Vec<_> = verified.signers().iter().map(|s| s.fingerprint.as_str()).collect();
        let signed_by = Some(signed_by.join(", "));
        let release = match Release::of(&verified) {
            Ok(release) => release,
            Err(error) => {
                let status = match error {
                    ReleaseError::WeakHashes => ArchiveStatus::WronglySigned,
                    _ => ArchiveStatus::Inconsistent,
                };
                let suite = ArchiveSuite { signed_by, ..asked.told(status, error.to_string()) };
                return JudgedRelease { suite, pocket: Pocket::Other, release: None };
            }
        };
        let (status, reason) = self.state(asked, &release, trust, accepted);
        let suite = ArchiveSuite {
            suite: asked.suite.clone(),
            address: asked.address().to_owned(),
            signed_by,
            date: Some(release.date),
            valid_until: release.valid_until,
            status,
            reason,
        };
        let pocket = if trust == Trust::Ours { asked.pocket } else { Pocket::Other };
        JudgedRelease { suite, pocket, release: Some(release) }
    }

    /// The distribution's and the operator's keys first, then the image's, as far as the suite may be signed by them.
    /// Only where no signature names any of the first the image's are tried: a signature that is wrong or too weak is
    /// not made good by another keyring.
    fn verify(
        &self,
        asked: &AskedSuite,
        file: SignedRelease<'_>,
    ) -> Result<(Verified, Trust), VerifyError> {
        let verify = |keyring: &Keyring| match file {
            SignedRelease::Inline(file) => verify_inline(file, keyring, self.now),
            SignedRelease::Detached { signature: None, .. } => Err(VerifyError::Unsigned),
            SignedRelease::Detached { release, signature: Some(signature) } => {
                verify_detached(release, signature, keyring, self.now)
            }
        };
        let mut official = signers(asked.ecosystem, asked.pocket, self.distribution.clone());
        official.extend(operators_signers(asked, self.operator));
        let image = match &asked.keys {
            SuiteKeys::Distribution => return Ok((verify(&official)?, Trust::Ours)),
            SuiteKeys::Image(keyring) => keyring,
        };
        // A third party's archive is not the distribution's, whoever signed it.
        let ours = match asked.pocket {
            Pocket::Other => self.operator.cloned().unwrap_or_default(),
            _ => official,
        };
        match verify(&ours) {
            Err(VerifyError::UnknownKey { .. }) => {}
            other => return Ok((other?, Trust::Ours)),
        }
        Ok((verify(image)?, Trust::Image))
    }

    fn state(
        &self,
        asked: &AskedSuite,
        release: &Release,
        trust: Trust,
        accepted: Option<Timestamp>,
    ) -> (ArchiveStatus, Option<String>) {
        let latest = self.now.checked_add(CLOCK_TOLERANCE).unwrap_or(Timestamp::MAX);
        // Others name their suites as they like, and have keys of their own; apt only warns.
        let other = other_suite(asked, release).filter(|_| trust == Trust::Ours);
        if let Some(reason) = other {
            return (ArchiveStatus::Inconsistent, Some(reason));
        }
        if release.date > latest {
            let reason = format!("made at {}, in the future", release.date);
            return (ArchiveStatus::FromTheFuture, Some(reason));
        }
        if let Some(accepted) = accepted.filter(|accepted| release.is_rollback(*accepted)) {
            let reason = format!("made at {}, before the one of {accepted}", release.date);
            return (ArchiveStatus::RolledBack, Some(reason));
        }
        if let ReleaseState::Expired { since } = release.state(self.now) {
            return (ArchiveStatus::Expired, Some(format!("valid until {since}")));
        }
        match trust {
            Trust::Ours => (ArchiveStatus::Verified, None),
            Trust::Image => {
                let reason = "signed by a key that the image brings".to_owned();
                (ArchiveStatus::SignedByImageKey, Some(reason))
            }
        }
    }
}

/// What is left of the operator's keys for an official suite: the distribution's own sign only what they sign.
fn operators_signers(asked: &AskedSuite, operator: Option<&Keyring>) -> Keyring {
    let known: Vec<_> = archive_keys(asked.ecosystem).map(|key| key.fingerprint).collect();
    let operator = operator.cloned().unwrap_or_default();
    let mut signing = signers(asked.ecosystem, asked.pocket, operator.clone());
    signing.extend(operator.without(&known));
    signing
}

/// Why a release is not that of the suite that was asked for; none where it is.
///
/// One key signs several suites: without this an archive could answer with the frozen main suite where the security
/// suite was asked for.
fn other_suite(asked: &AskedSuite, release: &Release) -> Option<String> {
    let is_others = matches!(asked.keys, SuiteKeys::Image(_)) && asked.pocket == Pocket::Other;
    if asked.is_flat() || is_others {
        return None;
    }
    let suite = release.suite.as_deref().unwrap_or_default();
    let codename = release.codename.as_deref().unwrap_or_default();
    let name = asked.suite.as_str();
    let (wanted, _) = Pocket::split(name);
    let is_it = match name.strip_suffix("/updates") {
        // Debian's security suites until buster: `Suite: stable`, `Codename: buster`.
        Some(release) => [suite, codename].iter().any(|name| Pocket::split(name).0 == release),
        // Ubuntu's `noble-security` has the codename `noble`.
        None => suite == name || (codename == name && !is_pocket_of(suite, name)),
    };
    if !is_it {
        return Some(format!("it is {suite} ({codename}), not {name}"));
    }
    let (means, _) = Pocket::split(codename);
    match &asked.codename {
        Some(own) if AGES.contains(&wanted) && means != own => {
            Some(format!("{name} is {means} now, the system is {own}"))
        }
        _ => None,
    }
}

/// Whether `suite` is a pocket beside the main suite `name`.
fn is_pocket_of(suite: &str, name: &str) -> bool {
    suite.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Scope;

    use super::*;
    use crate::apt::suites::Pocket::{Backports, Main, Other, Security, Updates};
    use crate::apt::suites::suites;

    fn release(suite: &str, codename: &str) -> Release {
        let mut release = Release::default();
        release.suite = Some(suite.to_owned());
        release.codename = Some(codename.to_owned());
        release
    }

    #[test]
    fn a_release_must_be_that_of_the_suite_asked_for() {
        fn check(scope: &str, asked: (&str, Pocket), found: (&str, &str), expected: Option<&str>) {
            let scope: Scope = scope.parse().unwrap();
            let main = suites(&scope, "amd64").unwrap().remove(0);
            let keys = match asked.1 {
                Other => SuiteKeys::Image(Keyring::default()),
                _ => SuiteKeys::Distribution,
            };
            let asked = AskedSuite {
                suite: asked.0.to_owned(),
                pocket: asked.1,
                keys,
                ..AskedSuite::official(&main, &["main"], &[])
            };
            let found = other_suite(&asked, &release(found.0, found.1));
            assert_eq!(found.as_deref(), expected);
        }
        check("debian:12", ("bookworm", Main), ("oldstable", "bookworm"), None);
        check(
            "debian:12",
            ("bookworm-updates", Updates),
            ("oldstable-updates", "bookworm-updates"),
            None,
        );
        let security = ("bookworm-security", Security);
        check("debian:12", security, ("oldstable-security", "bookworm-security"), None);
        let wrong = "it is oldstable (bookworm), not bookworm-security";
        check("debian:12", security, ("oldstable", "bookworm"), Some(wrong));
        check("debian:12", ("bookworm/updates", Security), ("oldstable", "bookworm"), None);
        check("debian:12", ("oldstable", Main), ("oldstable", "bookworm"), None);
        let moved = "stable is trixie now, the system is bookworm";
        check("debian:12", ("stable", Main), ("stable", "trixie"), Some(moved));
        let moved = "stable-security is trixie now, the system is bookworm";
        let stable = ("stable-security", "trixie-security");
        check("debian:12", ("stable-security", Security), stable, Some(moved));
        check("debian:12", ("sid", Main), ("unstable", "sid"), None);
        check("ubuntu:24.04", ("noble", Main), ("noble", "noble"), None);
        check("ubuntu:24.04", ("noble-security", Security), ("noble-security", "noble"), None);
        let wrong = "it is noble-security (noble), not noble";
        check("ubuntu:24.04", ("noble", Main), ("noble-security", "noble"), Some(wrong));
        let wrong = "it is noble (noble), not noble-backports";
        check("ubuntu:24.04", ("noble-backports", Backports), ("noble", "noble"), Some(wrong));
        check("debian:12", ("nodistro", Other), ("whatever", "it likes"), None);
    }
}
