//! A room, as one of its members sees it.

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::{HistoryFrom, JoinPolicy};
use projections::inbox::RoomRow;
use schemars::JsonSchema;
use serde::Serialize;

use super::message::TOMBSTONE;
use super::names::{RoleName, RoomKindName};
use super::participant::Participant;

/// `room {id, type, name, ..}`. DIRECT rooms keep name and avatar null.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    pub id: RoomId,
    /// DIRECT, GROUP, MENTOR_STUDENT or SUPPORT.
    #[serde(rename = "type")]
    #[schemars(with = "RoomKindName")]
    pub kind: &'static str,
    pub name: Option<String>,
    pub avatar: Option<String>,
    /// The two of a room of two, sorted; null elsewhere.
    pub user1_id: Option<UserId>,
    pub user2_id: Option<UserId>,
    /// The platform's own group.
    pub group_id: Option<String>,
    pub last_message_at: Option<Timestamp>,
    /// The first 100 characters; of a deleted one, that it was deleted.
    pub last_message: Option<String>,
    /// The seq of the last message, 0 in a room without one.
    pub last_seq: u64,
    /// Not closed.
    pub is_active: bool,
    /// `open` or `invite`.
    pub join_policy: JoinPolicy,
    /// `start` or `join`: from where on a member reads.
    #[schemars(with = "HistoryFrom")]
    pub history_from: &'static str,
    /// Seconds a MEMBER waits between two messages; 0 = none.
    pub slow_mode_seconds: u32,
    /// The asking member's own.
    #[schemars(with = "RoleName")]
    pub role: &'static str,
    /// Both in DIRECT rooms, else the most recently active.
    pub participants: Vec<Participant>,
    /// Everybody, also those that `participants` leaves out.
    pub participant_count: u64,
    pub unread_count: u64,
    pub mention_count: u64,
    pub is_muted: bool,
    /// Null for ever, and where it is not muted.
    pub muted_until: Option<Timestamp>,
    pub is_pinned: bool,
    pub is_archived: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Room {
    pub fn from_row(row: RoomRow, participants: Vec<Participant>, now: Timestamp) -> Self {
        let muted = row.muted.filter(|mute| mute.holds_at(now));
        let (user1_id, user2_id) = row.pair.unzip();
        Self {
            id: row.id,
            kind: row.kind.name(),
            name: row.name,
            avatar: row.avatar,
            user1_id,
            user2_id,
            group_id: row.group_id,
            last_message_at: row.last_message_at,
            last_message: if row.last_deleted { Some(TOMBSTONE.to_owned()) } else { row.last_message },
            last_seq: row.last_seq,
            is_active: !row.closed,
            join_policy: row.join_policy,
            history_from: row.history_from.name(),
            slow_mode_seconds: row.slow_mode_seconds,
            role: row.role.name(),
            participants,
            participant_count: row.participant_count,
            unread_count: row.unread,
            mention_count: row.mentions,
            is_muted: muted.is_some(),
            muted_until: muted.and_then(|mute| mute.until),
            is_pinned: row.pinned,
            is_archived: row.archived,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use aggregates::room::{Role, RoomKind};
    use serde_json::json;
    use uuid::Uuid;

    use super::super::user::tests::user;
    use super::*;

    #[test]
    fn a_direct_room_has_every_field_the_front_end_reads_and_keeps_its_nulls() {
        let row = RoomRow {
            id: RoomId(Uuid::from_u128(1)),
            kind: RoomKind::Direct,
            name: None,
            avatar: None,
            group_id: None,
            pair: Some((user("ana"), user("ben"))),
            last_seq: 0,
            last_message_at: None,
            last_message: None,
            last_deleted: false,
            opened_by: user("ana"),
            closed: false,
            join_policy: JoinPolicy::Open,
            history_from: HistoryFrom::Start,
            slow_mode_seconds: 0,
            role: Role::Member,
            join_seq: 0,
            read_seq: 0,
            mentions: 0,
            muted: None,
            pinned: false,
            archived: false,
            participant_count: 2,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(1),
            unread: 4,
        };
        assert_eq!(
            serde_json::to_value(Room::from_row(row, vec![], Timestamp::from_millis(5))).expect("json"),
            json!({"id": "00000000-0000-0000-0000-000000000001", "type": "DIRECT", "name": null, "avatar": null,
                "user1Id": "ana", "user2Id": "ben", "groupId": null, "lastMessageAt": null, "lastMessage": null,
                "lastSeq": 0, "isActive": true, "joinPolicy": "open", "historyFrom": "start", "slowModeSeconds": 0,
                "role": "MEMBER", "participants": [], "participantCount": 2, "unreadCount": 4,
                "mentionCount": 0, "isMuted": false, "mutedUntil": null, "isPinned": false, "isArchived": false,
                "createdAt": "1970-01-01T00:00:00.000Z", "updatedAt": "1970-01-01T00:00:00.001Z"})
        );
    }
}
