//! What waits to be written to one socket, and the order to close it.
//!
//! Bounded: a client that does not keep up is sent away with 4200 and comes back at once, instead of being buffered or,
//! worse, silently missing something.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use event_log::Position;
use futures_util::task::AtomicWaker;

use crate::realtime::frames::Frame;
use crate::realtime::measures::RealtimeMeasures;
use crate::realtime::protocol::CloseCode;

/// What the socket's task is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// At least one.
    Write(VecDeque<Frame>),
    Close(CloseCode, &'static str),
}

/// Written by everything that has something for this socket, emptied by the socket's one task.
pub struct Outbox {
    waiting: Mutex<VecDeque<Frame>>,
    frames_max: usize,
    /// Of the socket's task.
    reader: AtomicWaker,
    measures: Arc<RealtimeMeasures>,
    closing: OnceLock<(CloseCode, &'static str)>,
    /// The last position that the client has shown to have received.
    received: AtomicU64,
}

impl Outbox {
    /// Room for `frames_max` frames.
    pub fn new(frames_max: usize, measures: Arc<RealtimeMeasures>) -> Self {
        Self {
            waiting: Mutex::default(),
            frames_max: frames_max.max(1),
            reader: AtomicWaker::new(),
            measures,
            closing: OnceLock::new(),
            received: AtomicU64::new(0),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Frame>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never waits. A full box closes the socket.
    pub fn put(&self, frame: impl Into<Frame>) {
        self.lay(frame.into());
        self.wake();
    }

    /// The same without a word to the reader: true when somebody has to `wake` it, because nothing was waiting before.
    pub fn lay(&self, frame: Frame) -> bool {
        let mut waiting = self.waiting();
        if waiting.len() >= self.frames_max {
            drop(waiting);
            if self.close(CloseCode::Reconnect, "too slow: too many frames were waiting") {
                self.measures.slow.increment(1);
            }
            return false;
        }
        waiting.push_back(frame);
        let count = waiting.len();
        drop(waiting);
        self.measures.waiting(count);
        count == 1
    }

    pub fn wake(&self) {
        self.reader.wake();
    }

    /// The frames that have waited longest, up to `max`; empty when there are none.
    pub fn take(&self, max: usize) -> VecDeque<Frame> {
        let mut waiting = self.waiting();
        if waiting.len() > max {
            let rest = waiting.split_off(max);
            return std::mem::replace(&mut *waiting, rest);
        }
        // Whoever is idle holds no memory for a burst that was.
        std::mem::take(&mut *waiting)
    }

    /// What there is to do now: an order to close goes before frames.
    fn next(&self, max: usize) -> Option<Next> {
        if let Some((code, reason)) = self.closing.get() {
            return Some(Next::Close(*code, reason));
        }
        let frames = self.take(max);
        (!frames.is_empty()).then_some(Next::Write(frames))
    }

    /// At most `max` frames at a time. Of the one task that reads.
    pub fn poll_next(&self, max: usize, cx: &mut Context<'_>) -> Poll<Next> {
        if let Some(next) = self.next(max) {
            return Poll::Ready(next);
        }
        // Who woke nobody before this is seen by the second look; who comes after it wakes this task.
        self.reader.register(cx.waker());
        self.next(max).map_or(Poll::Pending, Poll::Ready)
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
        let first = self.closing.set((code, reason)).is_ok();
        self.wake();
        first
    }

    /// Whether the order to close was given.
    pub fn is_closing(&self) -> bool {
        self.closing.get().is_some()
    }

    /// Waits for the order to close. Of the one task that reads.
    pub async fn closed(&self) -> (CloseCode, &'static str) {
        std::future::poll_fn(|cx| {
            self.reader.register(cx.waker());
            self.closing.get().map_or(Poll::Pending, |order| Poll::Ready(*order))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::ws::Utf8Bytes;

    #[tokio::test]
    async fn a_full_box_closes_with_4200_and_the_first_reason_stays() {
        let measures = Arc::new(RealtimeMeasures::new());
        let outbox = Outbox::new(2, measures.clone());
        for text in ["1", "2"] {
            outbox.put(Utf8Bytes::from_static(text));
        }
        outbox.put(Utf8Bytes::from_static("3"));
        assert!(!outbox.close(CloseCode::OverCapacity, "later"));
        assert_eq!(outbox.closed().await.0.number(), 4200);
        assert_eq!(outbox.take(1), [Utf8Bytes::from_static("1").into()]);
        assert_eq!(outbox.take(8), [Utf8Bytes::from_static("2").into()]);
        assert_eq!((measures.take_outgoing_max(), measures.take_outgoing_max()), (2, 0), "since the last look");
    }

    #[tokio::test]
    async fn who_lays_the_first_frame_has_to_wake_the_reader_who_then_finds_all() {
        let outbox = Arc::new(Outbox::new(8, Arc::new(RealtimeMeasures::new())));
        let reading = {
            let outbox = outbox.clone();
            tokio::spawn(async move { std::future::poll_fn(|cx| outbox.poll_next(8, cx)).await })
        };
        tokio::task::yield_now().await;
        let laid = ["1", "2", "3"].map(|text| outbox.lay(Utf8Bytes::from_static(text).into()));
        assert_eq!(laid, [true, false, false]);
        tokio::task::yield_now().await;
        assert!(!reading.is_finished(), "nobody has woken it");
        outbox.wake();
        let Next::Write(frames) = reading.await.expect("no panic") else { panic!("nobody closed it") };
        assert_eq!(frames.len(), 3);
    }

    #[tokio::test]
    async fn an_order_to_close_goes_before_what_waits_and_wakes_the_reader() {
        let outbox = Arc::new(Outbox::new(8, Arc::new(RealtimeMeasures::new())));
        let reading = {
            let outbox = outbox.clone();
            tokio::spawn(async move { std::future::poll_fn(|cx| outbox.poll_next(8, cx)).await })
        };
        tokio::task::yield_now().await;
        outbox.lay(Utf8Bytes::from_static("1").into());
        outbox.close(CloseCode::Reconnect, "go");
        assert_eq!(reading.await.expect("no panic"), Next::Close(CloseCode::Reconnect, "go"));
    }
}
