//! An event as a line: the way back of `plan`.
//!
//! What follows from a rule (the heir of an owner, the follows that a block ends) is not a line of its own: it follows
//! again where the line goes in.

use aggregates::feed::FeedEvent;
use aggregates::ids::EventId;
use aggregates::ids::UserId;
use aggregates::notification::{NotificationEvent, NotificationMarked};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{
    HistoryFrom, JoinPolicyChanged, MemberRoleChanged, MessageDeleted, MessageEdited, MessagePinned, MessageSent,
    Reacted, Role, RoomAvatarChanged, RoomEvent, RoomKind, RoomOpened, RoomRenamed, RoomTurned, SlowModeChanged,
};
use aggregates::user::{Profile, UserEvent};
use aggregates::{DomainEvent, Sealed, Timestamp, Unreadable};
use event_log::RecordedEvent;
use uuid::Uuid;

use super::line::{
    AvatarLine, DeleteLine, EditLine, ErasureLine, FeedReadLine, ForwardedFrom, JoinLine, LeaveLine, Line, MarkLine,
    MessageLine, NotificationLine, PinLine, ReactLine, ReadLine, RelationLine, RenameLine, RoleLine, RoomLine,
    RoomShape, RulesLine, TurnLine, UserLine,
};

/// What becomes of an event.
#[derive(Debug, PartialEq)]
pub enum Told {
    Line(Line),
    /// A mark on a notification: a line, where that has one.
    Mark(Line),
    /// It follows from the event before it.
    Follows,
    /// Nothing in the format says it.
    Unsayable,
    /// A feed was read up to this position: the event there names it.
    FeedRead {
        user: UserId,
        up_to: u64,
        at: Timestamp,
    },
}

/// Words that were looked at on the way.
#[derive(Debug, Default)]
pub struct Words {
    /// Their key is lost or wrong.
    pub lost: u64,
}

/// Fields of a line whose words cannot be read.
#[derive(Debug, Default)]
struct Gone {
    erased: Vec<String>,
    lost: Vec<String>,
}

pub fn tell(recorded: &RecordedEvent, words: &mut Words) -> Told {
    // Of the rules of a room two may change at once, and neither follows from the other.
    let stands_alone = matches!(recorded.event, DomainEvent::Room(RoomEvent::SlowModeChanged(_)));
    if !stands_alone && recorded.metadata.command.is_some_and(|command| recorded.event_id != EventId::of(command, 0)) {
        return Told::Follows;
    }
    let event = Some(recorded.event_id.0);
    match &recorded.event {
        DomainEvent::User(told) => Told::Line(of_user(told, event, words)),
        DomainEvent::Room(told) => of_room(told, event, words),
        DomainEvent::Participant(ParticipantEvent::MessagesRead(read)) => Told::Line(Line::Read(ReadLine {
            id: None,
            room: read.room_id.to_string(),
            user: read.user_id.clone(),
            up_to: read.up_to.to_string(),
            at: read.at,
            event,
        })),
        DomainEvent::Participant(
            ParticipantEvent::MarkedUnread(_)
            | ParticipantEvent::MessagesDelivered(_)
            | ParticipantEvent::RoomArranged(_),
        )
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => Told::Unsayable,
        DomainEvent::Relationship(told) => Told::Line(of_relationship(told, event)),
        DomainEvent::Notification(told) => of_notification(told, event),
        DomainEvent::Feed(FeedEvent::FeedRead(read)) => {
            Told::FeedRead { user: read.user_id.clone(), up_to: read.up_to, at: read.at }
        }
    }
}

pub fn feed_read(user: UserId, up_to: Uuid, at: Timestamp, event: EventId) -> Line {
    Line::FeedRead(FeedReadLine { id: None, user, up_to: Some(up_to), at, event: Some(event.0) })
}

impl Words {
    /// What can be read; what cannot is named in `gone`.
    fn open(&mut self, field: &str, words: Option<&Sealed>, gone: &mut Gone) -> Option<String> {
        let words = words?;
        match words.unreadable() {
            None => return words.words().map(str::to_owned),
            Some(Unreadable::Erased) => gone.erased.push(field.to_owned()),
            Some(Unreadable::Lost) => {
                self.lost += 1;
                gone.lost.push(field.to_owned());
            }
        }
        None
    }
}

