//! A line as a command: ids, the stream it goes to, and what must still be looked up.
//!
//! Pure. Ids that are uuids are Kabar's own and stay; all others are made from the source's, so that the same line is the
//! same command however often it is read.

use std::collections::{BTreeSet, HashMap};

use aggregates::feed::{FeedCommand, MarkFeedRead};
use aggregates::ids::{CommandId, EventId, MessageId, NotificationId, RoomId, UserId, UserPair};
use aggregates::notification::{BringInNotification, MarkNotification, NotificationCommand, Source};
use aggregates::participant::{MarkRead, ParticipantCommand, ReadUpTo};
use aggregates::relationship::{Relate, RelationshipCommand};
use aggregates::room::{
    AddMembers, AttachedFile, Attachment, CreateGroup, Forwarded, JoinRoom, OpenDirect, OpenMentorSession, OpenSupport,
    RemoveMember, RoomCommand, SendMessage,
};
use aggregates::user::{Change, EraseUser, Profile, ProfileChanges, PutProfile, PutUser, UserCommand};
use aggregates::words::{HasWords, Visit};
use aggregates::{Command, Sealed, StreamId, Timestamp};
use uuid::Uuid;

use super::changing;
use super::line::{
    FeedReadLine, JoinLine, LeaveLine, Line, MarkLine, MessageLine, NotificationLine, ReadLine, Refused, RelationLine,
    RoomLine, RoomShape, UserLine,
};

/// Direct rooms under the names that the source gave them: their own ids follow from their two people.
pub type Aliases = HashMap<RoomId, RoomId>;

/// What a line wants.
#[derive(Debug)]
pub struct Plan {
    pub number: u64,
    pub id: CommandId,
    pub stream: StreamId,
    pub command: Command,
    pub actor: Option<UserId>,
    /// Who must be in the directory, and the field that names them.
    pub people: Vec<(UserId, &'static str)>,
    pub open: Open,
    /// The field to name when a rule says no.
    pub field: &'static str,
}

/// What only the log, or what was read before, can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Nothing,
    /// A reply to it.
    Reply(RoomId, MessageId),
    /// Something becomes of it.
    Change(RoomId, MessageId),
    ReadTo(RoomId, MessageId),
    /// `None`: everything before.
    FeedTo(Option<EventId>),
    /// The keys of the erased.
    Keys,
}

impl HasWords for Plan {
    fn visit_words(&mut self, visit: &mut Visit<'_>) {
        self.command.visit_words(visit);
    }
}

impl Plan {
    /// How much of a batch it is.
    pub fn weight(&self) -> usize {
        1 + self.people.len()
    }
}

/// What all kinds of line share.
pub(super) struct Header {
    number: u64,
    event: Option<Uuid>,
    pub at: Timestamp,
}

impl Header {
    pub fn plan(&self, id: CommandId, stream: StreamId, command: Command, actor: &UserId) -> Plan {
        Plan {
            number: self.number,
            id: self.event.map_or(id, CommandId),
            stream,
            command,
            actor: Some(actor.clone()),
            people: Vec::new(),
            open: Open::Nothing,
            field: "line",
        }
    }

    /// By the source's own id, else by all that tells one such line from another.
    pub fn id(&self, kind: &str, own: Option<&str>, parts: &[&str]) -> CommandId {
        match own {
            Some(own) => CommandId::imported(&format!("{kind}-own"), &[own]),
            None => CommandId::imported(kind, &[parts, &[&self.at.to_string()]].concat()),
        }
    }
}

