//! The INI files of yum, dnf and zypper: sections of `key = value`, values continued on indented lines.

/// A file of repositories has a few dozen lines; one of the largest (Red Hat's, by subscription) some 5,000.
const MAX_LINES: usize = 200_000;

/// One `[section]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    values: Vec<(String, String)>,
}

impl Section {
    /// The value of a key; the last where it is given several times, as Python's parser has it.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A value that is a list: separated by blanks, commas or line ends.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let separators = [' ', '\t', '\n', ','];
        let words = self.get(key).unwrap_or_default().split(separators);
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// A value that is yes or no; none where it is neither.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let is_one_of = |words: [&str; 4]| words.iter().any(|w| value.eq_ignore_ascii_case(w));
        if is_one_of(["1", "yes", "true", "on"]) {
            Some(true)
        } else if is_one_of(["0", "no", "false", "off"]) {
            Some(false)
        } else {
            None
        }
    }

    /// A value that is a number; none where it is none.
    pub(super) fn number(&self, key: &str) -> Option<i32> {
        self.get(key)?.parse().ok()
    }
}

/// Reads a file; lines that are no part of the format are passed over, as the package managers do.
pub(super) fn parse(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        let is_continued = line.starts_with([' ', '\t']);
        let trimmed = line.trim();
        if trimmed.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            sections.push(Section { name: name.0.trim().to_owned(), values: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        if is_continued {
            if let Some((_, value)) = section.values.last_mut() {
                value.push('\n');
                value.push_str(trimmed);
            }
        } else if let Some((key, value)) = line.split_once('=') {
            section.values.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_lists_and_flags() {
        let text = "stray = 1\n# comment\n[main]\nexclude = a,b\n\tc d\n; comment\nEnabled=Yes\n\
                    priority = x\nskip=no\npriority=7\nnonsense\n[ other ] rest\n";
        let sections = parse(text);
        let [main, other] = sections.as_slice() else { panic!("{sections:?}") };
        assert_eq!(main.name, "main");
        assert_eq!(main.list("exclude"), ["a", "b", "c", "d"]);
        assert_eq!(main.flag("enabled"), Some(true));
        assert_eq!(main.flag("skip"), Some(false));
        assert_eq!(main.flag("exclude"), None);
        assert_eq!(main.number("priority"), Some(7));
        assert_eq!(main.get("missing"), None);
        assert_eq!((other.name.as_str(), other.get("x")), ("other", None));
    }
}
