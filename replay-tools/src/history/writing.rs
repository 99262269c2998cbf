//! The way of a batch into the log: decided on what is known, written while that holds, otherwise decided again while the
//! log is held.

use std::time::Duration;

use aggregates::ids::EventId;
use event_log::port::{AppendError, Foreign, LockedLog};
use event_log::{EventLogError, Filter, SharedLog};

use super::importer::{Decision, Importer};
use super::line::Refused;
use super::plan::{Open, Plan};

/// How often a batch is tried while the log cannot be written; the pause doubles.
const TRIES_MAX: u32 = 8;
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAGE_EVENTS: usize = 2_000;

type Outcomes = Vec<Result<usize, Refused>>;

/// What an append came to.
enum Came {
    Through,
    /// Others were faster: decide again while nobody else writes.
    Again,
    /// Certainly nothing was written.
    Failed(EventLogError),
}

impl Importer {
    /// Until a beginning of `plans` is decided and durable; answers with what became of them, one by one.
    pub(super) async fn write(&mut self, plans: &mut [Plan]) -> Result<Outcomes, EventLogError> {
        let Some(log) = self.log.clone().filter(|_| !self.dry) else { return Ok(self.decide(plans).await?.outcomes) };
        // What a feed is read up to is a place in the log: it must be certain when it is decided.
        let mut hold = plans.iter().any(|plan| matches!(plan.open, Open::FeedTo(_)));
        let (mut tries, mut pause) = (0, PAUSE_FIRST);
        self.meanwhile.clear();
        loop {
            tries += 1;
            let came = match if hold { self.hold(&log).await.map(Some) } else { Ok(None) } {
                Err(error) => (Vec::new(), self.judge(&log, None, error).await?),
                Ok(locked) => {
                    if tries > 1 {
                        // Who was faster may have been writing these very lines: a run before this one, that was killed.
                        let ids = plans.iter().map(|plan| EventId::of(plan.id, 0)).collect();
                        self.meanwhile = self.find(ids).await?.into_keys().collect();
                    }
                    let decision = self.decide(plans).await?;
                    if decision.batch.events.is_empty() {
                        return Ok(decision.outcomes);
                    }
                    let came = self.append(&log, locked, &decision).await?;
                    (decision.outcomes, came)
                }
            };
            match came {
                (outcomes, Came::Through) => return Ok(outcomes),
                // Held, it goes through, unless ids of events that the file names belong to others.
                (_, Came::Again) if tries >= TRIES_MAX => return Err(taken()),
                (_, Came::Again) => hold = true,
                (_, Came::Failed(error)) if tries >= TRIES_MAX => return Err(error),
                (_, Came::Failed(error)) => {
                    tracing::warn!(%error, "the log could not be written; trying again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
    }

    async fn append(
        &mut self,
        log: &SharedLog,
        locked: Option<Box<dyn LockedLog>>,
        decision: &Decision,
    ) -> Result<Came, EventLogError> {
        let answer = match locked {
            Some(locked) => locked.append(&decision.batch).await,
            None => log.append(&decision.batch).await,
        };
        let appended = match answer {
            Ok(appended) => appended,
            Err(error) => return self.judge(log, Some(decision), error).await,
        };
        let through = appended.left_out.is_empty();
        if !through {
            self.streams.drop_all(decision.streams());
        }
        self.bring_forward(&appended.foreign);
        self.known = appended.end(&decision.batch);
        Ok(if through { Came::Through } else { Came::Again })
    }

    async fn judge(
        &mut self,
        log: &SharedLog,
        decision: Option<&Decision>,
        error: AppendError,
    ) -> Result<Came, EventLogError> {
        if let Some(decision) = decision {
            self.streams.drop_all(decision.streams());
        }
        match error {
            AppendError::NothingWritten(error) => Ok(Came::Failed(error)),
            AppendError::Behind { .. } | AppendError::Taken => {
                self.catch_up(log).await?;
                Ok(Came::Again)
            }
            AppendError::Unknown(error) => match decision {
                Some(decision) if self.is_written(log, decision).await? => {
                    self.catch_up(log).await?;
                    Ok(Came::Through)
                }
                Some(_) | None => Ok(Came::Failed(error)),
            },
            AppendError::WentBack { known, head } => {
                Err(EventLogError::Corrupt(format!("its head is {head}, {known} was seen before")))
            }
        }
    }

    /// What became of a batch whose answer was lost: all of it was written, or nothing.
    async fn is_written(&self, log: &SharedLog, decision: &Decision) -> Result<bool, EventLogError> {
        let ids: Vec<EventId> = decision.batch.events.iter().map(|event| event.event_id).collect();
        let (mut tries, mut pause) = (0, PAUSE_FIRST);
        loop {
            tries += 1;
            match log.settle(&ids).await {
                Ok(found) => return Ok(!found.is_empty()),
                Err(error) if tries >= TRIES_MAX => return Err(error),
                Err(error) => tracing::warn!(%error, "what became of a batch is not known yet; asking again"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Takes the log, with everything that others wrote.
    async fn hold(&mut self, log: &SharedLog) -> Result<Box<dyn LockedLog>, AppendError> {
        let (locked, foreign) = log.lock(self.known).await?;
        self.bring_forward(&foreign);
        self.known = foreign.end().unwrap_or(self.known);
        Ok(locked)
    }

    /// A stream with something in it that cannot be read is read anew when a line is for it, which ends the import.
    fn bring_forward(&mut self, foreign: &Foreign) {
        for recorded in &foreign.events {
            self.streams.heed(recorded);
            self.note(&recorded.event);
        }
        let unreadable = foreign.unreadable.iter().filter_map(|unreadable| unreadable.stream.clone());
        if !foreign.unreadable.is_empty() {
            self.streams.drop_all(unreadable);
        }
    }

    async fn catch_up(&mut self, log: &SharedLog) -> Result<(), EventLogError> {
        loop {
            let page = log.read_after(self.known, PAGE_EVENTS, Filter::All).await?;
            if page.scanned_to <= self.known {
                return Ok(());
            }
            for recorded in &page.events {
                self.streams.heed(recorded);
                self.note(&recorded.event);
            }
            self.known = page.scanned_to;
        }
    }
}

fn taken() -> EventLogError {
    EventLogError::Corrupt("ids in `event` of these lines belong to other events of this log".to_owned())
}
