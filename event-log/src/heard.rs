//! The head as this process last heard of it, for whoever waits for more.
//!
//! Shared by everybody who learns of a head (whoever appended, the listener, whoever looks). Ends when the log is closed, so that
//! readers do not wait for what can no longer be heard.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::position::Position;

pub(crate) struct Heard {
    /// `None` once closed.
    sender: Mutex<Option<watch::Sender<Position>>>,
    receiver: watch::Receiver<Position>,
}

impl Heard {
    pub(crate) fn new(head: Position) -> Self {
        let (sender, receiver) = watch::channel(head);
        Self { sender: Mutex::new(Some(sender)), receiver }
    }

    /// Never goes back.
    pub(crate) fn tell(&self, position: Position) {
        if let Some(sender) = &*self.sender.lock().unwrap_or_else(PoisonError::into_inner) {
            sender.send_if_modified(|head| {
                let ahead = position > *head;
                *head = position.max(*head);
                ahead
            });
        }
    }

    pub(crate) fn listen(&self) -> watch::Receiver<Position> {
        self.receiver.clone()
    }

    /// Everybody who listens learns that nothing more comes.
    pub(crate) fn end(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
