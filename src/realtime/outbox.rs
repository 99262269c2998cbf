//! What waits to be written to one socket, and the order to close it.
//!
//! Bounded: a client that does not keep up is sent away with 4200 and comes back at once, instead of being buffered or,
//! worse, silently missing something.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use event_log::Position;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::frame::Frame;
use super::measures::RealtimeMeasures;
use super::protocol::CloseCode;

/// The writing end, shared by everything that has something for this socket.
pub struct Outbox {
    frames: mpsc::Sender<Frame>,
    measures: Arc<RealtimeMeasures>,
    closing: Closing,
    /// The last position that the client has shown to have received.
    received: AtomicU64,
}

#[derive(Default)]
struct Closing {
    reason: OnceLock<(CloseCode, &'static str)>,
    ordered: CancellationToken,
}

impl Outbox {
    /// Room for `frames_max` frames.
    pub fn new(frames_max: usize, measures: Arc<RealtimeMeasures>) -> (Self, mpsc::Receiver<Frame>) {
        let (frames, waiting) = mpsc::channel(frames_max.max(1));
        (Self { frames, measures, closing: Closing::default(), received: AtomicU64::new(0) }, waiting)
    }

    /// Never waits. A full box closes the socket.
    pub fn put(&self, frame: impl Into<Frame>) {
        match self.frames.try_send(frame.into()) {
            Ok(()) => self.measures.waiting(self.frames.max_capacity() - self.frames.capacity()),
            Err(mpsc::error::TrySendError::Full(_)) => {
                if self.close(CloseCode::Reconnect, "too slow: too many frames were waiting") {
                    self.measures.slow.increment(1);
                }
            }
            // It is going away; whoever reads it knows.
            Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    pub fn take_receipt(&self, position: Position) {
        self.received.fetch_max(position.0, Ordering::Relaxed);
    }

    /// The start of the log until there was a receipt.
    pub fn received(&self) -> Position {
        Position(self.received.load(Ordering::Relaxed))
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
    use axum::extract::ws::Utf8Bytes;

    #[tokio::test]
    async fn a_full_box_closes_with_4200_and_the_first_reason_stays() {
        let measures = Arc::new(RealtimeMeasures::new());
        let (outbox, mut waiting) = Outbox::new(2, measures.clone());
        for text in ["1", "2"] {
            outbox.put(Utf8Bytes::from_static(text));
        }
        outbox.put(Utf8Bytes::from_static("3"));
        assert!(!outbox.close(CloseCode::OverCapacity, "later"));
        assert_eq!(outbox.closed().await.0.number(), 4200);
        assert_eq!(waiting.recv().await, Some(Utf8Bytes::from_static("1").into()));
        assert_eq!((measures.take_outgoing_max(), measures.take_outgoing_max()), (2, 0), "since the last look");
    }
}
