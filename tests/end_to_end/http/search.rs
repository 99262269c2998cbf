//! Searching what was said: found is what whoever asks may read, in the words as they are now.

use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::{
    HistoryFrom, JoinPolicy, MembersAdded, MessageDeleted, MessageEdited, MessageKind, MessageSent, NewMember, Role,
    RoomEvent, RoomKind, RoomOpened,
};
use aggregates::{DomainEvent, Sealed, StreamId, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::TestApp;
use super::on_every_backend;
use super::person::{Answer, Person, text};

on_every_backend![
    what_was_said_is_found_with_what_shows_why,
    nobody_finds_what_they_may_not_read,
    whoever_reads_from_their_join_finds_from_there,
    what_was_deleted_or_said_otherwise_is_found_as_it_is_now,
    a_search_is_narrowed_and_paged,
    what_cannot_be_searched_for_is_said,
    words_of_somebody_erased_are_not_found,
];

async fn group(owner: &Person, members: &[&str]) -> String {
    let wish = json!({"name": "Kelas", "memberIds": members});
    text(&owner.post("/api/chat/groups", wish).await.ok()["room"]["id"])
}

/// `query` as in an address; once the views have everything.
async fn search(app: &TestApp, person: &Person, query: &str) -> Answer {
    let after = app.token(app.head().await);
    person.get(&format!("/api/chat/search?{query}&after={after}")).await
}

async fn found(app: &TestApp, person: &Person, query: &str) -> Vec<String> {
    contents(&search(app, person, query).await.ok())
}

fn contents(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().expect("results");
    results.iter().map(|result| text(&result["message"]["content"])).collect()
}

async fn what_was_said_is_found_with_what_shows_why(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let (direct, room) = (ana.room_with(&ben).await, group(&ana, &["ben"]).await);
    ana.sends(&room, "Jadwal PELAJARAN minggu ini 👍, kelas Rust").await;
    let sent = ben.sends(&direct, "kapan belajar lagi?").await;
    ana.sends(&direct, "besok").await;
    let answer = search(&app, &ana, "q=belajar").await.ok();
    assert_eq!(
        contents(&answer),
        ["kapan belajar lagi?", "Jadwal PELAJARAN minggu ini 👍, kelas Rust"],
        "newest first"
    );
    let first = &answer["results"][0];
    assert_eq!((&first["message"]["id"], &first["message"]["senderId"]), (&sent["id"], &json!("ben")));
    assert_eq!((&first["message"]["sender"]["id"], &first["message"]["receiverId"]), (&json!("ben"), &json!("ana")));
    assert_eq!((&first["room"]["id"], &first["room"]["type"]), (&json!(direct), &json!("DIRECT")));
    let in_group = &answer["results"][1]["room"];
    assert_eq!((&in_group["name"], &in_group["type"]), (&json!("Kelas"), &json!("GROUP")));
    let snippet = &answer["results"][1]["snippet"];
    assert_eq!(snippet["text"], "Jadwal PELAJARAN minggu ini 👍, kelas Rust");
    assert_eq!(snippet["highlights"], json!([{"start": 7, "end": 16}]));
    assert_eq!((&answer["hasMore"], &answer["nextCursor"]), (&json!(false), &Value::Null));
    // All words, a beginning at the end, a phrase.
    assert_eq!(found(&app, &ben, "q=rust+pelajar").await.len(), 1);
    assert_eq!(found(&app, &ben, "q=rust+belajar+besok").await, [""; 0]);
    assert_eq!(found(&app, &ben, "q=%22kelas+rust%22").await.len(), 1);
    assert_eq!(found(&app, &ben, "q=%22rust+kelas%22").await, [""; 0]);
    app.stop().await;
}

async fn nobody_finds_what_they_may_not_read(app: TestApp) {
    let [ana, ben, cat] = app.people(["ana", "ben", "cat"]).await;
    let (direct, room) = (ana.room_with(&ben).await, group(&ana, &["cat"]).await);
    ana.sends(&direct, "rahasia berdua").await;
    ana.sends(&room, "rahasia kelas").await;
    assert_eq!(found(&app, &ana, "q=rahasia").await.len(), 2);
    assert_eq!(found(&app, &ben, "q=rahasia").await, ["rahasia berdua"]);
    assert_eq!(found(&app, &cat, "q=rahasia").await, ["rahasia kelas"]);
    search(&app, &cat, &format!("q=rahasia&roomId={direct}")).await.is_problem(404, None);
    // Nothing is readable while away; whoever comes back reads it again.
    cat.delete(&format!("/api/chat/groups/{room}/members/cat")).await.ok();
    assert_eq!(found(&app, &cat, "q=rahasia").await, [""; 0]);
    search(&app, &cat, &format!("q=rahasia&roomId={room}")).await.is_problem(404, None);
    cat.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok();
    assert_eq!(found(&app, &cat, "q=rahasia").await, ["rahasia kelas"]);
    app.stop().await;
}

const ROOM: RoomId = RoomId(Uuid::from_u128(77));

fn message(seq: u64) -> MessageId {
    MessageId(Uuid::from_u128(77_000 + u128::from(seq)))
}

fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user id")
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn opened(history_from: HistoryFrom, members: &[&str]) -> DomainEvent {
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened {
        room_id: ROOM,
        kind: RoomKind::Group,
        opened_by: user(members[0]),
        members: members.iter().map(|id| NewMember { user_id: user(id), role: Role::Member }).collect(),
        name: None,
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from,
        at: now(),
    }))
}

