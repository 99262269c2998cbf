//! Somebody's place in a room.

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use projections::inbox::{MemberRow, UserRow};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::names::RoleName;
use super::user::UserCard;

/// `participant {id, roomId, userId, role, lastReadAt, unreadCount, isMuted, isPinned, joinedAt, user}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub id: Uuid,
    pub room_id: RoomId,
    pub user_id: UserId,
    /// OWNER, ADMIN or MEMBER.
    #[schemars(with = "RoleName")]
    pub role: &'static str,
    /// Null across a block.
    pub last_read_at: Option<Timestamp>,
    /// 0 across a block.
    pub unread_count: u64,
    pub is_muted: bool,
    pub is_pinned: bool,
    pub joined_at: Timestamp,
    pub user: PresentUser,
}

/// `user {id, name, username, avatar, isOnline, lastSeenAt}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresentUser {
    #[serde(flatten)]
    pub card: UserCard,
    pub is_online: bool,
    pub last_seen_at: Option<Timestamp>,
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub user: &'a UserId,
    pub now: Timestamp,
}

impl Participant {
    /// Whether a room is muted or pinned is nobody's business but the member's own: `asking` sees only theirs.
    pub fn from_row(row: &MemberRow, user: Option<&UserRow>, asking: Asking<'_>) -> Self {
        let own = row.user_id == *asking.user;
        Self {
            id: participant_id(row.room_id, &row.user_id),
            room_id: row.room_id,
            user_id: row.user_id.clone(),
            role: row.role.name(),
            last_read_at: row.last_read_at,
            unread_count: row.unread,
            is_muted: own && row.muted.is_some_and(|mute| mute.holds_at(asking.now)),
            is_pinned: own && row.pinned,
            joined_at: row.joined_at,
            user: PresentUser { card: UserCard::of(&row.user_id, user), is_online: false, last_seen_at: None },
        }
    }
}

impl Participant {
    /// How far they have come is not for whoever looks.
    pub fn keep_places(&mut self) {
        (self.last_read_at, self.unread_count) = (None, 0);
    }
}

/// The same person in the same room has the same id, also after a rejoin.
fn participant_id(room: RoomId, user: &UserId) -> Uuid {
    Uuid::new_v5(&room.0, user.as_str().as_bytes())
}

#[cfg(test)]
pub(crate) mod tests {
    use aggregates::room::Role;
    use projections::inbox::Mute;
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
            seen_seq: read_seq,
            join_seq: 0,
            delivered_seq: 0,
            delivered_at: None,
            muted: None,
            pinned: false,
            last_read_at: (read_seq > 0).then(|| Timestamp::from_millis(5_000)),
            unread: 3,
        }
    }

    fn noon() -> Timestamp {
        Timestamp::from_millis(10_000)
    }

    #[test]
    fn a_mute_is_shown_to_whoever_set_it_and_only_while_it_holds() {
        let until = |millis| Some(Mute { until: Some(Timestamp::from_millis(millis)) });
        let muted = |muted, asking: &str| {
            let row = MemberRow { muted, pinned: true, ..member("rara", 0) };
            let shown = Participant::from_row(&row, None, Asking { user: &user(asking), now: noon() });
            (shown.is_muted, shown.is_pinned)
        };
        assert_eq!(muted(until(10_001), "rara"), (true, true));
        assert_eq!(muted(Some(Mute { until: None }), "rara"), (true, true));
        assert_eq!(muted(until(10_000), "rara"), (false, true));
        assert_eq!(muted(until(10_001), "ben"), (false, false));
    }

    #[test]
    fn a_participant_has_every_field_the_front_end_reads() {
        let shown =
            Participant::from_row(&member("rara", 0), Some(&rara()), Asking { user: &user("rara"), now: noon() });
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
