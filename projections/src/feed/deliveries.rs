//! What becomes of notifications on the channels that lead outside, and who asks for it: whoever delivers.
//!
//! Apart from the feed's other questions, because nobody's feed is asked here: what is due is due whoever it is for. What
//! happens to a delivery is said as [`aggregates::notification::Notification`] says it. In-app is not in here: what is in the
//! feed has arrived there.

use aggregates::Timestamp;
use aggregates::ids::{NotificationId, UserId};
use aggregates::policy::channels::Channel;
use aggregates::policy::choosing::Suppression;
use aggregates::policy::deciding::Decision;
use aggregates::policy::retrying::{AttemptOutcome, Became};
use async_trait::async_trait;
use event_log::Position;

use super::live::{LiveFeed, ask};
use super::rows::NotificationRow;
use crate::text::storable;
use crate::views::ReadError;

/// One notification on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    pub notification_id: NotificationId,
    pub channel: Channel,
    pub recipient_id: UserId,
    pub state: DeliveryState,
    /// Why it is in this state: the name of a suppression, or what the provider said.
    pub reason: Option<String>,
    /// When it is to be tried, while it waits; until when an outcome is waited for, while it is under way.
    pub due: Option<Timestamp>,
    /// Begun so far.
    pub attempts: u32,
    /// Who carried it last, or is to be tried next. `None` before the first attempt: whoever comes first.
    pub provider: Option<String>,
    /// What the provider calls it.
    pub provider_id: Option<String>,
    pub accepted_at: Option<Timestamp>,
    /// Where its notification was raised.
    pub position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// For its time; after an attempt that was deferred as well.
    Waiting,
    UnderWay,
    Accepted,
    /// It is not to go out.
    Suppressed,
    /// The provider said no.
    Rejected,
    /// Given up: a dead letter.
    Abandoned,
}

impl DeliveryState {
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::UnderWay, Self::Accepted, Self::Suppressed, Self::Rejected, Self::Abandoned];

    /// As the tables say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Accepted => "accepted",
            Self::Suppressed => "suppressed",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Something to be done: to be tried, or, where it is under way past its deadline, to be looked after.
#[derive(Debug, Clone, PartialEq)]
pub struct DueDelivery {
    pub delivery: DeliveryRow,
    pub notification: NotificationRow,
}

/// One thing that happens to a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryChange {
    pub id: NotificationId,
    pub channel: Channel,
    pub step: DeliveryStep,
}

#[derive(Debug, Clone, PartialEq)]
pub enum DeliveryStep {
    Decided(Decision),
    Started { attempt: u32, provider: String, deadline: Timestamp },
    Ended { outcome: AttemptOutcome, became: Became, at: Timestamp },
}

impl DeliveryRow {
    /// Nothing is known of it yet.
    fn of(notification: &NotificationRow, channel: Channel) -> Self {
        Self {
            notification_id: notification.id,
            channel,
            recipient_id: notification.recipient_id.clone(),
            state: DeliveryState::Waiting,
            reason: None,
            due: None,
            attempts: 0,
            provider: None,
            provider_id: None,
            accepted_at: None,
            position: notification.position,
        }
    }

    /// What it is after `change`. `None`: what was never begun cannot end.
    pub(crate) fn after(known: Option<&Self>, notification: &NotificationRow, change: &DeliveryChange) -> Option<Self> {
        let before = known.cloned().unwrap_or_else(|| Self::of(notification, change.channel));
        match &change.step {
            DeliveryStep::Decided(decision) => Some(before.decided(*decision)),
            DeliveryStep::Started { attempt, provider, deadline } => Some(Self {
                state: DeliveryState::UnderWay,
                reason: None,
                due: Some(*deadline),
                attempts: *attempt,
                provider: Some(storable(provider)),
                provider_id: None,
                accepted_at: None,
                ..before
            }),
            DeliveryStep::Ended { outcome, became, at } => known.map(|_| before.ended(outcome, became, *at)),
        }
    }

    fn decided(self, decision: Decision) -> Self {
        let (state, reason, due) = match decision {
            Decision::Scheduled { due } => (DeliveryState::Waiting, None, Some(due)),
            Decision::Suppressed { reason } => (DeliveryState::Suppressed, Some(suppression(reason)), None),
        };
        Self { state, reason, due, ..self }
    }

    /// An outcome counts whichever attempt it is of: one that comes late and is written says that it was accepted.
    fn ended(self, outcome: &AttemptOutcome, became: &Became, at: Timestamp) -> Self {
        let ended = Self {
            reason: outcome.reason.as_deref().map(storable),
            due: None,
            provider_id: outcome.provider_id.as_deref().map(storable),
            accepted_at: None,
            ..self
        };
        match became {
            Became::Accepted => Self { state: DeliveryState::Accepted, accepted_at: Some(at), ..ended },
            Became::Deferred { due, provider } => Self {
                state: DeliveryState::Waiting,
                due: Some(*due),
                provider: provider.as_deref().map(storable).or(ended.provider),
                ..ended
            },
            Became::Rejected => Self { state: DeliveryState::Rejected, ..ended },
            Became::Abandoned => Self { state: DeliveryState::Abandoned, ..ended },
        }
    }
}

/// As the log says it. Of names alone: writing it as JSON cannot fail.
fn suppression(reason: Suppression) -> String {
    let said = serde_json::to_value(reason).unwrap_or_default();
    said.as_str().unwrap_or_default().to_owned()
}

#[async_trait]
pub trait DeliveryReads: Send + Sync {
    /// What is due on a channel at `now`, the oldest first: what waits for its time, and what is under way past its deadline.
    async fn due(&self, channel: Channel, now: Timestamp, limit: usize) -> Result<Vec<DueDelivery>, ReadError>;

    /// When something is due there next; in the past while something is due. `None`: nothing waits.
    async fn next_due(&self, channel: Channel) -> Result<Option<Timestamp>, ReadError>;
}

#[async_trait]
impl DeliveryReads for LiveFeed {
    async fn due(&self, channel: Channel, now: Timestamp, limit: usize) -> Result<Vec<DueDelivery>, ReadError> {
        ask!(self.due(channel, now, limit))
    }

    async fn next_due(&self, channel: Channel) -> Result<Option<Timestamp>, ReadError> {
        ask!(self.next_due(channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suppression_is_called_as_in_the_log() {
        assert_eq!(suppression(Suppression::NoAddress), "no_address");
    }
}