fn of_user(event: &UserEvent, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut of = |user: &UserId, profile: &Profile, changed: bool, at: Timestamp| {
        let mut gone = Gone::default();
        let name = words.open("name", profile.name.as_ref(), &mut gone);
        let username = words.open("username", profile.username.as_ref(), &mut gone);
        let avatar = words.open("avatar", profile.avatar.as_ref(), &mut gone);
        let email = words.open("email", profile.email.as_ref(), &mut gone);
        let phone = words.open("phone", profile.phone.as_ref(), &mut gone);
        let (role, Gone { erased, lost }, event) = (profile.role, gone, id);
        let id = user.clone();
        let parts = UserLine { id, name, username, avatar, email, phone, role, changed, erased, lost, at, event };
        Line::User(Box::new(parts))
    };
    match event {
        UserEvent::UserRegistered(event) => of(&event.user_id, &event.profile, false, event.at),
        UserEvent::ProfileChanged(event) => of(&event.user_id, &event.profile, true, event.at),
        UserEvent::UserErased(event) => {
            Line::Erasure(ErasureLine { user: event.user_id.clone(), at: event.at, event: id })
        }
    }
}

fn of_room(event: &RoomEvent, id: Option<Uuid>, words: &mut Words) -> Told {
    match event {
        RoomEvent::RoomOpened(event) => Told::Line(opened(event, id, words)),
        RoomEvent::MembersAdded(event) => {
            let users: Vec<UserId> = event.members.iter().map(|member| member.user_id.clone()).collect();
            let by = (users[..] != [event.by.clone()]).then(|| event.by.clone());
            let room = event.room_id.to_string();
            Told::Line(Line::Join(JoinLine { id: None, room, users, by, at: event.at, event: id }))
        }
        RoomEvent::MemberRemoved(event) => {
            let (room, user) = (event.room_id.to_string(), event.user_id.clone());
            let by = (event.by != user).then(|| event.by.clone());
            Told::Line(Line::Leave(LeaveLine { id: None, room, user, by, at: event.at, event: id }))
        }
        RoomEvent::MemberRoleChanged(event) => Told::Line(role(event, id)),
        RoomEvent::RoomRenamed(event) => Told::Line(renamed(event, id, words)),
        RoomEvent::RoomAvatarChanged(event) => Told::Line(pictured(event, id, words)),
        RoomEvent::JoinPolicyChanged(JoinPolicyChanged { room_id, join_policy, by, at }) => {
            let (room, by, join_policy) = (room_id.to_string(), by.clone(), Some(*join_policy));
            Told::Line(Line::Rules(RulesLine {
                id: None,
                room,
                by,
                join_policy,
                slow_mode_seconds: None,
                at: *at,
                event: id,
            }))
        }
        RoomEvent::SlowModeChanged(SlowModeChanged { room_id, seconds, by, at }) => {
            let (room, by, slow_mode_seconds) = (room_id.to_string(), by.clone(), Some(*seconds));
            Told::Line(Line::Rules(RulesLine {
                id: None,
                room,
                by,
                join_policy: None,
                slow_mode_seconds,
                at: *at,
                event: id,
            }))
        }
        RoomEvent::RoomClosed(event) => Told::Line(Line::Close(turned(event, id))),
        RoomEvent::RoomReopened(event) => Told::Line(Line::Reopen(turned(event, id))),
        RoomEvent::MessageSent(event) => Told::Line(sent(event, id, words)),
        RoomEvent::MessageEdited(event) => Told::Line(edited(event, id, words)),
        RoomEvent::MessageDeleted(event) => Told::Line(deleted(event, id)),
        RoomEvent::ReactionAdded(event) => Told::Line(Line::React(reacted(event, id))),
        RoomEvent::ReactionRemoved(event) => Told::Line(Line::Unreact(reacted(event, id))),
        RoomEvent::MessagePinned(event) => Told::Line(Line::Pin(pinned(event, id))),
        RoomEvent::MessageUnpinned(event) => Told::Line(Line::Unpin(pinned(event, id))),
    }
}

