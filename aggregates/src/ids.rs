//! Ids as types, so that a room is never taken for a message.
//!
//! Ours are uuids in plain text; user ids are the platform's own text. Ids that must be the same however often a thing
//! is asked for are uuid v5 of what they stand for; the name spaces are below and must never change.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::policy::channels::Channel;
use crate::report::Subject;

/// Root of every derived id of Kabar.
const NAMESPACE: Uuid = Uuid::from_u128(0x6b61_6261_725f_6e73_8000_0000_0000_0001);

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

uuid_ids! {
    /// A chat room. DIRECT rooms: see [`RoomId::direct`].
    RoomId,
    /// A message; derived from the sender's client message id where there is one.
    MessageId,
    /// One recipient's notification of one cause.
    NotificationId,
    /// One notification on one channel: the key under which providers recognise a repeat.
    DeliveryId,
    /// What one person reports of one thing.
    ReportId,
    /// One wish. Derived from (actor, route, key) where the caller gave a key, so that a repeat is recognised.
    CommandId,
    /// One stored event; derived from its command, see [`EventId::of`].
    EventId,
}

impl RoomId {
    /// The one DIRECT room of two users, whoever opens it and however often.
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        Self(derive("direct-room", &[&UserPair::new(a, b).to_string()]))
    }

    /// The one room of a mentor and a student, whoever of them opens it and however often.
    pub fn mentor_session(mentor: &UserId, student: &UserId) -> Self {
        Self(derive("mentor-session", &[mentor.as_str(), student.as_str()]))
    }

    /// A group that was brought along from another system, by its id there.
    pub fn imported(source: &str) -> Self {
        Self(derive("imported-room", &[source]))
    }
}

impl MessageId {
    /// The same words sent again by the same device are the same message.
    pub fn from_client(room: RoomId, sender: &UserId, client_message_id: &str) -> Self {
        Self(derive("message", &[&room.to_string(), sender.as_str(), client_message_id]))
    }

    /// A message that was brought along from another system, by its id there.
    pub fn imported(room: RoomId, source: &str) -> Self {
        Self(derive("imported-message", &[&room.to_string(), source]))
    }

    /// A message whose sender's device gave no id of its own.
    pub fn from_command(command: CommandId) -> Self {
        Self(derive("message", &[&command.to_string()]))
    }
}

impl NotificationId {
    /// One cause raises at most one notification per recipient.
    pub fn of(cause: &str, recipient: &UserId) -> Self {
        Self(derive("notification", &[cause, recipient.as_str()]))
    }

    /// One that was brought along from another system, by its id there.
    pub fn imported(source: &str) -> Self {
        Self(derive("imported-notification", &[source]))
    }
}

impl DeliveryId {
    /// The same for every attempt.
    pub fn of(notification: NotificationId, channel: Channel) -> Self {
        Self(derive("delivery", &[&notification.to_string(), channel.name()]))
    }
}

impl ReportId {
    /// The same thing reported again is the same report.
    pub fn of(reporter: &UserId, subject: &Subject) -> Self {
        let reporter = reporter.as_str();
        Self(match subject {
            Subject::Message { message_id, .. } => derive("report", &[reporter, "message", &message_id.to_string()]),
            Subject::User { user_id } => derive("report", &[reporter, "user", user_id.as_str()]),
            Subject::Room { room_id } => derive("report", &[reporter, "room", &room_id.to_string()]),
        })
    }
}

impl CommandId {
    /// The wish that `actor` made on `route` under `key`, for ever.
    pub fn keyed(actor: &str, route: &str, key: &str) -> Self {
        Self(derive("command", &[actor, route, key]))
    }

    /// What happened in another system, by what tells it from everything else that happened there.
    pub fn imported(kind: &str, parts: &[&str]) -> Self {
        Self(derive(&format!("imported-{kind}-command"), parts))
    }

    /// A part of a wish that takes several commands.
    pub fn part(self, name: &str) -> Self {
        Self(derive("command-part", &[&self.to_string(), name]))
    }
}

