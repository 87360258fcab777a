//! What a layer's tar consists of.

use ::tar::EntryType;

/// One member of a tar, with fixed times and owners.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryType,
    pub(crate) target: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) mtime: u64,
    pub(crate) owner: (u64, u64),
}

/// 2024-01-01T00:00:00Z, in seconds since the epoch.
const MTIME: u64 = 1_704_067_200;

impl Entry {
    /// A regular file, mode 0644.
    pub fn file(path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> Self {
        Self { content: content.into(), ..Self::new(path, EntryType::Regular, 0o644) }
    }

    /// A directory, mode 0755.
    pub fn directory(path: impl AsRef<[u8]>) -> Self {
        Self::new(path, EntryType::Directory, 0o755)
    }

    /// A symbolic link; the target is any bytes.
    pub fn symlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { target: target.as_ref().to_vec(), ..Self::new(path, EntryType::Symlink, 0o777) }
    }

    /// A hard link to another member; the target is any bytes.
    pub fn hard_link(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { target: target.as_ref().to_vec(), ..Self::new(path, EntryType::Link, 0o644) }
    }

    /// A named pipe.
    pub fn fifo(path: impl AsRef<[u8]>) -> Self {
        Self::new(path, EntryType::Fifo, 0o644)
    }

    /// What removes `path` of the layers below: an empty file `.wh.NAME` beside it.
    pub fn whiteout(path: &str) -> Self {
        let (directory, name) = path.rsplit_once('/').map_or(("", path), |(dir, name)| (dir, name));
        let slash = if directory.is_empty() { "" } else { "/" };
        Self::file(format!("{directory}{slash}.wh.{name}"), "")
    }

    /// What hides everything of the layers below in `directory`: `.wh..wh..opq` inside it.
    pub fn opaque(directory: &str) -> Self {
        Self::file(format!("{directory}/.wh..wh..opq"), "")
    }

    /// The same with these permission bits.
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// The same, modified at this many seconds since the epoch.
    pub fn mtime(self, mtime: u64) -> Self {
        Self { mtime, ..self }
    }

    /// The same, of this user and group.
    pub fn owner(self, user: u64, group: u64) -> Self {
        Self { owner: (user, group), ..self }
    }

    fn new(path: impl AsRef<[u8]>, kind: EntryType, mode: u32) -> Self {
        Self {
            path: path.as_ref().to_vec(),
            kind,
            target: Vec::new(),
            content: Vec::new(),
            mode,
            mtime: MTIME,
            owner: (0, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiteouts_stand_beside_what_they_remove() {
        let check = |entry: Entry, path: &str| {
            assert_eq!(String::from_utf8(entry.path).unwrap(), path);
        };
        check(Entry::whiteout("etc/passwd"), "etc/.wh.passwd");
        check(Entry::whiteout("etc"), ".wh.etc");
        check(Entry::opaque("var/lib"), "var/lib/.wh..wh..opq");
    }
}
