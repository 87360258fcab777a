//! Where this machine's apt gets packages from: `sources.list(5)`, both of its formats.

use std::fs;
use std::path::Path;

/// One source of binary packages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) uris: Vec<String>,
    pub(crate) suites: Vec<String>,
    pub(crate) components: Vec<String>,
}

/// The sources of this machine; none where there is no apt.
pub(crate) fn sources() -> Vec<Source> {
    sources_below(Path::new("/etc/apt"))
}

fn sources_below(directory: &Path) -> Vec<Source> {
    let parts = directory.join("sources.list.d");
    let mut files: Vec<_> =
        fs::read_dir(parts).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.push(directory.join("sources.list"));
    files.sort();
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(text.lines().filter_map(one_line)),
            Some("sources") => sources.extend(stanzas(&text)),
            _ => {}
        }
    }
    sources
}

/// `deb [option=value …] URI suite component…`
fn one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    let rest = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (uri, suite) = (words.next()?, words.next()?);
    Some(Source { uris: vec![uri], suites: vec![suite], components: words.collect() })
}

/// The deb822 format: fields with continuation lines, stanzas between empty lines.
fn stanzas(text: &str) -> Vec<Source> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split("\n\n").filter_map(stanza).collect()
}

fn stanza(text: &str) -> Option<Source> {
    let text = text.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| -> Vec<String> {
        let value = text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        });
        value.into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect()
    };
    let disabled = field("Enabled").first().is_some_and(|value| value == "no");
    if disabled || !field("Types").iter().any(|kind| kind == "deb") {
        return None;
    }
    let source =
        Source { uris: field("URIs"), suites: field("Suites"), components: field("Components") };
    (!source.uris.is_empty()).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(uri: &str, suites: &[&str], components: &[&str]) -> Source {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Source { uris: vec![uri.to_owned()], suites: owned(suites), components: owned(components) }
    }

    #[test]
    fn both_formats_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let parts = directory.path().join("sources.list.d");
        fs::create_dir(&parts).unwrap();
        let list = "# deb http://a.example/debian sid main\n\
                    deb-src http://a.example/debian bookworm main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main contrib # x\n";
        fs::write(directory.path().join("sources.list"), list).unwrap();
        let stanzas = "Types: deb\n# a comment\nURIs: http://b.example/debian\n\
                       Suites: bookworm\n bookworm-updates\nComponents: main\n\n\
                       Types: deb deb-src\nURIs: http://c.example/debian-security\n\
                       Suites: bookworm-security\nComponents: main\n\n\
                       Types: deb\nEnabled: no\nURIs: http://d.example/debian\nSuites: sid\n";
        fs::write(parts.join("debian.sources"), stanzas).unwrap();
        fs::write(parts.join("notes.txt"), "deb http://e.example/debian sid main\n").unwrap();
        assert_eq!(
            sources_below(directory.path()),
            [
                source("http://a.example/debian", &["bookworm"], &["main", "contrib"]),
                source("http://b.example/debian", &["bookworm", "bookworm-updates"], &["main"]),
                source("http://c.example/debian-security", &["bookworm-security"], &["main"]),
            ]
        );
        assert_eq!(sources_below(&parts.join("nowhere")), []);
    }
}
