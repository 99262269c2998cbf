//! A graceful stop: what was begun is finished and answered.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::app::TestApp;
use super::on_every_backend;

on_every_backend![a_request_that_was_begun_is_answered, after_the_stop_nobody_is_let_in];

/// The server says 100 Continue when the handler asks for the body: from then on the request is certainly begun.
async fn a_request_that_was_begun_is_answered(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let room = ana.room_with(&ben).await;
    let head = app.head().await;
    let body = json!({"roomId": room, "content": "tepat waktu"}).to_string();
    let mut socket = TcpStream::connect(app.address).await.expect("it listens");
    let request = format!(
        "POST /api/chat/send HTTP/1.1\r\nhost: kabar\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        ana.token(),
        body.len()
    );
    socket.write_all(request.as_bytes()).await.expect("taken");
    let mut answer = vec![0; 256];
    let length = socket.read(&mut answer).await.expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&answer[..length]));

    app.begin_to_stop();
    app.refuses_connections().await;
    socket.write_all(body.as_bytes()).await.expect("taken");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("tepat waktu"), "{answer}");
    assert!(answer.contains(&format!("kabar-position: {}-{}", app.log_id(), head.0 + 1)), "{answer}");
    app.stop().await;
}

async fn after_the_stop_nobody_is_let_in(app: TestApp) {
    let address = app.address;
    assert!(TcpStream::connect(address).await.is_ok());
    app.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}
