//! The people, rooms and moments of this crate's tests, so that a test names who and not how.

pub(crate) mod room;

use uuid::Uuid;

use crate::ids::{CommandId, MessageId, RoomId, UserId, UserPair};
use crate::relationship::{Directed, RelationshipEvent};
use crate::user::{Profile, UserErased, UserEvent, UserRegistered};
use crate::{AggregateKind, DomainEvent, Need, State, StreamId, Timestamp};

pub(crate) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

pub(crate) fn ana() -> UserId {
    user("ana")
}

pub(crate) fn ben() -> UserId {
    user("ben")
}

pub(crate) fn cici() -> UserId {
    user("cici")
}

pub(crate) fn dewi() -> UserId {
    user("dewi")
}

/// The group of the tests.
pub(crate) fn room_id() -> RoomId {
    RoomId(Uuid::from_u128(7))
}

/// The message of that number.
pub(crate) fn message_id(number: u64) -> MessageId {
    MessageId::from_command(CommandId(Uuid::from_u128(u128::from(number))))
}

/// One moment; rules compare none.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_348_800_000)
}

pub(crate) fn state_after(kind: AggregateKind, events: impl IntoIterator<Item = DomainEvent>) -> State {
    let mut state = State::empty(kind);
    events.into_iter().for_each(|event| state.evolve(&event));
    state
}

/// What a decision between two people asks for.
pub(crate) fn blocks_between(a: &UserId, b: &UserId) -> Need {
    Need { stream: StreamId::relationship(&UserPair::new(a, b)), kinds: &["user_blocked", "user_unblocked"] }
}

pub(crate) fn blocked_by(from: &UserId, to: &UserId) -> DomainEvent {
    let directed = Directed { from: from.clone(), to: to.clone(), at: noon() };
    DomainEvent::Relationship(RelationshipEvent::UserBlocked(directed))
}

pub(crate) fn registered(user_id: &UserId) -> DomainEvent {
    let registered = UserRegistered { user_id: user_id.clone(), profile: Profile::default(), at: noon() };
    DomainEvent::User(UserEvent::UserRegistered(registered))
}

pub(crate) fn erased(user_id: &UserId) -> DomainEvent {
    DomainEvent::User(UserEvent::UserErased(UserErased { user_id: user_id.clone(), keys: vec![], at: noon() }))
}
