//! What is installed after all layers, and which layer brought it.

use plimsoll_model::Ecosystem;

use super::*;
use crate::testing::layers;

/// A dpkg status of packages written `name version`.
fn status(packages: &[&str]) -> String {
    let stanza = |package: &&str| {
        let (name, version) = package.split_once(' ').unwrap();
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
        )
    };
    packages.iter().map(stanza).collect()
}

fn dpkg(packages: &[&str]) -> String {
    format!("var/lib/dpkg/status: {}", status(packages))
}

fn apk(path: &str, packages: &[&str]) -> String {
    let entry = |package: &&str| {
        let (name, version) = package.split_once(' ').unwrap();
        format!("P:{name}\nV:{version}\nA:x86_64\n\n")
    };
    format!("{path}: {}", packages.iter().map(entry).collect::<String>())
}

fn merged(stack: &[&[&str]]) -> (Merged, Vec<DiffId>) {
    let layers = layers(stack);
    let layers: Vec<&LayerFacts> = layers.iter().collect();
    let diff_ids = layers.iter().map(|facts| facts.diff_id().clone()).collect();
    (merge(&layers, &mut |request| Err(format!("asked for {request:?}"))), diff_ids)
}

/// `expected`: `name version` in order, the number of the layer that brought it, the layers of its
/// locations.
fn check(stack: &[&[&str]], expected: &[(&str, usize, &[usize])]) {
    let (merged, diff_ids) = merged(stack);
    // A repeated layer has its lowest number.
    let number = |diff_id: &DiffId| diff_ids.iter().position(|other| other == diff_id).unwrap();
    let found: Vec<(String, usize, Vec<usize>)> = merged
        .packages
        .iter()
        .map(|package| {
            let locations =
                package.locations.iter().map(|location| number(location.layer.as_ref().unwrap()));
            (
                format!("{} {}", package.name, package.version),
                number(package.introduced_in.as_ref().unwrap()),
                locations.collect(),
            )
        })
        .collect();
    let expected: Vec<(String, usize, Vec<usize>)> = expected
        .iter()
        .map(|(package, introduced, layers)| ((*package).to_owned(), *introduced, layers.to_vec()))
        .collect();
    assert_eq!(found, expected, "{stack:?}");
    assert_eq!(merged.problems, [], "{stack:?}");
}

#[test]
fn a_package_belongs_to_the_layer_that_brought_it() {
    let base = dpkg(&["a 1", "b 1"]);
    let more = dpkg(&["a 1", "b 1", "c 1"]);
    let upgraded = dpkg(&["a 2", "b 1", "c 1"]);
    let removed = dpkg(&["b 1", "c 1"]);
    check(&[&[&base]], &[("a 1", 0, &[0]), ("b 1", 0, &[0])]);
    check(
        &[&[&base], &["x"], &[&more], &[&upgraded], &["y"]],
        &[("a 2", 3, &[3]), ("b 1", 0, &[3]), ("c 1", 2, &[3])],
    );
    check(&[&[&base], &[&more], &[&removed]], &[("b 1", 0, &[2]), ("c 1", 1, &[2])]);
    // Removed and installed again: there since the last time.
    let without = dpkg(&["b 1"]);
    check(&[&[&base], &[&without], &["y", &base]], &[("a 1", 2, &[2]), ("b 1", 0, &[2])]);
}

#[test]
fn a_deleted_database_is_gone_and_a_new_one_starts_anew() {
    let base = dpkg(&["a 1"]);
    check(&[&[&base], &["var/lib/dpkg/.wh.status"]], &[]);
    check(&[&[&base], &["var/lib/.wh.dpkg"]], &[]);
    check(&[&[&base], &["var/.wh..wh..opq"]], &[]);
    check(&[&[&base], &["var/lib/dpkg/.wh.status"], &["y", &base]], &[("a 1", 2, &[2])]);
    check(&[&[&base], &["var/.wh..wh..opq", &base]], &[("a 1", 0, &[1])]);
    check(&[&[&base], &["var/lib/dpkg/.wh.status", &base]], &[("a 1", 0, &[1])]);
}

#[test]
fn repeated_and_empty_layers_change_nothing() {
    let base = dpkg(&["a 1"]);
    check(&[&[&base], &[], &[&base], &[], &[&base]], &[("a 1", 0, &[0])]);
    check(&[&[]], &[]);
    check(&[], &[]);
}

#[test]
fn distroless_packages_are_files_of_their_own() {
    let stanza =
        |name: &str| format!("var/lib/dpkg/status.d/{name}: Package: {name}\nVersion: 1\n");
    let (a, b) = (stanza("a"), stanza("b"));
    let sums = "var/lib/dpkg/status.d/a.md5sums: 0123 x";
    check(&[&[&a, sums], &[&b]], &[("a 1", 0, &[0]), ("b 1", 1, &[1])]);
    check(&[&[&a, sums], &[&b], &["var/lib/dpkg/status.d/.wh.a"]], &[("b 1", 1, &[1])]);
    check(&[&[&a], &[&dpkg(&["c 1"]), "x"]], &[("a 1", 0, &[0]), ("c 1", 1, &[1])]);
}

