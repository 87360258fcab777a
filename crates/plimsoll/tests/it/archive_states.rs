//! Whether the word of a distribution archive counts: each state is named, and none passes for "no updates".

use std::fs;

use plimsoll_testkit::{AptKey, AptSuite, Deb, Image};

use crate::support::{
    Answer, Archive, DAY, FeedServer, MAIN, NOON, SECURITY, TestContext, bookworm, bookworm_with,
    deb, security_suite, suites, updates,
};

const CHANGES: &[&str] = &["changes", "image", "--format", "json"];
const RELEASE: &str = "dists/bookworm-security/InRelease";

/// Debian 12 with one package that the security suite has a fix of.
fn world() -> (TestContext, Archive) {
    let mut context = TestContext::new();
    let archive = Archive::new(&mut context);
    archive.security([fix()]);
    context.layout("image", &bookworm(&["zlib 1"]));
    (context, archive)
}

fn fix() -> Deb {
    deb("zlib", &[("2", "Fix CVE-2026-0001."), ("1", "Before.")])
}

/// The security suite has this status, and what it offers counts for nothing.
#[track_caller]
fn check(context: &TestContext, status: &str, reason: &str) -> Answer {
    let answer = context.plimsoll(CHANGES).ends_with(11);
    let document = answer.json();
    let suites = document["distribution_archive"].as_array().unwrap();
    let suite = suites.iter().find(|suite| suite["suite"] == "bookworm-security").unwrap();
    assert_eq!(suite["status"], status, "{suite:#}");
    let why = suite["reason"].as_str().unwrap();
    assert!(why.contains(reason), "{reason:?} is not in {why:?}");
    assert_eq!(document["updates"].as_array().unwrap().len(), 0, "{document:#}");

    // People see it, and may decide to live with it.
    let table = context.plimsoll(&["changes", "image"]).ends_with(11);
    assert!(!table.stdout.contains("no pending updates"), "{table}");
    context.plimsoll(&[CHANGES, &["--allow-unknown"]].concat()).ends_with(0);

    // A scan does without the archive and says so; with no other feed nothing can be known.
    let scan = context.plimsoll(&["scan", "image", "--format", "json"]).ends_with(11);
    let scan = scan.says("warning: ").says("apt-archive");
    let coverage = &scan.json()["coverage"];
    assert!(coverage.to_string().contains("no_data"), "{coverage}");
    answer
}

#[test]
fn a_suite_whose_promise_is_over_is_expired() {
    let (context, archive) = world();
    let suite = security_suite().valid_until(NOON - DAY).package(fix());
    archive.write_with(SECURITY, [suite], &archive.key, NOON - 8 * DAY);
    check(&context, "expired", "valid until 2026-05-31");
}

#[test]
fn a_suite_made_tomorrow_is_from_the_future() {
    let (context, archive) = world();
    archive.write(SECURITY, [security_suite().date(NOON + 3 * DAY).package(fix())]);
    check(&context, "from_the_future", "in the future");
}

/// Also after the cache is gone: what was seen is kept with the state.
#[test]
fn an_older_suite_than_was_seen_is_rolled_back() {
    let (context, archive) = world();
    context.plimsoll(CHANGES).ends_with(0);
    let old = security_suite().date(NOON - DAY);
    archive.write_with(SECURITY, [old], &archive.key, NOON - DAY);
    let reason = "made at 2026-05-31T12:00:00Z, before the one of 2026-06-01T12:00:00Z";
    check(&context, "rolled_back", reason);
    fs::remove_dir_all(context.world("cache")).unwrap();
    check(&context, "rolled_back", reason);
    // The same one again, or a newer one, is fine.
    archive.write_with(SECURITY, [security_suite().package(fix())], &archive.key, NOON);
    context.plimsoll(CHANGES).ends_with(0);
}

#[test]
fn a_suite_without_a_signature_is_unsigned() {
    let (context, archive) = world();
    for file in ["InRelease", "Release.gpg"] {
        fs::remove_file(archive.file(SECURITY, &format!("dists/bookworm-security/{file}")))
            .unwrap();
    }
    check(&context, "unsigned", "");
    // The text alone, where the signed one is expected.
    let text = fs::read(archive.file(SECURITY, "dists/bookworm-security/Release")).unwrap();
    fs::write(archive.file(SECURITY, RELEASE), text).unwrap();
    check(&context, "unsigned", "");
}

