//! apt as the judge: the same lists, preferences and installed packages before apt and before us.

use plimsoll_distro::Pocket;

use crate::oracle::{self, Case, Listed, check};

const MAIN: Listed<'_> = Listed {
    site: "ftp.debian.org",
    root: "debian",
    suite: "bookworm",
    release: "Origin: Debian\nLabel: Debian\nSuite: oldstable\nCodename: bookworm\nVersion: 12.15\n",
    component: "main",
    pocket: Pocket::Main,
    packages: &[],
};

const SECURITY: Listed<'_> = Listed {
    site: "security.debian.org",
    root: "debian-security",
    suite: "bookworm-security",
    release: "Origin: Debian\nLabel: Debian-Security\nSuite: oldstable-security\n\
              Codename: bookworm-security\nVersion: 12\n",
    component: "main",
    pocket: Pocket::Security,
    packages: &[],
};

const BACKPORTS: Listed<'_> = Listed {
    suite: "bookworm-backports",
    release: "Origin: Debian Backports\nLabel: Debian Backports\nSuite: oldstable-backports\n\
              Codename: bookworm-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n",
    pocket: Pocket::Backports,
    ..MAIN
};

const EXPERIMENTAL: Listed<'_> = Listed {
    suite: "experimental",
    release: "Origin: Debian\nLabel: Debian\nSuite: experimental\nCodename: rc-buggy\n\
              NotAutomatic: yes\n",
    pocket: Pocket::Other,
    ..MAIN
};

const VENDOR: Listed<'_> = Listed {
    site: "repo.example.org",
    root: "apt",
    suite: "nodistro",
    release: "Origin: Example\nLabel: Example Tools\nSuite: nodistro\nCodename: nodistro\n",
    component: "tools",
    pocket: Pocket::Other,
    packages: &[],
};

const CASE: Case<'_> =
    Case { lists: &[], installed: &[], holds: &[], preferences: "", machine_id: None };

#[test]
fn the_newest_version_of_any_suite_is_the_candidate() {
    let lists = &[
        Listed { packages: &["a 2", "b 1", "c 3 all", "d 1+b1 amd64 d (1)", "n 1:0.1"], ..MAIN },
        Listed { packages: &["a 3", "b 2", "e 2 amd64 src-e"], ..SECURITY },
    ];
    check(
        &Case {
            lists,
            installed: &["a 1", "b 2", "c 2", "d 1", "e 1 amd64 src-e", "gone 1", "n 2"],
            ..CASE
        },
        &[
            "a 1 -> 3 from bookworm-security, security",
            "c 2 -> 3 from bookworm",
            // Rebuilt: the source is the same.
            "d 1 -> 1 from bookworm",
            "n 2 -> 1:0.1 from bookworm",
            "src-e 1 -> 2 from bookworm-security, security",
        ],
    );
}

#[test]
fn a_point_release_contains_the_security_fixes_before_it() {
    let lists = &[
        Listed { packages: &["a 3", "b 3", "c 2"], ..MAIN },
        Listed { packages: &["a 2", "b 1", "c 2"], ..SECURITY },
    ];
    check(
        &Case { lists, installed: &["a 1", "b 2", "c 1"], ..CASE },
        &[
            "a 1 -> 3 from bookworm, security",
            "b 2 -> 3 from bookworm",
            "c 1 -> 2 from bookworm-security, security",
        ],
    );
}

#[test]
fn backports_are_kept_up_to_date_but_not_chosen() {
    let lists = &[
        Listed { packages: &["a 1", "b 1", "c 2", "d 1"], ..MAIN },
        Listed { packages: &["a 3~bpo", "b 3~bpo", "c 3~bpo"], ..BACKPORTS },
        Listed { packages: &["a 4", "d 2", "e 2"], ..EXPERIMENTAL },
    ];
    check(
        &Case {
            lists,
            // b came from backports; e is in no suite but the one that nothing is taken from.
            installed: &["a 1", "b 2~bpo", "c 1", "d 1", "e 1"],
            ..CASE
        },
        &["b 2~bpo -> 3~bpo from bookworm-backports", "c 1 -> 2 from bookworm"],
    );
}

