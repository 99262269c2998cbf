//! Where a backup may be written, looked at before a byte of it is.
//!
//! Apart from the writing, because what is wrong with the second place must be told before the first is filled.

use std::ffi::OsStr;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use crate::outcome::Failure;

/// A backup is never written over: the one that is there may be the last one that is right.
pub fn require_free(to: &Path) -> Result<(), Failure> {
    match std::fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(false) => Err(Failure::usage(format!("--to: {} is there already", to.display()))),
        Err(error) => Err(Failure::usage(format!("--to: {} cannot be looked into: {error}", to.display()))),
    }
}

/// Refuses keys in the folder of the log: whoever copies that folder has every word, for as long as a copy is kept.
pub fn require_apart(to: Option<&Path>, keys_to: &Path) -> Result<(), Failure> {
    let Some(to) = to else { return Ok(()) };
    if !whole(keys_to).starts_with(whole(to)) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--keys-to: {} lies in {}, and whoever has both can read every word: name a place elsewhere (docs/erasure.md)",
        keys_to.display(),
        to.display()
    )))
}

/// That a file can be made at `keys_to`; makes the folders above it, as --to does.
pub fn require_writable(keys_to: &Path) -> Result<(), Failure> {
    let failed = |what: &str| Failure::usage(format!("--keys-to: {} {what}", keys_to.display()));
    if keys_to.symlink_metadata().is_ok() {
        return Err(failed("is there already"));
    }
    let Some(name) = keys_to.file_name() else { return Err(failed("has no name")) };
    let tried = make_and_remove(keys_to, name);
    tried.map_err(|error| failed(&format!("cannot be written: {error}")))
}

fn make_and_remove(keys_to: &Path, name: &OsStr) -> io::Result<()> {
    if let Some(parent) = keys_to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let tried = keys_to.with_file_name(format!(".{}.{}.tried", name.to_string_lossy(), std::process::id()));
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(&tried)?);
    std::fs::remove_file(&tried)
}

/// From the root on, links followed as far as there is something.
fn whole(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => whole.push(part),
        }
        whole = whole.canonicalize().unwrap_or(whole);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_put_into_the_folder_of_the_log_by_whatever_name_it_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        std::os::unix::fs::symlink(folder.path(), at("link")).expect("a link");
        for inside in ["b/keys", "b/deep/keys", "x/../b/keys", "link/b/keys", "./b/keys"] {
            assert!(require_apart(Some(&at("b")), &at(inside)).is_err(), "{inside}");
        }
        for beside in ["keys", "bb/keys", "b/../keys"] {
            assert!(require_apart(Some(&at("b")), &at(beside)).is_ok(), "{beside}");
        }
        assert!(require_apart(None, &at("b/keys")).is_ok());
    }

    #[test]
    fn a_place_for_keys_is_tried_and_left_as_it_was_but_for_its_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = folder.path().join("a/b/keys");
        require_writable(&keys).expect("it can be written");
        let parent = keys.parent().expect("it has one");
        assert_eq!(std::fs::read_dir(parent).expect("made").count(), 0);
        std::fs::write(&keys, b"").expect("written");
        assert!(matches!(require_writable(&keys), Err(Failure::Usage(text)) if text.contains("there already")));
        assert!(
            matches!(require_writable(&keys.join("in a file")), Err(Failure::Usage(text)) if text.contains("written"))
        );
    }
}
