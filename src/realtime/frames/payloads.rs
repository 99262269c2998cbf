//! What the frames of Kabar's own channels say, field by field as the front end reads it (requirements §4).
//!
//! Whole messages and notifications are `wire`'s, the same as in answers. Everything that comes from the log carries its
//! `position`, by which a client that was away asks for what it missed.

use aggregates::Timestamp;
use aggregates::ids::{MessageId, NotificationId, RoomId, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::realtime::protocol::EventData;
use crate::wire::names::PositionText;

/// The name of an event, and the one that older clients bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventName {
    pub name: &'static str,
    pub legacy: Option<&'static str>,
}

impl EventName {
    pub const fn only(name: &'static str) -> Self {
        Self { name, legacy: None }
    }
}

pub const NEW_MESSAGE: EventName = EventName::only("new-message");
pub const MESSAGE_EDITED: EventName = EventName::only("message-edited");
pub const MESSAGE_DELETED: EventName = EventName::only("message-deleted");
pub const MESSAGE_REACTION: EventName = EventName::only("message-reaction");
pub const MESSAGE_PINNED: EventName = EventName::only("message-pinned");
pub const MESSAGE_DELIVERED: EventName = EventName::only("message-delivered");
pub const ROOM_UPDATED: EventName = EventName::only("room-updated");
pub const MESSAGE_READ: EventName = EventName { name: "message-read", legacy: Some("messages-read") };
pub const USER_TYPING: EventName = EventName { name: "user-typing", legacy: Some("typing") };
pub const USER_JOINED: EventName = EventName::only("user-joined");
pub const USER_LEFT: EventName = EventName::only("user-left");
pub const NOTIFICATION: EventName = EventName { name: "notification", legacy: Some("notification-new") };
pub const NOTIFICATION_READ: EventName = EventName::only("notification-read");
pub const NOTIFICATION_DELETED: EventName = EventName::only("notification-deleted");
pub const NEW_FOLLOWER: EventName = EventName::only("new-follower");
pub const USER_UNFOLLOWED: EventName = EventName::only("user-unfollowed");
pub const UNREAD: EventName = EventName::only("unread");
pub const USER_STATUS: EventName = EventName::only("user-status");

/// Names under which an event is sent a second time.
pub const LEGACY_NAMES: [&str; 3] = ["messages-read", "typing", "notification-new"];

/// `new-message` on a member's own channel; the whole message is on the room's.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageHint<'a> {
    pub room_id: RoomId,
    pub sender_name: &'a str,
    /// The first 50 characters.
    pub content: &'a str,
    pub muted: bool,
    pub seq: u64,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRead<'a> {
    pub room_id: RoomId,
    pub user_id: &'a UserId,
    pub up_to: MessageId,
    pub up_to_seq: u64,
    pub read_at: Timestamp,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// Up to where a device of somebody's has everything; in DIRECT rooms.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDelivered<'a> {
    pub room_id: RoomId,
    pub user_id: &'a UserId,
    pub up_to: MessageId,
    pub up_to_seq: u64,
    pub delivered_at: Timestamp,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// `message-deleted`: its place stays.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageGone<'a> {
    pub room_id: RoomId,
    pub message_id: MessageId,
    /// The message's own, as in the next two.
    pub seq: u64,
    pub deleted_by: &'a UserId,
    pub deleted_at: Timestamp,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction<'a> {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub seq: u64,
    pub emoji: &'a str,
    pub user_id: &'a UserId,
    pub added: bool,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePin<'a> {
    pub room_id: RoomId,
    pub message_id: MessageId,
    pub seq: u64,
    pub pinned: bool,
    pub by: &'a UserId,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// Something about the room itself; it is to be asked for anew.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomUpdated<'a> {
    pub room_id: RoomId,
    /// The name of what happened: `room_renamed`, `room_closed` ..
    pub change: &'static str,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserTyping<'a> {
    pub room_id: RoomId,
    pub user_id: &'a UserId,
    pub user_name: &'a str,
    pub is_typing: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStatus<'a> {
    pub user_id: &'a UserId,
    #[schemars(extend("enum" = ["online", "offline"]))]
    pub status: &'static str,
    pub last_seen: Option<Timestamp>,
}

/// `user-joined` and `user-left`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passage<'a> {
    pub room_id: RoomId,
    pub user_id: &'a UserId,
    pub user_name: &'a str,
    /// Who brought or removed them; absent when they did it themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<&'a UserId>,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewFollower<'a> {
    pub user_id: &'a UserId,
    pub name: Option<&'a str>,
    pub username: Option<&'a str>,
    pub avatar: Option<&'a str>,
    pub notification_id: NotificationId,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserUnfollowed<'a> {
    pub user_id: &'a UserId,
    pub username: Option<&'a str>,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// Which entries of the feed are read now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<[NotificationId; 1]>,
    /// `true`, or absent: everything up to now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// An entry of the feed that is there no more.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationDeleted<'a> {
    pub id: NotificationId,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// What waits for somebody, at or after `position`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unread<'a> {
    pub chat: u64,
    pub notifications: u64,
    #[schemars(with = "PositionText")]
    pub position: &'a str,
}

