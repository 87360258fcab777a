use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The beginning of the names of files that are not complete yet. A killed writer leaves one behind; whoever cleans
/// the directory knows them by it.
const UNFINISHED: &str = ".unfinished-";

/// Why a file could not be written; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be {step}", path.display())]
pub struct InstallError {
    /// The file that was to appear.
    pub path: PathBuf,
    /// What failed: "created", "written" or "put in place".
    pub step: &'static str,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Writes a file so that it appears complete or not at all, replacing one of that name.
///
/// It is written beside its name, brought to the disk, and renamed; whoever has the old file mapped keeps it. Only its
/// owner may read it (0600), as with everything in the state directory. Gives what `write` gives.
pub fn write_atomically<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<T>,
) -> Result<T, InstallError> {
    let failed = |step| move |source| InstallError { path: path.to_path_buf(), step, source };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(directory)
        .map_err(failed("created"))?;

    let mut writer = BufWriter::new(file.as_file_mut());
    let value = write(&mut writer)
        .and_then(|value| writer.flush().map(|()| value))
        .map_err(failed("written"))?;
    drop(writer);
    file.as_file().sync_all().map_err(failed("written"))?;

    file.persist(path).map_err(|error| failed("put in place")(error.error))?;
    // Without this a crash of the machine may forget the new name.
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed("put in place"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_failed_writer_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shard");
        write_atomically(&path, |writer| writer.write_all(b"old")).unwrap();
        let error = write_atomically(&path, |writer| {
            writer.write_all(b"half")?;
            Err::<(), _>(io::Error::other("disk full"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), format!("{} cannot be written", path.display()));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shard");
        for content in ["first, and longer", "second"] {
            write_atomically(&path, |writer| writer.write_all(content.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing/shard");
        let error = write_atomically(&path, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), format!("{} cannot be created", path.display()));
    }
}
