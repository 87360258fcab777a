//! `db status|feeds|search|export|import|verify`.

use std::fs;

use crate::support::{TestContext, assert_answer, shop, shop_feeds};

fn updated() -> TestContext {
    let context = TestContext::new();
    shop_feeds(&context);
    context.plimsoll(&["db", "update", "alpine:3.19", "--from", "feeds"]).ends_with(0);
    context
}

/// The shards, each a file of the state directory.
fn shards(context: &TestContext) -> Vec<std::path::PathBuf> {
    let files = context.files_below(&context.world("state"));
    let shards: Vec<_> =
        files.into_iter().filter(|path| path.display().to_string().contains("shard")).collect();
    assert_eq!(shards.len(), 4, "{shards:?}");
    shards
}

#[test]
fn an_empty_database_says_what_to_do() {
    let context = TestContext::new();
    context.plimsoll(&["db", "status"]).ends_with(0).says("hint: plimsoll db update");
    context.plimsoll(&["db", "verify"]).ends_with(0);
    context.plimsoll(&["db", "export", "file"]).ends_with(1).says("no advisory database");
    context.plimsoll(&["db", "search", "curl"]).ends_with(1).says("no advisory database");
    assert!(!context.path("file").exists());
}

#[test]
fn feeds_are_listed_with_address_format_and_licence() {
    let answer = TestContext::new().plimsoll(&["db", "feeds"]).ends_with(0);
    for text in [
        "alpine-secdb",
        "https://secdb.alpinelinux.org/vN/main.json",
        "debian-tracker",
        "CC0-1.0",
        "oval",
    ] {
        assert!(answer.stdout.contains(text), "{text}: {answer}");
    }
}

#[test]
fn a_search_finds_ids_and_packages() {
    let context = updated();
    assert_answer!(context.plimsoll(&["db", "search", "CVE-2024-0853"]));
    let openssl = context.plimsoll(&["db", "search", "openssl"]).ends_with(0);
    openssl.shows("CVE-2023-6129").shows("CVE-2023-5363");
    let nothing = context.plimsoll(&["db", "search", "CVE-1999-9999"]).ends_with(0);
    nothing.shows("the database says nothing of it");
}

#[test]
fn an_export_is_imported_on_a_machine_without_network() {
    let context = updated();
    let exported = context.plimsoll(&["db", "export", "advisories.db"]).ends_with(0);
    let digest = exported.stdout.split_whitespace().next().unwrap().to_owned();
    assert!(digest.starts_with("sha256:"), "{exported}");
    context.plimsoll(&["db", "export", "again.db"]).ends_with(0).shows(&digest);

    let far = TestContext::new();
    far.write("advisories.db", fs::read(context.path("advisories.db")).unwrap());
    let wrong = format!("sha256:{}", "0".repeat(64));
    far.plimsoll(&["db", "import", "advisories.db", "--digest", &wrong]).ends_with(1);
    far.plimsoll(&["db", "status"]).ends_with(0).says("no advisory database");
    far.plimsoll(&["db", "import", "advisories.db", "--digest", &digest]).ends_with(0);
    let status = |context: &TestContext| context.plimsoll(&["db", "status"]).ends_with(0).stdout;
    assert!(status(&far).contains("alpine:3.19"), "{}", status(&far));
    far.plimsoll(&["db", "verify"]).ends_with(0).shows("every shard is whole");

    for (place, shop_context) in [("near", &context), ("far", &far)] {
        shop_context.layout("shop", &shop());
        let scan = ["scan", "--offline", "--format", "json", "shop"];
        assert_eq!(shop_context.plimsoll(&scan).ends_with(0).findings().len(), 6, "{place}");
    }
    let unvouched = TestContext::new();
    let file = context.path("advisories.db").display().to_string();
    unvouched.plimsoll(&["db", "import", &file]).ends_with(0).says("warning: ");
}

