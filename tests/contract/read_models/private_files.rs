//! Views hold what people wrote to each other: on a disk they are for their owner alone.

use std::os::unix::fs::PermissionsExt;

use event_log::StoreUrl;
use projections::{RebuildOptions, UnitName, Views, rebuild, verify};

use crate::support::backend::Backend;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_look_into_a_file_or_the_directory() {
    let parent = tempfile::tempdir().expect("a temporary directory");
    let directory = parent.path().join("made/by/kabar");
    let url = StoreUrl::parse(&format!("{}:{}", Backend::Sqlite.name(), directory.display())).expect("valid");
    let log = event_log::open(&url).await.expect("the log opens");
    let _views = Views::open(&url, log.clone()).await.expect("the views open");
    for unit in UnitName::ALL {
        rebuild(&url, log.clone(), unit, &RebuildOptions::default(), &|_| {}).await.expect("rebuilt");
        verify(&url, log.clone(), unit, &|_| {}).await.expect("verified");
    }
    let mut files = 0;
    for entry in std::fs::read_dir(&directory).expect("readable") {
        let entry = entry.expect("readable");
        let mode = entry.metadata().expect("readable").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
        files += 1;
    }
    assert!(files >= 5, "the log, two units of two generations: {files}");
    let mode = std::fs::metadata(&directory).expect("readable").permissions().mode();
    assert_eq!(mode & 0o077, 0, "the directory has mode {mode:o}");
}

/// A process that closes a file of its own store by itself loses every lock it has on it (see `event_log::new_file`), and
/// whoever opens the file then deletes the write-ahead log under it. The kernel is asked who holds what.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_5_whoever_made_a_store_holds_a_lock_on_each_file_of_it() {
    use std::os::unix::fs::MetadataExt;

    let store = Backend::Sqlite.store().await.expect("always there");
    let url = store.store_url();
    let log = event_log::open(&url).await.expect("the log opens");
    let _again = event_log::open(&url).await.expect("the log opens once more");
    let _views = Views::open(&url, log.clone()).await.expect("the views open");
    let StoreUrl::Sqlite(directory) = &url else { panic!("it is SQLite") };
    let held = std::fs::read_to_string("/proc/locks").expect("the kernel says");
    let me = std::process::id().to_string();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("readable") {
        let path = entry.expect("readable").path();
        let Some(file) = path.to_str().and_then(|path| path.strip_suffix("-wal")) else { continue };
        let inode = format!(":{}", std::fs::metadata(file).expect("there").ino());
        let is_it = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            words.next() == Some("POSIX") && words.any(|word| word == me) && words.any(|word| word.ends_with(&inode))
        };
        assert!(held.lines().any(is_it), "no lock on {file}:\n{held}");
        files.push(file.to_owned());
    }
    assert_eq!(files.len(), 2 + UnitName::ALL.len(), "the log, its index and the views: {files:?}");
}
