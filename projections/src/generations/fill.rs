//! Fills a generation that nobody else writes: one task reads, decodes and projects, the other writes.
//!
//! Two so that a rebuild uses two cores; at most a few steps are between them, so memory is flat however large the log.
//! Never in here: which generation, and what becomes of it.

use std::time::Duration;

use event_log::{Position, SharedLog};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::{Pace, Progress};
use crate::projector::{page_up_to, steps};
use crate::store::{Applied, Generation, Step, StoreError, UnitChanges};
use crate::views::UnitName;

/// Events read at a time.
const PAGE_EVENTS_MAX: usize = 5_000;
/// Changes of one transaction, about. Many events touch the same rows, so large steps write fewer.
const STEP_CHANGES_MAX: usize = 30_000;
/// Events of one transaction: what a kill -9 can cost.
const STEP_EVENTS_MAX: u64 = 20_000;
/// Steps between the two tasks.
const AHEAD_STEPS_MAX: usize = 1;
/// A rebuild that is throttled comes in this many steps a second.
const THROTTLED_STEPS_PER_SECOND: u64 = 4;
/// Longest rest at a time for the sake of somebody who writes to the log.
const REST_MAX: Duration = Duration::from_secs(2);

/// One filling, from wherever the generation stands to wherever it is told, step by step.
pub(super) struct Filling<'a> {
    unit: UnitName,
    log: &'a SharedLog,
    rate: Rate,
    on_progress: &'a (dyn Fn(Progress) + Send + Sync),
    pub events: u64,
}

impl<'a> Filling<'a> {
    pub(super) fn new(
        unit: UnitName,
        log: &'a SharedLog,
        pace: Pace,
        on_progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        Self { unit, log, rate: Rate::new(pace, log.listen()), on_progress, events: 0 }
    }

    /// Time it stood still, throttled or for the sake of others.
    pub(super) fn rested(&self) -> Duration {
        self.rate.rested
    }

    /// From here on somebody waits: no more rests.
    pub(super) fn hurry(&mut self) {
        self.rate.pace = Pace::FULL;
    }

    /// Brings `generation` exactly to `target`, which the log has.
    pub(super) async fn to(&mut self, generation: &dyn Generation, target: Position) -> Result<(), StoreError> {
        let from = generation.standing().await?.checkpoint;
        if from >= target {
            return Ok(());
        }
        let (reader, mut ready) = mpsc::channel(AHEAD_STEPS_MAX);
        let reading = Reading { unit: self.unit, log: self.log.clone(), events_max: self.rate.step_events_max() };
        // Given up with this future, so that an interrupted rebuild does not go on reading.
        let _reading = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = reading.run(from, target, &reader).await {
                // Nobody waits any more: the filling was given up.
                let _ = reader.send(Err(error)).await;
            }
        }));
        let mut at = from;
        while let Some(step) = ready.recv().await {
            let (step, events) = step?;
            let (began, to) = (Instant::now(), step.to);
            match generation.fill(step).await? {
                Applied::Done => {}
                Applied::Moved(_) | Applied::Closed => {
                    return Err(StoreError::Corrupt("somebody else moves what is being filled".to_owned()));
                }
            }
            at = to;
            self.events += events;
            (self.on_progress)(Progress { events_done: self.events, position: at, head: target });
            self.rate.rest(events, began.elapsed()).await;
        }
        if at < target {
            return Err(StoreError::Corrupt(format!("reading ended at {at}, before {target}")));
        }
        Ok(())
    }
}

struct Reading {
    unit: UnitName,
    log: SharedLog,
    events_max: u64,
}

impl Reading {
    async fn run(
        &self,
        from: Position,
        target: Position,
        ready: &mpsc::Sender<Result<(Step, u64), StoreError>>,
    ) -> Result<(), StoreError> {
        let limit = PAGE_EVENTS_MAX.min(usize::try_from(self.events_max).unwrap_or(PAGE_EVENTS_MAX));
        let mut gathered = Gathered::new(self.unit, &self.log, from);
        let mut position = from;
        while position < target {
            let page = page_up_to(self.unit, &self.log, position, target, limit).await?;
            position = page.scanned_to;
            let events = page.events.len() as u64;
            for step in steps(self.unit, self.log.id(), gathered.step.to, &page, STEP_CHANGES_MAX) {
                gathered.take(step);
                if gathered.step.changes.len() >= STEP_CHANGES_MAX
                    && ready.send(Ok(gathered.hand_over())).await.is_err()
                {
                    return Ok(());
                }
            }
            gathered.events += events;
            let full = gathered.events >= self.events_max;
            if (full || position >= target) && ready.send(Ok(gathered.hand_over())).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Pages on their way to becoming one step.
struct Gathered {
    step: Step,
    events: u64,
    unit: UnitName,
}

impl Gathered {
    fn new(unit: UnitName, log: &SharedLog, from: Position) -> Self {
        let step = Step { from, to: from, log: log.id(), changes: UnitChanges::none(unit) };
        Self { step, events: 0, unit }
    }

    fn take(&mut self, next: Step) {
        self.step.to = next.to;
        self.step.changes.append(next.changes);
    }

    fn hand_over(&mut self) -> (Step, u64) {
        let next =
            Step { from: self.step.to, to: self.step.to, log: self.step.log, changes: UnitChanges::none(self.unit) };
        (std::mem::replace(&mut self.step, next), std::mem::take(&mut self.events))
    }
}

/// How fast a filling may go.
struct Rate {
    pace: Pace,
    heard: watch::Receiver<Position>,
    began: Instant,
    events: u64,
    rested: Duration,
}

impl Rate {
    fn new(pace: Pace, mut heard: watch::Receiver<Position>) -> Self {
        heard.mark_unchanged();
        Self { pace, heard, began: Instant::now(), events: 0, rested: Duration::ZERO }
    }

    fn step_events_max(&self) -> u64 {
        let throttled = self.pace.events_per_second.map(|most| (most.get() / THROTTLED_STEPS_PER_SECOND).max(1));
        throttled.unwrap_or(STEP_EVENTS_MAX).min(STEP_EVENTS_MAX)
    }

    /// After a step of `events` that took `took`: what a limit asks for, and as long again as the step took when
    /// somebody wrote to the log meanwhile, so that a server in use keeps at least half of the machine.
    async fn rest(&mut self, events: u64, took: Duration) {
        self.events += events;
        let mut rest = Duration::ZERO;
        if self.pace.yields && self.heard.has_changed().unwrap_or(false) {
            self.heard.mark_unchanged();
            rest = took.min(REST_MAX);
        }
        if let Some(most) = self.pace.events_per_second {
            let due = Duration::from_secs_f64(self.events as f64 / most.get() as f64);
            rest = rest.max(due.saturating_sub(self.began.elapsed()));
        }
        if !rest.is_zero() {
            self.rested += rest;
            tokio::time::sleep(rest).await;
        }
    }
}
