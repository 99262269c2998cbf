//! Every stored event of every version still loads, and what is written today is written as it was yesterday.
//!
//! `golden/NAME.VERSION.json` holds one stored payload. Files are only ever added: a new event brings its first, a new
//! version brings the next and an upcasting step, and the old file stays. Apart from the rules' tests because it is about
//! the stored form alone.

#[path = "golden_cast/forms.rs"]
mod forms;
mod golden_cast;

use std::collections::BTreeSet;
use std::path::PathBuf;

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::{CommandId, EventId, GroupId};
use aggregates::notification::{
    AttemptEnded, AttemptStarted, DeliveryDecided, NotificationEvent, NotificationRaised, NotificationType, Source,
};
use aggregates::participant::{Arrangement, MarkedUnread, MessagesDelivered, MessagesRead, ParticipantEvent};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::choosing::{Silence, Suppression};
use aggregates::policy::deciding::{Decided, Decision, Inputs, TopicTaken};
use aggregates::policy::related::Related;
use aggregates::policy::retrying::{AttemptOutcome, Became, OutcomeKind};
use aggregates::policy::settings::Switch;
use aggregates::preferences::{PreferencesChanged, PreferencesEvent};
use aggregates::relationship::RelationshipEvent;
use aggregates::report::{ReportEvent, ReportFiled, ReportResolved, Resolution, Subject};
use aggregates::room::{
    AttachedFile, Attachment, Forwarded, HistoryFrom, JoinPolicy, JoinPolicyChanged, MemberRemoved, MemberRoleChanged,
    MembersAdded, MessageDeleted, MessageEdited, MessageKind, MessageSent, NewMember, Role, RoomAvatarChanged,
    RoomEvent, RoomKind, RoomOpened, RoomRenamed, SlowModeChanged,
};
use aggregates::subscription::{Subscribed, SubscriptionEvent, Unsubscribed, Why};
use aggregates::upcasting::STEPS;
use aggregates::user::{ProfileChanged, UserErased, UserEvent, UserRegistered};
use aggregates::versions::WRITTEN;
use aggregates::words::{HOLDING_WORDS, HasWords};
use aggregates::{AggregateKind, DomainEvent, Metadata, Origin, StreamId, Timestamp, UnreadableEvent};
use serde_json::{Value, json};
use uuid::Uuid;

use golden_cast::*;

/// One list: the samples, and a match that does not compile as long as an event is missing from it.
macro_rules! samples {
    ($($kind:ident($events:ident::$event:ident) = $sample:expr;)+) => {
        fn samples() -> Vec<DomainEvent> {
            vec![$(DomainEvent::$kind($events::$event($sample))),+]
        }

        #[allow(dead_code)]
        fn every_event_is_listed(event: &DomainEvent) {
            match event {
                $(DomainEvent::$kind($events::$event(_)) => {})+
            }
        }
    };
}