#[test]
fn not_automatic_without_upgrades_keeps_what_is_installed() {
    let only_upgrades = Listed {
        release: "Origin: X\nSuite: experimental\nButAutomaticUpgrades: yes\n",
        packages: &["a 2"],
        ..EXPERIMENTAL
    };
    check(
        &Case { lists: &[only_upgrades], installed: &["a 1"], ..CASE },
        &["a 1 -> 2 from experimental"],
    );
}

#[test]
fn holds_hold() {
    let lists =
        &[Listed { packages: &["a 2", "b 2 amd64 src", "c 2 amd64 src", "d 2 all"], ..SECURITY }];
    check(
        &Case {
            lists,
            installed: &["a 1", "b 1 amd64 src", "c 1 amd64 src", "d 1 all"],
            holds: &["a", "c:amd64", "d:all"],
            ..CASE
        },
        &[
            "a 1 -> 2 from bookworm-security, security, Hold",
            "d 1 -> 2 from bookworm-security, security, Hold",
            "src 1 -> 2 from bookworm-security, security",
            "src 1 -> 2 from bookworm-security, security, Hold",
        ],
    );
}

#[test]
fn foreign_architectures_have_their_own_packages() {
    let lists = &[Listed {
        packages: &["a 2", "a 2 i386", "b 2 all", "c 2 all", "d 2 i386", "e 2 all"],
        ..MAIN
    }];
    check(
        &Case {
            lists,
            installed: &["a 1", "a 1 i386", "b 1", "c 1 i386", "d 1 i386", "e 1 all"],
            ..CASE
        },
        &[
            "a 1 -> 2 from bookworm",
            "a 1 -> 2 from bookworm",
            "b 1 -> 2 from bookworm",
            "d 1 -> 2 from bookworm",
            "e 1 -> 2 from bookworm",
        ],
    );
}

#[test]
fn preferences_choose_by_release() {
    let lists = &[
        Listed { packages: &["a 1", "b 1"], ..MAIN },
        Listed { packages: &["a 2", "b 2"], ..SECURITY },
        Listed { packages: &["a 3", "b 3"], ..VENDOR },
    ];
    let check_pin = |pin: &str, priority: &str, expected: &[&str]| {
        let preferences = format!("Package: *\nPin: {pin}\nPin-Priority: {priority}\n");
        let case = Case { lists, installed: &["a 1"], preferences: &preferences, ..CASE };
        check(&case, expected);
    };
    let all = "a 1 -> 3 from nodistro, security";
    let kept_out = "a 1 -> 3 from nodistro, security, Pinned";
    let security = "a 1 -> 2 from bookworm-security, security";
    check_pin("release o=Example", "100", &[security, kept_out]);
    check_pin("release o=Example", "-1", &[security, kept_out]);
    check_pin("release o=Example", "never", &[security, kept_out]);
    check_pin("release o=Exa*", "100", &[security, kept_out]);
    check_pin("release o=/^exa/", "100", &[security, kept_out]);
    check_pin("release l=Example Tools", "100", &[security, kept_out]);
    check_pin("release l=Example, c=tools", "100", &[all]);
    check_pin("release c=tools", "100", &[security, kept_out]);
    check_pin("release n=nodistro,a=nodistro", "100", &[security, kept_out]);
    check_pin("release nodistro", "100", &[security, kept_out]);
    check_pin("release a=oldstable-security", "990", &[security, kept_out]);
    check_pin("release n=bookworm-security", "600", &[security, kept_out]);
    check_pin("release bookworm-security", "600", &[security, kept_out]);
    check_pin("release v=12", "600", &[security, kept_out]);
    check_pin("release v=12*", "600", &[security, kept_out]);
    check_pin("release 12.*", "600", &[kept_out]);
    check_pin("origin security.debian.org", "600", &[security, kept_out]);
    check_pin("origin \"security.debian.org\"", "600", &[security, kept_out]);
    check_pin("origin *.debian.org", "600", &[security, kept_out]);
    check_pin("origin \"\"", "600", &[all]);
    check_pin("release b=amd64", "600", &[all]);
    check_pin("release b=i386", "-1", &[all]);
    check_pin("release a=now", "600", &[kept_out]);
    check_pin("release *", "600", &[all]);
    check_pin("release a=nothing", "600", &[all]);
}

