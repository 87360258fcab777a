//! The archives of today, by this machine's mirrors.

use plimsoll_testkit::skipped;

use crate::debian::{CODENAMES, Machine, release, updates};
use crate::program::Program;

fn check(codename: &str) {
    let Some(release) = release(codename) else { return };
    let Some(machine) = Machine::new(release) else { return };
    let (main, security) = (&release.mirrors.main, &release.mirrors.security);
    let sources = |main: &str, security: &str| {
        format!(
            "deb {main} {codename} main\ndeb {main} {codename}-updates main\n\
             deb {security} {codename}-security main\n"
        )
    };
    let official = "http://security.debian.org/debian-security";
    let named = sources("http://ftp.debian.org/debian", official);
    machine.root.write("etc/apt/sources.list", named);
    std::fs::copy("/etc/resolv.conf", machine.root.path("etc/resolv.conf")).unwrap();
    if let Err(why) = machine.use_sources(&sources(main, security)) {
        return skipped(&format!("needs today's archive of {codename}: {}", why.trim()));
    }
    let main = format!("ftp.debian.org/debian={main}");
    let security = format!("security.debian.org/debian-security={security}");
    let program = Program::new().with(&["--mirror", &main, "--mirror", &security]);

    let pending = machine.dist_upgrade();
    let changes = program.json(&["changes", &machine.reference()]);
    assert_eq!(updates(&changes), machine.sources_of(&pending), "{codename}");
    for suite in changes["distribution_archive"].as_array().unwrap() {
        assert_eq!(suite["status"], "verified", "{suite}");
    }
    if pending.is_empty() {
        let table = program.run(&["changes", &machine.reference()]);
        assert!(table.contains("no pending updates"), "{table}");
    }
    println!("{codename}: {} pending updates", pending.len());
}

#[test]
fn what_is_pending_today_is_what_apt_says() {
    for codename in CODENAMES {
        check(codename);
    }
}