samples! {
    Room(RoomEvent::RoomOpened) = RoomOpened {
        room_id: room_id(),
        kind: RoomKind::Group,
        opened_by: user("ana"),
        members: vec![
            NewMember { user_id: user("ana"), role: Role::Owner },
            NewMember { user_id: user("ben"), role: Role::Admin },
            NewMember { user_id: user("cici"), role: Role::Member },
        ],
        name: Some(sealed("Kelas Menulis")),
        avatar: Some(sealed("https://cdn.example/kelas.png")),
        group_id: Some(GroupId::parse("group-9").expect("an id")),
        join_policy: JoinPolicy::Invite,
        history_from: HistoryFrom::Start,
        at: noon(),
    };
    Room(RoomEvent::MembersAdded) = MembersAdded {
        room_id: room_id(),
        members: vec![NewMember { user_id: user("dewi"), role: Role::Member }],
        by: user("ana"),
        join_seq: 41,
        at: noon(),
    };
    Room(RoomEvent::MemberRemoved) =
        MemberRemoved { room_id: room_id(), user_id: user("ben"), by: user("ana"), at: noon() };
    Room(RoomEvent::MemberRoleChanged) = MemberRoleChanged {
        room_id: room_id(),
        user_id: user("cici"),
        role: Role::Owner,
        by: Some(user("ana")),
        at: noon(),
    };
    Room(RoomEvent::MessageSent) = MessageSent {
        room_id: room_id(),
        message_id: message_id(2),
        seq: 42,
        sender_id: user("cici"),
        kind: MessageKind::Image,
        content: sealed("Halo \"semua\" 👋\n"),
        attachment: Some(Attachment {
            url: sealed("https://cdn.example/foto.png"),
            media_type: Some("image/png".to_owned()),
            file: None,
        }),
        reply_to: Some(message_id(1)),
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: Some(sealed("c-42")),
        at: noon(),
    };
    Room(RoomEvent::RoomRenamed) =
        RoomRenamed { room_id: room_id(), name: Some(sealed("Kelas Puisi")), by: user("ben"), at: noon() };
    Room(RoomEvent::RoomAvatarChanged) = RoomAvatarChanged {
        room_id: room_id(),
        avatar: Some(sealed("https://cdn.example/puisi.png")),
        by: user("ben"),
        at: noon(),
    };
    Room(RoomEvent::JoinPolicyChanged) =
        JoinPolicyChanged { room_id: room_id(), join_policy: JoinPolicy::Invite, by: user("ben"), at: noon() };
    Room(RoomEvent::SlowModeChanged) = SlowModeChanged { room_id: room_id(), seconds: 30, by: user("ben"), at: noon() };
    Room(RoomEvent::RoomClosed) = turned();
    Room(RoomEvent::RoomReopened) = turned();
    Room(RoomEvent::MessageEdited) = MessageEdited {
        room_id: room_id(),
        message_id: message_id(2),
        seq: 42,
        sender_id: user("cici"),
        content: sealed("Halo @ben"),
        mentions: vec![user("ben")],
        mentions_all: true,
        at: noon(),
    };
    Room(RoomEvent::MessageDeleted) = MessageDeleted {
        room_id: room_id(),
        message_id: message_id(2),
        seq: 42,
        sender_id: user("cici"),
        by: user("ana"),
        at: noon(),
    };
    Room(RoomEvent::ReactionAdded) = reacted();
    Room(RoomEvent::ReactionRemoved) = reacted();
    Room(RoomEvent::MessagePinned) = pinned();
    Room(RoomEvent::MessageUnpinned) = pinned();
    Participant(ParticipantEvent::MarkedUnread) =
        MarkedUnread { room_id: room_id(), user_id: user("ana"), read_seq: 40, at: noon() };
    Participant(ParticipantEvent::MessagesDelivered) = MessagesDelivered {
        room_id: room_id(),
        user_id: user("ana"),
        up_to_seq: 42,
        up_to: message_id(2),
        at: noon(),
    };
    Participant(ParticipantEvent::RoomArranged) = arranged(Arrangement::Muted { until: Some(noon()) });
    Participant(ParticipantEvent::MessagesRead) = MessagesRead {
        room_id: room_id(),
        user_id: user("ana"),
        up_to_seq: 42,
        up_to: message_id(2),
        at: noon(),
    };
    Relationship(RelationshipEvent::UserFollowed) = directed();
    Relationship(RelationshipEvent::UserUnfollowed) = directed();
    Relationship(RelationshipEvent::UserBlocked) = directed();
    Relationship(RelationshipEvent::UserUnblocked) = directed();
    Notification(NotificationEvent::NotificationRaised) = NotificationRaised {
        notification_id: notification_id(),
        recipient_id: user("ben"),
        kind: NotificationType::Follower,
        actor_id: Some(user("ana")),
        source: Source { kind: "user".to_owned(), id: "ana".to_owned() },
        related: Related::default(),
        content: None,
        channels: None,
        critical: false,
        topic: None,
        room_id: None,
        locale: None,
        erased_before: 0,
        in_app: None,
        at: noon(),
    };
    Notification(NotificationEvent::DeliveryDecided) = DeliveryDecided {
        notification_id: notification_id(),
        recipient_id: user("ben"),
        channel: Channel::Push,
        decided: Decided {
            decision: Decision::Suppressed { reason: Suppression::NotConfigured },
            inputs: Inputs { not_configured: true, ..Inputs::default() },
        },
        at: noon(),
    };
    Notification(NotificationEvent::AttemptStarted) = AttemptStarted {
        notification_id: notification_id(),
        recipient_id: user("ben"),
        channel: Channel::Email,
        attempt: 2,
        provider: "smtp".to_owned(),
        takes_key: false,
        deadline: Timestamp::from_millis(noon().as_millis() + 30_000),
        at: noon(),
    };
    Notification(NotificationEvent::AttemptEnded) = AttemptEnded {
        notification_id: notification_id(),
        recipient_id: user("ben"),
        channel: Channel::Email,
        attempt: 2,
        outcome: AttemptOutcome {
            kind: OutcomeKind::Throttled,
            reason: Some("too many requests".to_owned()),
            provider_id: None,
            after_ms: Some(60_000),
        },
        became: Became::Deferred { due: Timestamp::from_millis(noon().as_millis() + 60_000), provider: None },
        at: noon(),
    };
    Notification(NotificationEvent::NotificationRead) = marked();
    Notification(NotificationEvent::NotificationUnread) = marked();
    Notification(NotificationEvent::NotificationClicked) = marked();
    Notification(NotificationEvent::NotificationArchived) = marked();
    Notification(NotificationEvent::NotificationUnarchived) = marked();
    Notification(NotificationEvent::NotificationDeleted) = marked();
    Feed(FeedEvent::FeedRead) = FeedRead { user_id: user("ben"), up_to: 1_000_001, at: noon() };
    User(UserEvent::UserRegistered) = UserRegistered { user_id: user("ana"), profile: profile(), at: noon() };
    User(UserEvent::ProfileChanged) = ProfileChanged { user_id: user("ana"), profile: profile(), at: noon() };
    User(UserEvent::UserErased) = UserErased { user_id: user("ana"), keys: vec![key()], at: noon() };
    Report(ReportEvent::ReportFiled) = ReportFiled {
        report_id: report_id(),
        reporter_id: user("ana"),
        subject: Subject::Message { room_id: room_id(), message_id: message_id(2), author_id: user("cici") },
        reason: sealed("spam"),
        at: noon(),
    };
    Report(ReportEvent::ReportResolved) = ReportResolved {
        report_id: report_id(),
        resolution: Resolution::ContentRemoved,
        by: user("dewi"),
        note: Some(sealed("seen")),
        at: noon(),
    };
    Preferences(PreferencesEvent::PreferencesChanged) =
        PreferencesChanged { user_id: user("ana"), settings: settings(), erased_before: 0, at: noon() };
    Subscription(SubscriptionEvent::Subscribed) =
        Subscribed { user_id: user("ana"), topic: topic(), channels: settings().channels, auto: true, erased_before: 0, at: noon() };
    Subscription(SubscriptionEvent::Unsubscribed) =
        Unsubscribed { user_id: user("ana"), topic: topic(), why: Why::Asked, erased_before: 0, at: noon() };
}