/// `Release` with `Release.gpg` is as good as `InRelease`.
#[test]
fn a_signature_beside_its_text_is_a_signature() {
    let (context, archive) = world();
    fs::remove_file(archive.file(SECURITY, RELEASE)).unwrap();
    let document = context.plimsoll(CHANGES).ends_with(0).json();
    assert!(suites(&document).contains(&"bookworm-security verified".to_owned()), "{document:#}");
}

#[test]
fn a_signature_of_another_key_or_text_is_wrong() {
    let (context, archive) = world();
    let path = archive.file(SECURITY, RELEASE);
    let good = fs::read_to_string(&path).unwrap();
    let other = AptKey::new(99);

    let signed = |key: &AptKey| {
        let text = fs::read_to_string(archive.file(SECURITY, "dists/bookworm-security/Release"));
        String::from_utf8(key.sign_inline(&text.unwrap(), NOON)).unwrap()
    };
    fs::write(&path, signed(&other)).unwrap();
    check(&context, "wrongly_signed", &other.fingerprint());

    fs::write(&path, good.replacen("Origin: Debian", "Origin: debian", 1)).unwrap();
    check(&context, "wrongly_signed", "");

    // Text that nobody signed, before and behind.
    fs::write(&path, format!("{good}SHA256:\n 00 1 main/binary-amd64/Packages\n")).unwrap();
    check(&context, "wrongly_signed", "");
    fs::write(&path, format!("Suite: x\n\n{good}")).unwrap();
    check(&context, "unsigned", "not signed");

    // Two texts, of which one is signed.
    fs::write(&path, format!("{good}{}", signed(&other))).unwrap();
    check(&context, "wrongly_signed", "");

    fs::write(&path, &good).unwrap();
    context.plimsoll(CHANGES).ends_with(0);
}

/// Keys are renewed by signing with the old and the new one for a while: one good signature is enough.
#[test]
fn one_good_signature_of_two_is_enough() {
    let (context, archive) = world();
    fs::remove_file(archive.file(SECURITY, RELEASE)).unwrap();
    let file = |name: &str| archive.file(SECURITY, &format!("dists/bookworm-security/{name}"));
    let text = fs::read_to_string(file("Release")).unwrap();
    let other = AptKey::new(99).sign_detached(&text, NOON);
    let good = archive.key.sign_detached(&text, NOON);
    for both in [[&other[..], &good], [&good[..], &other]] {
        fs::write(file("Release.gpg"), both.concat()).unwrap();
        context.plimsoll(CHANGES).ends_with(0);
    }
    fs::write(file("Release.gpg"), other).unwrap();
    check(&context, "wrongly_signed", "");
}

#[test]
fn a_suite_that_is_not_there_is_unreachable() {
    let (context, archive) = world();
    fs::remove_dir_all(archive.file(SECURITY, "dists")).unwrap();
    check(&context, "unreachable", "InRelease");
}

/// A mirror is asked instead of the archive, and believed for the archive's signature; one that is down is not passed
/// over in silence.
#[test]
fn a_mirror_stands_for_the_archive() {
    let (mut context, archive) = world();
    context.vars.remove("PLIMSOLL_FEEDS_FROM");
    let server = FeedServer::start(&archive.root);
    let changes = |security: &str, code| {
        let main = format!("{MAIN}={}/{MAIN}", server.url());
        let security = format!("{SECURITY}={security}");
        let mirrors = ["--mirror", &main, "--mirror", &security];
        context.plimsoll(&[CHANGES, &mirrors].concat()).ends_with(code).json()
    };
    let found = changes(&format!("{}/{SECURITY}", server.url()), 0);
    assert_eq!(updates(&found), ["zlib 1 → 2"]);
    assert_eq!(found["distribution_archive"][2]["address"], SECURITY);
    let silent = changes("http://127.0.0.1:9/debian-security", 11);
    let suites = suites(&silent);
    assert!(suites.contains(&"bookworm-security unreachable".to_owned()), "{suites:?}");
    assert!(suites.contains(&"bookworm verified".to_owned()), "{suites:?}");
}

/// The main suite where the security suite should be: signed by the right key, and still not it.
#[test]
fn another_suite_in_its_place_is_inconsistent() {
    let (context, archive) = world();
    let posing = security_suite().field("Suite", "bookworm").field("Codename", "bookworm");
    archive.write(SECURITY, [posing.package(fix())]);
    check(&context, "inconsistent", "not bookworm-security");
}

const VENDOR: &str = "https://apt.vendor.example/repo";

