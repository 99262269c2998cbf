//! For every route a wish that is right, and the ways it can be wrong: what tests iterate.

mod chat;
mod choices;
mod notifications;
mod programs;
mod reports;

use aggregates::user::UserRole;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{BODY_BYTES_MAX, OTHER_SERVICE_KEY, TestApp};
use super::person::{Person, answer, text};
use programs::directory;

/// Ana, an ADMIN of the platform, and Ben share a room with a message of each in it, Ana owns a group; Eve is in neither.
pub struct World {
    pub ana: Person,
    pub eve: Person,
    ids: Ids,
}

/// Of what is in it. Samples are written down with them alone.
pub struct Ids {
    room: String,
    group: String,
    /// Ben's.
    message: String,
    /// Ana's.
    own: String,
    upload: String,
    /// Ben's, about a message of Ana's.
    report: String,
    /// Ana's.
    notification: String,
    /// Ana's, to be deleted.
    deleted: String,
}

/// What is sent along.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Json(Value),
    Form(String),
    Bytes(&'static [u8]),
}

/// One request: the path with its ids and query, and the body.
#[derive(Debug, Clone)]
pub struct Wish {
    pub url: String,
    pub body: Body,
}

/// Everything there is to try with one route.
pub struct Sample {
    pub method: Method,
    /// The route's pattern.
    pub path: &'static str,
    pub right: Wish,
    /// A wish, the status it must get, the field that must be named.
    pub wrong: Vec<(Wish, u16, &'static str)>,
    /// The right wish is not right for Eve, or for a program with other scopes, and this is what they get.
    pub foreign: Option<u16>,
    /// Whose wish it is, where it is no person's: a program's.
    pub key: Option<&'static str>,
    /// Bytes that its body may have.
    pub bytes_max: usize,
}

impl World {
    pub async fn new(app: &TestApp) -> Self {
        let [ben, eve] = app.people(["ben", "eve"]).await;
        let ana = app.person_as("ana", UserRole::Admin).await;
        let room = ana.room_with(&ben).await;
        let sent = ben.post("/api/chat/send", json!({"roomId": room, "content": "halo"})).await;
        let made = ana.post("/api/chat/groups", json!({"name": "Kelas", "joinPolicy": "invite"})).await;
        let group = text(&made.ok()["room"]["id"]);
        let message = text(&sent.ok()["message"]["id"]);
        let own = text(&ana.sends(&room, "halo juga").await["id"]);
        let file = ana.ask(Method::POST, &format!("/api/uploads?roomId={room}")).body("halo");
        let upload = text(&answer(file).await.ok()["id"]);
        let filed = ben.post("/api/reports", json!({"messageId": own, "reason": "kasar"})).await;
        let report = text(&filed.ok()["report"]["id"]);
        let notification = programs::notified(&ana).await;
        let deleted = programs::notified(&ana).await;
        Self { ana, eve, ids: Ids { room, group, message, own, upload, report, notification, deleted } }
    }

    pub fn samples(&self) -> Vec<Sample> {
        self.ids.samples()
    }

    /// A request by whoever may make it, Ana or a program; without its body.
    pub fn begins(&self, sample: &Sample, url: &str) -> RequestBuilder {
        match sample.key {
            None => self.ana.ask(sample.method.clone(), url),
            Some(key) => self.ana.unsigned(sample.method.clone(), url).bearer_auth(key),
        }
    }

    pub fn asks(&self, sample: &Sample, wish: &Wish) -> RequestBuilder {
        wish.onto(self.begins(sample, &wish.url))
    }

    /// The right wish by somebody whose it is not.
    pub fn foreigner_asks(&self, sample: &Sample) -> RequestBuilder {
        let (method, url) = (sample.method.clone(), &sample.right.url);
        sample.right.onto(match sample.key {
            None => self.eve.ask(method, url),
            Some(_) => self.eve.unsigned(method, url).bearer_auth(OTHER_SERVICE_KEY),
        })
    }
}

impl Ids {
    /// Of a world that is not there.
    pub fn on_paper() -> Self {
        let [room, group, message, own] = [1, 2, 3, 4].map(|number| Uuid::from_u128(number).to_string());
        let upload = format!("abcdefghijklmnopqrst-_{}", Uuid::from_u128(4).simple());
        let [report, notification, deleted] = [5, 6, 7].map(|number| Uuid::from_u128(number).to_string());
        Self { room, group, message, own, upload, report, notification, deleted }
    }

