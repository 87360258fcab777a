//! Alpine 3.10.3 and 3.10.9, with apk as the judge.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_testkit::{
    AlpineRoot, ApkHash, ApkIndexWriter, ApkKey, ApkPackage, Image, Layout, Registry, Setup,
    shared_data,
};
use serde_json::{Value, json};

use crate::debian::updates;
use crate::findings::{Effect, remedy};
use crate::program::Program;

/// The key that signs the repositories of these tests.
const KEY: &str = "tests@example.org-5f3c1a7e.rsa.pub";

/// Fixes that Alpine's database of 2020 does not know yet: in what 3.10.9 has, in what nobody has, and in packages of
/// these tests.
const FIXES: &[(&str, &str, &str)] = &[
    ("openssl", "1.1.1k-r0", "CVE-2026-920001"),
    ("busybox", "1.30.1-r5", "CVE-2026-920002"),
    ("musl", "1.1.22-r9", "CVE-2026-920003"),
    ("shop", "1.1-r0", "CVE-2026-920004"),
    ("shop", "2.0-r0", "CVE-2026-920005"),
    ("pax-utils", "1.2.3-r1", "CVE-2026-920006"),
];

struct Alpine {
    program: Program,
    key: ApkKey,
    /// What the repositories have when the image is built.
    first: Vec<ApkPackage>,
    /// What they have now.
    later: Vec<ApkPackage>,
}

impl Alpine {
    fn new(shared: &Path) -> Self {
        let program = Program::new().with_copy();
        let key = ApkKey::new(KEY);
        let keyring = program.path(key.name());
        fs::write(&keyring, key.public_pem()).unwrap();
        let keyring = keyring.display().to_string();
        let shop = |version: &str| {
            let shop = ApkPackage::new("shop", version).depends("libshop");
            let library = ApkPackage::new("libshop", version).origin("shop");
            [shop.file("usr/bin/shop", version), library.file("usr/lib/libshop.so.1", version)]
        };
        let scanelf = ApkPackage::new("scanelf", "1.2.3-r1").origin("pax-utils");
        let later = shop("1.1-r0").into_iter().chain([scanelf]).collect();
        let alpine = Self {
            program: program.with(&["--keyring", &keyring]),
            key,
            first: shop("1.0-r0").into(),
            later,
        };
        alpine.feeds(shared);
        alpine
    }

    fn feeds(&self, shared: &Path) {
        let archive = shared.join("advisories/alpine-secdb-2020/data.tar.zst");
        let packed = zstd::Decoder::new(fs::File::open(archive).unwrap()).unwrap();
        for entry in tar::Archive::new(packed).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let Some(name) = path.strip_prefix("v3.10/").filter(|name| !name.is_empty()) else {
                continue;
            };
            let mut yaml = String::new();
            entry.read_to_string(&mut yaml).unwrap();
            if name == "main.yaml" {
                for (origin, version, id) in FIXES {
                    yaml.push_str(&format!(
                        "  - pkg:\n      name: {origin}\n      secfixes:\n        {version}:\n          - {id}\n"
                    ));
                }
            }
            let at = self.program.copy_of(&format!("secdb.alpinelinux.org/v3.10/{name}"));
            fs::write(at, yaml).unwrap();
        }
        self.program.place_osv(
            "Alpine",
            &[json!({
                "id": "CVE-2026-920007",
                "modified": "2026-05-01T00:00:00Z",
                "affected": [{
                    "package": { "ecosystem": "Alpine:v3.10", "name": "apk-tools" },
                    "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "2.10.6-r0" }] }],
                }],
            })],
        );
    }

    /// Writes the repositories where a root's apk reads them.
    fn give(&self, root: &AlpineRoot, packages: &[ApkPackage]) {
        self.write(&root.path("mnt"), packages);
        root.write(&format!("mnt/keys/{}", self.key.name()), self.key.public_pem());
        root.write("mnt/repositories", "/mnt/main\n/mnt/community\n");
    }

    /// Writes them where the program looks for Alpine's.
    fn publish(&self, packages: &[ApkPackage]) {
        let mirror = self.program.path("from/dl-cdn.alpinelinux.org/alpine/v3.10");
        self.write(&mirror, packages);
    }

    fn write(&self, directory: &Path, packages: &[ApkPackage]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for (name, packages) in [("main", packages), ("community", &[])] {
            let index = ApkIndexWriter::new(packages).made(now);
            index.write_repository(&directory.join(name), "x86_64", &self.key, ApkHash::Sha1);
        }
    }
}

fn apk(root: &AlpineRoot, words: &[&str]) -> String {
    let options = ["--keys-dir", "/mnt/keys", "--repositories-file", "/mnt/repositories"];
    root.apk(&[&options, words].concat())
}

