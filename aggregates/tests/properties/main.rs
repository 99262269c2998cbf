//! What holds after any sequence of commands, whoever sends them and however often.
//!
//! Apart from the rules' own tests, which say what one command does: these say what none of them ever breaks. A failing
//! sequence is shrunk and printed as the list of its commands.

mod choices;
mod wishes;

use std::collections::BTreeSet;

use aggregates::ids::{CommandId, MessageId, ReportId, RoomId, UserId};
use aggregates::notification::{
    MarkNotification, Notification, NotificationCommand, NotificationEvent, NotificationType, RaiseNotification,
    Source, Surroundings,
};
use aggregates::participant::{MarkRead, Participant, ParticipantCommand, ParticipantEvent, ReadUpTo};
use aggregates::policy::channels::Channels;
use aggregates::policy::deciding::{Facts, Hearing};
use aggregates::policy::related::Related;
use aggregates::relationship::{Directed, Relate, Relationship, RelationshipCommand, RelationshipEvent};
use aggregates::report::{FileReport, Report, ReportCommand, ReportEvent, Resolution, ResolveReport, Subject};
use aggregates::room::{PINS_MAX, Role, Room, RoomCommand, RoomEvent, RoomKind};
use aggregates::user::{Profile, PutProfile, User, UserCommand, UserRole};
use aggregates::{Sealed, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use wishes::{People, create, history, is_said_anew, room_command, room_commands, send};

/// Few people, so that they meet often.
const PEOPLE: [&str; 5] = ["ana", "ben", "cici", "dewi", "eko"];

// ---- rooms ----

proptest! {
    #![proptest_config(printed_only())]

    #[test]
    fn messages_are_numbered_without_gaps(commands in room_commands()) {
        let mut said = 0;
        for event in history(&commands).1 {
            if let RoomEvent::MessageSent(message) = event {
                said += 1;
                prop_assert_eq!(message.seq, said);
            }
        }
    }

    #[test]
    fn a_group_or_session_with_members_has_exactly_one_owner_once_it_is_open(commands in room_commands()) {
        let mut room = Room::default();
        let mut people = People::default();
        for command in &commands {
            for event in room.decide(command).unwrap_or_default() {
                room.evolve(&event);
                people.follow(&event);
            }
            let owners = people.members.iter().filter(|(_, role)| *role == Role::Owner).count();
            let expected = usize::from(people.owned && !people.members.is_empty());
            prop_assert_eq!(owners, expected, "after {:?}: {:?}", command, people.members);
        }
    }

    #[test]
    fn who_was_removed_by_another_comes_back_only_with_somebody_and_nobody_with_whom_they_are_apart_from(
        commands in room_commands(),
    ) {
        let mut room = Room::default();
        let mut removed = BTreeSet::new();
        for command in &commands {
            for event in room.decide(command).unwrap_or_default() {
                match &event {
                    RoomEvent::MemberRemoved(event) if event.by != event.user_id => {
                        removed.insert(event.user_id.clone());
                    }
                    RoomEvent::MembersAdded(event) => {
                        let came: BTreeSet<_> = event.members.iter().map(|member| member.user_id.clone()).collect();
                        prop_assert!(!came.contains(&event.by) || !removed.contains(&event.by), "{:?}", event);
                        if let RoomCommand::AddMembers(command) = command {
                            prop_assert!(came.is_disjoint(&command.apart), "{:?}", command);
                        }
                        removed.retain(|user| !came.contains(user));
                    }
                    _ => {}
                }
                room.evolve(&event);
            }
        }
    }

    #[test]
    fn only_members_say_something_and_only_members_have_a_place(commands in room_commands()) {
        let mut room = Room::default();
        let mut people = People::default();
        for command in &commands {
            for event in room.decide(command).unwrap_or_default() {
                if let RoomEvent::MessageSent(message) = &event {
                    prop_assert!(people.holds(&message.sender_id));
                }
                room.evolve(&event);
                people.follow(&event);
            }
            for name in PEOPLE {
                prop_assert_eq!(room.membership(&user(name)).is_some(), people.holds(&user(name)), "{}", name);
            }
        }
    }

    #[test]
    fn a_wish_that_was_granted_is_not_granted_again(commands in room_commands()) {
        let (room, _) = history(&commands);
        for command in commands.iter().filter(|command| !is_said_anew(command)) {
            let mut room = room.clone();
            let Ok(events) = room.decide(command) else { continue };
            events.iter().for_each(|event| room.evolve(event));
            let again = room.decide(command);
            prop_assert!(again.as_ref().map_or(true, Vec::is_empty), "{:?} again: {:?}", command, again);
        }
    }

    #[test]
    fn deciding_twice_gives_the_same_answer_and_changes_nothing(commands in room_commands()) {
        let (room, _) = history(&commands);
        let before = room.clone();
        for command in &commands {
            prop_assert_eq!(room.decide(command), room.decide(command));
        }
        prop_assert_eq!(room, before);
    }

    #[test]
    fn a_room_read_back_from_its_events_or_from_its_stored_form_is_the_same_room(commands in room_commands()) {
        let (room, events) = history(&commands);
        let mut replayed = Room::default();
        events.iter().for_each(|event| replayed.evolve(event));
        prop_assert_eq!(&replayed, &room);
        let stored = serde_json::to_string(&room).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Room>(&stored).expect("a room"), room);
    }

    #[test]
    fn nobody_who_is_outside_or_named_by_themselves_is_mentioned(commands in room_commands()) {
        let mut room = Room::default();
        for command in &commands {
            let events = room.decide(command).unwrap_or_default();
            for event in &events {
                let (mentions, by) = match event {
                    RoomEvent::MessageSent(event) => (&event.mentions, &event.sender_id),
                    RoomEvent::MessageEdited(event) => (&event.mentions, &event.sender_id),
                    _ => continue,
                };
                prop_assert!(mentions.iter().all(|user| user != by && room.membership(user).is_some()));
            }
            events.iter().for_each(|event| room.evolve(event));
        }
    }

    #[test]
    fn nothing_is_said_or_pinned_in_a_closed_room_and_pins_have_a_limit(commands in room_commands()) {
        let mut room = Room::default();
        let (mut closed, mut pins) = (false, BTreeSet::new());
        for command in &commands {
            for event in room.decide(command).unwrap_or_default() {
                match &event {
                    RoomEvent::RoomClosed(_) => closed = true,
                    RoomEvent::RoomReopened(_) => closed = false,
                    RoomEvent::MessageSent(_) | RoomEvent::MessageEdited(_) | RoomEvent::ReactionAdded(_) => {
                        prop_assert!(!closed);
                    }
                    RoomEvent::MessagePinned(event) => prop_assert!(!closed && pins.insert(event.message_id)),
                    RoomEvent::MessageUnpinned(event) => prop_assert!(!closed && pins.remove(&event.message_id)),
                    RoomEvent::MessageDeleted(event) => {
                        pins.remove(&event.message_id);
                    }
                    _ => {}
                }
                prop_assert!(pins.len() <= PINS_MAX);
                room.evolve(&event);
            }
        }
    }

    /// Events of another order than any rule would write, as a damaged or foreign log might hold them.
    #[test]
    fn evolve_takes_events_in_any_order(commands in room_commands(), order in any::<prop::sample::Index>()) {
        let mut events = history(&commands).1;
        if !events.is_empty() {
            let start = order.index(events.len());
            events.rotate_left(start);
        }
        let mut room = Room::default();
        for event in events.iter().chain(events.iter().rev()) {
            room.evolve(event);
        }
        for command in &commands {
            let _either = room.decide(command);
        }
    }
}

