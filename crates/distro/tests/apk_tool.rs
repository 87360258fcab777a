//! The real apk of real root file systems as the judge: it takes what the testkit signs, and upgrades exactly what
//! we call pending.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use std::collections::BTreeMap;

use plimsoll_distro::{
    ApkArchive, ApkArchiveKeys, ApkIndex, ApkKeys, ApkOffer, apk_updates, parse_apk_world,
    verify_apk_index,
};
use plimsoll_model::{Ecosystem, Package, PackageId, SourcePackage};
use plimsoll_testkit::{
    AlpineRoot, ApkHash, ApkIndexWriter, ApkKey, ApkPackage, Random, shared_data,
};

/// What an installed package's entry says that matters here, by the letter of its field.
type Entry = BTreeMap<char, String>;

fn entries(root: &AlpineRoot) -> Vec<Entry> {
    let database = root.read("lib/apk/db/installed");
    let stanzas = database.split("\n\n").filter(|stanza| !stanza.trim().is_empty());
    let fields = |stanza: &str| {
        let lines = stanza.lines().filter_map(|line| line.split_once(':'));
        let fields = lines.filter(|(field, _)| "PVAoDpik".contains(field) && field.len() == 1);
        fields.map(|(field, value)| (field.chars().next().unwrap(), value.to_owned())).collect()
    };
    stanzas.map(fields).collect()
}

fn package(entry: &Entry) -> Package {
    let (name, version) = (&entry[&'P'], &entry[&'V']);
    Package {
        id: PackageId::of(Ecosystem::Alpine, name, version, None),
        ecosystem: Ecosystem::Alpine,
        name: name.clone(),
        version: version.clone(),
        arch: Some(entry[&'A'].clone()),
        source: Some(SourcePackage { name: entry[&'o'].clone(), version: version.clone() }),
        module: None,
        vendor: None,
        license: None,
        purl: String::new(),
        locations: Vec::new(),
        introduced_in: None,
    }
}

/// The package at another version, with what binds packages of one source to each other moved along.
fn offer(entry: &Entry, version: &str) -> ApkPackage {
    let moved = |field| {
        let words = entry.get(&field).map(String::as_str).unwrap_or_default();
        let old = format!("={}", entry[&'V']);
        words.split(' ').filter(|word| !word.is_empty()).map(move |word| {
            word.strip_suffix(&old).map_or(word.to_owned(), |name| format!("{name}={version}"))
        })
    };
    let package = ApkPackage::new(&entry[&'P'], version).origin(&entry[&'o']);
    let package = moved('D').fold(package, |package, word| package.depends(&word));
    let package = moved('p').fold(package, |package, word| package.provides(&word));
    let package = moved('i').fold(package, |package, word| package.install_if(&word));
    package.priority(entry.get(&'k').map_or(0, |priority| priority.parse().unwrap()))
}

/// A version near the installed one: older, the same, or newer in some way.
fn vary(version: &str, random: &mut Random) -> String {
    let (upstream, revision) = version.rsplit_once("-r").unwrap();
    let revision: u64 = revision.parse().unwrap();
    match random.below(7) {
        0 => version.to_owned(),
        1 => format!("{upstream}-r{}", revision + 1),
        2 => format!("{upstream}-r{}", revision + 10),
        // A number behind a letter would be no version (`1.1.1d.1`), though apk orders it.
        3 if upstream.ends_with(|c: char| c.is_ascii_digit()) => format!("{upstream}.1-r0"),
        3 => version.to_owned(),
        4 => format!("{upstream}_p1-r0"),
        5 => format!("{upstream}_rc1-r9"),
        _ => format!("0.{upstream}-r0"),
    }
}

/// `name old new` of each line `Upgrading name (old -> new)`.
fn upgraded(output: &str) -> Vec<String> {
    let mut found: Vec<String> = output
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(") ")?;
            let (action, rest) = rest.split_once(' ')?;
            let (name, versions) = rest.split_once(" (")?;
            // What comes from a tagged repository may go down too, or be another build of the same.
            match action {
                "Upgrading" => {}
                "Downgrading" | "Replacing" => return None,
                _ => panic!("{output}"),
            }
            // `apk@own` for what comes from a tagged repository.
            let name = name.split('@').next()?;
            let (old, new) = versions.strip_suffix(')')?.split_once(" -> ")?;
            Some(format!("{name} {old} {new}"))
        })
        .collect();
    found.sort();
    found
}