pub fn plan(number: u64, line: Line, aliases: &mut Aliases) -> Result<Plan, Refused> {
    macro_rules! header {
        ($line:expr) => {
            Header { number, event: $line.event, at: $line.at }
        };
    }
    Ok(match line {
        Line::User(line) => user(&header!(line), *line),
        Line::Erasure(line) => {
            let header = header!(line);
            let id = header.id("erasure", None, &[line.user.as_str()]);
            let erase = EraseUser { user_id: line.user.clone(), keys: Vec::new(), at: line.at };
            let stream = StreamId::user(&line.user);
            let plan = header.plan(id, stream, Command::User(UserCommand::Erase(erase)), &line.user);
            Plan { open: Open::Keys, field: "user", ..plan }
        }
        Line::Room(line) => room(&header!(line), *line, aliases)?,
        Line::Join(line) => join(&header!(line), line, aliases),
        Line::Leave(line) => leave(&header!(line), line, aliases),
        Line::Role(line) => changing::role(&header!(line), line, aliases),
        Line::Rename(line) => changing::rename(&header!(line), *line, aliases),
        Line::Avatar(line) => changing::avatar(&header!(line), *line, aliases),
        Line::Rules(line) => changing::rules(&header!(line), line, aliases),
        Line::Close(line) => changing::turn(&header!(line), line, aliases, true),
        Line::Reopen(line) => changing::turn(&header!(line), line, aliases, false),
        Line::Message(line) => message(&header!(line), *line, aliases),
        Line::Edit(line) => changing::edit(&header!(line), *line, aliases),
        Line::Delete(line) => changing::delete(&header!(line), line, aliases),
        Line::React(line) => changing::react(&header!(line), line, aliases, true)?,
        Line::Unreact(line) => changing::react(&header!(line), line, aliases, false)?,
        Line::Pin(line) => changing::pin(&header!(line), line, aliases, true),
        Line::Unpin(line) => changing::pin(&header!(line), line, aliases, false),
        Line::Read(line) => read(&header!(line), line, aliases),
        Line::Follow(line) => relation(&header!(line), line, "follow", RelationshipCommand::Follow),
        Line::Unfollow(line) => relation(&header!(line), line, "unfollow", RelationshipCommand::Unfollow),
        Line::Block(line) => relation(&header!(line), line, "block", RelationshipCommand::Block),
        Line::Unblock(line) => relation(&header!(line), line, "unblock", RelationshipCommand::Unblock),
        Line::Notification(line) => notification(&header!(line), *line),
        Line::NotificationRead(line) => mark(&header!(line), line, "read", NotificationCommand::MarkRead),
        Line::NotificationUnread(line) => mark(&header!(line), line, "unread", NotificationCommand::MarkUnread),
        Line::NotificationClicked(line) => mark(&header!(line), line, "clicked", NotificationCommand::Click),
        Line::NotificationArchived(line) => mark(&header!(line), line, "archived", NotificationCommand::Archive),
        Line::NotificationUnarchived(line) => mark(&header!(line), line, "unarchived", NotificationCommand::Unarchive),
        Line::NotificationDeleted(line) => mark(&header!(line), line, "deleted", NotificationCommand::Delete),
        Line::FeedRead(line) => feed_read(&header!(line), line),
    })
}

fn user(header: &Header, line: UserLine) -> Plan {
    let UserLine { id: user_id, name, username, avatar, email, phone, role, changed, erased, lost, at, event: _ } =
        line;
    // What is gone leaves its place behind: the same events, and nothing in them.
    let words = |field: &str, words: Option<String>| {
        let gone = erased.iter().chain(&lost).any(|name| name == field);
        words.map(Sealed::new).or_else(|| gone.then(|| Sealed::new("")))
    };
    let profile = Profile {
        name: words("name", name),
        username: words("username", username),
        avatar: words("avatar", avatar),
        email: words("email", email),
        phone: words("phone", phone),
        role,
        ..Profile::default()
    };
    let there = [&profile.name, &profile.username, &profile.avatar, &profile.email, &profile.phone];
    // Which fields, not what is in them: an id that is made from somebody's name would outlive their erasure.
    let mut fields: String = there.map(|words| if words.is_some() { '1' } else { '0' }).iter().collect();
    fields.push_str(role.map_or("", |role| role.name()));
    if changed {
        fields.push('!');
    }
    let id = header.id("user", None, &[user_id.as_str(), &fields]);
    let stream = StreamId::user(&user_id);
    let command = if changed {
        UserCommand::Put(PutUser { user_id: user_id.clone(), changes: all_of(profile), at })
    } else {
        UserCommand::FillProfile(PutProfile { user_id: user_id.clone(), profile, at })
    };
    Plan { field: "id", ..header.plan(id, stream, Command::User(command), &user_id) }
}

