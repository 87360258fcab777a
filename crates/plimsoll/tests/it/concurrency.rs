//! Several at once, on little rights, leaving nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use plimsoll_testkit::{Entry, Image, Layer, Random};

use crate::support::{TestContext, shop, shop_feeds};

/// Two processes on each of several images, none of which is cached, and one database that is not there.
#[test]
fn eight_scans_share_one_cache_and_one_database() {
    let context = TestContext::new();
    shop_feeds(&context);
    let mut image = shop();
    let bytes = Random::seeded(1).bytes(4 << 20);
    image.layers.push(Layer::new(&[Entry::file("app/data", bytes)]));
    context.layout("shop", &image);
    let args = ["scan", "--from", "feeds", "--format", "json", "shop"];
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = context.command(&args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let outputs: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for output in &outputs {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
    }
    // Each has updated the database by itself, so only the generation may differ.
    let document = |bytes: &[u8]| {
        let mut document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        document["database"]["generation"].take();
        document
    };
    let first = document(&outputs[0].stdout);
    assert_eq!(first["findings"].as_array().unwrap().len(), 6);
    assert!(outputs.iter().all(|output| document(&output.stdout) == first));
    context.plimsoll(&["db", "verify"]).ends_with(0);
    context.plimsoll(&["cache", "info"]).ends_with(0).shows("3 layers");
    assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);

    // With a generation in force, byte for byte.
    let args = [&args[..], &["--offline", "--no-cache"]].concat();
    let children: Vec<_> =
        (0..8).map(|_| context.command(&args).stdout(Stdio::piped()).spawn().unwrap()).collect();
    let outputs: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(outputs.iter().all(|output| output.status.success()));
    assert!(outputs.iter().all(|output| output.stdout == outputs[0].stdout));
}

/// Killed at any moment: what stands is whole, and the next run does the work.
#[test]
fn a_killed_run_leaves_nothing_half_written() {
    let context = TestContext::new();
    shop_feeds(&context);
    let mut image = shop();
    image.layers.push(Layer::new(&[Entry::file("app/data", Random::seeded(2).bytes(4 << 20))]));
    context.layout("shop", &image);
    let scan = ["scan", "--from", "feeds", "--format", "json=report.json", "shop"];
    for delay in [5, 10, 20, 30, 50, 80, 120, 200] {
        let mut child = context.command(&scan).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        context.plimsoll(&["db", "verify"]).ends_with(0);
        if let Ok(report) = fs::read(context.path("report.json")) {
            serde_json::from_slice::<serde_json::Value>(&report).unwrap();
            fs::remove_file(context.path("report.json")).unwrap();
        }
    }
    context.plimsoll(&scan).ends_with(0);
    let report = fs::read(context.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 6);
    assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);
}

#[test]
fn nothing_is_left_in_the_temp_directory_and_none_is_needed() {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    let scan = ["scan", "--from", "feeds", "shop"];
    context.plimsoll(&scan).ends_with(0);
    assert_eq!(context.files_below(&context.world("tmp")), [] as [std::path::PathBuf; 0]);
    let nowhere = context.world("no-such-directory").display().to_string();
    let context = context.var("TMPDIR", &nowhere);
    context.plimsoll(&[&scan[..], &["--no-cache"]].concat()).ends_with(0);
}

/// A cache that cannot be written: a file stands where its directory would be made, so that root is
/// stopped as well.
#[test]
fn a_cache_that_cannot_be_written_is_a_warning() {
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    fs::write(context.world("cache"), "a file").unwrap();
    let scan = ["scan", "--from", "feeds", "--format", "json", "shop"];
    let answer = context.plimsoll(&scan).ends_with(0).says("warning: ");
    assert_eq!(answer.findings().len(), 6);
    assert_eq!(fs::read(context.world("cache")).unwrap(), b"a file");
}

/// The rights of a home that is mounted read-only; root is stopped by none, so it drops to nobody.
#[test]
fn a_read_only_cache_is_used_and_not_needed() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        return plimsoll_testkit::skipped("needs root to become another user");
    }
    let context = TestContext::new();
    shop_feeds(&context);
    context.layout("shop", &shop());
    context.plimsoll(&["scan", "--from", "feeds", "shop"]).ends_with(0);
    let everybody_reads = |path: &std::path::Path| {
        let mut open = vec![path.to_owned()];
        while let Some(path) = open.pop() {
            let is_directory = path.is_dir();
            let mode = if is_directory { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            if is_directory {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    };
    everybody_reads(context.world("").as_path());
    let before = context.files_below(&context.world("cache"));
    let run = |args: &[&str]| {
        // The program itself may lie in a directory of root's, which is opened before the rights go.
        let program = context.world("bin/plimsoll");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &program).unwrap();
        }
        let mut command = std::process::Command::new(program);
        command.args(args).env_clear().envs(&context.vars).current_dir(context.work());
        command.uid(65534).gid(65534).output().unwrap()
    };
    for args in
        [&["inventory", "shop", "--format", "json"][..], &["inventory", "shop", "--no-cache"]]
    {
        let output = run(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    }
    assert_eq!(context.files_below(&context.world("cache")), before);
    // An image that it does not know yet.
    let other = Image::new([Layer::new(&crate::support::entries_of(&[(
        "lib/apk/db/installed",
        &crate::support::apk_database(crate::support::BASE),
    )]))]);
    context.layout("other", &other);
    everybody_reads(&context.path("other"));
    let output = run(&["inventory", "other"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("warning: "), "{stderr}");
    assert_eq!(context.files_below(&context.world("cache")), before);
}
