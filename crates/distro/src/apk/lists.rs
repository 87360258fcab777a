//! apk's lists of repositories (apk-repositories(5)), of apk-tools 2 and 3.

use std::borrow::Cow;

use plimsoll_model::Problem;

use crate::apk::variables::{MAX_EXPANDED, Variables};

/// Of a list; most lines are comments.
const MAX_LINES: usize = 10_000;

/// apk's own limit (`APK_MAX_REPOS`).
const MAX_REPOSITORIES: usize = 32;

/// Of what is wrong in the lists of one image, so much is kept.
const MAX_PROBLEMS: usize = 100;

/// Where a repository has its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApkIndexKind {
    /// `APKINDEX.tar.gz` in the directory of the architecture below the address.
    Directory,
    /// The address is the index itself.
    File,
    /// An index in the format of apk-tools 3, `Packages.adb` or a file of that ending.
    Adb,
}

/// One repository. Its address is text of an image: named to people, not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApkRepository {
    /// Its address, variables expanded, without a slash at the end; or a directory.
    pub url: String,
    /// The tag without its `@`: only packages that name the tag come from here.
    pub tag: Option<String>,
    /// Where its index is.
    pub kind: ApkIndexKind,
}

/// The repositories of all lists, and what could not be read of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApkRepositories {
    /// In the order in which apk prefers them.
    pub repositories: Vec<ApkRepository>,
    /// Lines left out.
    pub problems: Vec<Problem>,
}

/// Reads lists, each with its path: `etc/apk/repositories` and then the `*.list` of `repositories.d` in the order of
/// their names, for a variable set in one holds in those that follow. `arch` is the value of `${APK_ARCH}`.
pub(super) fn parse_lists<'a>(
    lists: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>,
    arch: &str,
) -> ApkRepositories {
    let mut variables = Variables::new(arch);
    let mut found = ApkRepositories::default();
    for (path, list) in lists {
        for (text, line) in list.lines().zip(1_u64..).take(MAX_LINES) {
            // apk reads up to the first blank, so that a leading one makes an empty word.
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if let Err(what) = read_line(text, &mut variables, &mut found.repositories) {
                let message = format!("line {line}: {what}");
                found.problems.push(Problem { path: path.to_owned(), layer: None, message });
            }
            let is_full = found.repositories.len() > MAX_REPOSITORIES;
            found.repositories.truncate(MAX_REPOSITORIES);
            if is_full {
                let message = format!("line {line}: more than {MAX_REPOSITORIES} repositories");
                found.problems.push(Problem { path: path.to_owned(), layer: None, message });
            }
            if is_full || found.problems.len() >= MAX_PROBLEMS {
                return found;
            }
        }
    }
    found
}

/// `set …`, or `[ndx|v2|v3] [@tag] url [component …]`.
fn read_line(
    line: &str,
    variables: &mut Variables,
    repositories: &mut Vec<ApkRepository>,
) -> Result<(), &'static str> {
    let mut rest = line;
    let mut word = next_word(&mut rest).ok_or("no address")?;
    let mut kind = None;
    if !word.starts_with('@') && !is_address(word) {
        kind = match word {
            "set" => return variables.set(rest),
            "ndx" => Some(ApkIndexKind::File),
            "v2" => Some(ApkIndexKind::Directory),
            "v3" => Some(ApkIndexKind::Adb),
            _ => return Err("neither an address nor a word that apk knows"),
        };
        word = next_word(&mut rest).ok_or("no address")?;
    }
    let tag = word.strip_prefix('@').map(str::to_owned);
    if tag.is_some() {
        word = next_word(&mut rest).ok_or("no address")?;
    }
    let url = variables.expand(word)?;
    let url = url.trim_end_matches('/');
    if !is_address(url) {
        return Err("neither an address nor a directory");
    }
    let kind = match kind {
        Some(ApkIndexKind::File) | None if url.ends_with(".adb") => ApkIndexKind::Adb,
        None if url.ends_with(".tar.gz") => ApkIndexKind::File,
        Some(kind) => kind,
        None => ApkIndexKind::Directory,
    };
    let components = variables.expand(rest)?;
    let mut components = components.split_ascii_whitespace().peekable();
    if components.peek().is_none() {
        repositories.push(ApkRepository { url: url.to_owned(), tag, kind });
        return Ok(());
    }
    if kind == ApkIndexKind::File {
        return Err("components behind an index");
    }
    // One more than is taken shows that there were too many.
    for component in components.take(MAX_REPOSITORIES + 1) {
        if url.len() + component.len() >= MAX_EXPANDED {
            return Err("longer than a path can be");
        }
        let url = format!("{url}/{component}");
        repositories.push(ApkRepository { url, tag: tag.clone(), kind });
    }
    Ok(())
}

