//! Words have one place in a command and in its event, and one owner.

use super::*;
use crate::State;
use crate::cast::room::{create_group, editing, message};
use crate::cast::{ana, dewi, noon, room_id};
use crate::ids::{NotificationId, ReportId};
use crate::notification::{NotificationType, Source, Surroundings};
use crate::policy::channels::{Channel, Channels};
use crate::policy::deciding::{Facts, Hearing};
use crate::policy::related::Related;
use crate::report::{Resolution, Subject};
use crate::room::{AttachedFile, Attachment};
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
    sent.attachment = Some(with_file());
    sent.client_message_id = words("client-1");
    let rename = RenameRoom { room_id: room_id(), name: words("6"), renamed_by: ana(), unchanged: false, at: noon() };
    let picture =
        ChangeAvatar { room_id: room_id(), avatar: words("7"), changed_by: ana(), unchanged: false, at: noon() };
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
    fields += same_places(&mut State::empty(crate::AggregateKind::User), Command::User(UserCommand::FillProfile(fill)));
    assert_eq!(fields, 15, "every field was shown");
    let command = Command::Notification(NotificationCommand::Raise(Box::new(worded())));
    assert_eq!(same_places(&mut State::empty(crate::AggregateKind::Notification), command), 1);
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

fn with_file() -> Attachment {
    let file = AttachedFile { name: Some(Sealed::new("x.png")), bytes: 9, width: Some(3), height: Some(2) };
    Attachment { file: Some(file), ..Attachment::at(Sealed::new("https://cdn/x.png"), None) }
}

/// With its author a forwarded message goes, wherever it was carried; the device's own name for it is the sender's.
#[test]
fn forwarded_words_belong_to_whoever_said_them_first() {
    let mut sent = message(1, &ana());
    sent.forwarded = Some(Forwarded { room_id: room_id(), message_id: crate::cast::message_id(9), author_id: dewi() });
    sent.attachment = Some(with_file());
    sent.client_message_id = Some(Sealed::new("client-1"));
    let mut state = State::empty(crate::AggregateKind::Room);
    same_places(&mut state, Command::Room(create_group(vec![])));
    let mut command = Command::Room(RoomCommand::SendMessage(sent));
    assert_eq!(same_places(&mut state, command.clone()), 4);
    let owners: Vec<_> = places(&mut command).into_iter().map(|(owner, field, ..)| (owner, field)).collect();
    assert_eq!(
        owners,
        [
            (dewi(), Field::MessageContent),
            (dewi(), Field::AttachmentUrl),
            (dewi(), Field::AttachmentName),
            (ana(), Field::ClientMessageId)
        ]
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

/// A notification in somebody's own words.
fn worded() -> RaiseNotification {
    RaiseNotification {
        notification_id: NotificationId::of("a cause", &dewi()),
        source: Source { kind: "post".into(), id: "p-1".into() },
        related: Related::default(),
        content: Some(Sealed::new("{}")),
        hearing: Hearing {
            recipient_id: dewi(),
            kind: NotificationType::System,
            actor_id: Some(ana()),
            allowed: Channels::of(&[Channel::InApp]),
            critical: false,
            topic: None,
            room_id: None,
            surroundings: Surroundings::default(),
            facts: Facts { exists: true, ..Facts::default() },
        },
        at: noon(),
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