#[test]
fn one_package_in_two_databases_is_one_with_two_locations() {
    let old = apk("lib/apk/db/installed", &["a 1", "b 1"]);
    let new = apk("usr/lib/apk/db/installed", &["a 1"]);
    check(&[&[&old], &[&new]], &[("a 1", 0, &[0, 1]), ("b 1", 0, &[0])]);
    check(&[&[&old], &[&new, "lib/apk/db/.wh.installed"]], &[("a 1", 0, &[1])]);
}

#[test]
fn one_database_under_two_names_is_one() {
    let database = apk("usr/lib/apk/db/installed", &["a 1"]);
    check(&[&["lib -> usr/lib", &database]], &[("a 1", 0, &[0])]);
    check(&[&[&database, "lib/apk/db/installed = usr/lib/apk/db/installed"]], &[("a 1", 0, &[0])]);
    // Since the move of the tree the same packages.
    let old = apk("lib/apk/db/installed", &["a 1"]);
    check(&[&[&old], &[".wh.lib", "lib -> usr/lib", &database]], &[("a 1", 0, &[1])]);
}

#[test]
fn a_file_that_is_not_in_force_is_no_database() {
    let vcpkg =
        "opt/vcpkg/installed/vcpkg/status: Package: a\nVersion: 1\nStatus: install ok installed\n";
    let chroot = format!("srv/chroot/{}", dpkg(&["a 1"]));
    check(&[&[vcpkg, &chroot]], &[]);
}

#[test]
fn bytes_that_were_not_kept_are_asked_for() {
    let hidden = format!("data/packages: {}", status(&["a 1"]));
    let layers = layers(&[&["x", &hidden], &["var/lib/dpkg/status -> /data/packages"]]);
    let facts: Vec<&LayerFacts> = layers.iter().collect();
    let mut asked = Vec::new();
    let merged = merge(&facts, &mut |request| {
        asked.push(request.clone());
        let packages =
            crate::dpkg::read(status(&["a 1"]).as_bytes(), crate::dpkg::Flavour::Status).unwrap();
        Ok(Content::Packages((&packages).into()).encode())
    });
    let what = What::File { path: b"data/packages".to_vec(), kind: FileKind::DpkgStatus };
    assert_eq!(asked, [Request { layer: 0, what }]);
    assert_eq!(merged.packages.len(), 1);
    assert_eq!(merged.packages[0].locations[0].path, "data/packages");
    assert_eq!(merged.notes.len(), 1);
    assert!(merged.notes[0].ends_with("was read again for data/packages"), "{:?}", merged.notes);

    let failed = merge(&facts, &mut |_| Err("gone".to_owned()));
    assert_eq!(failed.packages, []);
    assert_eq!(failed.problems[0].message, "gone");
}

#[test]
fn rereading_is_bounded() {
    let links: Vec<String> =
        (0..50).map(|n| format!("var/lib/dpkg/status.d/{n} -> /data/{n}")).collect();
    let files: Vec<String> = (0..50).map(|n| format!("data/{n}: x")).collect();
    let lines: Vec<&str> = links.iter().chain(&files).map(String::as_str).collect();
    let layers = layers(&[&lines]);
    let mut asked = 0;
    let merged = merge(&[&layers[0]], &mut |_| {
        asked += 1;
        Err("no".to_owned())
    });
    assert_eq!(asked, 8);
    assert_eq!(merged.problems.len(), 50);
}

#[test]
fn what_cannot_be_followed_or_read_is_a_problem() {
    let check = |stack: &[&[&str]], path: &str, message: &str| {
        let (merged, _) = merged(stack);
        let found: Vec<(&str, &str)> = merged
            .problems
            .iter()
            .map(|problem| (problem.path.as_str(), problem.message.as_str()))
            .collect();
        assert_eq!(found, [(path, message)], "{stack:?}");
        assert_eq!(merged.packages, []);
    };
    check(
        &[&["var/lib/dpkg/status -> status"]],
        "var/lib/dpkg/status",
        "more than 40 links lead on (a cycle)",
    );
    check(
        &[&["var/lib/dpkg/status|"]],
        "var/lib/dpkg/status",
        "leads to something that is no regular file",
    );
    check(&[&["var/lib/dpkg/status: hello"]], "var/lib/dpkg/status", "is not a dpkg database");
    check(
        &[&["var/lib/rpm/Packages: hello"]],
        "var/lib/rpm/Packages",
        "not an rpm database: neither sqlite, ndb nor berkeley db",
    );
    let long = format!("etc/os-release: {}", "x".repeat(70_000));
    check(&[&[&long]], "etc/os-release", "is larger than 65536 bytes: not read");
    // A problem of a file that is no longer in force is none.
    check(
        &[&["var/lib/dpkg/status: hello"], &["var/lib/dpkg/status: world"]],
        "var/lib/dpkg/status",
        "is not a dpkg database",
    );
}

