//! Where the words of users are in what is asked and in what has happened: whose they are, and which.
//!
//! Every struct is taken apart field by field, so that a new field does not compile until it is said here whether it is
//! somebody's words. A place is part of what a ciphertext is bound to: it must never change for words that are stored.

use uuid::Uuid;

use crate::Sealed;
use crate::aggregate::Command;
use crate::catalogue::{AggregateKind, DomainEvent, StreamId, UnreadableEvent};
use crate::ids::UserId;
use crate::notification::{NotificationCommand, NotificationEvent, NotificationRaised, RaiseNotification};
use crate::report::{FileReport, ReportCommand, ReportEvent, ReportFiled, ReportResolved, ResolveReport};
use crate::room::{
    AttachedFile, Attachment, ChangeAvatar, CreateGroup, EditMessage, Forwarded, MessageEdited, MessageFacts,
    MessageSent, OpenSupport, RenameRoom, RoomAvatarChanged, RoomCommand, RoomEvent, RoomOpened, RoomRenamed,
    SendMessage,
};
use crate::user::{
    Profile, ProfileChanged, ProfileChanges, PutProfile, PutUser, Reach, UserCommand, UserEvent, UserRegistered,
};

/// The streams whose events may hold words: whoever looks for everything that somebody said reads these.
pub const HOLDING_WORDS: &[AggregateKind] =
    &[AggregateKind::Room, AggregateKind::User, AggregateKind::Report, AggregateKind::Notification];

/// Which words these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    MessageContent,
    AttachmentUrl,
    RoomName,
    RoomAvatar,
    PersonName,
    PersonUsername,
    PersonAvatar,
    PersonEmail,
    PersonPhone,
    ClientMessageId,
    /// What a message was changed to.
    EditedContent,
    /// Of an upload, beside the file and not in the log.
    FileName,
    ReportReason,
    PushDevice,
    WebPushDevice,
    ReportNote,
    /// What an upload was called when a message carried it.
    AttachmentName,
    /// Title, message and links of a notification that the platform worded.
    NotificationContent,
}

impl Field {
    /// Part of what ciphertexts are bound to. Append-only.
    pub const fn tag(self) -> u8 {
        match self {
            Self::MessageContent => 1,
            Self::AttachmentUrl => 2,
            Self::RoomName => 3,
            Self::RoomAvatar => 4,
            Self::PersonName => 5,
            Self::PersonUsername => 6,
            Self::PersonAvatar => 7,
            Self::PersonEmail => 8,
            Self::PersonPhone => 9,
            Self::ClientMessageId => 10,
            Self::EditedContent => 11,
            Self::FileName => 20,
            Self::ReportReason => 21,
            Self::PushDevice => 22,
            Self::WebPushDevice => 23,
            Self::ReportNote => 24,
            Self::AttachmentName => 25,
            Self::NotificationContent => 26,
        }
    }
}

/// Words in their place: they open nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose words they are; with this person they are erased.
    pub owner: &'a UserId,
    pub field: Field,
    /// The message or room they belong to; nil for what belongs to the owner alone.
    pub of: Uuid,
}

pub type Visit<'v> = dyn FnMut(Place<'_>, &mut Sealed) + 'v;

/// Something that may hold words.
pub trait HasWords {
    /// Shows every word there is, with its place.
    fn visit_words(&mut self, visit: &mut Visit<'_>);
}

impl HasWords for DomainEvent {
    fn visit_words(&mut self, visit: &mut Visit<'_>) {
        match self {
            Self::Room(event) => in_room(event, visit),
            Self::User(event) => in_user(event, visit),
            Self::Report(event) => in_report(event, visit),
            Self::Notification(event) => in_notification(event, visit),
            // Names of zones and languages, and ids: no words.
            Self::Participant(_)
            | Self::Relationship(_)
            | Self::Feed(_)
            | Self::Preferences(_)
            | Self::Subscription(_) => {}
        }
    }
}

impl DomainEvent {
    /// As [`DomainEvent::to_json`], with words that can be read where they can be: for people who may, and for exports.
    pub fn to_open_json(&self) -> Result<String, serde_json::Error> {
        let mut open = self.clone();
        open.visit_words(&mut |_, words| *words = words.laid_open());
        open.to_json()
    }

