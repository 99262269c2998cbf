//! Drives a unit along the log: read a batch, see what it means, write rows and checkpoint in one transaction, repeat.
//!
//! Any number of processes may drive the same unit: whoever comes second finds the checkpoint moved and reads it again.
//! Never in here: SQL, what an event means.

use std::sync::Arc;
use std::time::Duration;

use aggregates::AggregateKind;
use event_log::{EventLogError, Filter, LogId, Page, Position, SharedLog, Subscription};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::store::{Applied, Generation, GenerationState, Step, StoreError, UnitChanges, chain};
use crate::unit::{Live, Unit};
use crate::views::{ReadError, UnitName, UnitRun};

/// Small enough to commit in a few milliseconds, large enough to rebuild a million events in minutes.
const BATCH_EVENTS_MAX: usize = 500;
/// Rows one transaction touches, about: an event may bring five hundred members.
pub(crate) const BATCH_CHANGES_MAX: usize = 5_000;
/// How late a checkpoint may be stored when nothing but the checkpoint moved: most events concern one unit, and a write
/// per event for every other one would cost as much as the event.
const SAVE_INTERVAL: Duration = Duration::from_millis(500);
/// How often an idle projector looks whether its generation was closed or moved by somebody else.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a page may take; longer, and its answer counts as lost.
const READ_PATIENCE: Duration = Duration::from_secs(60);
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// What a unit reads of the log.
pub(crate) const fn filter(unit: UnitName) -> Filter {
    match unit {
        UnitName::Inbox => Filter::Kinds(&[
            AggregateKind::Room,
            AggregateKind::Participant,
            AggregateKind::Relationship,
            AggregateKind::User,
            AggregateKind::Report,
        ]),
        // People for their erasures alone.
        UnitName::Feed => Filter::Kinds(&[
            AggregateKind::Notification,
            AggregateKind::Feed,
            AggregateKind::Preferences,
            AggregateKind::Subscription,
            AggregateKind::User,
        ]),
        UnitName::Search => Filter::Kinds(&[AggregateKind::Room, AggregateKind::User]),
    }
}