#[test]
fn the_list_of_what_is_written_today_has_every_event_once() {
    let schema = |event: &DomainEvent| (event.kind(), event.schema().name().to_owned(), version_of(event));
    let mut events: Vec<_> = samples().iter().map(schema).collect();
    let mut listed: Vec<_> =
        WRITTEN.iter().map(|(kind, name, version)| (*kind, (*name).to_owned(), *version)).collect();
    events.sort();
    listed.sort();
    assert_eq!(listed, events, "aggregates/src/versions.rs");
}

/// An erasure names every key that it meets, and reads no other streams.
#[test]
fn whatever_holds_words_is_in_a_stream_that_is_looked_through_for_them() {
    for mut event in samples() {
        let mut words = 0;
        event.visit_words(&mut |_, _| words += 1);
        assert!(words == 0 || HOLDING_WORDS.contains(&event.kind()), "{event:?}");
    }
}

#[test]
fn what_is_written_today_is_written_as_the_golden_file_says() {
    for event in samples() {
        let path = golden_file(event.schema().name(), version_of(&event));
        let written = event.to_json().expect("an event is JSON");
        let golden = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} is missing ({error}); it should hold:\n{written}", path.display()));
        assert_eq!(written, golden.trim_end(), "{}", path.display());
    }
}

#[test]
fn every_version_of_every_event_loads() {
    for sample in samples() {
        let name = sample.schema().name();
        for version in 1..=version_of(&sample) {
            let path = golden_file(name, version);
            let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let loaded = DomainEvent::from_stored(&stream(sample.kind()), name, &version.to_string(), &golden)
                .unwrap_or_else(|error| panic!("{}: {error}: {:?}", path.display(), std::error::Error::source(&error)));
            assert_eq!(loaded.schema(), sample.schema(), "{}", path.display());
            if version == version_of(&sample) {
                assert_eq!(loaded, sample, "{}", path.display());
            }
        }
    }
}

