//! From waiting commands to a batch.
//!
//! Commands are decided in order, each on what those before it in the batch have decided. What rests on whom is kept as
//! groups: commands of one stream are one group, and a command that read another stream's undurable events joins that
//! stream's group. The log writes a group whole or leaves it out whole, so no answer rests on something that vanished.

use std::collections::HashSet;
use std::sync::Arc;

use aggregates::ids::{CommandId, EventId};
use aggregates::{DomainEvent, Need, StreamId};

use super::cache::Working;
use super::intake::Intake;
use super::job::{Job, Verdict};
use super::settle::Recent;
use super::types::CommandError;
use crate::port::{Batch, Condition, EventLogError, NewEvent, Original};
use crate::position::Position;

/// Bytes of events in one append; a batch that reaches it is full.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A batch and the commands it answers.
pub(super) struct Decision {
    pub batch: Batch,
    pub entries: Vec<Entry>,
    /// Streams with a group of their own in the batch.
    pub touched: Vec<(StreamId, u32)>,
}

pub(super) struct Entry {
    pub job: Job,
    pub group: u32,
    pub verdict: Verdict,
}

impl Decision {
    pub fn event_ids(&self) -> Vec<EventId> {
        self.batch.events.iter().map(|event| event.event_id).collect()
    }
}

/// Decides what is ready, up to `commands_max` commands.
pub(super) fn decide(intake: &mut Intake, recent: &Recent, known: Position, commands_max: usize) -> Decision {
    let mut deciding = Deciding::new(known);
    let mut deferred: Vec<Job> = Vec::new();
    while deciding.entries.len() < commands_max && deciding.bytes < BATCH_BYTES_MAX {
        let Some(job) = intake.ready.pop_front() else { break };
        if intake.is_in_doubt(&job) {
            intake.wish(job);
            continue;
        }
        if job.wish.repeatable {
            if deciding.repeatable.contains(&job.wish.id) {
                deferred.push(job); // Its twin is in this batch: the next one answers it as a repeat.
                continue;
            }
            if let Some(found) = recent.get(job.wish.id) {
                intake.repeat(job, found.clone());
                continue;
            }
        }
        deciding.one(intake, job);
    }
    for job in deferred.into_iter().rev() {
        intake.ready.push_front(job);
    }
    deciding.finish()
}

struct Deciding {
    batch: Batch,
    entries: Vec<Entry>,
    touched: Vec<(StreamId, u32)>,
    repeatable: HashSet<CommandId>,
    groups: Groups,
    bytes: usize,
}

impl Deciding {
    fn new(known: Position) -> Self {
        Self {
            batch: Batch { known, ..Batch::default() },
            entries: Vec::new(),
            touched: Vec::new(),
            repeatable: HashSet::new(),
            groups: Groups::default(),
            bytes: 0,
        }
    }

