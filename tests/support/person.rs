//! Somebody with a session, over HTTP, as the platform's front end calls the server.
//!
//! Answers come back as they are: tests judge them. Never in here: a retry that a test did not ask for.

use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

use aggregates::user::UserRole;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::running::{token, token_as};

/// For a request of somebody whom nobody disturbs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody. Cheap to make: many of them may share one client and its connections.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    token: String,
    base: String,
    http: Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    /// `Kabar-Position`, where there was one.
    pub position: Option<String>,
    /// `null` when it was not JSON.
    pub body: Value,
}

impl Answer {
    /// The body of an answer that says yes.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success() && self.body["success"] == true, "{} {}", self.status, self.body);
        self.body
    }
}

/// Keeps connections open between requests; a request that takes longer than `patience` is an error.
pub fn client(patience: Duration) -> Client {
    static PROVIDER: Once = Once::new();
    // reqwest asks for a TLS provider also where it only speaks plain HTTP.
    PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    Client::builder().timeout(patience).build().expect("a client")
}

/// Ana and Ben, who both showed up, and the room they have with each other.
pub async fn two_in_a_room(address: SocketAddr) -> (Person, Person, String) {
    let http = client(PATIENCE);
    let [ana, ben] = ["ana", "ben"].map(|id| Person::new(&http, address, id));
    ana.shows_up().await;
    ben.shows_up().await;
    let room = ana.opens_direct_room_with(&ben).await;
    (ana, ben, room)
}

impl Person {
    pub fn new(http: &Client, address: SocketAddr, id: &str) -> Self {
        Self { id: id.to_owned(), token: token(id), base: format!("http://{address}"), http: http.clone() }
    }

    /// Somebody else at the same server.
    pub fn another(&self, id: &str) -> Self {
        Self { id: id.to_owned(), token: token(id), ..self.clone() }
    }

    /// The same somebody, with a session that says so.
    pub fn as_admin(&self) -> Self {
        Self { token: token_as(&self.id, Some(UserRole::Admin)), ..self.clone() }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request in their name, to be added to.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// The same by another key than theirs.
    pub fn ask_by(&self, key: &str, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(key)
    }

    /// `Err` when no answer came: nobody knows what became of the request.
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, reqwest::Error> {
        let mut request = self.ask(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let position =
            response.headers().get("kabar-position").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let text = response.text().await?;
        Ok(Answer { status, position, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> impl Future<Output = Answer> + use<> {
        self.answered(Method::GET, path, None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: Value) -> impl Future<Output = Answer> + use<> {
        self.answered(Method::POST, path, Some(body))
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> impl Future<Output = Answer> + use<> {
        self.answered(Method::DELETE, path, None)
    }

    #[track_caller]
    fn answered(&self, method: Method, path: &str, body: Option<Value>) -> impl Future<Output = Answer> + use<> {
        let caller = std::panic::Location::caller();
        let (person, path) = (self.clone(), path.to_owned());
        async move {
            let answer = person.request(method, &path, body.as_ref()).await;
            answer.unwrap_or_else(|error| panic!("{} asked {path} ({caller}) and got no answer: {error:?}", person.id))
        }
    }

    /// Registers: the first request of somebody fills their directory entry.
    pub async fn shows_up(&self) {
        self.get("/api/chat/unread-count").await.ok();
    }

    /// The room with somebody; answers with its id.
    pub async fn opens_direct_room_with(&self, other: &Self) -> String {
        text(&self.post("/api/chat/start", json!({ "recipientId": other.id })).await.ok()["room"]["id"])
    }

    pub async fn creates_group(&self, name: &str) -> String {
        text(&self.post("/api/chat/groups", json!({ "name": name })).await.ok()["room"]["id"])
    }

    pub async fn joins(&self, room: &str) {
        self.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok();
    }

    pub async fn leaves(&self, room: &str) {
        self.delete(&format!("/api/chat/groups/{room}/members/{}", self.id)).await.ok();
    }

    /// Answers with the message.
    pub async fn sends(&self, room: &str, content: &str) -> Value {
        self.post("/api/chat/send", json!({ "roomId": room, "content": content })).await.ok()["message"].clone()
    }

    /// Reads everything there is in a room; answers with the position of having done so.
    pub async fn reads(&self, room: &str) -> Option<String> {
        let answer = self.post("/api/chat/read", json!({ "roomId": room })).await;
        let position = answer.position.clone();
        answer.ok();
        position
    }

    /// How many entries the first page of the feed shows.
    pub async fn notifications(&self) -> usize {
        self.get("/api/notifications?limit=100").await.ok()["notifications"].as_array().expect("notifications").len()
    }

    /// Unread messages of one room, as the list of rooms shows them, not before `after`.
    pub async fn unread_in(&self, room: &str, after: Option<&str>) -> u64 {
        let after = after.map_or_else(String::new, |position| format!("&after={position}"));
        let rooms = self.get(&format!("/api/chat/rooms?limit=100{after}")).await.ok();
        let rooms = rooms["rooms"].as_array().expect("rooms").clone();
        let found = rooms.iter().find(|shown| shown["id"] == room);
        number(&found.unwrap_or_else(|| panic!("{} does not see the room {room}", self.id))["unreadCount"])
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text")).to_owned()
}

#[track_caller]
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}
