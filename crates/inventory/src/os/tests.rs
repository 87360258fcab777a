//! Systems as their files name them.

use jiff::civil::date;
use plimsoll_model::{Eol, EolPhase};

use super::*;

fn os(files: &[(&str, &str)]) -> Option<Os> {
    let mut text = |path: &str| {
        files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec())
    };
    identify(&mut text).map(|identity| complete(&identity, date(2026, 11, 24)))
}

fn check(files: &[(&str, &str)], id: &str, scope: Option<&str>, codename: Option<&str>) {
    let os = os(files).unwrap();
    assert_eq!(os.id, id, "{files:?}");
    assert_eq!(os.scope.map(|scope| scope.to_string()).as_deref(), scope, "{files:?}");
    assert_eq!(os.codename.as_deref(), codename, "{files:?}");
}

#[test]
fn every_known_distribution_has_its_scope() {
    for (text, id, scope, codename) in [
        (
            "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm",
            "debian",
            "debian:12",
            Some("bookworm"),
        ),
        (
            "ID=debian\nVERSION_ID=\"8\"\nVERSION=\"8 (jessie)\"",
            "debian",
            "debian:8",
            Some("jessie"),
        ),
        ("ID=debian\nVERSION_CODENAME=forky", "debian", "debian:14", Some("forky")),
        ("ID=raspbian\nVERSION_ID=11", "raspbian", "debian:11", Some("bullseye")),
        ("ID=ubuntu\nVERSION_ID=\"22.04\"", "ubuntu", "ubuntu:22.04", Some("jammy")),
        ("ID=alpine\nVERSION_ID=3.20.3", "alpine", "alpine:3.20", None),
        ("ID=alpine\nVERSION_ID=3.21_alpha20240807", "alpine", "alpine:edge", None),
        ("ID=wolfi\nVERSION_ID=20230201", "wolfi", "wolfi", None),
        ("ID=chainguard\nVERSION_ID=20230214", "chainguard", "chainguard", None),
        ("ID=minimos\nVERSION_ID=20241031", "minimos", "minimos", None),
        ("ID=\"rhel\"\nVERSION_ID=\"9.4\"\nVERSION=\"9.4 (Plow)\"", "rhel", "redhat:9", None),
        ("ID=\"centos\"\nVERSION_ID=\"7\"", "centos", "centos:7", None),
        ("ID=\"almalinux\"\nVERSION_ID=\"9.4\"", "almalinux", "almalinux:9", None),
        ("ID=\"rocky\"\nVERSION_ID=\"8.10\"", "rocky", "rocky:8", None),
        ("ID=\"ol\"\nVERSION_ID=\"9.4\"", "ol", "oracle:9", None),
        ("ID=\"amzn\"\nVERSION_ID=\"2023\"", "amzn", "amazon:2023", None),
        ("ID=\"amzn\"\nVERSION_ID=\"2\"", "amzn", "amazon:2", None),
        ("ID=\"amzn\"\nVERSION_ID=\"2018.03\"", "amzn", "amazon:1", None),
        ("ID=fedora\nVERSION_ID=40", "fedora", "fedora:40", None),
        ("ID=\"sles\"\nVERSION_ID=\"15.5\"", "sles", "suse:15.5", None),
        ("ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"", "opensuse-leap", "opensuse:15.6", None),
        (
            "ID=\"opensuse-tumbleweed\"\nVERSION_ID=\"20240101\"",
            "opensuse-tumbleweed",
            "opensuse:tumbleweed",
            None,
        ),
        ("ID=mariner\nVERSION_ID=\"2.0\"", "mariner", "azurelinux:2.0", None),
        ("ID=azurelinux\nVERSION_ID=\"3.0\"", "azurelinux", "azurelinux:3.0", None),
        ("ID=photon\nVERSION_ID=5.0", "photon", "photon:5.0", None),
        ("ID=mageia\nVERSION_ID=9", "mageia", "mageia:9", None),
        (
            "ID=\"openEuler\"\nVERSION_ID=\"22.03\"\nVERSION=\"22.03 (LTS-SP3)\"",
            "openeuler",
            "openeuler:22.03_LTS_SP3",
            None,
        ),
    ] {
        check(&[("etc/os-release", text)], id, Some(scope), codename);
    }
}

#[test]
fn what_is_not_known_has_no_scope() {
    let os = os(&[("etc/os-release", "ID=kali\nID_LIKE=debian\nVERSION_ID=2024.1")]).unwrap();
    assert_eq!((os.ecosystem, os.scope), (None, None));
    check(&[("etc/os-release", "ID=sle-micro\nVERSION_ID=5.5")], "sle-micro", None, None);
    check(&[("etc/os-release", "ID=debian")], "debian", None, None);
    check(&[("etc/os-release", "ID=debian\nVERSION_ID=../x")], "debian", None, None);
    let mut text = |_: &str| None;
    assert_eq!(identify(&mut text), None);
    let kali =
        Identity { id_like: vec!["x".to_owned(), "debian".to_owned()], ..Identity::default() };
    assert_eq!(likely_ecosystem(&kali), Some(Ecosystem::Debian));
}

#[test]
fn older_files_name_systems_too() {
    for (path, text, id, scope) in [
        ("usr/lib/os-release", "ID=debian\nVERSION_ID=12", "debian", "debian:12"),
        ("etc/alpine-release", "3.4.6\n", "alpine", "alpine:3.4"),
        ("etc/debian_version", "8.11\n", "debian", "debian:8"),
        ("etc/debian_version", "6.0.10\n", "debian", "debian:6.0"),
        ("etc/debian_version", "trixie/sid\n", "debian", "debian:13"),
        ("etc/debian_version", "zurg/sid\n", "debian", "debian:sid"),
        (
            "etc/lsb-release",
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\n",
            "ubuntu",
            "ubuntu:14.04",
        ),
        (
            "etc/redhat-release",
            "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
            "rhel",
            "redhat:6",
        ),
        ("etc/centos-release", "CentOS release 6.10 (Final)\n", "centos", "centos:6"),
        ("etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos", "centos:7"),
        ("etc/oracle-release", "Oracle Linux Server release 6.10\n", "ol", "oracle:6"),
        ("etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "amazon:1"),
        ("etc/system-release", "Amazon Linux release 2 (Karoo)\n", "amzn", "amazon:2"),
        ("etc/fedora-release", "Fedora release 20 (Heisenbug)\n", "fedora", "fedora:20"),
        ("etc/mageia-release", "Mageia release 9 (Official) for x86_64\n", "mageia", "mageia:9"),
        (
            "etc/photon-release",
            "VMware Photon OS 3.0\nPHOTON_BUILD_NUMBER=1\n",
            "photon",
            "photon:3.0",
        ),
        ("etc/mariner-release", "CBL-Mariner 2.0.20230107\n", "mariner", "azurelinux:2.0"),
        (
            "etc/SuSE-release",
            "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
            "sles",
            "suse:11.4",
        ),
        (
            "etc/SuSE-release",
            "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n",
            "opensuse",
            "opensuse:13.1",
        ),
    ] {
        let os = os(&[(path, text)]).unwrap();
        assert_eq!(
            (os.id.as_str(), os.scope.unwrap().to_string().as_str()),
            (id, scope),
            "{path} {text}"
        );
    }
}

#[test]
fn more_particular_files_decide() {
    let debian = ("etc/debian_version", "jessie/sid\n");
    let ubuntu = ("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\n");
    check(&[debian, ubuntu], "ubuntu", Some("ubuntu:14.04"), Some("trusty"));
    let oracle = ("etc/oracle-release", "Oracle Linux Server release 6.10\n");
    let redhat = ("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10\n");
    check(&[redhat, oracle], "ol", Some("oracle:6"), None);
    let etc = ("etc/os-release", "ID=debian\nVERSION_ID=12");
    let usr = ("usr/lib/os-release", "ID=debian\nVERSION_ID=11");
    check(&[usr, etc, debian], "debian", Some("debian:12"), Some("bookworm"));
    check(&[usr, ("etc/os-release", "\n")], "debian", Some("debian:11"), Some("bullseye"));
}

#[test]
fn repositories_decide_where_alpine_contradicts_itself() {
    let release = ("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3");
    let edge = ("etc/apk/repositories", "https://host/alpine/edge/main\n");
    check(&[release, edge], "alpine", Some("alpine:edge"), None);
    let other = ("etc/apk/repositories", "https://host/alpine/v3.19/main\n");
    check(&[release, other], "alpine", Some("alpine:3.19"), None);
    check(&[release, ("etc/apk/repositories", "")], "alpine", Some("alpine:3.20"), None);
}

#[test]
fn ends_are_those_of_the_day() {
    let eol = |text: &str| os(&[("etc/os-release", text)]).unwrap().eol;
    let check = |text: &str, day: Date, phase: EolPhase| {
        assert_eq!(eol(text), Some(Eol { date: day, phase }), "{text}");
    };
    check("ID=debian\nVERSION_ID=12", date(2028, 6, 30), EolPhase::Lts);
    check("ID=debian\nVERSION_ID=11", date(2031, 6, 30), EolPhase::Esm);
    check("ID=debian\nVERSION_ID=13", date(2028, 8, 9), EolPhase::Regular);
    check("ID=ubuntu\nVERSION_ID=20.04", date(2030, 4, 23), EolPhase::Esm);
    check("ID=ubuntu\nVERSION_ID=19.10", date(2020, 7, 17), EolPhase::Ended);
    check("ID=alpine\nVERSION_ID=3.10.4", date(2021, 5, 1), EolPhase::Ended);
    check("ID=rhel\nVERSION_ID=8.10", date(2029, 5, 31), EolPhase::Lts);
    check("ID=centos\nVERSION_ID=8", date(2021, 12, 31), EolPhase::Ended);
    check(
        "ID=centos\nVERSION_ID=9\nPRETTY_NAME=\"CentOS Stream 9\"",
        date(2027, 5, 31),
        EolPhase::Regular,
    );
    check("ID=sles\nVERSION_ID=15.5", date(2027, 12, 31), EolPhase::Esm);
    check("ID=sles\nVERSION_ID=15", date(2022, 12, 31), EolPhase::Ended);
    check("ID=mariner\nVERSION_ID=2.0", date(2025, 7, 31), EolPhase::Ended);
    check("ID=azurelinux\nVERSION_ID=3.0", date(2027, 8, 31), EolPhase::Regular);
    let euler = "ID=openEuler\nVERSION_ID=24.03\nVERSION=\"24.03 (LTS-SP3)\"";
    check(euler, date(2027, 12, 31), EolPhase::Regular);
    check("ID=amzn\nVERSION_ID=2018.03", date(2023, 12, 31), EolPhase::Ended);
    for none in [
        "ID=wolfi",
        "ID=alpine\nVERSION_ID=3.99_alpha1",
        "ID=debian\nVERSION_CODENAME=forky",
        "ID=x",
    ] {
        assert_eq!(eol(none), None, "{none}");
    }
}