fn said(seq: u64, words: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageSent(MessageSent {
        room_id: ROOM,
        message_id: message(seq),
        seq,
        sender_id: user("ana"),
        kind: MessageKind::Text,
        content: Sealed::new(words),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        at: now(),
    }))
}

async fn whoever_reads_from_their_join_finds_from_there(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let joined = MembersAdded {
        room_id: ROOM,
        members: vec![NewMember { user_id: user("ben"), role: Role::Member }],
        by: user("ben"),
        join_seq: 1,
        at: now(),
    };
    let joined = DomainEvent::Room(RoomEvent::MembersAdded(joined));
    let events = vec![opened(HistoryFrom::Join, &["ana"]), said(1, "laporan dulu"), joined, said(2, "laporan kini")];
    app.records(StreamId::room(ROOM), events).await;
    assert_eq!(found(&app, &ana, "q=laporan").await, ["laporan kini", "laporan dulu"]);
    assert_eq!(found(&app, &ben, "q=laporan").await, ["laporan kini"]);
    assert_eq!(found(&app, &ben, &format!("q=laporan&roomId={ROOM}")).await, ["laporan kini"]);
    app.stop().await;
}

async fn what_was_deleted_or_said_otherwise_is_found_as_it_is_now(app: TestApp) {
    let [ben] = app.people(["ben"]).await;
    let edited = MessageEdited {
        room_id: ROOM,
        message_id: message(1),
        seq: 1,
        sender_id: user("ana"),
        content: Sealed::new("laporan tahunan"),
        mentions: vec![],
        mentions_all: false,
        at: now(),
    };
    let deleted = MessageDeleted {
        room_id: ROOM,
        message_id: message(2),
        seq: 2,
        sender_id: user("ana"),
        by: user("ana"),
        at: now(),
    };
    let changes = [RoomEvent::MessageEdited(edited), RoomEvent::MessageDeleted(deleted)].map(DomainEvent::Room);
    let mut events = vec![opened(HistoryFrom::Start, &["ana", "ben"]), said(1, "laporan bulanan"), said(2, "laporan")];
    events.extend(changes);
    app.records(StreamId::room(ROOM), events).await;
    assert_eq!(found(&app, &ben, "q=laporan").await, ["laporan tahunan"]);
    assert_eq!(found(&app, &ben, "q=bulanan").await, [""; 0]);
    assert_eq!(found(&app, &ben, "q=tahunan").await, ["laporan tahunan"]);
    app.stop().await;
}

async fn a_search_is_narrowed_and_paged(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let (direct, room) = (ana.room_with(&ben).await, group(&ana, &["ben"]).await);
    let mut said = Vec::new();
    for nth in 0..7 {
        let (who, place) = if nth % 2 == 0 { (&ana, &direct) } else { (&ben, &room) };
        said.push(who.sends(place, &format!("laporan {nth}")).await);
    }
    let picture = json!({"roomId": room, "content": "laporan bergambar", "type": "image",
        "attachmentUrl": "https://cdn.example.org/a.png"});
    ben.post("/api/chat/send", picture).await.ok();
    assert_eq!(found(&app, &ana, &format!("q=laporan&roomId={direct}")).await.len(), 4);
    assert_eq!(found(&app, &ana, "q=laporan&senderId=ben").await.len(), 4);
    assert_eq!(found(&app, &ana, "q=laporan&hasAttachment=true").await, ["laporan bergambar"]);
    assert_eq!(found(&app, &ana, "q=laporan&hasAttachment=false").await.len(), 7);
    let (third, fifth) = (text(&said[2]["createdAt"]), text(&said[4]["createdAt"]));
    let between = found(&app, &ana, &format!("q=laporan&since={third}&until={fifth}")).await;
    assert!(between.contains(&"laporan 2".to_owned()) && !between.contains(&"laporan 4".to_owned()), "{between:?}");

    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = search(&app, &ana, &format!("q=laporan&limit=3{cursor}")).await.ok();
        pages.push(contents(&page).len());
        assert_eq!(page["hasMore"].as_bool(), Some(!page["nextCursor"].is_null()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, [3, 3, 2]);
    app.stop().await;
}

async fn what_cannot_be_searched_for_is_said(app: TestApp) {
    let [ana] = app.people(["ana"]).await;
    let long = "a".repeat(201);
    let many = vec!["x"; 11].join("+");
    for (query, field) in [
        ("", "q"),
        ("q=", "q"),
        ("q=%3F%21", "q"),
        (&*format!("q={long}"), "q"),
        (&*format!("q={many}"), "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=101", "limit"),
        ("q=a&roomId=x", "roomId"),
        ("q=a&senderId=%20", "senderId"),
        ("q=a&since=yesterday", "since"),
        ("q=a&hasAttachment=perhaps", "hasAttachment"),
        ("q=a&cursor=x", "cursor"),
    ] {
        search(&app, &ana, query).await.is_problem(422, Some(field));
    }
    assert_eq!(found(&app, &ana, "q=apa").await, [""; 0], "nobody has said anything");
    app.stop().await;
}

async fn words_of_somebody_erased_are_not_found(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    ana.sends(&room, "alamat rumah saya").await;
    ben.sends(&room, "alamat saya").await;
    assert_eq!(found(&app, &ben, "q=alamat").await.len(), 2);
    app.erases("ana").await;
    assert_eq!(found(&app, &ben, "q=alamat").await, ["alamat saya"]);
    app.stop().await;
}
