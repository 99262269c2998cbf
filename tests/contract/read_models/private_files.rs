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