/// `name new` of each line `name-old < new`, where only untagged repositories are asked.
fn outdated(output: &str) -> Vec<String> {
    let mut found: Vec<String> = output
        .lines()
        .filter_map(|line| {
            let (package, new) = line.split_once(" < ")?;
            let (name, _) = package.trim().rsplit_once("-r")?.0.rsplit_once('-')?;
            Some(format!("{name} {}", new.trim()))
        })
        .collect();
    found.sort();
    found
}

struct Judged<'a> {
    root: &'a AlpineRoot,
    entries: &'a [Entry],
    key: &'a ApkKey,
}

impl Judged<'_> {
    /// Compares for one world and these repositories: directory, tag, packages.
    fn compare(
        &self,
        world: &str,
        repositories: &[(&str, Option<&str>, Vec<ApkPackage>)],
    ) -> usize {
        let root = self.root;
        let mut list = String::new();
        let mut keys = ApkKeys::default();
        keys.add(self.key.name(), self.key.public_pem().as_bytes()).unwrap();
        let packages: Vec<Package> = self.entries.iter().map(package).collect();
        let mut indexes = Vec::new();
        for (name, tag, offered) in repositories {
            let index = ApkIndexWriter::new(offered).build(self.key, ApkHash::Sha1);
            std::fs::create_dir_all(root.path(&format!("{name}/x86_64"))).unwrap();
            std::fs::write(root.path(&format!("{name}/x86_64/APKINDEX.tar.gz")), &index).unwrap();
            let tag_word = tag.map_or(String::new(), |tag| format!("@{tag} "));
            list.push_str(&format!("{tag_word}/{name}\n"));
            let archive = ApkArchive {
                suite: (*name).to_owned(),
                address: String::new(),
                index_url: String::new(),
                arch: "x86_64".to_owned(),
                tag: tag.map(str::to_owned),
                keys: ApkArchiveKeys::Image,
                is_default: false,
            };
            let verified = verify_apk_index(&index, &keys, None).unwrap();
            indexes.push((archive, ApkIndex::read(&verified).unwrap()));
        }
        root.write("etc/apk/repositories", &list);
        root.write("etc/apk/world", world);
        root.apk(&["update"]);
        let mut expected = upgraded(&root.apk(&["upgrade", "-s"]));
        let offers = indexes.iter().map(|(archive, index)| ApkOffer { archive, index });
        let updates = apk_updates(&packages, &parse_apk_world(world), &offers.collect::<Vec<_>>());
        assert_eq!(updates.problems, [] as [&str; 0]);
        let pending = updates.pending;
        let mut found: Vec<String> = pending
            .iter()
            .filter(|pending| pending.held_back.is_none())
            .flat_map(|pending| &pending.binaries)
            .map(|binary| format!("{} {} {}", binary.name, binary.installed, binary.candidate))
            .collect();
        found.sort();
        expected.dedup();
        assert_eq!(found, expected, "world {world:?}, {list:?}");
        if repositories.iter().all(|(_, tag, _)| tag.is_none()) && !world.contains(['=', '<', '~'])
        {
            let expected = outdated(&root.apk(&["version", "-l", "<"]));
            let mut found: Vec<String> = pending
                .iter()
                .flat_map(|pending| &pending.binaries)
                .map(|binary| format!("{} {}", binary.name, binary.candidate))
                .collect();
            found.sort();
            assert_eq!(found, expected);
        }
        found.len()
    }
}