#[test]
fn preferences_choose_by_package() {
    let lists = &[
        Listed { packages: &["a 1", "liba 1 amd64 a", "b 1", "c 1 i386"], ..MAIN },
        Listed { packages: &["a 2", "liba 2 amd64 a", "b 2", "c 2 i386"], ..SECURITY },
    ];
    let installed = &["a 1", "liba 1 amd64 a", "b 1", "c 1 i386"];
    let a = "a 1 -> 2 from bookworm-security, security";
    let a_pinned = "a 1 -> 2 from bookworm-security, security, Pinned";
    let b = "b 1 -> 2 from bookworm-security, security";
    let c = "c 1 -> 2 from bookworm-security, security";
    let c_pinned = "c 1 -> 2 from bookworm-security, security, Pinned";
    let b_pinned = "b 1 -> 2 from bookworm-security, security, Pinned";
    let check_pin = |packages: &str, pin: &str, priority: &str, expected: &[&str]| {
        let preferences = format!(
            "# comment\nExplanation: why\nPackage: {packages}\nPin: {pin}\nPin-Priority: {priority}\n"
        );
        check(&Case { lists, installed, preferences: &preferences, ..CASE }, expected);
    };
    check_pin("a", "version 1", "990", &[a, a_pinned, b, c]);
    check_pin("a", "version 2", "-1", &[a, a_pinned, b, c]);
    check_pin("a liba", "version 1*", "990", &[a_pinned, a_pinned, b, c]);
    check_pin("*a", "release a=oldstable", "990", &[a_pinned, a_pinned, b, c]);
    check_pin("/^LIB/", "release a=oldstable", "990", &[a, a_pinned, b, c]);
    check_pin("src:a", "release a=oldstable", "990", &[a_pinned, a_pinned, b, c]);
    check_pin("c:i386", "release a=oldstable", "990", &[a, a, b, c_pinned]);
    check_pin("b:amd64", "release a=oldstable", "990", &[a, a, b_pinned, c]);
    check_pin("b:native b:all", "release a=oldstable", "990", &[a, a, b, c]);
    check_pin("c:any", "release a=oldstable", "990", &[a, a, b, c_pinned]);
    check_pin("src:*:i386", "release a=oldstable", "990", &[a, a, b, c_pinned]);
    // Without an architecture dpkg's own is meant.
    check_pin("b c", "release a=oldstable", "990", &[a, a, b_pinned, c]);
    check_pin("/^[bc]/", "release a=oldstable", "990", &[a, a, b_pinned, c]);
    check_pin("b", "origin security.debian.org", "-10", &[a, a, b_pinned, c]);
    // A downgrade is none of our updates, but what is newer is kept out by it.
    check_pin("a", "version 0*", "1001", &[a, a, b, c]);
}

#[test]
fn the_first_entry_decides_and_downgrades_are_no_updates() {
    let lists = &[
        Listed { packages: &["a 1", "b 1", "c 1"], ..MAIN },
        Listed { packages: &["a 3", "b 3"], ..SECURITY },
    ];
    let preferences = "Package: a\nPin: release a=oldstable\nPin-Priority: 1001\n\n\
                       Package: a\nPin: release a=oldstable-security\nPin-Priority: 2000\n\n\
                       Package: b\nPin: release a=oldstable-security\nPin-Priority: -1\n\n\
                       Package: b\nPin: version 3\nPin-Priority: 2000\n\n\
                       Package: c\nPin: version 1\nPin-Priority: 1001\n";
    let installed = &["a 2", "b 2", "c 2"];
    let case = Case { lists, installed, preferences, ..CASE };
    check(
        &case,
        &[
            "a 2 -> 3 from bookworm-security, security",
            "b 2 -> 3 from bookworm-security, security, Pinned",
        ],
    );
    let downgrade = "Package: a\nPin: release a=oldstable\nPin-Priority: 1001\n";
    check(
        &Case { preferences: downgrade, ..case },
        &[
            "a 2 -> 3 from bookworm-security, security, Pinned",
            "b 2 -> 3 from bookworm-security, security",
        ],
    );
}

