//! The bulk path: lines are decided by the aggregates on states in memory, and written thousands at a time.
//!
//! Not through the door: that answers single wishes within two seconds, and looks a repeat up one by one. What it promises
//! holds here too: words are sealed before they are decided on, and what is written rests on nothing that others have
//! overtaken (`writing`). ADR 0009 says why. Never in here: a rule.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aggregates::ids::{EventId, MessageId, RoomId, UserId};
use aggregates::participant::{ParticipantCommand, ParticipantError, ReadUpTo};
use aggregates::room::{RoomCommand, RoomError, RoomEvent};
use aggregates::user::{PutProfile, PutUser, UserCommand};
use aggregates::{Command, DomainEvent, Metadata, Origin, Refusal, State, StreamId};
use event_log::port::{Batch, Condition, NewEvent, Original};
use event_log::sealing::Sealing;
use event_log::{EventLogError, Position, SharedLog};
use uuid::Uuid;

use super::changing::facts_of;
use super::checks::check;
use super::line::{Line, Refused};
use super::messages::{Known, Messages};
use super::plan::{Aliases, Open, Plan, plan};
use super::streams::Streams;

/// What one batch may weigh: lines, and the people they name.
const BATCH_WEIGHT_MAX: usize = 4_000;
/// Bytes of events in one batch.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Lines in a batch that is decided while the log is held for it.
const HELD_LINES_MAX: usize = 500;
const PAGE_EVENTS: usize = 2_000;

/// What became of the lines so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u64,
    /// Lines that something came of.
    pub taken: u64,
    pub events: u64,
    /// Lines that were in the log before, or changed nothing.
    pub already: u64,
    pub refused: u64,
}

/// A line that was not taken.
pub type Complaint = (u64, Refused);

pub struct Importer {
    /// `None` where there is none yet and none is to be made.
    pub(super) log: Option<SharedLog>,
    /// Of the log; a dry run looks keys up and makes none.
    sealing: Option<Sealing>,
    pub(super) streams: Streams,
    pub(super) messages: Messages,
    aliases: Aliases,
    /// The head that everything in here was brought to.
    pub(super) known: Position,
    pub(super) dry: bool,
    /// Commands of the present batch that were found in the log after all.
    pub(super) meanwhile: HashSet<EventId>,
    pub counts: Counts,
}

/// A batch, and what each of its lines came to.
pub(super) struct Decision {
    pub batch: Batch,
    pub outcomes: Vec<Result<usize, Refused>>,
    bytes: usize,
    touched: HashMap<StreamId, u64>,
}

impl Decision {
    pub fn streams(&self) -> impl Iterator<Item = StreamId> {
        self.touched.keys().cloned()
    }
}

impl Importer {
    /// Into `log`; with `dry` nothing is written, and there may be no log.
    pub async fn into(log: Option<SharedLog>, dry: bool) -> Result<Self, EventLogError> {
        let known = match &log {
            Some(log) => log.head().await?,
            None => Position::START,
        };
        let sealing = log.as_ref().and_then(|log| log.sealing().cloned());
        Ok(Self {
            streams: Streams::new(log.clone(), known == Position::START),
            log,
            sealing,
            messages: Messages::default(),
            aliases: Aliases::new(),
            known,
            dry,
            meanwhile: HashSet::new(),
            counts: Counts::default(),
        })
    }

    /// Takes lines in order; what it returned for is durable. Answers with those that were refused.
    pub async fn take(
        &mut self,
        lines: impl Iterator<Item = (u64, Result<Line, Refused>)>,
    ) -> Result<Vec<Complaint>, EventLogError> {
        let mut complaints = Vec::new();
        let mut batch: Vec<Plan> = Vec::new();
        let mut weight = 0;
        for (number, line) in lines {
            self.counts.lines += 1;
            let planned = line.and_then(|line| {
                check(&line)?;
                plan(number, line, &mut self.aliases)
            });
            match planned {
                Err(refused) => complaints.push((number, refused)),
                Ok(plan) => {
                    weight += plan.weight();
                    // With an erasure a key ends: what comes behind it is sealed with another.
                    let last = plan.open == Open::Keys || weight >= BATCH_WEIGHT_MAX;
                    batch.push(plan);
                    if last {
                        self.carry_out(std::mem::take(&mut batch), &mut complaints).await?;
                        weight = 0;
                    }
                }
            }
        }
        self.carry_out(batch, &mut complaints).await?;
        self.counts.refused += complaints.len() as u64;
        complaints.sort_by_key(|(number, _)| *number);
        Ok(complaints)
    }

