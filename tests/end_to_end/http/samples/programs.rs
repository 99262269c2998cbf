//! The routes of the platform's own programs, which have a key and are nobody.

use super::*;
use crate::http::app::SERVICE_KEY;

/// Bytes of a request about many people.
const BULK_BYTES_MAX: usize = 2 * 1024 * 1024;

pub(super) fn directory() -> Vec<Sample> {
    let entry = json!({"name": "Rara Putri", "username": "rara", "avatar": null, "email": "rara@example.id",
        "phone": "+62811", "role": "MENTOR", "locale": "id", "timeZone": "Asia/Jakarta", "pushSubscriptions": ["d-1"],
        "webPushSubscriptions": [{"endpoint": "https://push.example/1", "keys": {"p256dh": "BK", "auth": "a"}}]});
    let many: Vec<Value> = (0..501).map(|number| json!({"id": format!("u{number}")})).collect();
    let program = |sample: Sample| Sample { key: Some(SERVICE_KEY), ..sample }.foreign(403);
    let put = Sample { method: Method::PUT, ..Sample::post("/api/users/{userId}", entry) }.at("/api/users/rara");
    let bulk = Sample::post("/api/users/bulk", json!({"users": [{"id": "siti", "name": "Siti"}, {"id": "tono"}]}));
    vec![
        program(put)
            .wrong_bodies(&[
                (json!({"name": "x".repeat(201)}), "name"),
                (json!({"name": 5}), "name"),
                (json!({"name": "\u{200B}"}), "name"),
                (json!({"name": "Rara\nPutri"}), "name"),
                (json!({"username": "rara\u{202E}"}), "username"),
                (json!({"role": "KING"}), "role"),
                (json!({"locale": "fr"}), "locale"),
                (json!({"timeZone": "over there"}), "timeZone"),
                (json!({"timeZone": "Mars/Olympus"}), "timeZone"),
                (json!({"pushSubscriptions": ["a b"]}), "pushSubscriptions"),
                (
                    json!({"webPushSubscriptions": [{"endpoint": "http://x", "keys": {"p256dh": "a", "auth": "a"}}]}),
                    "webPushSubscriptions",
                ),
            ])
            .wrong_url(422, "/api/users/a%20b", "userId")
            .wrong_url(422, "/api/users/me", "userId")
            .wrong_url(422, "/api/users/%6De", "userId")
            .wrong_url(422, "/api/users/blocked", "userId")
            .wrong_url(422, "/api/users/bulk", "userId"),
        program(Sample { bytes_max: BULK_BYTES_MAX, ..bulk }).wrong_bodies(&[
            (json!({}), "users"),
            (json!({"users": []}), "users"),
            (json!({"users": many}), "users"),
            (json!({"users": [{"id": "a"}, {"name": "B"}]}), "users[1].id"),
            (json!({"users": [{"id": "a b"}]}), "users[0].id"),
            (json!({"users": [{"id": "a"}, {"id": "me"}]}), "users[1].id"),
            (json!({"users": [{"id": "blocked"}]}), "users[0].id"),
            (json!({"users": [{"id": "bulk"}]}), "users[0].id"),
            (json!({"users": [{"id": "a", "timeZone": "no zone"}]}), "users[0].timeZone"),
        ]),
    ]
}

pub(super) fn sends() -> Vec<Sample> {
    const BULK: usize = 512 * 1024;
    let program = |sample: Sample| Sample { key: Some(SERVICE_KEY), ..sample }.foreign(403);
    let notice = json!({"userId": "ana", "type": "SYSTEM", "title": "Pengumuman", "message": "Halo", "link": "/news/1",
        "sourceType": "news", "sourceId": "1", "channels": ["IN_APP", "push"], "critical": true, "metadata": {"a": 1}});
    let with = |field: &'static str, value: Value| {
        let mut wrong = notice.clone();
        wrong[field] = value;
        (wrong, field)
    };
    let mut wrong = vec![
        with("type", json!("NOPE")),
        with("title", json!("")),
        with("title", json!("x".repeat(201))),
        with("message", json!(" ")),
        with("message", json!("x".repeat(2_001))),
        with("link", json!("//elsewhere")),
        with("link", json!("javascript:alert(1)")),
        with("redirectUrl", json!("ftp://a.id")),
        with("image", json!("http://a.id/b.png")),
        with("icon", json!("b.png")),
        with("postId", json!("a b")),
        with("sourceType", json!("a b")),
        with("actorId", json!("a b")),
        with("metadata", json!({"a": "x".repeat(4_096)})),
        with("critical", json!("yes")),
    ];
    wrong.push((with("channels", json!([])).0, "channels"));
    wrong.push((with("channels", json!(["SMS"])).0, "channels[0]"));
    wrong.push((with("type", json!("POST")).0, "critical"));
    wrong.push((with("sourceType", Value::Null).0, "sourceType"));
    wrong.push((with("sourceId", Value::Null).0, "sourceId"));
    wrong.push((with("userId", Value::Null).0, "userId"));
    wrong.push((with("userIds", json!(["ana"])).0, "userIds"));
    let many: Vec<String> = (0..501).map(|number| format!("u{number}")).collect();
    let to = |ids: Value| {
        let mut bulk = notice.clone();
        bulk["userId"] = Value::Null;
        bulk["userIds"] = ids;
        bulk
    };
    let pushed = json!({"userId": "ana", "title": "Halo", "message": "Apa kabar?", "link": "/"});
    vec![
        program(Sample::post("/api/notifications/send", notice.clone())).wrong_bodies(&wrong),
        program(Sample { bytes_max: BULK, ..Sample::post("/api/notifications/send-bulk", to(json!(["ana", "ben"]))) })
            .wrong_bodies(&[
                (notice.clone(), "userId"),
                (to(Value::Null), "userIds"),
                (to(json!([])), "userIds"),
                (to(json!(many)), "userIds"),
                (to(json!(["a b"])), "userIds[0]"),
            ]),
        program(Sample::post("/api/notifications/push-only", pushed)).wrong_bodies(&[
            (json!({"title": "a", "message": "b"}), "userId"),
            (json!({"userId": "ana", "message": "b"}), "title"),
            (json!({"userId": "ana", "title": "a"}), "message"),
            (json!({"userId": "ana", "title": "a", "message": "b", "link": "x"}), "link"),
        ]),
    ]
}

/// Somebody hears of something from the platform; its id.
pub(super) async fn notified(person: &Person) -> String {
    let notice = json!({"userId": person.id, "type": "SYSTEM", "title": "Halo", "message": "Apa kabar?"});
    let request = person.unsigned(Method::POST, "/api/notifications/send").bearer_auth(SERVICE_KEY).json(&notice);
    text(&answer(request).await.ok()["notificationId"])
}
