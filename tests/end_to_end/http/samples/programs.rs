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
