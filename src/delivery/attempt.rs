//! One attempt: claimed, sent by one provider, ended.

use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::{CommandId, DeliveryId};
use aggregates::notification::{
    AttemptStarted, EndAttempt, NotificationCommand, NotificationEvent, StartAttempt, Surroundings,
};
use aggregates::policy::channels::Channels;
use aggregates::policy::deciding::{Facts, Hearing};
use aggregates::policy::retrying::{AttemptOutcome, OutcomeKind, RetryPolicy};
use aggregates::{Command, DomainEvent, Metadata, StreamId};
use event_log::{CommandError, Decided, EventLogError, Position, Wish};
use projections::UnitName;
use projections::feed::{DeliveryRow, DueDelivery, NotificationRow};
use providers::{Outcome, Outgoing, Provider, ProviderKind};
use tracing::Instrument;
use uuid::Uuid;

use super::measuring::DeliveryMeasures;
use super::{DeliveryParts, DeliveryPlan, outside_channel};
use crate::delivery::{address, wording};

/// Beyond what an attempt may take: for writing down what came of it.
const ENDING_MS: u64 = 10_000;
/// How late a claim may be acted on. Whoever was frozen longer leaves it to the deadline.
const FRESH_MS: i64 = 5_000;
/// Tries to tell the log something.
const WRITE_TRIES: u32 = 6;
const WRITE_BACKOFF: Duration = Duration::from_millis(100);
const VIEW_PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Attempt {
    parts: DeliveryParts,
    plan: Arc<DeliveryPlan>,
    measures: DeliveryMeasures,
    delivery: DeliveryRow,
    notification: NotificationRow,
}

