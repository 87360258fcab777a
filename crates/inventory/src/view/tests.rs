//! One test for each rule of merging, over layers written as lines: `dir/`, `file`, `link ->
//! target`, `name = other name`, whiteouts as they are.

use super::*;
use crate::testing::layers;

fn check(stack: &[&[&str]], path: &str, expected: Result<Option<(usize, &str)>, Unresolved>) {
    let layers = layers(stack);
    let layers: Vec<&LayerFacts> = layers.iter().collect();
    let found = View::new(&layers).file(path.as_bytes());
    let found = found.map(|place| place.map(|place| (place.layer, place.stored)));
    let expected =
        expected.map(|place| place.map(|(layer, path)| (layer, path.as_bytes().to_vec())));
    assert_eq!(found, expected, "{path} in {stack:?}");
}

#[test]
fn the_highest_file_wins() {
    check(&[&["a"], &["b"], &["a"]], "a", Ok(Some((2, "a"))));
    check(&[&["d/", "d/a"], &["d/b"]], "d/a", Ok(Some((0, "d/a"))));
    check(&[&["a"], &[]], "a", Ok(Some((0, "a"))));
    check(&[], "a", Ok(None));
    check(&[&["a"]], "a/b", Ok(None));
    check(&[&["a"]], "b", Ok(None));
}

#[test]
fn whiteouts_hide_lower_layers_only() {
    check(&[&["a"], &[".wh.a"]], "a", Ok(None));
    check(&[&["a"], &[".wh.a", "a"]], "a", Ok(Some((1, "a"))));
    check(&[&["a"], &["a", ".wh.a"]], "a", Ok(Some((1, "a"))));
    check(&[&["a"], &[".wh.a"], &["a"]], "a", Ok(Some((2, "a"))));
    check(&[&["d/a", "d/b"], &["d/.wh.a"]], "d/b", Ok(Some((0, "d/b"))));
    check(&[&["d/a"], &[".wh.d"]], "d/a", Ok(None));
    check(&[&["d/a"], &[".wh.d", "d/b"]], "d/a", Ok(None));
    check(&[&["d/a"], &[".wh.d", "d/b"]], "d/b", Ok(Some((1, "d/b"))));
    check(&[&["d/a"], &[".wh.d"], &["d/b"]], "d/a", Ok(None));
    check(&[&["d/a"], &[".wh."], &[".wh..wh.plnk"], &[".wh..."]], "d/a", Ok(Some((0, "d/a"))));
}

#[test]
fn opaque_directories_show_only_what_is_above() {
    check(&[&["d/a"], &["d/.wh..wh..opq", "d/b"]], "d/a", Ok(None));
    check(&[&["d/a"], &["d/.wh..wh..opq", "d/b"]], "d/b", Ok(Some((1, "d/b"))));
    check(&[&["d/a"], &["d/b", "d/.wh..wh..opq"]], "d/b", Ok(Some((1, "d/b"))));
    check(&[&["d/e/a"], &["d/.wh..wh..opq"], &["d/e/b"]], "d/e/a", Ok(None));
    check(&[&["a"], &[".wh..wh..opq", "b"]], "a", Ok(None));
    check(&[&["a"], &[".wh..wh..opq"], &["b"]], "a", Ok(None));
}

#[test]
fn files_replace_directories_and_back() {
    check(&[&["d/a"], &["d"]], "d/a", Ok(None));
    check(&[&["d/a"], &["d"]], "d", Ok(Some((1, "d"))));
    check(&[&["d/a"], &["d"], &["d/b"]], "d/a", Ok(None));
    check(&[&["d/a"], &["d"], &["d/b"]], "d/b", Ok(Some((2, "d/b"))));
    check(&[&["d/a"], &["d"], &["d/"]], "d", Err(Unresolved::NotAFile));
    check(&[&["d"], &["d/x"]], "d", Err(Unresolved::NotAFile));
    check(&[&["d/a"], &["d|"], &["d/b"]], "d/a", Ok(None));
}

#[test]
fn parents_that_are_not_listed_are_directories() {
    check(&[&["lib -> usr/lib", "usr/lib/a"], &["lib/b"]], "lib/a", Ok(None));
    check(&[&["lib -> usr/lib", "usr/lib/a"], &["lib/b"]], "lib/b", Ok(Some((1, "lib/b"))));
    check(&[&["lib -> usr/lib", "usr/lib/a"], &["lib/.wh.x"]], "lib/a", Ok(None));
}

