//! Speaks HTTP/1.1 on the connections that come in, until told to stop.
//!
//! axum's own `serve` has no time-out for a request's head: whoever sends one byte a minute would hold a place for ever.
//! Never in here: a route, a limit of what requests may do.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Bytes of a request's head; a longer one is 431. Session cookies are some kilobytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one connection that are kept unread; more stay in the kernel, and then with the client.
const BUFFER_BYTES_MAX: usize = 2 * HEAD_BYTES_MAX;

/// Until `shutdown`; then no new connections, and returns when the requests that were begun are answered.
///
/// `head_time` is how long a head may take, and how long a connection may wait for the next.
pub async fn serve<L: Listener>(mut listener: L, router: Router, head_time: Duration, shutdown: CancellationToken) {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_time);
    builder.max_header_size(HEAD_BYTES_MAX).max_buf_size(BUFFER_BYTES_MAX);
    let connections = TaskTracker::new();
    loop {
        let io = tokio::select! {
            (io, _) = listener.accept() => io,
            () = shutdown.cancelled() => break,
        };
        connections.spawn(answer(builder.clone(), io, router.clone(), shutdown.clone()));
    }
    // Whoever comes now is refused and not left waiting.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn answer<Io>(builder: Builder, io: Io, router: Router, shutdown: CancellationToken)
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(|request: hyper::Request<Incoming>| -> Request { request.map(Body::new) });
    let service = service.map_err(|never: Infallible| match never {});
    let connection = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service)).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients that go away, or send what is not HTTP.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    async fn said_back(request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().route("/", get(|| async { "here" }));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, Duration::from_millis(50), stop.clone()));
        let mut client = TcpStream::connect(address).await.expect("it listens");
        client.write_all(request.as_bytes()).await.expect("taken");
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), client.read_to_end(&mut answer)).await;
        // A reset after the answer is an end as well.
        drop(ended.expect("the server ends the connection in time"));
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), serving).await.expect("it stops in time").expect("no panic");
        String::from_utf8(answer).expect("text")
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
        let answer = said_back("GET / HTTP/1.1\r\nhost: kabar\r\nx-slow: ").await;
        assert!(!answer.contains("200"), "{answer}");
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_the_next_request_and_then_let_go() {
        let twice = "GET / HTTP/1.1\r\nhost: kabar\r\n\r\n".repeat(2);
        assert_eq!(said_back(&twice).await.matches("HTTP/1.1 200").count(), 2);
        assert!(said_back("").await.is_empty());
    }

    #[tokio::test]
    async fn a_head_that_is_too_long_is_refused() {
        let answer = said_back(&format!("GET / HTTP/1.1\r\nx-long: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX))).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}