/// Why nothing could be sent, found before anything was.
pub(super) struct Unsendable(pub OutcomeKind, pub &'static str);

impl Attempt {
    pub fn new(parts: DeliveryParts, plan: Arc<DeliveryPlan>, measures: DeliveryMeasures, due: DueDelivery) -> Self {
        let DueDelivery { delivery, notification } = due;
        Self { parts, plan, measures, delivery, notification }
    }

    /// To its end, whatever it is: what cannot be written down now is seen again when its deadline has passed. `false`: it may be
    /// as due as before for whoever looks at once.
    pub async fn run(self) -> bool {
        let span = tracing::debug_span!(
            "delivery",
            notification = %self.delivery.notification_id,
            channel = self.delivery.channel.name()
        );
        async {
            let position = match self.claim().await {
                Ok(Claimed { started: Some(started), position }) => self.carry(started).await.unwrap_or(position),
                Ok(Claimed { started: None, position }) => position,
                Err(error) => {
                    tracing::warn!(error = %event_log::Chain(&error), "a delivery cannot be claimed now");
                    return false;
                }
            };
            // Until the view has it the row is due once more.
            self.parts.views.wait_for(UnitName::Feed, position, VIEW_PATIENCE).await.is_ok()
        }
        .instrument(span)
        .await
    }

    /// The one who is to carry it: as the last attempt said, else the first that is configured.
    fn provider(&self) -> Option<&Arc<dyn Provider>> {
        let all = self.providers();
        let named = self.delivery.provider.as_deref();
        named.and_then(|name| all.iter().find(|provider| provider.name() == name)).or_else(|| all.first())
    }

    fn providers(&self) -> &[Arc<dyn Provider>] {
        outside_channel(self.delivery.channel).map_or(&[], |channel| self.parts.outside.of(channel))
    }

    fn next_provider(&self, current: &str) -> Option<String> {
        let behind = self.providers().iter().skip_while(|provider| provider.name() != current).nth(1);
        behind.map(|provider| provider.name().to_owned())
    }

    fn repeats_ambiguous(&self) -> bool {
        self.plan.repeat_ambiguous.contains(&self.delivery.channel)
    }

    async fn claim(&self) -> Result<Claimed, CommandError> {
        let now = self.parts.clock.now();
        let provider = self.provider();
        let start = StartAttempt {
            notification_id: self.delivery.notification_id,
            channel: self.delivery.channel,
            hearing: self.hearing(Surroundings { clock: now, ..self.plan.surroundings }),
            raised_at: self.notification.position.0,
            // Without any it is found to be not configured, and not started.
            provider: provider.map_or_else(String::new, |provider| provider.name().to_owned()),
            takes_key: provider.is_some_and(|provider| provider.takes_idempotency_key()),
            repeat_ambiguous: self.repeats_ambiguous(),
            attempts_max: self.plan.retry.attempts_max,
            deadline: now.plus_millis(self.plan.attempt_ms_max + ENDING_MS),
        };
        let decided = self.surely(NotificationCommand::StartAttempt(Box::new(start))).await?;
        let started = decided.outcome.events().iter().find_map(|event| match event {
            DomainEvent::Notification(NotificationEvent::AttemptStarted(started)) => Some(started.clone()),
            _ => None,
        });
        Ok(Claimed { started, position: decided.position })
    }

    fn hearing(&self, surroundings: Surroundings) -> Hearing {
        let row = &self.notification;
        Hearing {
            recipient_id: row.recipient_id.clone(),
            kind: row.kind,
            actor_id: row.actor_id.clone(),
            allowed: Channels::of(&[self.delivery.channel]),
            critical: row.critical,
            topic: row.topic.clone(),
            room_id: row.room_id,
            surroundings,
            facts: Facts::default(),
        }
    }

    /// `None` where its end could not be written down.
    async fn carry(&self, started: AttemptStarted) -> Option<Position> {
        let Some(provider) = self.provider().filter(|provider| provider.name() == started.provider) else {
            // It was claimed by the same look at the same list.
            tracing::error!(provider = started.provider, "a claimed delivery has no provider");
            return None;
        };
        let outcome = match self.prepare(provider.as_ref()).await {
            Ok(Ok(outgoing)) => self.send(provider.as_ref(), &started, outgoing).await,
            Ok(Err(Unsendable(kind, reason))) => plain(kind, reason.to_owned()),
            Err(error) => {
                tracing::warn!(error = %event_log::Chain(&*error), "what is to be sent cannot be read now");
                plain(OutcomeKind::Unavailable, "what is to be sent could not be read".to_owned())
            }
        };
        self.measures.ended(self.delivery.channel, provider.name(), outcome.kind);
        self.end(&started, outcome, provider.name()).await
    }

    /// A claim that became too old to act on is not acted on: somebody else may have it by now. If nobody has, nothing was sent.
    async fn send(&self, provider: &dyn Provider, started: &AttemptStarted, outgoing: Outgoing) -> AttemptOutcome {
        let waited = self.parts.clock.now().as_millis() - started.at.as_millis();
        if waited > FRESH_MS {
            tracing::warn!(waited_ms = waited, "a claim has become too old to act on");
            return plain(OutcomeKind::Unavailable, "not sent: it had waited for too long".to_owned());
        }
        kept(provider.kind(), provider.send(&outgoing).await)
    }

    async fn prepare(&self, provider: &dyn Provider) -> Result<Result<Outgoing, Unsendable>, Box<EventLogError>> {
        let Some(profile) = address::profile_of(&self.parts.log, &self.delivery.recipient_id).await? else {
            return Ok(Err(Unsendable(OutcomeKind::Unreachable, "they are in the directory no more")));
        };
        let to = match address::address(provider.kind(), &self.delivery.recipient_id, &profile) {
            Ok(to) => to,
            Err(unsendable) => return Ok(Err(unsendable)),
        };
        let words = wording::Words::of(&self.notification, &self.parts.directory).await;
        let delivery_id = DeliveryId::of(self.delivery.notification_id, self.delivery.channel);
        Ok(words.map(|words| words.outgoing(delivery_id, to, &self.notification, self.plan.base_url.as_ref())))
    }

    /// `None` where it could not be written down: its deadline decides.
    async fn end(&self, started: &AttemptStarted, outcome: AttemptOutcome, provider: &str) -> Option<Position> {
        let retry = RetryPolicy { repeat_ambiguous: self.repeats_ambiguous(), ..self.plan.retry };
        let end = EndAttempt {
            notification_id: self.delivery.notification_id,
            channel: self.delivery.channel,
            attempt: started.attempt,
            outcome,
            next_provider: self.next_provider(provider),
            retry,
            jitter: rand::random_range(0..=1_000),
            at: self.parts.clock.now(),
        };
        match self.surely(NotificationCommand::EndAttempt(Box::new(end))).await {
            Ok(decided) => Some(decided.position),
            Err(error) => {
                tracing::error!(error = %event_log::Chain(&error), "an outcome was not written down");
                None
            }
        }
    }

    /// Asked again under the same id when it is not known whether it was carried out: then it is answered as the first time.
    async fn surely(&self, command: NotificationCommand) -> Result<Decided, CommandError> {
        let id = CommandId(Uuid::now_v7());
        let metadata = Metadata { command: Some(id), ..Metadata::default() };
        let stream = StreamId::notification(self.delivery.notification_id);
        let wish = Wish { stream, command: Command::Notification(command), id, repeatable: true, metadata };
        let mut backoff = WRITE_BACKOFF;
        for _ in 1..WRITE_TRIES {
            match self.parts.door.execute(wish.clone()).await {
                Err(
                    error @ (CommandError::Unavailable(_) | CommandError::NoKey(_) | CommandError::OutcomeUnknown(_)),
                ) => {
                    tracing::warn!(error = %event_log::Chain(&error), "a step of a delivery is told again");
                    tokio::time::sleep(backoff).await;
                    backoff *= 2;
                }
                answered => return answered,
            }
        }
        self.parts.door.execute(wish).await
    }
}

struct Claimed {
    /// `None`: it is not for us, or not any more.
    started: Option<AttemptStarted>,
    position: Position,
}

fn plain(kind: OutcomeKind, reason: String) -> AttemptOutcome {
    AttemptOutcome { kind, reason: Some(reason), provider_id: None, after_ms: None }
}

/// An outcome as the log has it. Who of several was not reached is not in it: a delivery is of one person.
fn kept(provider: ProviderKind, outcome: Outcome) -> AttemptOutcome {
    let reason = outcome.reason().map(ToString::to_string);
    let wait = |after: Option<Duration>| after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    let (kind, provider_id, after_ms) = match outcome {
        Outcome::Accepted { provider_id, unreachable: _, missed: _ } => {
            (OutcomeKind::Accepted, provider_id.map(|id| kept_id(provider, id)), None)
        }
        Outcome::Unreachable(_) => (OutcomeKind::Unreachable, None, None),
        Outcome::Refused(_) => (OutcomeKind::Refused, None, None),
        Outcome::Misconfigured(_) => (OutcomeKind::Misconfigured, None, None),
        Outcome::Quota(_) => (OutcomeKind::Quota, None, None),
        Outcome::Throttled { after, .. } => (OutcomeKind::Throttled, None, wait(after)),
        Outcome::Unavailable { after, .. } => (OutcomeKind::Unavailable, None, wait(after)),
        Outcome::Ambiguous(_) => (OutcomeKind::Ambiguous, None, None),
    };
    AttemptOutcome { kind, reason, provider_id, after_ms }
}

/// Under this name space lie the ids that are kept as what is derived from them.
const PROVIDER_IDS: Uuid = Uuid::from_u128(0x6b61_6261_725f_6e73_8000_0000_0000_0002);

/// What a provider calls it, for matching its receipts. WhatsApp's ids hold the number of whoever got it, and others may hold
/// anything: only OneSignal's, which are uuids, are kept as they are.
fn kept_id(provider: ProviderKind, id: String) -> String {
    match provider {
        ProviderKind::OneSignal => id,
        ProviderKind::WebPush
        | ProviderKind::Mailketing
        | ProviderKind::Smtp
        | ProviderKind::Starsender
        | ProviderKind::WhatsAppCloud => {
            Uuid::new_v5(&PROVIDER_IDS, format!("{}:{id}", provider.name()).as_bytes()).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_calls_it_names_nobody_and_is_the_same_each_time() {
        let wamid = "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1";
        let kept = kept_id(ProviderKind::WhatsAppCloud, wamid.to_owned());
        assert!(Uuid::parse_str(&kept).is_ok() && !kept.contains("HBgL"), "{kept}");
        assert_eq!(kept, kept_id(ProviderKind::WhatsAppCloud, wamid.to_owned()));
        assert_ne!(kept, kept_id(ProviderKind::Starsender, wamid.to_owned()));
        assert_eq!(kept_id(ProviderKind::OneSignal, "a".into()), "a");
    }
}
