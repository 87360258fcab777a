//! plimsoll.toml: in the working directory, then in the XDG configuration directory, then in /etc.

use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use plimsoll_advice::IgnoreRule;
use toml::{Table, Value};

use super::definitions::{DEFINITIONS, Surroundings};
use super::resolve::SettingError;

/// A larger file is no file of settings.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// One file that exists.
pub(super) struct SettingsFile {
    pub(super) path: PathBuf,
    /// Key and value as text, lists joined by commas.
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) ignore: Vec<IgnoreRule>,
}

/// The files that exist, the strongest first.
pub(super) fn load(surroundings: &Surroundings) -> Result<Vec<SettingsFile>, SettingError> {
    let configuration = surroundings.xdg("XDG_CONFIG_HOME", ".config");
    let places = [
        Some(PathBuf::from("plimsoll.toml")),
        configuration.map(|base| base.join("plimsoll/plimsoll.toml")),
        Some(PathBuf::from("/etc/plimsoll/plimsoll.toml")),
    ];
    let mut files = Vec::new();
    for path in places.into_iter().flatten() {
        let mut text = String::new();
        match std::fs::File::open(&path) {
            Ok(file) => {
                let unreadable = |source| SettingError::Unreadable { path: path.clone(), source };
                file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
            }
            // Home may be no directory at all: service users have /dev/null.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                continue;
            }
            Err(source) => return Err(SettingError::Unreadable { path, source }),
        }
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(SettingError::TooLarge { path });
        }
        files.push(parse(path, &text)?);
    }
    Ok(files)
}

fn parse(path: PathBuf, text: &str) -> Result<SettingsFile, SettingError> {
    let malformed = |source| SettingError::Malformed { path: path.clone(), source };
    let table: Table = text.parse().map_err(malformed)?;
    let mut values = Vec::new();
    let mut ignore = Vec::new();
    for (key, value) in table {
        if key == "ignore" {
            ignore = value.try_into().map_err(malformed)?;
            continue;
        }
        let Some(definition) = DEFINITIONS.iter().find(|definition| definition.key == key) else {
            return Err(SettingError::UnknownKey { path, key });
        };
        match as_text(&value) {
            Some(text) => values.push((definition.key, text)),
            None => return Err(SettingError::Shape { path, key }),
        }
    }
    Ok(SettingsFile { path, values, ignore })
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(is) => Some(is.to_string()),
        Value::Datetime(date) => Some(date.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(as_text).collect();
            items.map(|items| items.join(","))
        }
        Value::Float(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_or_named_as_wrong() {
        let check = |text: &str| parse(PathBuf::from("plimsoll.toml"), text);
        let file = check("memory = \"1GiB\"\ninsecure = [\"a\", \"b\"]\noffline = true").unwrap();
        let values: Vec<_> =
            file.values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(values, [("insecure", "a,b"), ("memory", "1GiB"), ("offline", "true")]);
        let message = |text: &str| check(text).err().unwrap().to_string();
        assert_eq!(message("memroy = 1"), "unknown setting memroy in plimsoll.toml");
        assert_eq!(
            message("memory = 1.5"),
            "memory in plimsoll.toml is neither text, number nor list"
        );
    }

    #[test]
    fn an_ignore_rule_with_a_misspelt_field_is_refused() {
        let rules = parse(
            PathBuf::from("plimsoll.toml"),
            "[[ignore]]\nid = \"CVE-1\"\nreason = \"not reachable\"\nuntil = \"2027-01-01\"\n",
        );
        assert_eq!(rules.unwrap().ignore.len(), 1);
        let misspelt = parse(PathBuf::from("plimsoll.toml"), "[[ignore]]\nidd = \"CVE-1\"\n");
        assert!(misspelt.is_err());
    }
}