    async fn carry_out(&mut self, plans: Vec<Plan>, complaints: &mut Vec<Complaint>) -> Result<(), EventLogError> {
        let mut plans = self.new_among(plans).await?;
        self.seal(&mut plans).await?;
        let mut begin = 0;
        while begin < plans.len() {
            let rest = &mut plans[begin..];
            let feeds = rest.iter().any(|plan| matches!(plan.open, Open::FeedTo(_)));
            let most = if feeds { HELD_LINES_MAX.min(rest.len()) } else { rest.len() };
            let outcomes = self.write(&mut rest[..most]).await?;
            for outcome in outcomes {
                match outcome {
                    Ok(0) => self.counts.already += 1,
                    Ok(events) => {
                        self.counts.taken += 1;
                        self.counts.events += events as u64;
                    }
                    Err(refused) => complaints.push((plans[begin].number, refused)),
                }
                begin += 1;
            }
        }
        if !self.dry {
            self.streams.tidy();
        }
        Ok(())
    }

    /// Those whose command is not in the log yet.
    async fn new_among(&mut self, plans: Vec<Plan>) -> Result<Vec<Plan>, EventLogError> {
        let known = self.find(plans.iter().map(|plan| EventId::of(plan.id, 0)).collect()).await?;
        let before = plans.len();
        let mut seen: HashSet<EventId> = known.into_keys().collect();
        let new: Vec<Plan> = plans.into_iter().filter(|plan| seen.insert(EventId::of(plan.id, 0))).collect();
        self.counts.already += (before - new.len()) as u64;
        Ok(new)
    }

    pub(super) async fn find(&self, ids: Vec<EventId>) -> Result<HashMap<EventId, Position>, EventLogError> {
        let Some(log) = self.log.as_ref().filter(|_| !ids.is_empty()) else { return Ok(HashMap::new()) };
        Ok(log.find(&ids).await?.into_iter().map(|found| (found.event_id, found.position)).collect())
    }

    /// Keys that are missing are made and durable before anything is sealed with them.
    async fn seal(&mut self, plans: &mut [Plan]) -> Result<(), EventLogError> {
        let Some(sealing) = self.sealing.clone() else { return Ok(()) };
        if !self.dry {
            sealing.seal(plans).await?;
        }
        for index in 0..plans.len() {
            let (before, rest) = plans.split_at_mut(index);
            let Command::User(UserCommand::Erase(erase)) = &mut rest[0].command else { continue };
            // Whoever is there and has no key yet may get one this moment; who is not there has nothing to drop.
            let there = self.is_there(&erase.user_id, before).await?;
            erase.keys = sealing.key_of(&erase.user_id, there && !self.dry).await?.into_iter().collect();
        }
        Ok(())
    }

    /// Known to the log, or by one of these lines.
    async fn is_there(&mut self, user: &UserId, before: &[Plan]) -> Result<bool, EventLogError> {
        let told = |plan: &Plan| {
            matches!(&plan.command, Command::User(
                UserCommand::FillProfile(PutProfile { user_id, .. }) | UserCommand::Put(PutUser { user_id, .. }),
            ) if user_id == user)
        };
        if before.iter().any(told) {
            return Ok(true);
        }
        let stream = StreamId::user(user);
        self.streams.bring(vec![stream.clone()]).await?;
        let known = self.streams.get(&stream).map(|facts| &facts.state);
        Ok(matches!(known, Some(State::User(known)) if known.exists()))
    }

    /// Decides in order, each on what those before it have decided; those that no longer fit are left for the next batch.
    pub(super) async fn decide(&mut self, plans: &mut [Plan]) -> Result<Decision, EventLogError> {
        self.streams.bring(plans.iter().flat_map(streams_of).collect()).await?;
        let mut decision = Decision {
            batch: Batch { known: self.known, groups: 1, ..Batch::default() },
            outcomes: Vec::with_capacity(plans.len()),
            bytes: 0,
            touched: HashMap::new(),
        };
        for plan in plans.iter_mut() {
            if decision.bytes >= BATCH_BYTES_MAX {
                break;
            }
            if self.meanwhile.contains(&EventId::of(plan.id, 0)) {
                decision.outcomes.push(Ok(0));
                continue;
            }
            let outcome = match self.look_up(plan, &decision).await? {
                Err(refused) => Err(refused),
                Ok(()) => self.decide_one(plan, &mut decision).await?,
            };
            decision.outcomes.push(outcome);
        }
        let condition = |(stream, version): (&StreamId, &u64)| Condition {
            group: 0,
            stream: stream.clone(),
            version: *version,
            kinds: &[],
        };
        decision.batch.conditions = decision.touched.iter().map(condition).collect();
        Ok(decision)
    }

