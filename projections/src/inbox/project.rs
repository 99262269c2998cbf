//! What each event means for the inbox. Pure and total: the same event, the same changes, for ever.

use aggregates::DomainEvent;
use aggregates::Sealed;
use aggregates::Timestamp;
use aggregates::ids::{GroupId, RoomId, UserId, UserPair};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::report::ReportEvent;
use aggregates::room::{
    AttachedFile, MessageEdited, MessagePinned, MessageSent, NewMember, Reacted, RoomEvent, RoomOpened,
};
use aggregates::user::{Profile, UserEvent};
use event_log::{Position, RecordedEvent};

use super::changes::{
    Admitted, DeletedMessage, Described, Description, EditedMessage, Erased, FiledReport, InboxChange, LastShown,
    Mentioned, OpenedRoom, Pinned, Reaction, Relation, ResolvedReport, RoomRule, SaidMessage,
};
use super::rows::{FileRow, Person};
use crate::text::storable;

/// Characters of a room's last message that the list of rooms shows.
pub const LAST_MESSAGE_CHARS_MAX: usize = 100;

pub fn project(recorded: &RecordedEvent) -> Vec<InboxChange> {
    let position = recorded.position;
    match &recorded.event {
        DomainEvent::Room(event) => in_room(event, position),
        DomainEvent::Participant(event) => in_participant(event, position),
        DomainEvent::Relationship(event) => in_relationship(event, position),
        DomainEvent::User(event) => in_user(event, position),
        DomainEvent::Report(event) => vec![in_report(event, position)],
        DomainEvent::Notification(_)
        | DomainEvent::Feed(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => vec![],
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
        RoomEvent::RoomRenamed(event) => {
            let what = Description::Name(words(event.name.as_ref()));
            vec![describe(event.room_id, what, &event.by, event.at, position)]
        }
        RoomEvent::RoomAvatarChanged(event) => {
            let what = Description::Picture(words(event.avatar.as_ref()));
            vec![describe(event.room_id, what, &event.by, event.at, position)]
        }
        RoomEvent::JoinPolicyChanged(event) => {
            vec![rule(event.room_id, RoomRule::JoinPolicy(event.join_policy), event.at)]
        }
        RoomEvent::SlowModeChanged(event) => {
            vec![rule(event.room_id, RoomRule::SlowModeSeconds(event.seconds), event.at)]
        }
        RoomEvent::RoomClosed(event) => vec![rule(event.room_id, RoomRule::Closed(true), event.at)],
        RoomEvent::RoomReopened(event) => vec![rule(event.room_id, RoomRule::Closed(false), event.at)],
        RoomEvent::MessageSent(event) => sent(event, position),
        RoomEvent::MessageEdited(event) => vec![InboxChange::Edit(edited(event, position))],
        RoomEvent::MessageDeleted(event) => vec![InboxChange::Delete(DeletedMessage {
            room_id: event.room_id,
            seq: event.seq,
            by: event.by.clone(),
            at: event.at,
        })],
        RoomEvent::ReactionAdded(event) => vec![reacted(event, true, position)],
        RoomEvent::ReactionRemoved(event) => vec![reacted(event, false, position)],
        RoomEvent::MessagePinned(event) => vec![pinned(event, true, position)],
        RoomEvent::MessageUnpinned(event) => vec![pinned(event, false, position)],
    }
}

fn describe(room_id: RoomId, what: Description, by: &UserId, at: Timestamp, position: Position) -> InboxChange {
    InboxChange::Describe(Described { room_id, what, by: by.clone(), at, position })
}

fn rule(room_id: RoomId, rule: RoomRule, at: Timestamp) -> InboxChange {
    InboxChange::SetRule { room_id, rule, at }
}

fn opened(event: &RoomOpened, position: Position) -> Vec<InboxChange> {
    let pair = match event.members.as_slice() {
        [a, b] if event.kind.is_of_two() => {
            let pair = UserPair::new(&a.user_id, &b.user_id);
            Some((pair.first().clone(), pair.second().clone()))
        }
        _ => None,
    };
    let room = InboxChange::OpenRoom(OpenedRoom {
        room_id: event.room_id,
        kind: event.kind,
        name: words(event.name.as_ref()),
        avatar: words(event.avatar.as_ref()),
        opened_by: event.opened_by.clone(),
        group_id: event.group_id.as_ref().map(GroupId::to_string),
        pair,
        join_policy: event.join_policy,
        history_from: event.history_from,
        at: event.at,
        position,
    });
    let members = event.members.iter().map(|member| admit(event.room_id, member, 0, event.at, position));
    std::iter::once(room).chain(members).collect()
}

fn admit(room_id: RoomId, member: &NewMember, join_seq: u64, at: Timestamp, position: Position) -> InboxChange {
    InboxChange::Admit(Admitted { room_id, user_id: member.user_id.clone(), role: member.role, join_seq, at, position })
}

/// Three rows whatever the membership: the message, the room, the sender's own pointer. Beside them one for everybody
/// whom it names.
fn sent(event: &MessageSent, position: Position) -> Vec<InboxChange> {
    let content = storable(event.content.reveal());
    let attachment = event.attachment.as_ref();
    let attachment_url = words(attachment.map(|attachment| &attachment.url));
    let attached_file = attachment.and_then(|attachment| attachment.file.as_ref());
    let author = event.forwarded.as_ref().map_or(&event.sender_id, |forwarded| &forwarded.author_id);
    let last = LastShown {
        room_id: event.room_id,
        seq: event.seq,
        text: beginning(&content),
        by: author.clone(),
        at: event.at,
        position,
    };
    let message = SaidMessage {
        id: event.message_id,
        room_id: event.room_id,
        seq: event.seq,
        position,
        sender_id: event.sender_id.clone(),
        kind: event.kind,
        content,
        // What is known of a file goes with where it is.
        attached_file: attached_file.filter(|_| attachment_url.is_some()).map(file),
        attachment_url,
        attachment_type: attachment.and_then(|attachment| attachment.media_type.as_deref()).map(storable),
        reply_to: event.reply_to,
        forwarded: event.forwarded.clone(),
        client_message_id: client_id(event),
        created_at: event.at,
    };
    let reader = InboxChange::MoveReader {
        room_id: event.room_id,
        user_id: event.sender_id.clone(),
        seq: event.seq,
        at: event.at,
        position,
    };
    let mut changes = vec![InboxChange::AddMessage(message), InboxChange::ShowLast(last), reader];
    if event.mentions_all || !event.mentions.is_empty() {
        changes.push(InboxChange::Mention(Mentioned {
            room_id: event.room_id,
            seq: event.seq,
            sender_id: event.sender_id.clone(),
            named: event.mentions.clone(),
            all: event.mentions_all,
        }));
    }
    changes
}

/// What the list of rooms shows of a message.
pub(super) fn beginning(content: &str) -> String {
    content.chars().take(LAST_MESSAGE_CHARS_MAX).collect()
}

fn edited(event: &MessageEdited, position: Position) -> EditedMessage {
    let mentioned = Mentioned {
        room_id: event.room_id,
        seq: event.seq,
        sender_id: event.sender_id.clone(),
        named: event.mentions.clone(),
        all: event.mentions_all,
    };
    EditedMessage { mentioned, content: storable(event.content.reveal()), at: event.at, position }
}

fn reacted(event: &Reacted, on: bool, position: Position) -> InboxChange {
    InboxChange::React(Reaction {
        room_id: event.room_id,
        seq: event.seq,
        user_id: event.user_id.clone(),
        emoji: storable(event.emoji.as_str()),
        on,
        position,
    })
}

fn pinned(event: &MessagePinned, on: bool, position: Position) -> InboxChange {
    InboxChange::Pin(Pinned {
        room_id: event.room_id,
        seq: event.seq,
        by: event.by.clone(),
        on,
        at: event.at,
        position,
    })
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
        ParticipantEvent::MarkedUnread(event) => vec![InboxChange::TurnReaderBack {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            seq: event.read_seq,
        }],
        ParticipantEvent::MessagesDelivered(event) => vec![InboxChange::Deliver {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            seq: event.up_to_seq,
            at: event.at,
        }],
        ParticipantEvent::RoomArranged(event) => vec![InboxChange::Arrange {
            room_id: event.room_id,
            user_id: event.user_id.clone(),
            arrangement: event.arrangement,
        }],
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

fn in_report(event: &ReportEvent, position: Position) -> InboxChange {
    match event {
        ReportEvent::ReportFiled(event) => InboxChange::FileReport(FiledReport {
            id: event.report_id,
            reporter_id: event.reporter_id.clone(),
            subject: event.subject.clone(),
            reason: words(Some(&event.reason)),
            at: event.at,
            position,
        }),
        ReportEvent::ReportResolved(event) => InboxChange::ResolveReport(ResolvedReport {
            id: event.report_id,
            resolution: event.resolution,
            by: event.by.clone(),
            note: words(event.note.as_ref()),
            at: event.at,
            position,
        }),
    }
}

fn file(file: &AttachedFile) -> FileRow {
    let AttachedFile { name, bytes, width, height } = file;
    FileRow { name: words(name.as_ref()), bytes: *bytes, width: *width, height: *height }
}

fn person(profile: &Profile) -> Person {
    Person {
        name: words(profile.name.as_ref()),
        username: words(profile.username.as_ref()),
        avatar: words(profile.avatar.as_ref()),
        email: words(profile.email.as_ref()),
        role: profile.role.map(|role| role.name().to_owned()),
        locale: profile.reach.locale.as_deref().map(storable),
        time_zone: profile.reach.time_zone.as_deref().map(storable),
    }
}

/// `None` also for words that nobody can read any more.
fn words(sealed: Option<&Sealed>) -> Option<String> {
    sealed.and_then(Sealed::words).map(storable)
}