/// The packages that apk upgrades: `(1/3) Upgrading shop (1.0-r0 -> 1.1-r0)`.
fn upgraded(said: &str) -> BTreeSet<String> {
    let upgrades = said.lines().filter_map(|line| line.split_once(") Upgrading "));
    upgrades.map(|(_, rest)| rest.split(' ').next().unwrap().to_owned()).collect()
}

/// The packages that the program would upgrade.
fn binaries(changes: &Value) -> BTreeSet<String> {
    updates(changes).into_values().flatten().collect()
}

fn tarball(shared: &Path, version: &str) -> PathBuf {
    shared.join(format!("rootfs/alpine/alpine-minirootfs-{version}-x86_64.tar.gz"))
}

/// What the image's own layer does: a package more, and some fewer.
fn build(alpine: &Alpine, root: &AlpineRoot) {
    alpine.give(root, &alpine.first);
    apk(root, &["add", "shop"]);
    apk(root, &["del", "libc-utils"]);
}

#[test]
fn a_newer_alpine_below_an_image_does_what_was_promised() {
    let Some(shared) = shared_data() else { return };
    let Some(old_base) = AlpineRoot::unpack(&tarball(&shared, "3.10.3")) else { return };
    let Some(registry) = Registry::start(&Setup::default()) else { return };
    let host = registry.host();
    let mut alpine = Alpine::new(&shared);
    alpine.program = alpine.program.with(&["--insecure", &host]);
    alpine.publish(&alpine.later);

    let old_layer = old_base.layer();
    registry.push(&Layout::of(&Image::new([old_layer.clone()])), "alpine:3.10");
    alpine.program.run(&["bases", "learn", &format!("{host}/alpine")]);
    let app = old_base.copy();
    build(&alpine, &app);
    let image = Image::new([old_layer, app.layer_on(&old_base)]);
    let image = alpine.program.layout("app", &image);

    let new_base = AlpineRoot::unpack(&tarball(&shared, "3.10.9")).unwrap();
    let new_layer = new_base.layer();
    registry.push(&Layout::of(&Image::new([new_layer.clone()])), "alpine:3.10");
    let before = alpine.program.json(&["scan", &image]);
    assert_eq!(before["base"]["confidence"], "confirmed", "{}", before["base"]);

    let rebuilt = new_base.copy();
    build(&alpine, &rebuilt);
    let compare = |layout: &str, action: &str, counts: [usize; 3]| {
        let own = rebuilt.layer_on(&new_base);
        let image = alpine.program.layout(layout, &Image::new([new_layer.clone(), own]));
        let really = Effect::between(&before, &alpine.program.scan_as(&before, &image));
        assert_eq!(really.counts(), counts, "{action}: {really:?}");
        let name = format!("{host}/alpine:3.10");
        assert_eq!(Effect::promised(remedy(&before, action, &name)), really, "{action}");
    };
    compare("rebuilt", "upgrade_base", [4, 1, 7]);
    alpine.give(&rebuilt, &alpine.later);
    apk(&rebuilt, &["upgrade"]);
    compare("patched", "rebase_and_patch", [6, 1, 9]);
}

#[test]
fn upgrades_of_apk_packages_do_what_was_promised() {
    let Some(shared) = shared_data() else { return };
    let Some(root) = AlpineRoot::unpack(&tarball(&shared, "3.10.3")) else { return };
    let alpine = Alpine::new(&shared);
    alpine.give(&root, &alpine.first);
    apk(&root, &["add", "shop"]);
    alpine.publish(&alpine.later);
    let reference = |root: &AlpineRoot| format!("dir:{}", root.root().display());
    let before = alpine.program.json(&["scan", &reference(&root)]);
    let changes = alpine.program.json(&["changes", &reference(&root)]);
    alpine.give(&root, &alpine.later);
    assert_eq!(binaries(&changes), upgraded(&apk(&root, &["upgrade", "--simulate"])));
    // Who wants exactly one version keeps it.
    let world = root.read("etc/apk/world");
    root.write("etc/apk/world", world.replace("shop", "shop=1.0-r0"));
    let pinned = alpine.program.json(&["changes", &reference(&root)]);
    assert_eq!(binaries(&pinned), upgraded(&apk(&root, &["upgrade", "--simulate"])));
    root.write("etc/apk/world", world);

    let compare = |target: &str, counts: [usize; 3], words: &[&str]| {
        let upgraded = root.copy();
        alpine.give(&upgraded, &alpine.later);
        apk(&upgraded, words);
        let really =
            Effect::between(&before, &alpine.program.scan_as(&before, &reference(&upgraded)));
        assert_eq!(really.counts(), counts, "{target}: {really:?}");
        let promised = Effect::promised(remedy(&before, "upgrade_packages", target));
        assert_eq!(promised, really, "{target}");
    };
    compare("all security updates", [3, 0, 3], &["upgrade"]);
    compare("shop 1.1-r0", [2, 0, 2], &["add", "--upgrade", "shop", "libshop"]);
}