#[test]
fn a_room_of_ten_thousand_messages_is_as_small_as_one_of_ten() {
    let mut room = Room::default();
    let mut say = |until: u64| {
        for command in [create(&user("ana"), &[user("ben")])].into_iter().chain((0..until).map(|n| send(n, "ana"))) {
            let events = room.decide(&command).expect("allowed");
            events.iter().for_each(|event| room.evolve(event));
        }
        serde_json::to_string(&room).expect("JSON").len()
    };
    let (small, large) = (say(10), say(10_000));
    let digits_of_the_last_number = 3;
    assert!(large <= small + digits_of_the_last_number, "{small} bytes became {large}");
}

#[test]
fn a_participant_of_ten_thousand_reads_is_as_small_as_one_of_ten() {
    let mut participant = Participant::default();
    let mut read = |until: u64| {
        for seq in 0..until {
            let up_to = ReadUpTo::Message { seq, message_id: message_id(seq) };
            let place = aggregates::room::Membership {
                kind: RoomKind::Group,
                join_seq: 0,
                last_seq: until,
                last_message_id: None,
            };
            for event in participant.decide(&mark_read("ana", up_to, Some(place))).expect("a member") {
                participant.evolve(&event);
            }
        }
        serde_json::to_string(&participant).expect("JSON").len()
    };
    let (small, large) = (read(10), read(10_000));
    assert!(large <= small + 3, "{small} bytes became {large}");
}

// ---- readers beside a room ----

