//! What events are told as: which frame, to whom.
//!
//! Each event is encoded once, if anybody listens. What it says is in `frames` and `wire`, who may hear it in the hub.

use std::sync::Arc;

use aggregates::DomainEvent;
use aggregates::feed::FeedEvent;
use aggregates::ids::{EventId, RoomId, UserId};
use aggregates::notification::{NotificationEvent, NotificationRaised, NotificationType};
use aggregates::participant::ParticipantEvent;
use aggregates::relationship::{Directed, RelationshipEvent};
use aggregates::room::{
    JoinPolicyChanged, MemberRemoved, MemberRoleChanged, MembersAdded, MessageSent, RoomAvatarChanged, RoomEvent,
    RoomRenamed, RoomTurned, SlowModeChanged,
};
use event_log::{Position, PositionToken, RecordedEvent};
use projections::inbox::UserRow;
use serde::Serialize;

use super::following::{People, Tail};
use crate::realtime::frames::Cause;
use crate::realtime::frames::HintData;
use crate::realtime::frames::Joined;
use crate::realtime::frames::encode;
use crate::realtime::frames::{
    self, EventName, MessageHint, NewFollower, NotificationDeleted, NotificationRead, Passage, UserUnfollowed,
};
use crate::realtime::hub::Except;
use crate::realtime::protocol::channel_name::{room_channel, user_channel};
use crate::realtime::replay_buffer::read_mark::ReadMark;
use crate::wire;
use crate::wire::user::display_name;

/// Characters of a message in the hint on a member's own channel.
const HINT_CHARACTERS: usize = 50;

/// Where an event stands, for its frames.
pub(super) struct Place<'a> {
    pub position: Position,
    pub cause: Cause,
    pub token: &'a str,
    /// The socket that asked for it.
    pub except: Except<'a>,
}

