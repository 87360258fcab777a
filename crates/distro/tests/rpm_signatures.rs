//! Whether the word of an rpm repository counts.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use jiff::Timestamp;
use plimsoll_distro::Keyring;
use plimsoll_distro::rpm::{
    Configuration, Judged, Keys, Kind, Place, Received, System, Transport, judge, places,
};
use plimsoll_model::{ArchiveStatus, Ecosystem};
use plimsoll_testkit::AptKey;

/// 2026-01-01.
const NOW: i64 = 1_767_225_600;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn repomd(revision: i64) -> String {
    let hash = "00".repeat(32);
    format!(
        "<repomd><revision>{revision}</revision><data type=\"primary\">\
         <checksum type=\"sha256\">{hash}</checksum><location href=\"repodata/p.xml.gz\"/></data></repomd>"
    )
}

fn place(repo: &str) -> Place {
    let system = System {
        ecosystem: Ecosystem::AlmaLinux,
        id: "almalinux".to_owned(),
        version_id: "9.3".to_owned(),
        arch: "x86_64".to_owned(),
    };
    let files = [("etc/yum.repos.d/a.repo", repo.as_bytes())];
    let configuration = Configuration::read(files, &system);
    places(&system, &configuration, &|host| host == "mirror.corp").asked.remove(0)
}

const OFFICIAL: &str = "[baseos]\nbaseurl=https://repo.almalinux.org/almalinux/9/BaseOS/\n";
const ALLOWED: &str = "[corp]\nbaseurl=https://mirror.corp/x/\n";

/// Who signed the metadata, if anybody.
#[derive(Clone, Copy)]
enum Signed<'k> {
    Not,
    By(&'k AptKey),
    /// By this key, but something else.
    Wrongly(&'k AptKey),
    Garbage,
}

struct Keyrings {
    distribution: AptKey,
    image: AptKey,
    stranger: AptKey,
}

impl Keyrings {
    fn new() -> Self {
        Self { distribution: AptKey::new(1), image: AptKey::new(2), stranger: AptKey::new(3) }
    }

    fn judge(&self, repo: &str, over: Transport, signed: Signed<'_>) -> Judged {
        let text = repomd(NOW - 3600);
        let signature = match signed {
            Signed::Not => None,
            Signed::By(key) => Some(key.sign_detached(&text, NOW - 3600)),
            Signed::Wrongly(key) => Some(key.sign_detached("other", NOW - 3600)),
            Signed::Garbage => Some(b"garbage".to_vec()),
        };
        let received = Received {
            repomd: text.as_bytes(),
            signature: signature.as_deref(),
            over,
            seen: None,
            now: time(NOW),
        };
        let trusted = Keyring::from_bytes(&self.distribution.keyring()).unwrap();
        let image = Keyring::from_bytes(&self.image.keyring()).unwrap();
        judge(&place(repo), &received, &Keys { trusted: &trusted, image: &image })
    }
}

#[test]
fn what_a_signature_is_worth() {
    use ArchiveStatus::{SignedByImageKey, TransportOnly, Unsigned, Verified, WronglySigned};
    use Transport::{Copy, Http, Https};

    let keys = Keyrings::new();
    let check = |repo: &str, over, signed: Signed<'_>, expected: ArchiveStatus| {
        let Judged { suite, repomd } = keys.judge(repo, over, signed);
        let reason = suite.reason.as_deref().unwrap_or_default();
        assert_eq!(suite.status, expected, "{repo}{over:?}: {reason}");
        assert_eq!(repomd.is_some(), expected.is_usable());
        assert_eq!(suite.reason.is_none(), expected == Verified);
        assert_eq!(suite.signed_by.is_some(), matches!(expected, Verified | SignedByImageKey));
    };
    let Keyrings { distribution, image, stranger } = &keys;
    for repo in [OFFICIAL, ALLOWED] {
        for over in [Https, Copy, Http] {
            check(repo, over, Signed::By(distribution), Verified);
            check(repo, over, Signed::Wrongly(distribution), WronglySigned);
            check(repo, over, Signed::Wrongly(image), WronglySigned);
            check(repo, over, Signed::Garbage, WronglySigned);
        }
        check(repo, Copy, Signed::Not, TransportOnly);
        check(repo, Http, Signed::Not, Unsigned);
        check(repo, Http, Signed::By(stranger), WronglySigned);
    }
    check(OFFICIAL, Https, Signed::Not, TransportOnly);
    check(OFFICIAL, Https, Signed::By(stranger), TransportOnly);
    // The image's own key says nothing about the distribution.
    check(OFFICIAL, Https, Signed::By(image), TransportOnly);
    check(OFFICIAL, Http, Signed::By(image), WronglySigned);
    check(ALLOWED, Https, Signed::Not, Unsigned);
    check(ALLOWED, Https, Signed::By(stranger), WronglySigned);
    check(ALLOWED, Http, Signed::By(image), SignedByImageKey);
    let demanding = format!("{OFFICIAL}repo_gpgcheck=1\n");
    check(&demanding, Https, Signed::Not, Unsigned);
    check(&demanding, Https, Signed::By(distribution), Verified);
}

#[test]
fn metadata_of_another_time_does_not_count() {
    let check = |revision: i64, seen: Option<i64>, expected: ArchiveStatus| {
        let text = repomd(revision);
        let received = Received {
            repomd: text.as_bytes(),
            signature: None,
            over: Transport::Https,
            seen: seen.map(time),
            now: time(NOW),
        };
        let none = Keyring::default();
        let judged = judge(&place(OFFICIAL), &received, &Keys { trusted: &none, image: &none });
        assert_eq!(judged.suite.status, expected);
        assert_eq!(judged.suite.date, Some(time(revision)));
        assert_eq!(judged.repomd.is_some(), expected == ArchiveStatus::TransportOnly);
    };
    check(NOW - 5, Some(NOW - 5), ArchiveStatus::TransportOnly);
    check(NOW - 5, Some(NOW - 4), ArchiveStatus::RolledBack);
    check(NOW + 3600, None, ArchiveStatus::TransportOnly);
    check(NOW + 2 * 86_400, None, ArchiveStatus::FromTheFuture);
}

#[test]
fn metadata_that_cannot_be_read_is_inconsistent() {
    for repomd in ["", "<html/>", "<repomd>", "\u{1}"] {
        let received = Received {
            repomd: repomd.as_bytes(),
            signature: None,
            over: Transport::Https,
            seen: None,
            now: time(NOW),
        };
        let none = Keyring::default();
        let judged = judge(&place(OFFICIAL), &received, &Keys { trusted: &none, image: &none });
        assert_eq!(judged.suite.status, ArchiveStatus::Inconsistent);
        assert!(judged.suite.reason.is_some() && judged.repomd.is_none());
    }
}

#[test]
fn a_verified_repository_names_its_signer_and_its_files() {
    let keys = Keyrings::new();
    let judged = keys.judge(OFFICIAL, Transport::Https, Signed::By(&keys.distribution));
    assert_eq!(judged.suite.suite, "baseos");
    assert_eq!(judged.suite.address, "repo.almalinux.org/almalinux/9/BaseOS");
    assert_eq!(judged.suite.signed_by, Some(keys.distribution.fingerprint()));
    assert_eq!(judged.repomd.unwrap().file(Kind::Primary).unwrap().path, "repodata/p.xml.gz");
}
