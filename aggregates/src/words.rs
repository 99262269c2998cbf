//! Where the words of users are in what is asked and in what has happened: whose they are, and which.
//!
//! Every struct is taken apart field by field, so that a new field does not compile until it is said here whether it is
//! somebody's words. A place is part of what a ciphertext is bound to: it must never change for words that are stored.

use uuid::Uuid;

use crate::Sealed;
use crate::aggregate::Command;
use crate::catalogue::{AggregateKind, DomainEvent, StreamId, UnreadableEvent};
use crate::ids::UserId;
use crate::report::{FileReport, ReportCommand, ReportEvent, ReportFiled, ReportResolved, ResolveReport};
use crate::room::{
    Attachment, ChangeAvatar, CreateGroup, EditMessage, Forwarded, MessageEdited, MessageFacts, MessageSent,
    OpenSupport, RenameRoom, RoomAvatarChanged, RoomCommand, RoomEvent, RoomOpened, RoomRenamed, SendMessage,
};
use crate::user::{
    Profile, ProfileChanged, ProfileChanges, PutProfile, PutUser, Reach, UserCommand, UserEvent, UserRegistered,
};

/// The streams whose events may hold words: whoever looks for everything that somebody said reads these.
pub const HOLDING_WORDS: &[AggregateKind] = &[AggregateKind::Room, AggregateKind::User, AggregateKind::Report];

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
            Self::Participant(_) | Self::Relationship(_) | Self::Notification(_) | Self::Feed(_) => {}
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
            Self::User(UserCommand::Erase(_))
            | Self::Participant(_)
            | Self::Relationship(_)
            | Self::Notification(_)
            | Self::Feed(_) => {}
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
                blocked: _,
                at: _,
            } = command;
            visit(Place { owner: sender_id, field: Field::EditedContent, of: message_id.0 }, content);
        }
        RoomCommand::OpenSupport(OpenSupport { room_id, opened_by, subject, at: _ }) => {
            in_opening(opened_by, room_id.0, (subject.as_mut(), None), visit);
        }
        RoomCommand::RenameRoom(RenameRoom { room_id, name, renamed_by, at: _ }) => {
            in_opening(renamed_by, room_id.0, (name.as_mut(), None), visit);
        }
        RoomCommand::ChangeAvatar(ChangeAvatar { room_id, avatar, changed_by, at: _ }) => {
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
    if let Some(Attachment { url, media_type: _ }) = attachment {
        visit(Place { owner, field: Field::AttachmentUrl, of }, url);
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
mod tests {
    use super::*;
    use crate::State;
    use crate::cast::room::{create_group, editing, message};
    use crate::cast::{ana, dewi, noon, room_id};
    use crate::ids::ReportId;
    use crate::report::{Resolution, Subject};
    use crate::room::Attachment;
    use crate::user::Change;

    fn places(of: &mut dyn HasWords) -> Vec<(UserId, Field, Uuid, Sealed)> {
        let mut places = Vec::new();
        of.visit_words(&mut |place, words| places.push((place.owner.clone(), place.field, place.of, words.clone())));
        places
    }

    /// What is sealed in the command must open in the event.
    #[test]
    fn words_have_the_same_place_in_a_command_and_in_its_event() {
        let words = |text: &str| Some(Sealed::new(text));
        let profile = Profile {
            name: words("1"),
            username: words("2"),
            avatar: words("3"),
            email: words("4"),
            phone: words("5"),
            ..Profile::default()
        };
        let mut room = create_group(vec![]);
        if let RoomCommand::CreateGroup(command) = &mut room {
            command.avatar = words("https://cdn/kelas.png");
        }
        let mut sent = message(1, &ana());
        sent.attachment = Some(Attachment { url: Sealed::new("https://cdn/x.png"), media_type: None });
        sent.client_message_id = words("client-1");
        let rename = RenameRoom { room_id: room_id(), name: words("6"), renamed_by: ana(), at: noon() };
        let picture = ChangeAvatar { room_id: room_id(), avatar: words("7"), changed_by: ana(), at: noon() };
        let mut state = State::empty(crate::AggregateKind::Room);
        let mut fields = 0;
        let in_a_room = [
            room,
            RoomCommand::SendMessage(sent),
            RoomCommand::EditMessage(editing(1, &ana(), &ana())),
            RoomCommand::RenameRoom(rename),
            RoomCommand::ChangeAvatar(picture),
        ];
        for command in in_a_room {
            fields += same_places(&mut state, Command::Room(command));
        }
        let support = OpenSupport { room_id: room_id(), opened_by: ana(), subject: words("8"), at: noon() };
        let command = Command::Room(RoomCommand::OpenSupport(support));
        fields += same_places(&mut State::empty(crate::AggregateKind::Room), command);
        let fill = PutProfile { user_id: ana(), profile, at: noon() };
        fields +=
            same_places(&mut State::empty(crate::AggregateKind::User), Command::User(UserCommand::FillProfile(fill)));
        assert_eq!(fields, 14, "every field was shown");
        let set = |text: &str| Change::Set(Sealed::new(text));
        let changes = ProfileChanges {
            name: set("1"),
            username: set("2"),
            avatar: set("3"),
            email: set("4"),
            phone: set("5"),
            push: Change::Set(vec![Sealed::new("6"), Sealed::new("7")]),
            web_push: Change::Set(vec![Sealed::new("8")]),
            ..ProfileChanges::default()
        };
        let put = Command::User(UserCommand::Put(PutUser { user_id: ana(), changes, at: noon() }));
        assert_eq!(same_places(&mut State::empty(crate::AggregateKind::User), put), 8);
    }

    #[test]
    fn a_reason_is_the_reporters_and_a_note_is_of_whoever_resolved_the_report() {
        let subject = Subject::User { user_id: dewi() };
        let report_id = ReportId::of(&ana(), &subject);
        let (reporter_id, reason) = (ana(), Sealed::new("spam"));
        let file = FileReport { report_id, reporter_id, subject, reason, user_exists: true, at: noon() };
        let note = Some(Sealed::new("seen"));
        let resolve = ResolveReport { report_id, resolution: Resolution::Dismissed, by: dewi(), note, at: noon() };
        let mut state = State::empty(crate::AggregateKind::Report);
        let mut owners = Vec::new();
        for command in [ReportCommand::File(file), ReportCommand::Resolve(resolve)] {
            let mut command = Command::Report(command);
            assert_eq!(same_places(&mut state, command.clone()), 1);
            owners.extend(places(&mut command).into_iter().map(|(owner, field, of, _)| (owner, field, of)));
        }
        assert_eq!(owners, [(ana(), Field::ReportReason, report_id.0), (dewi(), Field::ReportNote, report_id.0)]);
    }

    /// With its author a forwarded message goes, wherever it was carried; the device's own name for it is the sender's.
    #[test]
    fn forwarded_words_belong_to_whoever_said_them_first() {
        let mut sent = message(1, &ana());
        sent.forwarded =
            Some(Forwarded { room_id: room_id(), message_id: crate::cast::message_id(9), author_id: dewi() });
        sent.attachment = Some(Attachment { url: Sealed::new("https://cdn/x.png"), media_type: None });
        sent.client_message_id = Some(Sealed::new("client-1"));
        let mut state = State::empty(crate::AggregateKind::Room);
        same_places(&mut state, Command::Room(create_group(vec![])));
        let mut command = Command::Room(RoomCommand::SendMessage(sent));
        assert_eq!(same_places(&mut state, command.clone()), 3);
        let owners: Vec<_> = places(&mut command).into_iter().map(|(owner, field, ..)| (owner, field)).collect();
        assert_eq!(
            owners,
            [(dewi(), Field::MessageContent), (dewi(), Field::AttachmentUrl), (ana(), Field::ClientMessageId)]
        );
    }

    #[test]
    fn an_export_holds_words_and_what_is_read_from_it_is_sealed_anew() {
        let stream = StreamId::room(crate::cast::room_id());
        let lookalike = "s1.abcdefghijklmnopqrstuvxyz";
        for text in ["halo", "", lookalike] {
            let mut sent = message(1, &ana());
            sent.content = Sealed::new(text);
            let mut state = State::empty(crate::AggregateKind::Room);
            let open = Command::Room(create_group(vec![]));
            state.decide(&open).expect("allowed").iter().for_each(|event| state.evolve(event));
            let events = state.decide(&Command::Room(RoomCommand::SendMessage(sent))).expect("allowed");
            let json = events[0].to_open_json().expect("JSON");
            assert!(json.contains(&format!("\"content\":\"{text}\"")), "{json}");
            let mut read = DomainEvent::from_open(&stream, "message_sent", "1", &json).expect("readable");
            assert_eq!(read, events[0]);
            let mut unsealed = None;
            read.visit_words(&mut |_, words| unsealed = words.unsealed().map(str::to_owned));
            assert_eq!(unsealed.as_deref(), Some(text));
        }
    }

    fn same_places(state: &mut State, mut command: Command) -> usize {
        let mut events = state.decide(&command).expect("allowed");
        events.iter().for_each(|event| state.evolve(event));
        let [event] = events.as_mut_slice() else { panic!("one event") };
        let places_in_event = places(event);
        assert_eq!(places(&mut command), places_in_event);
        places_in_event.len()
    }
}
