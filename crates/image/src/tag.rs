//! Comparing the names that people and tools give to images in layouts and archives.

use std::path::{Path, PathBuf};

/// Whether what the user typed means this name: engines write `docker.io/library/alpine:3.10` or
/// `localhost/app:latest` for what people call `alpine:3.10` and `app`.
pub(crate) fn means(typed: &str, name: &str) -> bool {
    typed == name || canonical(typed) == canonical(name)
}

fn canonical(name: &str) -> String {
    let short = name
        .strip_prefix("docker.io/library/")
        .or_else(|| name.strip_prefix("docker.io/"))
        .or_else(|| name.strip_prefix("localhost/"))
        .unwrap_or(name);
    let last = short.rsplit('/').next().unwrap_or(short);
    match last.contains(':') {
        true => short.to_owned(),
        false => format!("{short}:latest"),
    }
}

/// Splits `PATH[:TAG]`. Paths may hold colons and so may tags (`name:1.4`): the longest part that
/// exists is the path. Where nothing exists, the whole is the path that does not.
pub(crate) fn split_path(text: &str) -> (PathBuf, Option<&str>) {
    let whole = Path::new(text);
    if whole.exists() {
        return (whole.to_owned(), None);
    }
    for (colon, _) in text.rmatch_indices(':') {
        let (path, tag) = (&text[..colon], &text[colon + 1..]);
        if !path.is_empty() && !tag.is_empty() && Path::new(path).exists() {
            return (PathBuf::from(path), Some(tag));
        }
    }
    (whole.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_mean_what_engines_write_out() {
        let check = |typed: &str, name: &str, expected: bool| {
            assert_eq!(means(typed, name), expected, "{typed} for {name}");
        };
        check("alpine:3.10", "docker.io/library/alpine:3.10", true);
        check("app", "localhost/app:latest", true);
        check("me/app", "docker.io/me/app:latest", true);
        check("1.4", "1.4", true);
        check("app:1", "app:2", false);
        check("app", "registry.example/app:latest", false);
        check("registry.example:5000/app", "registry.example:5000/app:latest", true);
    }

    #[test]
    fn the_longest_existing_part_is_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        for name in ["a", "a:b", "c"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let check = |text: &str, path: &str, tag: Option<&str>| {
            let text = format!("{root}/{text}");
            assert_eq!(split_path(&text), (dir.path().join(path), tag), "{text}");
        };
        check("a", "a", None);
        check("a:b", "a:b", None);
        check("a:b:c", "a:b", Some("c"));
        check("c:name:1.4", "c", Some("name:1.4"));
        check("none:1", "none:1", None);
        check("c:", "c:", None);
    }
}
