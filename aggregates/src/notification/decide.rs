//! The rules of a notification: raised once, sent by one at a time, marked by its recipient only.

use super::commands::{
    BringInNotification, EndAttempt, MarkNotification, NotificationCommand, RaiseNotification, StartAttempt,
};
use super::error::NotificationError;
use super::events::{
    AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent, NotificationMarked, NotificationRaised,
};
use super::state::{Delivery, Mark, Notification, Progress};
use crate::policy::channels::Channel;
use crate::policy::choosing::{Suppression, ends_when_read};
use crate::policy::deciding::{Decided, Decision, Inputs};
use crate::policy::related::Related;
use crate::policy::retrying::{ATTEMPTS_IN_ALL_MAX, AttemptOutcome, Became, Tried};

type Decisions = Result<Vec<NotificationEvent>, NotificationError>;

impl Notification {
    pub fn decide(&self, command: &NotificationCommand) -> Decisions {
        match command {
            NotificationCommand::Raise(command) => self.raise(command),
            NotificationCommand::BringIn(command) => self.bring_in(command),
            NotificationCommand::StartAttempt(command) => self.start(command),
            NotificationCommand::EndAttempt(command) => self.end(command),
            NotificationCommand::MarkRead(command) => {
                let marked = self.mark(command)?;
                Ok(if self.is_read() { vec![] } else { vec![NotificationEvent::NotificationRead(marked)] })
            }
            NotificationCommand::MarkUnread(command) => {
                self.mark(command).map(|marked| vec![NotificationEvent::NotificationUnread(marked)])
            }
            NotificationCommand::Click(command) => self.click(command),
            NotificationCommand::Archive(command) => {
                let marked = self.mark(command)?;
                Ok(if self.archived { vec![] } else { vec![NotificationEvent::NotificationArchived(marked)] })
            }
            NotificationCommand::Unarchive(command) => {
                let marked = self.mark(command)?;
                Ok(if self.archived { vec![NotificationEvent::NotificationUnarchived(marked)] } else { vec![] })
            }
            NotificationCommand::Delete(command) => {
                if self.deleted && self.recipient.as_ref() == Some(&command.marked_by) {
                    return Ok(vec![]);
                }
                self.mark(command).map(|marked| vec![NotificationEvent::NotificationDeleted(marked)])
            }
        }
    }

    /// All that is decided of it goes into the log with it: one look at what it rests on, one append.
    fn raise(&self, command: &RaiseNotification) -> Decisions {
        let RaiseNotification { notification_id, source, related, content, hearing, at } = command;
        if self.recipient.is_some() && !self.begins_anew(hearing.facts.erasures) {
            return Ok(vec![]); // The cause was seen before.
        }
        if hearing.actor_id.as_ref() == Some(&hearing.recipient_id) {
            return Err(NotificationError::OwnDoing);
        }
        if !hearing.facts.exists {
            return Err(NotificationError::UnknownUser);
        }
        let mut in_app = None;
        let mut outside = Vec::new();
        for (channel, decided) in hearing.decide() {
            if channel == Channel::InApp {
                in_app = Some(decided);
            } else {
                outside.push(NotificationEvent::DeliveryDecided(DeliveryDecided {
                    notification_id: *notification_id,
                    recipient_id: hearing.recipient_id.clone(),
                    channel,
                    decided,
                    at: hearing.surroundings.clock,
                }));
            }
        }
        let raised = NotificationEvent::NotificationRaised(NotificationRaised {
            notification_id: *notification_id,
            recipient_id: hearing.recipient_id.clone(),
            kind: hearing.kind,
            actor_id: hearing.actor_id.clone(),
            source: source.clone(),
            related: related.clone(),
            content: content.clone(),
            channels: Some(hearing.allowed),
            critical: hearing.critical,
            topic: hearing.topic.clone(),
            room_id: hearing.room_id,
            locale: hearing.locale(),
            erased_before: hearing.facts.erasures,
            in_app,
            at: *at,
        });
        Ok([raised].into_iter().chain(outside).collect())
    }

    /// Nobody was told the first time, or it was somebody else who was.
    fn begins_anew(&self, erasures: u32) -> bool {
        !self.was_told() || self.erased_before != erasures
    }

