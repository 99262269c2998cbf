//! The door's loop: gather, decide, append, answer. The one task that touches cached states.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::decide::{Decision, decide};
use super::intake::Intake;
use super::job::{Job, Message};
use super::settle::{self, Recent};
use super::types::DoorOptions;
use crate::chain::Chain;
use crate::measures::{BatchTimes, DoorMeasures};
use crate::port::{AppendError, Appended, EventLogError, Filter, SharedLog};
use crate::position::Position;

/// How often commands without time left are looked for.
const EXPIRE_INTERVAL: Duration = Duration::from_millis(250);
/// Before the log is tried again after it could not be reached.
const FAULT_PAUSE: Duration = Duration::from_millis(50);
/// How long callers wait to hear what became of an append whose answer was lost.
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(10);
/// Events read at a time when far behind.
const CATCH_UP_EVENTS: usize = 1_000;
/// Below this a timer is too coarse to linger with.
const TIMER_GRAIN: Duration = Duration::from_millis(2);

/// What is kept, for those who look from outside: the task owns it and is not asked.
#[derive(Default)]
pub(super) struct Sizes {
    streams: AtomicUsize,
    commands: AtomicUsize,
}

impl Sizes {
    pub fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::Relaxed)
    }
}

pub(super) struct Task {
    log: SharedLog,
    options: DoorOptions,
    inbox: mpsc::UnboundedReceiver<Message>,
    intake: Intake,
    recent: Recent,
    /// The head that every cached state has been brought to.
    known: Position,
    /// Others won a race: decide under the log's lock.
    contended: bool,
    /// What the last batch answered, and how long its append took: how many may come back, and how soon.
    last_answered: usize,
    last_append: Duration,
    closing: Option<oneshot::Sender<()>>,
    tick: Interval,
    measures: DoorMeasures,
    sizes: Arc<Sizes>,
}

