//! A file for SQLite, made for its owner alone before SQLite opens it.
//!
//! Separate because one mistake here loses answered writes. POSIX drops every lock that a process has on a file as soon as
//! the process closes any descriptor of it. A program that opens and closes `log.db` by itself while SQLite has it open holds
//! no lock any more: the next `sqlite3 log.db 'SELECT 1'` from outside takes itself for the last one, deletes the write-ahead
//! log as it leaves, and what is written from then on goes into a file without a name. So a file that is there is never
//! opened here, and a new one gets its name when its descriptor is closed. Never in here: opening a database.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Makes an empty file at `path` where there is none. Of two who make it at once one is first, and both are content.
pub fn make_where_absent(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    make(path).map_err(|error| io::Error::new(error.kind(), format!("{} cannot be made: {error}", path.display())))
}

fn make(path: &Path) -> io::Result<()> {
    let unnamed = beside(path);
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?);
    let named = std::fs::hard_link(&unnamed, path);
    std::fs::remove_file(&unnamed)?;
    match named {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Nobody looks for such a name. What a crash leaves of it is empty.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", Uuid::new_v4().simple()));
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_file_is_empty_and_for_its_owner_alone_and_one_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.db");
        make_where_absent(&path).expect("made");
        let made = std::fs::metadata(&path).expect("there");
        assert_eq!((made.len(), made.permissions().mode() & 0o777), (0, 0o600));
        std::fs::write(&path, b"words").expect("written");
        make_where_absent(&path).expect("left alone");
        assert_eq!(std::fs::read(&path).expect("readable"), b"words");
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "nothing else is left");
    }
}