proptest! {
    #![proptest_config(printed_only())]

    #[test]
    fn a_read_position_never_goes_back_nor_past_the_end(
        steps in prop::collection::vec((room_command(), 0..PEOPLE.len(), any::<Option<prop::sample::Index>>()), 1..60),
    ) {
        let mut room = Room::default();
        let mut readers: Vec<Participant> = vec![Participant::default(); PEOPLE.len()];
        let mut positions = [0; PEOPLE.len()];
        let mut said = Vec::new();
        for (command, reader, up_to) in steps {
            for event in room.decide(&command).unwrap_or_default() {
                room.evolve(&event);
                if let RoomEvent::MessageSent(message) = event {
                    said.push(message.message_id);
                }
            }
            let up_to = match up_to {
                Some(index) if !said.is_empty() => {
                    let index = index.index(said.len());
                    ReadUpTo::Message { seq: index as u64 + 1, message_id: said[index] }
                }
                Some(_) | None => ReadUpTo::Last,
            };
            let name = PEOPLE[reader];
            let reading = mark_read(name, up_to, room.membership(&user(name)));
            let Ok(events) = readers[reader].decide(&reading) else {
                prop_assert_eq!(room.membership(&user(name)), None, "only outsiders are refused");
                continue;
            };
            for event in events {
                readers[reader].evolve(&event);
                let ParticipantEvent::MessagesRead(read) = event else { panic!("{event:?} is no reading") };
                prop_assert!(read.up_to_seq > positions[reader], "back from {}", positions[reader]);
                prop_assert!(read.up_to_seq as usize <= said.len(), "past the end");
                prop_assert_eq!(read.up_to, said[read.up_to_seq as usize - 1], "number and message belong together");
                positions[reader] = read.up_to_seq;
            }
            if up_to == ReadUpTo::Last {
                prop_assert_eq!(positions[reader] as usize, said.len(), "everything is read");
            }
            prop_assert_eq!(readers[reader].decide(&reading), Ok(vec![]), "the second time is nothing");
        }
    }
}

// ---- two people ----

proptest! {
    #![proptest_config(printed_only())]

    #[test]
    fn nobody_follows_across_a_block(
        wishes in prop::collection::vec((0..4_usize, any::<bool>(), any::<bool>()), 1..60),
    ) {
        let mut relationship = Relationship::default();
        let (mut follows, mut blocks) = (BTreeSet::new(), BTreeSet::new());
        for (kind, swapped, to_exists) in wishes {
            let (from, to) = if swapped { ("ben", "ana") } else { ("ana", "ben") };
            let relate = Relate { from: user(from), to: user(to), to_exists, at: noon() };
            let command = match kind {
                0 => RelationshipCommand::Follow(relate),
                1 => RelationshipCommand::Unfollow(relate),
                2 => RelationshipCommand::Block(relate),
                _ => RelationshipCommand::Unblock(relate),
            };
            prop_assert_eq!(relationship.decide(&command), relationship.decide(&command));
            let Ok(events) = relationship.decide(&command) else { continue };
            for event in events {
                relationship.evolve(&event);
                let changed = match &event {
                    RelationshipEvent::UserFollowed(Directed { from, .. }) => follows.insert(from.clone()),
                    RelationshipEvent::UserUnfollowed(Directed { from, .. }) => follows.remove(from),
                    RelationshipEvent::UserBlocked(Directed { from, .. }) => blocks.insert(from.clone()),
                    RelationshipEvent::UserUnblocked(Directed { from, .. }) => blocks.remove(from),
                };
                prop_assert!(changed, "{:?} told nothing new", event);
            }
            prop_assert!(follows.is_empty() || blocks.is_empty(), "{:?} follow, {:?} block", follows, blocks);
            prop_assert_eq!(relationship.is_blocked(), !blocks.is_empty());
            for name in ["ana", "ben"] {
                prop_assert_eq!(relationship.follows(&user(name)), follows.contains(&user(name)));
            }
            prop_assert_eq!(relationship.decide(&command).unwrap_or_default(), [], "the second time is nothing");
        }
    }

    #[test]
    fn a_notification_is_told_at_most_once_and_marked_by_its_recipient_only(
        wishes in prop::collection::vec((0..3_usize, 0..PEOPLE.len(), any::<bool>()), 1..40),
    ) {
        let mut notification = Notification::default();
        let (mut raised, mut told) = (false, false);
        for (kind, person, blocked) in wishes {
            let command = notification_command(kind, PEOPLE[person], blocked);
            let decided = notification.decide(&command);
            prop_assert_eq!(&decided, &notification.decide(&command));
            for event in decided.unwrap_or_default() {
                notification.evolve(&event);
                if let NotificationEvent::NotificationRaised(event) = &event {
                    prop_assert!(!told && PEOPLE[person] != "ana");
                    prop_assert_eq!(event.is_in_feed(), !blocked);
                    (raised, told) = (true, event.is_in_feed());
                } else if kind == 0 {
                    let NotificationEvent::DeliveryDecided(event) = &event else { panic!("a mark: {event:?}") };
                    prop_assert!(raised && !event.decided.decision.is_scheduled(), "no provider is configured");
                } else {
                    prop_assert!(told && PEOPLE[person] == "ana", "{:?}", event);
                }
            }
        }
    }

    #[test]
    fn a_report_is_open_and_resolved_by_turns_and_a_repeat_tells_nothing(
        wishes in prop::collection::vec((any::<bool>(), 0..Resolution::ALL.len(), any::<bool>()), 1..40),
    ) {
        let mut report = Report::default();
        let mut open = false;
        for (files, resolution, user_exists) in wishes {
            let command = report_command(files, Resolution::ALL[resolution], user_exists);
            let decided = report.decide(&command);
            prop_assert_eq!(&decided, &report.decide(&command));
            for event in decided.unwrap_or_default() {
                prop_assert_ne!(matches!(event, ReportEvent::ReportFiled(_)), open, "{:?}", event);
                prop_assert!(!files || user_exists);
                report.evolve(&event);
                open = !open;
                prop_assert_eq!(report.decide(&command), Ok(vec![]), "the second time is nothing");
            }
        }
    }

    #[test]
    fn what_is_known_of_somebody_is_only_ever_added_to(
        offers in prop::collection::vec((any::<Option<bool>>(), any::<Option<bool>>(), any::<bool>()), 1..20),
    ) {
        let mut directory = User::default();
        let mut known: Option<Profile> = None;
        for (name, email, role) in offers {
            let word = |yes: bool| Sealed::new(if yes { "yes" } else { "no" });
            let offered = Profile {
                name: name.map(word),
                email: email.map(word),
                role: role.then_some(UserRole::Mentor),
                ..Profile::default()
            };
            let expected = known.as_ref().map_or(offered.clone(), |known| known.filled_from(&offered));
            let command = UserCommand::FillProfile(PutProfile { user_id: user("ana"), profile: offered, at: noon() });
            for event in directory.decide(&command).unwrap_or_default() {
                directory.evolve(&event);
            }
            prop_assert_eq!(directory.decide(&command), Ok(vec![]), "the second time is nothing");
            if let Some(known) = known {
                prop_assert!(known.name.is_none() || known.name == expected.name);
                prop_assert!(known.email.is_none() || known.email == expected.email);
            }
            known = Some(expected);
        }
    }
}