    pub fn samples(&self) -> Vec<Sample> {
        // The last of `rooms` is leaving.
        let of_chat = [self.keeping(), self.rooms(), self.messages(), self.message_changes(), self.message_reads()];
        let others = [self.places(), self.reading(), self.uploads(), self.relations(), self.notifications()];
        of_chat
            .into_iter()
            .chain(others)
            .chain([self.reports(), choices::choices(), directory(), programs::sends()])
            .flatten()
            .collect()
    }

    fn rooms(&self) -> Vec<Sample> {
        let Self { room, group, .. } = self;
        let members = format!("/api/chat/groups/{group}/members");
        let of = |id: &str| format!("{members}/{id}");
        let many: Vec<String> = (0..501).map(|number| format!("u{number}")).collect();
        vec![
            starting(),
            Sample::get("/api/chat/rooms", "").wrong_queries(&[
                ("limit=0", "limit"),
                ("limit=101", "limit"),
                ("limit=x", "limit"),
                ("limit=-1", "limit"),
                ("cursor=x", "cursor"),
                ("type=group", "type"),
                ("archived=yes", "archived"),
                ("after=x", "after"),
            ]),
            Sample::get("/api/chat/unread-count", "").wrong_queries(&[("after=x", "after")]),
            Sample::post("/api/chat/groups", json!({"name": "Kelas dua"})).wrong_bodies(&[
                (json!({"name": "Kelas\u{1B}[1m"}), "name"),
                (json!({}), "name"),
                (json!({"name": " "}), "name"),
                (json!({"name": "x".repeat(101)}), "name"),
                (json!({"name": "a\u{0}b"}), "name"),
                (json!({"name": "x", "memberIds": ["ben", "a b"]}), "memberIds[1]"),
                (json!({"name": "x", "memberIds": ["ben", "nobody"]}), "memberIds[1]"),
                (json!({"name": "x", "memberIds": many}), "memberIds"),
                (json!({"name": "x", "memberIds": many[..500]}), "memberIds"),
                (json!({"name": "x", "avatar": "http://a.example/b"}), "avatar"),
                (json!({"name": "x", "avatar": "https://a.example/\u{0}"}), "avatar"),
                (json!({"name": "x", "groupId": ""}), "groupId"),
                (json!({"name": "x", "groupId": "kelas desain"}), "groupId"),
                (json!({"name": "x", "groupId": "x".repeat(129)}), "groupId"),
                (json!({"name": "x", "groupId": 7}), "groupId"),
                (json!({"name": "x", "joinPolicy": "closed"}), "joinPolicy"),
                (json!({"name": "x", "historyFrom": "end"}), "historyFrom"),
            ]),
            Sample::new(Method::POST, "/api/chat/groups/{roomId}/join", &format!("/api/chat/groups/{group}/join"))
                .wrong_urls(404, &[&format!("/api/chat/groups/{}/join", Uuid::nil())])
                .wrong_url(422, "/api/chat/groups/x/join", "roomId")
                .foreign(404),
            Sample::post("/api/chat/groups/{roomId}/members", json!({"userIds": ["ana"]}))
                .at(&members)
                .wrong_bodies(&[
                    (json!({}), "userIds"),
                    (json!({"userIds": []}), "userIds"),
                    (json!({"userIds": ["nobody"]}), "userIds[0]"),
                    (json!({"userIds": many}), "userIds"),
                    (json!({"userIds": [1]}), "userIds[0]"),
                ])
                .foreign(404),
            Sample::new(Method::DELETE, "/api/chat/groups/{roomId}/members/{userId}", &of("ana"))
                .wrong_urls(404, &[&of("ben"), &format!("/api/chat/groups/{}/members/ana", Uuid::nil())])
                .wrong_url(422, &of("a%20b"), "userId")
                .wrong_url(422, &format!("/api/chat/groups/{room}/members/ben"), "roomId")
                .foreign(404),
        ]
    }

