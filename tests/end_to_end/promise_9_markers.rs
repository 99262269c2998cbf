//! Promise 9 from the outside: a marker in every text that a request or an import may hold, an erasure, and a look for
//! each of them in every file, table, index and line of the log.
//!
//! Which fields there are is in the manuals, which the code is held to; [`ROUTES`] and [`LINES`] say of each what it is,
//! and a field that the manuals have and these lists have not fails a test.

use std::collections::BTreeMap;

use event_log::StoreUrl;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::answers::report;
use crate::support::backend::{Backend, TestStore};
use crate::support::person::{Person, client, text};
use crate::support::raw;
use crate::support::running::{Installation, Running};

const SERVICE_KEY: &str = "0123456789abcdef0123456789abcdef";
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

on_both_engines! {
    no_marker_is_left_of_somebody_erased: no_marker_on_sqlite, no_marker_on_postgres;
}

/// What may stand in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Any text: somebody's words. Has a marker.
    Words,
    /// Any text that is used and not kept, or of which only a hash is. Has a marker.
    Passing,
    /// Ids of a bounded alphabet: they stay.
    Id,
    /// Numbers, times, and words of our own.
    Typed,
}
use Holds::{Id, Passing, Typed, Words};

/// Fields of requests, and what the manual lists as their values.
const ROUTES: &[(&str, Holds)] = &[
    ("ADMIN", Typed),
    ("CONTENT_REMOVED", Typed),
    ("COURSE", Typed),
    ("DIRECT", Typed),
    ("DISMISSED", Typed),
    ("EVENT", Typed),
    ("GET", Typed),
    ("GROUP", Typed),
    ("MEMBER", Typed),
    ("MENTOR_STUDENT", Typed),
    ("OPEN", Typed),
    ("OWNER", Typed),
    ("POST", Typed),
    ("RESOLVED", Typed),
    ("SUPPORT", Typed),
    ("USER", Typed),
    ("USER_SUSPENDED", Typed),
    ("USER_WARNED", Typed),
    ("achievementNotifications", Typed),
    ("actionUrl", Typed),
    ("actorId", Id),
    ("affiliateNotifications", Typed),
    ("after", Typed),
    ("afterId", Id),
    ("archived", Typed),
    ("aroundId", Id),
    ("attachmentType", Typed),
    ("attachmentUrl", Words),
    ("auth", Passing),
    ("avatar", Words),
    ("beforeId", Id),
    ("channel_name", Id),
    ("channels", Typed),
    ("chatNotifications", Typed),
    ("clientMessageId", Words),
    ("commentId", Id),
    ("commentNotifications", Typed),
    ("content", Words),
    ("courseId", Id),
    ("courseNotifications", Typed),
    ("critical", Typed),
    ("cursor", Typed),
    ("email", Words),
    ("emoji", Typed),
    ("en", Typed),
    ("enableAllEmail", Typed),
    ("enableAllInApp", Typed),
    ("enableAllPush", Typed),
    ("enableAllWhatsApp", Typed),
    ("enableEmail", Typed),
    ("enableInApp", Typed),
    ("enablePush", Typed),
    ("enableQuietHours", Typed),
    ("enableWhatsApp", Typed),
    ("endpoint", Passing),
    ("eventId", Id),
    ("eventNotifications", Typed),
    ("file", Typed),
    ("followerNotifications", Typed),
    ("from", Typed),
    ("groupId", Id),
    ("hasAttachment", Typed),
    ("historyFrom", Typed),
    ("icon", Words),
    ("id", Id),
    ("image", Words),
    ("invisible", Typed),
    ("invite", Typed),
    ("isOnline", Typed),
    ("isRead", Typed),
    ("isTyping", Typed),
    ("join", Typed),
    ("joinPolicy", Typed),
    ("keys", Typed),
    ("limit", Typed),
    ("link", Words),
    ("locale", Typed),
    ("markAll", Typed),
    ("markAllRead", Typed),
    ("matrix", Typed),
    ("memberIds", Id),
    ("mentions", Id),
    ("mentionsAll", Typed),
    ("message", Words),
    ("messageId", Id),
    ("metadata", Words),
    ("muted", Typed),
    ("mutedUntil", Typed),
    ("name", Words),
    ("note", Words),
    ("notificationIds", Id),
    ("offset", Typed),
    ("on", Typed),
    ("only", Typed),
    ("open", Typed),
    ("p256dh", Passing),
    ("participantId", Id),
    // Kept for those who are to be called some day, and shown in no view; as the devices above and below.
    ("phone", Passing),
    ("pinned", Typed),
    ("postId", Id),
    ("postNotifications", Typed),
    ("preferences", Typed),
    ("pushSubscriptions", Passing),
    ("q", Passing),
    ("quietHoursEnd", Typed),
    ("quietHoursStart", Typed),
    ("reason", Words),
    ("receiverId", Id),
    ("recipientId", Id),
    ("redirectUrl", Words),
    ("relatedId", Id),
    ("relatedType", Id),
    ("replyToId", Id),
    ("resolution", Typed),
    ("resume_after", Typed),
    ("role", Typed),
    ("roomId", Id),
    ("roomIds", Id),
    ("search", Passing),
    ("senderId", Id),
    ("seq", Typed),
    ("since", Typed),
    ("slowModeSeconds", Typed),
    ("socket_id", Id),
    ("sourceId", Id),
    ("sourceType", Id),
    ("start", Typed),
    ("status", Typed),
    ("subject", Words),
    ("subscriptionType", Typed),
    ("systemNotifications", Typed),
    ("tab", Typed),
    ("targetId", Id),
    ("targetType", Typed),
    ("text", Typed),
    ("timeZone", Typed),
    ("title", Words),
    ("transactionId", Id),
    ("transactionNotifications", Typed),
    ("type", Typed),
    ("unread", Typed),
    ("unreadOnly", Typed),
    ("until", Typed),
    ("upTo", Id),
    ("userId", Id),
    ("userIds", Id),
    ("username", Words),
    ("users", Typed),
    ("webPushSubscriptions", Typed),
    ("without", Typed),
];