/// What a line says of somebody, in the place of what was known. How they are reached it does not say.
fn all_of(profile: Profile) -> ProfileChanges {
    fn change<T>(value: Option<T>) -> Change<T> {
        value.map_or(Change::Clear, Change::Set)
    }
    let Profile { name, username, avatar, email, phone, role, reach: _ } = profile;
    ProfileChanges {
        name: change(name),
        username: change(username),
        avatar: change(avatar),
        email: change(email),
        phone: change(phone),
        role: change(role),
        ..ProfileChanges::default()
    }
}

fn room(header: &Header, line: RoomLine, aliases: &mut Aliases) -> Result<Plan, Refused> {
    let named = room_named(&line.id);
    let id = header.id("room", Some(&named.to_string()), &[]);
    let gone: Vec<&String> = line.erased.iter().chain(&line.lost).collect();
    let words = |field: &str, words: Option<String>| {
        words.map(Sealed::new).or_else(|| gone.iter().any(|gone| *gone == field).then(|| Sealed::new("")))
    };
    let mut people: Vec<(UserId, &'static str)> = vec![(line.by.clone(), "by")];
    people.extend(line.members.iter().map(|member| (member.clone(), "members")));
    people.extend(line.mentor.clone().map(|mentor| (mentor, "mentor")));
    let (opened_by, at) = (line.by.clone(), header.at);
    let (room_id, command) = match line.shape {
        RoomShape::Direct => {
            let other = other_of(&line, &line.by)?;
            let room_id = RoomId::direct(&line.by, &other);
            let open = OpenDirect { room_id, opened_by, other, other_exists: false, blocked: false, at };
            (room_id, RoomCommand::OpenDirect(open))
        }
        RoomShape::MentorStudent => {
            // `checks` has seen to it that there is one.
            let mentor = line.mentor.clone().unwrap_or_else(|| line.by.clone());
            let student = other_of(&line, &mentor)?;
            let room_id = RoomId::mentor_session(&mentor, &student);
            let (is_mentor, student_exists, blocked) = (false, false, false);
            let open =
                OpenMentorSession { room_id, opened_by, mentor, student, is_mentor, student_exists, blocked, at };
            (room_id, RoomCommand::OpenMentorSession(open))
        }
        RoomShape::Support => {
            let subject = words("name", line.name.clone());
            (named, RoomCommand::OpenSupport(OpenSupport { room_id: named, opened_by, subject, at }))
        }
        RoomShape::Group => {
            let name = words("name", line.name.as_deref().map(|name| name.trim().to_owned()));
            let create = CreateGroup {
                room_id: named,
                created_by: opened_by,
                members: line.members.clone(),
                apart: BTreeSet::new(),
                name: name.unwrap_or_else(|| Sealed::new("")),
                avatar: words("avatar", line.avatar.clone()),
                group_id: line.group_id.clone(),
                join_policy: line.join_policy.unwrap_or_default(),
                history_from: line.history_from.unwrap_or_default(),
                at,
            };
            (named, RoomCommand::CreateGroup(create))
        }
    };
    if named != room_id {
        aliases.insert(named, room_id);
    }
    let plan = header.plan(id, StreamId::room(room_id), Command::Room(command), &line.by);
    Ok(Plan { people, field: "members", ..plan })
}

/// Who is in a room of two besides `one`.
fn other_of(line: &RoomLine, one: &UserId) -> Result<UserId, Refused> {
    let mut others: Vec<&UserId> = line.members.iter().chain([&line.by]).filter(|member| *member != one).collect();
    others.sort_unstable();
    others.dedup();
    match others[..] {
        [other] => Ok(other.clone()),
        _ => Err(Refused::new("members", "such a room is of two people")),
    }
}

fn join(header: &Header, line: JoinLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let (room, users) = (room_id.to_string(), line.users.iter().map(UserId::as_str).collect::<Vec<_>>().join(" "));
    let by = line.by.as_ref().map_or("", UserId::as_str);
    let id = header.id("join", own(room_id, line.id.as_deref()).as_deref(), &[&room, &users, by]);
    let people: Vec<_> = line.users.iter().map(|user| (user.clone(), "users")).collect();
    let (command, actor) = match (line.by, line.users) {
        (Some(added_by), members) => {
            let actor = added_by.clone();
            (
                RoomCommand::AddMembers(AddMembers {
                    room_id,
                    added_by,
                    members,
                    apart: BTreeSet::new(),
                    at: header.at,
                }),
                actor,
            )
        }
        (None, users) => {
            // `checks` has seen to it that there is one.
            let user_id = users[0].clone();
            let actor = user_id.clone();
            (RoomCommand::JoinRoom(JoinRoom { room_id, user_id, is_platform_admin: false, at: header.at }), actor)
        }
    };
    let plan = header.plan(id, StreamId::room(room_id), Command::Room(command), &actor);
    Plan { people, field: "users", ..plan }
}

fn leave(header: &Header, line: LeaveLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let removed_by = line.by.unwrap_or_else(|| line.user.clone());
    let parts = [&room_id.to_string(), line.user.as_str(), removed_by.as_str()];
    let id = header.id("leave", own(room_id, line.id.as_deref()).as_deref(), &parts);
    let actor = removed_by.clone();
    let command = RoomCommand::RemoveMember(RemoveMember { room_id, user_id: line.user, removed_by, at: header.at });
    Plan { field: "user", ..header.plan(id, StreamId::room(room_id), Command::Room(command), &actor) }
}

fn message(header: &Header, line: MessageLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.id);
    let id = match &line.client_message_id {
        // The wish of a device that sends it: should it ask again, here, it is answered with this message.
        Some(key) => CommandId::keyed(line.from.as_str(), &format!("send:{room_id}"), key),
        None => header.id("message", Some(&message_id.to_string()), &[]),
    };
    let gone: Vec<String> = line.erased.into_iter().chain(line.lost).collect();
    let words = |field: &str, words: Option<String>| {
        words.map(Sealed::new).or_else(|| gone.iter().any(|gone| gone == field).then(|| Sealed::new("")))
    };
    let url = words("attachmentUrl", line.attachment_url);
    let (media_type, name) = (line.attachment_type, words("attachmentName", line.attachment_name));
    let (width, height) = (line.attachment_width, line.attachment_height);
    let file = line.attachment_size.map(|bytes| AttachedFile { name, bytes, width, height });
    let reply_to = line.reply_to.map(|target| message_named(room_id, &target));
    let actor = line.from.clone();
    let forwarded = line.forwarded.map(|first| {
        let room_id = room_of(&first.room, aliases);
        Forwarded { room_id, message_id: message_named(room_id, &first.message), author_id: first.author }
    });
    let people = forwarded.iter().map(|first| (first.author_id.clone(), "forwarded")).collect();
    let command = RoomCommand::SendMessage(SendMessage {
        room_id,
        message_id,
        sender_id: line.from,
        kind: line.shape,
        content: Sealed::new(line.content),
        attachment: url.map(|url| Attachment { url, media_type, file }),
        reply_to,
        mentions: line.mentions,
        mentions_all: line.mentions_all,
        forwarded,
        client_message_id: words("clientMessageId", line.client_message_id),
        blocked: false,
        author_gone: false,
        at: header.at,
    });
    let open = reply_to.map_or(Open::Nothing, |target| Open::Reply(room_id, target));
    // Whose words they are: theirs is the key.
    Plan { people, open, field: "from", ..header.plan(id, StreamId::room(room_id), Command::Room(command), &actor) }
}

