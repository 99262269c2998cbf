//! Whom an event concerns, asked before anything of it is rendered.

use aggregates::DomainEvent;
use aggregates::feed::FeedEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::notification::NotificationEvent;
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::RelationshipEvent;
use aggregates::room::{
    JoinPolicyChanged, MemberRoleChanged, MessageDeleted, MessageEdited, MessagePinned, Reacted, RoomAvatarChanged,
    RoomEvent, RoomRenamed, RoomTurned, SlowModeChanged,
};
use event_log::RecordedEvent;

use crate::realtime::hub::Interest;

/// Whether anybody listens to what this event would be told as.
pub(super) fn wants(interest: &Interest<'_>, recorded: &RecordedEvent) -> bool {
    match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(event)) => interest.in_room(event.room_id),
        DomainEvent::Room(RoomEvent::MembersAdded(event)) => {
            interest.in_room_channel(event.room_id)
                || event.members.iter().any(|member| interest.in_user(&member.user_id))
        }
        DomainEvent::Room(RoomEvent::MemberRemoved(event)) => {
            interest.in_room_channel(event.room_id) || interest.in_user(&event.user_id)
        }
        // What was unread may be one less: that concerns members who do not have the room open, too.
        DomainEvent::Room(RoomEvent::MessageDeleted(event)) => interest.in_room(event.room_id),
        DomainEvent::Room(
            RoomEvent::MemberRoleChanged(MemberRoleChanged { room_id, .. })
            | RoomEvent::RoomRenamed(RoomRenamed { room_id, .. })
            | RoomEvent::RoomAvatarChanged(RoomAvatarChanged { room_id, .. })
            | RoomEvent::JoinPolicyChanged(JoinPolicyChanged { room_id, .. })
            | RoomEvent::SlowModeChanged(SlowModeChanged { room_id, .. })
            | RoomEvent::RoomClosed(RoomTurned { room_id, .. })
            | RoomEvent::RoomReopened(RoomTurned { room_id, .. })
            | RoomEvent::MessageEdited(MessageEdited { room_id, .. })
            | RoomEvent::ReactionAdded(Reacted { room_id, .. })
            | RoomEvent::ReactionRemoved(Reacted { room_id, .. })
            | RoomEvent::MessagePinned(MessagePinned { room_id, .. })
            | RoomEvent::MessageUnpinned(MessagePinned { room_id, .. }),
        ) => interest.in_room_channel(*room_id),
        DomainEvent::Room(RoomEvent::RoomOpened(_))
        | DomainEvent::User(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => false,
        DomainEvent::Participant(ParticipantEvent::MessagesRead(event)) => {
            interest.in_room_channel(event.room_id) || interest.in_user(&event.user_id)
        }
        DomainEvent::Participant(ParticipantEvent::MessagesDelivered(event)) => interest.in_room_channel(event.room_id),
        DomainEvent::Participant(ParticipantEvent::MarkedUnread(event)) => interest.in_user(&event.user_id),
        DomainEvent::Participant(ParticipantEvent::RoomArranged(event)) => interest.in_user(&event.user_id),
        // Of a follow tells the notification, to whoever wants to hear of it.
        DomainEvent::Relationship(RelationshipEvent::UserUnfollowed(event)) => interest.in_user(&event.to),
        DomainEvent::Relationship(
            RelationshipEvent::UserFollowed(_)
            | RelationshipEvent::UserBlocked(_)
            | RelationshipEvent::UserUnblocked(_),
        ) => false,
        DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => {
            event.is_in_feed() && interest.in_user(&event.recipient_id)
        }
        // What a provider carries is no news for a socket, and what only its own front end shows needs no second one.
        DomainEvent::Notification(
            NotificationEvent::DeliveryDecided(_)
            | NotificationEvent::AttemptStarted(_)
            | NotificationEvent::AttemptEnded(_)
            | NotificationEvent::NotificationClicked(_)
            | NotificationEvent::NotificationArchived(_)
            | NotificationEvent::NotificationUnarchived(_),
        ) => false,
        DomainEvent::Notification(
            NotificationEvent::NotificationRead(event)
            | NotificationEvent::NotificationUnread(event)
            | NotificationEvent::NotificationDeleted(event),
        ) => interest.in_user(&event.recipient_id),
        DomainEvent::Feed(FeedEvent::FeedRead(event)) => interest.in_user(&event.user_id),
    }
}