/// Fields of an import's lines.
const LINES: &[(&str, Holds)] = &[
    ("actor", Id),
    ("at", Typed),
    ("attachmentHeight", Typed),
    ("attachmentName", Words),
    ("attachmentSize", Typed),
    ("attachmentType", Typed),
    ("attachmentUrl", Words),
    ("attachmentWidth", Typed),
    ("avatar", Words),
    ("by", Id),
    ("changed", Typed),
    ("clientMessageId", Words),
    ("content", Words),
    ("email", Words),
    ("emoji", Typed),
    ("forwarded", Passing),
    ("from", Id),
    ("groupId", Id),
    ("id", Passing),
    ("joinPolicy", Typed),
    ("kind", Typed),
    ("members", Id),
    ("mentions", Id),
    ("mentor", Id),
    ("message", Passing),
    ("name", Words),
    ("notification", Passing),
    // Kept for those who are to be called some day, and shown in no view.
    ("phone", Passing),
    ("replyTo", Passing),
    ("role", Typed),
    ("room", Passing),
    ("slowModeSeconds", Typed),
    ("sourceId", Id),
    ("sourceType", Id),
    ("to", Id),
    ("type", Typed),
    ("upTo", Passing),
    ("user", Id),
    ("username", Words),
    ("users", Id),
];

/// Headers that any client may fill.
const HEADERS: [&str; 3] = ["idempotency-key", "x-request-id", "user-agent"];

#[test]
fn the_manuals_have_no_field_that_is_not_said_here_to_be_words_or_none() {
    let names = |list: &[(&str, Holds)]| list.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    let routes = include_str!("../../docs/http.md").lines().filter(|line| line.starts_with("| `"));
    let wishes = routes.filter_map(|line| line.split('|').nth(2));
    let mut fields: Vec<String> = wishes.flat_map(|wish| wish.split('`').skip(1).step_by(2)).map(field).collect();
    fields.sort();
    fields.dedup();
    assert_eq!(fields, names(ROUTES), "docs/http.md");

    let (_, sample) = include_str!("../../docs/import.md").split_once("```json\n").expect("a sample");
    let (sample, _) = sample.split_once("```").expect("its end");
    let line = |line: &str| serde_json::from_str::<BTreeMap<String, Value>>(line).expect("a line").into_keys();
    let mut fields: Vec<String> = sample.lines().flat_map(line).collect();
    fields.sort();
    fields.dedup();
    assert_eq!(fields, names(LINES), "docs/import.md");
}

/// `attachmentUrl?` and `?on=true` and `markAllRead: true` are fields with something about them.
fn field(told: &str) -> String {
    let name = told.trim_start_matches('?');
    name.split(['?', ':', '=', ' ']).next().unwrap_or(name).to_owned()
}