fn read(header: &Header, line: ReadLine, aliases: &Aliases) -> Plan {
    let room_id = room_of(&line.room, aliases);
    let message_id = message_named(room_id, &line.up_to);
    let parts = [&room_id.to_string(), line.user.as_str(), &message_id.to_string()];
    let id = header.id("read", own(room_id, line.id.as_deref()).as_deref(), &parts);
    let (stream, actor) = (StreamId::participant(room_id, &line.user), line.user.clone());
    let up_to = ReadUpTo::Message { seq: 0, message_id };
    let command = MarkRead { room_id, user_id: line.user, up_to, membership: None, at: header.at };
    let command = Command::Participant(ParticipantCommand::MarkRead(command));
    let open = Open::ReadTo(room_id, message_id);
    Plan { open, field: "user", ..header.plan(id, stream, command, &actor) }
}

fn relation(header: &Header, line: RelationLine, kind: &str, wrap: fn(Relate) -> RelationshipCommand) -> Plan {
    let id = header.id(kind, line.id.as_deref(), &[line.from.as_str(), line.to.as_str()]);
    let stream = StreamId::relationship(&UserPair::new(&line.from, &line.to));
    let actor = line.from.clone();
    let people = vec![(line.from.clone(), "from"), (line.to.clone(), "to")];
    let command = wrap(Relate { from: line.from, to: line.to, to_exists: false, at: header.at });
    Plan { people, field: "to", ..header.plan(id, stream, Command::Relationship(command), &actor) }
}