    fn messages(&self) -> Vec<Sample> {
        let Self { room, message, .. } = self;
        let send = |more: Value| -> Value {
            let mut body = json!({"roomId": room, "content": "x"});
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            body
        };
        vec![
            Sample::post("/api/chat/send", send(json!({})))
                .wrong_bodies(&[
                    (json!({"content": "x"}), "roomId"),
                    (send(json!({"roomId": "x"})), "roomId"),
                    (send(json!({"content": ""})), "content"),
                    (send(json!({"content": "\u{200B}\u{202E}\u{AD}"})), "content"),
                    (send(json!({"content": null})), "content"),
                    (send(json!({"content": "x".repeat(8_001)})), "content"),
                    (send(json!({"content": "a\u{0}"})), "content"),
                    (send(json!({"content": ["x"]})), "content"),
                    (send(json!({"type": "system"})), "type"),
                    (send(json!({"attachmentUrl": "http://a.example/b"})), "attachmentUrl"),
                    (send(json!({"attachmentUrl": "javascript:alert(1)"})), "attachmentUrl"),
                    (send(json!({"attachmentUrl": "https://a.example/\u{0}"})), "attachmentUrl"),
                    (send(json!({"attachmentType": "foo"})), "attachmentType"),
                    (send(json!({"attachmentType": format!("image/{}", "x".repeat(195))})), "attachmentType"),
                    (send(json!({"replyToId": "x"})), "replyToId"),
                    (send(json!({"replyToId": Uuid::nil()})), "replyToId"),
                    (send(json!({"mentions": ["a b"]})), "mentions[0]"),
                    (send(json!({"mentions": vec!["ben"; 51]})), "mentions"),
                    (send(json!({"clientMessageId": ""})), "clientMessageId"),
                    (send(json!({"clientMessageId": "a b"})), "clientMessageId"),
                    (send(json!({"socket_id": "x"})), "socket_id"),
                ])
                .foreign(404),
            Sample::get("/api/chat/messages", &format!("roomId={room}"))
                .wrong_queries(&[
                    ("", "roomId"),
                    ("roomId=x", "roomId"),
                    (&format!("roomId={room}&limit=0"), "limit"),
                    (&format!("roomId={room}&limit=101"), "limit"),
                    (&format!("roomId={room}&beforeId=x"), "beforeId"),
                    (&format!("roomId={room}&beforeId={}", Uuid::nil()), "beforeId"),
                    (&format!("roomId={room}&afterId={}", Uuid::nil()), "afterId"),
                    (&format!("roomId={room}&beforeId={message}&afterId={message}"), "afterId"),
                    (&format!("roomId={room}&aroundId={}", Uuid::nil()), "aroundId"),
                    (&format!("roomId={room}&aroundId={message}&afterId={message}"), "aroundId"),
                    (&format!("roomId={room}&from=start"), "from"),
                    (&format!("roomId={room}&cursor=x"), "cursor"),
                    (&format!("roomId={room}&cursor=18446744073709551615"), "cursor"),
                ])
                .foreign(404),
        ]
    }

    fn reading(&self) -> Vec<Sample> {
        let room = &self.room;
        vec![
            Sample::post("/api/chat/read", json!({"roomId": room}))
                .wrong_bodies(&[
                    (json!({}), "roomId"),
                    (json!({"roomId": room, "upTo": 0}), "upTo"),
                    (json!({"roomId": room, "upTo": "x"}), "upTo"),
                    (json!({"roomId": room, "upTo": Uuid::nil()}), "upTo"),
                    (json!({"roomId": room, "socket_id": "1"}), "socket_id"),
                ])
                .foreign(404),
            Sample::post("/api/chat/typing", json!({"roomId": room, "isTyping": true}))
                .wrong_bodies(&[
                    (json!({"roomId": room}), "isTyping"),
                    (json!({"isTyping": true}), "roomId"),
                    (json!({"roomId": room, "isTyping": "yes"}), "isTyping"),
                ])
                .foreign(404),
            Sample::get("/api/chat/typing", &format!("roomId={room}"))
                .wrong_queries(&[("", "roomId"), ("roomId=x", "roomId")])
                .foreign(404),
            Sample::form("/api/pusher/auth", &format!("socket_id=1.2&channel_name=private-room-{room}"))
                .wrong_forms(&[
                    ("", "socket_id"),
                    ("socket_id=1.2", "channel_name"),
                    ("socket_id=x&channel_name=private-user-ana", "socket_id"),
                    ("socket_id=x&channel_name=a%20b&resume_after=x", "resume_after"),
                    ("socket_id=1.2&channel_name=a%20b", "channel_name"),
                    ("socket_id=1.2&channel_name=private-room-x", "channel_name"),
                    ("socket_id=1.2&channel_name=private-user-ana&resume_after=x", "resume_after"),
                ])
                .foreign(403),
            Sample::form("/api/pusher/user-auth", "socket_id=1.2")
                .wrong_forms(&[("", "socket_id"), ("socket_id=x", "socket_id")]),
        ]
    }

