//! apt's configuration (apt.conf(5)), as far as it decides which versions are wanted.

use std::collections::BTreeMap;

const DEFAULT_RELEASE: &str = "APT::Default-Release";

/// The release that `APT::Default-Release` names in an image's files, and the file that does; of several the last.
pub(crate) fn default_release(files: &BTreeMap<String, Vec<u8>>) -> Option<(&str, String)> {
    let named = |(path, bytes)| Some((path, value(DEFAULT_RELEASE, bytes)?));
    configuration_files(files).filter_map(named).last().filter(|(_, release)| !release.is_empty())
}

/// apt's files, in its order; of the folder those without an ending or with `.conf`.
fn configuration_files(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&str, &[u8])> {
    let is_part = |path: &str| {
        path.strip_prefix("etc/apt/apt.conf.d/").is_some_and(|name| {
            let name = name.strip_suffix(".conf").unwrap_or(name);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
            !name.is_empty() && name.bytes().all(is_plain)
        })
    };
    let parts = files.iter().filter(move |(path, _)| is_part(path));
    let main = files.get_key_value("etc/apt/apt.conf");
    parts.chain(main).map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
}

/// The last value of an option, whether it is written as `A::B "x";` or `A { B "x"; };`.
fn value(option: &str, bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = None;
    let mut above: Vec<String> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for token in Tokens(&text) {
        match token {
            Token::Word(word) => words.push(word),
            Token::Open => above.push(words.drain(..).next().unwrap_or_default()),
            Token::Close => {
                above.pop();
                words.clear();
            }
            Token::End => {
                let mut words = words.drain(..);
                let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
                let names = above.iter().chain([&name]).flat_map(|name| name.split("::"));
                let is_option = option.split("::").map(str::to_ascii_lowercase);
                if names.map(str::to_ascii_lowercase).eq(is_option) {
                    found = Some(value);
                }
            }
        }
    }
    found
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

struct Tokens<'t>(&'t str);

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.0 = self.0.trim_start();
            // Directives (`#clear x;`) take their whole line, as comments do.
            let comment_end = match self.0 {
                rest if rest.starts_with("/*") => "*/",
                rest if rest.starts_with("//") || rest.starts_with('#') => "\n",
                _ => break,
            };
            self.0 = self.0.split_once(comment_end).map_or("", |(_, rest)| rest);
        }
        let (first, rest) = (self.0.chars().next()?, self.0.get(1..).unwrap_or_default());
        let single = match first {
            '{' => Some(Token::Open),
            '}' => Some(Token::Close),
            ';' => Some(Token::End),
            _ => None,
        };
        if let Some(token) = single {
            self.0 = rest;
            return Some(token);
        }
        let word = match first {
            '"' => {
                let (word, rest) = rest.split_once('"').unwrap_or((rest, ""));
                self.0 = rest;
                word
            }
            _ => {
                let is_end = |c: char| c.is_whitespace() || "{};\"".contains(c);
                let (word, rest) = self.0.split_at(self.0.find(is_end).unwrap_or(self.0.len()));
                self.0 = rest;
                word
            }
        };
        Some(Token::Word(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_release_is_found_however_it_is_written() {
        fn check(text: &str, expected: Option<&str>) {
            let files = [("etc/apt/apt.conf".to_owned(), text.as_bytes().to_vec())].into();
            let found = default_release(&files).map(|(_, release)| release);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        check("APT::Default-Release \"bookworm\";", Some("bookworm"));
        check("apt::default-release stable;\n", Some("stable"));
        check(
            "APT { Get { Assume-Yes \"true\"; }; Default-Release \"/^book/\"; };",
            Some("/^book/"),
        );
        check("APT{Default-Release\"a\";}", Some("a"));
        check("// APT::Default-Release \"a\";\n# APT::Default-Release \"b\";\n", None);
        check("/* APT::Default-Release \"a\"; */ #clear APT;\n", None);
        check("Acquire { APT::Default-Release \"a\"; };", None);
        check("APT::Default-Release \"a\"; APT::Default-Release \"b\";", Some("b"));
        check("APT::Default-Release \"\";", None);
        check("APT::Default-Release", None);
        check("} ; } \u{e9} \"never closed", None);
    }

    #[test]
    fn the_last_file_counts() {
        let file = |name: &str, release: &str| {
            let text = format!("APT::Default-Release \"{release}\";");
            (format!("etc/apt/{name}"), text.into_bytes())
        };
        let mut files: BTreeMap<_, _> = [
            file("apt.conf.d/20-b.conf", "b"),
            file("apt.conf.d/10-a", "a"),
            file("apt.conf.d/30-c.bak", "c"),
        ]
        .into();
        assert_eq!(default_release(&files).unwrap().1, "b");
        files.extend([file("apt.conf", "d")]);
        assert_eq!(default_release(&files).unwrap(), ("etc/apt/apt.conf", "d".to_owned()));
    }
}
