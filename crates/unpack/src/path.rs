//! Paths that cannot leave the root they are relative to.

use std::borrow::Borrow;
use std::fmt::{self, Write};

use crate::limits::PathLimits;

/// A path inside a root: relative, without `.`, `..`, empty components or NUL. The root is empty.
///
/// Made the way container engines do it: the name is cleaned below `/`, so an absolute name
/// becomes relative and a `..` never climbs above the root. Names are bytes; newlines and invalid
/// UTF-8 are kept. Cleaning is lexical: whoever follows links does so component by component.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafePath(Vec<u8>);

/// Why a name is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The name has no bytes.
    #[error("empty path")]
    Empty,
    /// The name holds a NUL, which no file system stores.
    #[error("NUL byte in path {path}")]
    Nul {
        /// The name, escaped.
        path: String,
    },
    /// The name has more bytes than [`PathLimits::max_bytes`].
    #[error("path of {bytes} bytes is longer than {limit}: {start}…")]
    TooLong {
        /// Length of the name.
        bytes: usize,
        /// The limit.
        limit: usize,
        /// How the name begins, escaped.
        start: String,
    },
    /// The path has more components than [`PathLimits::max_depth`].
    #[error("path is more than {limit} levels deep: {start}…")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// How the name begins, escaped.
        start: String,
    },
}

/// How much of an unacceptable name an error repeats.
const ERROR_NAME_BYTES: usize = 80;

impl SafePath {
    /// The root itself.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Cleans a name under the default [`PathLimits`].
    pub fn new(raw: impl AsRef<[u8]>) -> Result<Self, PathError> {
        Self::within(raw, &PathLimits::default())
    }

    /// Cleans a name under the given limits.
    pub fn within(raw: impl AsRef<[u8]>, limits: &PathLimits) -> Result<Self, PathError> {
        let mut path = Self::root();
        path.assign(raw.as_ref(), limits)?;
        Ok(path)
    }

    /// Cleans a name into this path, reusing its memory.
    pub(crate) fn assign(&mut self, raw: &[u8], limits: &PathLimits) -> Result<(), PathError> {
        self.0.clear();
        if raw.is_empty() {
            return Err(PathError::Empty);
        }
        self.descend(raw, limits)
    }

    /// The path that a link at this path with this target names, without following further links.
    ///
    /// A relative target starts at the link's directory, an absolute one at the root.
    pub fn resolve(&self, target: &[u8]) -> Result<Self, PathError> {
        let mut path = match target.first() {
            None => return Err(PathError::Empty),
            Some(b'/') => Self::root(),
            Some(_) => self.parent().unwrap_or_default(),
        };
        path.descend(target, &PathLimits::default())?;
        Ok(path)
    }

    /// The path of a name below this one; `..` in the name climbs, but not above the root.
    pub fn join(&self, name: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let mut path = self.clone();
        path.descend(name.as_ref(), &PathLimits::default())?;
        Ok(path)
    }

    /// The directory that holds this path; nothing for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        Some(Self(self.0[..end].to_vec()))
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// The components from the root down; none for the root.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/').filter(|part| !part.is_empty())
    }

    /// Whether this path is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        match self.0.strip_prefix(directory.0.as_slice()) {
            Some(rest) => directory.is_root() || rest.is_empty() || rest.starts_with(b"/"),
            None => false,
        }
    }

    /// Whether this is the root itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, without a leading or trailing slash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, where it is UTF-8.
    pub fn to_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// Walks a name from here, one component after the other.
    fn descend(&mut self, raw: &[u8], limits: &PathLimits) -> Result<(), PathError> {
        if raw.len() > limits.max_bytes {
            let (bytes, limit) = (raw.len(), limits.max_bytes);
            return Err(PathError::TooLong { bytes, limit, start: escaped_start(raw) });
        }
        if raw.contains(&0) {
            return Err(PathError::Nul { path: escaped_start(raw) });
        }
        let mut depth = self.components().count();
        for component in raw.split(|&byte| byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => {
                    let end = self.0.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                    self.0.truncate(end);
                    depth = depth.saturating_sub(1);
                }
                name => {
                    if depth == limits.max_depth {
                        let start = escaped_start(raw);
                        return Err(PathError::TooDeep { limit: limits.max_depth, start });
                    }
                    depth += 1;
                    if !self.0.is_empty() {
                        self.0.push(b'/');
                    }
                    self.0.extend_from_slice(name);
                }
            }
        }
        if self.0.len() > limits.max_bytes {
            let (bytes, limit) = (self.0.len(), limits.max_bytes);
            return Err(PathError::TooLong { bytes, limit, start: escaped_start(&self.0) });
        }
        Ok(())
    }
}

impl AsRef<[u8]> for SafePath {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Maps keyed by `SafePath` can be asked with plain bytes.
impl Borrow<[u8]> for SafePath {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Control characters and invalid UTF-8 are shown as escapes, so a name is one harmless line.
impl fmt::Display for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.0)
    }
}

