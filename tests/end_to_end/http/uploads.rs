//! Files that people send: taken in for a room, handed out to whoever is in it, gone with their owner.

use std::path::{Path, PathBuf};

use aggregates::Sealed;
use aggregates::ids::UserId;
use aggregates::room::MessageKind;
use aggregates::user::UserRole;
use attachments::UploadId;
use kabar::commands::{Caller, Draft};
use kabar::uploads::Attachable;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::app::{PATIENCE, TestApp, UPLOAD_BYTES_MAX, erase};
use super::on_every_backend;
use super::person::{Answer, Person, answer, text};

on_every_backend![
    a_picture_is_sent_to_a_room_and_seen_by_whoever_is_in_it_now,
    a_forwarded_file_is_fetched_by_whoever_may_read_the_forward,
    a_file_is_not_fetched_by_whoever_may_not_read_what_carries_it,
    a_reported_file_is_fetched_by_the_platforms_admins,
    a_file_is_handed_out_whole_or_in_part,
    what_is_too_much_or_dangerous_is_refused_and_leaves_nothing,
    somebody_elses_file_is_attached_by_nobody,
    an_upload_under_a_key_is_taken_once,
    who_stalls_or_goes_away_leaves_nothing,
    promise_9_the_name_of_a_file_is_not_said_behind_its_owners_erasure,
    promise_9_files_go_with_their_owner_also_while_no_server_runs,
];

/// 3 by 2 pixels.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 3, 0, 0, 0, 2, 8, 2,
    0, 0, 0, 0, 0, 0, 0,
];

fn put(person: &Person, room: &str, name: &str, bytes: &[u8]) -> RequestBuilder {
    let path = format!("/api/uploads?roomId={room}&name={name}");
    person.ask(Method::POST, &path).header("content-type", "text/html").body(bytes.to_vec())
}

async fn upload(person: &Person, room: &str, name: &str, bytes: &[u8]) -> Value {
    answer(put(person, room, name, bytes)).await.ok()
}

fn form(person: &Person, parts: &[(&str, &str, &[u8])]) -> RequestBuilder {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
        body.extend(format!("--BOUND\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n").as_bytes());
        body.extend(b"Content-Type: image/svg+xml\r\n\r\n");
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--BOUND--\r\n");
    let request = person.ask(Method::POST, "/api/uploads");
    request.header("content-type", "multipart/form-data; boundary=BOUND").body(body)
}

