//! A file of a view that the engine cannot read: it is named, the rest goes on, and there is a way out. SQLite alone has files.
//!
//! Separate from `mending`, where the rows are wrong and the file is sound.

use std::path::PathBuf;
use std::process::Output;

use projections::Format;

use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client, two_in_a_room};
use crate::support::running::Installation;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
const MESSAGES: u64 = 30;

/// A stopped server, and the file of its inbox.
struct Scene {
    _store: TestStore,
    installation: Installation,
    inbox: PathBuf,
    room: String,
}

impl Scene {
    async fn set() -> Self {
        let store = Backend::Sqlite.store().await.expect("always there");
        let TestStore::Sqlite(folder) = &store else { panic!("SQLite has a folder") };
        let inbox = folder.path().join(format!("inbox-{}-g1.db", Format::CURRENT));
        let installation = Installation::new(&store.url());
        let running = installation.start().await;
        let (ana, _ben, room) = two_in_a_room(running.address).await;
        for number in 0..MESSAGES {
            ana.sends(&room, &format!("kata {number}")).await;
        }
        assert!(running.stop().await.success());
        Self { _store: store, installation, inbox, room }
    }

    async fn is_named_by_everything(&self) {
        let (file, way) = (self.inbox.display().to_string(), "replay rebuild inbox --fresh");
        let refused = self.installation.refuses_to_start().await;
        assert!(refused.contains(&file) && refused.contains(way), "{refused}");
        for (line, code) in [
            (&["status"][..], 1),
            (&["doctor"], 1),
            (&["verify", "--all"], 3),
            (&["repair", "inbox"], 3),
            (&["rebuild", "inbox"], 3),
        ] {
            let output = self.installation.replay(line).await;
            let told = said(&output);
            assert_eq!(output.status.code(), Some(code), "{line:?}: {told}");
            assert!(told.contains(&file) && told.contains(way), "{line:?}: {told}");
        }
        let verified = said(&self.installation.replay(&["verify", "--all"]).await);
        assert!(verified.contains("feed: clean"), "the other view is looked at all the same: {verified}");
    }

    async fn is_mended(&self) {
        assert!(!self.inbox.exists(), "nobody would blank the words of the erased in it");
        let running = self.installation.start().await;
        let ben = Person::new(&client(PATIENCE), running.address, "ben");
        assert_eq!(ben.unread_in(&self.room, None).await, MESSAGES);
        assert!(running.stop().await.success());
        self.installation.verify_is_clean().await;
        let doctor = self.installation.replay(&["doctor"]).await;
        assert_eq!(doctor.status.code(), Some(0), "{}", said(&doctor));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_garbage_is_named_and_a_fresh_rebuild_mends_it() {
    let scene = Scene::set().await;
    std::fs::write(&scene.inbox, vec![0x5a; 80_000]).expect("written");
    scene.is_named_by_everything().await;
    let rebuilt = scene.installation.replay(&["rebuild", "inbox", "--fresh"]).await;
    assert!(rebuilt.status.success(), "{}", said(&rebuilt));
    assert!(said(&rebuilt).contains("generation 2 is live, in the place of 1"), "{}", said(&rebuilt));
    scene.is_mended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_was_cut_is_named_and_a_repair_mends_it() {
    let scene = Scene::set().await;
    let file = std::fs::File::options().write(true).open(&scene.inbox).expect("it opens");
    file.set_len(30_000).expect("cut");
    drop(file);
    scene.is_named_by_everything().await;
    let repaired = scene.installation.replay(&["repair", "--all", "--yes"]).await;
    assert!(repaired.status.success(), "{}", said(&repaired));
    scene.is_mended().await;
}

/// Its own row can be read, its messages cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_with_a_broken_page_is_repaired() {
    let scene = Scene::set().await;
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'messages'";
    let connection = rusqlite::Connection::open(&scene.inbox).expect("it opens");
    let page: u64 = connection.query_row(root, [], |row| row.get(0)).expect("there");
    let bytes: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("there");
    connection.close().expect("closed");
    let file = std::fs::File::options().write(true).open(&scene.inbox).expect("it opens");
    let garbage = vec![0x5a; usize::try_from(bytes).expect("small")];
    std::os::unix::fs::FileExt::write_all_at(&file, &garbage, (page - 1) * bytes).expect("written");
    drop(file);
    let looked = scene.installation.replay(&["repair", "inbox"]).await;
    assert!(said(&looked).contains("replay rebuild inbox --fresh"), "{}", said(&looked));
    let repaired = scene.installation.replay(&["repair", "inbox", "--yes"]).await;
    assert!(repaired.status.success(), "{}", said(&repaired));
    let running = scene.installation.start().await;
    assert!(running.stop().await.success());
    scene.installation.verify_is_clean().await;
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
