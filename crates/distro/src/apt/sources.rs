//! apt's lists of package sources (sources.list(5)), in both formats.

use crate::apt::deb822::{Stanza, StanzaError, Stanzas};

/// A machine has a few lists with a few lines each.
const MAX_SOURCES: usize = 10_000;

/// Whether a source offers binary or source packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `deb`.
    Binary,
    /// `deb-src`.
    Source,
}

/// What must sign a source's suites, by its own word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignedBy {
    /// Nothing named: any key that apt trusts.
    #[default]
    Any,
    /// Keyring files or fingerprints.
    Named(Vec<String>),
    /// A key in the list itself, ASCII-armoured.
    Key(String),
}

/// One entry of a list. Its addresses are text of an image: named to people, not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its kinds; never empty.
    pub kinds: Vec<SourceKind>,
    /// Its addresses.
    pub uris: Vec<String>,
    /// Its suites; a name that ends in a slash is a path without components.
    pub suites: Vec<String>,
    /// Its components.
    pub components: Vec<String>,
    /// Its architectures; empty for the system's.
    pub architectures: Vec<String>,
    /// What must sign it.
    pub signed_by: SignedBy,
    /// Whether apt uses it.
    pub enabled: bool,
    /// Whether apt takes it without a signature.
    pub trusted: bool,
    /// Where it stands in its list, counted from one.
    pub line: u64,
}

/// An entry that apt would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SourcesProblem {
    /// Where it stands, counted from one.
    pub line: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// The entries of a list, and what could not be read of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Entries, disabled ones too.
    pub sources: Vec<Source>,
    /// Entries left out.
    pub problems: Vec<SourcesProblem>,
}

impl Sources {
    fn add(&mut self, line: u64, source: Result<Source, &'static str>) {
        match source {
            Ok(source) => self.sources.push(source),
            Err(what) => self.problems.push(SourcesProblem { line, what }),
        }
    }
}

/// Reads the one-line format: `sources.list` and `*.list`.
pub fn parse_sources_list(text: &str) -> Sources {
    let mut sources = Sources::default();
    for (line, number) in text.lines().zip(1..).take(MAX_SOURCES) {
        let line = line.split_once('#').map_or(line, |(line, _comment)| line).trim();
        if !line.is_empty() {
            sources.add(number, one_line(line, number));
        }
    }
    sources
}

/// Reads the format of `*.sources`.
pub fn parse_deb822_sources(text: &str) -> Result<Sources, StanzaError> {
    let mut sources = Sources::default();
    let mut stanzas = Stanzas::new(text.as_bytes());
    let mut stanza = Stanza::default();
    for _ in 0..MAX_SOURCES {
        if !stanzas.read_into(&mut stanza)? {
            break;
        }
        sources.add(stanza.line, one_stanza(&stanza));
    }
    Ok(sources)
}

/// `deb [option=value …] uri suite [component …]`
fn one_line(line: &str, number: u64) -> Result<Source, &'static str> {
    let (kind, rest) = line.split_once(char::is_whitespace).ok_or("no address")?;
    let mut source = Source {
        kinds: vec![kind_of(kind)?],
        uris: Vec::new(),
        suites: Vec::new(),
        components: Vec::new(),
        architectures: Vec::new(),
        signed_by: SignedBy::Any,
        enabled: true,
        trusted: false,
        line: number,
    };
    let mut rest = rest.trim_start();
    if let Some(options) = rest.strip_prefix('[') {
        let (options, behind) = options.split_once(']').ok_or("an option list without end")?;
        for option in options.split_whitespace() {
            let (name, value) = option.split_once('=').ok_or("an option without value")?;
            let values = || value.split(',').map(str::to_owned).collect();
            match name.to_ascii_lowercase().as_str() {
                "arch" => source.architectures = values(),
                "signed-by" => source.signed_by = SignedBy::Named(values()),
                "trusted" => source.trusted = is_yes(value),
                _ => {}
            }
        }
        rest = behind;
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    source.uris.push(words.next().ok_or("no address")?);
    source.suites.push(words.next().ok_or("no suite")?);
    source.components.extend(words);
    check_components(source)
}

fn one_stanza(stanza: &Stanza) -> Result<Source, &'static str> {
    if stanza.stray_line.is_some() {
        return Err("a line that is no field");
    }
    let words = |name| -> Vec<String> {
        stanza.get(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let kinds = words("Types").iter().map(|kind| kind_of(kind)).collect::<Result<Vec<_>, _>>()?;
    let (uris, suites) = (words("URIs"), words("Suites"));
    if kinds.is_empty() {
        return Err("no type");
    }
    if uris.is_empty() {
        return Err("no address");
    }
    if suites.is_empty() {
        return Err("no suite");
    }
    check_components(Source {
        kinds,
        uris,
        suites,
        components: words("Components"),
        architectures: words("Architectures"),
        signed_by: stanza.get("Signed-By").map_or(SignedBy::Any, signed_by),
        enabled: stanza.get("Enabled").is_none_or(|value| !is_no(value)),
        trusted: stanza.get("Trusted").is_some_and(is_yes),
        line: stanza.line,
    })
}

fn kind_of(word: &str) -> Result<SourceKind, &'static str> {
    match word {
        "deb" => Ok(SourceKind::Binary),
        "deb-src" => Ok(SourceKind::Source),
        _ => Err("a type other than deb and deb-src"),
    }
}