/// Without a digest nothing vouches for the manifest in front, but the manifest vouches for the shards.
#[test]
fn a_damaged_export_is_refused() {
    let context = updated();
    let exported = context.plimsoll(&["db", "export", "good.db"]).ends_with(0);
    let digest = exported.stdout.split_whitespace().next().unwrap().to_owned();
    let good = fs::read(context.path("good.db")).unwrap();
    let far = TestContext::new();
    let refused = |bytes: &[u8], args: &[&str], what: &str| {
        far.write("bad.db", bytes);
        let answer = far.plimsoll(&[&["db", "import", "bad.db"], args].concat());
        assert_eq!(answer.code, 1, "{what}: {answer}");
        far.plimsoll(&["db", "status"]).ends_with(0).says("no advisory database");
    };
    for end in [0, 1, 20, good.len() / 2, good.len() - 1] {
        refused(&good[..end], &[], &format!("cut at {end}"));
    }
    refused(&[&good[..], b"more"].concat(), &[], "more bytes behind the end");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        bytes
    };
    // The manifest takes less than half of the file.
    for at in (good.len() / 2..good.len()).step_by(good.len() / 20) {
        refused(&flipped(at), &[], &format!("flipped at {at}"));
    }
    for at in (0..good.len()).step_by(good.len() / 10) {
        refused(&flipped(at), &["--digest", &digest], &format!("flipped at {at}"));
    }
}

#[test]
fn a_flipped_byte_in_a_shard_is_found_and_named() {
    let context = updated();
    context.plimsoll(&["db", "verify"]).ends_with(0).shows("every shard is whole");
    for shard in shards(&context) {
        let good = fs::read(&shard).unwrap();
        let mut bad = good.clone();
        let last = bad.len() - 1;
        bad[last] ^= 1;
        fs::remove_file(&shard).unwrap();
        fs::write(&shard, &bad).unwrap();
        let answer = context.plimsoll(&["db", "verify"]).ends_with(1);
        let named = ["alpine-secdb", "osv-alpine", "kev", "epss"];
        let said = named.iter().filter(|name| answer.stderr.contains(*name)).count();
        assert_eq!(said, 1, "exactly one is damaged: {answer}");
        fs::write(&shard, &good).unwrap();
    }
    context.plimsoll(&["db", "verify"]).ends_with(0);
    let shard = &shards(&context)[0];
    fs::write(shard, "").unwrap();
    context.plimsoll(&["db", "verify"]).ends_with(1);
}

#[test]
fn a_scan_with_a_truncated_shard_is_an_error_and_never_clean() {
    let context = updated();
    context.layout("shop", &shop());
    for shard in shards(&context) {
        let good = fs::read(&shard).unwrap();
        for end in [0, 10, good.len() / 2] {
            fs::write(&shard, &good[..end]).unwrap();
            let answer = context.plimsoll(&["scan", "--offline", "shop"]).ends_with(1);
            answer.says("hint: ");
        }
        fs::write(&shard, &good).unwrap();
    }
    context.plimsoll(&["scan", "--offline", "shop"]).ends_with(0);
}

#[test]
fn a_state_directory_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let context = updated();
    context.layout("shop", &shop());
    fs::set_permissions(context.world("state"), fs::Permissions::from_mode(0o777)).unwrap();
    for args in [&["scan", "--offline", "shop"][..], &["db", "status"]] {
        let answer = context.plimsoll(args).ends_with(1).says("can be written by others");
        answer.says("hint: set another one with PLIMSOLL_STATE_DIR");
    }
    fs::set_permissions(context.world("state"), fs::Permissions::from_mode(0o700)).unwrap();
    context.plimsoll(&["scan", "--offline", "shop"]).ends_with(0);
    fs::rename(context.world("state"), context.world("elsewhere")).unwrap();
    std::os::unix::fs::symlink(context.world("elsewhere"), context.world("state")).unwrap();
    context.plimsoll(&["db", "status"]).ends_with(1).says("is a symbolic link");
}

#[test]
fn the_state_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let context = updated();
    let mode = fs::metadata(context.world("state")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