/// The room that somebody who is connected comes into.
pub(super) fn entrance(interest: &Interest<'_>, recorded: &RecordedEvent) -> Option<RoomId> {
    let (room, members) = if let DomainEvent::Room(RoomEvent::RoomOpened(event)) = &recorded.event {
        (event.room_id, &event.members)
    } else if let DomainEvent::Room(RoomEvent::MembersAdded(event)) = &recorded.event {
        (event.room_id, &event.members)
    } else {
        return None;
    };
    members.iter().any(|member| interest.in_user(&member.user_id)).then_some(room)
}

pub(super) fn room_of_message(recorded: &RecordedEvent) -> Option<RoomId> {
    if let DomainEvent::Room(RoomEvent::MessageSent(event)) = &recorded.event { Some(event.room_id) } else { None }
}

/// The room of what became of a message.
pub(super) fn room_of_change(recorded: &RecordedEvent) -> Option<RoomId> {
    let DomainEvent::Room(
        RoomEvent::MessageEdited(MessageEdited { room_id, .. })
        | RoomEvent::MessageDeleted(MessageDeleted { room_id, .. })
        | RoomEvent::ReactionAdded(Reacted { room_id, .. })
        | RoomEvent::ReactionRemoved(Reacted { room_id, .. })
        | RoomEvent::MessagePinned(MessagePinned { room_id, .. })
        | RoomEvent::MessageUnpinned(MessagePinned { room_id, .. }),
    ) = &recorded.event
    else {
        return None;
    };
    Some(*room_id)
}

/// The room of what somebody has read.
pub(super) fn room_of_reading(recorded: &RecordedEvent) -> Option<RoomId> {
    let DomainEvent::Participant(ParticipantEvent::MessagesRead(event)) = &recorded.event else { return None };
    Some(event.room_id)
}

/// Whose names its frames show.
pub(super) fn named(recorded: &RecordedEvent) -> Vec<&UserId> {
    match &recorded.event {
        DomainEvent::Room(RoomEvent::MessageSent(event)) => vec![&event.sender_id],
        DomainEvent::Room(RoomEvent::MessageEdited(event)) => vec![&event.sender_id],
        DomainEvent::Room(RoomEvent::MembersAdded(event)) => {
            event.members.iter().map(|member| &member.user_id).collect()
        }
        DomainEvent::Room(RoomEvent::MemberRemoved(event)) => vec![&event.user_id],
        DomainEvent::Relationship(RelationshipEvent::UserUnfollowed(event)) => vec![&event.from],
        DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => event.actor_id.iter().collect(),
        DomainEvent::Room(
            RoomEvent::RoomOpened(_)
            | RoomEvent::MemberRoleChanged(_)
            | RoomEvent::RoomRenamed(_)
            | RoomEvent::RoomAvatarChanged(_)
            | RoomEvent::JoinPolicyChanged(_)
            | RoomEvent::SlowModeChanged(_)
            | RoomEvent::RoomClosed(_)
            | RoomEvent::RoomReopened(_)
            | RoomEvent::MessageDeleted(_)
            | RoomEvent::ReactionAdded(_)
            | RoomEvent::ReactionRemoved(_)
            | RoomEvent::MessagePinned(_)
            | RoomEvent::MessageUnpinned(_),
        )
        | DomainEvent::Participant(_)
        | DomainEvent::Relationship(
            RelationshipEvent::UserFollowed(_)
            | RelationshipEvent::UserBlocked(_)
            | RelationshipEvent::UserUnblocked(_),
        )
        | DomainEvent::Notification(
            NotificationEvent::DeliveryDecided(_)
            | NotificationEvent::AttemptStarted(_)
            | NotificationEvent::AttemptEnded(_)
            | NotificationEvent::NotificationRead(_)
            | NotificationEvent::NotificationUnread(_)
            | NotificationEvent::NotificationClicked(_)
            | NotificationEvent::NotificationArchived(_)
            | NotificationEvent::NotificationUnarchived(_)
            | NotificationEvent::NotificationDeleted(_),
        )
        | DomainEvent::Feed(_)
        | DomainEvent::User(_)
        | DomainEvent::Report(_)
        | DomainEvent::Preferences(_)
        | DomainEvent::Subscription(_) => vec![],
    }
}
