//! Whole files or none, and nothing left of what was erased.

use std::os::unix::fs::PermissionsExt;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};

use super::*;

fn key(last: char) -> KeyId {
    KeyId::parse(&format!("abcdefghijklmnopqrstu{last}")).expect("a key's id")
}

fn id(last: char, file: u128) -> UploadId {
    UploadId { key: key(last), file: Uuid::from_u128(file) }
}

fn about(id: UploadId, bytes: u64) -> About {
    About {
        file: id.file,
        owner: UserId::parse("ana").expect("an id"),
        room: RoomId(Uuid::from_u128(1)),
        kind: "text/plain".to_owned(),
        bytes,
        width: None,
        height: None,
        name: None,
        at: Timestamp::from_millis(0),
    }
}

async fn bring(folder: &Folder, id: UploadId, text: &[u8]) -> bool {
    let mut arriving = folder.begin().await.expect("begun");
    for part in text.chunks(3) {
        arriving.write(part).await.expect("written");
    }
    arriving.keep(id, &about(id, text.len() as u64)).await.expect("kept")
}

async fn text(folder: &Folder, id: UploadId, range: Range<u64>) -> Option<Vec<u8>> {
    let mut stream = folder.read(id, range).await.expect("readable")?;
    let mut whole = Vec::new();
    while let Some(part) = stream.next().await {
        whole.extend(part.expect("readable"));
    }
    Some(whole)
}

fn opened() -> (tempfile::TempDir, Folder) {
    let home = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(home.path().join("uploads")).expect("opened");
    (home, folder)
}

fn unfinished(folder: &Folder) -> usize {
    folders_in(&folder.root.join(UNFINISHED)).expect("readable").len()
}

#[tokio::test]
async fn a_file_comes_back_whole_or_in_part_and_is_for_its_owner_alone() {
    let (_home, folder) = opened();
    let id = id('a', 1);
    assert!(bring(&folder, id, b"halo dunia").await);
    assert_eq!(text(&folder, id, 0..10).await.as_deref(), Some(&b"halo dunia"[..]));
    assert_eq!(text(&folder, id, 5..7).await.as_deref(), Some(&b"du"[..]));
    assert_eq!(folder.about(id).await.expect("readable"), Some(about(id, 10)));
    assert_eq!(folder.used(id.key).await.expect("counted"), Used { files: 1, bytes: 10 });
    assert_eq!(unfinished(&folder), 0);
    for (path, mode) in [(folder.of_key(id.key), 0o700), (folder.of(id).join(BYTES), 0o600)] {
        let found = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

#[tokio::test]
async fn one_that_comes_twice_stays_as_it_was_first() {
    let (_home, folder) = opened();
    assert!(bring(&folder, id('a', 1), b"first").await);
    assert!(!bring(&folder, id('a', 1), b"second").await);
    assert_eq!(text(&folder, id('a', 1), 0..5).await.as_deref(), Some(&b"first"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_finished_is_seen_by_nobody_and_goes_away() {
    let (_home, folder) = opened();
    let mut arriving = folder.begin().await.expect("begun");
    arriving.write(b"half").await.expect("written");
    assert_eq!(folder.keys().await.expect("listed"), []);
    assert_eq!(folder.clear_unfinished().await.expect("cleared"), 0, "somebody is at it");
    assert_eq!(unfinished(&folder), 1);
    drop(arriving);
    let gone = async {
        while unfinished(&folder) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("removed in time");
    // As a killed process leaves it: nobody holds the lock.
    let left = folder.root.join(UNFINISHED).join("left");
    make_folder(&left).expect("made");
    std::fs::write(left.join(BYTES), b"half").expect("written");
    assert_eq!(folder.clear_unfinished().await.expect("cleared"), 1);
    assert_eq!(unfinished(&folder), 0);
}

#[tokio::test]
async fn removing_takes_one_and_erasing_takes_all_of_one_key() {
    let (_home, folder) = opened();
    for (who, file) in [('a', 1), ('a', 2), ('b', 1)] {
        bring(&folder, id(who, file), b"x").await;
    }
    assert!(folder.remove(id('a', 1)).await.expect("removed"));
    assert!(!folder.remove(id('a', 1)).await.expect("not there"));
    assert_eq!(folder.used(key('a')).await.expect("counted").files, 1);
    assert!(folder.erase(key('a')).await.expect("erased"));
    assert!(!folder.erase(key('a')).await.expect("nothing left"));
    assert_eq!(folder.about(id('a', 2)).await.expect("readable"), None);
    assert_eq!(text(&folder, id('a', 2), 0..1).await, None);
    assert_eq!(folder.keys().await.expect("listed"), [key('b')]);
}