impl Task {
    pub fn new(
        log: SharedLog,
        options: DoorOptions,
        known: Position,
        (sender, inbox): (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    ) -> Self {
        let mut tick = tokio::time::interval(EXPIRE_INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            intake: Intake::new(Arc::clone(&log), sender, options),
            log,
            options,
            inbox,
            recent: Recent::up_to(options.recent_commands_max),
            known,
            contended: false,
            last_answered: 0,
            last_append: Duration::ZERO,
            closing: None,
            tick,
            measures: DoorMeasures::new(),
            sizes: Arc::default(),
        }
    }

    pub fn sizes(&self) -> Arc<Sizes> {
        Arc::clone(&self.sizes)
    }

    /// Until it is closed and everything is answered. The error is one that no waiting mends.
    pub async fn run(mut self) -> Result<(), AppendError> {
        let mut ended = Ok(());
        while self.gather().await {
            let result = if self.contended { self.locked_round().await } else { self.round().await };
            self.intake.next_batch();
            self.sizes.streams.store(self.intake.cache.len(), Ordering::Relaxed);
            self.sizes.commands.store(self.recent.len(), Ordering::Relaxed);
            if result.is_err() {
                ended = result;
                break;
            }
        }
        if let Some(closed) = self.closing.take() {
            let _ = closed.send(());
        }
        ended
    }

    /// Waits until something can be decided. `false`: closed, and nothing is left to do.
    async fn gather(&mut self) -> bool {
        self.drain();
        while self.intake.ready.is_empty() {
            if self.closing.is_some() && !self.intake.is_waiting() {
                return false;
            }
            tokio::select! {
                biased;
                message = self.inbox.recv() => match message {
                    Some(message) => self.take(message),
                    None => return false,
                },
                _ = self.tick.tick() => self.intake.expire(),
            }
            self.drain();
        }
        self.linger().await;
        true
    }

    /// Those who were just answered come back in a moment: looping at once would give half batches. Waits for as many
    /// as were answered, at most a quarter of what the last append took.
    async fn linger(&mut self) {
        let wanted = self.last_answered.min(self.options.batch_commands_max);
        let patience = self.last_append / 4;
        let began = Instant::now();
        while self.intake.ready.len() < wanted && began.elapsed() < patience {
            if patience > TIMER_GRAIN {
                let left = patience.saturating_sub(began.elapsed());
                match tokio::time::timeout(left, self.inbox.recv()).await {
                    Ok(Some(message)) => self.take(message),
                    Ok(None) | Err(_) => return,
                }
            } else {
                tokio::task::yield_now().await;
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Ok(message) = self.inbox.try_recv() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Wish(job) | Message::Again(job) => {
                if job.born.elapsed() > self.options.command_budget {
                    job.give_up(None);
                } else {
                    self.intake.wish(job);
                }
            }
            Message::Loaded { stream, loaded } => self.intake.loaded(stream, loaded),
            Message::LookedUp { jobs, found } => self.intake.looked_up(jobs, found),
            Message::Close(closed) => self.closing = Some(closed),
        }
    }

    /// Lets commands in while something is under way. Nothing is decided meanwhile.
    async fn pump<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(message) = self.inbox.recv() => self.take(message),
                _ = self.tick.tick() => self.intake.expire(),
            }
        }
    }

    /// The ordinary way: decide on what is known, append, see whether it held.
    async fn round(&mut self) -> Result<(), AppendError> {
        let (decision, mut times) = self.decide();
        if decision.entries.is_empty() {
            settle::undone(&mut self.intake, decision);
            return Ok(());
        }
        let log = Arc::clone(&self.log);
        let began = Instant::now();
        let answer = self.pump(log.append(&decision.batch)).await;
        times.append = began.elapsed();
        self.settle(decision, answer, times).await
    }

    /// After a lost race: hold the log, learn what others wrote, decide on that. Optimism alone can lose for ever.
    async fn locked_round(&mut self) -> Result<(), AppendError> {
        let log = Arc::clone(&self.log);
        let began = Instant::now();
        let known = self.known;
        let (locked, foreign) = match self.pump(log.lock(known)).await {
            Ok(held) => held,
            Err(AppendError::Behind { .. }) => {
                self.catch_up().await;
                return Ok(());
            }
            Err(error @ AppendError::WentBack { .. }) => return Err(error),
            Err(error) => {
                self.fault(&error).await;
                return Ok(());
            }
        };
        self.contended = false;
        self.recent.others(&foreign.events);
        self.intake.cache.foreign(&foreign);
        if let Some(end) = foreign.end() {
            self.known = end;
        }
        self.drain();
        let (decision, mut times) = self.decide();
        if decision.entries.is_empty() {
            settle::undone(&mut self.intake, decision);
            return Ok(());
        }
        self.measures.locked.increment(1);
        let answer = self.pump(locked.append(&decision.batch)).await;
        // With the wait for the lock: to those inside it is all the same.
        times.append = began.elapsed().saturating_sub(times.decide);
        self.settle(decision, answer, times).await
    }

    async fn settle(
        &mut self,
        decision: Decision,
        answer: Result<Appended, AppendError>,
        times: BatchTimes,
    ) -> Result<(), AppendError> {
        let commands = decision.entries.len();
        self.measure(&decision, times);
        match answer {
            Ok(appended) => {
                let base = appended.base;
                let (back, head) = settle::carried_out(&mut self.intake, &mut self.recent, decision, appended);
                self.known = head;
                self.measures.events.increment(head.0.saturating_sub(base.0));
                self.last_answered = commands - back.len();
                if !back.is_empty() {
                    self.measures.lost_races.increment(back.len() as u64);
                    self.contended = true;
                    self.put_back(back);
                }
            }
            Err(AppendError::NothingWritten(error)) => {
                let back = settle::undone(&mut self.intake, decision);
                self.put_back(back);
                self.fault(&error).await;
            }
            Err(AppendError::Behind { .. }) => {
                let back = settle::undone(&mut self.intake, decision);
                self.put_back(back);
                self.catch_up().await;
            }
            Err(AppendError::Taken) => self.ask_the_log(decision, None).await,
            Err(AppendError::Unknown(error)) => self.ask_the_log(decision, Some(error)).await,
            Err(error @ AppendError::WentBack { .. }) => {
                settle::undone(&mut self.intake, decision).into_iter().for_each(|job| job.give_up(None));
                return Err(error);
            }
        }
        Ok(())
    }

    /// What became of a batch is not known: ask until the log answers, then answer.
    async fn ask_the_log(&mut self, mut decision: Decision, error: Option<EventLogError>) {
        if let Some(error) = &error {
            tracing::warn!(error = %Chain(error), "an append's answer was lost; looking it up");
            self.measures.unknown.increment(1);
        }
        let ids = decision.event_ids();
        let began = Instant::now();
        let log = Arc::clone(&self.log);
        loop {
            let error = match self.pump(log.settle(&ids)).await {
                Ok(found) => {
                    let back = settle::looked_up(&mut self.intake, decision, &found);
                    self.put_back(back);
                    return;
                }
                Err(error) => error,
            };
            if began.elapsed() > UNKNOWN_PATIENCE {
                settle::unknown(&mut decision, error);
                if self.closing.is_some() {
                    settle::looked_up(&mut self.intake, decision, &[]);
                    return;
                }
            }
            self.pump(tokio::time::sleep(FAULT_PAUSE)).await;
        }
    }

    /// Others wrote more than one answer carries: read on to the head, page by page.
    async fn catch_up(&mut self) {
        let log = Arc::clone(&self.log);
        loop {
            let known = self.known;
            match self.pump(log.read_after(known, CATCH_UP_EVENTS, Filter::All)).await {
                Ok(page) if page.scanned_to > self.known => {
                    self.recent.others(page.events.iter().map(AsRef::as_ref));
                    self.intake.cache.foreign_events(page.events.iter().map(AsRef::as_ref));
                    self.known = page.scanned_to;
                }
                Ok(_) => return,
                Err(error @ EventLogError::Unreadable { .. }) => return self.leap(error).await,
                Err(error) => return self.fault(&error).await,
            }
        }
    }

    /// Among what others wrote is something that cannot be read. Far behind, nothing that is cached is worth bringing
    /// forward around it: everything is forgotten, and read anew when it is needed.
    async fn leap(&mut self, error: EventLogError) {
        tracing::error!(error = %Chain(&error), "the door reads its streams anew");
        let log = Arc::clone(&self.log);
        match self.pump(log.head()).await {
            Ok(head) => {
                self.intake.cache.doubt_all();
                // Also by whom: a command that waits here may have been carried out among it.
                self.intake.doubt_look_ups();
                self.known = self.known.max(head);
            }
            Err(error) => self.fault(&error).await,
        }
    }

    /// The log cannot be reached: a moment's rest, in which time runs out for those who have waited long.
    async fn fault(&mut self, error: &(dyn std::error::Error + Send + Sync)) {
        tracing::warn!(error = %Chain(error), "the log could not be written; trying again");
        self.measures.faults.increment(1);
        self.pump(tokio::time::sleep(FAULT_PAUSE)).await;
        self.intake.expire();
    }

    fn put_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.intake.ready.push_front(job);
        }
        self.intake.expire();
    }

    fn decide(&mut self) -> (Decision, BatchTimes) {
        let began = Instant::now();
        let decision = decide(&mut self.intake, &self.recent, self.known, self.options.batch_commands_max);
        let mut times = BatchTimes { decide: began.elapsed(), ..BatchTimes::default() };
        for entry in &decision.entries {
            let waited = began.saturating_duration_since(entry.job.born);
            self.measures.wait.record(waited);
            times.waited_max = times.waited_max.max(waited);
        }
        (decision, times)
    }

    fn measure(&mut self, decision: &Decision, times: BatchTimes) {
        let commands = decision.entries.len();
        self.last_append = times.append;
        self.measures.batch.record(commands as f64);
        self.measures.decide.record(times.decide);
        self.measures.append.record(times.append);
        if times.decide + times.append <= self.options.slow_batch {
            return;
        }
        self.measures.slow.increment(1);
        // Of whole microseconds, rounded up.
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1_000_000.0).ceil() / 1_000.0;
        tracing::warn!(
            commands,
            events = decision.batch.events.len(),
            streams = decision.touched.len(),
            known = %decision.batch.known,
            waited_ms_max = milliseconds(times.waited_max),
            decide_ms = milliseconds(times.decide),
            append_ms = milliseconds(times.append),
            "a slow batch"
        );
    }
}