    /// What the line leaves open.
    async fn look_up(&mut self, plan: &mut Plan, decision: &Decision) -> Result<Result<(), Refused>, EventLogError> {
        match plan.open {
            Open::Nothing | Open::Keys => Ok(Ok(())),
            Open::Reply(room, message) => {
                Ok(self.known(room, message).await?.map(drop).ok_or_else(|| no_such_message("replyTo")))
            }
            Open::Change(room, message) => {
                let known = self.known(room, message).await?;
                Ok(known.ok_or_else(|| no_such_message("message")).and_then(|known| fill_in(&mut plan.command, known)))
            }
            Open::ReadTo(room, message_id) => {
                let found = self.known(room, message_id).await?;
                if let (Some(known), Command::Participant(ParticipantCommand::MarkRead(read))) =
                    (found, &mut plan.command)
                {
                    read.up_to = ReadUpTo::Message { seq: known.seq(), message_id };
                }
                Ok(found.map(drop).ok_or_else(|| no_such_message("upTo")))
            }
            Open::FeedTo(event) => {
                let place = self.place(event, decision).await?;
                if let (Some(up_to), Command::Feed(aggregates::feed::FeedCommand::MarkRead(read))) =
                    (place, &mut plan.command)
                {
                    read.up_to = up_to.0;
                }
                Ok(place.map(drop).ok_or_else(|| Refused::new("upTo", "there is no such event before this line")))
            }
        }
    }

    /// Where an event is, or will be: the log is held meanwhile, so that its place is certain.
    async fn place(&self, event: Option<EventId>, decision: &Decision) -> Result<Option<Position>, EventLogError> {
        let pending = &decision.batch.events;
        let behind = |count: usize| Position(self.known.0 + count as u64);
        match event {
            None => Ok(Some(behind(pending.len()))),
            Some(EventId(id)) if id == Uuid::nil() => Ok(Some(Position::START)),
            Some(event) => match pending.iter().position(|written| written.event_id == event) {
                Some(index) => Ok(Some(behind(index + 1))),
                None => Ok(self.find(vec![event]).await?.get(&event).copied()),
            },
        }
    }

    async fn known(&mut self, room: RoomId, message: MessageId) -> Result<Option<Known>, EventLogError> {
        if let Some(known) = self.messages.find(room, message) {
            return Ok(Some(known));
        }
        let Some(log) = self.log.clone().filter(|_| !self.streams.is_pristine()) else { return Ok(None) };
        if !self.messages.begin_to_learn(room) {
            return Ok(None);
        }
        let (stream, mut after) = (StreamId::room(room), 0);
        loop {
            let page = log.read_stream(&stream, after, PAGE_EVENTS).await?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            page.iter().for_each(|recorded| self.note(&recorded.event));
        }
        Ok(self.messages.find(room, message))
    }

    pub(super) fn note(&mut self, event: &DomainEvent) {
        if let DomainEvent::Room(RoomEvent::MessageSent(event)) = event {
            self.messages.note(event);
        }
    }