    fn uploads(&self) -> Vec<Sample> {
        let Self { room, upload, .. } = self;
        let path = "/api/uploads/{id}";
        let url = format!("/api/uploads/{upload}");
        let one = |method: Method| {
            Sample::new(method, path, &url)
                .wrong_urls(404, &[&format!("/api/uploads/{}{}", &upload[..22], Uuid::nil().simple())])
                .wrong_url(422, "/api/uploads/x", "id")
                .foreign(404)
        };
        let taking = Sample::new(Method::POST, "/api/uploads", &format!("/api/uploads?roomId={room}"));
        let right = Wish { body: Body::Bytes(b"halo"), ..taking.right.clone() };
        vec![
            Sample { right, ..taking }
                .wrong_url(422, "/api/uploads", "roomId")
                .wrong_url(422, "/api/uploads?roomId=x", "roomId")
                .wrong_url(422, &format!("/api/uploads?roomId={room}&name=a.exe"), "name")
                .foreign(404),
            one(Method::GET),
            one(Method::DELETE),
        ]
    }

    fn relations(&self) -> Vec<Sample> {
        let lists = ["/api/users/{userId}/followers", "/api/users/{userId}/following"].map(|path| {
            let url = path.replace("{userId}", "ben");
            Sample::new(Method::GET, path, &url)
                .wrong_url(404, &path.replace("{userId}", "nobody"), "userId")
                .wrong_url(422, &path.replace("{userId}", "a%20b"), "userId")
                .wrong_url(422, &format!("{url}?limit=0"), "limit")
                .wrong_url(422, &format!("{url}?limit=101"), "limit")
                .wrong_url(422, &format!("{url}?cursor=x"), "cursor")
        });
        let one = |method: Method, path: &'static str| {
            let url = |id: &str| path.replace("{userId}", id);
            Sample::new(method, path, &url("ben")).wrong_url(404, &url("nobody"), "userId").wrong_url(
                422,
                &url("a%20b"),
                "userId",
            )
        };
        let mut samples = Vec::from(lists);
        samples.push(
            Sample::post("/api/presence", json!({"isOnline": true, "roomId": self.room}))
                .wrong_bodies(&[
                    (json!({}), "isOnline"),
                    (json!({"isOnline": "yes"}), "isOnline"),
                    (json!({"isOnline": true, "roomId": "x"}), "roomId"),
                    (json!({"isOnline": true, "invisible": 1}), "invisible"),
                ])
                .foreign(404),
        );
        samples.extend([
            one(Method::GET, "/api/users/{userId}"),
            Sample::get("/api/users/me", "").wrong_queries(&[("after=x", "after")]),
            Sample::get("/api/users/blocked", "").wrong_queries(&[
                ("limit=0", "limit"),
                ("cursor=x", "cursor"),
                ("after=x", "after"),
            ]),
            one(Method::POST, "/api/users/{userId}/follow")
                .wrong_url(422, "/api/users/ana/follow", "userId")
                .wrong_url(422, "/api/users/ben/follow?on=perhaps", "on"),
            one(Method::GET, "/api/users/{userId}/follow"),
            one(Method::DELETE, "/api/users/{userId}/follow"),
            one(Method::POST, "/api/users/{userId}/block").wrong_url(422, "/api/users/ana/block", "userId"),
            one(Method::DELETE, "/api/users/{userId}/block"),
        ]);
        samples
    }
}

