//! Fields as control files, indexes and `Release` have them.

use std::fmt;

/// Fields in order; each name once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stanza {
    fields: Vec<(String, String)>,
}

impl Stanza {
    /// Sets a field, in the place of an earlier one of that name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => value.clone_into(known),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// Reads one stanza; a value keeps its continuation lines.
    pub(crate) fn read(text: &str) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.split_once(':'), fields.last_mut()) {
                (_, Some((_, value))) if line.starts_with([' ', '\t']) => {
                    value.push('\n');
                    value.push_str(line);
                }
                (Some((name, value)), _) => {
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
                (None, _) => {}
            }
        }
        Self { fields }
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Stanza {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(fields: T) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { fields: fields.collect() }
    }
}

impl fmt::Display for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.fields {
            // A value that begins on the next line has no space before its end.
            let space = if value.starts_with('\n') { "" } else { " " };
            writeln!(f, "{name}:{space}{value}")?;
        }
        Ok(())
    }
}
