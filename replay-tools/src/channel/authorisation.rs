//! The server's leave to subscribe: `POST /api/pusher/auth`, as the platform's front end asks for it.

use anyhow::{Context, anyhow};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::arguments::Server;

/// What goes into the subscribe frame. Public channels need nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Leave {
    pub auth: String,
    /// Passed on to the byte: the signature covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_data: Option<String>,
}

pub enum Answer {
    Granted(Leave),
    /// Asking again would not help.
    Refused(String),
}

/// Asks for leave. An error: the server could not answer, now.
pub async fn ask(http: &reqwest::Client, server: &Server, socket_id: &str) -> anyhow::Result<Answer> {
    if !server.channel.starts_with("private-") && !server.channel.starts_with("presence-") {
        return Ok(Answer::Granted(Leave::default()));
    }
    let form = [("socket_id", socket_id), ("channel_name", &server.channel)];
    let request = http.post(endpoint(&server.url)?).bearer_auth(&server.token).form(&form);
    let response = request.send().await.context("the server does not answer /api/pusher/auth")?;
    let status = response.status();
    if status.is_success() {
        let leave = response.json().await.context("/api/pusher/auth answered something else than a signature")?;
        return Ok(Answer::Granted(leave));
    }
    let reason = reason(status, &response.text().await.unwrap_or_default());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(anyhow!("/api/pusher/auth: {reason}"));
    }
    Ok(Answer::Refused(reason))
}

/// The server's own words (RFC 9457 `detail`) beside the status.
fn reason(status: StatusCode, body: &str) -> String {
    let said: Option<Value> = serde_json::from_str(body).ok();
    match said.as_ref().and_then(|said| said.get("detail")?.as_str()) {
        Some(detail) => format!("{detail} ({status})"),
        None => status.to_string(),
    }
}

fn endpoint(socket: &Url) -> anyhow::Result<Url> {
    let scheme = if socket.scheme() == "wss" { "https" } else { "http" };
    // `Url::set_scheme` refuses ws -> http ("special" schemes with different rules), so the text is changed.
    let rest = socket.as_str().split_once(':').map_or("", |(_, rest)| rest);
    let base = Url::parse(&format!("{scheme}:{rest}")).context("--url cannot be made into an http URL")?;
    let path = format!("{}/api/pusher/auth", base.path().trim_end_matches('/'));
    let mut endpoint = base;
    endpoint.set_path(&path);
    endpoint.set_query(None);
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_is_asked_for_where_the_socket_is() {
        for (socket, http) in [
            ("ws://127.0.0.1:8080", "http://127.0.0.1:8080/api/pusher/auth"),
            ("wss://chat.example/kabar/", "https://chat.example/kabar/api/pusher/auth"),
        ] {
            assert_eq!(endpoint(&Url::parse(socket).expect("a URL")).expect("a URL").as_str(), http);
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let told = reason(StatusCode::FORBIDDEN, r#"{"detail":"not a member of this room"}"#);
        assert_eq!(told, "not a member of this room (403 Forbidden)");
        assert_eq!(reason(StatusCode::FORBIDDEN, "<html>"), "403 Forbidden");
    }
}