/// One text for each field: in lower case, as a search would have it.
fn marker(of: &str, field: &str) -> String {
    format!("m9{of}{}z", field.to_lowercase().replace(['_', '-'], ""))
}

fn markers(of: &str, list: &[(&str, Holds)], holds: Holds) -> Vec<String> {
    list.iter().filter(|(_, what)| *what == holds).map(|(field, _)| marker(of, field)).collect()
}
/// What is kept for as long as they are not erased.
fn kept() -> Vec<String> {
    [markers("http", ROUTES, Words), markers("line", LINES, Words)].concat()
}

/// What is in no place at any time.
fn passing() -> Vec<String> {
    let headers = HEADERS.map(|header| marker("head", header)).to_vec();
    [markers("http", ROUTES, Passing), markers("line", LINES, Passing), headers].concat()
}

async fn found(store: &TestStore, markers: &[String]) -> Vec<String> {
    raw::found_in_files(store, &markers.iter().map(String::as_str).collect::<Vec<_>>()).await
}

async fn no_marker_is_left_of_somebody_erased(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let level = "info,kabar=trace,event_log=trace,projections=trace,aggregates=trace";
    let home = tempfile::tempdir().expect("a folder");
    let files = home.path().join("uploads");
    let installation = Installation::new(&store.url())
        .with("KABAR__LOG__LEVEL", level)
        .with("KABAR__UPLOADS__FOLDER", &files.display().to_string())
        .with("KABAR__AUTH__SERVICE_KEYS", &format!("platform:people+notifications:{SERVICE_KEY}"));
    let lines = home.path().join("lines.jsonl");
    std::fs::write(&lines, imported()).expect("written");
    let lines = lines.display().to_string();
    report(&installation.replay(&["import", "--json", "--from", &lines]).await, 0);
    let running = installation.start().await;
    let http = client(PATIENCE);
    let [ana, ben] = ["ana", "ben"].map(|id| Person::new(&http, installation.address, id));
    ben.shows_up().await;
    let said = speaks(&ana).await;

    raw::sample(&store).await;
    let shown = found(&store, &kept()).await.join("\n");
    for marker in kept() {
        assert!(shown.contains(&marker), "the test looks where {marker} is:\n{shown}");
    }
    assert_eq!(found(&store, &passing()).await, [""; 0]);

    let uploaded = || in_folder(&files, &marker("http", "content"));
    assert!(uploaded(), "the test looks where files are");
    erased(&installation, &store).await;
    // `erase` was not told of the folder; the server removes what it has as it reads the erasure.
    let gone = async { while uploaded() {} };
    tokio::time::timeout(PATIENCE, gone).await.expect("her file is gone");
    nothing_is_left(&store, &running).await;
    who_asks_again_is_answered_alike(&ana, &ben, &said).await;
    assert!(running.stop().await.success());
    let (all, kept) = ([kept(), passing()].concat(), [marker("line", "groupId"), marker("http", "groupId")]);
    assert_eq!(found(&store, &all).await, [""; 0], "after a stop");
    assert!(!found(&store, &kept).await.is_empty(), "ids of the platform stay");
    installation.verify_is_clean().await;
    assert!(installation.replay(&["rebuild", "--all"]).await.status.success());
    assert_eq!(found(&store, &all).await, [""; 0], "a rebuild brings nothing back");
}

fn in_folder(folder: &std::path::Path, words: &str) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("readable").path());
    entries.any(|path| {
        if path.is_dir() {
            return in_folder(&path, words);
        }
        std::fs::read(&path).is_ok_and(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
    })
}

async fn nothing_is_left(store: &TestStore, running: &Running) {
    let all = [kept(), passing()].concat();
    assert_eq!(found(store, &all).await, [""; 0]);
    let told = running.said();
    assert!(told.contains("TRACE") || told.contains("DEBUG"), "the test looks at all that it tells");
    let told: Vec<_> = all.iter().filter(|marker| told.contains(marker.as_str())).collect();
    assert!(told.is_empty(), "in the server's own lines: {told:?}");
}