fn opened(event: &RoomOpened, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut gone = Gone::default();
    let owner = event.members.iter().find(|member| member.role == Role::Owner).map(|owner| owner.user_id.clone());
    let (shape, mentor, join_policy) = match event.kind {
        RoomKind::Direct => (RoomShape::Direct, None, None),
        RoomKind::Group => (RoomShape::Group, None, Some(event.join_policy)),
        RoomKind::MentorStudent => (RoomShape::MentorStudent, owner, None),
        RoomKind::Support => (RoomShape::Support, None, None),
    };
    let others = event.members.iter().map(|member| &member.user_id).filter(|user| **user != event.opened_by);
    Line::Room(Box::new(RoomLine {
        id: event.room_id.to_string(),
        shape,
        by: event.opened_by.clone(),
        members: others.cloned().collect(),
        mentor,
        name: words.open("name", event.name.as_ref(), &mut gone),
        avatar: words.open("avatar", event.avatar.as_ref(), &mut gone),
        group_id: event.group_id.clone(),
        join_policy,
        history_from: (event.history_from != HistoryFrom::Start).then_some(event.history_from),
        erased: gone.erased,
        lost: gone.lost,
        at: event.at,
        event: id,
    }))
}

fn role(event: &MemberRoleChanged, id: Option<Uuid>) -> Line {
    Line::Role(RoleLine {
        id: None,
        room: event.room_id.to_string(),
        user: event.user_id.clone(),
        role: event.role,
        // Nobody wished it only where it follows from what somebody wished.
        by: event.by.clone().unwrap_or_else(|| event.user_id.clone()),
        at: event.at,
        event: id,
    })
}

fn renamed(event: &RoomRenamed, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut gone = Gone::default();
    let name = words.open("name", event.name.as_ref(), &mut gone);
    let (room, by, Gone { erased, lost }) = (event.room_id.to_string(), event.by.clone(), gone);
    Line::Rename(Box::new(RenameLine { id: None, room, by, name, erased, lost, at: event.at, event: id }))
}

fn pictured(event: &RoomAvatarChanged, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut gone = Gone::default();
    let avatar = words.open("avatar", event.avatar.as_ref(), &mut gone);
    let (room, by, Gone { erased, lost }) = (event.room_id.to_string(), event.by.clone(), gone);
    Line::Avatar(Box::new(AvatarLine { id: None, room, by, avatar, erased, lost, at: event.at, event: id }))
}

fn turned(event: &RoomTurned, id: Option<Uuid>) -> TurnLine {
    TurnLine { id: None, room: event.room_id.to_string(), by: event.by.clone(), at: event.at, event: id }
}

fn edited(event: &MessageEdited, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut gone = Gone::default();
    let content = words.open("content", Some(&event.content), &mut gone).unwrap_or_default();
    Line::Edit(Box::new(EditLine {
        id: None,
        room: event.room_id.to_string(),
        message: event.message_id.to_string(),
        from: event.sender_id.clone(),
        content,
        mentions: event.mentions.clone(),
        mentions_all: event.mentions_all,
        erased: gone.erased,
        lost: gone.lost,
        at: event.at,
        event: id,
    }))
}

fn deleted(event: &MessageDeleted, id: Option<Uuid>) -> Line {
    Line::Delete(DeleteLine {
        id: None,
        room: event.room_id.to_string(),
        message: event.message_id.to_string(),
        from: event.sender_id.clone(),
        by: (event.by != event.sender_id).then(|| event.by.clone()),
        at: event.at,
        event: id,
    })
}

fn reacted(event: &Reacted, id: Option<Uuid>) -> ReactLine {
    let (room, message) = (event.room_id.to_string(), event.message_id.to_string());
    let (user, emoji) = (event.user_id.clone(), event.emoji.to_string());
    ReactLine { id: None, room, message, user, emoji, at: event.at, event: id }
}

fn pinned(event: &MessagePinned, id: Option<Uuid>) -> PinLine {
    let (room, message) = (event.room_id.to_string(), event.message_id.to_string());
    PinLine { id: None, room, message, by: event.by.clone(), at: event.at, event: id }
}