// ---- the cast ----

/// The shrunk sequence in the message says it all: no files of seeds beside the tests.
fn printed_only() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn mark_read(name: &str, up_to: ReadUpTo, membership: Option<aggregates::room::Membership>) -> ParticipantCommand {
    let user_id = user(name);
    ParticipantCommand::MarkRead(MarkRead { room_id: room_id(), user_id, up_to, membership, at: noon() })
}

/// Ana's notification of something `person` did, or a mark by `person`.
fn notification_command(kind: usize, person: &str, blocked: bool) -> NotificationCommand {
    let notification_id = aggregates::ids::NotificationId::of("a cause", &user("ana"));
    let mark = MarkNotification { notification_id, marked_by: user(person), at: noon() };
    match kind {
        0 => NotificationCommand::Raise(Box::new(RaiseNotification {
            notification_id,
            source: Source { kind: "user".to_owned(), id: person.to_owned() },
            related: Related::default(),
            content: None,
            hearing: Hearing {
                recipient_id: user("ana"),
                kind: NotificationType::Follower,
                actor_id: Some(user(person)),
                allowed: Channels::ALL,
                critical: false,
                topic: None,
                room_id: None,
                surroundings: Surroundings { clock: noon(), ..Surroundings::default() },
                facts: Facts { exists: true, blocked, ..Facts::default() },
            },
            at: noon(),
        })),
        1 => NotificationCommand::MarkRead(mark),
        _ => NotificationCommand::MarkUnread(mark),
    }
}

/// Ana's report of Ben, filed or resolved.
fn report_command(files: bool, resolution: Resolution, user_exists: bool) -> ReportCommand {
    let (reporter_id, subject) = (user("ana"), Subject::User { user_id: user("ben") });
    let report_id = ReportId::of(&reporter_id, &subject);
    if files {
        let reason = Sealed::new("spam");
        return ReportCommand::File(FileReport { report_id, reporter_id, subject, reason, user_exists, at: noon() });
    }
    ReportCommand::Resolve(ResolveReport { report_id, resolution, by: user("cici"), note: None, at: noon() })
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

fn room_id() -> RoomId {
    RoomId(Uuid::from_u128(7))
}

fn message_id(number: u64) -> MessageId {
    MessageId::from_command(CommandId(Uuid::from_u128(u128::from(number))))
}

fn noon() -> Timestamp {
    Timestamp::from_millis(1_795_348_800_000)
}
