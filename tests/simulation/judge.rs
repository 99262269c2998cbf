//! What was promised, held against what is in the log: after every step, for every answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use aggregates::ids::{CommandId, EventId};
use aggregates::notification::NotificationEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::room::{MessageFacts, RoomEvent};
use aggregates::{DomainEvent, State, StreamId};
use event_log::{EventLog, Filter, Outcome, Position, RecordedEvent, Wish, loading};

use super::facts::{Expected, Facts};
use super::node::{Answer, Call};
use super::wishes::Known;
use crate::support::naive::Rooms;

#[derive(Default)]
pub struct Judge {
    pub events: Vec<RecordedEvent>,
    /// `facts[p]` is after the event at position p.
    facts: Vec<Facts>,
    at: HashMap<EventId, Position>,
    sequences: HashMap<StreamId, u64>,
    /// Of each stream what its first n events make, for every n.
    states: BTreeMap<StreamId, Vec<State>>,
    wishes: BTreeMap<CommandId, Told>,
    pub known: Known,
    answers: u64,
}

/// What was said about one wish, however often it was asked.
struct Told {
    wish: Wish,
    /// Its events and where the last of them is.
    written: Option<(usize, Position)>,
    /// Somebody does not know whether it was written.
    open: bool,
}

impl Judge {
    pub fn new() -> Self {
        Self { facts: vec![Facts::default()], ..Self::default() }
    }

    pub fn head(&self) -> Position {
        Position(self.events.len() as u64)
    }

    pub fn facts(&self) -> &Facts {
        &self.facts[self.events.len()]
    }

    pub fn answers(&self) -> u64 {
        self.answers
    }

    /// Reads on: positions without gaps, streams without gaps, no id twice (invariant 1).
    pub async fn look(&mut self, log: &dyn EventLog) {
        loop {
            let page = log.read_after(self.head(), 500, Filter::All).await.expect("the log itself has no faults");
            if page.events.is_empty() {
                return;
            }
            for recorded in page.into_events() {
                self.take(recorded);
            }
        }
    }

    fn take(&mut self, recorded: RecordedEvent) {
        assert_eq!(recorded.position.0, self.head().0 + 1, "positions are dense");
        let sequence = self.sequences.entry(recorded.stream.clone()).or_default();
        *sequence += 1;
        assert_eq!(recorded.sequence, *sequence, "{} is without gaps", recorded.stream);
        let earlier = self.at.insert(recorded.event_id, recorded.position);
        assert_eq!(earlier, None, "the event at {} is in the log twice", recorded.position);
        let empty = || vec![State::empty(recorded.stream.kind)];
        let states = self.states.entry(recorded.stream.clone()).or_insert_with(empty);
        let mut state = states[states.len() - 1].clone();
        state.evolve(&recorded.event);
        states.push(state);
        let mut facts = self.facts().clone();
        facts.take(&recorded.event);
        self.facts.push(facts);
        match &recorded.event {
            DomainEvent::Room(RoomEvent::MessageSent(sent)) => {
                let (seq, message_id, sender_id) = (sent.seq, sent.message_id, sent.sender_id.clone());
                let facts = MessageFacts { message_id, seq, sender_id, forwarded: false };
                self.known.messages.push((sent.room_id, facts));
            }
            DomainEvent::Notification(NotificationEvent::NotificationRaised(raised)) => {
                self.known.notifications.push(raised.notification_id);
            }
            _ => {}
        }
        self.known.head = recorded.position.0;
        self.events.push(recorded);
    }

    /// An answer, once the log was looked at.
    pub fn hear(&mut self, call: &Call) {
        let Call { wish, floor, answer } = call;
        self.answers += 1;
        let told =
            self.wishes.entry(wish.id).or_insert_with(|| Told { wish: wish.clone(), written: None, open: false });
        match answer {
            Answer::Decided(decided) => match &decided.outcome {
                Outcome::Written(events) | Outcome::Repeated(events) => {
                    let written = (events.len(), decided.position);
                    assert_eq!(*told.written.get_or_insert(written), written, "{} is answered alike", wish.stream);
                    self.hear_written(wish, events, decided.position);
                    if matches!(decided.outcome, Outcome::Written(_)) {
                        let before = decided.position.0 - events.len() as u64;
                        assert!(
                            before >= floor.0,
                            "{} was written at {} behind {floor}",
                            wish.stream,
                            decided.position
                        );
                        self.justify(wish, before..=before, Expected::Events);
                    }
                }
                Outcome::Nothing => self.hear_no_change(wish, *floor, decided.position, Expected::Nothing),
            },
            Answer::Refused { position, .. } => self.hear_no_change(wish, *floor, *position, Expected::Refusal),
            Answer::NotWritten(_) => {}
            Answer::Unknown | Answer::Unheard => told.open = true,
        }
    }

