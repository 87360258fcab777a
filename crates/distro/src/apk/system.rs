//! What an image's files say of apk: where packages come from, what is wanted, which keys are believed.

use std::collections::BTreeMap;

use plimsoll_model::Problem;

use crate::apk::architecture::parse_apk_arch;
use crate::apk::keys::ApkKeys;
use crate::apk::lists::{ApkRepositories, parse_lists};
use crate::apk::world::{ApkWorld, parse_apk_world};

/// apk's settings in an image.
#[derive(Clone, Debug, Default)]
pub struct ApkSystem {
    /// The architecture in Alpine's words.
    pub arch: String,
    /// What its lists name.
    pub repositories: ApkRepositories,
    /// What it wants installed.
    pub world: ApkWorld,
    /// The keys that it brings.
    pub keys: ApkKeys,
    /// What could not be used of its files.
    pub problems: Vec<Problem>,
}

const REPOSITORIES: &str = "etc/apk/repositories";
const MORE_REPOSITORIES: &str = "etc/apk/repositories.d/";
const WORLD: &str = "etc/apk/world";
const KEYS: &str = "etc/apk/keys/";

impl ApkSystem {
    /// Reads the files, by their paths in the image; `arch` is the architecture where they name none.
    pub fn read(files: &BTreeMap<String, Vec<u8>>, arch: &str) -> Self {
        let text = |path: &str| files.get(path).map(|bytes| String::from_utf8_lossy(bytes));
        let named = text("etc/apk/arch").and_then(|text| parse_apk_arch(&text));
        let mut system = Self { arch: named.unwrap_or(arch).to_owned(), ..Self::default() };

        let first = text(REPOSITORIES).map(|text| (REPOSITORIES, text));
        let more = files.range(MORE_REPOSITORIES.to_owned()..).filter_map(|(path, bytes)| {
            let is_list = path.starts_with(MORE_REPOSITORIES) && path.ends_with(".list");
            is_list.then(|| (path.as_str(), String::from_utf8_lossy(bytes)))
        });
        system.repositories = parse_lists(first.into_iter().chain(more), &system.arch);
        system.problems.append(&mut system.repositories.problems);

        system.world = text(WORLD).map(|text| parse_apk_world(&text)).unwrap_or_default();
        for what in &system.world.problems {
            system.problems.push(problem(WORLD, what.clone()));
        }

        for (path, pem) in files.range(KEYS.to_owned()..) {
            let Some(name) = path.strip_prefix(KEYS) else { break };
            if let Err(error) = system.keys.add(name, pem) {
                system.problems.push(problem(path, error.to_string()));
            }
        }
        system
    }
}

fn problem(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), layer: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_an_image_are_read() {
        let files = [
            ("etc/apk/arch", "aarch64\n"),
            ("etc/apk/keys/bad.pub", "no key"),
            ("etc/apk/repositories", "set branch=v3.20\nrubbish\n"),
            ("etc/apk/repositories.d/a.list", "https://h/${branch}/main\n"),
            ("etc/apk/repositories.d/b.txt", "https://h/not/read\n"),
            ("etc/apk/world", "busybox@edge a=no-version\n"),
            ("etc/apt/sources.list", ""),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into();
        let system = ApkSystem::read(&files, "x86_64");
        assert_eq!(system.arch, "aarch64");
        let urls: Vec<_> =
            system.repositories.repositories.iter().map(|r| r.url.as_str()).collect();
        assert_eq!(urls, ["https://h/v3.20/main"]);
        assert_eq!(system.world.tag_of("busybox"), Some("edge"));
        let problems: Vec<_> =
            system.problems.iter().map(|p| (p.path.as_str(), &*p.message)).collect();
        assert_eq!(
            problems,
            [
                (REPOSITORIES, "line 2: neither an address nor a word that apk knows"),
                (WORLD, "\"a=no-version\" is not a package with a version"),
                ("etc/apk/keys/bad.pub", "\"bad.pub\" is no RSA public key in PEM"),
            ]
        );
        assert_eq!(ApkSystem::read(&BTreeMap::new(), "x86_64").arch, "x86_64");
    }
}
