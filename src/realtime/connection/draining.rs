//! A node that stops sends its clients away.

use std::time::Duration;

use crate::realtime::inner::Inner;
use crate::realtime::protocol::CloseCode;

/// How long closing sockets may take beyond the drain.
const GOODBYE: Duration = Duration::from_secs(3);

/// Clients come back at once and all together, so they are sent away one after the other.
pub(in crate::realtime) async fn send_everybody_away(inner: &Inner) {
    const TICK: Duration = Duration::from_millis(50);
    let outboxes = inner.hub.drain();
    let ticks = (inner.config.drain.as_millis() / TICK.as_millis()).max(1);
    let at_once = outboxes.len().div_ceil(usize::try_from(ticks).unwrap_or(usize::MAX)).max(1);
    for some in outboxes.chunks(at_once) {
        for outbox in some {
            outbox.close(CloseCode::Reconnect, "the server is stopping");
        }
        tokio::time::sleep(TICK).await;
    }
    let mut connections = inner.hub.connections();
    if tokio::time::timeout(GOODBYE, connections.wait_for(|count| *count == 0)).await.is_err() {
        tracing::warn!(connections = *connections.borrow(), "sockets did not close in time");
    }
}