async fn fetched(person: &Person, url: &str, headers: &[(&str, &str)]) -> (Answer, Vec<u8>) {
    let mut request = person.ask(Method::GET, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("a whole body").to_vec();
    (Answer { status, headers, body: Value::Null }, bytes)
}

/// Every file under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("readable").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Waits until no file is left.
async fn is_empty(folder: &Path) {
    let empty = async {
        while !files(folder).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, empty).await;
    assert!(waited.is_ok(), "still there: {:?}", files(folder));
}

/// Uploads a file and says it in the room. Answers with its address and the message.
async fn attached(person: &Person, room: &str, name: &str, bytes: &[u8]) -> (String, Value) {
    let url = text(&upload(person, room, name, bytes).await["url"]);
    let sent = person.post("/api/chat/send", json!({"roomId": room, "attachmentUrl": url})).await.ok();
    (url, sent["message"].clone())
}

/// Answers with the message that carries it there.
async fn forwarded(person: &Person, message: &Value, room: &str) -> Value {
    let path = format!("/api/chat/messages/{}/forward", text(&message["id"]));
    person.post(&path, json!({"roomIds": [room]})).await.ok()["messages"][0].clone()
}

/// What a message says of the file that it carries.
fn facts(message: &Value) -> [Value; 4] {
    ["attachmentName", "attachmentSize", "attachmentWidth", "attachmentHeight"].map(|field| message[field].clone())
}

async fn group(owner: &Person, members: &[&str]) -> String {
    let made = owner.post("/api/chat/groups", json!({"name": "Kelas", "memberIds": members})).await.ok();
    text(&made["room"]["id"])
}

async fn a_picture_is_sent_to_a_room_and_seen_by_whoever_is_in_it_now(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let room = group(&ana, &["ben"]).await;
    let parts = [("roomId", "", room.as_bytes()), ("file", "C:\\foto saya.png", PNG)];
    let made = answer(form(&ana, &parts)).await.ok();
    let shown = ["type", "bytes", "width", "height", "name"].map(|field| made[field].clone());
    assert_eq!(shown, [json!("image/png"), json!(PNG.len()), json!(3), json!(2), json!("foto saya.png")], "{made}");
    let url = text(&made["url"]);
    assert_eq!(url, format!("/api/uploads/{}", text(&made["id"])));

    let wish = json!({"roomId": room, "type": "image", "attachmentUrl": url, "attachmentType": "text/html"});
    let sent = ana.post("/api/chat/send", wish).await.ok()["message"].clone();
    assert_eq!((&sent["attachmentUrl"], &sent["attachmentType"]), (&json!(url), &json!("image/png")));
    let known = [json!("foto saya.png"), json!(PNG.len()), json!(3), json!(2)];
    assert_eq!(facts(&sent), known, "{sent}");
    let after = text(&sent["position"]);
    let read = ben.get(&format!("/api/chat/messages?roomId={room}&after={after}")).await.ok();
    assert_eq!(facts(&read["messages"][0]), known, "{read}");

    let (given, bytes) = fetched(&ben, &url, &[]).await;
    assert_eq!((given.status, bytes.as_slice()), (StatusCode::OK, PNG));
    let header = |name: &str| given.headers[name].to_str().expect("ASCII").to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("content-disposition"), "inline; filename*=UTF-8''foto%20saya.png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("sandbox"), "{given:?}");
    assert_eq!(header("cache-control"), "private, no-cache");

    cici.get(&url).await.is_problem(404, None);
    assert_eq!(answer(ana.unsigned(Method::GET, &url)).await.status, StatusCode::UNAUTHORIZED);
    let left = ben.delete(&format!("/api/chat/groups/{room}/members/ben")).await.position();
    ben.get(&format!("/api/chat/rooms?after={left}")).await.ok();
    ben.get(&url).await.is_problem(404, None);
    app.stop().await;
}

async fn a_forwarded_file_is_fetched_by_whoever_may_read_the_forward(app: TestApp) {
    let [ana, ben, cici, dewi] = app.people(["ana", "ben", "cici", "dewi"]).await;
    let room = ana.room_with(&ben).await;
    let (url, message) = attached(&ana, &room, "foto.png", PNG).await;
    let other = ben.room_with(&cici).await;
    cici.get(&url).await.is_problem(404, None);
    let forward = forwarded(&ben, &message, &other).await;
    assert_eq!((&forward["attachmentUrl"], &forward["senderId"]), (&json!(url), &json!("ben")));
    // At once, whether the view has it or not.
    assert_eq!(fetched(&cici, &url, &[]).await.1, PNG);
    // On from there, by somebody who was never where it is from.
    let further = cici.room_with(&dewi).await;
    dewi.get(&url).await.is_problem(404, None);
    let second = forwarded(&cici, &forward, &further).await;
    assert_eq!(facts(&second), [json!("foto.png"), json!(PNG.len()), json!(3), json!(2)], "{second}");
    assert_eq!(fetched(&dewi, &url, &[]).await.1, PNG);

    // What was deleted grants nothing, neither the original nor a forward; each is for itself.
    let delete = |message: &Value| format!("/api/chat/messages?id={}", text(&message["id"]));
    ana.delete(&delete(&message)).await.ok();
    let after = ben.delete(&delete(&forward)).await.position();
    cici.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    ben.get(&url).await.is_problem(404, None);
    assert_eq!(fetched(&cici, &url, &[]).await.1, PNG, "she said it herself where she and Dewi are");
    assert_eq!(fetched(&dewi, &url, &[]).await.1, PNG);
    let after = cici.delete(&delete(&second)).await.position();
    dewi.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    for person in [&ben, &cici, &dewi] {
        person.get(&url).await.is_problem(404, None);
    }
    assert_eq!(fetched(&ana, &url, &[]).await.1, PNG, "it is still hers");
    app.stop().await;
}

async fn a_file_is_not_fetched_by_whoever_may_not_read_what_carries_it(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let wish = json!({"name": "Kelas", "memberIds": ["ben"], "historyFrom": "join"});
    let room = text(&ana.post("/api/chat/groups", wish).await.ok()["room"]["id"]);
    // Before it is said it is its owner's alone.
    let unsaid = text(&upload(&ana, &room, "draf.txt", b"belum").await["url"]);
    ben.get(&unsaid).await.is_problem(404, None);
    let (url, message) = attached(&ana, &room, "a.txt", b"halo").await;
    assert_eq!(fetched(&ben, &url, &[]).await.1, b"halo");
    // Whoever comes later reads nothing from before, and no file of it.
    let add = json!({"userIds": ["cici"]});
    let after = ana.post(&format!("/api/chat/groups/{room}/members"), add).await.position();
    cici.get(&format!("/api/chat/rooms?after={after}")).await.ok();
    cici.get(&url).await.is_problem(404, None);
    forwarded(&ben, &message, &room).await;
    assert_eq!(fetched(&cici, &url, &[]).await.1, b"halo", "it was said again, to her");
    // Whoever is not in the room any more has nothing of it.
    let left = cici.delete(&format!("/api/chat/groups/{room}/members/cici")).await.position();
    cici.get(&format!("/api/chat/rooms?after={left}")).await.ok();
    cici.get(&url).await.is_problem(404, None);

    // With its owner it is gone from everywhere.
    let other = ben.room_with(&cici).await;
    forwarded(&ben, &message, &other).await;
    assert_eq!(fetched(&cici, &url, &[]).await.1, b"halo");
    let after = app.token(app.erases("ana").await);
    for person in [&ben, &cici] {
        person.get(&format!("/api/chat/rooms?after={after}")).await.ok();
        person.get(&url).await.is_problem(404, None);
    }
    is_empty(app.uploads()).await;
    app.stop().await;
}

/// They are in none of its rooms: a report of a message shows them what that carries, and nothing else.
async fn a_reported_file_is_fetched_by_the_platforms_admins(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let admin = app.person_as("admin", UserRole::Admin).await;
    let mentor = app.person_as("mentor", UserRole::Mentor).await;
    let room = group(&ana, &["ben"]).await;
    let (url, message) = attached(&ana, &room, "foto.png", PNG).await;
    let (other, _) = attached(&ana, &room, "lain.png", PNG).await;
    for about in [json!({"userId": "ana"}), json!({"roomId": room})] {
        let mut body = json!({"reason": "kasar"});
        body.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
        ben.post("/api/reports", body).await.ok();
    }
    admin.get(&url).await.is_problem(404, None);
    let report = json!({"messageId": message["id"], "reason": "kasar"});
    let id = text(&ben.post("/api/reports", report).await.ok()["report"]["id"]);
    let whole = admin.get(&format!("/api/admin/reports/{id}")).await.ok();
    assert_eq!(whole["message"]["attachmentUrl"], json!(url));
    assert_eq!(fetched(&admin, &url, &[]).await.1, PNG);
    for person in [&cici, &mentor] {
        person.get(&url).await.is_problem(404, None);
    }
    admin.get(&other).await.is_problem(404, None);
    admin.delete(&url).await.is_problem(404, None);

    // What the report does not show any more is not there.
    let after = ana.delete(&format!("/api/chat/messages?id={}", text(&message["id"]))).await.position();
    let whole = admin.get(&format!("/api/admin/reports/{id}?after={after}")).await.ok();
    assert_eq!(whole["message"]["attachmentUrl"], Value::Null);
    admin.get(&url).await.is_problem(404, None);
    app.stop().await;
}

async fn a_file_is_handed_out_whole_or_in_part(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let words = "<script>alert(1)</script> baris ".repeat(4_000);
    let (url, sent) = attached(&ana, &room, "halaman.html", words.as_bytes()).await;
    assert_eq!(sent["attachmentType"], "application/octet-stream", "a page is not shown as one");
    let (whole, bytes) = fetched(&ben, &url, &[("accept-encoding", "gzip")]).await;
    assert_eq!(bytes, words.as_bytes());
    assert!(whole.headers["content-disposition"].to_str().expect("ASCII").starts_with("attachment"), "{whole:?}");
    assert_eq!(whole.headers["accept-ranges"], "bytes");

    let (part, bytes) = fetched(&ben, &url, &[("range", "bytes=8-12")]).await;
    assert_eq!((part.status, bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"alert"[..]));
    assert_eq!(part.headers["content-range"], format!("bytes 8-12/{}", words.len()));
    let (end, bytes) = fetched(&ben, &url, &[("range", "bytes=-6")]).await;
    assert_eq!((end.status, bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &b"baris "[..]));
    let (none, _) = fetched(&ben, &url, &[("range", "bytes=999999-")]).await;
    assert_eq!(none.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(none.headers["content-range"], format!("bytes */{}", words.len()));
    let etag = whole.headers["etag"].to_str().expect("ASCII");
    let (same, bytes) = fetched(&ben, &url, &[("if-none-match", etag)]).await;
    assert_eq!((same.status, bytes.len()), (StatusCode::NOT_MODIFIED, 0));

    ben.delete(&url).await.is_problem(404, None);
    ana.delete(&url).await.ok();
    ben.get(&url).await.is_problem(404, None);
    app.stop().await;
}

async fn what_is_too_much_or_dangerous_is_refused_and_leaves_nothing(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let room = ana.room_with(&ben).await;
    let too_long = vec![b'x'; usize::try_from(UPLOAD_BYTES_MAX).expect("small") + 1];
    answer(put(&ana, &room, "a.txt", &too_long)).await.is_problem(413, Some("file"));
    let parts = [("roomId", "", room.as_bytes()), ("file", "a.txt", too_long.as_slice())];
    answer(form(&ana, &parts)).await.is_problem(413, Some("file"));
    answer(put(&ana, &room, "a", b"\x7fELF\x02\x01\x01")).await.is_problem(422, Some("file"));
    answer(put(&ana, &room, "tagihan.pdf.exe", b"x")).await.is_problem(422, Some("name"));
    answer(put(&ana, &room, "a", b"")).await.is_problem(422, Some("file"));
    answer(put(&ana, "none", "a", b"x")).await.is_problem(422, Some("roomId"));
    answer(form(&ana, &[("file", "a.txt", b"x"), ("roomId", "", room.as_bytes())]))
        .await
        .is_problem(422, Some("roomId"));
    answer(form(&ana, &[("roomId", "", room.as_bytes())])).await.is_problem(422, Some("file"));
    answer(put(&cici, &room, "a", b"x")).await.is_problem(404, None);
    let unsigned = ana.unsigned(Method::POST, &format!("/api/uploads?roomId={room}")).body("x");
    answer(unsigned).await.is_problem(401, None);
    is_empty(app.uploads()).await;

    // Together they may have twice as much as one.
    let half = &too_long[1..];
    let first = text(&upload(&ana, &room, "1", half).await["url"]);
    upload(&ana, &room, "2", half).await;
    answer(put(&ana, &room, "3", b"x")).await.is_problem(422, Some("file"));
    upload(&ben, &room, "1", b"x").await;
    ana.delete(&first).await.ok();
    upload(&ana, &room, "3", b"x").await;
    app.stop().await;
}

async fn somebody_elses_file_is_attached_by_nobody(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let (room, other) = (ana.room_with(&ben).await, ana.room_with(&cici).await);
    let url = text(&upload(&ana, &room, "a.txt", b"halo").await["url"]);
    let gone = format!("{}{}", &url[..url.len() - 1], if url.ends_with('0') { "1" } else { "0" });
    for (person, room, url) in [(&ben, &room, &url), (&ana, &other, &url), (&ana, &room, &gone)] {
        let wish = json!({"roomId": room, "attachmentUrl": url});
        let head = app.head().await;
        person.post("/api/chat/send", wish).await.is_problem(422, Some("attachmentUrl"));
        assert_eq!(app.head().await, head, "nothing was written");
    }
    let wish = json!({"roomId": room, "attachmentUrl": "/api/uploads/../secrets"});
    ana.post("/api/chat/send", wish).await.is_problem(422, Some("attachmentUrl"));
    // The older name of the route: it takes nobody else's either, none of another room, and one's own.
    let write = async |person: &Person, to: &str| {
        person.post("/api/messages", json!({"receiverId": to, "attachmentUrl": url})).await
    };
    for (person, to) in [(&ben, "ana"), (&ana, "cici")] {
        let refused = write(person, to).await;
        refused.is_problem(422, Some("attachmentUrl"));
        assert!(refused.body.to_string().contains("not an upload of yours in this room"), "{}", refused.body);
    }
    let written = write(&ana, "ben").await.ok()["message"].clone();
    assert_eq!((&written["attachmentUrl"], &written["attachmentType"]), (&json!(url), &json!("text/plain")));
    assert_eq!(facts(&written), [json!("a.txt"), json!(4), Value::Null, Value::Null], "{written}");
    let wish = json!({"roomId": room, "attachmentUrl": url, "clientMessageId": "c-1"});
    let sent = ana.post("/api/chat/send", wish.clone()).await.ok()["message"]["id"].clone();
    ana.delete(&url).await.ok();
    assert_eq!(ana.post("/api/chat/send", wish).await.ok()["message"]["id"], sent, "what was sent was sent");
    app.stop().await;
}

async fn an_upload_under_a_key_is_taken_once(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let again = |bytes: &[u8]| answer(put(&ana, &room, "a.txt", bytes).header("idempotency-key", "k-1"));
    let first = again(b"pertama").await.ok();
    assert_eq!(again(b"kedua").await.ok(), first);
    assert_eq!(fetched(&ana, &text(&first["url"]), &[]).await.1, b"pertama");
    assert_ne!(upload(&ana, &room, "a.txt", b"pertama").await["id"], first["id"]);
    app.stop().await;
}

async fn who_stalls_or_goes_away_leaves_nothing(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let head = format!(
        "POST /api/uploads?roomId={room} HTTP/1.1\r\nhost: kabar\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\n\r\nhalf",
        ana.token()
    );
    let mut silent = TcpStream::connect(app.address).await.expect("connected");
    silent.write_all(head.as_bytes()).await.expect("sent");
    let mut told = vec![0; 12];
    let answered = tokio::time::timeout(PATIENCE, silent.read_exact(&mut told)).await;
    answered.expect("given up in time").expect("answered");
    assert_eq!(told, b"HTTP/1.1 408");
    is_empty(app.uploads()).await;

    let mut leaving = TcpStream::connect(app.address).await.expect("connected");
    leaving.write_all(head.as_bytes()).await.expect("sent");
    let begun = async {
        while files(app.uploads()).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("it has begun");
    drop(leaving);
    is_empty(app.uploads()).await;
    app.stop().await;
}

/// Between the look at the file and the message that carries it its sender is erased.
async fn promise_9_the_name_of_a_file_is_not_said_behind_its_owners_erasure(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let url = text(&upload(&ana, &room, "rahasia.txt", b"halo").await["url"]);
    let (id, room_id) = (UploadId::of_address(&url).expect("an address"), room.parse().expect("a room's id"));
    let (user_id, state) = (UserId::parse("ana").expect("a user id"), app.state());
    let look = async || state.uploads.attachable(id, room_id, &user_id).await.expect("the folder answers");
    let Attachable { attachment, key } = look().await.expect("it is hers");
    let name = attachment.file.as_ref().and_then(|file| file.name.as_ref());
    assert_eq!(name.map(Sealed::reveal), Some("rahasia.txt"));
    let draft = |client_id: &str| Draft {
        room_id,
        kind: MessageKind::File,
        content: Sealed::new(""),
        attachment: Some(attachment.clone()),
        upload_key: Some(key),
        reply_to: None,
        mentions: Vec::new(),
        mentions_all: false,
        client_message_id: Some(client_id.to_owned()),
    };
    let caller = Caller { user_id: user_id.clone(), request: Uuid::nil(), key: None };
    let send = async |client_id: &str| {
        let id = draft(client_id).wish_id(&caller, || unreachable!("it has an id of the client's"));
        state.commands.send_message(&caller, id, draft(client_id)).await
    };
    let before = send("c-1").await.expect("sent");
    app.erases("ana").await;
    // She is here again, as somebody new with another key.
    let after = ana.sends(&room, "halo lagi").await["position"].clone();
    let head = app.head().await;
    let refused = send("c-2").await.expect_err("the file is gone");
    assert_eq!(refused.to_string(), "attachmentUrl: not an upload of yours in this room");
    assert_eq!(app.head().await, head, "nothing was written");
    assert_eq!(send("c-1").await.expect("it was sent before").position, before.position);
    let read = ben.get(&format!("/api/chat/messages?roomId={room}&after={}", text(&after))).await.ok();
    assert!(!read.to_string().contains("rahasia") && read.to_string().contains("halo lagi"), "{read}");
    app.stop().await;
}

async fn promise_9_files_go_with_their_owner_also_while_no_server_runs(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let room = group(&ben, &["ana", "cici"]).await;
    let (of_ana, _) = attached(&ana, &room, "rahasia.txt", b"kata ana").await;
    let (of_cici, _) = attached(&cici, &room, "lain.txt", b"kata cici").await;
    let (of_ben, _) = attached(&ben, &room, "ben.txt", b"kata ben").await;
    assert_eq!(files(app.uploads()).len(), 6);
    let named = |words: &str| {
        files(app.uploads()).iter().any(|file| {
            let text = std::fs::read(file).expect("readable");
            text.windows(words.len()).any(|window| window == words.as_bytes())
        })
    };
    assert!(named("kata ana") && !named("rahasia.txt"), "a name is sealed");

    app.erases("ana").await;
    let gone = async {
        while files(app.uploads()).len() > 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("her files are gone");
    assert!(!named("kata ana"));
    ben.get(&of_ana).await.is_problem(404, None);
    assert_eq!(fetched(&ben, &of_cici, &[]).await.1, b"kata cici");

    // With nobody there who could read it.
    let app = app
        .restarted_after(async |log| {
            erase(log, "cici").await;
        })
        .await;
    let [ben] = app.people(["ben"]).await;
    let gone = async {
        while files(app.uploads()).len() > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("files of whoever was erased meanwhile are gone");
    ben.get(&of_cici).await.is_problem(404, None);
    assert_eq!(fetched(&ben, &of_ben, &[]).await.1, b"kata ben");
    app.stop().await;
}
