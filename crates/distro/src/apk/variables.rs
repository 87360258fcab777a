//! Variables in apk's lists of repositories, as apk-tools 3 has them.

use std::collections::BTreeMap;

/// `PATH_MAX`, which is apk's own limit on what an expansion gives.
pub(super) const MAX_EXPANDED: usize = 4096;

/// A machine has a handful.
const MAX_VARIABLES: usize = 1000;

/// The one built-in variable.
const ARCH: &str = "APK_ARCH";

/// What the lists have set so far.
pub(super) struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    pub(super) fn new(arch: &str) -> Self {
        Self { values: BTreeMap::from([(ARCH.to_owned(), arch.to_owned())]) }
    }

    /// `set [-default] key=value`, without the `set`.
    pub(super) fn set(&mut self, mut definition: &str) -> Result<(), &'static str> {
        let mut keep = false;
        while definition.starts_with('-') {
            let (option, rest) = definition.split_once([' ', '\t']).unwrap_or((definition, ""));
            if option != "-default" {
                return Err("an option of set other than -default");
            }
            keep = true;
            definition = rest.trim_start();
        }
        let (key, value) = definition.split_once('=').ok_or("a variable without value")?;
        let named = key.starts_with(|first: char| first.is_ascii_alphabetic())
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !named || key.starts_with("APK_") {
            return Err("a variable that may not be set");
        }
        let value = self.expand(value)?;
        if keep && self.values.contains_key(key) {
            return Ok(());
        }
        if self.values.len() >= MAX_VARIABLES {
            return Err("too many variables");
        }
        self.values.insert(key.to_owned(), value);
        Ok(())
    }

    /// Replaces each `${KEY}` by its value.
    pub(super) fn expand(&self, mut text: &str) -> Result<String, &'static str> {
        let mut expanded = String::new();
        while let Some((before, rest)) = text.split_once("${") {
            let (key, rest) = rest.split_once('}').ok_or("a variable without end")?;
            expanded.push_str(before);
            expanded.push_str(self.values.get(key).ok_or("a variable that is not set")?);
            text = rest;
            if expanded.len() > MAX_EXPANDED {
                break;
            }
        }
        expanded.push_str(text);
        if expanded.len() > MAX_EXPANDED {
            return Err("longer than a path can be");
        }
        Ok(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_expanded() {
        fn check(definitions: &[&str], text: &str, expected: Result<&str, &'static str>) {
            let mut variables = Variables::new("x86_64");
            let found = definitions
                .iter()
                .try_for_each(|definition| variables.set(definition))
                .and_then(|()| variables.expand(text));
            assert_eq!(found, expected.map(str::to_owned), "{definitions:?} {text}");
        }
        check(&[], "https://h/${APK_ARCH}/x", Ok("https://h/x86_64/x"));
        check(&["a=1", "b=${a}2"], "${b}${a}", Ok("121"));
        check(&["a=1", "a=2"], "${a}", Ok("2"));
        check(&["a=1", "-default a=2", "-default b=3"], "${a}${b}", Ok("13"));
        check(&[], "$a {b} $", Ok("$a {b} $"));
        check(&[], "${a}", Err("a variable that is not set"));
        check(&[], "${a", Err("a variable without end"));
        check(&["APK_ARCH=x"], "", Err("a variable that may not be set"));
        check(&["1a=x"], "", Err("a variable that may not be set"));
        check(&["=x"], "", Err("a variable that may not be set"));
        check(&["a"], "", Err("a variable without value"));
        check(&["-all a=1"], "", Err("an option of set other than -default"));
    }

    #[test]
    fn expansions_do_not_grow_without_end() {
        let mut variables = Variables::new("x86_64");
        variables.set(&format!("a={}", "x".repeat(1000))).unwrap();
        variables.set("b=${a}${a}${a}${a}").unwrap();
        assert_eq!(variables.set("c=${b}${b}${b}"), Err("longer than a path can be"));
    }
}
