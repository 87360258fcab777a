//! The stanzas of a text database: lines up to an empty one, a package each.

use std::io::{self, Read};

use crate::lines::{End, Line, Lines, MAX_FILE};
use crate::record::Packages;

/// A stanza of which lines are taken, one after the other.
pub(crate) trait Stanza: Default {
    /// What the whole file is, for messages.
    const DATABASE: &'static str;
    /// What a stanza lacks that names no package, for messages.
    const NAMELESS: &'static str;

    /// Takes a line that is not empty.
    fn line(&mut self, line: Line<'_>);

    /// The package's name.
    fn name(&self) -> Option<&str>;
}

/// Reads a database to its end. `add` gets each stanza that names a package, with that name.
///
/// A file none of whose stanzas names a package is no database, which is one problem; in a database
/// such a stanza is a damaged package, a problem each.
pub(crate) fn read<S: Stanza>(
    from: impl Read,
    add: impl Fn(&S, &str, &mut Packages),
) -> io::Result<Packages> {
    let mut lines = Lines::new(from);
    let mut packages = Packages::default();
    let mut is_database = false;
    let mut nameless = 0;
    let mut begun: Option<S> = None;
    loop {
        let end = match lines.next()? {
            Ok(Line::Whole(b"")) => None,
            Ok(line) => {
                begun.get_or_insert_default().line(line);
                continue;
            }
            Err(end) => Some(end),
        };
        if let Some(stanza) = begun.take() {
            match stanza.name() {
                Some(name) => {
                    is_database = true;
                    (0..std::mem::take(&mut nameless)).for_each(|_| packages.problem(S::NAMELESS));
                    add(&stanza, name, &mut packages);
                }
                None if is_database => packages.problem(S::NAMELESS),
                None => nameless += 1,
            }
        }
        if end.is_some() && nameless > 0 {
            packages.problem(format!("is not {}", S::DATABASE));
        }
        match end {
            Some(End::Limit) => {
                packages.problem(format!("is larger than {MAX_FILE} bytes: the rest was not read"));
                return Ok(packages);
            }
            Some(End::File) => return Ok(packages),
            None if packages.is_full() => return Ok(packages),
            None => {}
        }
    }
}
