//! Who there is, and what they may want.

use std::collections::BTreeSet;

use aggregates::feed::{FeedCommand, MarkFeedRead};
use aggregates::ids::{CommandId, MessageId, NotificationId, ReportId, RoomId, UserId, UserPair};
use aggregates::notification::{MarkNotification, NotificationCommand};
use aggregates::participant::{
    Arrange, Arrangement, MarkDelivered, MarkRead, MarkUnread, ParticipantCommand, ReadUpTo, UnreadFrom,
};
use aggregates::relationship::{Relate, RelationshipCommand};
use aggregates::report::{FileReport, ReportCommand, Resolution, ResolveReport, Subject};
use aggregates::room::{
    AddMembers, CreateGroup, DeleteMessage, EditMessage, Emoji, HistoryFrom, JoinPolicy, JoinRoom, MessageFacts,
    MessageKind, OpenDirect, PinMessage, React, RemoveMember, RoomCommand, SendMessage,
};
use aggregates::user::{Profile, PutProfile, UserCommand};
use aggregates::{Command, Metadata, Sealed, StreamId, Timestamp};
use event_log::Wish;
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::choices;

const PEOPLE: [&str; 5] = ["ana", "ben", "cleo", "dian", "eko"];
const GROUPS: u128 = 3;

pub fn people() -> Vec<UserId> {
    PEOPLE.iter().map(|name| UserId::parse(name).expect("a valid id")).collect()
}

pub fn groups() -> Vec<RoomId> {
    (0..GROUPS).map(|number| RoomId(Uuid::from_u128(0xab_0000 + number))).collect()
}

pub fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_348_800_000)
}

pub fn one<T: Clone>(of: &[T], random: &mut StdRng) -> T {
    of[random.random_range(0..of.len())].clone()
}

/// Two different people.
pub fn two(random: &mut StdRng) -> (UserId, UserId) {
    let people = people();
    let first = random.random_range(0..people.len());
    let second = (first + random.random_range(1..people.len())) % people.len();
    (people[first].clone(), people[second].clone())
}

fn room(random: &mut StdRng) -> RoomId {
    if random.random_bool(0.3) {
        let (a, b) = two(random);
        return RoomId::direct(&a, &b);
    }
    one(&groups(), random)
}

pub fn relate(from: &UserId, to: &UserId) -> Relate {
    Relate { from: from.clone(), to: to.clone(), to_exists: false, at: noon() }
}

pub fn said(room_id: RoomId, sender: &UserId, id: CommandId) -> Command {
    Command::Room(RoomCommand::SendMessage(SendMessage {
        room_id,
        message_id: MessageId::from_command(id),
        sender_id: sender.clone(),
        kind: MessageKind::Text,
        content: Sealed::new("halo"),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        blocked: false,
        author_gone: false,
        at: noon(),
    }))
}

pub fn register(user: &UserId) -> (StreamId, Command) {
    let profile = Profile { name: Some(Sealed::new(user.as_str())), ..Profile::default() };
    let command = PutProfile { user_id: user.clone(), profile, at: noon() };
    (StreamId::user(user), Command::User(UserCommand::FillProfile(command)))
}

pub fn create_group(room_id: RoomId, random: &mut StdRng) -> (StreamId, Command) {
    let command = CreateGroup {
        room_id,
        created_by: one(&people(), random),
        members: people().into_iter().filter(|_| random.random_bool(0.6)).collect(),
        apart: BTreeSet::new(),
        name: Sealed::new("Kelas"),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: noon(),
    };
    (StreamId::room(room_id), Command::Room(RoomCommand::CreateGroup(command)))
}

/// What a wish may be about besides people and rooms, as far as the wisher can know.
#[derive(Debug, Default)]
pub struct Known {
    pub messages: Vec<(RoomId, MessageFacts)>,
    pub notifications: Vec<NotificationId>,
    pub head: u64,
}

