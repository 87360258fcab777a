//! The smaller commands: config, cache, completions, man, version, compare-versions.

use std::fs;

use crate::support::{TestContext, shop};

/// The row of a setting: value and origin.
#[track_caller]
fn setting(context: &TestContext, args: &[&str], key: &str) -> String {
    let answer = context.plimsoll(&[&["config"], args].concat()).ends_with(0);
    let row = answer.stdout.lines().find(|line| line.split_whitespace().next() == Some(key));
    let row = row.unwrap_or_else(|| panic!("{key}: {answer}"));
    row.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn settings_come_from_flag_then_variable_then_files_then_default() {
    let context = TestContext::new();
    assert_eq!(setting(&context, &[], "memory"), "192MiB default");
    fs::create_dir_all(context.world("config/plimsoll")).unwrap();
    fs::write(
        context.world("config/plimsoll/plimsoll.toml"),
        "memory = \"1GiB\"\ntimeout = \"5s\"\n",
    )
    .unwrap();
    assert!(setting(&context, &[], "memory").starts_with("1GiB "));
    context.write("plimsoll.toml", "memory = \"2GiB\"\n");
    assert_eq!(setting(&context, &[], "memory"), "2GiB plimsoll.toml");
    assert!(setting(&context, &[], "timeout").starts_with("5s "), "the weaker file still counts");
    let context = context.var("PLIMSOLL_MEMORY", "3GiB");
    assert_eq!(setting(&context, &[], "memory"), "3GiB PLIMSOLL_MEMORY");
    assert_eq!(setting(&context, &["--memory", "4GiB"], "memory"), "4GiB the command line");
    assert_eq!(setting(&context, &[], "as_of"), "2026-06-01 PLIMSOLL_AS_OF");
    let context = context.var("PLIMSOLL_FEEDS_FROM", "/mirror");
    assert_eq!(setting(&context, &[], "from"), "/mirror PLIMSOLL_FEEDS_FROM");
}

#[test]
fn a_bad_setting_names_its_origin() {
    let context = TestContext::new().var("PLIMSOLL_MEMORY", "lots");
    context.plimsoll(&["config"]).ends_with(2).says("lots").says("PLIMSOLL_MEMORY");
    let context = TestContext::new();
    for (text, said) in [
        ("memroy = 1\n", "unknown setting memroy"),
        ("memory = [", "plimsoll.toml is malformed"),
        ("memory = 1.5\n", "memory in plimsoll.toml"),
        ("timeout = \"never\"\n", "never"),
    ] {
        context.write("plimsoll.toml", text);
        context.plimsoll(&["config"]).ends_with(2).says(said);
    }
}

#[test]
fn the_cache_is_counted_and_pruned() {
    let context = TestContext::new();
    context.plimsoll(&["cache", "info"]).ends_with(0);
    context.layout("shop", &shop());
    context.plimsoll(&["inventory", "shop"]).ends_with(0);
    let info = context.plimsoll(&["cache", "info"]).ends_with(0);
    assert!(info.stdout.contains("2 layers"), "{info}");
    assert!(info.stdout.contains("[ROOT]/cache"), "{info}");
    let kept = context.plimsoll(&["cache", "prune"]).ends_with(0);
    assert!(kept.stdout.starts_with("removed 0 files"), "{kept}");
    context.plimsoll(&["cache", "prune", "--all"]).ends_with(0);
    context.plimsoll(&["cache", "info"]).ends_with(0).shows("0 layers");
    assert_eq!(context.plimsoll(&["inventory", "shop"]).ends_with(0).stderr, "");

    // With --no-cache nothing is kept.
    context.plimsoll(&["cache", "prune", "--all"]).ends_with(0);
    context.plimsoll(&["inventory", "shop", "--no-cache"]).ends_with(0);
    context.plimsoll(&["cache", "info"]).ends_with(0).shows("0 layers");
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let context = TestContext::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = context.plimsoll(&["completions", shell]).ends_with(0);
        for word in ["scan", "inventory", "explain", "compare-versions", "fail-on"] {
            assert!(answer.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    let man = context.plimsoll(&["man"]).ends_with(0);
    for text in [".TH", "scan", "compare\\-versions", "fail\\-on"] {
        assert!(man.stdout.contains(text), "{text} is not in the manual");
    }
    // These need neither settings nor a home.
    context.write("plimsoll.toml", "broken");
    for args in [&["man"][..], &["completions", "bash"], &["version"], &["--version"]] {
        context.plimsoll(args).ends_with(0);
    }
}

#[test]
fn the_version_is_text_or_json() {
    let context = TestContext::new();
    let version = env!("CARGO_PKG_VERSION");
    for args in [&["version"][..], &["--version"]] {
        assert_eq!(context.plimsoll(args).ends_with(0).stdout, format!("plimsoll {version}\n"));
    }
    assert_eq!(context.plimsoll(&["version", "--json"]).ends_with(0).json()["version"], version);
}

#[test]
fn versions_are_compared_by_ecosystem() {
    let context = TestContext::new();
    for (ecosystem, a, sign, b) in [
        ("debian", "1.0~rc1-1", '<', "1.0-1"),
        ("ubuntu", "2:1.0-1", '>', "1:9.0-1"),
        ("dpkg", "1.0-0", '=', "1.0"),
        ("alpine", "1.2.3_rc1-r0", '<', "1.2.3-r0"),
        ("apk", "3.1.4-r10", '>', "3.1.4-r9"),
        ("redhat", "1.0~beta-1.el9", '<', "1.0-1.el9"),
        ("almalinux", "0:1.0-1.el9", '=', "1.0-1.el9"),
        ("rpm", "1.0^git1-1", '>', "1.0-1"),
    ] {
        let answer = context.plimsoll(&["compare-versions", ecosystem, a, b]).ends_with(0);
        assert_eq!(answer.stdout, format!("{a} {sign} {b}\n"), "{ecosystem}");
    }
}

#[test]
fn pairs_of_versions_come_from_standard_input() {
    let context = TestContext::new();
    let args = ["compare-versions", "debian"];
    let answer =
        context.plimsoll_with_input(&args, "1.0\t2.0\n\n2.0\t1.0\r\n1:0\t1:0").ends_with(0);
    assert_eq!(answer.stdout, "1.0 < 2.0\n2.0 > 1.0\n1:0 = 1:0\n");
    assert_eq!(context.plimsoll_with_input(&args, "").ends_with(0).stdout, "");

    let answer =
        context.plimsoll_with_input(&args, "1.0\t2.0\nno tab\n1.0\tb a d\n3\t3\n").ends_with(1);
    assert!(
        answer.stdout.starts_with("1.0 < 2.0\n") && answer.stdout.ends_with("3 = 3\n"),
        "{answer}"
    );
    answer.says("line 2: ").says("line 3: ");
}

#[test]
fn a_version_that_is_none_is_an_error() {
    let context = TestContext::new();
    for args in [
        &["compare-versions", "debian", "x:1", "1"][..],
        &["compare-versions", "alpine", "hello", "1"],
    ] {
        let answer = context.plimsoll(args).ends_with(1);
        assert_eq!(answer.stdout, "", "{answer}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let context = TestContext::new();
    let mut command = context.command(&["man"]);
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer);
    let mut child = command.spawn().unwrap();
    // The command holds the other end of the pipe until it is dropped.
    drop((reader, command));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
