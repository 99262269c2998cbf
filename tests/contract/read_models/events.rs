//! Events, said shortly.

use aggregates::feed::{FeedEvent, FeedRead};
use aggregates::ids::{GroupId, MessageId, NotificationId, ReportId, RoomId, TargetId};
use aggregates::notification::{NotificationEvent, NotificationMarked, NotificationRaised, NotificationType, Source};
use aggregates::participant::{
    Arrangement, MarkedUnread, MessagesDelivered, MessagesRead, ParticipantEvent, RoomArranged,
};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::related::Related;
use aggregates::policy::settings::Settings;
use aggregates::preferences::{PreferencesChanged, PreferencesEvent};
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::report::{ReportEvent, ReportFiled, ReportResolved, Resolution, Subject};
use aggregates::room::{
    Emoji, Forwarded, HistoryFrom, JoinPolicy, MemberRemoved, MemberRoleChanged, MembersAdded, MessageDeleted,
    MessageEdited, MessageKind, MessagePinned, MessageSent, NewMember, Reacted, Role, RoomAvatarChanged, RoomEvent,
    RoomKind, RoomOpened, RoomRenamed, RoomTurned,
};
use aggregates::subscription::{Subscribed, SubscriptionEvent, Topic, TopicKind, Unsubscribed, Why};
use aggregates::user::{Profile, ProfileChanged, UserErased, UserEvent, UserRegistered, UserRole};
use aggregates::{DomainEvent, Sealed};
use event_log::Position;
use uuid::Uuid;

use crate::read_models::world::{at, user};

pub fn message_id(room: RoomId, seq: u64) -> MessageId {
    MessageId(Uuid::from_u128(room.0.as_u128() * 1_000_000 + u128::from(seq)))
}

pub fn notification_id(number: u128) -> NotificationId {
    NotificationId(Uuid::from_u128(number))
}

pub fn opened(nth: i64, room_id: RoomId, kind: RoomKind, name: Option<&str>, members: &[&str]) -> DomainEvent {
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened {
        room_id,
        kind,
        opened_by: user(members[0]),
        members: members.iter().map(|member| NewMember { user_id: user(member), role: Role::Member }).collect(),
        name: name.map(Sealed::new),
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Open,
        history_from: HistoryFrom::Start,
        at: at(nth),
    }))
}

/// A room of one of the platform's groups.
pub fn opened_in(nth: i64, group: &str, room_id: RoomId, members: &[&str]) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::RoomOpened(event)) = opened(nth, room_id, RoomKind::Group, Some("Kelas"), members)
    else {
        unreachable!("it was made as one")
    };
    DomainEvent::Room(RoomEvent::RoomOpened(RoomOpened { group_id: GroupId::parse(group).ok(), ..event }))
}

/// Whoever comes in reads what is said from then on.
pub fn from_join(mut event: DomainEvent) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::RoomOpened(opened)) = &mut event else { panic!("an opening") };
    opened.history_from = HistoryFrom::Join;
    event
}

pub fn added(nth: i64, room_id: RoomId, members: &[&str], join_seq: u64) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MembersAdded(MembersAdded {
        room_id,
        members: members.iter().map(|member| NewMember { user_id: user(member), role: Role::Member }).collect(),
        by: user(members[0]),
        join_seq,
        at: at(nth),
    }))
}

pub fn removed(nth: i64, room_id: RoomId, member: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MemberRemoved(MemberRemoved {
        room_id,
        user_id: user(member),
        by: user(member),
        at: at(nth),
    }))
}

pub fn role(nth: i64, room_id: RoomId, member: &str, role: Role) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MemberRoleChanged(MemberRoleChanged {
        room_id,
        user_id: user(member),
        role,
        by: None,
        at: at(nth),
    }))
}

pub fn sent(nth: i64, room_id: RoomId, seq: u64, sender: &str, words: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageSent(MessageSent {
        room_id,
        message_id: message_id(room_id, seq),
        seq,
        sender_id: user(sender),
        kind: MessageKind::Text,
        content: Sealed::new(words),
        attachment: None,
        reply_to: None,
        mentions: vec![],
        mentions_all: false,
        forwarded: None,
        client_message_id: None,
        at: at(nth),
    }))
}

/// Naming people; `all` names everybody.
pub fn naming(mut event: DomainEvent, mentions: &[&str], all: bool) -> DomainEvent {
    match &mut event {
        DomainEvent::Room(RoomEvent::MessageSent(event)) => {
            (event.mentions, event.mentions_all) = (mentions.iter().map(|name| user(name)).collect(), all);
        }
        DomainEvent::Room(RoomEvent::MessageEdited(event)) => {
            (event.mentions, event.mentions_all) = (mentions.iter().map(|name| user(name)).collect(), all);
        }
        other => panic!("{other:?} names nobody"),
    }
    event
}