#[test]
fn what_is_not_known_is_told() {
    let check = |stack: &[&[&str]], expected: &[&str]| {
        assert_eq!(merged(stack).0.unread, expected, "{stack:?}");
    };
    let sound = dpkg(&["a 1"]);
    check(&[&[&sound]], &[]);
    check(&[&["var/lib/dpkg/status: hello"], &[&sound]], &[]);
    check(&[&["var/lib/dpkg/status: hello"]], &["var/lib/dpkg/status: is not a dpkg database"]);
    check(
        &[&[&format!("{sound}Version: 1\n\nPackage: b\nVersion: 1\n")]],
        &["var/lib/dpkg/status: a stanza has no readable field Package (and 1 more)"],
    );
    // Nothing is there for dpkg either.
    check(&[&["var/lib/dpkg/status -> status"]], &[]);
    check(&[&["var/lib/dpkg/status|"]], &[]);
    let names: Vec<String> = (0..10_001).map(|n| format!("var/lib/dpkg/status.d/{n}")).collect();
    check(
        &[&names.iter().map(String::as_str).collect::<Vec<_>>()],
        &["var/lib/dpkg/status.d: the directory has more than 10000 entries"],
    );
    let long = format!("etc/os-release: {}", "x".repeat(70_000));
    check(&[&[&sound, &long]], &[]);

    let known = &layers(&[&[&sound]])[0];
    let absent = LayerFacts::unknown(known.diff_id().clone());
    let merged = merge(&[known, &absent], &mut |_| Err("no".to_owned()));
    let expected = format!("layer {} (not distributed with the image)", known.diff_id());
    assert_eq!(merged.unread, [expected]);
}

#[test]
fn rpm_databases_that_are_not_in_force_are_not_silent() {
    let rubbish = "not an rpm database: neither sqlite, ndb nor berkeley db";
    let (merged, _) = merged(&[&["var/lib/rpm/rpmdb.sqlite: x", "var/lib/rpm/Packages: y"]]);
    let found: Vec<(&str, &str)> = merged
        .problems
        .iter()
        .map(|problem| (problem.path.as_str(), problem.message.as_str()))
        .collect();
    assert_eq!(found, [("var/lib/rpm/Packages", rubbish), ("var/lib/rpm/rpmdb.sqlite", rubbish)]);
    // The older one was not in force anyway.
    assert_eq!(merged.unread, [format!("var/lib/rpm/rpmdb.sqlite: {rubbish}")]);
}

#[test]
fn paths_that_lead_nowhere_count_too() {
    let links: Vec<String> =
        (0..9_000).map(|n| format!("var/lib/dpkg/status.d/{n} -> /nowhere")).collect();
    let statuses: Vec<String> = (0..7).map(|n| dpkg(&[&format!("a {n}")])).collect();
    let mut stack: Vec<Vec<&str>> = vec![links.iter().map(String::as_str).collect()];
    stack.extend(statuses.iter().map(|status| vec![status.as_str()]));
    let stack: Vec<&[&str]> = stack.iter().map(Vec::as_slice).collect();
    let (few, _) = merged(&stack[..2]);
    assert_eq!((few.packages.len(), few.notes.len()), (1, 0));
    let (many, _) = merged(&stack);
    assert_eq!(many.packages.len(), 1);
    assert_eq!(
        many.notes,
        ["more than 50000 paths to databases: packages may be older than their layer says"]
    );
}

#[test]
fn packages_are_those_of_the_system() {
    let check = |os: &str, ecosystem: Ecosystem, purl: &str| {
        let (merged, _) = merged(&[&[&dpkg(&["a 1"]), &format!("etc/os-release: {os}")]]);
        assert_eq!(
            (merged.packages[0].ecosystem, merged.packages[0].purl.as_str()),
            (ecosystem, purl)
        );
    };
    check(
        "ID=ubuntu\nVERSION_ID=22.04",
        Ecosystem::Ubuntu,
        "pkg:deb/ubuntu/a@1?arch=amd64&distro=ubuntu-22.04",
    );
    check(
        "ID=mint\nID_LIKE=\"ubuntu debian\"",
        Ecosystem::Ubuntu,
        "pkg:deb/mint/a@1?arch=amd64&distro=mint",
    );
    check(
        "ID=alpine\nVERSION_ID=3.20.1",
        Ecosystem::Debian,
        "pkg:deb/alpine/a@1?arch=amd64&distro=alpine-3.20.1",
    );
}

#[test]
fn the_result_does_not_depend_on_the_order_in_a_layer() {
    let (status, os) = (dpkg(&["b 1", "a 1"]), "etc/os-release: ID=debian\nVERSION_ID=12");
    let (one, _) = merged(&[&[&status, os]]);
    let (other, _) = merged(&[&[os, &status]]);
    let plain = |merged: Merged| {
        merged.packages.into_iter().map(|package| package.purl).collect::<Vec<_>>()
    };
    assert_eq!(plain(one), plain(other));
}
