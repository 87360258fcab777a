//! Files that need random access (rpm databases): small ones stay in memory, larger ones go to an
//! unlinked file and come back one at a time.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::MutexGuard;

use rustix::fs::{Mode, OFlags};

use crate::budget::Budget;

/// Memory of a layer's share for such files: the databases of most images fit.
pub(crate) const IN_MEMORY: u64 = 8 << 20;

/// What a layer's larger files may have together. rpm databases of complete desktop systems have
/// 200 MB.
pub(crate) const MAX_LARGE: u64 = 512 << 20;

/// Keeps the files of one layer.
pub(crate) struct Keeper<'a> {
    budget: &'a Budget,
    /// Where unlinked files are made; none where there is no place for them.
    directory: Option<&'a Path>,
    memory_left: u64,
    large_left: u64,
    /// Held from the first large file in memory on, so that there is one such layer at a time.
    alone: Option<MutexGuard<'a, ()>>,
}

/// A file that was kept whole.
pub(crate) enum Kept {
    Memory(Vec<u8>),
    Disk(File),
}

/// More than is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not read: the layer's package databases take more than {MAX_LARGE} bytes")]
pub(crate) struct TooLarge;

impl<'a> Keeper<'a> {
    pub(crate) fn new(budget: &'a Budget, directory: Option<&'a Path>) -> Self {
        Self { budget, directory, memory_left: IN_MEMORY, large_left: MAX_LARGE, alone: None }
    }

    /// Reads `from` to its end. The outer error is that of the stream, or of the disk.
    pub(crate) fn keep(&mut self, from: &mut impl Read) -> io::Result<Result<Kept, TooLarge>> {
        let mut memory = Vec::new();
        take(from, self.memory_left + 1, &mut memory)?;
        if memory.len() as u64 <= self.memory_left {
            self.memory_left -= memory.len() as u64;
            return Ok(Ok(Kept::Memory(memory)));
        }
        let Some(mut file) = self.directory.and_then(|directory| unlinked(directory).ok()) else {
            self.alone();
            take(from, self.large_left + 1, &mut memory)?;
            let length = memory.len() as u64;
            return Ok(self.spend(length).map(|()| Kept::Memory(memory)));
        };
        file.write_all(&memory)?;
        let rest = io::copy(&mut Read::take(from, self.large_left), &mut file)?;
        Ok(self.spend(memory.len() as u64 + rest).map(|()| Kept::Disk(file)))
    }

    /// The bytes of a kept file.
    pub(crate) fn load(&mut self, kept: Kept) -> io::Result<Vec<u8>> {
        match kept {
            Kept::Memory(bytes) => Ok(bytes),
            Kept::Disk(mut file) => {
                self.alone();
                let length = file.stream_position()?;
                file.rewind()?;
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
                file.read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    fn spend(&mut self, length: u64) -> Result<(), TooLarge> {
        self.large_left = self.large_left.checked_sub(length).ok_or(TooLarge)?;
        Ok(())
    }

    fn alone(&mut self) {
        let budget = self.budget;
        self.alone.get_or_insert_with(|| budget.large());
    }
}

fn take(from: &mut impl Read, limit: u64, to: &mut Vec<u8>) -> io::Result<usize> {
    Read::take(from, limit).read_to_end(to)
}

/// A file that has no name and is gone with its last descriptor.
fn unlinked(directory: &Path) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(directory: Option<&Path>, sizes: &[u64], expected: &[bool]) {
        let budget = Budget::default();
        let mut keeper = Keeper::new(&budget, directory);
        let kept: Vec<_> = sizes
            .iter()
            .map(|size| keeper.keep(&mut io::repeat(7).take(*size)).unwrap().ok())
            .collect();
        let found: Vec<bool> = kept.iter().map(Option::is_some).collect();
        assert_eq!(found, expected, "{sizes:?}");
        for (kept, size) in kept.into_iter().zip(sizes) {
            let Some(kept) = kept else { continue };
            let bytes = keeper.load(kept).unwrap();
            assert_eq!(bytes.len() as u64, *size);
            assert!(bytes.iter().all(|byte| *byte == 7));
        }
    }

    #[test]
    fn files_of_any_size_come_back() {
        let directory = tempfile::tempdir().unwrap();
        for place in [Some(directory.path()), None, Some(Path::new("/nowhere"))] {
            check(place, &[0, 10, IN_MEMORY - 10, 1, IN_MEMORY + 1], &[true; 5]);
            check(place, &[IN_MEMORY * 2, MAX_LARGE + 1, 5], &[true, false, true]);
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
