//! Somebody else who writes the same log, in the one moment in which it hurts: between a decision and its append.
//!
//! Obeys the rules, knows nothing of doors: loads, decides, appends. Prefers the streams that a batch rests on.

use std::sync::Arc;

use aggregates::ids::{CommandId, EventId, RoomId, UserId, UserPair};
use aggregates::relationship::RelationshipCommand;
use aggregates::room::{RemoveMember, RoomCommand};
use aggregates::{AggregateKind, Command, Metadata, State, StreamId};
use event_log::port::{Batch, Condition, NewEvent};
use event_log::{Sealing, SharedLog};
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::wishes;

#[derive(Clone)]
pub struct ForeignWriter {
    log: SharedLog,
    sealing: Sealing,
}

impl ForeignWriter {
    pub fn new(log: SharedLog, sealing: Sealing) -> Self {
        Self { log, sealing }
    }

    /// Writes something that the batch did not know of, conflicting where it can.
    pub async fn strike(&self, batch: &Batch, random: &mut StdRng) {
        let (stream, command) = match self.against(batch, random) {
            Some(conflicting) if random.random_bool(0.7) => conflicting,
            _ => wishes::foreign(random),
        };
        self.carry_out(&stream, command, random).await;
    }

    /// A command to one of the streams that the batch rests on.
    fn against(&self, batch: &Batch, random: &mut StdRng) -> Option<(StreamId, Command)> {
        let Condition { stream, .. } = batch.conditions.get(random.random_range(0..batch.conditions.len().max(1)))?;
        let (who, whom) = wishes::two(random);
        match stream.kind {
            AggregateKind::Room => {
                let room_id: RoomId = stream.id.parse().ok()?;
                let command = if random.random_bool(0.4) {
                    let at = wishes::noon();
                    RoomCommand::RemoveMember(RemoveMember { room_id, user_id: who.clone(), removed_by: who, at })
                } else {
                    let id = CommandId(Uuid::from_u128(random.random()));
                    return Some((stream.clone(), wishes::said(room_id, &who, id)));
                };
                Some((stream.clone(), Command::Room(command)))
            }
            AggregateKind::Relationship => {
                let (who, whom) = self.pair_of(stream).unwrap_or((who, whom));
                let relate = wishes::relate(&who, &whom);
                let command = match random.random_range(0..3) {
                    0 => RelationshipCommand::Block(relate),
                    1 => RelationshipCommand::Unblock(relate),
                    _ => RelationshipCommand::Follow(relate),
                };
                Some((stream.clone(), Command::Relationship(command)))
            }
            AggregateKind::Participant
            | AggregateKind::Notification
            | AggregateKind::Feed
            | AggregateKind::User
            | AggregateKind::Report
            | AggregateKind::Preferences
            | AggregateKind::Subscription => None,
        }
    }

    fn pair_of(&self, stream: &StreamId) -> Option<(UserId, UserId)> {
        let people = wishes::people();
        let pairs = people.iter().flat_map(|a| people.iter().map(move |b| (a, b)));
        let found = pairs.into_iter().find(|(a, b)| a != b && StreamId::relationship(&UserPair::new(a, b)) == *stream);
        found.map(|(a, b)| (a.clone(), b.clone()))
    }

    async fn state(&self, stream: &StreamId) -> (State, u64) {
        let loaded = event_log::loading::load(&*self.log, stream, None).await.expect("the log itself has no faults");
        (loaded.state, loaded.version)
    }

    /// As another program would: nothing when a rule says no.
    async fn carry_out(&self, stream: &StreamId, mut command: Command, random: &mut StdRng) {
        let known = self.log.head().await.expect("the log itself has no faults");
        let (state, version) = self.state(stream).await;
        let mut batch = Batch { known, groups: 1, ..Batch::default() };
        batch.conditions.push(Condition { group: 0, stream: stream.clone(), version, kinds: &[] });
        for need in state.needs(&command) {
            let (facts, version) = self.state(&need.stream).await;
            command.learn(&need.stream, &facts);
            batch.conditions.push(Condition { group: 0, stream: need.stream, version, kinds: need.kinds });
        }
        let mut events = state.decide(&command).unwrap_or_default();
        self.sealing.seal(&mut events).await.expect("keys in memory");
        let id = CommandId(Uuid::from_u128(random.random()));
        let metadata: Arc<str> = serde_json::to_string(&Metadata::default()).expect("plain").into();
        for (index, event) in events.iter().enumerate() {
            batch.events.push(NewEvent {
                group: 0,
                stream: stream.clone(),
                sequence: version + 1 + index as u64,
                event_id: EventId::of(id, index),
                name: event.schema().name(),
                version: event.schema().version(),
                payload: event.to_json().expect("sealed"),
                metadata: Arc::clone(&metadata),
                original: None,
            });
        }
        if !batch.events.is_empty() {
            // Somebody may have been quicker: then this one gives up.
            self.log.append(&batch).await.ok();
        }
    }
}
