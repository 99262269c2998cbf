//! The routes that keep rooms, and those of what becomes of messages.

use super::*;

impl Ids {
    pub(super) fn keeping(&self) -> Vec<Sample> {
        let Self { room, group, .. } = self;
        let of = |id: &str, rest: &str| format!("/api/chat/rooms/{id}{rest}");
        let nowhere = Uuid::nil().to_string();
        let get = |path: &'static str, rest: &str| {
            Sample::new(Method::GET, path, &of(group, rest))
                .wrong_urls(404, &[&of(&nowhere, rest)])
                .wrong_url(422, &of("x", rest), "roomId")
                .foreign(404)
        };
        let turn = |path: &'static str, rest: &str| {
            Sample::new(Method::POST, path, &of(group, rest))
                .wrong_urls(404, &[&of(&nowhere, rest)])
                .wrong_url(422, &of("x", rest), "roomId")
                .wrong_url(422, &of(room, rest), "roomId")
                .foreign(404)
        };
        let role = |url: &str| Sample {
            method: Method::PATCH,
            ..Sample::post("/api/chat/groups/{roomId}/members/{userId}", json!({"role": "OWNER"})).at(url)
        };
        vec![
            get("/api/chat/rooms/{roomId}", ""),
            Sample { method: Method::PATCH, ..Sample::post("/api/chat/rooms/{roomId}", json!({"name": "Baru"})) }
                .at(&of(group, ""))
                .wrong_bodies(&[
                    (json!({}), "body"),
                    (json!({"name": " "}), "name"),
                    (json!({"name": "x".repeat(101)}), "name"),
                    (json!({"name": "\u{200B}\u{2060}"}), "name"),
                    (json!({"name": "Kelas\u{202E}sileK"}), "name"),
                    (json!({"avatar": "http://a.example/b"}), "avatar"),
                    (json!({"joinPolicy": "closed"}), "joinPolicy"),
                    (json!({"slowModeSeconds": 21_601}), "slowModeSeconds"),
                    (json!({"slowModeSeconds": -1}), "slowModeSeconds"),
                ])
                .wrong_url(422, &of(room, ""), "roomId")
                .foreign(404),
            turn("/api/chat/rooms/{roomId}/close", "/close"),
            turn("/api/chat/rooms/{roomId}/reopen", "/reopen"),
            get("/api/chat/rooms/{roomId}/members", "/members").wrong_url(422, &of(group, "/members?limit=0"), "limit"),
            get("/api/chat/rooms/{roomId}/pins", "/pins"),
            role(&format!("/api/chat/groups/{group}/members/ana"))
                .wrong_bodies(&[
                    (json!({}), "role"),
                    (json!({"role": "KING"}), "role"),
                    (json!({"role": "MEMBER"}), "userId"),
                ])
                .wrong_urls(404, &[&format!("/api/chat/groups/{group}/members/nobody")])
                .wrong_url(422, &format!("/api/chat/groups/{room}/members/ben"), "roomId")
                .foreign(404),
            Sample::get("/api/chat/support", "")
                .wrong_queries(&[("limit=0", "limit"), ("cursor=x", "cursor")])
                .foreign(403),
        ]
    }

    pub(super) fn message_changes(&self) -> Vec<Sample> {
        let Self { room, message, own, .. } = self;
        let of = |id: &str, rest: &str| format!("/api/chat/messages/{id}/{rest}");
        let nowhere = Uuid::nil().to_string();
        let edit = json!({"messageId": own, "content": "lain"});
        let wrong_edit = |more: Value| {
            let mut body = edit.clone();
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        let bare = |method: Method, path: &'static str, rest: &str| {
            Sample::new(method, path, &of(message, rest))
                .wrong_urls(404, &[&of(&nowhere, rest)])
                .wrong_url(422, &of("x", rest), "messageId")
                .foreign(404)
        };
        let reactions = "/api/chat/messages/{messageId}/reactions";
        let thumb = "reactions?emoji=%F0%9F%91%8D";
        vec![
            Sample { method: Method::PATCH, ..Sample::post("/api/chat/messages", edit.clone()) }
                .wrong_bodies(&[
                    (json!({"content": "x"}), "messageId"),
                    (json!({"messageId": own}), "content"),
                    (wrong_edit(json!({"content": " "})), "content"),
                    (wrong_edit(json!({"content": "\u{FEFF}\u{200B}"})), "content"),
                    (wrong_edit(json!({"content": "x".repeat(8_001)})), "content"),
                    (wrong_edit(json!({"content": "\u{0}"})), "content"),
                    (wrong_edit(json!({"mentions": ["a b"]})), "mentions[0]"),
                ])
                .wrong_body(404, wrong_edit(json!({"messageId": nowhere})), "")
                .wrong_body(403, wrong_edit(json!({"messageId": message})), "")
                .foreign(404),
            Sample::post(reactions, json!({"emoji": "👍"}))
                .at(&of(message, "reactions"))
                .wrong_bodies(&[
                    (json!({}), "emoji"),
                    (json!({"emoji": "ok"}), "emoji"),
                    (json!({"emoji": "👍👍"}), "emoji"),
                    (json!({"emoji": "👍", "on": "yes"}), "on"),
                ])
                .foreign(404),
            bare(Method::DELETE, reactions, thumb).wrong_url(422, &of(message, "reactions?emoji=ok"), "emoji"),
            bare(Method::POST, "/api/chat/messages/{messageId}/pin", "pin"),
            bare(Method::DELETE, "/api/chat/messages/{messageId}/pin", "pin"),
            Sample::post("/api/chat/messages/{messageId}/forward", json!({"roomIds": [room]}))
                .at(&of(message, "forward"))
                .wrong_bodies(&[
                    (json!({}), "roomIds"),
                    (json!({"roomIds": []}), "roomIds"),
                    (json!({"roomIds": vec![room; 11]}), "roomIds"),
                    (json!({"roomIds": ["x"]}), "roomIds[0]"),
                ])
                .wrong_body(404, json!({"roomIds": [nowhere]}), "")
                .foreign(404),
            // Last: what is deleted is edited and pinned no more.
            Sample::new(Method::DELETE, "/api/chat/messages", &format!("/api/chat/messages?id={own}"))
                .wrong_url(422, "/api/chat/messages", "id")
                .wrong_urls(404, &[&format!("/api/chat/messages?id={nowhere}")])
                .wrong_url(403, &format!("/api/chat/messages?id={message}"), "")
                .foreign(404),
        ]
    }

    pub(super) fn message_reads(&self) -> Vec<Sample> {
        let message = &self.message;
        let nowhere = Uuid::nil();
        let get = |path: &'static str| {
            let rest = path.trim_start_matches("/api/chat/messages/{messageId}");
            Sample::new(Method::GET, path, &format!("/api/chat/messages/{message}{rest}"))
                .wrong_urls(404, &[&format!("/api/chat/messages/{nowhere}{rest}")])
                .wrong_url(422, &format!("/api/chat/messages/x{rest}"), "messageId")
                .foreign(404)
        };
        vec![
            get("/api/chat/messages/{messageId}"),
            get("/api/chat/messages/{messageId}/replies"),
            get("/api/chat/messages/{messageId}/edits"),
            get("/api/chat/messages/{messageId}/readers"),
            Sample::get("/api/chat/search", "q=halo").wrong_queries(&[
                ("", "q"),
                ("q=", "q"),
                (&format!("q={}", "x".repeat(201)), "q"),
                ("q=halo&roomId=x", "roomId"),
                ("q=halo&senderId=a%20b", "senderId"),
                ("q=halo&since=yesterday", "since"),
                ("q=halo&limit=0", "limit"),
                ("q=halo&cursor=x", "cursor"),
            ]),
        ]
    }

    pub(super) fn places(&self) -> Vec<Sample> {
        let Self { room, .. } = self;
        let place = Sample::post("/api/chat/rooms/{roomId}/place", json!({"muted": true, "pinned": true}));
        let write = json!({"receiverId": "ben", "content": "x"});
        let write_more = |more: Value| {
            let mut body = write.clone();
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        vec![
            Sample { method: Method::PATCH, ..place }
                .at(&format!("/api/chat/rooms/{room}/place"))
                .wrong_bodies(&[
                    (json!({}), "body"),
                    (json!({"muted": "yes"}), "muted"),
                    (json!({"mutedUntil": "2099-01-01T00:00:00.000Z"}), "mutedUntil"),
                    (json!({"muted": true, "mutedUntil": "2001-01-01T00:00:00.000Z"}), "mutedUntil"),
                ])
                .foreign(404),
            Sample::post("/api/chat/unread", json!({"roomId": room}))
                .wrong_bodies(&[
                    (json!({}), "roomId"),
                    (json!({"roomId": room, "messageId": "x"}), "messageId"),
                    (json!({"roomId": room, "messageId": Uuid::nil()}), "messageId"),
                ])
                .foreign(404),
            Sample::post("/api/chat/delivered", json!({"roomId": room}))
                .wrong_bodies(&[(json!({}), "roomId"), (json!({"roomId": room, "upTo": 0}), "upTo")])
                .foreign(404),
            Sample::get("/api/messages", "").wrong_queries(&[("limit=0", "limit"), ("cursor=x", "cursor")]),
            Sample::post("/api/messages", write.clone())
                .wrong_bodies(&[
                    (json!({"content": "x"}), "receiverId"),
                    (json!({"receiverId": "ben"}), "content"),
                    (json!({"receiverId": "ana", "content": "x"}), "receiverId"),
                    (json!({"receiverId": "ben", "content": "x", "attachmentType": "foo"}), "attachmentType"),
                    (write_more(json!({"attachmentUrl": "http://a.example"})), "attachmentUrl"),
                    (write_more(json!({"attachmentUrl": "/api/uploads/x"})), "attachmentUrl"),
                    (write_more(json!({"replyToId": "x"})), "replyToId"),
                    (write_more(json!({"replyToId": Uuid::nil()})), "replyToId"),
                    (write_more(json!({"mentions": ["a b"]})), "mentions[0]"),
                    (write_more(json!({"socket_id": "x"})), "socket_id"),
                ])
                .wrong_body(404, json!({"receiverId": "nobody", "content": "x"}), "receiverId"),
        ]
    }
}
