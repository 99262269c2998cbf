//! What leads outside: due deliveries are claimed, sent and ended, each step an event.
//!
//! The view says what is due, the log says who may: a claim is `attempt_started` at the version that it was decided on, so
//! any number of workers and processes look at the same rows and one of them sends. Never in here: how a provider is spoken
//! to (`providers`), whether somebody is to hear of it and what an outcome leads to (`aggregates::policy`).

mod address;
mod attempt;
mod measuring;
mod wording;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::NotificationId;
use aggregates::notification::Surroundings;
use aggregates::policy::channels::Channel;
use aggregates::policy::retrying::RetryPolicy;
use event_log::{Door, SharedLog};
use projections::{UnitName, Views};
use providers::{DeliveryChannel, Outside};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
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
/// How long something is left alone that nothing came of; twice as long each time.
const ASIDE_FIRST: Duration = Duration::from_secs(1);
const ASIDE_MAX: Duration = Duration::from_secs(60);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How sending is done.
#[derive(Debug, Clone)]
pub struct DeliveryPlan {
    /// Attempts under way at the same time, in this process; each channel has a third of them.
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
        let measures = DeliveryMeasures::new(&parts.outside);
        Self { parts, plan, health, measures }
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

    /// Begins what is due, as far as there is room; says when to look again at the latest.
    async fn look(&self, under_way: &mut UnderWay) -> Result<Option<Timestamp>, projections::ReadError> {
        while let Some(ended) = under_way.attempts.try_join_next() {
            under_way.ended(ended);
        }
        under_way.take_back();
        let feed = self.parts.views.feed();
        let mut next = None;
        for channel in self.channels() {
            // Each has its share: a service that hangs holds up nothing but its own.
            let share = (self.plan.workers_max / self.channels().count()).max(1);
            let room = share.saturating_sub(under_way.of(channel));
            if room == 0 {
                continue;
            }
            // Those that are begun or put aside here are due in the view all the same.
            let limit = room + under_way.known.keys().filter(|key| key.1 == channel).count();
            for due in feed.due(channel, self.parts.clock.now(), limit).await? {
                let key = (due.delivery.notification_id, channel);
                if under_way.of(channel) == share {
                    break;
                }
                if under_way.begins(key) {
                    let attempt = Attempt::new(self.parts.clone(), self.plan.clone(), self.measures, due);
                    under_way.attempts.spawn(async move { (key, attempt.run().await) });
                }
            }
            let due = feed.next_due(channel).await?;
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Those that lead outside. Also the ones without a service: what was put off when they had one comes to its end.
    fn channels(&self) -> impl Iterator<Item = Channel> + use<> {
        Channel::ALL.into_iter().filter(|channel| outside_channel(*channel).is_some())
    }

    /// How long until then; what is due already is looked at again when something moves.
    fn until(&self, next_due: Option<Timestamp>) -> Duration {
        let now = self.parts.clock.now().as_millis();
        let wait = next_due.map_or(u64::MAX, |due| due.as_millis().saturating_sub(now).max(0).unsigned_abs());
        Duration::from_millis(wait).clamp(PAUSE, POLL_PERIOD)
    }
}

/// One notification on one channel.
type DeliveryKey = (NotificationId, Channel);

/// What this process has begun, and what it leaves alone for a while.
#[derive(Default)]
struct UnderWay {
    known: HashMap<DeliveryKey, Standing>,
    attempts: JoinSet<(DeliveryKey, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// So many times nothing came of it before.
    Begun {
        failures: u32,
    },
    Aside {
        until: Instant,
        failures: u32,
    },
    /// What nothing came of, and what may be begun again.
    Free {
        failures: u32,
    },
}

impl UnderWay {
    /// How many are under way on a channel.
    fn of(&self, channel: Channel) -> usize {
        let begun = |(key, standing): &(&DeliveryKey, &Standing)| {
            key.1 == channel && matches!(standing, Standing::Begun { .. })
        };
        self.known.iter().filter(begun).count()
    }

    /// `false` for one that is begun already, or aside.
    fn begins(&mut self, key: DeliveryKey) -> bool {
        let failures = match self.known.get(&key) {
            None => 0,
            Some(Standing::Free { failures }) => *failures,
            Some(Standing::Begun { .. } | Standing::Aside { .. }) => return false,
        };
        self.known.insert(key, Standing::Begun { failures });
        true
    }

    fn ended(&mut self, ended: Result<(DeliveryKey, bool), tokio::task::JoinError>) {
        match ended {
            Ok((key, true)) => drop(self.known.remove(&key)),
            Ok((key, false)) => {
                let Some(Standing::Begun { failures }) = self.known.get(&key).copied() else { return };
                let pause = (ASIDE_FIRST * 2_u32.saturating_pow(failures)).min(ASIDE_MAX);
                self.known.insert(key, Standing::Aside { until: Instant::now() + pause, failures: failures + 1 });
            }
            Err(error) => {
                // Which one it was is not known: all of them may be looked at again, the log says who may send.
                tracing::error!(%error, "an attempt ended without an end");
                self.known.clear();
            }
        }
    }

    /// What was put aside for long enough. What is free and not due any more is forgotten with the next of the same kind.
    fn take_back(&mut self) {
        let now = Instant::now();
        self.known.retain(|_, standing| !matches!(standing, Standing::Free { .. }));
        for standing in self.known.values_mut() {
            if let Standing::Aside { until, failures } = *standing
                && until <= now
            {
                *standing = Standing::Free { failures };
            }
        }
    }
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
