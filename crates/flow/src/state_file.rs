//! Small files of lines in the state directory, which processes add to side by side.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::session::Session;

/// Whoever holds the lock writes some kilobytes; one that is stopped meanwhile must not stop the others.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How often to look.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The text of the file; empty where there is none.
pub(crate) fn read(session: &Session, name: &str) -> String {
    fs::read_to_string(session.state_dir().join(name)).unwrap_or_default()
}

/// Replaces the file by what `merge` makes of its text. Nobody else changes it meanwhile.
pub(crate) fn update(
    session: &Session,
    name: &str,
    merge: impl FnOnce(&str) -> String,
) -> io::Result<()> {
    session.make_state_dir().map_err(io::Error::other)?;
    // The file itself is replaced by rename, so it cannot carry the lock.
    let lock = session.state_dir().join(format!("{name}.lock"));
    let lock = File::options().create(true).truncate(false).write(true).open(lock)?;
    acquire(&lock)?;
    let text = merge(&read(session, name));
    let mut file = tempfile::NamedTempFile::new_in(session.state_dir())?;
    file.write_all(text.as_bytes())?;
    file.persist(session.state_dir().join(name))?;
    Ok(())
}

fn acquire(lock: &File) -> io::Result<()> {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(LOOK_AGAIN),
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn nothing_is_lost_of_what_many_add_at_once() {
        let (_directory, session) = testing::session();
        std::thread::scope(|threads| {
            for number in 0..8 {
                let session = &session;
                threads.spawn(move || {
                    let add = |text: &str| format!("{text}{number}\n");
                    (0..10).for_each(|_| update(session, "numbers", add).unwrap());
                });
            }
        });
        let text = read(&session, "numbers");
        let count = |number: u32| text.lines().filter(|line| *line == number.to_string()).count();
        assert_eq!((0..8).map(count).collect::<Vec<_>>(), [10; 8]);
    }
}