    fn one(&mut self, intake: &mut Intake, mut job: Job) {
        let stream = job.wish.stream.clone();
        let Some(own) = intake.cache.get(&stream) else { return intake.wait_for(&stream, job) };
        let needs = own.present().needs(&job.wish.command);
        if let Some(missing) = intake.missing(&needs) {
            let missing = missing.clone();
            return intake.wait_for(&missing, job);
        }
        job.tries += 1;
        let group = self.group_of(intake, &stream);
        self.take_facts(intake, &mut job, &needs, group);
        let Some(own) = intake.cache.get_mut(&stream) else { return };
        let verdict = match own.present().decide(&job.wish.command) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(events) if events.is_empty() => Verdict::Nothing,
            Ok(events) => {
                let first = self.batch.events.len();
                let version = own.present_version();
                if let Err(error) = self.write(&job, &stream, version, group, &events) {
                    self.batch.events.truncate(first);
                    let error = Arc::new(EventLogError::Corrupt(error.to_string()));
                    return job.answer(Err(CommandError::Corrupt(error)));
                }
                let (mut state, mut since) = match own.working.take() {
                    Some(working) => (working.state, working.since),
                    None => (own.durable.clone(), own.since),
                };
                for event in &events {
                    state.evolve(event);
                    since.count(event);
                }
                own.working = Some(Working { state, version: version + events.len() as u64, since, group });
                if job.wish.repeatable {
                    self.repeatable.insert(job.wish.id);
                }
                Verdict::Events { first, events }
            }
        };
        self.entries.push(Entry { job, group, verdict });
    }

    /// The group of a stream's own commands; on first use with the condition that nobody else wrote to the stream.
    fn group_of(&mut self, intake: &mut Intake, stream: &StreamId) -> u32 {
        let Some(own) = intake.cache.get_mut(stream) else { return self.groups.new_group() };
        if let Some(group) = own.group {
            return group;
        }
        let group = self.groups.new_group();
        own.group = Some(group);
        self.batch.conditions.push(Condition { group, stream: stream.clone(), version: own.version, kinds: &[] });
        self.touched.push((stream.clone(), group));
        group
    }

    /// Facts of other streams, as they are in this moment, and what would make them untrue.
    fn take_facts(&mut self, intake: &mut Intake, job: &mut Job, needs: &[Need], group: u32) {
        for need in needs {
            let Some(other) = intake.cache.get_mut(&need.stream) else { continue };
            job.wish.command.learn(&need.stream, other.present());
            if let Some(working) = &other.working {
                self.groups.join(group, working.group);
            }
            if !need.kinds.is_empty() {
                let stream = need.stream.clone();
                self.batch.conditions.push(Condition { group, stream, version: other.version, kinds: need.kinds });
            }
        }
    }

    fn write(
        &mut self,
        job: &Job,
        stream: &StreamId,
        version: u64,
        group: u32,
        events: &[DomainEvent],
    ) -> Result<(), serde_json::Error> {
        let mut metadata = job.wish.metadata.clone();
        metadata.command = Some(job.wish.id);
        let written: Arc<str> = serde_json::to_string(&metadata)?.into();
        let metadata = Arc::new(metadata);
        for (index, event) in events.iter().enumerate() {
            let payload = event.to_json()?;
            self.bytes += payload.len();
            let schema = event.schema();
            self.batch.events.push(NewEvent {
                group,
                stream: stream.clone(),
                sequence: version + index as u64 + 1,
                event_id: EventId::of(job.wish.id, index),
                name: schema.name(),
                version: schema.version(),
                payload,
                metadata: Arc::clone(&written),
                original: Some(Original { event: event.clone(), metadata: Arc::clone(&metadata) }),
            });
        }
        Ok(())
    }

    /// Numbers the groups that remain after joining.
    fn finish(mut self) -> Decision {
        let numbers = self.groups.numbered();
        let number = |group: &mut u32| *group = numbers[*group as usize];
        self.batch.conditions.iter_mut().for_each(|condition| number(&mut condition.group));
        self.batch.events.iter_mut().for_each(|event| number(&mut event.group));
        self.entries.iter_mut().for_each(|entry| number(&mut entry.group));
        self.touched.iter_mut().for_each(|(_, group)| number(group));
        self.batch.groups = numbers.iter().max().map_or(0, |last| last + 1);
        Decision { batch: self.batch, entries: self.entries, touched: self.touched }
    }
}

/// Disjoint sets.
#[derive(Default)]
struct Groups {
    parents: Vec<u32>,
}

impl Groups {
    fn new_group(&mut self) -> u32 {
        let group = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents.push(group);
        group
    }

    fn root(&mut self, group: u32) -> u32 {
        let mut at = group;
        while self.parents[at as usize] != at {
            let above = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = above;
            at = above;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b) as usize] = a.min(b);
    }

    /// For each group its number after joining: `0..` without gaps.
    fn numbered(&mut self) -> Vec<u32> {
        let mut next = 0;
        let mut numbers = vec![0; self.parents.len()];
        for group in 0..self.parents.len() {
            let root = self.root(group as u32) as usize;
            // A root is the smallest of its set, so it has its number before the others need it.
            if root == group {
                numbers[group] = next;
                next += 1;
            } else {
                numbers[group] = numbers[root];
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_groups_share_a_number_and_numbers_have_no_gaps() {
        let mut groups = Groups::default();
        let [a, b, c, d] = std::array::from_fn(|_| groups.new_group());
        groups.join(d, b);
        groups.join(b, b);
        let numbers = groups.numbered();
        assert_eq!([a, b, c, d].map(|group| numbers[group as usize]), [0, 1, 2, 1]);
    }
}
