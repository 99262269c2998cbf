//! Who and what the golden files are about.

use aggregates::ids::{CommandId, MessageId, NotificationId, ReportId, RoomId, TargetId, UserId};
use aggregates::notification::{NotificationMarked, NotificationType};
use aggregates::participant::{Arrangement, RoomArranged};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::quiet_hours::{QuietHours, TimeOfDay};
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::relationship::Directed;
use aggregates::report::Subject;
use aggregates::room::{Emoji, MessagePinned, Reacted, RoomTurned};
use aggregates::subscription::{Topic, TopicKind};
use aggregates::user::{Profile, UserRole};
use aggregates::{KeyId, Sealed, Timestamp};
use uuid::Uuid;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

pub fn room_id() -> RoomId {
    RoomId(Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001))
}

pub fn message_id(number: u128) -> MessageId {
    MessageId::from_command(CommandId(Uuid::from_u128(number)))
}

pub fn notification_id() -> NotificationId {
    NotificationId::of("a cause", &user("ben"))
}

pub fn report_id() -> ReportId {
    let subject = Subject::Message { room_id: room_id(), message_id: message_id(2), author_id: user("cici") };
    ReportId::of(&user("ana"), &subject)
}

pub fn turned() -> RoomTurned {
    RoomTurned { room_id: room_id(), by: user("ana"), at: noon() }
}

pub fn reacted() -> Reacted {
    Reacted {
        room_id: room_id(),
        message_id: message_id(2),
        seq: 42,
        user_id: user("ben"),
        emoji: Emoji::parse("👋").expect("an emoji"),
        at: noon(),
    }
}

pub fn pinned() -> MessagePinned {
    MessagePinned { room_id: room_id(), message_id: message_id(2), seq: 42, by: user("ana"), at: noon() }
}

pub fn arranged(arrangement: Arrangement) -> RoomArranged {
    RoomArranged { room_id: room_id(), user_id: user("ana"), arrangement, at: noon() }
}

pub fn directed() -> Directed {
    Directed { from: user("ana"), to: user("ben"), at: noon() }
}

pub fn marked() -> NotificationMarked {
    NotificationMarked { notification_id: notification_id(), recipient_id: user("ben"), at: noon() }
}

pub fn profile() -> Profile {
    Profile {
        name: Some(sealed("Ana Putri")),
        username: Some(sealed("ana")),
        avatar: Some(sealed("https://cdn.example/ana.png")),
        email: Some(sealed("ana@example.org")),
        phone: Some(sealed("+6281100000000")),
        role: Some(UserRole::MemberPremium),
        ..Profile::default()
    }
}

/// Nothing as it is for whoever chose nothing.
pub fn settings() -> Settings {
    Settings {
        channels: Channels::of(&[Channel::InApp, Channel::WhatsApp]),
        off: [TypeGroup::Chat, TypeGroup::Affiliate].into(),
        matrix: [(NotificationType::CommentReply, [(Channel::Push, true), (Channel::Email, false)].into())].into(),
        quiet_hours: QuietHours {
            enabled: true,
            start: TimeOfDay::from_minutes(21 * 60 + 30),
            end: TimeOfDay::from_minutes(5 * 60),
        },
        time_zone: Some("Asia/Makassar".to_owned()),
        locale: Some("en".to_owned()),
    }
}

pub fn topic() -> Topic {
    Topic { kind: TopicKind::Course, target_id: TargetId::parse("course-9").expect("an id") }
}

/// Words as the log has them: sealed. What stands for the ciphertext here says which words it stands for.
pub fn sealed(words: &str) -> Sealed {
    let ciphertext: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
    Sealed::from_stored(Sealed::compose(key(), &ciphertext))
}

pub fn key() -> KeyId {
    KeyId::parse("Zm9yLWV4YW1wbGUtb25seQ").expect("a key id")
}

pub fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00.000Z").expect("a moment")
}
