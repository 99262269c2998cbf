//! The rules of a notification: raised once, marked by its recipient only.

use super::commands::{MarkNotification, NotificationCommand, RaiseNotification};
use super::error::NotificationError;
use super::events::{NotificationEvent, NotificationMarked, NotificationRaised};
use super::state::Notification;

impl Notification {
    pub fn decide(&self, command: &NotificationCommand) -> Result<Vec<NotificationEvent>, NotificationError> {
        match command {
            NotificationCommand::Raise(command) => self.raise(command),
            NotificationCommand::MarkRead(command) => {
                let marked = self.mark(command)?;
                Ok(if self.read { vec![] } else { vec![NotificationEvent::NotificationRead(marked)] })
            }
            NotificationCommand::MarkUnread(command) => {
                self.mark(command).map(|marked| vec![NotificationEvent::NotificationUnread(marked)])
            }
        }
    }

    fn raise(&self, command: &RaiseNotification) -> Result<Vec<NotificationEvent>, NotificationError> {
        if self.recipient.is_some() {
            return Ok(vec![]); // The cause was seen before.
        }
        if command.actor_id.as_ref() == Some(&command.recipient_id) {
            return Err(NotificationError::OwnDoing);
        }
        if command.blocked {
            return Err(NotificationError::Blocked);
        }
        Ok(vec![NotificationEvent::NotificationRaised(NotificationRaised {
            notification_id: command.notification_id,
            recipient_id: command.recipient_id.clone(),
            kind: command.kind,
            actor_id: command.actor_id.clone(),
            source: command.source.clone(),
            at: command.at,
        })])
    }

    fn mark(&self, command: &MarkNotification) -> Result<NotificationMarked, NotificationError> {
        if self.recipient.as_ref() != Some(&command.marked_by) {
            return Err(NotificationError::NotFound);
        }
        Ok(NotificationMarked {
            notification_id: command.notification_id,
            recipient_id: command.marked_by.clone(),
            at: command.at,
        })
    }
}