pub fn answering(mut event: DomainEvent, target: MessageId) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event else { panic!("a message") };
    message.reply_to = Some(target);
    event
}

/// With words of `author`, who said them in `room`.
pub fn forwarding(mut event: DomainEvent, room_id: RoomId, seq: u64, author: &str) -> DomainEvent {
    let DomainEvent::Room(RoomEvent::MessageSent(message)) = &mut event else { panic!("a message") };
    message.forwarded = Some(Forwarded { room_id, message_id: message_id(room_id, seq), author_id: user(author) });
    event
}

pub fn edited(nth: i64, room_id: RoomId, seq: u64, sender: &str, words: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageEdited(MessageEdited {
        room_id,
        message_id: message_id(room_id, seq),
        seq,
        sender_id: user(sender),
        content: Sealed::new(words),
        mentions: vec![],
        mentions_all: false,
        at: at(nth),
    }))
}

pub fn deleted(nth: i64, room_id: RoomId, seq: u64, sender: &str, by: &str) -> DomainEvent {
    DomainEvent::Room(RoomEvent::MessageDeleted(MessageDeleted {
        room_id,
        message_id: message_id(room_id, seq),
        seq,
        sender_id: user(sender),
        by: user(by),
        at: at(nth),
    }))
}

pub fn reacted(nth: i64, room_id: RoomId, seq: u64, who: &str, emoji: &str, on: bool) -> DomainEvent {
    let reacted = Reacted {
        room_id,
        message_id: message_id(room_id, seq),
        seq,
        user_id: user(who),
        emoji: Emoji::parse(emoji).expect("an emoji"),
        at: at(nth),
    };
    DomainEvent::Room(if on { RoomEvent::ReactionAdded(reacted) } else { RoomEvent::ReactionRemoved(reacted) })
}

pub fn pinned(nth: i64, room_id: RoomId, seq: u64, by: &str, on: bool) -> DomainEvent {
    let pinned = MessagePinned { room_id, message_id: message_id(room_id, seq), seq, by: user(by), at: at(nth) };
    DomainEvent::Room(if on { RoomEvent::MessagePinned(pinned) } else { RoomEvent::MessageUnpinned(pinned) })
}

pub fn named(nth: i64, room_id: RoomId, by: &str, name: &str) -> DomainEvent {
    let name = Some(Sealed::new(name));
    DomainEvent::Room(RoomEvent::RoomRenamed(RoomRenamed { room_id, name, by: user(by), at: at(nth) }))
}

pub fn pictured(nth: i64, room_id: RoomId, by: &str, avatar: &str) -> DomainEvent {
    let avatar = Some(Sealed::new(avatar));
    DomainEvent::Room(RoomEvent::RoomAvatarChanged(RoomAvatarChanged { room_id, avatar, by: user(by), at: at(nth) }))
}

pub fn turned(nth: i64, room_id: RoomId, by: &str, wrap: fn(RoomTurned) -> RoomEvent) -> DomainEvent {
    DomainEvent::Room(wrap(RoomTurned { room_id, by: user(by), at: at(nth) }))
}

pub fn unread_again(nth: i64, room_id: RoomId, reader: &str, read_seq: u64) -> DomainEvent {
    let user_id = user(reader);
    DomainEvent::Participant(ParticipantEvent::MarkedUnread(MarkedUnread { room_id, user_id, read_seq, at: at(nth) }))
}

pub fn delivered(nth: i64, room_id: RoomId, reader: &str, up_to_seq: u64) -> DomainEvent {
    DomainEvent::Participant(ParticipantEvent::MessagesDelivered(MessagesDelivered {
        room_id,
        user_id: user(reader),
        up_to_seq,
        up_to: message_id(room_id, up_to_seq),
        at: at(nth),
    }))
}

pub fn arranged(nth: i64, room_id: RoomId, who: &str, arrangement: Arrangement) -> DomainEvent {
    let user_id = user(who);
    DomainEvent::Participant(ParticipantEvent::RoomArranged(RoomArranged {
        room_id,
        user_id,
        arrangement,
        at: at(nth),
    }))
}

pub fn read(nth: i64, room_id: RoomId, reader: &str, up_to_seq: u64) -> DomainEvent {
    DomainEvent::Participant(ParticipantEvent::MessagesRead(MessagesRead {
        room_id,
        user_id: user(reader),
        up_to_seq,
        up_to: message_id(room_id, up_to_seq),
        at: at(nth),
    }))
}

pub fn relation(nth: i64, from: &str, to: &str, wrap: fn(Directed) -> RelationshipEvent) -> DomainEvent {
    DomainEvent::Relationship(wrap(Directed { from: user(from), to: user(to), at: at(nth) }))
}

