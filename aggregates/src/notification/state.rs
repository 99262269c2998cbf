//! What a notification must remember.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::events::{AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent};
use crate::Timestamp;
use crate::ids::UserId;
use crate::policy::channels::Channel;
use crate::policy::deciding::Decision;
use crate::policy::retrying::Became;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Notification {
    /// `None` until it is raised.
    pub(super) recipient: Option<UserId>,
    pub(super) erased_before: u32,
    pub(super) in_feed: bool,
    /// Their last mark here.
    pub(super) mark: Option<Mark>,
    pub(super) clicked: bool,
    pub(super) archived: bool,
    pub(super) deleted: bool,
    /// Of the channels that lead outside, those that were to go out at least once.
    pub(super) deliveries: BTreeMap<Channel, Delivery>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    Read,
    /// The feed may have been read as a whole since, which is another stream: marking unread once more may mean something.
    Unread,
}

/// How far it is on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// Begun so far.
    pub attempts: u32,
    /// Of those that are over, how many count.
    pub counted: u32,
    pub progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Progress {
    Waiting {
        due: Timestamp,
    },
    UnderWay {
        deadline: Timestamp,
        provider: String,
        takes_key: bool,
    },
    Accepted,
    /// Suppressed, rejected or abandoned.
    Ended,
}

impl Notification {
    pub fn evolve(&mut self, event: &NotificationEvent) {
        match event {
            NotificationEvent::NotificationRaised(event) => {
                *self = Self {
                    recipient: Some(event.recipient_id.clone()),
                    erased_before: event.erased_before,
                    in_feed: event.is_in_feed(),
                    ..Self::default()
                };
            }
            NotificationEvent::DeliveryDecided(event) => self.decided(event),
            NotificationEvent::AttemptStarted(event) => self.started(event),
            NotificationEvent::AttemptEnded(event) => self.ended(event),
            NotificationEvent::NotificationRead(_) => self.mark = Some(Mark::Read),
            NotificationEvent::NotificationUnread(_) => self.mark = Some(Mark::Unread),
            NotificationEvent::NotificationClicked(_) => self.clicked = true,
            NotificationEvent::NotificationArchived(_) => self.archived = true,
            NotificationEvent::NotificationUnarchived(_) => self.archived = false,
            NotificationEvent::NotificationDeleted(_) => self.deleted = true,
        }
    }

    /// Whether anybody was ever to hear of it.
    pub(super) fn was_told(&self) -> bool {
        self.in_feed || !self.deliveries.is_empty()
    }

    fn decided(&mut self, event: &DeliveryDecided) {
        let progress = match event.decided.decision {
            Decision::Scheduled { due } => Progress::Waiting { due },
            Decision::Suppressed { .. } => Progress::Ended,
        };
        match self.deliveries.get_mut(&event.channel) {
            Some(delivery) => delivery.progress = progress,
            // Suppressed from the first: nobody will ask for it.
            None if progress == Progress::Ended => {}
            None => {
                self.deliveries.insert(event.channel, Delivery { attempts: 0, counted: 0, progress });
            }
        }
    }

    fn started(&mut self, event: &AttemptStarted) {
        let AttemptStarted { channel, attempt, deadline, provider, takes_key, .. } = event;
        let before = self.deliveries.get(channel);
        // Of one that was never ended nobody knows, and that counts.
        let unended = before.is_some_and(|delivery| matches!(delivery.progress, Progress::UnderWay { .. }));
        let counted = before.map_or(0, |delivery| delivery.counted) + u32::from(unended);
        let progress = Progress::UnderWay { deadline: *deadline, provider: provider.clone(), takes_key: *takes_key };
        self.deliveries.insert(*channel, Delivery { attempts: *attempt, counted, progress });
    }

    fn ended(&mut self, event: &AttemptEnded) {
        let Some(delivery) = self.deliveries.get_mut(&event.channel) else { return };
        delivery.counted += u32::from(event.outcome.kind.counts());
        delivery.progress = match event.became {
            Became::Accepted => Progress::Accepted,
            Became::Deferred { due, .. } => Progress::Waiting { due },
            Became::Rejected | Became::Abandoned => Progress::Ended,
        };
    }
}