    async fn decide_one(
        &mut self,
        plan: &mut Plan,
        decision: &mut Decision,
    ) -> Result<Result<usize, Refused>, EventLogError> {
        let Some(own) = self.streams.get(&plan.stream) else { return Err(not_brought(&plan.stream)) };
        let needs = own.state.needs(&plan.command);
        decision.touched.entry(plan.stream.clone()).or_insert(own.version);
        self.streams.bring(needs.iter().map(|need| need.stream.clone()).collect()).await?;
        for need in needs {
            let Some(facts) = self.streams.get(&need.stream) else { return Err(not_brought(&need.stream)) };
            decision.touched.entry(need.stream.clone()).or_insert(facts.version);
            plan.command.learn(&need.stream, &facts.state);
        }
        for (user, field) in &plan.people {
            let stream = StreamId::user(user);
            let Some(facts) = self.streams.get(&stream) else { return Err(not_brought(&stream)) };
            if !matches!(&facts.state, State::User(user) if user.exists()) {
                return Ok(Err(Refused::new(*field, format!("{user} is not known: a user line must come before"))));
            }
            decision.touched.entry(stream).or_insert(facts.version);
        }
        let Some(own) = self.streams.get(&plan.stream) else { return Err(not_brought(&plan.stream)) };
        let events = match own.state.decide(&plan.command) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(self.refused(plan, &refusal))),
        };
        if !self.dry {
            let version = own.version;
            put(decision, plan, version, &events).map_err(|error| EventLogError::Corrupt(error.to_string()))?;
        }
        events.iter().for_each(|event| self.note(event));
        self.streams.evolve(&plan.stream, &events);
        Ok(Ok(events.len()))
    }

    /// A rule's answer, for somebody who sees the file and not the room.
    fn refused(&self, plan: &Plan, refusal: &Refusal) -> Refused {
        let outside =
            matches!(refusal, Refusal::Room(RoomError::NotFound) | Refusal::Participant(ParticipantError::NotFound));
        if !outside {
            return Refused::new(plan.field, refusal.to_string());
        }
        let room = match &plan.open {
            Open::ReadTo(room, _) => StreamId::room(*room),
            Open::Nothing | Open::Reply(..) | Open::Change(..) | Open::FeedTo(_) | Open::Keys => plan.stream.clone(),
        };
        if self.streams.get(&room).is_none_or(|room| room.version == 0) {
            return Refused::new("room", "there is no such room: a room line must come before");
        }
        match (&plan.actor, &plan.command) {
            (_, Command::Room(RoomCommand::JoinRoom(_))) => {
                Refused::new("by", "nobody comes into this room unasked: somebody must bring them")
            }
            (Some(actor), _) => Refused::new(plan.field, format!("{actor} is not in the room at this line")),
            (None, _) => Refused::new(plan.field, refusal.to_string()),
        }
    }
}

fn streams_of(plan: &Plan) -> impl Iterator<Item = StreamId> {
    let room = match plan.open {
        Open::ReadTo(room, _) => Some(StreamId::room(room)),
        Open::Nothing | Open::Reply(..) | Open::Change(..) | Open::FeedTo(_) | Open::Keys => None,
    };
    let people = plan.people.iter().map(|(user, _)| StreamId::user(user));
    std::iter::once(plan.stream.clone()).chain(room).chain(people)
}

fn put(decision: &mut Decision, plan: &Plan, version: u64, events: &[DomainEvent]) -> Result<(), serde_json::Error> {
    let metadata =
        Metadata { actor: plan.actor.clone(), command: Some(plan.id), origin: Origin::Import, ..Metadata::default() };
    let written: Arc<str> = serde_json::to_string(&metadata)?.into();
    for (index, event) in events.iter().enumerate() {
        let payload = event.to_json()?;
        decision.bytes += payload.len();
        let schema = event.schema();
        // Nobody reads along here; but an erasure is carried out by whoever writes it.
        let original = matches!(event, DomainEvent::User(aggregates::user::UserEvent::UserErased(_)))
            .then(|| Original { event: event.clone(), metadata: Arc::new(metadata.clone()) });
        decision.batch.events.push(NewEvent {
            group: 0,
            stream: plan.stream.clone(),
            sequence: version + 1 + index as u64,
            event_id: EventId::of(plan.id, index),
            name: schema.name(),
            version: schema.version(),
            payload,
            metadata: Arc::clone(&written),
            original,
        });
    }
    Ok(())
}

fn no_such_message(field: &str) -> Refused {
    Refused::new(field, "there is no such message before this line")
}

/// Whose message it is says the line, where that matters; which seq it has, and whether its words are its sender's, the log.
fn fill_in(command: &mut Command, known: Known) -> Result<(), Refused> {
    let named = matches!(command, Command::Room(RoomCommand::EditMessage(_) | RoomCommand::DeleteMessage(_)));
    let Some(facts) = facts_of(command) else { return Ok(()) };
    if named && !known.is_from(&facts.sender_id) {
        return Err(Refused::new("from", format!("{} did not send this message", facts.sender_id)));
    }
    (facts.seq, facts.forwarded) = (known.seq(), known.is_forwarded());
    Ok(())
}

fn not_brought(stream: &StreamId) -> EventLogError {
    EventLogError::Corrupt(format!("the stream {stream} was decided on without being read"))
}