pub fn registered(nth: i64, name: &str, shown_as: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::UserRegistered(UserRegistered {
        user_id: user(name),
        profile: profile(shown_as),
        at: at(nth),
    }))
}

pub fn renamed(nth: i64, name: &str, shown_as: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::ProfileChanged(ProfileChanged {
        user_id: user(name),
        profile: profile(shown_as),
        at: at(nth),
    }))
}

/// Without a word about keys: whoever reads it can still read what they said.
pub fn erased(nth: i64, name: &str) -> DomainEvent {
    DomainEvent::User(UserEvent::UserErased(UserErased { user_id: user(name), keys: vec![], at: at(nth) }))
}

fn profile(shown_as: &str) -> Profile {
    Profile {
        name: Some(Sealed::new(shown_as)),
        username: Some(Sealed::new(format!("{}_", shown_as.to_uppercase()))),
        avatar: None,
        email: Some(Sealed::new(format!("{shown_as}@example.com"))),
        phone: None,
        role: Some(UserRole::MemberFree),
        ..Profile::default()
    }
}

pub fn raised(nth: i64, number: u128, recipient: &str, kind: NotificationType) -> DomainEvent {
    DomainEvent::Notification(NotificationEvent::NotificationRaised(NotificationRaised {
        notification_id: notification_id(number),
        recipient_id: user(recipient),
        kind,
        actor_id: Some(user("someone")),
        source: Source { kind: "user".to_owned(), id: "someone".to_owned() },
        related: Related::default(),
        content: None,
        channels: None,
        critical: false,
        topic: None,
        room_id: None,
        locale: None,
        erased_before: 0,
        in_app: None,
        at: at(nth),
    }))
}

pub fn marked(nth: i64, number: u128, recipient: &str, read: bool) -> DomainEvent {
    noted(
        nth,
        number,
        recipient,
        if read { NotificationEvent::NotificationRead } else { NotificationEvent::NotificationUnread },
    )
}

/// Any mark on a notification.
pub fn noted(
    nth: i64,
    number: u128,
    recipient: &str,
    mark: fn(NotificationMarked) -> NotificationEvent,
) -> DomainEvent {
    let (notification_id, recipient_id) = (notification_id(number), user(recipient));
    DomainEvent::Notification(mark(NotificationMarked { notification_id, recipient_id, at: at(nth) }))
}

pub fn feed_read(nth: i64, recipient: &str, up_to: Position) -> DomainEvent {
    DomainEvent::Feed(FeedEvent::FeedRead(FeedRead { user_id: user(recipient), up_to: up_to.0, at: at(nth) }))
}

pub fn about_user(name: &str) -> Subject {
    Subject::User { user_id: user(name) }
}

pub fn about_message(room_id: RoomId, seq: u64, sender: &str) -> Subject {
    Subject::Message { room_id, message_id: message_id(room_id, seq), author_id: user(sender) }
}

pub fn filed(nth: i64, reporter: &str, subject: Subject, reason: &str) -> DomainEvent {
    let (reporter_id, reason) = (user(reporter), Sealed::new(reason));
    let report_id = ReportId::of(&reporter_id, &subject);
    DomainEvent::Report(ReportEvent::ReportFiled(ReportFiled { report_id, reporter_id, subject, reason, at: at(nth) }))
}

pub fn resolved(nth: i64, report_id: ReportId, resolution: Resolution, by: &str, note: &str) -> DomainEvent {
    let (by, note) = (user(by), Some(Sealed::new(note)));
    DomainEvent::Report(ReportEvent::ReportResolved(ReportResolved { report_id, resolution, by, note, at: at(nth) }))
}

pub fn chose(nth: i64, who: &str, settings: Settings) -> DomainEvent {
    let changed = PreferencesChanged { user_id: user(who), settings, erased_before: 0, at: at(nth) };
    DomainEvent::Preferences(PreferencesEvent::PreferencesChanged(changed))
}

pub fn course(id: &str) -> Topic {
    Topic { kind: TopicKind::Course, target_id: TargetId::parse(id).expect("an id") }
}

pub fn subscribed(nth: i64, who: &str, topic: Topic, channels: &[Channel], auto: bool) -> DomainEvent {
    let channels = Channels::of(channels);
    let subscribed = Subscribed { user_id: user(who), topic, channels, auto, erased_before: 0, at: at(nth) };
    DomainEvent::Subscription(SubscriptionEvent::Subscribed(subscribed))
}

pub fn unsubscribed(nth: i64, who: &str, topic: Topic) -> DomainEvent {
    let unsubscribed = Unsubscribed { user_id: user(who), topic, why: Why::Asked, erased_before: 0, at: at(nth) };
    DomainEvent::Subscription(SubscriptionEvent::Unsubscribed(unsubscribed))
}
