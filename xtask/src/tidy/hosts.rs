//! No host of a package mirror that this machine happens to use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Violation;
use super::tree::Tree;
use crate::apt;

const REASON: &str = "a mirror belongs to one machine's configuration, not to the project";

/// Where the program names the distributions' own hosts: these are no machine's secret.
const OFFICIAL: &str = "crates/distro/src/apt/suites.rs";

/// Configuration of package clients below the user's home.
const CONFIGURATIONS: &[&str] = &[
    ".cargo/config",
    ".cargo/config.toml",
    ".config/go/env",
    ".config/pip/pip.conf",
    ".gradle/gradle.properties",
    ".m2/settings.xml",
    ".npmrc",
    ".pip/pip.conf",
    ".yarnrc.yml",
];

/// The same of the whole machine.
const SYSTEM_CONFIGURATIONS: &[&str] = &["/etc/maven/settings.xml", "/etc/npmrc", "/etc/pip.conf"];

/// Parts of names of variables that hold mirrors.
const VARIABLES: &[&str] = &["INDEX", "REGISTRY", "REGISTRIES", "GOPROXY", "MIRROR", "FIND_LINKS"];

pub(super) fn check(tree: &Tree, hosts: &BTreeSet<String>) -> Vec<Violation> {
    let official = tree.get(OFFICIAL).map_or("", |file| &file.text);
    let mut found = Vec::new();
    for host in hosts.iter().filter(|host| !official.contains(host.as_str())) {
        for file in &tree.files {
            for (at, line) in file.text.lines().enumerate() {
                // The lock file names where crates come from for everybody.
                let locked = file.path == "Cargo.lock" && line.starts_with("source = ");
                if !locked && names(line, host) {
                    let what = "names a host that this machine gets packages from";
                    found.push(Violation::new(&file.path, at + 1, what, REASON));
                }
            }
        }
    }
    found
}

/// Whether a line names exactly this host, or one below it.
fn names(line: &str, host: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.match_indices(host).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let mut after = line[at + host.len()..].chars();
        let goes_on = match after.next() {
            Some('.') => after.next().is_some_and(of_name),
            next => next.is_some_and(of_name),
        };
        !before.is_some_and(of_name) && !goes_on
    })
}

/// The hosts that this machine's package clients are told to use.
pub(super) fn of_this_machine(root: &Path) -> BTreeSet<String> {
    let mut hosts: BTreeSet<_> =
        apt::sources().iter().flat_map(|source| &source.uris).filter_map(|uri| host(uri)).collect();
    let home = std::env::home_dir().unwrap_or_default();
    let mut files: Vec<PathBuf> = CONFIGURATIONS.iter().map(|path| home.join(path)).collect();
    files.extend(SYSTEM_CONFIGURATIONS.iter().map(PathBuf::from));
    files.extend(std::env::var_os("CARGO_HOME").map(|at| PathBuf::from(at).join("config.toml")));
    // Cargo also reads the configuration of every directory above; the project's own is tracked.
    files.extend(root.ancestors().skip(1).map(|above| above.join(".cargo/config.toml")));
    for path in &files {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let is_xml = path.extension().is_some_and(|extension| extension == "xml");
        let text = if is_xml { xml_urls(&text) } else { without_comments(&text) };
        hosts.extend(hosts_of_addresses(&text));
    }
    let variables = std::env::vars().filter(|(name, _)| {
        let name = name.to_ascii_uppercase();
        VARIABLES
            .iter()
            .any(|part| name.split('_').any(|word| word == *part) || name.ends_with(part))
    });
    for (_, value) in variables {
        hosts.extend(hosts_of_addresses(&value));
    }
    // Neither `localhost` nor an address of loopback or of nobody is a mirror.
    hosts.retain(|host| host.contains('.') && host.contains(char::is_alphabetic));
    hosts
}

/// What stands in `<url>` elements outside of comments; namespaces are addresses too.
fn xml_urls(text: &str) -> String {
    let mut kept = String::new();
    for (at, part) in text.split("<!--").enumerate() {
        kept.push_str(if at == 0 { part } else { part.split_once("-->").map_or("", |it| it.1) });
    }
    let urls = kept.split("<url>").skip(1).filter_map(|rest| rest.split_once("</url>"));
    urls.map(|(url, _)| url.trim()).collect::<Vec<_>>().join("\n")
}

fn without_comments(text: &str) -> String {
    let is_comment = |line: &&str| line.trim_start().starts_with(['#', ';']);
    text.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n")
}

fn hosts_of_addresses(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || "\"'<>,|".contains(c);
    text.split(ends).filter_map(host).collect()
}

/// The host of the address in a word: `sparse+https://user@HOST:443/path`.
fn host(word: &str) -> Option<String> {
    let (_, rest) = word.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?;
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_out_of_configuration() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(hosts_of_addresses(text), expected, "{text}");
        };
        check("index-url = https://pip.example.org/simple", &["pip.example.org"]);
        let settings = "<settings xmlns=\"http://x.example.org/1\"><!-- <url>http://c.example.org</url>\n-->\
                        <url>http://maven.example.org:8080/m2</url></settings>";
        check(&xml_urls(settings), &["maven.example.org"]);
        check(
            &without_comments("# https://c.example.org\nindex = https://d.example.org"),
            &["d.example.org"],
        );
        check("registry = \"sparse+https://u:p@Crates.example.org/\"", &["crates.example.org"]);
        check(
            "https://a.example.org|https://b.example.org,direct",
            &["a.example.org", "b.example.org"],
        );
        check("no address", &[]);
    }

    #[test]
    fn a_mirror_is_not_named() {
        let hosts = BTreeSet::from(["mirror.example.org".to_owned()]);
        let check = |path: &str, line: &str, expected: usize| {
            assert_eq!(check(&Tree::of(&[(path, line)]), &hosts).len(), expected, "{line}");
        };
        check("README.md", "deb http://mirror.example.org/debian", 1);
        check("README.md", "at mirror.example.org.", 1);
        check("README.md", "deb http://my-mirror.example.org.uk/debian", 0);
        check("README.md", "mirror.example.org.uk", 0);
        check("Cargo.lock", "source = \"registry+https://mirror.example.org/\"", 0);
        let tree =
            Tree::of(&[(OFFICIAL, "\"mirror.example.org\""), ("a.md", "mirror.example.org")]);
        assert_eq!(super::check(&tree, &hosts), []);
    }
}