/// Ana's past in another system. `m` names a marker.
fn imported() -> String {
    let m = |field: &str| marker("line", field);
    let url = |field: &str| format!("https://cdn.example/{}.png", m(field));
    let (room, first) = (format!("{} {}", m("id"), m("room")), format!("{} {}", m("upTo"), m("replyTo")));
    let entry = m("notification");
    let at = "2020-01-01T00:00:00Z";
    let lines = [
        json!({"kind": "user", "id": "ana", "name": m("name"), "username": m("username"), "avatar": url("avatar"),
            "email": format!("{}@example.id", m("email")), "phone": m("phone"), "at": at}),
        json!({"kind": "user", "id": "ben", "name": "Ben", "at": at}),
        json!({"kind": "room", "id": room, "type": "group", "by": "ana", "members": ["ben"], "name": m("name"),
            "avatar": url("avatar"), "groupId": m("groupId"), "at": at}),
        json!({"kind": "message", "id": first, "room": room, "from": "ana", "content": m("content"),
            "clientMessageId": m("clientMessageId"), "at": at}),
        json!({"kind": "message", "id": "2", "room": room, "from": "ana", "type": "image",
            "attachmentUrl": url("attachmentUrl"), "attachmentType": "image/png", "attachmentName": m("attachmentName"),
            "attachmentSize": 9, "attachmentWidth": 3, "attachmentHeight": 2, "replyTo": first, "at": at}),
        json!({"kind": "edit", "room": room, "message": first, "from": "ana", "content": format!("{} lagi", m("content")),
            "at": at}),
        json!({"kind": "rename", "room": room, "by": "ana", "name": format!("{} lagi", m("name")), "at": at}),
        json!({"kind": "read", "room": room, "user": "ben", "upTo": first, "at": at}),
        json!({"kind": "notification", "id": entry, "user": "ana", "type": "FOLLOWER", "actor": "ben",
            "sourceType": "user", "sourceId": "ben", "at": at}),
        json!({"kind": "notificationRead", "notification": entry, "user": "ana", "at": at}),
    ];
    lines.map(|line| format!("{line}\n")).concat()
}

/// What Ana said, to be said once more.
struct Said {
    wish: Value,
    message: Value,
}

/// Everything that the routes take of her; the last message of her room stays hers.
async fn speaks(ana: &Person) -> Said {
    let m = |field: &str| marker("http", field);
    let group = json!({"name": m("name"), "avatar": format!("https://cdn.example/{}.png", m("avatar")),
        "groupId": m("groupId"), "memberIds": ["ben"]});
    let room = text(&wished(&ana.as_admin(), "/api/chat/groups", &group).await["room"]["id"]);
    wished(ana, "/api/chat/send", &json!({"roomId": room, "content": "known by its key alone"})).await;
    let wish = json!({"roomId": room, "content": m("content"), "clientMessageId": m("clientMessageId"),
        "attachmentUrl": format!("https://cdn.example/{}.png", m("attachmentUrl")), "attachmentType": "image/png"});
    let message = wished(ana, "/api/chat/send", &wish).await["message"].clone();
    assert_eq!(message["clientMessageId"], json!(m("clientMessageId")));
    is_put(ana).await;
    uploads(ana, &room).await;
    ana.get(&format!("/api/chat/rooms?search={}", m("search"))).await.ok();
    ana.get(&format!("/api/chat/search?q={}", m("q"))).await.ok();
    // Other words for a message, and what a room of hers is about.
    let reworded = wished(ana, "/api/chat/send", &json!({"roomId": room, "content": "first"})).await["message"].clone();
    let edit = json!({"messageId": reworded["id"], "content": m("content")});
    let edited = ana.ask(Method::PATCH, "/api/chat/messages").json(&edit).send().await.expect("an answer");
    assert!(edited.status().is_success(), "{edited:?}");
    wished(ana, "/api/chat/start", &json!({"type": "SUPPORT", "subject": m("subject")})).await;
    reports(ana).await;
    is_notified(ana).await;
    Said { wish, message }
}

async fn reports(ana: &Person) {
    let m = |field: &str| marker("http", field);
    let filed = wished(ana, "/api/reports", &json!({"userId": "ben", "reason": m("reason")})).await;
    assert_eq!(filed["report"]["reason"], json!(m("reason")));
    let path = format!("/api/admin/reports/{}/resolve", text(&filed["report"]["id"]));
    let wish = json!({"resolution": "DISMISSED", "note": m("note")});
    let resolved = wished(&ana.as_admin(), &path, &wish).await;
    assert_eq!(resolved["report"]["note"], json!(m("note")));
}

