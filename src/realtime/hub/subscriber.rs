//! One socket on one channel: whether frames wait for it, or go to its outbox.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;
use event_log::Position;

use super::outbox::Outbox;
use crate::realtime::frames::Frame;
use crate::realtime::protocol::CloseCode;

pub(super) enum Gate {
    /// Not listening yet.
    Shut,
    /// Frames wait until it opens.
    Held(Vec<Frame>),
    Open,
}

pub(super) struct Subscriber {
    pub ticket: u64,
    pub outbox: Arc<Outbox>,
    /// As whom; `None` on channels that ask for nobody.
    pub user: Option<UserId>,
    /// Frames of events up to here are not for it: the views showed them before it opened.
    pub as_of: Position,
    /// What the window keeps reaches it from there.
    pub replaying: bool,
    pub gate: Gate,
    /// The client knows that it has subscribed, though its gate may still be held while it is given what it missed.
    pub is_in: bool,
    /// Under the bare name of older clients.
    pub is_legacy: bool,
}

impl Subscriber {
    pub fn new(ticket: u64, outbox: Arc<Outbox>, user: Option<UserId>) -> Self {
        Self {
            ticket,
            outbox,
            user,
            as_of: Position::START,
            replaying: false,
            gate: Gate::Shut,
            is_in: false,
            is_legacy: false,
        }
    }

    /// `last` is what a cache channel has kept: it stands for whatever came while the subscription was being made.
    pub fn open(&mut self, words: Vec<Utf8Bytes>, last: Option<Utf8Bytes>) {
        let held = self.release();
        words.into_iter().for_each(|frame| self.outbox.put(frame));
        match last {
            Some(last) => self.outbox.put(last),
            None => held.into_iter().for_each(|frame| self.outbox.put(frame)),
        }
    }

    /// Opens the gate; what was held is to be written before anything else.
    pub fn release(&mut self) -> Vec<Frame> {
        (self.replaying, self.is_in) = (false, true);
        match std::mem::replace(&mut self.gate, Gate::Open) {
            Gate::Held(held) => held,
            Gate::Shut | Gate::Open => Vec::new(),
        }
    }

    /// From now on frames are held for it, and those held already stay.
    pub fn hold(&mut self, as_of: Position, replaying: bool) {
        self.as_of = as_of;
        self.replaying = replaying;
        if !matches!(self.gate, Gate::Held(_)) {
            self.gate = Gate::Held(Vec::new());
        }
    }

    /// What its connection has shown to have received.
    pub fn received(&self) -> Position {
        self.outbox.received()
    }

    pub fn is_open(&self) -> bool {
        self.is_in
    }

    pub fn put_if_open(&self, frame: &Utf8Bytes) {
        if self.is_open() {
            self.outbox.put(frame.clone());
        }
    }

    /// The outbox, when its socket is to be woken for this frame.
    #[must_use = "it goes among those to wake"]
    pub(super) fn give(&mut self, frame: Frame, held_max: usize) -> Option<&Arc<Outbox>> {
        match &mut self.gate {
            Gate::Shut => None,
            Gate::Held(held) if held.len() < held_max => {
                held.push(frame);
                None
            }
            Gate::Held(_) => {
                self.outbox.close(CloseCode::Reconnect, "too many frames were waiting");
                None
            }
            Gate::Open => self.outbox.lay(frame).then_some(&self.outbox),
        }
    }
}
