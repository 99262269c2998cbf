//! Events, said shortly.

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::{GroupId, MessageId, NotificationId, RoomId};
use aggregates::notification::{NotificationEvent, NotificationMarked, NotificationRaised, NotificationType, Source};
use aggregates::participant::{MessagesRead, ParticipantEvent};
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{
    JoinPolicy, MemberRemoved, MemberRoleChanged, MembersAdded, MessageKind, MessageSent, NewMember, Role, RoomEvent,
    RoomKind, RoomOpened,
};
use aggregates::user::{Profile, ProfileChanged, UserErased, UserEvent, UserRegistered, UserRole};
use aggregates::{DomainEvent, Sealed};
use event_log::Position;
use uuid::Uuid;

use crate::read_models::world::{at, user};

pub fn message_id(room: RoomId, seq: u64) -> MessageId {
    MessageId(Uuid::from_u128(room.0.as_u128() * 1_000_000 + u128::from(seq)))
}

pub fn notification_id(number: u128) -> NotificationId {
    NotificationId(Uuid::from_u128(number))
}

pub fn opened(nth: i64, room_id: RoomId, kind: RoomKind, name: Option<&str>, members: &[&str]) -> DomainEvent {
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened {
        room_id,
        kind,
        opened_by: user(members[0]),
        members: members.iter().map(|member| NewMember { user_id: user(member), role: Role::Member }).collect(),
        name: name.map(Sealed::new),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        at: at(nth),
    }))
}

/// A room of one of the platform's groups.
pub fn opened_in(nth: i64, group: &str, room_id: RoomId, members: &[&str]) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::RoomOpened(event)) = opened(nth, room_id, RoomKind::Group, Some("Kelas"), members)
    else {
        unreachable!("it was made as one")
    };
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened { group_id: GroupId::parse(group).ok(), ..event }))
}

pub fn added(nth: i64, room_id: RoomId, members: &[&str], join_seq: u64) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MembersAdded(MembersAdded {
        room_id,
        members: members.iter().map(|member| NewMember { user_id: user(member), role: Role::Member }).collect(),
        by: user(members[0]),
        join_seq,
        at: at(nth),
    }))
}

pub fn removed(nth: i64, room_id: RoomId, member: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MemberRemoved(MemberRemoved {
        room_id,
        user_id: user(member),
        by: user(member),
        at: at(nth),
    }))
}

pub fn role(nth: i64, room_id: RoomId, member: &str, role: Role) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MemberRoleChanged(MemberRoleChanged {
        room_id,
        user_id: user(member),
        role,
        by: None,
        at: at(nth),
    }))
}

pub fn sent(nth: i64, room_id: RoomId, seq: u64, sender: &str, words: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageSent(MessageSent {
        room_id,
        message_id: message_id(room_id, seq),
        seq,
        sender_id: user(sender),
        kind: MessageKind::Text,
        content: Sealed::new(words),
        attachment: None,
        reply_to: None,
        client_message_id: None,
        at: at(nth),
    }))
}

pub fn read(nth: i64, room_id: RoomId, reader: &str, up_to_seq: u64) -> DomainEvent {
    DomainEvent::Participant(ParticipantEvent::MessagesRead(MessagesRead {
        room_id,
        user_id: user(reader),
        up_to_seq,
        up_to: message_id(room_id, up_to_seq),
        at: at(nth),
    }))
}

pub fn relation(nth: i64, from: &str, to: &str, wrap: fn(Directed) -> RelationshipEvent) -> DomainEvent {
    DomainEvent::Relationship(wrap(Directed { from: user(from), to: user(to), at: at(nth) }))
}

pub fn registered(nth: i64, name: &str, shown_as: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::UserRegistered(UserRegistered {
        user_id: user(name),
        profile: profile(shown_as),
        at: at(nth),
    }))
}

pub fn renamed(nth: i64, name: &str, shown_as: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::ProfileChanged(ProfileChanged {
        user_id: user(name),
        profile: profile(shown_as),
        at: at(nth),
    }))
}

/// Without a word about keys: whoever reads it can still read what they said.
pub fn erased(nth: i64, name: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::UserErased(UserErased { user_id: user(name), keys: vec![], at: at(nth) }))
}

fn profile(shown_as: &str) -> Profile {
    Profile {
        name: Some(Sealed::new(shown_as)),
        username: Some(Sealed::new(format!("{}_", shown_as.to_uppercase()))),
        avatar: None,
        email: Some(Sealed::new(format!("{shown_as}@example.com"))),
        phone: None,
        role: Some(UserRole::MemberFree),
        ..Profile::default()
    }
}

pub fn raised(nth: i64, number: u128, recipient: &str, kind: NotificationType) -> DomainEvent {
    DomainEvent::Notification(NotificationEvent::NotificationRaised(NotificationRaised {
        notification_id: notification_id(number),
        recipient_id: user(recipient),
        kind,
        actor_id: Some(user("someone")),
        source: Source { kind: "user".to_owned(), id: "someone".to_owned() },
        at: at(nth),
    }))
}

pub fn marked(nth: i64, number: u128, recipient: &str, read: bool) -> DomainEvent {
    let marked =
        NotificationMarked { notification_id: notification_id(number), recipient_id: user(recipient), at: at(nth) };
    DomainEvent::Notification(if read {
        NotificationEvent::NotificationRead(marked)
    } else {
        NotificationEvent::NotificationUnread(marked)
    })
}

pub fn feed_read(nth: i64, recipient: &str, up_to: Position) -> DomainEvent {
    DomainEvent::Feed(FeedEvent::FeedRead(FeedRead { user_id: user(recipient), up_to: up_to.0, at: at(nth) }))
}
