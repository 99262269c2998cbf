//! A real, unmodified pusher-js in a process of its own, as a person in a test.
//!
//! Separate from the Rust socket clients because it proves something they cannot: that the platform's front end needs
//! no change. Nothing of the protocol is known here; `tests/pusher-js/client.mjs` passes on what the library says.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;

use super::running::announce;
use super::told_frames;

/// How long an expected event may take; far beyond what a healthy server needs, on a busy machine as well.
const PATIENCE: Duration = Duration::from_secs(20);

/// What pusher-js reported: an event of a channel, or (`channel` is `None`) of the connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub event: String,
    pub channel: Option<String>,
    pub data: Value,
    /// Whom the library says that it came from.
    pub user_id: Option<String>,
}

/// One client. Killed when dropped.
pub struct PusherJs {
    /// Who it is in failure messages.
    name: String,
    /// Held so that the process ends with the test.
    _child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    /// Reported, and not asked for yet.
    waiting: Vec<Seen>,
}

impl PusherJs {
    /// Whether clients from npm are not wanted in this run; says so by the name of what is not run.
    pub fn left_out(what: &str) -> bool {
        let fast = std::env::var("KABAR_TEST_FAST").is_ok_and(|value| value == "1");
        if fast {
            announce(&format!("NOT RUN: {what}: KABAR_TEST_FAST=1"));
        }
        fast
    }

    /// Starts a client and connects it to the server at `http://{host}:{port}` as the bearer of `token`.
    pub async fn connect(name: &str, address: std::net::SocketAddr, key: &str, token: &str) -> Self {
        Self::connect_with(name, address, key, endpoints(address, token)).await
    }

    /// The same with the snippet of docs/realtime.md, by which it is given what it missed.
    pub async fn connect_resuming(name: &str, address: std::net::SocketAddr, key: &str, token: &str) -> Self {
        let mut options = endpoints(address, token);
        options["resuming"] = json!(true);
        Self::connect_with(name, address, key, options).await
    }

    /// The same, with endpoints, headers and parameters of another server.
    pub async fn connect_with(name: &str, address: std::net::SocketAddr, key: &str, mut options: Value) -> Self {
        let mut client = Self::spawn(name, "client.mjs");
        options["do"] = json!("connect");
        options["wsHost"] = json!(address.ip().to_string());
        options["wsPort"] = json!(address.port());
        options["key"] = json!(key);
        client.send(&options).await;
        client.expect_connection("connection:connected").await;
        client
    }

    pub(super) fn spawn(name: &str, script: &str) -> Self {
        let folder = folder();
        assert!(
            folder.join("node_modules/pusher").is_dir(),
            "pusher-js and pusher are not installed: run ./test (it installs it), or `npm ci` in {}",
            folder.display()
        );
        let mut child = Command::new("node")
            .arg(script)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("node (18 or later) cannot be started, run ./test to install it: {error}"));
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        Self { name: name.to_owned(), _child: child, stdin, stdout, waiting: Vec::new() }
    }

    /// Subscribes and waits until the server has said yes.
    pub async fn subscribe(&mut self, channel: &str) {
        self.ask_to_subscribe(channel).await;
        self.expect_on(channel, "pusher:subscription_succeeded").await;
    }

    /// Subscribes and waits until the server (or its auth endpoint) has said no; answers with what it said.
    pub async fn is_refused(&mut self, channel: &str) -> Value {
        self.ask_to_subscribe(channel).await;
        self.expect_on(channel, "pusher:subscription_error").await
    }

    pub async fn ask_to_subscribe(&mut self, channel: &str) {
        self.send(&json!({ "do": "subscribe", "channel": channel })).await;
    }

    pub async fn unsubscribe(&mut self, channel: &str) {
        self.send(&json!({ "do": "unsubscribe", "channel": channel })).await;
        self.expect_on(channel, "unsubscribed").await;
    }

    pub async fn disconnect(&mut self) {
        self.send(&json!({ "do": "disconnect" })).await;
        self.expect(
            |seen| seen.event == "connection:state_change" && seen.data["current"] == "disconnected",
            "to be disconnected",
        )
        .await;
    }

    /// The data of the first `event` of `channel` that was not asked for before.
    pub async fn expect_on(&mut self, channel: &str, event: &str) -> Value {
        self.expect_where(channel, event, |_| true).await
    }

    /// As [`Self::expect_on`], of those whose data `is_it`.
    pub async fn expect_where(&mut self, channel: &str, event: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let wanted = |seen: &Seen| seen.event == event && seen.channel.as_deref() == Some(channel) && is_it(&seen.data);
        self.expect(wanted, &format!("{event} on {channel}")).await.data
    }

    pub async fn expect_connection(&mut self, event: &str) -> Value {
        self.expect(|seen| seen.channel.is_none() && seen.event == event, event).await.data
    }

    /// The first event that `is_it`, in the order they came; those before it stay to be asked for.
    pub async fn expect(&mut self, is_it: impl Fn(&Seen) -> bool, what: &str) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        let mut looked_at = 0;
        loop {
            if let Some(index) = self.waiting[looked_at..].iter().position(&is_it) {
                return self.waiting.remove(looked_at + index);
            }
            looked_at = self.waiting.len();
            match tokio::time::timeout_at(deadline, self.stdout.next_line()).await {
                Ok(Ok(Some(line))) => self.waiting.push(parse(&line)),
                Ok(Ok(None)) => panic!("{}: pusher-js ended while waiting for {what}", self.name),
                Ok(Err(error)) => panic!("{}: pusher-js cannot be read: {error}", self.name),
                Err(_) => {
                    panic!("{} waited {PATIENCE:?} for {what}; what came instead: {:#?}", self.name, self.waiting)
                }
            }
        }
    }

    /// What was reported and not asked for. Only what came *before* the last expected event is certain to be in here:
    /// to show that something did not come, expect something later of the same connection first.
    pub fn left_over(&self, channel: &str) -> Vec<&Seen> {
        self.waiting.iter().filter(|seen| seen.channel.as_deref() == Some(channel)).collect()
    }

    /// Asks for something else that the script can do.
    pub async fn send(&mut self, wish: &Value) {
        let line = format!("{wish}\n");
        self.stdin
            .write_all(line.as_bytes())
            .await
            .unwrap_or_else(|error| panic!("{}: pusher-js does not take {wish}: {error}", self.name));
    }
}

fn parse(line: &str) -> Seen {
    let said: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("pusher-js driver said {line:?}"));
    if let (Some(event), Some(channel)) = (said["event"].as_str(), said["channel"].as_str()) {
        told_frames::check(channel, event, &said["data"]);
    }
    Seen {
        event: said["event"].as_str().unwrap_or_default().to_owned(),
        channel: said["channel"].as_str().map(str::to_owned),
        data: said["data"].clone(),
        user_id: said["userId"].as_str().map(str::to_owned),
    }
}

/// Kabar's own, for the bearer of `token`.
fn endpoints(address: std::net::SocketAddr, token: &str) -> Value {
    json!({
        "authEndpoint": format!("http://{address}/api/pusher/auth"),
        "userAuthEndpoint": format!("http://{address}/api/pusher/user-auth"),
        "headers": { "Authorization": format!("Bearer {token}") },
    })
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pusher-js")
}
