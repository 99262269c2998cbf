//! What leads outside: due deliveries are claimed, sent and ended, each step an event.
//!
//! The view says what is due, the log says who may: a claim is `attempt_started` at the version that it was decided on, so
//! any number of workers and processes look at the same rows and one of them sends. Never in here: how a provider is spoken
//! to (`providers`), whether somebody is to hear of it and what an outcome leads to (`aggregates::policy`).

mod address;
mod attempt;
mod measuring;
mod wording;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::DeliveryId;
use aggregates::notification::Surroundings;
use aggregates::policy::channels::Channel;
use aggregates::policy::retrying::RetryPolicy;
use event_log::{Door, SharedLog};
use projections::feed::DueDelivery;
use projections::{UnitName, Views};
use providers::{DeliveryChannel, Outside};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::SharedClock;
use crate::directory::Directory;
use attempt::Attempt;
use measuring::DeliveryMeasures;

/// Between two looks at what is due, however much happens in between.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two looks when nothing is heard of: another process may have put something off.
const POLL_PERIOD: Duration = Duration::from_secs(5);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How sending is done.
#[derive(Debug, Clone)]
pub struct DeliveryPlan {
    /// Attempts under way at the same time, in this process.
    pub workers_max: usize,
    /// What one attempt may take in all.
    pub attempt_ms_max: u64,
    pub retry: RetryPolicy,
    /// Channels on which what may have been taken is sent once more.
    pub repeat_ambiguous: Vec<Channel>,
    /// What links of the platform are put behind; without it they stay paths.
    pub base_url: Option<Url>,
    pub surroundings: Surroundings,
}

/// How it stands, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryHealth {
    /// Attempts under way.
    pub under_way: usize,
    /// What it waits for.
    pub failure: Option<String>,
}

/// What a worker works with; clones share everything.
#[derive(Clone)]
pub struct DeliveryParts {
    pub log: SharedLog,
    pub views: Views,
    pub door: Door,
    pub directory: Directory,
    pub outside: Outside,
    pub clock: SharedClock,
}

/// Sends what is due. One in each process.
pub struct Deliverer {
    parts: DeliveryParts,
    plan: Arc<DeliveryPlan>,
    health: watch::Sender<DeliveryHealth>,
    measures: DeliveryMeasures,
}

impl Deliverer {
    pub fn new(parts: DeliveryParts, plan: DeliveryPlan) -> Self {
        let (plan, health) = (Arc::new(plan), watch::Sender::new(DeliveryHealth::default()));
        Self { parts, plan, health, measures: DeliveryMeasures::new() }
    }

    pub fn health(&self) -> watch::Receiver<DeliveryHealth> {
        self.health.subscribe()
    }

    /// Until `shutdown`; then what was begun is ended.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut progress = self.parts.views.progress(UnitName::Feed);
        let mut under_way = UnderWay::default();
        let mut backoff = PAUSE;
        while !shutdown.is_cancelled() {
            progress.borrow_and_update();
            let pause = match self.look(&mut under_way).await {
                Ok(next_due) => {
                    backoff = PAUSE;
                    self.health.send_modify(|health| health.failure = None);
                    self.until(next_due)
                }
                Err(error) => {
                    tracing::warn!(error = %event_log::Chain(&error), "what is due cannot be read now");
                    self.health.send_modify(|health| health.failure = Some(error.to_string()));
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                    backoff
                }
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = under_way.attempts.join_next() => under_way.ended(ended),
                () = tokio::time::sleep(pause) => {}
                changed = progress.changed() => if changed.is_err() { break },
            }
            self.health.send_modify(|health| health.under_way = under_way.attempts.len());
            tokio::time::sleep(PAUSE).await;
        }
        while let Some(ended) = under_way.attempts.join_next().await {
            under_way.ended(ended);
        }
        self.health.send_modify(|health| health.under_way = 0);
    }

    /// Begins what is due, as far as there is room; says when the next is.
    async fn look(&self, under_way: &mut UnderWay) -> Result<Option<Timestamp>, projections::ReadError> {
        while let Some(ended) = under_way.attempts.try_join_next() {
            under_way.ended(ended);
        }
        let room = self.plan.workers_max.saturating_sub(under_way.attempts.len());
        if room == 0 {
            return Ok(None);
        }
        let feed = self.parts.views.feed();
        // Those that are under way here are due in the view until their end is there too.
        let due = feed.due(self.parts.clock.now(), room + under_way.ids.len()).await?;
        for due in due {
            let id = id_of(&due);
            if under_way.attempts.len() == self.plan.workers_max {
                break;
            }
            if !under_way.ids.insert(id) {
                continue;
            }
            let attempt = Attempt::new(self.parts.clone(), self.plan.clone(), self.measures.clone(), due);
            under_way.attempts.spawn(async move {
                attempt.run().await;
                id
            });
        }
        feed.next_due().await
    }

    /// How long until then; what is due already is looked at again when something moves.
    fn until(&self, next_due: Option<Timestamp>) -> Duration {
        let now = self.parts.clock.now().as_millis();
        let wait = next_due.map_or(u64::MAX, |due| due.as_millis().saturating_sub(now).max(0).unsigned_abs());
        Duration::from_millis(wait).clamp(PAUSE, POLL_PERIOD)
    }
}

/// What this process has begun.
#[derive(Default)]
struct UnderWay {
    ids: HashSet<DeliveryId>,
    attempts: JoinSet<DeliveryId>,
}

impl UnderWay {
    fn ended(&mut self, ended: Result<DeliveryId, tokio::task::JoinError>) {
        match ended {
            Ok(id) => drop(self.ids.remove(&id)),
            Err(error) => {
                // Which one it was is not known: all of them may be looked at again, the log says who may send.
                tracing::error!(%error, "an attempt ended without an end");
                self.ids.clear();
            }
        }
    }
}

fn id_of(due: &DueDelivery) -> DeliveryId {
    DeliveryId::of(due.delivery.notification_id, due.delivery.channel)
}

/// `None` for the feed, which nobody carries anything to.
const fn outside_channel(channel: Channel) -> Option<DeliveryChannel> {
    match channel {
        Channel::InApp => None,
        Channel::Push => Some(DeliveryChannel::Push),
        Channel::Email => Some(DeliveryChannel::Email),
        Channel::WhatsApp => Some(DeliveryChannel::WhatsApp),
    }
}
