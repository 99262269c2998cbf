//! The rules of a notification: raised once, marked by its recipient only.

use super::commands::{BringInNotification, MarkNotification, NotificationCommand, RaiseNotification};
use super::error::NotificationError;
use super::events::{DeliveryDecided, NotificationEvent, NotificationMarked, NotificationRaised};
use super::state::Notification;
use crate::policy::channels::Channel;
use crate::policy::deciding;

impl Notification {
    pub fn decide(&self, command: &NotificationCommand) -> Result<Vec<NotificationEvent>, NotificationError> {
        match command {
            NotificationCommand::Raise(command) => self.raise(command),
            NotificationCommand::BringIn(command) => self.bring_in(command),
            NotificationCommand::MarkRead(command) => {
                let marked = self.mark(command)?;
                Ok(if self.read { vec![] } else { vec![NotificationEvent::NotificationRead(marked)] })
            }
            NotificationCommand::MarkUnread(command) => {
                self.mark(command).map(|marked| vec![NotificationEvent::NotificationUnread(marked)])
            }
        }
    }

    /// All that is decided of it goes into the log with it: one look at what it rests on, one append.
    fn raise(&self, command: &RaiseNotification) -> Result<Vec<NotificationEvent>, NotificationError> {
        if self.recipient.is_some() {
            return Ok(vec![]); // The cause was seen before.
        }
        if command.actor_id.as_ref() == Some(&command.recipient_id) {
            return Err(NotificationError::OwnDoing);
        }
        if !command.facts.exists {
            return Err(NotificationError::UnknownUser);
        }
        let mut in_app = None;
        let mut outside = Vec::new();
        for (channel, decided) in deciding::decide(command) {
            if channel == Channel::InApp {
                in_app = Some(decided);
            } else {
                outside.push(NotificationEvent::DeliveryDecided(DeliveryDecided {
                    notification_id: command.notification_id,
                    recipient_id: command.recipient_id.clone(),
                    channel,
                    decided,
                    at: command.at,
                }));
            }
        }
        let raised = NotificationEvent::NotificationRaised(NotificationRaised {
            notification_id: command.notification_id,
            recipient_id: command.recipient_id.clone(),
            kind: command.kind,
            actor_id: command.actor_id.clone(),
            source: command.source.clone(),
            channels: Some(command.allowed),
            critical: command.critical,
            topic: command.topic.clone(),
            room_id: command.room_id,
            in_app,
            at: command.at,
        });
        Ok([raised].into_iter().chain(outside).collect())
    }

    fn bring_in(&self, command: &BringInNotification) -> Result<Vec<NotificationEvent>, NotificationError> {
        if self.recipient.is_some() {
            return Ok(vec![]);
        }
        if command.actor_id.as_ref() == Some(&command.recipient_id) {
            return Err(NotificationError::OwnDoing);
        }
        Ok(vec![NotificationEvent::NotificationRaised(NotificationRaised {
            notification_id: command.notification_id,
            recipient_id: command.recipient_id.clone(),
            kind: command.kind,
            actor_id: command.actor_id.clone(),
            source: command.source.clone(),
            channels: None,
            critical: false,
            topic: None,
            room_id: None,
            in_app: None,
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
