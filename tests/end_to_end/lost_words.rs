//! Somebody's key is lost and everybody else's is not: no tool and no server replaces what can still be read by blanks.

use std::path::Path;

use projections::{Format, IfLost, RebuildOptions, UnitName};
use serde_json::json;

use crate::keys::Apart;
use crate::support::answers::{complaint, refused, report};
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;
use crate::support::running::Installation;

const OLD: Format = Format(Format::CURRENT.0 - 1);

on_both_engines! {
    no_tool_takes_the_last_readable_copy_away: no_tool_on_sqlite, no_tool_on_postgres;
    a_server_does_not_start_with_a_new_format_that_misses_words: no_server_on_sqlite, no_server_on_postgres;
}

fn lose_bens_key(apart: &Apart) {
    let keys = rusqlite::Connection::open(Path::new(&apart.place("keys")).join("keys.db")).expect("opens");
    assert_eq!(keys.execute("DELETE FROM keys WHERE owner = 'ben'", []).expect("lost"), 1);
}

/// How many messages of the newest view have words.
async fn readable(store: &TestStore, generation: u32) -> u64 {
    damage::view(store, UnitName::Inbox, generation, "UPDATE messages SET content = content WHERE content <> ''").await
}

async fn no_tool_takes_the_last_readable_copy_away(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let replay =
        async |arguments: &[&str]| apart.installation.replay(&[&["--keys", &apart.keys], arguments].concat()).await;
    lose_bens_key(&apart);
    let answer = replay(&["rebuild", "--all"]).await;
    refused(&answer, "(ben ");
    for said in ["inbox was not rebuilt; the live view is as it was", "keys are lost", "--keys-from", "--keys-lost"] {
        assert!(complaint(&answer).contains(said), "{said} is not in {}", complaint(&answer));
    }
    assert!(String::from_utf8_lossy(&answer.stdout).contains("feed: generation 2 is live"), "it has no words");
    refused(&replay(&["repair", "inbox", "--yes"]).await, "inbox was not repaired");
    assert_eq!(readable(&apart.store, 1).await, 5, "nothing was taken away");

    let compared = report(&replay(&["verify", "inbox", "--json"]).await, 1);
    let lost = &compared[0]["words_lost"];
    let lost_total = lost["total"].as_u64().expect("a number");
    assert!(lost_total >= 2 && lost["by_user"] == json!({ "ben": lost_total }), "{compared}");
    let compared = replay(&["verify", "inbox"]).await;
    let said = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert!(said.contains(&format!("compared without {lost_total} words of 1 people (ben {lost_total})")), "{said}");

    let rebuilt = report(&replay(&["rebuild", "inbox", "--keys-lost", "--json"]).await, 0);
    assert_eq!(rebuilt[0]["words_lost"], *lost, "{rebuilt}");
    assert_eq!(readable(&apart.store, 2).await, 3, "as it was said");
    let compared = report(&replay(&["verify", "inbox", "--json"]).await, 0);
    assert_eq!((&compared[0]["clean"], &compared[0]["words_lost"]), (&json!(true), lost), "{compared}");
}

async fn a_server_does_not_start_with_a_new_format_that_misses_words(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    let (url, keys) = (apart.store.store_url(), event_log::StoreUrl::parse(&apart.keys).expect("a URL"));
    let log = event_log::open_with_keys(&url, &keys).await.expect("opens");
    for unit in UnitName::ALL {
        // As an upgrade finds it: there is the format of before, and none of this program's.
        let old = RebuildOptions { format: OLD, if_lost: IfLost::Refuse, ..RebuildOptions::default() };
        projections::rebuild(&url, log.clone(), unit, &old, &|_| {}).await.expect("filled");
        damage::view(&apart.store, unit, 1, "UPDATE unit SET state = 'closed'").await;
    }
    log.close().await;
    lose_bens_key(&apart);
    let said = apart.installation.refuses_to_start().await;
    assert!(said.contains("(ben ") && said.contains("database.keys_lost"), "{said}");
    let told = Installation::new(&apart.store.url())
        .with("KABAR__DATABASE__KEYS_URL", &apart.keys)
        .with("KABAR__DATABASE__KEYS_LOST", "true");
    assert!(told.start().await.stop().await.success());
    assert_eq!(readable(&apart.store, 2).await, 3);
    // It was said for one start.
    assert!(apart.installation.start().await.stop().await.success());
    let last =
        apart.installation.replay(&["--keys", &apart.keys, "retire", "--yes", "--format", &OLD.to_string()]).await;
    let said = String::from_utf8_lossy(&last.stdout).into_owned();
    assert!(last.status.code() == Some(1) && said.contains("the last that has those words"), "{said}");
}
