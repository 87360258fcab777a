//! Which tags of a repository are worth learning.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::parse::Tag;
use crate::glob;

/// The tags that fit `pattern` (`*` and `?`), and of each family of tags only the `newest`. A family is what differs in
/// numbers only: `bookworm-DATE-slim`, `N.N.N-alpineN`. Tags that say nothing of a version (`latest`, `slim`) are all
/// kept, and so are those that name a release (`bookworm-slim`). Names first, then the newest first.
pub fn wanted_tags<S: AsRef<str>>(pattern: &str, all: &[S], newest: usize) -> Vec<String> {
    let fitting = all.iter().map(S::as_ref).filter(|tag| glob::fits(pattern, tag));
    let mut names = Vec::new();
    let mut versions = Vec::new();
    for text in fitting {
        match Tag::parse(text) {
            Some(tag) if !tag.version.is_empty() => versions.push((tag, text)),
            Some(_) | None => names.push(text),
        }
    }
    versions.sort_by(|(one, one_text), (other, other_text)| {
        let key = |tag: &Tag| Reverse((tag.version.clone(), tag.stage, tag.releases.clone()));
        key(one).cmp(&key(other)).then_with(|| one_text.cmp(other_text))
    });
    names.sort_unstable();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let versions = versions.into_iter().filter(|(tag, _)| {
        let taken = taken.entry(tag.shape.clone()).or_default();
        *taken += 1;
        *taken <= newest
    });
    let mut wanted: Vec<String> = names.into_iter().map(str::to_owned).collect();
    wanted.extend(versions.map(|(_, text)| text.to_owned()));
    wanted.dedup();
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_each_family_are_wanted() {
        let check = |pattern: &str, newest, all: &str, expected: &[&str]| {
            let all: Vec<_> = all.split_whitespace().collect();
            assert_eq!(wanted_tags(pattern, &all, newest), expected, "{pattern} {newest}");
        };
        let debian = "bookworm bookworm-slim bookworm-20260112-slim bookworm-20260302-slim bookworm-20260803-slim \
                      bookworm-20260803 trixie latest 12.8 12.9";
        check(
            "bookworm*",
            2,
            debian,
            &[
                "bookworm",
                "bookworm-slim",
                "bookworm-20260803",
                "bookworm-20260803-slim",
                "bookworm-20260302-slim",
            ],
        );
        check("*", 1, "1.9 1.10 1.2.3 latest", &["latest", "1.10", "1.2.3"]);
        check("1.?", 9, "1.9 1.10 1.2.3 latest", &["1.9"]);
        check("*", 0, "1.9 latest", &["latest"]);
    }
}
