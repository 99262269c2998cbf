//! `replay tail --url` against a server that follows a script: what it prints, when it comes back, when it gives up.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the server does on one connection, after the handshake and the subscription.
#[derive(Clone)]
enum Act {
    Say(Value),
    /// Sends `pusher:ping` and reads on until the pong.
    Ping,
    Close(u16, &'static str),
}

#[derive(Clone)]
struct Script {
    /// One list for each connection, in order.
    connections: Arc<Vec<Vec<Act>>>,
    served: Arc<AtomicUsize>,
}

async fn serve(connections: Vec<Vec<Act>>) -> (SocketAddr, Arc<AtomicUsize>) {
    let script = Script { connections: Arc::new(connections), served: Arc::default() };
    let served = script.served.clone();
    let app =
        Router::new().route("/app/{key}", any(connect)).route("/api/pusher/auth", post(authorise)).with_state(script);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, served)
}

async fn connect(upgrade: WebSocketUpgrade, State(script): State<Script>) -> Response {
    upgrade.on_upgrade(move |socket| play(socket, script))
}

async fn play(mut socket: WebSocket, script: Script) {
    let turn = script.served.fetch_add(1, Ordering::SeqCst);
    let hello = json!({ "socket_id": format!("{turn}.1"), "activity_timeout": 120 }).to_string();
    say(&mut socket, json!({ "event": "pusher:connection_established", "data": hello })).await;
    let wish = hear(&mut socket).await;
    assert_eq!(wish["event"], "pusher:subscribe");
    assert_eq!(wish["data"]["auth"], format!("key:{turn}.1"), "signed for this very connection");
    assert_eq!(wish["data"]["channel_data"], "{\"user_id\":\"ana\"}", "passed on to the byte");
    let channel = &wish["data"]["channel"];
    say(&mut socket, json!({ "event": "pusher_internal:subscription_succeeded", "channel": channel, "data": "{}" }))
        .await;
    for act in &script.connections[turn] {
        match act {
            Act::Say(frame) => say(&mut socket, frame.clone()).await,
            Act::Ping => {
                say(&mut socket, json!({ "event": "pusher:ping", "data": "{}" })).await;
                assert_eq!(hear(&mut socket).await["event"], "pusher:pong");
            }
            Act::Close(code, reason) => {
                let frame = CloseFrame { code: *code, reason: (*reason).into() };
                socket.send(Message::Close(Some(frame))).await.expect("the client is there");
            }
        }
    }
}

async fn say(socket: &mut WebSocket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.expect("the client is there");
}

async fn hear(socket: &mut WebSocket) -> Value {
    loop {
        if let Message::Text(text) = socket.recv().await.expect("open").expect("a frame") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

async fn authorise(headers: HeaderMap, body: String) -> Response {
    assert_eq!(headers["authorization"], "Bearer anas-token");
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(form[0].0, "socket_id");
    if form[1].1 != "private-user-ana" {
        let problem = json!({ "status": 403, "detail": "this channel is not yours" });
        return (StatusCode::FORBIDDEN, axum::Json(problem)).into_response();
    }
    axum::Json(json!({ "auth": format!("key:{}", form[0].1), "channel_data": "{\"user_id\":\"ana\"}" })).into_response()
}

async fn follow(address: SocketAddr, channel: &str, more: &[&str]) -> Output {
    let run = tokio::process::Command::new(env!("CARGO_BIN_EXE_replay"))
        .args(["tail", "--url", &format!("ws://{address}"), "--key", "key", "--channel", channel])
        .args(more)
        .env("KABAR_TOKEN", "anas-token")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    tokio::time::timeout(PATIENCE, run).await.expect("replay did not end in time").expect("replay can be started")
}

fn frame(n: u64) -> Value {
    json!({ "event": "new-message", "channel": "private-user-ana", "data": json!({ "n": n }).to_string() })
}

#[tokio::test]
async fn frames_are_printed_pings_answered_and_a_deploy_survived() {
    let (address, served) = serve(vec![
        vec![Act::Say(frame(1)), Act::Ping, Act::Say(frame(2)), Act::Close(4200, "deploy")],
        vec![Act::Say(frame(3)), Act::Close(4009, "signed out")],
    ])
    .await;
    let ended = follow(address, "private-user-ana", &["--json"]).await;
    let stdout = String::from_utf8(ended.stdout).expect("text");
    let shown: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let numbers: Vec<&Value> = shown.iter().map(|line| &line["data"]["n"]).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(shown.iter().all(|line| line["event"] == "new-message" && line["channel"] == "private-user-ana"));
    assert_eq!(served.load(Ordering::SeqCst), 2, "4009 means: do not come back");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("4009 signed out"));
}

#[tokio::test]
async fn a_channel_of_somebody_else_is_exit_1_with_the_servers_reason() {
    let (address, _) = serve(vec![vec![]]).await;
    let ended = follow(address, "private-user-ben", &[]).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(stderr.contains("private-user-ben: this channel is not yours"), "{stderr}");
}

#[tokio::test]
async fn a_subscription_that_ends_is_exit_1() {
    let gone = json!({
        "event": "pusher:subscription_error",
        "channel": "private-user-ana",
        "data": { "type": "AuthError", "error": "no longer a member", "status": 401 }
    });
    let (address, _) = serve(vec![vec![Act::Say(gone)]]).await;
    let ended = follow(address, "private-user-ana", &[]).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("no longer a member"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_exit_3() {
    // A port that was just free: nobody listens there.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let ended = follow(free, "private-user-ana", &[]).await;
    assert_eq!(ended.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("cannot be reached"));
}