impl EventId {
    /// Stable over re-decides: the log's unique event id is what makes a command happen once.
    pub fn of(command: CommandId, index: usize) -> Self {
        // Ids are derived for every event: add instead of hashing. Command ids are random or hashed, so sums do not meet.
        Self(Uuid::from_u128(command.0.as_u128().wrapping_add(index as u128)))
    }
}

/// Length prefixes keep ("ab", "c") and ("a", "bc") apart.
fn derive(what: &str, parts: &[&str]) -> Uuid {
    let mut name = String::from(what);
    for part in parts {
        name.push_str(&format!("\u{1f}{}:{part}", part.len()));
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// Whether the platform may name something so: 1 to 128 of `A-Z a-z 0-9 _ - = @ , . ;`, what a channel's name may hold
/// as well. Ids outlive an erasure, so they are names of things and have no room for words.
pub fn is_platform_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=@,.;".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(allowed)
}

macro_rules! platform_ids {
    ($($(#[$doc:meta])* $name:ident, else $invalid:ident: $what:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        /// The text is no such id (requirements §3).
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{} is 1 to 128 characters of A-Z a-z 0-9 _ - = @ , . ;", $what)]
        pub struct $invalid;

        impl $name {
            pub fn parse(text: &str) -> Result<Self, $invalid> {
                if is_platform_id(text) { Ok(Self(Arc::from(text))) } else { Err($invalid) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $invalid;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

platform_ids! {
    /// A person, as the platform names them.
    UserId, else InvalidUserId: "a user id";
    /// The platform's own group that a room belongs to.
    GroupId, else InvalidGroupId: "a group id";
    /// What of the platform's somebody subscribes to.
    TargetId, else InvalidTargetId: "a target id";
}

impl UserId {
    /// How many copies of it there are: what shares a state makes none.
    #[cfg(test)]
    pub(crate) fn copies(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

impl GroupId {
    /// For stored events: there was a time when any text could stand there, and such a text is shown to nobody any more.
    pub(crate) fn stored<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Ok(text.and_then(|text| Self::parse(&text).ok()))
    }
}

/// Two different people, in an order that does not depend on who asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserPair {
    first: UserId,
    second: UserId,
}

impl UserPair {
    pub fn new(a: &UserId, b: &UserId) -> Self {
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        Self { first: first.clone(), second: second.clone() }
    }

    pub fn first(&self) -> &UserId {
        &self.first
    }

    pub fn second(&self) -> &UserId {
        &self.second
    }
}

/// Length-prefixed, so that no two pairs share a text.
impl fmt::Display for UserPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.first.as_str().len(), self.first, self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).expect("a valid id")
    }

    #[test]
    fn a_direct_room_has_one_id_whoever_asks() {
        assert_eq!(RoomId::direct(&user("ana"), &user("ben")), RoomId::direct(&user("ben"), &user("ana")));
        assert_ne!(RoomId::direct(&user("ab"), &user("c")), RoomId::direct(&user("a"), &user("bc")));
    }

    #[test]
    fn a_user_id_with_a_space_or_nothing_in_it_is_refused() {
        for text in ["", "a b", "a:b", "é", &"x".repeat(129)] {
            assert_eq!(UserId::parse(text), Err(InvalidUserId), "{text:?}");
        }
        assert!(UserId::parse(&"x".repeat(128)).is_ok());
    }

    #[test]
    fn a_group_id_is_an_id_and_no_text() {
        assert_eq!(GroupId::parse("kelas-7_a.b").map(|id| id.to_string()), Ok("kelas-7_a.b".to_owned()));
        for text in ["", "kelas desain", "a/b", "é", &"x".repeat(129)] {
            assert_eq!(GroupId::parse(text), Err(InvalidGroupId), "{text:?}");
        }
        assert_eq!(InvalidGroupId.to_string(), "a group id is 1 to 128 characters of A-Z a-z 0-9 _ - = @ , . ;");
    }

    #[test]
    fn two_events_of_one_command_have_two_ids_that_never_change() {
        let command = CommandId::keyed("ana", "send", "key-1");
        assert_eq!(EventId::of(command, 0), EventId::of(CommandId::keyed("ana", "send", "key-1"), 0));
        assert_ne!(EventId::of(command, 0), EventId::of(command, 1));
    }
}