    /// Everything that was answered is in the log, in one piece, as it was said.
    fn hear_written(&self, wish: &Wish, events: &[DomainEvent], position: Position) {
        assert!(
            position <= self.head(),
            "{} is answered with {position}, the log ends at {}",
            wish.stream,
            self.head()
        );
        let before = usize::try_from(position.0).expect("small") - events.len();
        for (index, event) in events.iter().enumerate() {
            let recorded = &self.events[before + index];
            assert_eq!(recorded.event_id, EventId::of(wish.id, index), "what {} wrote at {position}", wish.stream);
            assert_eq!((&recorded.stream, &recorded.event), (&wish.stream, event), "as it was answered");
        }
    }

    /// A no, or an "already so", is true of what was there between the question and the answer.
    fn hear_no_change(&self, wish: &Wish, floor: Position, position: Position, expected: Expected) {
        assert!(position >= floor, "{}: {expected:?} rests on {position}, {floor} was known", wish.stream);
        assert!(position <= self.head(), "{}: {expected:?} rests on {position}, which is not durable", wish.stream);
        self.justify(wish, floor.0..=position.0, expected);
    }

    fn justify(&self, wish: &Wish, places: std::ops::RangeInclusive<u64>, expected: Expected) {
        let opinions =
            places.clone().map(|place| self.facts[usize::try_from(place).expect("small")].expect(&wish.command));
        let agrees = opinions.into_iter().any(|opinion| opinion.is_none_or(|opinion| opinion == expected));
        assert!(agrees, "{expected:?} was answered, which nothing in {places:?} justifies: {:?}", wish.command);
    }

    /// What was refused, needed nothing or was given up is not in the log, now or later.
    pub fn nothing_else_was_written(&self) {
        for (id, told) in &self.wishes {
            if told.written.is_none() && !told.open {
                let found = self.at.get(&EventId::of(*id, 0));
                assert_eq!(found, None, "{} is in the log and was never said to be", told.wish.stream);
            }
        }
    }

    /// Nobody saw a position after a later one, nor another event at it (invariant 2).
    pub fn saw_it_in_order(&self, seen: &[(Position, EventId)]) {
        for ((position, event_id), recorded) in seen.iter().zip(&self.events) {
            assert_eq!((*position, *event_id), (recorded.position, recorded.event_id), "what a reader saw");
        }
        assert!(seen.len() <= self.events.len(), "a reader saw more than there is");
    }

    /// What is kept of a stream is what its events made, and with the rest it makes what the whole stream makes
    /// (invariant 8).
    pub async fn kept_states_are_true(&self, log: &dyn EventLog) {
        for (stream, states) in &self.states {
            let Some(stored) = log.snapshot(stream).await.expect("the log itself has no faults") else { continue };
            assert!(stored.in_the_log && stored.log == log.id(), "{stream}: kept of what never was: {stored:?}");
            let kept = stored.snapshot;
            let sequence = kept.sequence;
            let state = State::from_kept(stream.kind, kept.format, &kept.state).expect("readable");
            assert_eq!(state, states[usize::try_from(sequence).expect("small")], "{stream} kept at {sequence}");
            let loaded = loading::load(log, stream, None).await.expect("the log itself has no faults");
            assert_eq!(loaded.state, states[states.len() - 1], "{stream} from {sequence} on");
        }
    }

    /// Wishes whose outcome somebody does not know, under a key that may be asked again.
    pub fn open_wishes(&self) -> Vec<Wish> {
        let open = self.wishes.values().filter(|told| told.open && told.wish.repeatable && told.written.is_none());
        open.map(|told| told.wish.clone()).collect()
    }

    /// Wishes under a key that were answered with events.
    pub fn answered_wishes(&self) -> Vec<Wish> {
        let answered = self.wishes.values().filter(|told| told.written.is_some() && told.wish.repeatable);
        answered.map(|told| told.wish.clone()).collect()
    }

    /// Every room's messages are numbered without gaps, none is there twice.
    pub fn rooms(&self) -> Rooms {
        let rooms = Rooms::of(&self.events);
        rooms.assert_gapless();
        rooms
    }

    /// Each follower is told of once, or the two were apart when it was to be told (invariant 1, for the reactor's wishes).
    pub fn follows_are_told_once(&self, from: Position) {
        let mut told = HashSet::new();
        for recorded in &self.events {
            if let DomainEvent::Notification(NotificationEvent::NotificationRaised(raised)) = &recorded.event {
                let pair = (raised.actor_id.clone().expect("a follower"), raised.recipient_id.clone());
                assert!(told.insert(pair), "the notification at {} was raised before", recorded.position);
            }
        }
        for recorded in self.events.iter().filter(|recorded| recorded.position > from) {
            let DomainEvent::Relationship(RelationshipEvent::UserFollowed(followed)) = &recorded.event else {
                continue;
            };
            let since = &self.facts[usize::try_from(recorded.position.0).expect("small")..];
            let apart = since.iter().any(|facts| facts.are_apart(&followed.from, &followed.to));
            let pair = (followed.from.clone(), followed.to.clone());
            assert!(apart || told.contains(&pair), "the follow at {} was told nobody", recorded.position);
        }
    }
}
