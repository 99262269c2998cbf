//! What follows from what has happened: events become wishes, which go through the door like anybody's.
//!
//! `notification` says which wishes, pure; the loop here drives it along the log with a durable checkpoint that lies
//! beside the log and is never reset. An event is handled when the views have it, so that whoever hears of the outcome
//! finds its cause. Ids of wishes derive from their cause: after a crash the same events are seen again and nothing
//! happens twice. Never in here: sending (that is delivery and realtime), a rule (the door decides).

// Adding an event must break the build where it has to be answered.
#![deny(clippy::wildcard_enum_match_arm)]

mod measuring;
mod notification;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::UserId;
use aggregates::notification::Surroundings;
use event_log::{CommandError, Door, EventLogError, Page, Position, SharedLog, Subscription, Wish};
use futures_util::{StreamExt, TryStreamExt, stream};
use projections::{UnitName, Views};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::clock::SharedClock;

use measuring::ReactorMeasures;
pub use notification::{NotificationReactor, Reaction};

/// Whoever hears of what follows finds its cause in these; searching it may come later.
const DECIDED_WITH: [UnitName; 2] = [UnitName::Inbox, UnitName::Feed];
/// Events taken at a time, and so the most that are seen again after a crash.
const BATCH_EVENTS_MAX: usize = 100;
/// Wishes on their way through the door at the same time; it commits them together.
const WISHES_AT_ONCE_MAX: usize = 32;
/// How often the checkpoint is written while nothing came of the events that passed.
const CHECKPOINT_PERIOD: Duration = Duration::from_secs(1);
const VIEW_PATIENCE: Duration = Duration::from_secs(2);
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How far the reactor is, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReactorHealth {
    /// Everything up to here is handled; `None` before it has begun.
    pub position: Option<Position>,
    /// What it waits for, or why it ended.
    pub failure: Option<String>,
}

/// Drives [`NotificationReactor`] along the log. On one node at a time: a second one does no harm, only work twice.
pub struct Reactor {
    log: SharedLog,
    views: Views,
    door: Door,
    health: watch::Sender<ReactorHealth>,
    /// How this Kabar is set up; with the time of deciding written down with what is decided.
    surroundings: Surroundings,
    clock: SharedClock,
    measures: ReactorMeasures,
}

/// Why the loop leaves its work.
enum Halt {
    /// It was told to.
    Stopping,
    Failed(EventLogError),
}

/// Where it stands: `handled` is true of the events, `saved` is written.
struct Place {
    handled: Position,
    saved: Position,
    saved_at: Instant,
}

impl Reactor {
    pub fn new(log: SharedLog, views: Views, door: Door, surroundings: Surroundings, clock: SharedClock) -> Self {
        Self {
            log,
            views,
            door,
            health: watch::Sender::new(ReactorHealth::default()),
            surroundings,
            clock,
            measures: ReactorMeasures::new(),
        }
    }

    /// Where it stands, also while it runs.
    pub fn health(&self) -> watch::Receiver<ReactorHealth> {
        self.health.subscribe()
    }