/// Something that somebody wants, by its odds.
pub fn any(known: &Known, id: CommandId, random: &mut StdRng) -> (StreamId, Command) {
    match random.random_range(0..100) {
        0..=39 => {
            let (room, sender) = (room(random), one(&people(), random));
            (StreamId::room(room), said(room, &sender, id))
        }
        40..=52 => read(known, random),
        53..=65 => membership(random),
        66..=74 if !known.messages.is_empty() => about_a_message(known, random),
        66..=78 => in_place(random),
        79..=86 => between_people(random),
        87..=89 => choices::any(random),
        90..=94 => notification(known, random),
        95 | 96 => register(&one(&people(), random)),
        97 | 98 => report(random),
        _ => create_group(one(&groups(), random), random),
    }
}

/// What another program does on its own.
pub fn foreign(random: &mut StdRng) -> (StreamId, Command) {
    let id = CommandId(Uuid::from_u128(random.random()));
    match random.random_range(0..3) {
        0 => {
            let (room, sender) = (room(random), one(&people(), random));
            (StreamId::room(room), said(room, &sender, id))
        }
        1 => membership(random),
        _ => between_people(random),
    }
}

fn read(known: &Known, random: &mut StdRng) -> (StreamId, Command) {
    let user_id = one(&people(), random);
    let (room_id, up_to) = match known.messages.is_empty() || random.random_bool(0.5) {
        true => (room(random), ReadUpTo::Last),
        false => {
            let (room, MessageFacts { seq, message_id, .. }) = one(&known.messages, random);
            (room, ReadUpTo::Message { seq, message_id })
        }
    };
    let stream = StreamId::participant(room_id, &user_id);
    let command = MarkRead { room_id, user_id, up_to, membership: None, at: noon() };
    (stream, Command::Participant(ParticipantCommand::MarkRead(command)))
}

/// Somebody does something to a message of anybody, of a room that they may have left.
fn about_a_message(known: &Known, random: &mut StdRng) -> (StreamId, Command) {
    let ((room_id, message), who, at) = (one(&known.messages, random), one(&people(), random), noon());
    let on = random.random_bool(0.7);
    let command = match random.random_range(0..8) {
        0..=2 => RoomCommand::EditMessage(EditMessage {
            room_id,
            edited_by: if random.random_bool(0.8) { message.sender_id.clone() } else { who },
            message,
            content: Sealed::new("lain"),
            mentions: vec![],
            mentions_all: false,
            naming: None,
            blocked: false,
            at,
        }),
        3 | 4 => {
            let deleted_by = if random.random_bool(0.8) { message.sender_id.clone() } else { who };
            RoomCommand::DeleteMessage(DeleteMessage { room_id, message, deleted_by, at })
        }
        5 | 6 => {
            let emoji = Emoji::parse("👍").expect("an emoji");
            RoomCommand::React(React {
                room_id,
                message,
                user_id: who,
                emoji,
                on,
                unchanged: false,
                blocked: false,
                at,
            })
        }
        _ => RoomCommand::PinMessage(PinMessage { room_id, message, pinned_by: who, on, blocked: false, at }),
    };
    (StreamId::room(room_id), Command::Room(command))
}

fn in_place(random: &mut StdRng) -> (StreamId, Command) {
    let (room_id, user_id, at) = (room(random), one(&people(), random), noon());
    let stream = StreamId::participant(room_id, &user_id);
    let membership = None;
    let command = match random.random_range(0..4) {
        0 => {
            let from = UnreadFrom::Last;
            ParticipantCommand::MarkUnread(MarkUnread { room_id, user_id, from, membership, at })
        }
        1 => {
            let up_to = ReadUpTo::Last;
            ParticipantCommand::MarkDelivered(MarkDelivered { room_id, user_id, up_to, membership, at })
        }
        _ => {
            let wish = one(
                &[
                    Arrangement::Archived { seq: 0 },
                    Arrangement::Unarchived,
                    Arrangement::Pinned,
                    Arrangement::Unpinned,
                    Arrangement::Muted { until: None },
                    Arrangement::Unmuted,
                ],
                random,
            );
            ParticipantCommand::Arrange(Arrange { room_id, user_id, wish, membership, at })
        }
    };
    (stream, Command::Participant(command))
}

