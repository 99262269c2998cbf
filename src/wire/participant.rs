//! Somebody's place in a room.

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use projections::inbox::{MemberRow, UserRow};
use serde::Serialize;
use uuid::Uuid;

use super::user::UserCard;

/// `participant {id, roomId, userId, role, lastReadAt, unreadCount, isMuted, isPinned, joinedAt, user}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub id: Uuid,
    pub room_id: RoomId,
    pub user_id: UserId,
    /// OWNER, ADMIN or MEMBER.
    pub role: &'static str,
    pub last_read_at: Option<Timestamp>,
    pub unread_count: u64,
    pub is_muted: bool,
    pub is_pinned: bool,
    pub joined_at: Timestamp,
    pub user: PresentUser,
}

/// `user {id, name, username, avatar, isOnline, lastSeenAt}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresentUser {
    #[serde(flatten)]
    pub card: UserCard,
    pub is_online: bool,
    pub last_seen_at: Option<Timestamp>,
}

impl Participant {
    pub fn from_row(row: &MemberRow, user: Option<&UserRow>) -> Self {
        Self {
            id: participant_id(row.room_id, &row.user_id),
            room_id: row.room_id,
            user_id: row.user_id.clone(),
            role: row.role.name(),
            last_read_at: row.last_read_at,
            unread_count: row.unread,
            is_muted: false,
            is_pinned: false,
            joined_at: row.joined_at,
            user: PresentUser { card: UserCard::of(&row.user_id, user), is_online: false, last_seen_at: None },
        }
    }
}

/// The same person in the same room has the same id, also after a rejoin.
fn participant_id(room: RoomId, user: &UserId) -> Uuid {
    Uuid::new_v5(&room.0, user.as_str().as_bytes())
}

#[cfg(test)]
pub(crate) mod tests {
    use aggregates::room::Role;
    use serde_json::json;

    use super::super::user::tests::{rara, user};
    use super::*;

    pub(crate) fn member(id: &str, read_seq: u64) -> MemberRow {
        MemberRow {
            room_id: RoomId(Uuid::from_u128(1)),
            user_id: user(id),
            role: Role::Owner,
            joined_at: Timestamp::from_millis(0),
            read_seq,
            join_seq: 0,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            last_read_at: (read_seq > 0).then(|| Timestamp::from_millis(5_000)),
            unread: 3,
        }
    }

    #[test]
    fn a_participant_has_every_field_the_front_end_reads() {
        let shown = Participant::from_row(&member("rara", 0), Some(&rara()));
        assert_eq!(
            serde_json::to_value(&shown).expect("json"),
            json!({"id": shown.id, "roomId": "00000000-0000-0000-0000-000000000001", "userId": "rara",
                "role": "OWNER", "lastReadAt": null, "unreadCount": 3, "isMuted": false, "isPinned": false,
                "joinedAt": "1970-01-01T00:00:00.000Z",
                "user": {"id": "rara", "name": "Rara Putri", "username": "rara.p", "avatar": null,
                    "isOnline": false, "lastSeenAt": null}})
        );
    }
}