#[test]
fn preferences_take_one_version_and_keep_out_a_newer_one() {
    let lists = &[
        Listed { packages: &["a 2"], ..MAIN },
        Listed { packages: &["a 3"], ..SECURITY },
        Listed { packages: &["a 4~bpo"], ..BACKPORTS },
    ];
    let preferences = "Package: a\nPin: version 2\nPin-Priority: 600\n";
    check(
        &Case { lists, installed: &["a 1"], preferences, ..CASE },
        &["a 1 -> 2 from bookworm", "a 1 -> 3 from bookworm-security, security, Pinned"],
    );
    let preferences = "Package: a\nPin: release n=bookworm-backports\nPin-Priority: 990\n";
    check(
        &Case { lists, installed: &["a 1"], preferences, ..CASE },
        &["a 1 -> 4~bpo from bookworm-backports, security"],
    );
}

#[test]
fn updates_in_phases_reach_some_machines_first() {
    let updates = Listed {
        site: "archive.ubuntu.com",
        root: "ubuntu",
        suite: "noble-updates",
        release: "Origin: Ubuntu\nLabel: Ubuntu\nSuite: noble-updates\nCodename: noble\n",
        component: "main",
        pocket: Pocket::Updates,
        packages: &["a 2 amd64 a %0", "b 2 amd64 b %50", "c 3 amd64 c %0", "d 2"],
    };
    let security = Listed {
        site: "security.ubuntu.com",
        root: "ubuntu",
        suite: "noble-security",
        release: "Origin: Ubuntu\nLabel: Ubuntu\nSuite: noble-security\nCodename: noble\n",
        component: "main",
        pocket: Pocket::Security,
        packages: &["c 2"],
    };
    let lists = &[updates, security];
    let installed = &["a 1", "b 1", "c 1", "d 1"];
    let all = [
        "a 1 -> 2 from noble-updates",
        "b 1 -> 2 from noble-updates",
        "c 1 -> 3 from noble-updates, security",
        "d 1 -> 2 from noble-updates",
    ];
    check(&Case { lists, installed, ..CASE }, &all);
    let machine_id = Some("0123456789abcdef0123456789abcdef");
    check(
        &Case { lists, installed, machine_id, ..CASE },
        &[
            "a 1 -> 2 from noble-updates, Phased",
            "b 1 -> 2 from noble-updates, Phased",
            all[2],
            all[3],
        ],
    );
}

/// Enough sources, percentages and machines that a wrong draw shows.
#[test]
fn every_machine_draws_as_with_apt() {
    let packages: Vec<String> =
        (0..60).map(|n| format!("p{n} 1.{n}-2 amd64 s{n} %{}", n * 17 % 101)).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let installed: Vec<String> = (0..60).map(|n| format!("p{n} 1.{n}-1 amd64 s{n}")).collect();
    let installed: Vec<&str> = installed.iter().map(String::as_str).collect();
    let lists = &[Listed { packages: &packages, ..MAIN }];
    for machine_id in ["0123456789abcdef0123456789abcdef", "b08dfa6083e7567a1921a715000001fb", "x"]
    {
        let case = Case { lists, installed: &installed, machine_id: Some(machine_id), ..CASE };
        oracle::check_against_apt(&case);
    }
}

#[test]
fn versions_that_dpkg_refuses_are_named_and_the_rest_is_judged() {
    let lists = &[Listed { packages: &["a 2", "b x:2", "b 2", "c 2"], ..MAIN }];
    let case = Case { lists, installed: &["a 1", "b 1", "c x:1"], ..CASE };
    let found = oracle::ours(&case);
    let pending: Vec<_> = found.pending.iter().map(|pending| pending.source.as_str()).collect();
    assert_eq!(pending, ["a", "b"]);
    let problems: Vec<_> = found.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(problems, ["bookworm b", "debian/c@x:1:amd64"]);
}

#[test]
fn endless_versions_of_a_package_are_told() {
    let packages: Vec<String> = (0..3_000).map(|n| format!("a {n}")).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let lists = &[Listed { packages: &packages, ..VENDOR }];
    let found = oracle::ours(&Case { lists, installed: &["a 0"], ..CASE });
    assert_eq!(found.problems[0].message, "more versions than are looked at");
    assert_eq!(found.pending.len(), 1);
}