impl fmt::Debug for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafePath(\"{self}\")")
    }
}

/// The beginning of a foreign name, fit for an error message.
pub(crate) fn escaped_start(raw: &[u8]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_escaped(&mut text, &raw[..raw.len().min(ERROR_NAME_BYTES)]);
    text
}

fn write_escaped(f: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned_below_the_root() {
        let check = |raw: &[u8], expected: &[u8]| {
            assert_eq!(SafePath::new(raw).unwrap().as_bytes(), expected, "{raw:?}");
        };
        check(b"etc/passwd", b"etc/passwd");
        check(b"./etc/passwd", b"etc/passwd");
        check(b"/etc/passwd", b"etc/passwd");
        check(b"//etc///passwd/", b"etc/passwd");
        check(b"etc/./passwd/.", b"etc/passwd");
        check(b"a/../b", b"b");
        check(b"a/b/../../c", b"c");
        check(b"../../etc/passwd", b"etc/passwd");
        check(b"a/../../../b", b"b");
        check(b"/", b"");
        check(b"./", b"");
        check(b"..", b"");
        check(b"a/..", b"");
        check(b"...", b"...");
        check(b"a/..b/.c", b"a/..b/.c");
        check(b"new\nline", b"new\nline");
        check(b"\xff\xfe", b"\xff\xfe");
        check(b"back\\slash", b"back\\slash");
    }

    #[test]
    fn unacceptable_names_say_why() {
        let limits = PathLimits { max_bytes: 10, max_depth: 2 };
        let check = |raw: &[u8], expected: &str| {
            assert_eq!(SafePath::within(raw, &limits).unwrap_err().to_string(), expected);
        };
        check(b"", "empty path");
        check(b"a\0b", "NUL byte in path a\\u{0}b");
        check(b"aaaaaaaaaaa", "path of 11 bytes is longer than 10: aaaaaaaaaaa…");
        check(b"a/b/c", "path is more than 2 levels deep: a/b/c…");
    }

    #[test]
    fn paths_at_the_limits_are_accepted() {
        let limits = PathLimits { max_bytes: 5, max_depth: 3 };
        assert_eq!(SafePath::within("a/b/c", &limits).unwrap().as_bytes(), b"a/b/c");
        assert_eq!(SafePath::within("../..", &limits).unwrap().as_bytes(), b"");
    }

    #[test]
    fn link_targets_resolve_against_the_link() {
        let check = |link: &str, target: &str, expected: &str| {
            let resolved = SafePath::new(link).unwrap().resolve(target.as_bytes()).unwrap();
            assert_eq!(resolved.as_bytes(), expected.as_bytes(), "{link} -> {target}");
        };
        check("lib", "usr/lib", "usr/lib");
        check("usr/lib64", "lib", "usr/lib");
        check("etc/os-release", "../usr/lib/os-release", "usr/lib/os-release");
        check("etc/os-release", "/usr/lib/os-release", "usr/lib/os-release");
        check("a/b", "../../../../etc/shadow", "etc/shadow");
        check("a/b", ".", "a");
        assert_eq!(SafePath::root().resolve(b""), Err(PathError::Empty));
    }

    #[test]
    fn joined_names_keep_the_limits() {
        let deep = SafePath::new("a/".repeat(256)).unwrap();
        assert!(matches!(deep.join("b"), Err(PathError::TooDeep { .. })));
        assert!(matches!(deep.join("b".repeat(4000)), Err(PathError::TooDeep { .. })));
        let long = SafePath::new("a".repeat(4096)).unwrap();
        assert!(matches!(long.join("b"), Err(PathError::TooLong { .. })));
    }

    #[test]
    fn parts_of_a_path() {
        let path = SafePath::new("usr/lib/os-release").unwrap();
        assert_eq!(path.file_name(), b"os-release");
        assert_eq!(path.parent().unwrap().as_bytes(), b"usr/lib");
        assert_eq!(path.components().collect::<Vec<_>>(), [&b"usr"[..], b"lib", b"os-release"]);
        assert!(path.is_within(&SafePath::new("usr/lib").unwrap()));
        assert!(path.is_within(&SafePath::root()));
        assert!(path.is_within(&path));
        assert!(!path.is_within(&SafePath::new("usr/li").unwrap()));
        assert_eq!(SafePath::root().parent(), None);
        assert_eq!(SafePath::root().components().count(), 0);
        assert_eq!(SafePath::new("a").unwrap().parent(), Some(SafePath::root()));
    }

    #[test]
    fn display_is_one_harmless_line() {
        let path = SafePath::new(b"a\n\x1b[31mb\xff/\xc3\xa9").unwrap();
        assert_eq!(path.to_string(), "a\\n\\u{1b}[31mb\\xff/é");
    }
}