/// A suite has components, a path has none.
fn check_components(source: Source) -> Result<Source, &'static str> {
    let all_paths = source.suites.iter().all(|suite| suite.ends_with('/'));
    if all_paths == source.components.is_empty() {
        Ok(source)
    } else if all_paths {
        Err("components behind a path")
    } else {
        Err("no component")
    }
}

/// A key in the list is indented by one blank, and its empty lines are dots.
fn signed_by(value: &str) -> SignedBy {
    if !value.contains("-----BEGIN") {
        let names = value.split([',', ' ', '\t', '\n']).filter(|name| !name.is_empty());
        return SignedBy::Named(names.map(str::to_owned).collect());
    }
    let lines = value.trim_start().lines().map(|line| if line == "." { "" } else { line });
    SignedBy::Key(lines.flat_map(|line| [line, "\n"]).collect())
}

/// apt's words for yes.
fn is_yes(value: &str) -> bool {
    ["yes", "true", "with", "on", "enable", "1"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

/// apt's words for no.
fn is_no(value: &str) -> bool {
    ["no", "false", "without", "off", "disable", "0"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(uri: &str, suites: &[&str], components: &[&str]) -> Source {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Source {
            kinds: vec![SourceKind::Binary],
            uris: vec![uri.to_owned()],
            suites: owned(suites),
            components: owned(components),
            architectures: Vec::new(),
            signed_by: SignedBy::Any,
            enabled: true,
            trusted: false,
            line: 1,
        }
    }

    #[test]
    fn one_line_entries() {
        fn check(line: &str, expected: Result<Source, &'static str>) {
            let found = parse_sources_list(line);
            match expected {
                Ok(source) => assert_eq!(found.sources, [source], "{line}"),
                Err(what) => {
                    assert_eq!(found.sources, []);
                    assert_eq!(found.problems, [SourcesProblem { line: 1, what }]);
                }
            }
        }
        let plain = source("http://ftp.debian.org/debian", &["bookworm"], &["main", "contrib"]);
        check(
            "deb http://ftp.debian.org/debian bookworm main contrib # comment",
            Ok(plain.clone()),
        );
        check(
            "deb [ arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg trusted=yes lang=en ]\t\
             http://ftp.debian.org/debian bookworm main contrib",
            Ok(Source {
                architectures: vec!["amd64".to_owned(), "arm64".to_owned()],
                signed_by: SignedBy::Named(vec!["/usr/share/keyrings/a.gpg".to_owned()]),
                trusted: true,
                ..plain
            }),
        );
        check("deb file:/packages ./", Ok(source("file:/packages", &["./"], &[])));
        check("deb file:/packages ./ main", Err("components behind a path"));
        check("deb http://ftp.debian.org/debian bookworm", Err("no component"));
        check("deb http://ftp.debian.org/debian", Err("no suite"));
        check("deb", Err("no address"));
        check("deb [arch=amd64 http://x y z", Err("an option list without end"));
        check("rpm http://x y z", Err("a type other than deb and deb-src"));
        assert_eq!(parse_sources_list("# deb http://x y z\n\n"), Sources::default());
    }

    #[test]
    fn stanzas_of_the_debian_image() {
        let text = "Types: deb deb-src\n# comment\nURIs: http://ftp.debian.org/debian\n\
                    Suites: bookworm bookworm-updates\nComponents: main\n\
                    Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n\
                    Types: deb\nURIs: http://security.debian.org/debian-security\n\
                    Suites: bookworm-security\nComponents: main\nEnabled: no\n\
                    Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n\n\
                    Types: deb\nSuites: x\nComponents: main\n";
        let found = parse_deb822_sources(text).unwrap();
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg".to_owned();
        let main = Source {
            kinds: vec![SourceKind::Binary, SourceKind::Source],
            signed_by: SignedBy::Named(vec![keyring]),
            ..source("http://ftp.debian.org/debian", &["bookworm", "bookworm-updates"], &["main"])
        };
        let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n".to_owned();
        let uri = "http://security.debian.org/debian-security";
        let security = Source {
            signed_by: SignedBy::Key(key),
            enabled: false,
            line: 8,
            ..source(uri, &["bookworm-security"], &["main"])
        };
        assert_eq!(found.sources, [main, security]);
        assert_eq!(found.problems, [SourcesProblem { line: 18, what: "no address" }]);
    }
}
