//! Puts the layers of settings on top of each other and keeps where each value came from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::definitions::{DEFINITIONS, Default, Surroundings};
use super::file::SettingsFile;
use crate::cli::Global;

/// A setting as text.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its key in plimsoll.toml.
    pub key: &'static str,
    /// Its value; empty means "none".
    pub value: String,
    /// Who said so.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line.
    Flag,
    /// This environment variable.
    Variable(String),
    /// This file.
    File(PathBuf),
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("the command line"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The settings cannot be understood.
#[derive(Debug)]
pub(crate) enum SettingError {
    /// A value is not what its key takes.
    Value { key: &'static str, value: String, origin: Origin, why: String },
    /// No value, and no default here.
    Missing { key: &'static str },
    /// A file knows a key that the program does not.
    UnknownKey { path: PathBuf, key: String },
    /// A value in a file is of a wrong type.
    Shape { path: PathBuf, key: String },
    /// A file is no TOML.
    Malformed { path: PathBuf, source: toml::de::Error },
    /// A file cannot be read.
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A file is too large to be settings.
    TooLarge { path: PathBuf },
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { key, value, origin, why } => {
                write!(f, "cannot understand {key} = {value:?} (from {origin}): {why}")
            }
            Self::Missing { key } => {
                write!(f, "no {key} is set, and without a home directory there is no default")
            }
            Self::UnknownKey { path, key } => {
                write!(f, "unknown setting {key} in {}", path.display())
            }
            Self::Shape { path, key } => {
                write!(f, "{key} in {} is neither text, number nor list", path.display())
            }
            Self::Malformed { path, .. } => write!(f, "{} is malformed", path.display()),
            Self::Unreadable { path, .. } => write!(f, "cannot read {}", path.display()),
            Self::TooLarge { path } => write!(f, "{} is larger than 1 MiB", path.display()),
        }
    }
}

impl std::error::Error for SettingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Malformed { source, .. } => Some(source),
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Every setting, as text.
pub(super) struct Resolved(Vec<Entry>);

/// Takes each setting from the strongest layer that has it.
pub(super) fn resolve(
    global: &Global,
    surroundings: &Surroundings,
    files: &[SettingsFile],
) -> Result<Resolved, SettingError> {
    let flags = flags(global);
    let entries = DEFINITIONS.iter().map(|definition| {
        let key = definition.key;
        let flag = flags.iter().find(|(name, _)| *name == key);
        if let Some((_, value)) = flag {
            return Entry { key, value: value.clone(), origin: Origin::Flag };
        }
        let variable = definition.variable();
        if let Some(value) = (surroundings.variable)(&variable) {
            return Entry { key, value, origin: Origin::Variable(variable) };
        }
        for file in files {
            if let Some((_, value)) = file.values.iter().find(|(name, _)| *name == key) {
                return Entry {
                    key,
                    value: value.clone(),
                    origin: Origin::File(file.path.clone()),
                };
            }
        }
        let value = match definition.default {
            Default::Text(text) => text.to_owned(),
            Default::Of(default) => default(surroundings),
        };
        Entry { key, value, origin: Origin::Default }
    });
    Ok(Resolved(entries.collect()))
}

fn flags(global: &Global) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    let mut text = |key, value: &Option<String>| {
        flags.extend(value.as_ref().map(|value| (key, value.clone())));
    };
    text("from", &global.feeds_from);
    text("generation", &global.generation);
    text("max_db_age", &global.max_db_age);
    text("memory", &global.memory);
    text("timeout", &global.timeout);
    text("as_of", &global.as_of);
    text("platform", &global.platform);
    text("fail_on", &global.fail_on);
    text("keyring", &global.keyring.as_ref().map(|path| path.to_string_lossy().into_owned()));
    for (key, is) in [
        ("offline", global.offline),
        ("no_cache", global.no_cache),
        ("allow_unknown", global.allow_unknown),
    ] {
        if is {
            flags.push((key, "true".to_owned()));
        }
    }
    for (key, list) in [
        ("mirrors", &global.mirrors),
        ("allowed_sources", &global.allowed_sources),
        ("insecure", &global.insecure),
    ] {
        if !list.is_empty() {
            flags.push((key, list.join(",")));
        }
    }
    flags
}

impl Resolved {
    /// The value of a setting that always has one.
    pub(super) fn get<T: FromStr<Err: fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Result<T, SettingError> {
        self.optional(key)?.ok_or(SettingError::Missing { key })
    }

    /// The value of a setting that may be empty.
    pub(super) fn optional<T: FromStr<Err: fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, SettingError> {
        match self.entry(key) {
            Some(entry) if !entry.value.is_empty() => parse(entry, &entry.value).map(Some),
            _ => Ok(None),
        }
    }

    /// The values of a setting that is a list.
    pub(super) fn list<T: FromStr<Err: fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Result<Vec<T>, SettingError> {
        let Some(entry) = self.entry(key) else { return Ok(Vec::new()) };
        let items = entry.value.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| parse(entry, item)).collect()
    }

    /// All of them.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.0
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }
}

fn parse<T: FromStr<Err: fmt::Display>>(entry: &Entry, text: &str) -> Result<T, SettingError> {
    text.parse().map_err(|why: T::Err| SettingError::Value {
        key: entry.key,
        value: text.to_owned(),
        origin: entry.origin.clone(),
        why: why.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::values::Bytes;
    use super::*;

    #[test]
    fn a_flag_wins_over_a_file_and_a_file_over_the_default() {
        let surroundings = Surroundings { home: None, is_root: true, variable: |_| None };
        let file = SettingsFile {
            path: PathBuf::from("plimsoll.toml"),
            values: vec![("memory", "64MiB".to_owned()), ("timeout", "5s".to_owned())],
            ignore: Vec::new(),
        };
        let global = Global { memory: Some("1GiB".to_owned()), ..Global::default() };
        let resolved = resolve(&global, &surroundings, &[file]).unwrap();
        assert_eq!(resolved.get::<Bytes>("memory").unwrap(), Bytes(1 << 30));
        let origin = |key| resolved.entry(key).unwrap().origin.clone();
        assert_eq!(origin("memory"), Origin::Flag);
        assert_eq!(origin("timeout"), Origin::File(PathBuf::from("plimsoll.toml")));
        assert_eq!(origin("offline"), Origin::Default);
        assert_eq!(resolved.optional::<String>("cache_dir").unwrap(), None);
    }

    #[test]
    fn a_bad_value_is_named_with_its_origin() {
        let surroundings = Surroundings {
            home: None,
            is_root: true,
            variable: |name| (name == "PLIMSOLL_MEMORY").then(|| "apples".to_owned()),
        };
        let resolved = resolve(&Global::default(), &surroundings, &[]).unwrap();
        assert_eq!(
            resolved.get::<Bytes>("memory").unwrap_err().to_string(),
            "cannot understand memory = \"apples\" (from PLIMSOLL_MEMORY): expected a size such as \
             192MiB"
        );
    }
}