#[test]
fn no_golden_file_is_of_an_event_that_is_not_there() {
    let known: BTreeSet<PathBuf> = samples()
        .iter()
        .flat_map(|event| (1..=version_of(event)).map(|version| golden_file(event.schema().name(), version)))
        .collect();
    let folder = std::fs::read_dir(golden_folder()).expect("the folder of golden files");
    let found: BTreeSet<PathBuf> = folder.map(|file| file.expect("a file").path()).collect();
    assert_eq!(found, known);
}

#[test]
fn no_two_events_share_a_name() {
    let names: BTreeSet<_> = samples().iter().map(|event| event.schema().name()).collect();
    assert_eq!(names.len(), samples().len());
}

#[test]
fn the_steps_of_an_event_lead_from_its_first_version_to_the_present_one() {
    for sample in samples() {
        let name = sample.schema().name();
        let steps: Vec<u32> = STEPS.iter().filter(|step| step.name == name).map(|step| step.to).collect();
        assert_eq!(steps, (2..=version_of(&sample)).collect::<Vec<_>>(), "{name}");
    }
    let names: BTreeSet<_> = samples().iter().map(|event| event.schema().name()).collect();
    assert!(STEPS.iter().all(|step| names.contains(step.name)), "a step of an event that is not there");
}

/// A field is optional or it is not, and whoever changes that changes this list.
#[test]
fn an_event_loads_without_its_optional_parts_and_without_no_other() {
    for sample in samples() {
        let optional: &[&str] = match &sample {
            DomainEvent::Room(RoomEvent::RoomOpened(_)) => &["name", "avatar", "group_id", "join_policy"],
            DomainEvent::Room(RoomEvent::MemberRoleChanged(_)) => &["by"],
            DomainEvent::Room(RoomEvent::RoomRenamed(_)) => &["name"],
            DomainEvent::Room(RoomEvent::RoomAvatarChanged(_)) => &["avatar"],
            DomainEvent::Room(RoomEvent::MessageEdited(_)) => &["mentions", "mentions_all"],
            DomainEvent::Room(RoomEvent::MessageSent(_)) => &["attachment", "reply_to", "client_message_id"],
            DomainEvent::Notification(NotificationEvent::NotificationRaised(_)) => &["actor_id"],
            DomainEvent::Report(ReportEvent::ReportResolved(_)) => &["note"],
            _ => &[],
        };
        let whole = payload_of(&sample);
        let mut least = whole.clone();
        for field in whole.as_object().expect("an object").keys() {
            let mut payload = whole.clone();
            payload.as_object_mut().expect("an object").remove(field);
            let loaded = load(&sample, "1", &payload.to_string());
            let expected = optional.contains(&field.as_str());
            assert_eq!(loaded.is_ok(), expected, "{} without {field}: {loaded:?}", sample.schema().name());
            if expected {
                least.as_object_mut().expect("an object").remove(field);
            }
        }
        let loaded = load(&sample, "1", &least.to_string()).expect("the least there can be");
        assert_eq!(loaded.schema(), sample.schema());
    }
}

