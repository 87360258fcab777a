//! `WWW-Authenticate`: how a registry asks for credentials (RFC 9110, 11.6.1).

use std::collections::BTreeMap;

/// One way to authenticate that the server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password in every request.
    Basic,
    /// A token from the service at `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The challenges of some headers that we can answer, the best first.
pub(crate) fn parse<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let mut found: Vec<_> = headers.flat_map(parse_header).collect();
    // Tokens reach further than passwords: they know scopes, and anonymous ones exist.
    found.sort_by_key(|challenge| matches!(challenge, Challenge::Basic));
    found.dedup();
    found
}

/// One header may hold several challenges: `Basic realm="a", Bearer realm="b",service="c"`.
fn parse_header(header: &str) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    let mut rest = header;
    let mut current: Option<(String, BTreeMap<String, String>)> = None;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let word_end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if word.is_empty() {
            break;
        }
        let after = after.trim_start();
        match (after.strip_prefix('='), &mut current) {
            (Some(value), Some((_, parameters))) => {
                let (value, tail) = take_value(value.trim_start());
                parameters.insert(word.to_ascii_lowercase(), value);
                rest = tail;
            }
            // A parameter before any scheme: this is no challenge.
            (Some(_), None) => break,
            (None, _) => {
                challenges.extend(current.take().and_then(finish));
                current = Some((word.to_ascii_lowercase(), BTreeMap::new()));
                rest = after;
            }
        }
    }
    challenges.extend(current.and_then(finish));
    challenges
}

fn finish((scheme, mut parameters): (String, BTreeMap<String, String>)) -> Option<Challenge> {
    match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
        }),
        _ => None,
    }
}

/// A token or a quoted string with backslash escapes, and what follows it.
fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn challenges_parse() {
        let check = |headers: &[&str], expected: &[Challenge]| {
            assert_eq!(parse(headers.iter().copied()), expected, "{headers:?}");
        };
        let realm = "https://auth.example/token";
        check(&[r#"Basic realm="Registry""#], &[Challenge::Basic]);
        check(&["basic"], &[Challenge::Basic]);
        check(
            &[
                r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push""#,
            ],
            &[bearer(realm, Some("r.example"), Some("repository:a/b:pull,push"))],
        );
        check(
            &["Bearer realm=https://auth.example/token , service=x"],
            &[bearer(realm, Some("x"), None)],
        );
        check(
            &[r#"Basic realm="a, b=c", BEARER Realm="https://auth.example/token""#, "Negotiate"],
            &[bearer(realm, None, None), Challenge::Basic],
        );
        check(&[r#"Bearer realm="a\"b\\c"#], &[bearer(r#"a"b\c"#, None, None)]);
        for nonsense in ["", ",,,", "=", r#"realm="x""#, "Digest a=b", "Bearer", "Bearer service=x"]
        {
            check(&[nonsense], &[]);
        }
    }
}
