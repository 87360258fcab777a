//! The files that say where and how packages are upgraded, as the merged image has them.

use std::collections::BTreeMap;

use super::contents::{Contents, Request, What};
use super::lossy;
use crate::facts::Content;
use crate::view::{Unresolved, View};
use crate::wanted::{kept, manager};

/// The files by their paths in the image, which a link may have led elsewhere.
#[derive(Debug, Default)]
pub(crate) struct ManagerFiles {
    pub(crate) read: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    /// Why others, which are there, were not read.
    pub(crate) unread: BTreeMap<String, String>,
}

/// Reads them all; `contents` was asked for what is more important before.
pub(super) fn read(view: &View<'_>, contents: &mut Contents<'_, '_>) -> ManagerFiles {
    let mut files = ManagerFiles::default();
    for path in manager::FILES {
        files.add(path.as_bytes(), view, contents);
    }
    for directory in manager::DIRECTORIES {
        match view.names(directory.as_bytes()) {
            Ok(names) => {
                for name in names {
                    if files.is_full() {
                        let reason = "there are too many such files: not all were read";
                        files.not_read(directory.as_bytes(), reason.to_owned());
                        break;
                    }
                    files.add(&[directory.as_bytes(), b"/", &name].concat(), view, contents);
                }
            }
            Err(error) => files.not_read(directory.as_bytes(), error.to_string()),
        }
    }
    files
}

impl ManagerFiles {
    fn is_full(&self) -> bool {
        self.read.len() + self.unread.len() >= manager::MAX_FILES || self.bytes > manager::MAX_KEPT
    }

    fn add(&mut self, path: &[u8], view: &View<'_>, contents: &mut Contents<'_, '_>) {
        let Some(kind) = kept(path) else { return };
        let place = match view.file(path) {
            Ok(Some(place)) => place,
            // A manager finds nothing there either.
            Ok(None) | Err(Unresolved::NotAFile | Unresolved::Links) => return,
            Err(error) => return self.not_read(path, error.to_string()),
        };
        let request = Request { layer: place.layer, what: What::File { path: place.stored, kind } };
        match contents.ensure(&request) {
            Ok(Content::Text(content)) => {
                self.bytes += content.len();
                self.read.insert(lossy(path), content.to_vec());
            }
            Ok(Content::Unreadable(reason)) => self.not_read(path, reason.to_owned()),
            Ok(_) => {}
            Err(reason) => self.not_read(path, reason),
        }
    }

    fn not_read(&mut self, path: &[u8], reason: String) {
        self.unread.insert(lossy(path), reason);
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::LayerFacts;
    use crate::merge::{ManagerFiles, merge};
    use crate::testing::layers;
    use crate::wanted::manager;

    fn files(stack: &[&[&str]]) -> ManagerFiles {
        let layers = layers(stack);
        let layers: Vec<&LayerFacts> = layers.iter().collect();
        merge(&layers, &mut |request| Err(format!("asked for {request:?}"))).manager_files
    }

    fn check(stack: &[&[&str]], expected: &[(&str, &str)]) {
        let found = files(stack);
        let read: Vec<(&str, &str)> = found
            .read
            .iter()
            .map(|(path, content)| (path.as_str(), str::from_utf8(content).unwrap()))
            .collect();
        assert_eq!(read, expected);
        assert_eq!(found.unread, [].into());
    }

    #[test]
    fn the_highest_layer_counts_and_whiteouts_hide() {
        let lower = [
            "etc/apt/sources.list: old",
            "etc/apt/sources.list.d/a.list: a",
            "etc/apt/preferences.d/p: p",
            "etc/apk/keys/k: k",
            "etc/machine-id: m",
        ];
        let upper = [
            "etc/apt/sources.list: new",
            "etc/apt/sources.list.d/.wh.a.list",
            "etc/apt/sources.list.d/b.sources: b",
            "etc/apt/preferences.d/.wh..wh..opq",
            "etc/.wh.apk",
        ];
        check(
            &[&lower, &upper],
            &[
                ("etc/apt/sources.list", "new"),
                ("etc/apt/sources.list.d/b.sources", "b"),
                ("etc/machine-id", "m"),
            ],
        );
    }

    #[test]
    fn links_are_followed_within_the_image() {
        let lower = ["usr/share/keyrings/a.pgp: key", "etc/dnf/vars/v: 9", "dev/null|"];
        let upper = [
            "etc/apt/trusted.gpg.d/a.gpg -> /usr/share/keyrings/a.pgp",
            "etc/yum/vars -> ../dnf/vars",
            "etc/yum.conf -> dnf/dnf.conf",
            "etc/dnf/dnf.conf: [main]",
            "etc/apt/apt.conf.d/90x -> /dev/null",
            "etc/apt/apt.conf.d/91x -> 91x",
            "etc/apt/apt.conf.d/d/",
        ];
        check(
            &[&lower, &upper],
            &[
                ("etc/apt/trusted.gpg.d/a.gpg", "key"),
                ("etc/dnf/dnf.conf", "[main]"),
                ("etc/dnf/vars/v", "9"),
                ("etc/yum.conf", "[main]"),
                ("etc/yum/vars/v", "9"),
                ("usr/share/keyrings/a.pgp", "key"),
            ],
        );
    }

    #[test]
    fn what_is_too_large_or_too_many_is_told() {
        let large = "x".repeat(manager::MAX_FILE as usize + 1);
        let marks = format!("var/lib/apt/extended_states: {large}");
        let keyring = format!("usr/share/keyrings/debian-keyring.gpg: {large}");
        let found = files(&[&[&keyring, &marks, "etc/apt/sources.list -> /srv/s", "srv/s: s"]]);
        assert_eq!(found.read.keys().collect::<Vec<_>>(), ["var/lib/apt/extended_states"]);
        let unread: Vec<_> = found.unread.iter().collect();
        assert!(unread[0].1.starts_with("asked for "), "{unread:?}");
        assert_eq!(unread[1].1, "is larger than 262144 bytes: not read");

        let many: Vec<String> =
            (0..=manager::MAX_FILES).map(|number| format!("etc/apk/keys/{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let found = files(&[&many]);
        assert_eq!(found.read.len(), manager::MAX_FILES);
        assert!(found.unread["etc/apk/keys"].starts_with("there are too many"));
    }
}