impl Sample {
    fn new(method: Method, path: &'static str, url: &str) -> Self {
        let right = Wish { url: url.to_owned(), body: Body::None };
        Self { method, path, right, wrong: Vec::new(), foreign: None, key: None, bytes_max: BODY_BYTES_MAX }
    }

    fn get(path: &'static str, query: &str) -> Self {
        Self::new(Method::GET, path, &format!("{path}?{query}"))
    }

    fn post(path: &'static str, body: Value) -> Self {
        let sample = Self::new(Method::POST, path, path);
        Self { right: Wish { body: Body::Json(body), ..sample.right }, ..sample }
    }

    fn form(path: &'static str, form: &str) -> Self {
        let sample = Self::new(Method::POST, path, path);
        Self { right: Wish { body: Body::Form(form.to_owned()), ..sample.right }, ..sample }
    }

    /// The path with its ids.
    fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.right.url);
        self
    }

    fn foreign(self, status: u16) -> Self {
        Self { foreign: Some(status), ..self }
    }

    fn wrong_body(mut self, status: u16, body: Value, field: &'static str) -> Self {
        self.wrong.push((Wish { body: Body::Json(body), ..self.right.clone() }, status, field));
        self
    }

    fn wrong_bodies(self, wrong: &[(Value, &'static str)]) -> Self {
        wrong.iter().fold(self, |sample, (body, field)| sample.wrong_body(422, body.clone(), field))
    }

    fn wrong_forms(mut self, wrong: &[(&str, &'static str)]) -> Self {
        for (form, field) in wrong {
            self.wrong.push((Wish { body: Body::Form((*form).to_owned()), ..self.right.clone() }, 422, field));
        }
        self
    }

    fn wrong_queries(mut self, wrong: &[(&str, &'static str)]) -> Self {
        for (query, field) in wrong {
            let url = format!("{}?{query}", self.path);
            self.wrong.push((Wish { url, body: Body::None }, 422, field));
        }
        self
    }

    fn wrong_url(mut self, status: u16, url: &str, field: &'static str) -> Self {
        self.wrong.push((Wish { url: url.to_owned(), ..self.right.clone() }, status, field));
        self
    }

    /// Nothing is there; no field is to blame.
    fn wrong_urls(self, status: u16, urls: &[&str]) -> Self {
        urls.iter().fold(self, |sample, url| sample.wrong_url(status, url, ""))
    }
}

impl Wish {
    /// Onto a request that names method, path and person.
    pub fn onto(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.body {
            Body::None => request,
            Body::Bytes(bytes) => request.body(*bytes),
            Body::Json(body) => request.json(body),
            Body::Form(form) => request.header("content-type", "application/x-www-form-urlencoded").body(form.clone()),
        }
    }
}

fn starting() -> Sample {
    Sample::post("/api/chat/start", json!({"recipientId": "ben"}))
        .wrong_bodies(&[
            (json!({}), "recipientId"),
            (json!({"recipientId": null}), "recipientId"),
            (json!({"recipientId": "a b"}), "recipientId"),
            (json!({"recipientId": 5}), "recipientId"),
            (json!({"recipientId": "ana"}), "recipientId"),
            (json!({"recipientId": "ben", "type": "GROUP"}), "type"),
            (json!({"type": "MENTOR_STUDENT"}), "recipientId"),
            (json!({"recipientId": "ben", "type": "MENTOR_STUDENT"}), "recipientId"),
            (json!({"participantId": "ben", "type": "MENTOR_STUDENT"}), "participantId"),
            (json!({"participantId": "ana"}), "participantId"),
            (json!({"participantId": "a b"}), "participantId"),
            (json!({"recipientId": "ben", "participantId": "ben"}), "participantId"),
            (json!({"recipientId": "ben", "type": "SUPPORT"}), "recipientId"),
            (json!({"participantId": "ben", "type": "SUPPORT", "subject": "x"}), "participantId"),
            (json!({"type": "SUPPORT", "subject": " "}), "subject"),
            (json!({"type": "SUPPORT", "subject": "x".repeat(101)}), "subject"),
        ])
        .wrong_body(404, json!({"recipientId": "nobody"}), "recipientId")
        .wrong_body(404, json!({"participantId": "nobody"}), "participantId")
}
