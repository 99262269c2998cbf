//! Fills a generation that nobody else writes: one task reads, decodes and projects, the other writes.
//!
//! Two so that a rebuild uses two cores; at most a few steps are between them, and what is not stored yet is bounded, so
//! memory is flat however large the log.
//! Never in here: which generation, and what becomes of it.

use std::time::Duration;

use event_log::{Position, SharedLog};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::lost::{LostWords, Met};
use super::{Pace, Progress, Stage};
use crate::projector::{page_up_to, steps};
use crate::store::{Applied, Generation, Step, StoreError};
use crate::views::UnitName;

/// Events read at a time.
const PAGE_EVENTS_MAX: usize = 5_000;
/// Changes of one step, about: what is between the two tasks.
const STEP_CHANGES_MAX: usize = 15_000;
/// Changes of one transaction, about. Many touch the same rows, which are written once at its end; until then they are in
/// memory.
const FLUSH_CHANGES_MAX: usize = 250_000;
/// What a kill -9 can cost, and how often whoever watches hears how far it is.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// How often whoever watches hears that indexes are being made.
const FINISH_TOLD_INTERVAL: Duration = Duration::from_secs(1);
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
    /// What of it nobody can read.
    pub lost: LostWords,
}

impl<'a> Filling<'a> {
    pub(super) fn new(
        unit: UnitName,
        log: &'a SharedLog,
        pace: Pace,
        on_progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        Self { unit, log, rate: Rate::new(pace, log.listen()), on_progress, events: 0, lost: LostWords::default() }
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
        let reading = Reading { unit: self.unit, log: self.log.clone(), events_max: self.rate.page_events_max() };
        // Given up with this future, so that an interrupted rebuild does not go on reading.
        let _reading = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = reading.run(from, target, &reader).await {
                // Nobody waits any more: the filling was given up.
                let _ = reader.send(Err(error)).await;
            }
        }));
        let mut at = from;
        let mut flushing = Flushing::default();
        while let Some(step) = ready.recv().await {
            let Read { step, events, met } = step?;
            self.meet(generation, met).await?;
            let (began, to) = (Instant::now(), step.to);
            flushing.changes += step.changes.len();
            match generation.fill(step).await? {
                Applied::Done => {}
                Applied::Moved(_) | Applied::Closed => {
                    return Err(StoreError::Corrupt("somebody else moves what is being filled".to_owned()));
                }
            }
            at = to;
            self.events += events;
            // One that is throttled rests all the time.
            if flushing.is_due() || self.rate.is_throttled() || at >= target {
                self.flush(generation, at, target).await?;
                flushing = Flushing::default();
            }
            let rest = self.rate.rest(events, began.elapsed());
            if !rest.is_zero() {
                // Nobody is to find a transaction open for as long as this sleeps.
                if flushing.changes > 0 {
                    self.flush(generation, at, target).await?;
                    flushing = Flushing::default();
                }
                tokio::time::sleep(rest).await;
            }
        }
        if at < target {
            return Err(StoreError::Corrupt(format!("reading ended at {at}, before {target}")));
        }
        Ok(())
    }

    /// What is lost is noted in the generation before anything that misses it is stored: whoever goes on with it, after a
    /// kill -9 too, would not meet it again, and begins anew.
    async fn meet(&mut self, generation: &dyn Generation, met: Vec<Met>) -> Result<(), StoreError> {
        if Met::any_lost(&met) && !self.lost.any() {
            generation.flush().await?;
            generation.note_lost().await?;
        }
        self.lost.take(met);
        Ok(())
    }

    /// Makes of `generation`, filled up to `at`, what questions need. That has no limit of time and says nothing while it
    /// lasts: whoever watches hears from here that it goes on.
    pub(super) async fn finish(&self, generation: &dyn Generation, at: Position) -> Result<(), StoreError> {
        let (finished, began) = (generation.finish(), Instant::now());
        tokio::pin!(finished);
        loop {
            let stage = Stage::Finishing { since: began.elapsed() };
            (self.on_progress)(Progress { events_done: self.events, position: at, head: at, stage });
            tokio::select! {
                biased;
                done = &mut finished => return done,
                () = tokio::time::sleep(FINISH_TOLD_INTERVAL) => {}
            }
        }
    }

    /// What is said to be done is stored.
    async fn flush(&self, generation: &dyn Generation, at: Position, target: Position) -> Result<(), StoreError> {
        generation.flush().await?;
        (self.on_progress)(Progress { events_done: self.events, position: at, head: target, stage: Stage::Filling });
        Ok(())
    }
}

/// What was filled since the last flush.
struct Flushing {
    changes: usize,
    began: Instant,
}