    fn bring_in(&self, command: &BringInNotification) -> Decisions {
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
            related: Related::default(),
            content: None,
            channels: None,
            critical: false,
            topic: None,
            room_id: None,
            locale: None,
            erased_before: 0,
            in_app: None,
            at: command.at,
        })])
    }

    /// Without an event nothing was claimed: it is not due, somebody else has it, or it is over.
    fn start(&self, command: &StartAttempt) -> Decisions {
        let StartAttempt { notification_id, channel, hearing, .. } = command;
        let at = hearing.surroundings.clock;
        if self.recipient.as_ref() != Some(&hearing.recipient_id) {
            return Err(NotificationError::NotFound);
        }
        let Some(delivery) = self.deliveries.get(channel) else { return Ok(vec![]) };
        let is_left = match &delivery.progress {
            Progress::Waiting { due } if *due <= at => false,
            Progress::UnderWay { deadline, .. } if *deadline <= at => true,
            Progress::Waiting { .. } | Progress::UnderWay { .. } | Progress::Accepted | Progress::Ended => {
                return Ok(vec![]);
            }
        };
        if is_left && !may_be_repeated(command, delivery) {
            return Ok(vec![unknown(command, delivery)]);
        }
        if let Some(decided) = self.decided_again(command) {
            // It may have gone out: that it was kept back is not what happened.
            if is_left && !decided.decision.is_scheduled() {
                return Ok(vec![unknown(command, delivery)]);
            }
            return Ok(vec![NotificationEvent::DeliveryDecided(DeliveryDecided {
                notification_id: *notification_id,
                recipient_id: hearing.recipient_id.clone(),
                channel: *channel,
                decided,
                at,
            })]);
        }
        Ok(vec![NotificationEvent::AttemptStarted(AttemptStarted {
            notification_id: *notification_id,
            recipient_id: hearing.recipient_id.clone(),
            channel: *channel,
            attempt: delivery.attempts + 1,
            provider: command.provider.clone(),
            takes_key: command.takes_key,
            deadline: command.deadline,
            at,
        })])
    }

    /// What keeps it from going out now, if anything does.
    fn decided_again(&self, command: &StartAttempt) -> Option<Decided> {
        let StartAttempt { channel, hearing, raised_at, .. } = command;
        // A mark of its own says more than a look at the whole feed, whichever came first.
        let read = match self.mark {
            Some(mark) => mark == Mark::Read,
            None => self.in_feed && hearing.facts.feed_read_up_to >= *raised_at,
        };
        let over = if !hearing.facts.exists || hearing.facts.erasures != self.erased_before {
            Some(Suppression::Gone)
        } else if self.deleted {
            Some(Suppression::Deleted)
        } else {
            (read && ends_when_read(hearing.kind, *channel)).then_some(Suppression::Read)
        };
        if let Some(reason) = over {
            return Some(Decided { decision: Decision::Suppressed { reason }, inputs: Inputs::default() });
        }
        let (_, decided) = hearing.decide().into_iter().find(|(asked, _)| asked == channel)?;
        match decided.decision {
            Decision::Scheduled { due } if due <= hearing.surroundings.clock => None,
            Decision::Scheduled { .. } | Decision::Suppressed { .. } => Some(decided),
        }
    }

    /// An outcome that comes when others have given up waiting for it tells nothing, but for one: that it was accepted.
    fn end(&self, command: &EndAttempt) -> Decisions {
        let EndAttempt { notification_id, channel, attempt, outcome, next_provider, retry, jitter, at } = command;
        let Some(recipient_id) = self.recipient.clone() else { return Err(NotificationError::NotFound) };
        let Some(delivery) = self.deliveries.get(channel) else { return Err(NotificationError::NotFound) };
        let counted = delivery.counted + u32::from(outcome.kind.counts());
        let tried = Tried { attempts: *attempt, counted };
        let became = retry.became(outcome, tried, next_provider.as_deref(), (*jitter, *at));
        let awaited = matches!(delivery.progress, Progress::UnderWay { .. }) && delivery.attempts == *attempt;
        let is_news = awaited || (became == Became::Accepted && delivery.progress != Progress::Accepted);
        if !is_news || *attempt > delivery.attempts {
            return Ok(vec![]);
        }
        Ok(vec![NotificationEvent::AttemptEnded(AttemptEnded {
            notification_id: *notification_id,
            recipient_id,
            channel: *channel,
            attempt: *attempt,
            outcome: outcome.clone(),
            became,
            at: *at,
        })])
    }

    /// Also of what was never in the feed: its link came another way.
    fn click(&self, command: &MarkNotification) -> Decisions {
        let marked = self.marked(command)?;
        let mut events = Vec::new();
        if !self.clicked {
            events.push(NotificationEvent::NotificationClicked(marked.clone()));
        }
        if self.in_feed && !self.is_read() {
            events.push(NotificationEvent::NotificationRead(marked));
        }
        Ok(events)
    }

    fn is_read(&self) -> bool {
        self.mark == Some(Mark::Read)
    }

    /// What is not in the feed cannot be marked there.
    fn mark(&self, command: &MarkNotification) -> Result<NotificationMarked, NotificationError> {
        if self.in_feed { self.marked(command) } else { Err(NotificationError::NotFound) }
    }

    fn marked(&self, command: &MarkNotification) -> Result<NotificationMarked, NotificationError> {
        if self.deleted || self.recipient.as_ref() != Some(&command.marked_by) {
            return Err(NotificationError::NotFound);
        }
        Ok(NotificationMarked {
            notification_id: command.notification_id,
            recipient_id: command.marked_by.clone(),
            at: command.at,
        })
    }
}

/// Of an attempt without an end: whether another one does no harm, or is wanted all the same, and there is one left.
fn may_be_repeated(command: &StartAttempt, delivery: &Delivery) -> bool {
    // By another provider nobody would recognise it.
    let is_recognised = matches!(
        &delivery.progress,
        Progress::UnderWay { provider, takes_key: true, .. } if *provider == command.provider
    );
    let is_left = delivery.counted + 1 < command.attempts_max && delivery.attempts < ATTEMPTS_IN_ALL_MAX;
    is_left && (is_recognised || command.repeat_ambiguous)
}

/// Whoever began it never said what came of it, and it is not to be tried again.
fn unknown(command: &StartAttempt, delivery: &Delivery) -> NotificationEvent {
    NotificationEvent::AttemptEnded(AttemptEnded {
        notification_id: command.notification_id,
        recipient_id: command.hearing.recipient_id.clone(),
        channel: command.channel,
        attempt: delivery.attempts,
        outcome: AttemptOutcome::unknown(),
        became: Became::Abandoned,
        at: command.hearing.surroundings.clock,
    })
}
