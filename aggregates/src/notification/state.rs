//! What a notification must remember.

use serde::{Deserialize, Serialize};

use super::events::NotificationEvent;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Notification {
    /// `None` until it is raised.
    pub(super) recipient: Option<UserId>,
    /// Their last mark here was "read". "Unread" is not worth remembering: the feed may have been read as a whole since,
    /// which is another stream, so marking unread once more may mean something.
    pub(super) read: bool,
}

impl Notification {
    pub fn evolve(&mut self, event: &NotificationEvent) {
        match event {
            NotificationEvent::NotificationRaised(event) => self.recipient = Some(event.recipient_id.clone()),
            // Nothing rests on it yet: it is for whoever delivers.
            NotificationEvent::DeliveryDecided(_) => {}
            NotificationEvent::NotificationRead(_) => self.read = true,
            NotificationEvent::NotificationUnread(_) => self.read = false,
        }
    }
}