/// Follows the log until `shutdown`. What may pass is tried again, ever slower; what never will stops it.
pub(crate) async fn run(unit: Arc<Unit>, shutdown: CancellationToken) -> Result<(), ReadError> {
    let mut backoff = BACKOFF_FIRST;
    loop {
        let before = unit.position();
        let error = match follow(&unit, &shutdown).await {
            Ok(Turn::Stopped) => {
                unit.set_run(UnitRun::Idle);
                return Ok(());
            }
            Ok(Turn::Again) => continue,
            Err(error) => error,
        };
        let reason = chain(&error);
        if !error.may_pass() {
            tracing::error!(unit = %unit.name(), position = %unit.position(), %reason, "the view has stopped");
            unit.set_run(UnitRun::Failed { reason });
            return Err(error.of(unit.name()));
        }
        if unit.position() > before {
            backoff = BACKOFF_FIRST;
        }
        // A database that fell may come back without its last moments: nobody is told of a position until it is seen again.
        unit.retract();
        tracing::error!(unit = %unit.name(), %reason, again_in = ?backoff, "the view cannot be moved");
        unit.measures.retries.increment(1);
        unit.set_run(UnitRun::Retrying { reason });
        tokio::select! {
            () = shutdown.cancelled() => {
                unit.set_run(UnitRun::Idle);
                return Ok(());
            }
            () = tokio::time::sleep(backoff) => {}
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

enum Turn {
    Stopped,
    /// The unit is somewhere else, or something else: begin anew from its stored checkpoint.
    Again,
}

async fn follow(unit: &Unit, shutdown: &CancellationToken) -> Result<Turn, StoreError> {
    let live = unit.live();
    let standing = match live.generation.standing().await {
        Err(StoreError::Gone | StoreError::Damaged { .. }) => return reopened(unit).await,
        standing => standing?,
    };
    if standing.state == GenerationState::Closed {
        return reopened(unit).await;
    }
    unit.publish(standing.checkpoint);
    unit.set_run(UnitRun::Running);
    let mut subscription = Subscription::new(unit.log(), standing.checkpoint, filter(unit.name()));
    let mut place = Place { live, stored: standing.checkpoint, seen: standing.checkpoint, saved: Instant::now() };
    loop {
        let page = {
            // Kept through the looks: a page that takes longer than they are apart must still come.
            let reading = tokio::time::timeout(READ_PATIENCE, subscription.next(BATCH_EVENTS_MAX));
            tokio::pin!(reading);
            loop {
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => {
                        place.save(unit).await?;
                        return Ok(Turn::Stopped);
                    }
                    page = &mut reading => break page,
                    () = tokio::time::sleep_until(place.next_look()) => {
                        if place.save(unit).await? != Applied::Done || unit.look().await? != place.stored {
                            return Ok(Turn::Again);
                        }
                    }
                }
            }
        };
        // Nothing came, or an answer was lost: ask anew.
        let Ok(page) = page else { continue };
        let page = page?;
        for step in steps(unit.name(), unit.log().id(), place.seen, &page, BATCH_CHANGES_MAX) {
            match place.take(unit, step).await? {
                Applied::Done => {}
                Applied::Moved(elsewhere) => {
                    unit.publish(elsewhere);
                    return Ok(Turn::Again);
                }
                Applied::Closed => return reopened(unit).await,
            }
        }
        observe(unit, &page);
    }
}

/// Where a projector is: what it has seen, of which the checkpoint that is stored may be a little short.
struct Place {
    live: Arc<Live>,
    stored: Position,
    /// Nothing between `stored` and here concerns the unit: its rows are those of here.
    seen: Position,
    saved: Instant,
}

impl Place {
    fn next_look(&self) -> Instant {
        self.saved + if self.seen > self.stored { SAVE_INTERVAL } else { LOOK_INTERVAL }
    }

    async fn take(&mut self, unit: &Unit, step: Step) -> Result<Applied, StoreError> {
        self.seen = step.to;
        if step.changes.len() == 0 && self.saved.elapsed() < SAVE_INTERVAL {
            unit.publish(step.to);
            return Ok(Applied::Done);
        }
        self.store(unit, Step { from: self.stored, ..step }).await
    }

    /// Stores the checkpoint if it is short, and says that it looked.
    async fn save(&mut self, unit: &Unit) -> Result<Applied, StoreError> {
        if self.seen == self.stored {
            self.saved = Instant::now();
            return Ok(Applied::Done);
        }
        let changes = UnitChanges::none(unit.name());
        self.store(unit, Step { from: self.stored, to: self.seen, log: unit.log().id(), changes }).await
    }

    async fn store(&mut self, unit: &Unit, step: Step) -> Result<Applied, StoreError> {
        let to = step.to;
        let began = Instant::now();
        let applied = self.live.generation.apply(step).await?;
        if applied == Applied::Done {
            unit.measures.apply.record(began.elapsed());
            self.stored = to;
            self.saved = Instant::now();
            unit.publish(to);
        }
        Ok(applied)
    }
}

async fn reopened(unit: &Unit) -> Result<Turn, StoreError> {
    unit.reopen().await?;
    Ok(Turn::Again)
}

fn observe(unit: &Unit, page: &Page) {
    // How far behind it is, is asked when somebody looks: a projector that is stuck would go on showing its last word.
    unit.measures.events.increment(page.events.len() as u64);
    if tracing::enabled!(tracing::Level::DEBUG) {
        for recorded in &page.events {
            let correlation = recorded.metadata.correlation.map(tracing::field::display);
            tracing::debug!(correlation, position = recorded.position.0, unit = %unit.name(), "a view shows an event");
        }
    }
}

/// Cuts a page into transactions. The last one reaches to the page's end, also when nothing in it concerns the unit.
pub(crate) fn steps(unit: UnitName, log: LogId, from: Position, page: &Page, changes_max: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut from = from;
    let mut changes = UnitChanges::none(unit);
    for recorded in &page.events {
        changes.take(recorded);
        if changes.len() >= changes_max && recorded.position < page.scanned_to {
            let full = std::mem::replace(&mut changes, UnitChanges::none(unit));
            steps.push(Step { from, to: recorded.position, log, changes: full });
            from = recorded.position;
        }
    }
    steps.push(Step { from, to: page.scanned_to, log, changes });
    steps
}

/// Moves a live `generation` to `target`, which the log has, beside whoever else moves it.
pub(crate) async fn advance(
    unit: UnitName,
    generation: &dyn Generation,
    log: &SharedLog,
    target: Position,
) -> Result<(), StoreError> {
    let mut position = generation.standing().await?.checkpoint;
    while position < target {
        let page = page_up_to(unit, log, position, target, BATCH_EVENTS_MAX).await?;
        for step in steps(unit, log.id(), position, &page, BATCH_CHANGES_MAX) {
            let to = step.to;
            match generation.apply(step).await? {
                Applied::Done => position = to,
                Applied::Moved(elsewhere) => {
                    position = elsewhere;
                    break;
                }
                Applied::Closed => return Err(StoreError::Gone),
            }
        }
    }
    Ok(())
}

/// What the unit wants of the log behind `position`, nothing past `target`.
pub(crate) async fn page_up_to(
    unit: UnitName,
    log: &SharedLog,
    position: Position,
    target: Position,
    limit: usize,
) -> Result<Page, StoreError> {
    let mut page = log.read_after(position, limit, filter(unit)).await?;
    page.events.retain(|recorded| recorded.position <= target);
    page.scanned_to = page.scanned_to.min(target);
    if page.scanned_to <= position {
        return Err(StoreError::Log(EventLogError::Corrupt(format!("it ends at {position}, before {target}"))));
    }
    Ok(page)
}