/// The first `characters` of a text.
pub fn beginning(text: &str, characters: usize) -> &str {
    match text.char_indices().nth(characters) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// `data` of this event, encoded once for any number of frames.
pub fn encode(event: EventName, data: &impl Serialize) -> Option<EventData> {
    match EventData::of(data) {
        Ok(data) => Some(data),
        Err(error) => {
            tracing::error!(event = event.name, %error, "a frame cannot be encoded");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn fields_are_called_as_the_front_end_reads_them() {
        let room_id = RoomId(Uuid::from_u128(1));
        let ana = UserId::parse("ana").expect("an id");
        let hint = MessageHint { room_id, sender_name: "Ana", content: "hi", muted: false, seq: 3, position: "x-1" };
        assert_eq!(
            serde_json::to_value(hint).expect("JSON"),
            json!({ "roomId": room_id, "senderName": "Ana", "content": "hi", "muted": false, "seq": 3, "position": "x-1" })
        );
        let left = Passage { room_id, user_id: &ana, user_name: "Ana", by: None, position: "x-1" };
        assert_eq!(
            serde_json::to_value(left).expect("JSON"),
            json!({ "roomId": room_id, "userId": "ana", "userName": "Ana", "position": "x-1" })
        );
        let read = MessageRead {
            room_id,
            user_id: &ana,
            up_to: MessageId(Uuid::from_u128(2)),
            up_to_seq: 7,
            read_at: Timestamp::from_millis(0),
            position: "x-1",
        };
        assert_eq!(
            serde_json::to_value(read).expect("JSON"),
            json!({ "roomId": room_id, "userId": "ana", "upTo": Uuid::from_u128(2), "upToSeq": 7,
                    "readAt": "1970-01-01T00:00:00.000Z", "position": "x-1" })
        );
    }

    /// Read out of this file, so that no list has to be kept.
    #[test]
    fn the_manual_tells_of_every_event_and_of_no_other() {
        let quoted = |text: &'static str| text.split('"').skip(1).step_by(2).map(str::to_owned);
        let constants = include_str!("payloads.rs").lines().filter(|line| line.starts_with("pub const "));
        let constants = constants.filter(|line| line.contains(" EventName = "));
        let mut sent: Vec<String> = constants.flat_map(quoted).collect();
        let rows = include_str!("../../../docs/realtime.md").lines().filter(|line| line.starts_with("| `"));
        // The last table has a second name beside the first; everywhere else the second cell is prose.
        let name = |cell: &'static str| cell.trim().strip_prefix('`')?.strip_suffix('`').filter(|it| !it.contains('`'));
        let names = rows.flat_map(|row| row.split('|').filter_map(name));
        let mut told: Vec<String> = names.map(str::to_owned).collect();
        sent.sort();
        told.sort();
        told.dedup();
        assert!(sent.len() > 10, "{sent:?}");
        assert_eq!(told, sent);
    }

    #[test]
    fn no_second_name_is_left_out_of_the_list() {
        let constants = include_str!("payloads.rs").lines().filter(|line| line.starts_with("pub const "));
        let legacy = constants.filter_map(|line| line.split_once("legacy: Some(\"")?.1.split('"').next());
        assert_eq!(legacy.collect::<Vec<_>>(), LEGACY_NAMES);
    }

    #[test]
    fn a_beginning_is_counted_in_characters() {
        assert_eq!(beginning("éééé", 2), "éé");
        assert_eq!(beginning("ab", 50), "ab");
        assert_eq!(beginning("", 50), "");
    }
}