    /// Until `shutdown`. Returns early, with the reason, when it meets something that cannot be read: it stops loudly
    /// and skips nothing. A log or a view that cannot be reached is waited for.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), EventLogError> {
        let ended = tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(()),
            begun = self.begin() => match begun {
                Ok(position) => self.follow(position, &shutdown).await,
                Err(error) => Err(error),
            },
        };
        if let Err(error) = &ended {
            tracing::error!(%error, "the reactor ended");
            self.fail(Some(error.to_string()));
        }
        ended
    }

    /// A new reactor starts at the head and says so durably: what happened before it came is not its business.
    async fn begin(&self) -> Result<Position, EventLogError> {
        let mut backoff = BACKOFF_FIRST;
        loop {
            match self.first_place().await {
                Err(EventLogError::Unavailable(error)) => self.wait(&*error, &mut backoff).await,
                other => return other,
            }
        }
    }

    async fn first_place(&self) -> Result<Position, EventLogError> {
        // The log itself refuses a checkpoint that is not of this log, or past its head.
        if let Some(position) = self.log.reactor_checkpoint(NotificationReactor::NAME).await? {
            return Ok(position);
        }
        let head = self.log.head().await?;
        self.log.save_reactor_checkpoint(NotificationReactor::NAME, head).await?;
        Ok(head)
    }

    async fn follow(&self, position: Position, shutdown: &CancellationToken) -> Result<(), EventLogError> {
        let mut subscription = Subscription::new(self.log.clone(), position, NotificationReactor::FILTER);
        let mut place = Place { handled: position, saved: position, saved_at: Instant::now() };
        let mut backoff = BACKOFF_FIRST;
        self.health.send_replace(ReactorHealth { position: Some(position), failure: None });
        let halt = loop {
            let page = tokio::select! {
                // In this order: what the simulation draws must not depend on a coin that it does not hold.
                biased;
                () = shutdown.cancelled() => break Halt::Stopping,
                // Nothing may come for long: what passed meanwhile is written all the same.
                () = tokio::time::sleep_until(place.saved_at + CHECKPOINT_PERIOD), if place.handled > place.saved => {
                    self.save(&mut place).await;
                    continue;
                }
                page = subscription.next(BATCH_EVENTS_MAX) => page,
            };
            match page {
                Ok(page) => {
                    if let Err(halt) = self.heed(&page, shutdown).await {
                        break halt;
                    }
                    place.handled = page.scanned_to;
                    self.health.send_replace(ReactorHealth { position: Some(place.handled), failure: None });
                    backoff = BACKOFF_FIRST;
                    let due = place.saved_at.elapsed() >= CHECKPOINT_PERIOD || page.events.len() == BATCH_EVENTS_MAX;
                    if due {
                        self.save(&mut place).await;
                    }
                }
                Err(EventLogError::Unavailable(error)) => tokio::select! {
                    biased;
                    () = self.wait(&*error, &mut backoff) => {}
                    () = shutdown.cancelled() => break Halt::Stopping,
                },
                Err(error) => break Halt::Failed(error),
            }
        };
        self.save(&mut place).await;
        match halt {
            Halt::Stopping => Ok(()),
            Halt::Failed(error) => Err(error),
        }
    }

    /// Everything that follows from a page is durable when it returns without an error. What one person is to hear of
    /// keeps its order; different people's wishes go through the door side by side.
    async fn heed(&self, page: &Page, shutdown: &CancellationToken) -> Result<(), Halt> {
        let mut last = None;
        let mut lanes: BTreeMap<UserId, Vec<(Wish, Timestamp)>> = BTreeMap::new();
        let surroundings = Surroundings { clock: self.clock.now(), ..self.surroundings };
        for recorded in &page.events {
            if let Some(Reaction { recipient, wish }) = NotificationReactor::react(recorded, surroundings) {
                lanes.entry(recipient).or_default().push((wish, recorded.recorded_at));
                last = Some(recorded.position);
            }
        }
        let Some(last) = last else { return Ok(()) };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return Err(Halt::Stopping),
            () = self.views_have(last) => {}
        }
        let under_way = lanes.into_values().map(|wishes| async move {
            for (wish, recorded_at) in wishes {
                let span = tracing::debug_span!(
                    "reaction",
                    correlation = wish.metadata.correlation.map(tracing::field::display),
                    cause = wish.metadata.causation.map(|cause| tracing::field::display(cause.0)),
                    stream = %wish.stream
                );
                self.fulfil(wish, recorded_at, shutdown).instrument(span).await?;
            }
            Ok(())
        });
        stream::iter(under_way).buffer_unordered(WISHES_AT_ONCE_MAX).try_collect::<()>().await
    }

    async fn views_have(&self, position: Position) {
        for unit in DECIDED_WITH {
            while let Err(lagging) = self.views.wait_for(unit, position, VIEW_PATIENCE).await {
                tracing::warn!(%lagging, "the reactor waits for a view");
                self.fail(Some(lagging.to_string()));
            }
        }
    }

    /// Until the door has carried it out or a rule has refused it.
    async fn fulfil(&self, wish: Wish, recorded_at: Timestamp, shutdown: &CancellationToken) -> Result<(), Halt> {
        let mut backoff = BACKOFF_FIRST;
        loop {
            let error = match self.door.execute(wish.clone()).await {
                Ok(_) => {
                    self.measures.carried_out(recorded_at);
                    tracing::debug!("what follows is durable");
                    return Ok(());
                }
                // That one of the two blocked the other is a fact like any other: nobody is to hear of it.
                Err(CommandError::Refused { refusal, .. }) => {
                    self.measures.refused.increment(1);
                    tracing::debug!(%refusal, "nothing follows");
                    return Ok(());
                }
                Err(CommandError::Corrupt(error)) => {
                    return Err(Halt::Failed(EventLogError::Corrupt(format!("{}: {error}", wish.stream))));
                }
                Err(mistake @ CommandError::Misaddressed { .. }) => {
                    return Err(Halt::Failed(EventLogError::Corrupt(mistake.to_string())));
                }
                Err(CommandError::Stopping) if shutdown.is_cancelled() => return Err(Halt::Stopping),
                Err(CommandError::Stopping) => return Err(Halt::Failed(EventLogError::Closed)),
                Err(
                    error @ (CommandError::Unavailable(_) | CommandError::NoKey(_) | CommandError::OutcomeUnknown(_)),
                ) => error,
            };
            tokio::select! {
                biased;
                () = self.wait(&error, &mut backoff) => {}
                () = shutdown.cancelled() => return Err(Halt::Stopping),
            }
        }
    }

    /// A checkpoint that cannot be written now is written later; until then more is seen again after a crash.
    async fn save(&self, place: &mut Place) {
        place.saved_at = Instant::now();
        if place.handled == place.saved {
            return;
        }
        match self.log.save_reactor_checkpoint(NotificationReactor::NAME, place.handled).await {
            Ok(()) => place.saved = place.handled,
            Err(error) => tracing::warn!(%error, "the reactor's checkpoint cannot be written now"),
        }
    }

    async fn wait(&self, error: &(dyn std::error::Error + Send + Sync), backoff: &mut Duration) {
        tracing::warn!(%error, retry_ms = backoff.as_millis(), "the reactor tries again");
        self.fail(Some(error.to_string()));
        tokio::time::sleep(*backoff).await;
        *backoff = (*backoff * 2).min(BACKOFF_MAX);
    }

    fn fail(&self, failure: Option<String>) {
        self.health.send_modify(|health| health.failure = failure);
    }
}