async fn is_notified(ana: &Person) {
    let m = |field: &str| marker("http", field);
    let notice = json!({"userId": "ana", "type": "SYSTEM", "title": m("title"), "message": m("message"),
        "link": format!("/{}", m("link")), "redirectUrl": format!("/{}", m("redirectUrl")),
        "image": format!("https://cdn.example/{}", m("image")), "icon": format!("https://cdn.example/{}", m("icon")),
        "metadata": {"a": m("metadata")}, "channels": ["IN_APP", "PUSH", "EMAIL"]});
    let request = ana.ask_by(SERVICE_KEY, Method::POST, "/api/notifications/send").json(&notice);
    let answer = request.send().await.expect("an answer");
    let position = answer.headers()["kabar-position"].to_str().expect("text");
    let feed = ana.get(&format!("/api/notifications?after={position}")).await.ok();
    assert_eq!(feed["notifications"][0]["title"], json!(m("title")));
}

/// What the platform says of her.
async fn is_put(ana: &Person) {
    let m = |field: &str| marker("http", field);
    let browser = json!({"endpoint": format!("https://push.example/{}", m("endpoint")),
        "keys": {"p256dh": m("p256dh"), "auth": m("auth")}});
    let body = json!({"username": m("username"), "email": format!("{}@example.id", m("email")), "phone": m("phone"),
        "avatar": format!("https://cdn.example/{}.png", m("avatar")), "locale": "en", "timeZone": "Asia/Jakarta",
        "pushSubscriptions": [m("pushSubscriptions")], "webPushSubscriptions": [browser]});
    let request = ana.ask_by(SERVICE_KEY, Method::PUT, "/api/users/ana").json(&body);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");
}

/// A file, whose words are those of a message of hers, under such a name; and a message that carries it.
async fn uploads(ana: &Person, room: &str) {
    let path = format!("/api/uploads?roomId={room}&name={}.txt", marker("http", "name"));
    let request = ana.ask(Method::POST, &path).body(marker("http", "content"));
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{answer:?}");
    let upload: Value = answer.json().await.expect("JSON");
    // Without the key that everything else is sent under: it would be a repeat.
    let carrying =
        ana.ask(Method::POST, "/api/chat/send").json(&json!({"roomId": room, "attachmentUrl": upload["url"]}));
    let sent: Value = carrying.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(sent["message"]["attachmentName"], json!(format!("{}.txt", marker("http", "name"))));
}

/// With every header that a client may fill.
async fn wished(person: &Person, path: &str, wish: &Value) -> Value {
    let mut request = person.ask(Method::POST, path).json(wish);
    for header in HEADERS {
        request = request.header(header, marker("head", header));
    }
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {answer:?}");
    answer.json().await.expect("JSON")
}

/// On PostgreSQL any session that begins in this moment may be in the way.
async fn erased(installation: &Installation, store: &TestStore) {
    let everywhere = match store.store_url() {
        StoreUrl::Sqlite(_) => &["erase", "ana", "--yes"][..],
        StoreUrl::Postgres(_) => &["erase", "ana", "--yes", "--vacuum"],
    };
    let all = async { while !installation.replay(everywhere).await.status.success() {} };
    tokio::time::timeout(PATIENCE, all).await.expect("erased, and nobody reads from before");
}

/// A device that never heard of the erasure: its message is there, and nothing of it can be read.
async fn who_asks_again_is_answered_alike(ana: &Person, ben: &Person, said: &Said) {
    let again = wished(ana, "/api/chat/send", &said.wish).await["message"].clone();
    assert_eq!((&again["id"], &again["seq"]), (&said.message["id"], &said.message["seq"]));
    let room = text(&said.wish["roomId"]);
    let shown = ben.get(&format!("/api/chat/messages?roomId={room}")).await.ok();
    let messages = shown["messages"].as_array().expect("messages");
    let listed = messages.iter().find(|message| message["id"] == again["id"]).expect("it is there");
    for message in [&again, listed] {
        assert_eq!(message["attachmentType"], "image/png", "{message}");
    }
    for message in messages.iter().chain([&again]).filter(|message| message["senderId"] == "ana") {
        let words = ["content", "clientMessageId", "attachmentUrl", "attachmentName"].map(|field| &message[field]);
        assert_eq!(words, [&json!(""), &Value::Null, &Value::Null, &Value::Null], "{message}");
    }
}
