//! Words that lie in the log as they are, from before their field was sealed: an erasure takes them from every reader, and
//! says that it does not reach them in the log.

use serde_json::json;

use crate::keys::{Apart, finding, report};
use crate::support::backend::{Backend, TestStore};
use crate::support::damage;
use crate::support::raw;
use crate::support::running::Installation;

const PLAIN: &str = "rahasia-klien";

on_both_engines! {
    words_from_before_are_read_by_nobody_behind_an_erasure: nobody_on_sqlite, nobody_on_postgres;
}

/// Gives Ana's last message the id that her device gave it, as a program of before wrote it; and the room a group of which
/// any text was taken.
async fn from_before(store: &TestStore) {
    let [id, group] = match store.backend() {
        Backend::Sqlite => [
            format!(
                "UPDATE events SET payload = json_set(payload, '$.client_message_id', '{PLAIN}') WHERE position = (SELECT \
                 max(position) FROM events WHERE event_type = 'message_sent' AND payload ->> 'sender_id' = 'ana')"
            ),
            "UPDATE events SET payload = json_set(payload, '$.group_id', 'Kelas Ibu Ana') WHERE event_type = 'room_opened'"
                .to_owned(),
        ],
        Backend::Postgres => [
            format!(
                "UPDATE events SET payload = jsonb_set(payload::jsonb, '{{client_message_id}}', '\"{PLAIN}\"')::json WHERE \
                 position = (SELECT max(position) FROM events WHERE event_type = 'message_sent' AND payload ->> \
                 'sender_id' = 'ana')"
            ),
            "UPDATE events SET payload = jsonb_set(payload::jsonb, '{group_id}', '\"Kelas Ibu Ana\"')::json WHERE \
             event_type = 'room_opened'"
                .to_owned(),
        ],
    };
    assert_eq!(damage::log(store, &id).await, 1);
    assert_eq!(damage::log(store, &group).await, 1);
}

async fn words_from_before_are_read_by_nobody_behind_an_erasure(backend: Backend) {
    let Some(apart) = Apart::spoken(backend).await else { return };
    from_before(&apart.store).await;
    assert_eq!(apart.replay(&["rebuild", "inbox"]).await.1, Some(0));
    assert!(apart.words().await.contains(PLAIN), "as long as nobody is erased");
    let (doctor, code) = apart.replay(&["doctor"]).await;
    assert_eq!(code, Some(1), "{doctor}");
    finding(&doctor, "words that were never sealed", &["ana: 1 events"]);
    finding(&doctor, "a group id that is none", &["position "]);
    assert!(!doctor.to_string().contains("Kelas"), "{doctor}");

    let (erased, code) = apart.replay(&["erase", "ana", "--yes"]).await;
    assert_eq!((code, &erased["unreadable"]["stays_in_the_log"]), (Some(1), &json!(1)), "{erased}");
    let again = apart.installation.replay(&["--keys", &apart.keys, "erase", "ana", "--yes"]).await;
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.status.code() == Some(1) && said.contains("1 events have words of theirs that were never sealed"));
    assert!(!said.contains("nothing is left"), "{said}");

    let words = apart.words().await;
    assert!(!words.contains(PLAIN) && words.contains("rahasia-ben-1"), "{words}");
    for format in ["import", "events"] {
        let to = apart.place(&format!("{format}.jsonl"));
        assert_eq!(apart.replay(&["export", "--to", &to, "--format", format]).await.1, Some(0));
        let lines = std::fs::read_to_string(&to).expect("lines");
        assert!(!lines.contains(PLAIN) && lines.contains("rahasia-ben-1"), "{lines}");
    }
    assert_eq!(apart.replay(&["verify", "--all"]).await.1, Some(0), "a rebuild shows no more than the live view");
    let (doctor, code) = apart.replay(&["doctor"]).await;
    assert_eq!(code, Some(1));
    finding(&doctor, "people who were erased have words in the log that were never sealed", &["ana: 1 events"]);
    assert!(!raw::found(&apart.store, &[PLAIN]).await.is_empty(), "which is the truth");
    is_gone_from_a_new_place(&apart, backend).await;
}

/// What docs/erasure.md tells whoever wants to be rid of it.
async fn is_gone_from_a_new_place(apart: &Apart, backend: Backend) {
    let Some(place) = backend.store().await else { return };
    let fresh = Installation::new(&place.url());
    let (taken, code) = report(&fresh, &["import", "--json", "--from", &apart.place("import.jsonl")]).await;
    assert_eq!((code, &taken["refused"]), (Some(0), &json!(0)), "{taken}");
    assert_eq!(raw::found(&place, &[PLAIN, "Kelas Ibu Ana"]).await, [""; 0]);
    let (doctor, code) = report(&fresh, &["doctor", "--json"]).await;
    assert_eq!(code, Some(0), "{doctor}");
}