/// Debian 12 with a package of a vendor whose key it brings.
fn with_vendor(vendor: &AptKey) -> Image {
    let line = format!("deb [signed-by=/usr/share/keyrings/vendor.gpg] {VENDOR} stable main\n");
    let mut image =
        bookworm_with(&["zlib 2", "tool 1.0"], &[("etc/apt/sources.list.d/vendor.list", &line)]);
    image.layers.push(plimsoll_testkit::Layer::new(&[plimsoll_testkit::Entry::file(
        "usr/share/keyrings/vendor.gpg",
        vendor.keyring(),
    )]));
    image
}

/// Good for what the vendor offers, never "verified", and only where the operator allows the host.
#[test]
fn a_key_that_the_image_brings_is_named_as_that() {
    let (context, archive) = world();
    let vendor = AptKey::new(7);
    let tool = deb("tool", &[("1.1", "Fix CVE-2026-0005."), ("1.0", "Before.")]);
    let suite = AptSuite::new("stable").field("Label", "Vendor").package(tool);
    archive.write_with("apt.vendor.example/repo", [suite], &vendor, NOON);
    context.layout("image", &with_vendor(&vendor));

    let refused = context.plimsoll(CHANGES).ends_with(0).json();
    assert!(suites(&refused).contains(&"stable not_allowed".to_owned()), "{refused:#}");
    assert!(updates(&refused).is_empty());

    let allow = [CHANGES, &["--allow-source", "apt.vendor.example"]].concat();
    let allowed = context.plimsoll(&allow).ends_with(0).json();
    assert!(suites(&allowed).contains(&"stable signed_by_image_key".to_owned()), "{allowed:#}");
    assert_eq!(updates(&allowed), ["tool 1.0 → 1.1"]);

    // Another's key is no better for standing in the image's own archive.
    context.layout("image", &with_vendor(&AptKey::new(8)));
    let wrong = context.plimsoll(&allow).ends_with(0).json();
    assert!(suites(&wrong).contains(&"stable wrongly_signed".to_owned()), "{wrong:#}");
    assert!(updates(&wrong).is_empty());
}

/// An image's own key signs nothing that is the distribution's.
#[test]
fn the_key_of_the_image_does_not_sign_the_security_suite() {
    let (context, archive) = world();
    let own = AptKey::new(7);
    archive.write_with(SECURITY, [security_suite().package(fix())], &own, NOON);
    let line = "deb [signed-by=/usr/share/keyrings/vendor.gpg trusted=yes] \
                http://security.debian.org/debian-security bookworm-security main\n";
    let mut image = with_vendor(&own);
    let list = [("etc/apt/sources.list", line)];
    image.layers.push(plimsoll_testkit::Layer::new(&crate::support::entries_of(&list)));
    context.layout("image", &image);
    let args = [CHANGES, &["--allow-source", "security.debian.org"]].concat();
    let document = context.plimsoll(&args).ends_with(11).json();
    let suites = suites(&document);
    assert!(suites.contains(&"bookworm-security wrongly_signed".to_owned()), "{suites:?}");
}

/// Hosts that only an image names, and addresses that nobody should be sent to.
#[test]
fn addresses_of_the_image_are_not_asked() {
    let (context, archive) = world();
    let server = FeedServer::start(&archive.root);
    let loopback = server.url();
    let lists = [
        (loopback.as_str(), "a loopback address"),
        ("http://169.254.169.254/latest", "a link-local address"),
        ("http://10.0.0.1/debian", "a private address"),
        ("file:/var/lib/repo", "file: is not fetched"),
        ("http://evil.example/debian", "not a host of the distribution"),
        ("http://user:secret@evil.example/debian", "the address holds credentials"),
    ];
    let lines: String = lists.iter().map(|(at, _)| format!("deb {at} bookworm main\n")).collect();
    context.layout("image", &bookworm_with(&["zlib 2"], &[("etc/apt/sources.list", &lines)]));
    let answer = context.plimsoll(CHANGES).ends_with(0);
    assert!(!answer.stdout.contains("secret"), "{answer}");
    let document = answer.json();
    let refused = document["distribution_archive"].as_array().unwrap().iter();
    let refused: Vec<_> = refused
        .filter(|suite| suite["status"] == "not_allowed")
        .map(|suite| suite["reason"].as_str().unwrap())
        .collect();
    assert_eq!(refused, lists.map(|(_, reason)| reason));
    assert_eq!(server.take_requests().len(), 0);
}
