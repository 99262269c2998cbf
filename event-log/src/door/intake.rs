//! From a wish to a command that can be decided: looked up when it may be a repeat, its streams in memory.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aggregates::ids::EventId;
use aggregates::{Need, StreamId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::cache::Cache;
use super::job::{Job, Message};
use super::types::{CommandError, DoorOptions, Outcome};
use crate::chain::Chain;
use crate::loading::{self, Loaded};
use crate::port::{EventLogError, Found, SharedLog};
use crate::snapshots::Keeper;

/// How long a command waits before it is tried again after the log could not be read.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// A look-up or a stream that takes longer is asked for anew: an answer that is lost must not keep everybody waiting.
const LOOK_UP_PATIENCE: Duration = Duration::from_secs(5);
const LOAD_PATIENCE: Duration = Duration::from_secs(30);
/// Ids asked about in one look-up.
const LOOK_UP_IDS_MAX: usize = 1_024;
/// More events than any command writes; a repeat's answer is read with it.
const EVENTS_PER_COMMAND_MAX: usize = 16;

pub(super) struct Intake {
    log: SharedLog,
    /// Back to the door's own task.
    inbox: mpsc::UnboundedSender<Message>,
    options: DoorOptions,
    pub cache: Cache,
    /// Commands whose own stream is in memory, in the order they came.
    pub ready: VecDeque<Job>,
    to_look_up: Vec<Job>,
    looking_up: bool,
    /// How often it came about that look-ups say nothing any more.
    doubted: u64,
}

impl Intake {
    pub fn new(log: SharedLog, inbox: mpsc::UnboundedSender<Message>, options: DoorOptions) -> Self {
        Self {
            cache: Cache::new(options.cached_streams_max, Keeper::over(Arc::clone(&log), options.snapshot_events_min)),
            log,
            inbox,
            options,
            ready: VecDeque::new(),
            to_look_up: Vec::new(),
            looking_up: false,
            doubted: 0,
        }
    }

    /// A new command. One that may be a repeat is first looked up in the log, many at a time.
    pub fn wish(&mut self, job: Job) {
        if job.wish.repeatable {
            self.to_look_up.push(job);
            self.look_up();
        } else {
            self.enter(job);
        }
    }

    /// Puts a command where it belongs: ready, or waiting for its stream.
    pub fn enter(&mut self, job: Job) {
        if self.cache.get_mut(&job.wish.stream).is_some() {
            self.ready.push_back(job);
        } else {
            let stream = job.wish.stream.clone();
            self.wait_for(&stream, job);
        }
    }

    pub fn wait_for(&mut self, stream: &StreamId, job: Job) {
        if self.cache.wait(stream, job) {
            self.load(stream.clone(), None);
        }
    }

    /// The first of a command's other streams that is not in memory.
    pub fn missing<'a>(&mut self, needs: &'a [Need]) -> Option<&'a StreamId> {
        needs.iter().map(|need| &need.stream).find(|stream| self.cache.get_mut(stream).is_none())
    }

    /// Between batches.
    pub fn next_batch(&mut self) {
        self.cache.next_batch(&self.ready);
    }

    /// On a task of its own, which folds what it reads: only the state comes back.
    fn load(&self, stream: StreamId, begun: Option<Loaded>) {
        let (log, inbox) = (Arc::clone(&self.log), self.inbox.clone());
        tokio::spawn(async move {
            let asked = stream.clone();
            let reading = async move { loading::load(&*log, &asked, begun).await };
            let loaded = answer_of(LOAD_PATIENCE, reading).await;
            let _ = inbox.send(Message::Loaded { stream, loaded });
        });
    }

    pub fn loaded(&mut self, stream: StreamId, loaded: Result<Loaded, EventLogError>) {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.load_failed(&stream, error),
        };
        match self.cache.loaded(&stream, loaded) {
            Ok(waiting) => waiting.into_iter().for_each(|job| self.enter(job)),
            Err(stale) => self.load(stream, Some(stale)),
        }
    }

    fn load_failed(&mut self, stream: &StreamId, error: EventLogError) {
        tracing::warn!(%stream, error = %Chain(&error), "a stream could not be read");
        let unreadable = matches!(error, EventLogError::Unreadable { .. } | EventLogError::Corrupt(_));
        let error = Arc::new(error);
        for job in self.cache.load_failed(stream) {
            if unreadable {
                job.answer(Err(CommandError::Corrupt(Arc::clone(&error))));
            } else {
                self.again(job, &error);
            }
        }
    }

    /// Tries a command again in a moment, or gives it up when its time is spent.
    pub fn again(&self, job: Job, error: &Arc<EventLogError>) {
        if job.born.elapsed() + RETRY_PAUSE > self.options.command_budget {
            return job.give_up(Some(Arc::clone(error)));
        }
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            tokio::time::sleep(RETRY_PAUSE).await;
            let _ = inbox.send(Message::Again(job));
        });
    }

    /// One look-up at a time: what comes meanwhile goes together into the next.
    fn look_up(&mut self) {
        if self.looking_up || self.to_look_up.is_empty() {
            return;
        }
        self.looking_up = true;
        let count = self.to_look_up.len().min(LOOK_UP_IDS_MAX);
        let mut jobs: Vec<Job> = self.to_look_up.drain(..count).collect();
        jobs.iter_mut().for_each(|job| job.looked_up = self.doubted);
        let ids: Vec<EventId> = jobs.iter().map(Job::first_event).collect();
        let (log, inbox) = (Arc::clone(&self.log), self.inbox.clone());
        tokio::spawn(async move {
            let found = answer_of(LOOK_UP_PATIENCE, async move { log.find(&ids).await }).await;
            let _ = inbox.send(Message::LookedUp { jobs, found });
        });
    }

    /// Others wrote what nobody here has read: a command that was not in the log when it was looked up may be there now.
    pub fn doubt_look_ups(&mut self) {
        self.doubted += 1;
    }

    /// Whether it may have been carried out unseen since it was looked up.
    pub fn is_in_doubt(&self, job: &Job) -> bool {
        job.wish.repeatable && job.looked_up < self.doubted
    }

    pub fn looked_up(&mut self, jobs: Vec<Job>, found: Result<Vec<Found>, EventLogError>) {
        self.looking_up = false;
        match found {
            Ok(found) => {
                for job in jobs {
                    match found.iter().find(|found| found.event_id == job.first_event()) {
                        Some(found) => self.repeat(job, found.clone()),
                        None => self.enter(job),
                    }
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                jobs.into_iter().for_each(|job| self.again(job, &error));
            }
        }
        self.look_up();
    }

    /// Answers a command that was carried out before with what was written then.
    pub fn repeat(&self, job: Job, found: Found) {
        let log = Arc::clone(&self.log);
        let deadline = Instant::now() + self.options.command_budget;
        tokio::spawn(async move {
            let after = found.sequence.saturating_sub(1);
            let recorded = loop {
                match log.read_stream(&found.stream, after, EVENTS_PER_COMMAND_MAX).await {
                    Ok(recorded) => break recorded,
                    Err(error) if matches!(error, EventLogError::Closed) || Instant::now() + RETRY_PAUSE > deadline => {
                        tracing::warn!(error = %Chain(&error), "a repeated command's events could not be read");
                        // Not "nothing was written": it was.
                        return job.answer(Err(CommandError::OutcomeUnknown(Arc::new(error))));
                    }
                    Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
                }
            };
            let own: Vec<_> = recorded
                .into_iter()
                .enumerate()
                .take_while(|(index, recorded)| recorded.event_id == EventId::of(job.wish.id, *index))
                .map(|(_, recorded)| recorded)
                .collect();
            let position = own.last().map_or(found.position, |last| last.position);
            let events = own.into_iter().map(|recorded| recorded.event).collect();
            job.decided(position, Outcome::Repeated(events));
        });
    }

    /// Gives up whatever waits and has no time left. Nothing of it was written.
    pub fn expire(&mut self) {
        let budget = self.options.command_budget;
        let spent = |job: &Job| job.born.elapsed() > budget;
        let mut expired = self.cache.expire(spent);
        let (gone, kept): (Vec<Job>, Vec<Job>) = std::mem::take(&mut self.to_look_up).into_iter().partition(spent);
        self.to_look_up = kept;
        expired.extend(gone);
        if self.ready.iter().any(spent) {
            let (gone, kept): (VecDeque<Job>, VecDeque<Job>) =
                std::mem::take(&mut self.ready).into_iter().partition(spent);
            self.ready = kept;
            expired.extend(gone);
        }
        expired.into_iter().for_each(|job| job.give_up(None));
    }

    /// Whether commands wait for something that will come by itself.
    pub fn is_waiting(&self) -> bool {
        self.looking_up || !self.to_look_up.is_empty() || self.cache.is_loading()
    }
}

/// Asks the log on a task of its own, so that neither a panic in there nor an answer that never comes keeps commands
/// waiting for good.
async fn answer_of<T: Send + 'static>(
    patience: Duration,
    question: impl Future<Output = Result<T, EventLogError>> + Send + 'static,
) -> Result<T, EventLogError> {
    let mut asking = tokio::spawn(question);
    match tokio::time::timeout(patience, &mut asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panicked)) => Err(EventLogError::Unavailable(panicked.into())),
        Err(elapsed) => {
            asking.abort();
            Err(EventLogError::Unavailable(elapsed.into()))
        }
    }
}
