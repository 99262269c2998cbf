//! What a notification must remember.

use serde::{Deserialize, Serialize};

use super::events::NotificationEvent;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Notification {
    /// `None` until it is raised.
    pub(super) recipient: Option<UserId>,
}

impl Notification {
    pub fn evolve(&mut self, event: &NotificationEvent) {
        match event {
            NotificationEvent::NotificationRaised(event) => self.recipient = Some(event.recipient_id.clone()),
            // Read is not remembered: the feed is also read as a whole, in another stream, and the later mark holds.
            NotificationEvent::NotificationRead(_) | NotificationEvent::NotificationUnread(_) => {}
        }
    }
}