impl Tail<'_> {
    pub(super) async fn tell(&mut self, recorded: &RecordedEvent, people: &People) {
        let token = self.inner.token(recorded.position);
        let except = Except { socket: self.inner.skips.socket(recorded.metadata.command), ..Except::default() };
        let place = Place { position: recorded.position, cause: Cause::from(recorded), token: &token, except };
        match &recorded.event {
            DomainEvent::Room(RoomEvent::MessageSent(event)) => self.message_sent(event, &place, people).await,
            DomainEvent::Room(RoomEvent::MembersAdded(event)) => self.members_added(event, &place, people),
            DomainEvent::Room(RoomEvent::MemberRemoved(event)) => self.member_removed(event, &place, people),
            DomainEvent::Room(
                RoomEvent::MemberRoleChanged(MemberRoleChanged { room_id, .. })
                | RoomEvent::RoomRenamed(RoomRenamed { room_id, .. })
                | RoomEvent::RoomAvatarChanged(RoomAvatarChanged { room_id, .. })
                | RoomEvent::JoinPolicyChanged(JoinPolicyChanged { room_id, .. })
                | RoomEvent::SlowModeChanged(SlowModeChanged { room_id, .. })
                | RoomEvent::RoomClosed(RoomTurned { room_id, .. })
                | RoomEvent::RoomReopened(RoomTurned { room_id, .. }),
            ) => self.room_changed(*room_id, recorded.event.schema().name(), &place),
            DomainEvent::Room(RoomEvent::MessageEdited(event)) => self.message_edited(event, &place, people).await,
            DomainEvent::Room(RoomEvent::MessageDeleted(event)) => self.message_deleted(event, &place).await,
            DomainEvent::Room(RoomEvent::ReactionAdded(event)) => self.reacted(event, true, &place).await,
            DomainEvent::Room(RoomEvent::ReactionRemoved(event)) => self.reacted(event, false, &place).await,
            DomainEvent::Room(RoomEvent::MessagePinned(event)) => self.message_pinned(event, true, &place).await,
            DomainEvent::Room(RoomEvent::MessageUnpinned(event)) => self.message_pinned(event, false, &place).await,
            DomainEvent::Participant(ParticipantEvent::MessagesRead(event)) => {
                let mark = ReadMark {
                    up_to: event.up_to,
                    up_to_seq: event.up_to_seq,
                    history_from: self.about(event.room_id, event.up_to_seq).await.history_from,
                    read_at: event.at,
                    position: place.position,
                    except: place.except.socket,
                };
                self.read(event.room_id, &event.user_id, mark, place.cause);
                self.unread([event.user_id.clone()], place.position);
            }
            DomainEvent::Participant(ParticipantEvent::MarkedUnread(event)) => self.marked_unread(event, &place),
            DomainEvent::Participant(ParticipantEvent::MessagesDelivered(event)) => self.delivered(event, &place),
            DomainEvent::Participant(ParticipantEvent::RoomArranged(event)) => self.arranged(event, &place),
            // A follow that a block ended: whoever heard of it would know that they were blocked.
            DomainEvent::Relationship(RelationshipEvent::UserUnfollowed(_)) if follows_from_a_block(recorded) => {}
            DomainEvent::Relationship(event) => self.related(event, &place, people),
            DomainEvent::Notification(event) => self.notified(event, &place, people),
            DomainEvent::Feed(FeedEvent::FeedRead(event)) => {
                let data = NotificationRead { ids: None, all: Some(true), position: place.token };
                self.to_user(&event.user_id, frames::NOTIFICATION_READ, &data, &place);
                self.unread([event.user_id.clone()], place.position);
            }
            // A report is between its reporter and the admins, who ask; what somebody chose is theirs to ask for.
            DomainEvent::Room(RoomEvent::RoomOpened(_))
            | DomainEvent::User(_)
            | DomainEvent::Report(_)
            | DomainEvent::Preferences(_)
            | DomainEvent::Subscription(_) => {}
        }
    }

    async fn message_sent(&mut self, event: &MessageSent, place: &Place<'_>, people: &People) {
        let inner = self.inner;
        let sender = people.get(&event.sender_id).map(Arc::as_ref);
        let channel = room_channel(event.room_id);
        let about = self.about(event.room_id, event.seq).await;
        let cause = place.cause.about(about);
        if inner.wants(&channel) {
            let pair = self.pair(event.room_id).await;
            let receiver = pair.as_ref().map(|(a, b)| if *a == event.sender_id { b } else { a });
            let token = PositionToken { log: inner.log.id(), position: place.position };
            let message = wire::Message::from_event(event, token, sender, receiver);
            inner.announce(&channel, frames::NEW_MESSAGE, &message, Some(cause), place.except);
            // Sending moves the sender's own read position.
            let mark = ReadMark {
                up_to: event.message_id,
                up_to_seq: event.seq,
                history_from: about.history_from,
                read_at: event.at,
                position: place.position,
                except: place.except.socket,
            };
            self.read(event.room_id, &event.sender_id, mark, place.cause);
        }
        let listening = inner.hub.listening_members(event.room_id);
        if listening.is_empty() && !inner.config.keeps_window() {
            return;
        }
        let hint = |muted| {
            let data = MessageHint {
                room_id: event.room_id,
                sender_name: display_name(&event.sender_id, sender),
                content: frames::beginning(event.content.reveal(), HINT_CHARACTERS),
                muted,
                seq: event.seq,
                position: place.token,
            };
            encode(frames::NEW_MESSAGE, &data)
        };
        if inner.config.receipts && !listening.is_empty() {
            self.await_arrival(event, &listening, place).await;
        }
        if let (Some(muted), Some(heard)) = (hint(true), hint(false)) {
            let data = HintData { muted, heard, said_at: event.at };
            let except = Except { user: Some(&event.sender_id), ..place.except };
            inner.hub.publish_to_members(event.room_id, (frames::NEW_MESSAGE.name, &data), cause, except);
        }
        self.unread(listening, place.position);
    }

    /// In a room of two, by the other one.
    async fn await_arrival(&mut self, event: &MessageSent, listening: &[UserId], place: &Place<'_>) {
        let Some((a, b)) = self.pair(event.room_id).await else { return };
        let receiver = if a == event.sender_id { b } else { a };
        if listening.contains(&receiver) {
            let message = (event.message_id, event.seq);
            self.inner.arrivals.told(&receiver, event.room_id, message, place.position);
        }
    }

    fn read(&self, room: RoomId, user: &UserId, mark: ReadMark, cause: Cause) {
        self.inner.hub.mark(room, user, &mark, cause.recorded_at);
        if self.inner.hub.has_listeners(&room_channel(room)) {
            self.inner.reads.offer([((room, user.clone()), mark)]);
        }
    }

    fn members_added(&self, event: &MembersAdded, place: &Place<'_>, people: &People) {
        let joined = Arc::new(Joined::of(event, place.token, people));
        self.inner.hub.publish_joined(&joined, place.cause, place.except);
        self.unread(event.members.iter().map(|member| member.user_id.clone()), place.position);
    }

    fn member_removed(&self, event: &MemberRemoved, place: &Place<'_>, people: &People) {
        let data = Passage {
            room_id: event.room_id,
            user_id: &event.user_id,
            user_name: display_name(&event.user_id, people.get(&event.user_id).map(Arc::as_ref)),
            by: Some(&event.by).filter(|by| **by != event.user_id),
            position: place.token,
        };
        let channel = room_channel(event.room_id);
        self.inner.announce(&channel, frames::USER_LEFT, &data, Some(place.cause), place.except);
        self.unread([event.user_id.clone()], place.position);
    }

    fn related(&self, event: &RelationshipEvent, place: &Place<'_>, people: &People) {
        let person = |id: &UserId| people.get(id).map(|row| &row.person);
        match event {
            RelationshipEvent::UserUnfollowed(Directed { from, to, .. }) => {
                let username = person(from).and_then(|person| person.username.as_deref());
                let data = UserUnfollowed { user_id: from, username, position: place.token };
                self.to_user(to, frames::USER_UNFOLLOWED, &data, place);
            }
            // Of a follow tells the notification, to whoever wants to hear of it; of a block nobody does.
            RelationshipEvent::UserFollowed(_)
            | RelationshipEvent::UserBlocked(_)
            | RelationshipEvent::UserUnblocked(_) => {}
        }
    }

    fn notified(&self, event: &NotificationEvent, place: &Place<'_>, people: &People) {
        let recipient = match event {
            // Of what is not in their feed nobody hears here.
            NotificationEvent::NotificationRaised(event) if !event.is_in_feed() => return,
            NotificationEvent::DeliveryDecided(_)
            | NotificationEvent::AttemptStarted(_)
            | NotificationEvent::AttemptEnded(_)
            | NotificationEvent::NotificationClicked(_)
            | NotificationEvent::NotificationArchived(_)
            | NotificationEvent::NotificationUnarchived(_) => return,
            NotificationEvent::NotificationRaised(event) => {
                let actor = event.actor_id.as_ref().and_then(|actor| people.get(actor)).map(Arc::as_ref);
                self.raised(event, actor, place);
                &event.recipient_id
            }
            NotificationEvent::NotificationDeleted(event) => {
                let data = NotificationDeleted { id: event.notification_id, position: place.token };
                self.to_user(&event.recipient_id, frames::NOTIFICATION_DELETED, &data, place);
                &event.recipient_id
            }
            NotificationEvent::NotificationRead(event) => {
                let data = NotificationRead { ids: Some([event.notification_id]), all: None, position: place.token };
                self.to_user(&event.recipient_id, frames::NOTIFICATION_READ, &data, place);
                &event.recipient_id
            }
            NotificationEvent::NotificationUnread(event) => &event.recipient_id,
        };
        self.unread([recipient.clone()], place.position);
    }

    /// A follower has a frame of their own beside it.
    fn raised(&self, event: &NotificationRaised, actor: Option<&UserRow>, place: &Place<'_>) {
        if let (NotificationType::Follower, Some(user_id)) = (event.kind, &event.actor_id) {
            let person = actor.map(|actor| &actor.person);
            let data = NewFollower {
                user_id,
                name: person.and_then(|person| person.name.as_deref()),
                username: person.and_then(|person| person.username.as_deref()),
                avatar: person.and_then(|person| person.avatar.as_deref()),
                notification_id: event.notification_id,
                position: place.token,
            };
            self.to_user(&event.recipient_id, frames::NEW_FOLLOWER, &data, place);
        }
        let token = PositionToken { log: self.inner.log.id(), position: place.position };
        let data = wire::Notification::from_event(event, token, actor);
        self.to_user(&event.recipient_id, frames::NOTIFICATION, &data, place);
    }

    fn to_user(&self, user: &UserId, event: EventName, data: &impl Serialize, place: &Place<'_>) {
        self.inner.announce(&user_channel(user), event, data, Some(place.cause), place.except);
    }

    /// What waits for these people has changed; shown to those who listen.
    pub(super) fn unread(&self, users: impl IntoIterator<Item = UserId>, position: Position) {
        let listening = users.into_iter().filter(|user| self.inner.hub.has_listeners(&user_channel(user)));
        let changed: Vec<_> = listening.map(|user| (user, position)).collect();
        if !changed.is_empty() {
            self.inner.unread.offer(changed);
        }
    }
}

/// Unfollowing is a command of one event; any other unfollow came second, behind a block.
fn follows_from_a_block(recorded: &RecordedEvent) -> bool {
    recorded.metadata.command.is_some_and(|command| recorded.event_id != EventId::of(command, 0))
}
