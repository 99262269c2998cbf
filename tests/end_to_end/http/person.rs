//! Somebody who asks over HTTP, and what they are told.

use std::net::SocketAddr;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use aggregates::user::UserRole;
use kabar::auth::{NewToken, mint};
use kabar::config::Config;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Person {
    pub id: String,
    token: String,
    base: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `null` when it was not JSON.
    pub body: Value,
}

impl Person {
    pub fn new(http: reqwest::Client, address: SocketAddr, config: &Config, id: &str, role: Option<UserRole>) -> Self {
        let user_id = UserId::parse(id).expect("a user id");
        let name = format!("{id} the tester");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let issued_at = Timestamp::from_millis(i64::try_from(now.as_millis()).expect("a few decades"));
        let (name, username) = (Some(&*name), Some(id));
        let wanted = NewToken { user_id: &user_id, name, username, role, issued_at, seconds: 3_600 };
        let token = mint(&config.auth.jwt, &wanted).expect("signed");
        Self { id: id.to_owned(), token, base: format!("http://{address}"), http }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request in their name, to be added to.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.unsigned(method, path).bearer_auth(&self.token)
    }

    /// The same from nobody.
    pub fn unsigned(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.ask(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.ask(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.ask(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.ask(Method::DELETE, path)).await
    }

    /// The room with somebody; answers with its id.
    pub async fn room_with(&self, other: &Self) -> String {
        text(&self.post("/api/chat/start", json!({"recipientId": other.id})).await.ok()["room"]["id"])
    }

    /// Answers with the message.
    pub async fn sends(&self, room: &str, content: &str) -> Value {
        self.post("/api/chat/send", json!({"roomId": room, "content": content})).await.ok()["message"].clone()
    }

    /// Unread messages over all rooms once the views have `after`.
    pub async fn unread(&self, after: &str) -> Value {
        self.get(&format!("/api/chat/unread-count?after={after}")).await.ok()["count"].clone()
    }
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await.expect("a whole body");
    Answer { status, headers, body: serde_json::from_str(&body).unwrap_or_default() }
}

impl Answer {
    /// The body of an answer that says yes.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status == StatusCode::OK && self.body["success"] == true, "{} {}", self.status, self.body);
        self.body
    }

    /// `Kabar-Position`.
    #[track_caller]
    pub fn position(&self) -> String {
        let position = self.headers.get("kabar-position").unwrap_or_else(|| panic!("no position: {self:?}"));
        position.to_str().expect("visible ASCII").to_owned()
    }

    /// A problem in the form that the front end reads, with this status and, where one is given, this field.
    #[track_caller]
    pub fn is_problem(&self, status: u16, field: Option<&str>) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!((&self.body["success"], &self.body["status"]), (&json!(false), &json!(status)), "{}", self.body);
        assert_eq!(self.body["error"], self.body["detail"], "{}", self.body);
        let named: Vec<&str> = self.body["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|error| error["field"].as_str())
            .collect();
        if let Some(field) = field {
            assert!(named.contains(&field), "{field} is not named: {}", self.body);
        }
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text")).to_owned()
}
