//! People, as others see them: never an e-mail address or a telephone number.

use aggregates::Timestamp;
use aggregates::ids::UserId;
use projections::inbox::{BlockRow, FollowRow, Person, UserRow};
use schemars::JsonSchema;
use serde::Serialize;

/// `sender {id, name, username, avatar}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserCard {
    pub id: UserId,
    pub name: Option<String>,
    pub username: Option<String>,
    pub avatar: Option<String>,
}

impl UserCard {
    /// Somebody the directory does not know (yet) has an id and nothing else.
    pub fn of(id: &UserId, row: Option<&UserRow>) -> Self {
        let Some(UserRow { person, .. }) = row else {
            return Self { id: id.clone(), name: None, username: None, avatar: None };
        };
        Self {
            id: id.clone(),
            name: person.name.clone(),
            username: person.username.clone(),
            avatar: person.avatar.clone(),
        }
    }
}

/// What to call somebody in a sentence: their name, else their username, else their id.
pub fn display_name<'a>(id: &'a UserId, row: Option<&'a UserRow>) -> &'a str {
    let person = row.map(|row| &row.person);
    person.and_then(|person| person.name.as_deref().or(person.username.as_deref())).unwrap_or_else(|| id.as_str())
}

/// One line of `GET /api/users/{id}/followers` and `/following`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FollowUser {
    #[serde(flatten)]
    pub card: UserCard,
    /// Whether the one who asks follows them.
    pub is_following: bool,
    pub followed_at: Timestamp,
}

impl FollowUser {
    pub fn from_row(row: &FollowRow, user: Option<&UserRow>) -> Self {
        Self { card: UserCard::of(&row.user_id, user), is_following: row.is_following, followed_at: row.followed_at }
    }
}

/// `GET /api/users/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserProfile {
    #[serde(flatten)]
    pub card: UserCard,
    pub is_online: bool,
    pub last_seen_at: Option<Timestamp>,
    pub followers_count: u64,
    pub following_count: u64,
    /// Whether the one who asks follows them.
    pub is_following: bool,
    /// Whether they follow the one who asks.
    pub is_followed_by: bool,
}

/// `GET /api/users/me`: oneself, and so with what nobody else is shown.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnProfile {
    #[serde(flatten)]
    pub card: UserCard,
    pub email: Option<String>,
    /// As the platform says it: ADMIN, MENTOR, AFFILIATE, MEMBER_PREMIUM or MEMBER_FREE.
    pub role: Option<String>,
    /// id or en.
    pub locale: Option<String>,
    /// Of the IANA database, as in `Asia/Jakarta`.
    pub time_zone: Option<String>,
    pub followers_count: u64,
    pub following_count: u64,
}

impl OwnProfile {
    pub fn of(row: UserRow, (followers_count, following_count): (u64, u64)) -> Self {
        let card = UserCard::of(&row.id, Some(&row));
        let Person { name: _, username: _, avatar: _, email, role, locale, time_zone } = row.person;
        Self { card, email, role, locale, time_zone, followers_count, following_count }
    }
}

/// One line of `GET /api/users/blocked`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedUser {
    #[serde(flatten)]
    pub card: UserCard,
    pub blocked_at: Timestamp,
}

impl BlockedUser {
    pub fn from_row(row: &BlockRow, user: Option<&UserRow>) -> Self {
        Self { card: UserCard::of(&row.user_id, user), blocked_at: row.blocked_at }
    }
}

/// What the platform is told of an entry that it put: with the address, for it came from there.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DirectoryEntry {
    #[serde(flatten)]
    pub card: UserCard,
    pub email: Option<String>,
    pub role: Option<String>,
}

impl DirectoryEntry {
    pub fn of(id: &UserId, row: Option<&UserRow>) -> Self {
        let person = row.map(|row| row.person.clone()).unwrap_or_default();
        Self { card: UserCard::of(id, row), email: person.email, role: person.role }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn user(id: &str) -> UserId {
        UserId::parse(id).expect("a valid id")
    }

    pub(crate) fn rara() -> UserRow {
        UserRow {
            id: user("rara"),
            person: Person {
                name: Some("Rara Putri".to_owned()),
                username: Some("rara.p".to_owned()),
                avatar: None,
                email: Some("rara@example.org".to_owned()),
                role: Some("MENTOR".to_owned()),
                ..Person::default()
            },
        }
    }

    #[test]
    fn a_card_shows_no_address() {
        let card = serde_json::to_value(UserCard::of(&user("rara"), Some(&rara()))).expect("json");
        assert_eq!(card, json!({"id": "rara", "name": "Rara Putri", "username": "rara.p", "avatar": null}));
    }

    #[test]
    fn somebody_unknown_is_called_by_their_id() {
        assert_eq!(display_name(&user("u1"), None), "u1");
        assert_eq!(display_name(&user("rara"), Some(&rara())), "Rara Putri");
    }

    #[test]
    fn a_follower_is_a_card_with_the_time_of_the_follow() {
        let row = FollowRow {
            user_id: user("rara"),
            followed_at: Timestamp::from_millis(1_000),
            position: event_log::Position(9),
            is_following: true,
        };
        assert_eq!(
            serde_json::to_value(FollowUser::from_row(&row, Some(&rara()))).expect("json"),
            json!({"id": "rara", "name": "Rara Putri", "username": "rara.p", "avatar": null,
                "isFollowing": true, "followedAt": "1970-01-01T00:00:01.000Z"})
        );
    }
}
