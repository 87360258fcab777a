//! os-release(5): shell assignments.

use super::Identity;

/// Assignments read; real files have twenty.
const MAX_LINES: usize = 1000;

/// Reads an os-release file; nothing where it assigns neither `ID` nor `NAME`.
pub(super) fn parse(text: &str) -> Option<Identity> {
    let mut identity = Identity::default();
    let mut name = None;
    for (key, value) in assignments(text) {
        match key {
            "ID" => identity.id = value.to_ascii_lowercase(),
            "ID_LIKE" => {
                identity.id_like =
                    value.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
            }
            "VERSION_ID" => identity.version_id = Some(value),
            "VERSION" => identity.version = Some(value),
            "VERSION_CODENAME" => identity.codename = Some(value),
            "PRETTY_NAME" => identity.pretty_name = Some(value),
            "NAME" => name = Some(value),
            _ => {}
        }
    }
    if identity.id.is_empty() {
        name.as_ref()?;
        // The default that os-release(5) gives.
        identity.id = "linux".to_owned();
    }
    if identity.codename.is_none() {
        identity.codename = identity.version.as_deref().and_then(word_in_parentheses);
    }
    if identity.pretty_name.is_none() {
        identity.pretty_name = name;
    }
    Some(identity)
}

/// `KEY=value` lines with the value unquoted; empty values count as not assigned.
pub(super) fn assignments(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.lines().take(MAX_LINES).filter_map(|line| {
        let line = line.trim();
        let (key, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let value = unquote(value.trim());
        (!value.is_empty()).then_some((key.trim(), value))
    })
}

fn unquote(value: &str) -> String {
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(inner) = quoted('\'') {
        return inner.to_owned();
    }
    let inner = quoted('"').unwrap_or(value);
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

/// `8 (jessie)`, `7 (wheezy)`: how Debian named its codename before `VERSION_CODENAME`. Phrases are
/// not codenames (`22.03 (LTS-SP3)`, `9.4 (Plow)` is one, `7 (Core)` another; only lower-case words
/// are).
fn word_in_parentheses(version: &str) -> Option<String> {
    let (_, rest) = version.split_once('(')?;
    let (word, _) = rest.split_once(')')?;
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    plain.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unquoted() {
        let check = |line: &str, expected: Option<(&str, &str)>| {
            let found = assignments(line).next();
            let found = found.as_ref().map(|(key, value)| (*key, value.as_str()));
            assert_eq!(found, expected, "{line}");
        };
        check("ID=debian", Some(("ID", "debian")));
        check("ID=\"debian\"", Some(("ID", "debian")));
        check("ID='debian'", Some(("ID", "debian")));
        check(" ID = debian \r", Some(("ID", "debian")));
        check("NAME=\"a \\\"b\\\" \\$c\"", Some(("NAME", "a \"b\" $c")));
        check("NAME=\"", Some(("NAME", "\"")));
        check("# ID=debian", None);
        check("ID=", None);
        check("ID=\"\"", None);
        check("nonsense", None);
    }

    #[test]
    fn old_codenames_stand_in_the_version() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(parse(text).unwrap().codename.as_deref(), expected, "{text}");
        };
        check("ID=debian\nVERSION=\"8 (jessie)\"", Some("jessie"));
        check("ID=rhel\nVERSION=\"9.4 (Plow)\"", None);
        check("ID=x\nVERSION=\"1 (a b)\"", None);
        check("ID=x\nVERSION=\"1 (\"", None);
    }

    #[test]
    fn a_file_that_names_nothing_is_none() {
        assert_eq!(parse("hello\nFOO=bar\n"), None);
        assert_eq!(parse("NAME=Foo").unwrap().id, "linux");
    }
}