fn membership(random: &mut StdRng) -> (StreamId, Command) {
    let ((who, whom), at) = (two(random), noon());
    let room_id = one(&groups(), random);
    let command = match random.random_range(0..6) {
        0 | 1 => RoomCommand::JoinRoom(JoinRoom { room_id, user_id: who, is_platform_admin: false, at }),
        2 => RoomCommand::RemoveMember(RemoveMember { room_id, user_id: who.clone(), removed_by: who, at }),
        3 => RoomCommand::RemoveMember(RemoveMember { room_id, user_id: whom, removed_by: who, at }),
        4 => RoomCommand::AddMembers(AddMembers {
            room_id,
            added_by: who,
            members: vec![whom],
            apart: BTreeSet::new(),
            at,
        }),
        _ => {
            let room_id = RoomId::direct(&who, &whom);
            let (opened_by, other) = (who, whom);
            let open = OpenDirect { room_id, opened_by, other, other_exists: false, blocked: false, at };
            return (StreamId::room(room_id), Command::Room(RoomCommand::OpenDirect(open)));
        }
    };
    (StreamId::room(room_id), Command::Room(command))
}

fn between_people(random: &mut StdRng) -> (StreamId, Command) {
    let (from, to) = two(random);
    let relate = relate(&from, &to);
    let command = match random.random_range(0..8) {
        0..=2 => RelationshipCommand::Follow(relate),
        3 | 4 => RelationshipCommand::Unfollow(relate),
        5 => RelationshipCommand::Block(relate),
        _ => RelationshipCommand::Unblock(relate),
    };
    (StreamId::relationship(&UserPair::new(&from, &to)), Command::Relationship(command))
}

fn notification(known: &Known, random: &mut StdRng) -> (StreamId, Command) {
    let user_id = one(&people(), random);
    if known.notifications.is_empty() || random.random_bool(0.4) {
        let up_to = random.random_range(0..=known.head);
        let command = MarkFeedRead { user_id: user_id.clone(), up_to, at: noon() };
        return (StreamId::feed(&user_id), Command::Feed(FeedCommand::MarkRead(command)));
    }
    let notification_id = one(&known.notifications, random);
    let mark = MarkNotification { notification_id, marked_by: user_id, at: noon() };
    let command = match random.random_bool(0.7) {
        true => NotificationCommand::MarkRead(mark),
        false => NotificationCommand::MarkUnread(mark),
    };
    (StreamId::notification(notification_id), Command::Notification(command))
}

/// Few people, so that the same is reported again, resolved, and reported once more.
fn report(random: &mut StdRng) -> (StreamId, Command) {
    let (reporter_id, about) = two(random);
    let subject = match random.random_bool(0.5) {
        true => Subject::User { user_id: about },
        false => Subject::Room { room_id: one(&groups(), random) },
    };
    let report_id = ReportId::of(&reporter_id, &subject);
    let command = match random.random_bool(0.5) {
        true => {
            let (reason, user_exists) = (Sealed::new("spam"), false);
            ReportCommand::File(FileReport { report_id, reporter_id, subject, reason, user_exists, at: noon() })
        }
        false => {
            let (resolution, by, note) = (one(&Resolution::ALL, random), one(&people(), random), None);
            ReportCommand::Resolve(ResolveReport { report_id, resolution, by, note, at: noon() })
        }
    };
    (StreamId::report(report_id), Command::Report(command))
}

pub fn wish((stream, command): (StreamId, Command), id: CommandId, repeatable: bool) -> Wish {
    Wish { stream, command, id, repeatable, metadata: Metadata::default() }
}
