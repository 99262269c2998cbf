//! What each event means for the inbox. Pure and total: the same event, the same changes, for ever.

use aggregates::DomainEvent;
use aggregates::Sealed;
use aggregates::Timestamp;
use aggregates::ids::{GroupId, RoomId, UserId, UserPair};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::room::{MessageSent, NewMember, Role, RoomEvent, RoomKind, RoomOpened};
use aggregates::user::{Profile, UserEvent};
use event_log::{Position, RecordedEvent};

use super::rows::{MessageRow, Person};
use crate::text::storable;

/// Characters of a room's last message that the list of rooms shows.
pub const LAST_MESSAGE_CHARS_MAX: usize = 100;

/// One change of the inbox. What depends on rows (counters, whether somebody is in already) is the store's to find out.
#[derive(Debug, Clone, PartialEq)]
pub enum InboxChange {
    OpenRoom(OpenedRoom),
    /// Somebody comes into a room; nothing when they are in.
    Admit(Admitted),
    /// Somebody goes; nothing when they are out.
    Dismiss {
        room_id: RoomId,
        user_id: UserId,
        at: Timestamp,
        position: Position,
    },
    SetRole {
        room_id: RoomId,
        user_id: UserId,
        role: Role,
        at: Timestamp,
    },
    AddMessage(MessageRow),
    /// The room's last message is now this one.
    ShowLast {
        room_id: RoomId,
        seq: u64,
        text: String,
        at: Timestamp,
        position: Position,
    },
    /// Somebody's read pointer goes forward to `seq`, never back.
    MoveReader {
        room_id: RoomId,
        user_id: UserId,
        seq: u64,
        at: Timestamp,
        position: Position,
    },
    SetPerson {
        user_id: UserId,
        person: Person,
    },
    /// Who they are, and every word they said up to here, is blank.
    Erase(Erased),
    Follow(Relation),
    Unfollow(Relation),
    Block(Relation),
    Unblock(Relation),
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenedRoom {
    pub room_id: RoomId,
    pub kind: RoomKind,
    pub name: Option<String>,
    pub avatar: Option<String>,
    /// Whose words name and avatar are.
    pub opened_by: UserId,
    pub group_id: Option<String>,
    pub pair: Option<(UserId, UserId)>,
    pub at: Timestamp,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
    pub join_seq: u64,
    pub at: Timestamp,
    pub position: Position,
}

impl InboxChange {
    pub(crate) fn erased(&self) -> Option<&Erased> {
        match self {
            Self::Erase(erased) => Some(erased),
            Self::OpenRoom(_)
            | Self::Admit(_)
            | Self::Dismiss { .. }
            | Self::SetRole { .. }
            | Self::AddMessage(_)
            | Self::ShowLast { .. }
            | Self::MoveReader { .. }
            | Self::SetPerson { .. }
            | Self::Follow(_)
            | Self::Unfollow(_)
            | Self::Block(_)
            | Self::Unblock(_) => None,
        }
    }
}

/// Somebody who was erased at `position`; what they say behind it is somebody else's.
#[derive(Debug, Clone, PartialEq)]
pub struct Erased {
    pub user_id: UserId,
    pub position: Position,
}

/// `from` does it, to `to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub from: UserId,
    pub to: UserId,
    pub at: Timestamp,
    pub position: Position,
}

pub fn project(recorded: &RecordedEvent) -> Vec<InboxChange> {
    let position = recorded.position;
    match &recorded.event {
        DomainEvent::Room(event) => in_room(event, position),
        DomainEvent::Participant(event) => in_participant(event, position),
        DomainEvent::Relationship(event) => in_relationship(event, position),
        DomainEvent::User(event) => in_user(event, position),
        DomainEvent::Notification(_) | DomainEvent::Feed(_) => vec![],
    }
}

fn in_room(event: &RoomEvent, position: Position) -> Vec<InboxChange> {
    match event {
        RoomEvent::RoomOpened(event) => opened(event, position),
        RoomEvent::MembersAdded(event) => event
            .members
            .iter()
            .map(|member| admit(event.room_id, member, event.join_seq, event.at, position))
            .collect(),
        RoomEvent::MemberRemoved(event) => vec![InboxChange::Dismiss {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            at: event.at,
            position,
        }],
        RoomEvent::MemberRoleChanged(event) => vec![InboxChange::SetRole {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            role: event.role,
            at: event.at,
        }],
        RoomEvent::MessageSent(event) => sent(event, position),
        RoomEvent::RoomRenamed(_)
        | RoomEvent::RoomAvatarChanged(_)
        | RoomEvent::JoinPolicyChanged(_)
        | RoomEvent::SlowModeChanged(_)
        | RoomEvent::RoomClosed(_)
        | RoomEvent::RoomReopened(_)
        | RoomEvent::MessageEdited(_)
        | RoomEvent::MessageDeleted(_)
        | RoomEvent::ReactionAdded(_)
        | RoomEvent::ReactionRemoved(_)
        | RoomEvent::MessagePinned(_)
        | RoomEvent::MessageUnpinned(_) => vec![],
    }
}