fn sent(event: &MessageSent, id: Option<Uuid>, words: &mut Words) -> Line {
    let mut gone = Gone::default();
    let content = words.open("content", Some(&event.content), &mut gone).unwrap_or_default();
    let url = event.attachment.as_ref().map(|attachment| &attachment.url);
    let attachment_url = words.open("attachmentUrl", url, &mut gone);
    let file = event.attachment.as_ref().and_then(|attachment| attachment.file.as_ref());
    let attachment_name = words.open("attachmentName", file.and_then(|file| file.name.as_ref()), &mut gone);
    let client_message_id = words.open("clientMessageId", event.client_message_id.as_ref(), &mut gone);
    Line::Message(Box::new(MessageLine {
        id: event.message_id.to_string(),
        room: event.room_id.to_string(),
        from: event.sender_id.clone(),
        shape: event.kind,
        content,
        attachment_url,
        attachment_type: event.attachment.as_ref().and_then(|attachment| attachment.media_type.clone()),
        attachment_name,
        attachment_size: file.map(|file| file.bytes),
        attachment_width: file.and_then(|file| file.width),
        attachment_height: file.and_then(|file| file.height),
        reply_to: event.reply_to.map(|target| target.to_string()),
        client_message_id: client_message_id.filter(|id| !id.is_empty()),
        mentions: event.mentions.clone(),
        mentions_all: event.mentions_all,
        forwarded: event.forwarded.as_ref().map(|first| ForwardedFrom {
            room: first.room_id.to_string(),
            message: first.message_id.to_string(),
            author: first.author_id.clone(),
        }),
        erased: gone.erased,
        lost: gone.lost,
        at: event.at,
        event: id,
    }))
}

fn of_relationship(event: &RelationshipEvent, id: Option<Uuid>) -> Line {
    let line = |directed: &Directed| {
        let Directed { from, to, at } = directed.clone();
        RelationLine { id: None, from, to, at, event: id }
    };
    match event {
        RelationshipEvent::UserFollowed(event) => Line::Follow(line(event)),
        RelationshipEvent::UserUnfollowed(event) => Line::Unfollow(line(event)),
        RelationshipEvent::UserBlocked(event) => Line::Block(line(event)),
        RelationshipEvent::UserUnblocked(event) => Line::Unblock(line(event)),
    }
}

/// Of the feed alone: what was kept from it, and what became of other channels, nobody saw there, and nobody misses it.
fn of_notification(event: &NotificationEvent, id: Option<Uuid>) -> Told {
    let mark = |wrap: fn(MarkLine) -> Line, event: &NotificationMarked| {
        let (notification, user) = (event.notification_id.to_string(), event.recipient_id.clone());
        Told::Mark(wrap(MarkLine { id: None, notification, user, at: event.at, event: id }))
    };
    match event {
        NotificationEvent::NotificationRaised(event) if !event.is_in_feed() => Told::Follows,
        NotificationEvent::DeliveryDecided(_)
        | NotificationEvent::AttemptStarted(_)
        | NotificationEvent::AttemptEnded(_) => Told::Follows,
        NotificationEvent::NotificationRaised(event) => Told::Line(Line::Notification(Box::new(NotificationLine {
            id: event.notification_id.to_string(),
            user: event.recipient_id.clone(),
            shape: event.kind,
            actor: event.actor_id.clone(),
            source_type: event.source.kind.clone(),
            source_id: event.source.id.clone(),
            at: event.at,
            event: id,
        }))),
        NotificationEvent::NotificationRead(event) => mark(Line::NotificationRead, event),
        NotificationEvent::NotificationUnread(event) => mark(Line::NotificationUnread, event),
        NotificationEvent::NotificationClicked(event) => mark(Line::NotificationClicked, event),
        NotificationEvent::NotificationArchived(event) => mark(Line::NotificationArchived, event),
        NotificationEvent::NotificationUnarchived(event) => mark(Line::NotificationUnarchived, event),
        NotificationEvent::NotificationDeleted(event) => mark(Line::NotificationDeleted, event),
    }
}