    /// Reads what [`DomainEvent::to_open_json`] wrote, of any version; its words are not sealed yet.
    pub fn from_open(stream: &StreamId, name: &str, version: &str, payload: &str) -> Result<Self, UnreadableEvent> {
        let mut event = Self::from_stored(stream, name, version, payload)?;
        event.visit_words(&mut |_, words| *words = words.brought_in());
        Ok(event)
    }
}

impl HasWords for Command {
    fn visit_words(&mut self, visit: &mut Visit<'_>) {
        match self {
            Self::Room(command) => to_room(command, visit),
            Self::User(UserCommand::FillProfile(PutProfile { user_id, profile, at: _ })) => {
                in_profile(user_id, profile, visit);
            }
            Self::User(UserCommand::Put(PutUser { user_id, changes, at: _ })) => in_changes(user_id, changes, visit),
            Self::Report(command) => to_report(command, visit),
            Self::Notification(command) => to_notification(command, visit),
            Self::User(UserCommand::Erase(_))
            | Self::Participant(_)
            | Self::Relationship(_)
            | Self::Feed(_)
            | Self::Preferences(_)
            | Self::Subscription(_) => {}
        }
    }
}

fn in_room(event: &mut RoomEvent, visit: &mut Visit<'_>) {
    match event {
        RoomEvent::RoomOpened(event) => {
            let RoomOpened {
                room_id,
                kind: _,
                opened_by,
                members: _,
                name,
                avatar,
                group_id: _,
                join_policy: _,
                history_from: _,
                at: _,
            } = event;
            in_opening(opened_by, room_id.0, (name.as_mut(), avatar.as_mut()), visit);
        }
        RoomEvent::MessageSent(event) => {
            let MessageSent {
                room_id: _,
                message_id,
                seq: _,
                sender_id,
                kind: _,
                content,
                attachment,
                reply_to: _,
                mentions: _,
                mentions_all: _,
                forwarded,
                client_message_id,
                at: _,
            } = event;
            let owners = (&*sender_id, forwarded.as_ref());
            in_message(owners, message_id.0, (content, attachment.as_mut(), client_message_id.as_mut()), visit);
        }
        RoomEvent::MessageEdited(event) => {
            let MessageEdited {
                room_id: _,
                message_id,
                seq: _,
                sender_id,
                content,
                mentions: _,
                mentions_all: _,
                at: _,
            } = event;
            visit(Place { owner: sender_id, field: Field::EditedContent, of: message_id.0 }, content);
        }
        RoomEvent::RoomRenamed(RoomRenamed { room_id, name, by, at: _ }) => {
            in_opening(by, room_id.0, (name.as_mut(), None), visit);
        }
        RoomEvent::RoomAvatarChanged(RoomAvatarChanged { room_id, avatar, by, at: _ }) => {
            in_opening(by, room_id.0, (None, avatar.as_mut()), visit);
        }
        RoomEvent::MembersAdded(_)
        | RoomEvent::MemberRemoved(_)
        | RoomEvent::MemberRoleChanged(_)
        | RoomEvent::JoinPolicyChanged(_)
        | RoomEvent::SlowModeChanged(_)
        | RoomEvent::RoomClosed(_)
        | RoomEvent::RoomReopened(_)
        | RoomEvent::MessageDeleted(_)
        | RoomEvent::ReactionAdded(_)
        | RoomEvent::ReactionRemoved(_)
        | RoomEvent::MessagePinned(_)
        | RoomEvent::MessageUnpinned(_) => {}
    }
}

fn to_room(command: &mut RoomCommand, visit: &mut Visit<'_>) {
    match command {
        RoomCommand::CreateGroup(command) => {
            let CreateGroup {
                room_id,
                created_by,
                members: _,
                apart: _,
                name,
                avatar,
                group_id: _,
                join_policy: _,
                history_from: _,
                at: _,
            } = command;
            in_opening(created_by, room_id.0, (Some(name), avatar.as_mut()), visit);
        }
        RoomCommand::SendMessage(command) => to_message(command, visit),
        RoomCommand::EditMessage(command) => {
            let EditMessage {
                room_id: _,
                message: MessageFacts { message_id, seq: _, sender_id, forwarded: _ },
                edited_by: _,
                content,
                mentions: _,
                mentions_all: _,
                naming: _,
                blocked: _,
                at: _,
            } = command;
            visit(Place { owner: sender_id, field: Field::EditedContent, of: message_id.0 }, content);
        }
        RoomCommand::OpenSupport(OpenSupport { room_id, opened_by, subject, at: _ }) => {
            in_opening(opened_by, room_id.0, (subject.as_mut(), None), visit);
        }
        RoomCommand::RenameRoom(RenameRoom { room_id, name, renamed_by, unchanged: _, at: _ }) => {
            in_opening(renamed_by, room_id.0, (name.as_mut(), None), visit);
        }
        RoomCommand::ChangeAvatar(ChangeAvatar { room_id, avatar, changed_by, unchanged: _, at: _ }) => {
            in_opening(changed_by, room_id.0, (None, avatar.as_mut()), visit);
        }
        RoomCommand::OpenDirect(_)
        | RoomCommand::OpenMentorSession(_)
        | RoomCommand::AddMembers(_)
        | RoomCommand::JoinRoom(_)
        | RoomCommand::RemoveMember(_)
        | RoomCommand::ChangeRole(_)
        | RoomCommand::SetRules(_)
        | RoomCommand::CloseRoom(_)
        | RoomCommand::ReopenRoom(_)
        | RoomCommand::DeleteMessage(_)
        | RoomCommand::React(_)
        | RoomCommand::PinMessage(_) => {}
    }
}

fn to_message(command: &mut SendMessage, visit: &mut Visit<'_>) {
    let SendMessage {
        room_id: _,
        message_id,
        sender_id,
        kind: _,
        content,
        attachment,
        reply_to: _,
        mentions: _,
        mentions_all: _,
        forwarded,
        author_gone: _,
        client_message_id,
        blocked: _,
        at: _,
    } = command;
    let owners = (&*sender_id, forwarded.as_ref());
    in_message(owners, message_id.0, (content, attachment.as_mut(), client_message_id.as_mut()), visit);
}

/// A room's name and picture are the words of whoever gave them.
fn in_opening(
    owner: &UserId,
    of: Uuid,
    (name, avatar): (Option<&mut Sealed>, Option<&mut Sealed>),
    visit: &mut Visit<'_>,
) {
    for (field, words) in [(Field::RoomName, name), (Field::RoomAvatar, avatar)] {
        if let Some(words) = words {
            visit(Place { owner, field, of }, words);
        }
    }
}

/// Forwarded words are their author's; what a device called its message is the sender's in any case.
fn in_message(
    (sender, forwarded): (&UserId, Option<&Forwarded>),
    of: Uuid,
    (content, attachment, client_id): (&mut Sealed, Option<&mut Attachment>, Option<&mut Sealed>),
    visit: &mut Visit<'_>,
) {
    let owner = forwarded.map_or(sender, |forwarded| &forwarded.author_id);
    visit(Place { owner, field: Field::MessageContent, of }, content);
    if let Some(Attachment { url, media_type: _, file }) = attachment {
        visit(Place { owner, field: Field::AttachmentUrl, of }, url);
        if let Some(AttachedFile { name: Some(name), bytes: _, width: _, height: _ }) = file {
            visit(Place { owner, field: Field::AttachmentName, of }, name);
        }
    }
    if let Some(client_id) = client_id {
        visit(Place { owner: sender, field: Field::ClientMessageId, of }, client_id);
    }
}

fn in_user(event: &mut UserEvent, visit: &mut Visit<'_>) {
    match event {
        UserEvent::UserRegistered(UserRegistered { user_id, profile, at: _ })
        | UserEvent::ProfileChanged(ProfileChanged { user_id, profile, at: _ }) => in_profile(user_id, profile, visit),
        UserEvent::UserErased(_) => {}
    }
}

fn in_profile(owner: &UserId, profile: &mut Profile, visit: &mut Visit<'_>) {
    let Profile { name, username, avatar, email, phone, role: _, reach } = profile;
    let parts = [
        (Field::PersonName, name),
        (Field::PersonUsername, username),
        (Field::PersonAvatar, avatar),
        (Field::PersonEmail, email),
        (Field::PersonPhone, phone),
    ];
    for (field, words) in parts {
        if let Some(words) = words {
            visit(Place { owner, field, of: Uuid::nil() }, words);
        }
    }
    let Reach { locale: _, time_zone: _, push, web_push } = reach;
    in_devices(owner, push, web_push, visit);
}

/// The places of [`in_profile`].
fn in_changes(owner: &UserId, changes: &mut ProfileChanges, visit: &mut Visit<'_>) {
    let ProfileChanges { name, username, avatar, email, phone, role: _, locale: _, time_zone: _, push, web_push } =
        changes;
    let parts = [
        (Field::PersonName, name),
        (Field::PersonUsername, username),
        (Field::PersonAvatar, avatar),
        (Field::PersonEmail, email),
        (Field::PersonPhone, phone),
    ];
    for (field, words) in parts {
        if let Some(words) = words.as_mut() {
            visit(Place { owner, field, of: Uuid::nil() }, words);
        }
    }
    in_devices(
        owner,
        push.as_mut().map_or(&mut [], Vec::as_mut_slice),
        web_push.as_mut().map_or(&mut [], Vec::as_mut_slice),
        visit,
    );
}

fn in_notification(event: &mut NotificationEvent, visit: &mut Visit<'_>) {
    match event {
        NotificationEvent::NotificationRaised(event) => {
            let NotificationRaised {
                notification_id,
                recipient_id,
                kind: _,
                actor_id: _,
                source: _,
                related: _,
                content,
                channels: _,
                critical: _,
                topic: _,
                room_id: _,
                locale: _,
                erased_before: _,
                in_app: _,
                at: _,
            } = event;
            in_content(recipient_id, notification_id.0, content.as_mut(), visit);
        }
        // What a provider answers is bounded, and cleaned of addresses and words where it is read.
        NotificationEvent::DeliveryDecided(_)
        | NotificationEvent::AttemptStarted(_)
        | NotificationEvent::AttemptEnded(_)
        | NotificationEvent::NotificationRead(_)
        | NotificationEvent::NotificationUnread(_)
        | NotificationEvent::NotificationClicked(_)
        | NotificationEvent::NotificationArchived(_)
        | NotificationEvent::NotificationUnarchived(_)
        | NotificationEvent::NotificationDeleted(_) => {}
    }
}

fn to_notification(command: &mut NotificationCommand, visit: &mut Visit<'_>) {
    match command {
        NotificationCommand::Raise(command) => {
            let RaiseNotification { notification_id, source: _, related: _, content, hearing, at: _ } = &mut **command;
            in_content(&hearing.recipient_id, notification_id.0, content.as_mut(), visit);
        }
        NotificationCommand::BringIn(_)
        | NotificationCommand::StartAttempt(_)
        | NotificationCommand::EndAttempt(_)
        | NotificationCommand::MarkRead(_)
        | NotificationCommand::MarkUnread(_)
        | NotificationCommand::Click(_)
        | NotificationCommand::Archive(_)
        | NotificationCommand::Unarchive(_)
        | NotificationCommand::Delete(_) => {}
    }
}

fn in_content(owner: &UserId, of: Uuid, content: Option<&mut Sealed>, visit: &mut Visit<'_>) {
    if let Some(content) = content {
        visit(Place { owner, field: Field::NotificationContent, of }, content);
    }
}

fn in_report(event: &mut ReportEvent, visit: &mut Visit<'_>) {
    match event {
        ReportEvent::ReportFiled(ReportFiled { report_id, reporter_id, subject: _, reason, at: _ }) => {
            visit(Place { owner: reporter_id, field: Field::ReportReason, of: report_id.0 }, reason);
        }
        ReportEvent::ReportResolved(ReportResolved { report_id, resolution: _, by, note, at: _ }) => {
            in_resolution(by, report_id.0, note.as_mut(), visit);
        }
    }
}

fn to_report(command: &mut ReportCommand, visit: &mut Visit<'_>) {
    match command {
        ReportCommand::File(FileReport { report_id, reporter_id, subject: _, reason, user_exists: _, at: _ }) => {
            visit(Place { owner: reporter_id, field: Field::ReportReason, of: report_id.0 }, reason);
        }
        ReportCommand::Resolve(ResolveReport { report_id, resolution: _, by, note, at: _ }) => {
            in_resolution(by, report_id.0, note.as_mut(), visit);
        }
    }
}

fn in_resolution(owner: &UserId, of: Uuid, note: Option<&mut Sealed>, visit: &mut Visit<'_>) {
    if let Some(note) = note {
        visit(Place { owner, field: Field::ReportNote, of }, note);
    }
}

/// Two devices of one person share a place: it shows when they are the same, and nothing else.
fn in_devices(owner: &UserId, push: &mut [Sealed], web_push: &mut [Sealed], visit: &mut Visit<'_>) {
    for (field, devices) in [(Field::PushDevice, push), (Field::WebPushDevice, web_push)] {
        for device in devices {
            visit(Place { owner, field, of: Uuid::nil() }, device);
        }
    }
}

#[cfg(test)]
mod tests;