fn opened(event: &RoomOpened, position: Position) -> Vec<InboxChange> {
    let pair = match (event.kind, event.members.as_slice()) {
        (RoomKind::Direct | RoomKind::MentorStudent, [a, b]) => {
            let pair = UserPair::new(&a.user_id, &b.user_id);
            Some((pair.first().clone(), pair.second().clone()))
        }
        (RoomKind::Direct | RoomKind::Group | RoomKind::MentorStudent | RoomKind::Support, _) => None,
    };
    let room = InboxChange::OpenRoom(OpenedRoom {
        room_id: event.room_id,
        kind: event.kind,
        name: words(event.name.as_ref()),
        avatar: words(event.avatar.as_ref()),
        opened_by: event.opened_by.clone(),
        group_id: event.group_id.as_ref().map(GroupId::to_string),
        pair,
        at: event.at,
        position,
    });
    let members = event.members.iter().map(|member| admit(event.room_id, member, 0, event.at, position));
    std::iter::once(room).chain(members).collect()
}

fn admit(room_id: RoomId, member: &NewMember, join_seq: u64, at: Timestamp, position: Position) -> InboxChange {
    InboxChange::Admit(Admitted { room_id, user_id: member.user_id.clone(), role: member.role, join_seq, at, position })
}

/// Three rows whatever the membership: the message, the room, the sender's own pointer.
fn sent(event: &MessageSent, position: Position) -> Vec<InboxChange> {
    let content = storable(event.content.reveal());
    let (attachment_url, attachment_type) = match &event.attachment {
        Some(attachment) => (words(Some(&attachment.url)), attachment.media_type.as_deref().map(storable)),
        None => (None, None),
    };
    let last_message = content.chars().take(LAST_MESSAGE_CHARS_MAX).collect();
    vec![
        InboxChange::AddMessage(MessageRow {
            id: event.message_id,
            room_id: event.room_id,
            seq: event.seq,
            position,
            sender_id: event.sender_id.clone(),
            kind: event.kind,
            content,
            attachment_url,
            attachment_type,
            reply_to: event.reply_to,
            client_message_id: client_id(event),
            created_at: event.at,
            forwarded: event.forwarded.clone(),
            edited_at: None,
            deleted: None,
            mentions: event.mentions.clone(),
            mentions_all: event.mentions_all,
            reactions: vec![],
            pinned: None,
        }),
        InboxChange::ShowLast { room_id: event.room_id, seq: event.seq, text: last_message, at: event.at, position },
        InboxChange::MoveReader {
            room_id: event.room_id,
            user_id: event.sender_id.clone(),
            seq: event.seq,
            at: event.at,
            position,
        },
    ]
}

/// `None` as well where an import says that there was one, and nothing of it.
fn client_id(event: &MessageSent) -> Option<String> {
    words(event.client_message_id.as_ref()).filter(|id| !id.is_empty())
}

fn in_participant(event: &ParticipantEvent, position: Position) -> Vec<InboxChange> {
    match event {
        ParticipantEvent::MessagesRead(event) => vec![InboxChange::MoveReader {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            seq: event.up_to_seq,
            at: event.at,
            position,
        }],
        ParticipantEvent::MarkedUnread(_)
        | ParticipantEvent::MessagesDelivered(_)
        | ParticipantEvent::RoomArranged(_) => vec![],
    }
}

fn in_relationship(event: &RelationshipEvent, position: Position) -> Vec<InboxChange> {
    let relation = |directed: &aggregates::relationship::Directed| Relation {
        from: directed.from.clone(),
        to: directed.to.clone(),
        at: directed.at,
        position,
    };
    vec![match event {
        RelationshipEvent::UserFollowed(event) => InboxChange::Follow(relation(event)),
        RelationshipEvent::UserUnfollowed(event) => InboxChange::Unfollow(relation(event)),
        RelationshipEvent::UserBlocked(event) => InboxChange::Block(relation(event)),
        RelationshipEvent::UserUnblocked(event) => InboxChange::Unblock(relation(event)),
    }]
}

fn in_user(event: &UserEvent, position: Position) -> Vec<InboxChange> {
    let (user_id, profile) = match event {
        UserEvent::UserRegistered(event) => (&event.user_id, &event.profile),
        UserEvent::ProfileChanged(event) => (&event.user_id, &event.profile),
        UserEvent::UserErased(event) => {
            return vec![InboxChange::Erase(Erased { user_id: event.user_id.clone(), position })];
        }
    };
    vec![InboxChange::SetPerson { user_id: user_id.clone(), person: person(profile) }]
}

fn person(profile: &Profile) -> Person {
    Person {
        name: words(profile.name.as_ref()),
        username: words(profile.username.as_ref()),
        avatar: words(profile.avatar.as_ref()),
        email: words(profile.email.as_ref()),
        role: profile.role.map(|role| role.name().to_owned()),
    }
}

/// `None` also for words that nobody can read any more.
fn words(sealed: Option<&Sealed>) -> Option<String> {
    sealed.and_then(Sealed::words).map(storable)
}
