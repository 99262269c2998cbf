//! What waits to be written to one socket, and the order to close it.
//!
//! Bounded: a client that does not keep up is sent away with 4200 and comes back at once, instead of being buffered or,
//! worse, silently missing something.

use std::sync::OnceLock;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::protocol::CloseCode;

/// The writing end, shared by everything that has something for this socket.
pub struct Outbox {
    frames: mpsc::Sender<Utf8Bytes>,
    closing: Closing,
}

#[derive(Default)]
struct Closing {
    reason: OnceLock<(CloseCode, &'static str)>,
    ordered: CancellationToken,
}

impl Outbox {
    /// Room for `frames_max` frames.
    pub fn new(frames_max: usize) -> (Self, mpsc::Receiver<Utf8Bytes>) {
        let (frames, waiting) = mpsc::channel(frames_max.max(1));
        (Self { frames, closing: Closing::default() }, waiting)
    }

    /// Never waits. A full box closes the socket.
    pub fn put(&self, frame: Utf8Bytes) {
        match self.frames.try_send(frame) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                if self.close(CloseCode::Reconnect, "too slow: too many frames were waiting") {
                    metrics::counter!("kabar_realtime_slow_sockets_total").increment(1);
                }
            }
            // It is going away; whoever reads it knows.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    /// The first order counts; true when this was it.
    pub fn close(&self, code: CloseCode, reason: &'static str) -> bool {
        let first = self.closing.reason.set((code, reason)).is_ok();
        self.closing.ordered.cancel();
        first
    }

    /// Waits for the order to close.
    pub async fn closed(&self) -> (CloseCode, &'static str) {
        self.closing.ordered.cancelled().await;
        self.closing.reason.get().copied().unwrap_or((CloseCode::Reconnect, "closing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_box_closes_with_4200_and_the_first_reason_stays() {
        let (outbox, mut waiting) = Outbox::new(2);
        for text in ["1", "2"] {
            outbox.put(Utf8Bytes::from_static(text));
        }
        outbox.put(Utf8Bytes::from_static("3"));
        assert!(!outbox.close(CloseCode::OverCapacity, "later"));
        assert_eq!(outbox.closed().await.0.number(), 4200);
        assert_eq!(waiting.recv().await, Some(Utf8Bytes::from_static("1")));
    }
}