fn judge(tarball: &str, pinned: &str, tagged: &str) {
    let Some(shared) = shared_data() else { return };
    let Some(root) = AlpineRoot::unpack(&shared.join("rootfs/alpine").join(tarball)) else {
        return;
    };
    let key = ApkKey::new("plimsoll-test.rsa.pub");
    root.trust(&key);
    let entries = entries(&root);
    let judged = Judged { root: &root, entries: &entries, key: &key };
    let plain = root.read("etc/apk/world");
    let of = |name: &str| entries.iter().find(|entry| entry[&'P'] == name).unwrap();
    let version = &of(pinned)[&'V'];
    let worlds = [
        plain.clone(),
        format!("{plain}{pinned}={version}\n"),
        format!("{plain}{pinned}<={version}\n"),
        format!("{plain}{pinned}~{}\n", version.rsplit_once("-r").unwrap().0),
        format!("{plain}{tagged}@own\n"),
    ];
    let mut random = Random::seeded(7);
    let mut updates = 0;
    for round in 0..20 {
        let mut main = Vec::new();
        let mut community = Vec::new();
        let mut own = Vec::new();
        // All packages of a source move together, as they do in Alpine.
        let mut versions: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
        for entry in &entries {
            let offers = versions.entry(&entry[&'o']).or_insert_with(|| {
                let count = random.below(3);
                let place = |random: &mut Random| random.below(2) as usize;
                (0..count).map(|_| (place(&mut random), vary(&entry[&'V'], &mut random))).collect()
            });
            for (place, version) in offers {
                [&mut main, &mut community][*place].push(offer(entry, version));
            }
        }
        own.push(offer(of(tagged), &vary(&of(tagged)[&'V'], &mut random)));
        let world = &worlds[round % worlds.len()];
        let mut repositories = vec![("main", None, main), ("community", None, community)];
        if world.contains('@') {
            repositories.push(("own", Some("own"), own));
        }
        updates += judged.compare(world, &repositories);
    }
    assert!(updates > 20, "only {updates} updates were compared");
}

#[test]
fn apk_2_14_upgrades_what_is_pending() {
    judge("alpine-minirootfs-3.20.3-x86_64.tar.gz", "zlib", "scanelf");
}

#[test]
fn apk_2_10_upgrades_what_is_pending() {
    judge("alpine-minirootfs-3.10.3-x86_64.tar.gz", "zlib", "scanelf");
}

/// What the later of two published root file systems has is pending for the earlier.
#[test]
fn a_published_pair_is_upgraded_as_we_say() {
    let Some(shared) = shared_data() else { return };
    let unpack = |version: &str| {
        let name = format!("rootfs/alpine/alpine-minirootfs-{version}-x86_64.tar.gz");
        AlpineRoot::unpack(&shared.join(name))
    };
    let (Some(old), Some(new)) = (unpack("3.10.3"), unpack("3.10.9")) else { return };
    let key = ApkKey::new("plimsoll-test.rsa.pub");
    old.trust(&key);
    let (installed, newer) = (entries(&old), entries(&new));
    let judged = Judged { root: &old, entries: &installed, key: &key };
    let offered = newer.iter().map(|entry| offer(entry, &entry[&'V'])).collect();
    let updates = judged.compare(&old.read("etc/apk/world"), &[("main", None, offered)]);
    assert!(updates > 5, "{updates}");
}

#[test]
fn apk_installs_what_the_testkit_writes() {
    let Some(shared) = shared_data() else { return };
    for tarball in
        ["alpine-minirootfs-3.10.3-x86_64.tar.gz", "alpine-minirootfs-3.20.3-x86_64.tar.gz"]
    {
        let tarball = shared.join("rootfs/alpine").join(tarball);
        let Some(root) = AlpineRoot::unpack(&tarball) else { return };
        let key = ApkKey::new("plimsoll-test.rsa.pub");
        let hello =
            ApkPackage::new("hello", "1.0-r0").file("usr/bin/hello", "#!/bin/sh\necho hello\n");
        for hash in [ApkHash::Sha1, ApkHash::Sha256] {
            let repository = ApkIndexWriter::new(std::slice::from_ref(&hello));
            repository.write_repository(&root.path("repository"), "x86_64", &key, hash);
        }
        root.write("etc/apk/repositories", "/repository\n");
        root.trust(&key);
        root.apk(&["add", "hello"]);
        assert_eq!(root.read("usr/bin/hello"), "#!/bin/sh\necho hello\n");
        assert!(root.apk(&["audit", "--system"]).lines().all(|line| !line.contains("hello")));
        let newer = ApkPackage::new("hello", "1.1-r0").file("usr/bin/hello", "new");
        ApkIndexWriter::new(&[newer]).write_repository(
            &root.path("repository"),
            "x86_64",
            &key,
            ApkHash::Sha1,
        );
        root.apk(&["upgrade"]);
        assert_eq!(root.read("usr/bin/hello"), "new");
    }
}