#[test]
fn symbolic_links_are_followed_in_every_component() {
    let merged: &[&str] = &["lib -> usr/lib", "usr/lib/apk/db/installed"];
    check(&[merged], "lib/apk/db/installed", Ok(Some((0, "usr/lib/apk/db/installed"))));
    check(
        &[merged, &["usr/lib/apk/db/installed"]],
        "lib/apk/db/installed",
        Ok(Some((1, "usr/lib/apk/db/installed"))),
    );
    check(
        &[&["etc/os-release -> ../usr/lib/os-release"], &["usr/lib/os-release"]],
        "etc/os-release",
        Ok(Some((1, "usr/lib/os-release"))),
    );
    check(&[&["a -> /b", "b -> ./c/../d", "c/", "d"]], "a", Ok(Some((0, "d"))));
    check(&[&["a/b -> ../../../../x", "x"]], "a/b", Ok(Some((0, "x"))));
    check(&[&["a -> b"]], "a", Ok(None));
    check(&[&["a -> b/c", "b"]], "a", Ok(None));
    check(&[&["a -> nowhere/../b", "b"]], "a", Ok(None));
    check(&[&["a -> d", "d/"]], "a", Err(Unresolved::NotAFile));
    check(&[&["a -> b", "b"], &["a"]], "a", Ok(Some((1, "a"))));
    check(&[&["a -> b", "b"], &[".wh.b"]], "a", Ok(None));
}

#[test]
fn link_cycles_end() {
    check(&[&["a -> b", "b -> a"]], "a", Err(Unresolved::Links));
    check(&[&["a -> a"]], "a/x", Err(Unresolved::Links));
    check(&[&["a -> a/a"]], "a", Err(Unresolved::Links));
    check(&[&["a = b", "b = a"]], "a", Err(Unresolved::Links));
    let dots = format!("a -> {}a", "d/../".repeat(20));
    check(&[&[&dots, "d/"]], "a", Err(Unresolved::Links));
    let dots = format!("a -> {}a", "d/../".repeat(500));
    check(&[&[&dots, "d/"]], "a", Err(Unresolved::Steps));
}

#[test]
fn hard_links_lead_to_the_bytes_of_their_time() {
    check(&[&["a", "b = a"]], "b", Ok(Some((0, "a"))));
    check(&[&["a"], &["b = a"]], "b", Ok(Some((0, "a"))));
    check(&[&["a"], &["b = a"], &["a"]], "b", Ok(Some((0, "a"))));
    check(&[&["a"], &["b = a"], &[".wh.a"]], "b", Ok(Some((0, "a"))));
    check(&[&["a"], &["b = a"], &["c = b"]], "c", Ok(Some((0, "a"))));
    check(&[&["a"], &["b = a", "a"]], "b", Ok(Some((1, "a"))));
    check(&[&["l -> a", "a", "b = l"]], "b", Ok(Some((0, "a"))));
    check(&[&["usr/lib/a", "lib -> usr/lib"], &["b = lib/a"]], "b", Ok(Some((0, "usr/lib/a"))));
    check(&[&["b = gone"]], "b", Ok(None));
    check(&[&["d/", "b = d"]], "b", Ok(None));
    check(&[&["b = p", "p|"]], "b", Err(Unresolved::NotAFile));
}

#[test]
fn what_is_no_file_is_never_one() {
    check(&[&["a"], &["a|"]], "a", Err(Unresolved::NotAFile));
    check(&[&["a|"], &["a"]], "a", Ok(Some((1, "a"))));
}

#[test]
fn names_are_those_of_all_layers_that_show() {
    let check = |stack: &[&[&str]], path: &str, expected: &[&str]| {
        let layers = layers(stack);
        let layers: Vec<&LayerFacts> = layers.iter().collect();
        let names = View::new(&layers).names(path.as_bytes()).unwrap();
        let expected: Vec<Vec<u8>> = expected.iter().map(|name| name.as_bytes().to_vec()).collect();
        assert_eq!(names, expected, "{path} in {stack:?}");
    };
    check(&[&["d/b", "d/a/x"], &["d/c"], &["e"]], "d", &["a", "b", "c"]);
    check(&[&["d/a"], &["d/.wh..wh..opq", "d/b"]], "d", &["b"]);
    check(&[&["d/a", "l -> d"]], "l", &["a"]);
    check(&[&["a"]], "a", &[]);
    check(&[], "", &[]);
}

#[test]
fn the_deciding_layer_is_the_highest_that_took_part() {
    let check = |stack: &[&[&str]], path: &str, expected: usize| {
        let layers = layers(stack);
        let layers: Vec<&LayerFacts> = layers.iter().collect();
        let place = View::new(&layers).file(path.as_bytes()).unwrap().unwrap();
        assert_eq!(place.decided, expected, "{path} in {stack:?}");
    };
    check(&[&["a"], &["b"]], "a", 0);
    check(&[&["d/a"], &["l -> d"], &["x"]], "l/a", 1);
    check(&[&["a"], &["b = a"]], "b", 1);
}
