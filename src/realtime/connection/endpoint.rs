//! `GET /app/{key}?protocol=7&client=js&..`: where clients connect.
//!
//! What is wrong with the request is said by a close code after the upgrade: that is what clients of the protocol read.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use super::socket;
use crate::http::Problem;
use crate::realtime::Realtime;
use crate::realtime::protocol::{CloseCode, VERSIONS};

/// Bytes read from a socket at a time, and held for each idle client: more than most frames of the protocol have. The
/// library's default would hold 128 KiB.
const READ_BUFFER_BYTES: usize = 1024;
/// Bytes of frames that are written in one go. A socket keeps a buffer of the largest burst it has had, up to this.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// Above this a frame ends the connection; between this and `message_bytes_max` it is answered with an error.
const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Whose session a request for a WebSocket carries, when a page of ours asked for it. Nobody is refused here.
pub type Visitors = Arc<dyn Fn(&HeaderMap) -> Option<UserId> + Send + Sync>;

#[derive(Clone)]
struct Entrance {
    realtime: Realtime,
    visitors: Visitors,
}

/// Mounted at the root of the server.
pub fn router<S: Clone + Send + Sync + 'static>(realtime: Realtime, visitors: Visitors) -> Router<S> {
    Router::new()
        .route("/app/{key}", get(upgrade))
        .route("/app", get(no_path))
        .route("/app/", get(no_path))
        .route("/app/{key}/{*beside}", get(no_path))
        .with_state(Entrance { realtime, visitors })
}

async fn no_path(ws: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Result<Response, Problem> {
    let ws = ws.map_err(|error| Problem::malformed("Upgrade", error.body_text()))?;
    Ok(ws.on_upgrade(async |mut ws| {
        socket::close(&mut ws, CloseCode::NoSuchPath, "connect to /app/ and the key of the application").await;
    }))
}

async fn upgrade(
    State(Entrance { realtime, visitors }): State<Entrance>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    ws: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let ws = ws.map_err(|error| Problem::malformed("Upgrade", error.body_text()))?;
    let visitor = visitors(&headers);
    let acceptable = judge(realtime.0.signer.key(), &key, query.as_deref().unwrap_or_default());
    let frame_bytes_max = FRAME_BYTES_MAX.max(realtime.0.config.message_bytes_max);
    let ws = ws.read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(WRITE_BUFFER_BYTES);
    let ws = ws.max_message_size(frame_bytes_max).max_frame_size(frame_bytes_max);
    Ok(ws.on_upgrade(async move |mut ws| match acceptable {
        Ok(()) => socket::serve(ws, realtime.0, visitor).await,
        Err((code, reason)) => socket::close(&mut ws, code, reason).await,
    }))
}

fn judge(our_key: &str, key: &str, query: &str) -> Result<(), (CloseCode, &'static str)> {
    let protocol = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "protocol");
    let Some((_, version)) = protocol else {
        return Err((CloseCode::NoVersion, "no protocol version: add ?protocol=7"));
    };
    let version: u32 = version.parse().map_err(|_| (CloseCode::InvalidVersion, "the protocol version is no number"))?;
    if !VERSIONS.contains(&version) {
        return Err((CloseCode::UnsupportedVersion, "protocol 7 is served"));
    }
    if key != our_key {
        return Err((CloseCode::NoSuchApp, "there is no application with this key"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_its_own_code() {
        let code = |key: &str, query: &str| judge("k", key, query).map_err(|(code, _)| code.number());
        assert_eq!(code("k", "protocol=7&client=js&version=8.6.0&flash=false"), Ok(()));
        assert_eq!(code("k", "client=java&protocol=5"), Ok(()));
        assert_eq!(code("x", "protocol=7"), Err(4001));
        assert_eq!(code("k", ""), Err(4008));
        assert_eq!(code("k", "protocol=seven"), Err(4006));
        assert_eq!(code("k", "protocol=4"), Err(4007));
        assert_eq!(code("k", "protocol=8"), Err(4007));
    }
}
