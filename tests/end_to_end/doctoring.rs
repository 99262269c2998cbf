//! `replay doctor`: a sound log is called sound beside its running server, and every kind of damage is named.

use projections::UnitName;
use serde_json::{Value, json};

use crate::support::backend::{Backend, TestStore};
use crate::support::damage;
use crate::support::person::{text, two_in_a_room};
use crate::support::running::Installation;

const NOWHERE: &str = "00000000-0000-4000-8000-00000000dead";

#[tokio::test]
async fn a_sound_log_is_clean_and_every_damage_is_named_on_sqlite() {
    a_sound_log_is_clean_and_every_damage_is_named(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_sound_log_is_clean_and_every_damage_is_named_on_postgres() {
    a_sound_log_is_clean_and_every_damage_is_named(Backend::Postgres).await;
}

async fn a_sound_log_is_clean_and_every_damage_is_named(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let running = installation.start().await;
    let (ana, ben, room) = two_in_a_room(installation.address).await;
    for number in 0..8 {
        ana.sends(&room, &format!("kata {number}")).await;
    }
    ben.reads(&room).await;
    ben.post("/api/users/ana/follow?on=true", json!({})).await.ok();

    let (report, code) = doctor(&installation).await;
    assert_eq!((code, &report["clean"]), (Some(0), &json!(true)), "beside the running server: {report}");
    let seen: Vec<String> =
        report["versions"].as_array().expect("versions").iter().map(|it| text(&it["name"])).collect();
    assert!(seen.contains(&"message_sent".to_owned()), "{seen:?}");
    ana.sends(&room, "masih hidup").await;
    assert!(running.stop().await.success());
    for unit in ["inbox", "feed", "search"] {
        assert!(installation.replay(&["rebuild", unit]).await.status.success());
    }
    let (report, code) = doctor(&installation).await;
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(
        report["findings"],
        json!([]),
        "a rebuild leaves the generation it replaced, and that is as it should be"
    );

    let damaged = Damaged::all(&store, &room).await;
    let (report, code) = doctor(&installation).await;
    assert_eq!((code, &report["clean"]), (Some(1), &json!(false)), "{report}");
    damaged.are_all_named(backend, &report);
    let said = installation.replay(&["doctor"]).await;
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("error versions: an event that this program does not know (1)"), "{said}");
}

async fn doctor(installation: &Installation) -> (Value, Option<i32>) {
    let output = installation.replay(&["doctor", "--json"]).await;
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

#[track_caller]
fn found(report: &Value, severity: &str, what: &str, example: &str) {
    let findings = report["findings"].as_array().expect("findings");
    let matching = findings.iter().filter(|finding| finding["severity"] == severity && finding["what"] == what);
    let examples: Vec<String> =
        matching.flat_map(|finding| finding["examples"].as_array().expect("examples")).map(text).collect();
    assert!(examples.iter().any(|found| found.contains(example)), "{severity} {what}: {example} is not in {report:#}");
}

/// Positions of what was damaged.
struct Damaged {
    messages: Vec<i64>,
    followed: i64,
    room: String,
}

impl Damaged {
    async fn all(store: &TestStore, room: &str) -> Self {
        let messages = positions(store, "message_sent").await;
        let followed = positions(store, "user_followed").await[0];
        let damaged = Self { messages, followed, room: room.to_owned() };
        for sql in damaged.statements(store.backend()) {
            damage::log(store, &sql).await;
        }
        for (unit, generation, sql) in [
            (UnitName::Inbox, 1, "UPDATE unit SET state = 'building'".to_owned()),
            (UnitName::Inbox, 2, format!("UPDATE unit SET log_id = {}", id(store.backend(), 7))),
            (UnitName::Feed, 2, "UPDATE unit SET checkpoint = 1000000".to_owned()),
        ] {
            assert_eq!(damage::view(store, unit, generation, &sql).await, 1, "{sql}");
        }
        damaged
    }

    fn statements(&self, backend: Backend) -> Vec<String> {
        let Self { messages, followed, room } = self;
        let event = |what: &str, at: i64| format!("UPDATE events SET {what} WHERE position = {at}");
        let same_id = format!("event_id = (SELECT event_id FROM events WHERE position = {})", messages[1]);
        let earlier = match backend {
            Backend::Sqlite => "recorded_at = 1000",
            Backend::Postgres => "recorded_at = to_timestamp(1)",
        };
        let read = json!({ "type": "messages_read", "room_id": NOWHERE, "user_id": "ana", "up_to_seq": 1,
            "up_to": NOWHERE, "at": "2026-11-28T00:00:00.000Z" });
        let added = json!({ "type": "members_added", "room_id": NOWHERE, "members": [{ "user_id": "nobody", "role": "member" }],
            "by": "ana", "join_seq": 0, "at": "2026-11-28T00:00:00.000Z" });
        let fed = json!({ "type": "feed_read", "user_id": "ana", "up_to": 1, "at": "2026-11-28T00:00:00.000Z" });
        let twice = json!({ "type": "member_removed", "room_id": room, "user_id": "ben", "by": "ana",
            "at": "2026-11-28T00:00:00.000Z" });
        let insert = |offset: i64, kind: &str, stream: &str, sequence: i64, name: &str, payload: &Value| {
            let (id, now) = match backend {
                Backend::Sqlite => (id(backend, 1_000 + offset), "4102444800000".to_owned()),
                Backend::Postgres => (id(backend, 1_000 + offset), "timestamptz '2100-01-01 00:00:00Z'".to_owned()),
            };
            format!(
                "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
                 event_version, payload, metadata, recorded_at) SELECT max(position) + 1, {id}, '{kind}', '{stream}', \
                 {sequence}, '{name}', '1', '{payload}', '{{}}', {now} FROM events"
            )
        };
        let unconstrained: &[&str] = match backend {
            // Its index is a file of its own, which follows it.
            Backend::Sqlite => &[],
            Backend::Postgres => &["DROP INDEX events_event_id", "ALTER TABLE events DROP CONSTRAINT events_pkey"],
        };
        let mut statements: Vec<String> = unconstrained.iter().map(|sql| (*sql).to_owned()).collect();
        statements.extend([
            format!("DELETE FROM events WHERE position = {}", messages[0]),
            event(&same_id, messages[2]),
            event(earlier, messages[3]),
            event("event_type = 'room_exploded'", messages[4]),
            event("event_version = '9'", messages[5]),
            event("event_version = '0'", messages[6]),
            event("payload = '{\"type\": \"message_sent\"}'", messages[7]),
            event("event_type = 'user_blocked'", *followed),
            insert(1, "participant", &format!("{NOWHERE}:ana"), 1, "messages_read", &read),
            insert(2, "room", NOWHERE, 1, "members_added", &added),
            insert(3, "feed", "zed", 1, "feed_read", &fed),
            insert(4, "room", room, 1, "member_removed", &twice),
            format!("INSERT INTO reactor_checkpoints VALUES ('elsewhere', {}, 1)", id(backend, 5)),
            "UPDATE reactor_checkpoints SET position = 1000000 WHERE reactor = 'notification'".to_owned(),
        ]);
        statements
    }

    fn are_all_named(&self, backend: Backend, report: &Value) {
        let Self { messages, followed, room } = self;
        let named = |what: &str, example: &str| found(report, "error", what, example);
        let at = |index: usize| format!("position {}", messages[index]);
        named("positions are missing", &messages[0].to_string());
        named("a stream has a hole", &format!("room/{room}#3"));
        named("an event id occurs more than once", "2 times");
        named("recorded_at goes back", &at(3));
        named("an event that this program does not know", "room room_exploded version 1: 1 events");
        named("an event of a later version than this program writes", "message_sent version 9: 1 events");
        named(
            "an event of an older version that no upcaster leads from: there is none to version 1",
            "message_sent version 0: 1 events",
        );
        named("an event cannot be read", &at(7));
        named("an event is mislabelled", &format!("position {followed}: user_blocked version 1"));
        named("messages_read of a room that is not there", NOWHERE);
        named("a room that was never there: its stream does not begin with room_opened", "members_added");
        named("an event lies in the stream of something else", "feed/zed");
        named("a place in a stream is taken twice", &format!("room/{room}#1"));
        match backend {
            Backend::Sqlite => {
                let changed = format!("position {} is not found by its id", messages[2]);
                named("the index of the log disagrees with it", &changed);
            }
            Backend::Postgres => named("a unique index of the log is missing or not valid", "events_"),
        }
        named("a reactor's checkpoint is of another log", "elsewhere");
        named("a reactor is past the head", "notification: at 1000000");
        named("a view is of another log", "inbox, generation 2");
        named("a view is past the head", "feed, generation 2");
        found(report, "warning", "members_added of a user that is not there", "user/nobody");
        found(report, "warning", "a generation is not finished", "inbox, generation 1");
    }
}

fn id(backend: Backend, number: i64) -> String {
    match backend {
        Backend::Sqlite => format!("x'{number:032x}'"),
        Backend::Postgres => format!("'{}'", uuid::Uuid::from_u128(number.unsigned_abs().into())),
    }
}

async fn positions(store: &TestStore, name: &str) -> Vec<i64> {
    let sql = format!("SELECT position FROM events WHERE event_type = '{name}' ORDER BY position");
    match store {
        TestStore::Sqlite(folder) => {
            let connection = rusqlite::Connection::open(folder.path().join("log.db")).expect("opens");
            let mut statement = connection.prepare(&sql).expect("valid");
            statement.query_map([], |row| row.get(0)).expect("valid").map(|at| at.expect("a number")).collect()
        }
        TestStore::Postgres(_) => {
            sqlx::query_scalar(&sql).fetch_all(&mut store.superuser().await).await.expect("positions")
        }
    }
}