/// Before they were sealed, ids of devices lay in the log as they are; any text could be a group's id.
#[test]
fn an_event_from_before_ids_were_sealed_or_checked_still_loads() {
    for sample in samples() {
        let mut payload = payload_of(&sample);
        match &sample {
            DomainEvent::Room(RoomEvent::MessageSent(_)) => payload["client_message_id"] = json!("c-42"),
            DomainEvent::Room(RoomEvent::RoomOpened(_)) => payload["group_id"] = json!("Kelas Ibu Ana"),
            _ => continue,
        }
        let DomainEvent::Room(loaded) = load(&sample, "1", &payload.to_string()).expect("loads") else {
            panic!("a room")
        };
        match loaded {
            RoomEvent::MessageSent(sent) => assert_eq!(sent.client_message_id.expect("there").words(), Some("c-42")),
            RoomEvent::RoomOpened(opened) => assert_eq!(opened.group_id, None, "a text that is no id is shown no more"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_profile_may_be_empty() {
    for sample in samples().iter().filter(|sample| sample.kind() == AggregateKind::User) {
        let mut payload = payload_of(sample);
        payload["profile"] = json!({});
        assert!(load(sample, "1", &payload.to_string()).is_ok(), "{}", sample.schema().name());
    }
}

/// In a rolling deploy the older program meets what the newer one has added.
#[test]
fn a_field_from_the_future_and_another_order_of_fields_do_not_matter() {
    for sample in samples() {
        let mut payload = payload_of(&sample);
        payload["from_the_future"] = json!({ "deep": [1, 2] });
        let mut fields: Vec<(String, Value)> = payload.as_object().expect("an object").clone().into_iter().collect();
        fields.reverse();
        let text: Vec<String> = fields.iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
        let reordered = format!("{{ {} }}", text.join(" , "));
        assert_eq!(load(&sample, sample.schema().version(), &reordered).expect("loads"), sample);
    }
}

#[test]
fn an_event_of_a_later_program_is_refused_and_not_half_understood() {
    for sample in samples() {
        let payload = payload_of(&sample).to_string();
        let later = (version_of(&sample) + 1).to_string();
        for version in [later.as_str(), "0", "", "one", "1.5"] {
            let refused = load(&sample, version, &payload);
            assert!(matches!(refused, Err(UnreadableEvent::UnknownVersion { .. })), "{version:?}: {refused:?}");
        }
    }
}

#[test]
fn a_damaged_or_mislabelled_event_is_refused() {
    let sample = &samples()[0];
    for damaged in ["", "{}", "[]", "null", r#"{"type":"room_opened"}"#, r#"{"type":"room_burned"}"#] {
        assert!(matches!(load(sample, "1", damaged), Err(UnreadableEvent::Payload { .. })), "{damaged:?}");
    }
    let other = payload_of(&samples()[1]).to_string();
    assert!(matches!(load(sample, "1", &other), Err(UnreadableEvent::Mislabelled { found: "members_added", .. })));
    let elsewhere = DomainEvent::from_stored(&stream(AggregateKind::User), "room_opened", "1", &other);
    assert!(matches!(elsewhere, Err(UnreadableEvent::Payload { .. })));
}

// ---- what lies beside an event ----

#[test]
fn metadata_reads_back_and_all_of_it_may_be_missing() {
    let command = CommandId(Uuid::from_u128(5));
    let whole = Metadata {
        actor: Some(user("ana")),
        correlation: Some(Uuid::from_u128(6)),
        causation: Some(EventId::of(command, 1)),
        command: Some(command),
        origin: Origin::Import,
    };
    let text = r#"{"actor":"ana","correlation":"00000000-0000-0000-0000-000000000006","causation":"00000000-0000-0000-0000-000000000006","command":"00000000-0000-0000-0000-000000000005","origin":"import"}"#;
    assert_eq!(serde_json::to_string(&whole).expect("JSON"), text);
    assert_eq!(serde_json::from_str::<Metadata>(text).expect("metadata"), whole);
    assert_eq!(serde_json::to_string(&Metadata::default()).expect("JSON"), "{}");
    for theirs in ["{}", r#"{"time":"now"}"#] {
        assert_eq!(serde_json::from_str::<Metadata>(theirs).expect("of another program"), Metadata::default());
    }
}

// ---- the files ----

fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn golden_file(name: &str, version: u32) -> PathBuf {
    golden_folder().join(format!("{name}.{version}.json"))
}

fn version_of(event: &DomainEvent) -> u32 {
    event.schema().version().parse().expect("versions are whole numbers")
}

fn payload_of(event: &DomainEvent) -> Value {
    serde_json::from_str(&event.to_json().expect("JSON")).expect("JSON")
}

/// `payload` as the stored form of an event like `sample`.
fn load(sample: &DomainEvent, version: &str, payload: &str) -> Result<DomainEvent, UnreadableEvent> {
    DomainEvent::from_stored(&stream(sample.kind()), sample.schema().name(), version, payload)
}

fn stream(kind: AggregateKind) -> StreamId {
    StreamId::new(kind, "somewhere")
}