fn notification(header: &Header, line: NotificationLine) -> Plan {
    let notification_id = notification_named(&line.id);
    let id = header.id("notification", Some(&notification_id.to_string()), &[]);
    let mut people = vec![(line.user.clone(), "user")];
    people.extend(line.actor.clone().map(|actor| (actor, "actor")));
    let command = NotificationCommand::BringIn(BringInNotification {
        notification_id,
        recipient_id: line.user.clone(),
        kind: line.shape,
        actor_id: line.actor,
        source: Source { kind: line.source_type, id: line.source_id },
        at: header.at,
    });
    let stream = StreamId::notification(notification_id);
    let plan = header.plan(id, stream, Command::Notification(command), &line.user);
    // Kabar itself raises them.
    Plan { people, actor: None, field: "actor", ..plan }
}

fn mark(header: &Header, line: MarkLine, kind: &str, wrap: fn(MarkNotification) -> NotificationCommand) -> Plan {
    let notification_id = notification_named(&line.notification);
    let own = line.id.as_ref().map(|own| format!("{notification_id} {own}"));
    let id = header.id(kind, own.as_deref(), &["notification", &notification_id.to_string()]);
    let actor = line.user.clone();
    let command = wrap(MarkNotification { notification_id, marked_by: line.user, at: header.at });
    let plan = header.plan(id, StreamId::notification(notification_id), Command::Notification(command), &actor);
    Plan { field: "notification", ..plan }
}

fn feed_read(header: &Header, line: FeedReadLine) -> Plan {
    let own = line.id.as_ref().map(|own| format!("{} {own}", line.user));
    let id = header.id("feed-read", own.as_deref(), &[line.user.as_str()]);
    let command = MarkFeedRead { user_id: line.user.clone(), up_to: 0, at: header.at };
    let plan = header.plan(id, StreamId::feed(&line.user), Command::Feed(FeedCommand::MarkRead(command)), &line.user);
    let people = vec![(line.user, "user")];
    Plan { people, open: Open::FeedTo(line.up_to.map(EventId)), field: "user", ..plan }
}

/// The source's own ids of joins, leaves and reads are its own in their room.
pub(super) fn own(room: RoomId, id: Option<&str>) -> Option<String> {
    id.map(|id| format!("{room} {id}"))
}

fn room_named(id: &str) -> RoomId {
    kabars(id).map_or_else(|| RoomId::imported(id), RoomId)
}

pub(super) fn room_of(id: &str, aliases: &Aliases) -> RoomId {
    let named = room_named(id);
    aliases.get(&named).copied().unwrap_or(named)
}

pub(super) fn message_named(room: RoomId, id: &str) -> MessageId {
    kabars(id).map_or_else(|| MessageId::imported(room, id), MessageId)
}

fn notification_named(id: &str) -> NotificationId {
    kabars(id).map_or_else(|| NotificationId::imported(id), NotificationId)
}

/// Written as Kabar writes it.
fn kabars(id: &str) -> Option<Uuid> {
    if id.len() == 36 { Uuid::try_parse(id).ok() } else { None }
}