fn next_word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (word, behind) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    *rest = behind.trim_start_matches([' ', '\t']);
    Some(word).filter(|word| !word.is_empty())
}

/// As apk tells an address from a word; what is set in a variable is an address too.
fn is_address(word: &str) -> bool {
    word.starts_with('/') || word.starts_with("${") || word.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lists: &[&str], arch: &str) -> ApkRepositories {
        parse_lists(lists.iter().map(|list| ("list", Cow::Borrowed(*list))), arch)
    }

    fn repository(url: &str, tag: Option<&str>, kind: ApkIndexKind) -> ApkRepository {
        ApkRepository { url: url.to_owned(), tag: tag.map(str::to_owned), kind }
    }

    #[test]
    fn lists_of_apk_tools_2() {
        let list = "#/media/cdrom/apks\n\
                    http://dl-cdn.alpinelinux.org/alpine/v3.20/main/\n\n\
                    @edge\thttps://dl-cdn.alpinelinux.org/alpine/edge/testing\n\
                    /media/usb/apks\nfile:///srv/apks\n";
        let found = parse(&[list], "x86_64");
        let directory = ApkIndexKind::Directory;
        assert_eq!(
            found.repositories,
            [
                repository("http://dl-cdn.alpinelinux.org/alpine/v3.20/main", None, directory),
                repository(
                    "https://dl-cdn.alpinelinux.org/alpine/edge/testing",
                    Some("edge"),
                    directory
                ),
                repository("/media/usb/apks", None, directory),
                repository("file:///srv/apks", None, directory),
            ]
        );
        assert_eq!(found.problems, []);
    }

    #[test]
    fn lists_of_apk_tools_3() {
        let variables = "set mirror=https://h/alpine\nset -default mirror=https://other\n";
        let list = "v2 ${mirror}/v3.23 main community\nv3 @t https://a/${APK_ARCH} x\n\
                    ${mirror}/edge/main\nhttps://b/APKINDEX.tar.gz\nndx https://b/Packages.adb\n";
        let found = parse(&[variables, list], "aarch64");
        assert_eq!(
            found.repositories,
            [
                repository("https://h/alpine/v3.23/main", None, ApkIndexKind::Directory),
                repository("https://h/alpine/v3.23/community", None, ApkIndexKind::Directory),
                repository("https://a/aarch64/x", Some("t"), ApkIndexKind::Adb),
                repository("https://h/alpine/edge/main", None, ApkIndexKind::Directory),
                repository("https://b/APKINDEX.tar.gz", None, ApkIndexKind::File),
                repository("https://b/Packages.adb", None, ApkIndexKind::Adb),
            ]
        );
        assert_eq!(found.problems, []);
    }

    #[test]
    fn lines_that_apk_refuses_are_told() {
        fn check(line: &str, what: &str) {
            let found = parse(&[line], "x86_64");
            let message = format!("line 1: {what}");
            let problem = Problem { path: "list".to_owned(), layer: None, message };
            assert_eq!(found.problems, [problem], "{line}");
            assert_eq!(found.repositories, [], "{line}");
        }
        check(" https://h/main", "no address");
        check("@tag", "no address");
        check("v2", "no address");
        check("main", "neither an address nor a word that apk knows");
        check("@tag main", "neither an address nor a directory");
        check("https://h/${nothing}", "a variable that is not set");
        check("ndx https://h/APKINDEX.tar.gz main", "components behind an index");
        check("set APK_ARCH=x", "a variable that may not be set");
        let long = format!("v2 https://h/{} {}", "x".repeat(2100), "y".repeat(2100));
        check(&long, "longer than a path can be");
    }

    #[test]
    fn repositories_and_problems_are_limited() {
        fn check(list: &str, repositories: usize, problems: usize, last: &str) {
            let found = parse(&[list, "https://h/behind\n"], "x86_64");
            assert_eq!(found.repositories.len(), repositories);
            assert_eq!(found.problems.len(), problems);
            assert_eq!(found.problems.last().map(|problem| &*problem.message), Some(last));
        }
        let many: String = (0..40).map(|n| format!("https://h/{n}\n")).collect();
        check(&many, 32, 1, "line 33: more than 32 repositories");
        let components = format!("v2 https://h{}\n", " main".repeat(100));
        check(&components, 32, 1, "line 1: more than 32 repositories");
        let wrong = "main\n".repeat(MAX_PROBLEMS + 1);
        let last = "line 100: neither an address nor a word that apk knows";
        check(&wrong, 0, MAX_PROBLEMS, last);
    }
}
