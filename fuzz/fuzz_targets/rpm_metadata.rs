//! Any bytes as the metadata and the configuration of an rpm repository.
#![no_main]

use std::collections::BTreeSet;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use plimsoll_distro::Keyring;
use plimsoll_distro::rpm::{
    Configuration, Keys, Kind, Place, Received, System, Transport, Wanted, changelog_since, judge,
    places, read_modules, read_other, read_primary, read_updateinfo,
};
use plimsoll_model::{Ecosystem, Package, PackageId};

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted::of(&[installed("a"), installed("bash")]);
    if let Ok(read) = read_primary(bytes, &wanted) {
        assert!(read.packages.iter().all(|package| !package.evr.is_empty()));
    }
    if let Ok(read) = read_updateinfo(bytes, &wanted) {
        assert!(read.notices.iter().all(|notice| !notice.packages.is_empty()));
    }
    let pkgids = BTreeSet::from(["a".to_owned()]);
    for changes in read_other(bytes, &pkgids).unwrap_or_default().values() {
        let since = changelog_since(changes, "1-1", "2-1");
        assert!(since.entries.len() <= changes.len());
    }
    read_modules(bytes, &wanted);

    let system = System {
        ecosystem: Ecosystem::Rocky,
        id: "rocky".to_owned(),
        version_id: "9.3".to_owned(),
        arch: "x86_64".to_owned(),
    };
    let paths = ["etc/yum.repos.d/a.repo", "etc/dnf/vars/a", "etc/dnf/plugins/versionlock.list"];
    let configuration = Configuration::read(paths.map(|path| (path, bytes)), &system);
    // Whatever the files say, only the distribution's own hosts are asked.
    for place in places(&system, &configuration, &|_| false).asked {
        let address = place.mirror_list.as_deref().unwrap_or(&place.base);
        let host = address.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        assert!(host.is_some_and(|host| host.ends_with(".rockylinux.org")), "{address}");
    }
    for place in places(&system, &Configuration::default(), &|_| false).asked {
        check_repomd(&place, bytes);
    }
});

/// Its files are below the repository, whatever it says.
fn check_repomd(place: &Place, repomd: &[u8]) {
    let received = Received {
        repomd,
        signature: None,
        over: Transport::Https,
        seen: None,
        now: Timestamp::from_second(1_795_000_000).expect("a time"),
    };
    let none = Keyring::default();
    let judged = judge(place, &received, &Keys { trusted: &none, image: &none });
    let Some(repomd) = judged.repomd else { return };
    for kind in [Kind::Primary, Kind::UpdateInfo, Kind::Modules, Kind::Other] {
        let Some(file) = repomd.file(kind) else { continue };
        assert!(!file.path.split('/').any(|part| part == ".."), "{}", file.path);
        let _ = file.check(b"");
    }
}

fn installed(name: &str) -> Package {
    Package {
        id: PackageId::of(Ecosystem::Rocky, name, "1-1", None),
        ecosystem: Ecosystem::Rocky,
        name: name.to_owned(),
        version: "1-1".to_owned(),
        arch: None,
        source: None,
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}
