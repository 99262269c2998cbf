//! From an append's outcome to answers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aggregates::ids::{CommandId, EventId};

use super::decide::{Decision, Entry};
use super::intake::Intake;
use super::job::{Job, Verdict};
use super::types::{CommandError, Outcome};
use crate::port::{Appended, EventLogError, Found};
use crate::position::Position;
use crate::recorded::RecordedEvent;

/// Commands as just carried out, see [`super::types::DoorOptions::recent_commands_max`].
pub(super) struct Recent {
    found: HashMap<CommandId, Found>,
    order: VecDeque<CommandId>,
    commands_max: usize,
}

impl Recent {
    pub fn up_to(commands_max: usize) -> Self {
        Self { found: HashMap::new(), order: VecDeque::new(), commands_max }
    }

    pub fn len(&self) -> usize {
        self.found.len()
    }

    pub fn get(&self, command: CommandId) -> Option<&Found> {
        self.found.get(&command)
    }

    /// Commands that others carried out: one that is waiting here under the same id is a repeat, although it was not in
    /// the log when it was looked up. Decided on what its twin wrote it would be told that nothing was to be done.
    pub fn others<'a>(&mut self, events: impl IntoIterator<Item = &'a RecordedEvent>) {
        for recorded in events {
            let Some(command) = recorded.metadata.command else { continue };
            if recorded.event_id == EventId::of(command, 0) {
                let RecordedEvent { event_id, position, stream, sequence, .. } = recorded;
                let (event_id, position, sequence) = (*event_id, *position, *sequence);
                self.remember(command, Found { event_id, position, stream: stream.clone(), sequence });
            }
        }
    }

    fn remember(&mut self, command: CommandId, found: Found) {
        if self.found.insert(command, found).is_none() {
            self.order.push_back(command);
        }
        if self.order.len() > self.commands_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.found.remove(&oldest);
        }
    }
}

/// Answers a batch that was carried out. Gives back the commands that were left out, in order, and the new head.
pub(super) fn carried_out(
    intake: &mut Intake,
    recent: &mut Recent,
    decision: Decision,
    appended: Appended,
) -> (Vec<Job>, Position) {
    let left_out = |group: u32| appended.left_out.binary_search(&group).is_ok();
    for (stream, group) in &decision.touched {
        if left_out(*group) { intake.cache.discard(stream) } else { intake.cache.commit(stream) }
    }
    recent.others(&appended.foreign.events);
    // After the commits: a stream that others wrote to was left out, and goes on from what is durable.
    intake.cache.foreign(&appended.foreign);
    let head = appended.end(&decision.batch);
    let mut position = appended.base;
    let mut back = Vec::new();
    for Entry { job, group, verdict } in decision.entries {
        if left_out(group) {
            back.push(job);
            continue;
        }
        // Decided on what others wrote behind the known head, as a stream that was just read may show it.
        let twin =
            recent.get(job.wish.id).filter(|_| job.wish.repeatable && !matches!(verdict, Verdict::Events { .. }));
        if let Some(found) = twin {
            intake.repeat(job, found.clone());
            continue;
        }
        match verdict {
            Verdict::Events { first, events } => {
                if job.wish.repeatable {
                    let event = &decision.batch.events[first];
                    let found = Found {
                        event_id: event.event_id,
                        position: Position(position.0 + 1),
                        stream: event.stream.clone(),
                        sequence: event.sequence,
                    };
                    recent.remember(job.wish.id, found);
                }
                position.0 += events.len() as u64;
                job.decided(position, Outcome::Written(events));
            }
            Verdict::Nothing => job.decided(head, Outcome::Nothing),
            Verdict::Refused(refusal) => job.refused(refusal, head),
        }
    }
    (back, head)
}

/// Nothing was written: as if the batch had never been decided. Gives its commands back, in order.
pub(super) fn undone(intake: &mut Intake, decision: Decision) -> Vec<Job> {
    for (stream, _) in &decision.touched {
        intake.cache.discard(stream);
    }
    decision.entries.into_iter().map(|entry| entry.job).collect()
}

/// The log was asked what became of a batch. What is in it is answered; the rest comes back, in order, to be decided
/// on what is read anew.
pub(super) fn looked_up(intake: &mut Intake, decision: Decision, found: &[Found]) -> Vec<Job> {
    for (stream, _) in &decision.touched {
        intake.cache.forget(stream);
    }
    let mut back = Vec::new();
    for Entry { job, verdict, .. } in decision.entries {
        let first = job.first_event();
        match (found.iter().find(|found| found.event_id == first), verdict) {
            (Some(found), Verdict::Events { .. }) => intake.repeat(job, found.clone()),
            (_, Verdict::Events { .. } | Verdict::Nothing | Verdict::Refused(_)) => back.push(job),
        }
    }
    back
}

/// Nobody can tell yet: the callers are told so, the look-up goes on without them.
pub(super) fn unknown(decision: &mut Decision, error: EventLogError) {
    let error = Arc::new(error);
    for entry in decision.entries.drain(..) {
        entry.job.answer(Err(CommandError::OutcomeUnknown(Arc::clone(&error))));
    }
}