impl Default for Flushing {
    fn default() -> Self {
        Self { changes: 0, began: Instant::now() }
    }
}

impl Flushing {
    fn is_due(&self) -> bool {
        self.changes >= FLUSH_CHANGES_MAX || self.began.elapsed() >= FLUSH_INTERVAL
    }
}

/// What is on its way from the one task to the other.
struct Read {
    step: Step,
    events: u64,
    met: Vec<Met>,
}

struct Reading {
    unit: UnitName,
    log: SharedLog,
    events_max: usize,
}

impl Reading {
    async fn run(
        &self,
        from: Position,
        target: Position,
        ready: &mpsc::Sender<Result<Read, StoreError>>,
    ) -> Result<(), StoreError> {
        let mut position = from;
        while position < target {
            let mut page = page_up_to(self.unit, &self.log, position, target, self.events_max).await?;
            let mut met = Met::in_page(self.unit, &mut page);
            // The last step of a page reaches to its end.
            let mut events = page.events.len() as u64;
            for step in steps(self.unit, self.log.id(), position, &page, STEP_CHANGES_MAX) {
                let counted = if step.to == page.scanned_to { std::mem::take(&mut events) } else { 0 };
                let read = Read { step, events: counted, met: std::mem::take(&mut met) };
                if ready.send(Ok(read)).await.is_err() {
                    return Ok(());
                }
            }
            position = page.scanned_to;
        }
        Ok(())
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

    fn is_throttled(&self) -> bool {
        self.pace.events_per_second.is_some()
    }

    fn page_events_max(&self) -> usize {
        let throttled = self.pace.events_per_second.map(|most| (most.get() / THROTTLED_STEPS_PER_SECOND).max(1));
        throttled.and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE_EVENTS_MAX).min(PAGE_EVENTS_MAX)
    }

    /// How long to rest after a step of `events` that took `took`: what a limit asks for, and as long again as the step took when
    /// somebody wrote to the log meanwhile, so that a server in use keeps at least half of the machine.
    fn rest(&mut self, events: u64, took: Duration) -> Duration {
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
        self.rested += rest;
        rest
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    const QUARTER: Duration = Duration::from_millis(250);

    fn throttled(events_per_second: u64) -> Pace {
        Pace { events_per_second: NonZeroU64::new(events_per_second), yields: false }
    }

    /// The clock stands still but for rests.
    #[tokio::test(start_paused = true)]
    async fn a_limit_is_kept_on_average_and_what_was_slow_is_made_up_for() {
        let (_writer, heard) = watch::channel(Position::START);
        let mut rate = Rate::new(throttled(400), heard);
        let began = rate.began;
        assert_eq!(rate.page_events_max(), 100, "four steps a second");
        for step in 1..=3 {
            tokio::time::sleep(rate.rest(100, Duration::ZERO)).await;
            assert_eq!(began.elapsed(), QUARTER * step);
        }
        // A step that took two quarters: the next one does not wait, the one behind it does.
        tokio::time::advance(QUARTER * 2).await;
        tokio::time::sleep(rate.rest(100, QUARTER * 2)).await;
        assert_eq!((began.elapsed(), rate.rested), (QUARTER * 5, QUARTER * 3));
        tokio::time::sleep(rate.rest(200, Duration::ZERO)).await;
        assert_eq!((began.elapsed(), rate.rested), (QUARTER * 6, QUARTER * 4));
    }

    #[tokio::test(start_paused = true)]
    async fn it_rests_as_long_as_it_worked_while_somebody_writes_and_only_then() {
        let (writer, heard) = watch::channel(Position::START);
        let mut rate = Rate::new(Pace::default(), heard);
        tokio::time::sleep(rate.rest(1, QUARTER)).await;
        assert_eq!(rate.rested, Duration::ZERO, "nobody writes");
        writer.send_replace(Position(1));
        tokio::time::sleep(rate.rest(1, QUARTER)).await;
        assert_eq!(rate.rested, QUARTER);
        tokio::time::sleep(rate.rest(1, QUARTER)).await;
        assert_eq!(rate.rested, QUARTER, "nobody wrote since");
        writer.send_replace(Position(2));
        tokio::time::sleep(rate.rest(1, REST_MAX * 2)).await;
        assert_eq!(rate.rested, QUARTER + REST_MAX, "a server that is always busy does not stop it");
        rate.pace = Pace::FULL;
        writer.send_replace(Position(3));
        tokio::time::sleep(rate.rest(1, QUARTER)).await;
        assert_eq!(rate.rested, QUARTER + REST_MAX, "somebody waits");
    }
}
