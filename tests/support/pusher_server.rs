//! The application's own server: the unmodified server SDK of npm in a process of its own.
//!
//! Separate from requests that tests sign themselves because only the library itself can show that it needs no change.
//! Nothing of the protocol is known here; `tests/pusher-js/server.mjs` passes on what the library says.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::pusher_js::{PusherJs, Seen};
use super::running::{APP_KEY, APP_SECRET};

/// What one call was answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub status: u64,
    pub body: Value,
}

pub struct AppServer {
    node: PusherJs,
    port: u64,
    calls: u64,
}

impl AppServer {
    /// Listens, and knows no Kabar yet.
    pub async fn listen() -> Self {
        let mut node = PusherJs::spawn("the application's server", "server.mjs");
        node.send(&json!({ "do": "listen" })).await;
        let port = node.expect_connection("listening").await["port"].as_u64().expect("a port");
        Self { node, port, calls: 0 }
    }

    /// From now on it talks to the Kabar at `address`.
    pub async fn serves(&mut self, address: SocketAddr, master_key: &str) {
        let wish = json!({
            "do": "start",
            "host": address.ip().to_string(),
            "port": address.port().to_string(),
            "appId": "1",
            "key": APP_KEY,
            "secret": APP_SECRET,
            "encryptionMasterKeyBase64": master_key,
        });
        self.node.send(&wish).await;
        self.node.expect_connection("started").await;
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A pusher-js that has its channels authorised here, as `user`.
    pub async fn browser(&self, user: &str, kabar: SocketAddr, watchlist: &[&str]) -> PusherJs {
        let endpoints = json!({
            "authEndpoint": self.url("/auth"),
            "userAuthEndpoint": self.url("/user-auth"),
            "headers": { "X-User": user },
            "params": { "watchlist": json!(watchlist).to_string() },
        });
        PusherJs::connect_with(user, kabar, APP_KEY, endpoints).await
    }

    /// Calls a method of the SDK.
    pub async fn call(&mut self, method: &str, arguments: Value) -> Answered {
        self.calls += 1;
        let id = self.calls;
        self.node.send(&json!({ "do": "call", "id": id, "method": method, "arguments": arguments })).await;
        let mine = |seen: &Seen| seen.event == "answered" && seen.data["id"] == id;
        let answer = self.node.expect(mine, method).await.data;
        Answered { status: answer["status"].as_u64().unwrap_or_default(), body: answer["body"].clone() }
    }

    pub async fn triggers(&mut self, channels: Value, event: &str, data: Value) {
        let answer = self.call("trigger", json!([channels, event, data])).await;
        assert_eq!(answer, Answered { status: 200, body: json!({}) }, "{event} on {channels}");
    }

    /// The next webhooks are answered with 500.
    pub async fn refuses(&mut self, requests: u64) {
        self.node.send(&json!({ "do": "refuse", "requests": requests })).await;
        self.node.expect_connection("refusing").await;
    }

    /// The first webhook, not asked for before, that holds an event that `is_it`; the SDK has found its signature right.
    pub async fn webhook_with(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let holds = |seen: &Seen| {
            seen.event == "webhook" && seen.data["events"].as_array().is_some_and(|events| events.iter().any(&is_it))
        };
        let webhook = self.node.expect(holds, what).await.data;
        assert_eq!(webhook["valid"], true, "{webhook}");
        webhook
    }
}
