//! In which packages the changelog of an update is.

use plimsoll_distro::{Pending, Pocket};
use plimsoll_model::ArchiveStatus;
use plimsoll_table::TableError;

use super::suite::Answer;
use crate::archives::changelogs::{Deb, Wanted};

/// Where the changelog of an update is: in any package of that version of the source. Those of the release's own suites
/// where they have it: another archive may have a suite of the same name.
pub(super) fn wanted(pending: &Pending, answers: &[Answer]) -> Result<Wanted, TableError> {
    let of_suite = || answers.iter().filter(|answer| answer.suite.suite == pending.suite);
    let mut found = debs(pending, of_suite().filter(|answer| is_official(answer)))?;
    let is_official = !found.is_empty();
    if !is_official {
        found = debs(pending, of_suite())?;
    }
    found.sort_by(|a, b| (a.size, &a.package).cmp(&(b.size, &b.package)));
    found.dedup_by(|a, b| a.sha256 == b.sha256);
    let (source, version) = (pending.source.clone(), pending.candidate.clone());
    Ok(Wanted { source, version, debs: found, is_official })
}

fn is_official(answer: &Answer) -> bool {
    let is_own = matches!(answer.pocket, Pocket::Main | Pocket::Updates | Pocket::Security);
    is_own && answer.suite.status == ArchiveStatus::Verified
}

fn debs<'a>(
    pending: &Pending,
    answers: impl Iterator<Item = &'a Answer>,
) -> Result<Vec<Deb>, TableError> {
    let mut debs = Vec::new();
    for answer in answers {
        for found in &answer.indexes {
            for entry in found.index.source(&pending.source, &pending.candidate)? {
                let (Some(filename), Some(size), Some(sha256)) =
                    (entry.filename, entry.size, entry.sha256)
                else {
                    continue;
                };
                debs.push(Deb {
                    package: entry.name.to_owned(),
                    address: answer.asked.deb_url(filename),
                    size,
                    sha256: hexadecimal(&sha256),
                });
            }
        }
    }
    Ok(debs)
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plimsoll_distro::{AskedSuite, CompiledIndex, Index, suites};

    use super::*;
    use crate::archives::apt::suite::{ComponentIndex, unreachable};

    const SUITE: &str = "bookworm-security";

    /// The security suite at a host, with packages of name, source version, size and first digit of the hash.
    fn answer(host: &str, status: ArchiveStatus, packages: &[(&str, &str, u64, char)]) -> Answer {
        let suite = suites(&"debian:12".parse().unwrap(), "amd64").unwrap().remove(2);
        let mut asked = AskedSuite::official(&suite, &["main"], &["amd64".to_owned()]);
        asked.base = format!("https://{host}");
        let text: String = packages
            .iter()
            .map(|(name, version, size, digit)| {
                let hash = digit.to_string().repeat(64);
                format!(
                    "Package: {name}\nSource: zlib\nVersion: {version}\nArchitecture: amd64\n\
                     Filename: pool/{name}.deb\nSize: {size}\nSHA256: {hash}\n\n"
                )
            })
            .collect();
        let bytes = CompiledIndex::of(text.as_bytes()).unwrap().to_bytes();
        let mut answer = unreachable(asked, "");
        answer.suite.status = status;
        answer.indexes.push(ComponentIndex {
            component: "main".to_owned(),
            architecture: "amd64".to_owned(),
            index: Arc::new(Index::from_bytes("test", bytes).unwrap()),
        });
        answer
    }

    #[track_caller]
    fn check(answers: &[Answer], expected: &[&str], is_official: bool) {
        let pending = Pending {
            source: "zlib".to_owned(),
            installed: "1".to_owned(),
            candidate: "2".to_owned(),
            suite: SUITE.to_owned(),
            security: true,
            held_back: None,
            binaries: Vec::new(),
            bulletins: Vec::new(),
        };
        let wanted = wanted(&pending, answers).unwrap();
        let addresses: Vec<_> = wanted.debs.iter().map(|deb| deb.address.as_str()).collect();
        assert_eq!(addresses, expected);
        assert_eq!(wanted.is_official, is_official);
    }

    #[test]
    fn the_smallest_packages_of_the_version_come_first_and_each_once() {
        let packages =
            [("c", "2", 30, 'c'), ("b", "2", 10, 'b'), ("a", "2", 10, 'a'), ("old", "1", 1, 'd')];
        let answer = |host| answer(host, ArchiveStatus::Verified, &packages);
        let expected = ["https://a/pool/a.deb", "https://a/pool/b.deb", "https://a/pool/c.deb"];
        check(&[answer("a")], &expected, true);
        check(&[answer("a"), answer("a")], &expected, true);
    }

    #[test]
    fn an_archive_with_a_suite_of_the_same_name_speaks_only_for_what_the_distribution_lacks() {
        let own = |version| {
            answer("own", ArchiveStatus::SignedByImageKey, &[("zlib1g", version, 1, 'e')])
        };
        let official =
            |version| answer("official", ArchiveStatus::Verified, &[("zlib1g", version, 9, 'f')]);
        check(&[own("2"), official("2")], &["https://official/pool/zlib1g.deb"], true);
        check(&[own("2"), official("1")], &["https://own/pool/zlib1g.deb"], false);
        check(&[own("1"), official("1")], &[], false);
    }
}
