//! What a channel is, from its name.
//!
//! Kabar's own channels have exactly one name each: an id in another spelling is refused, or a removal would cut one
//! spelling and leave the other.

use std::fmt;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};

/// The longest name that server SDKs accept.
pub const NAME_CHARACTERS_MAX: usize = 200;

const USER: &str = "private-user-";
const ROOM: &str = "private-room-";

/// A channel that can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PusherChannel {
    /// `private-user-{id}`: what concerns one person.
    User(UserId),
    /// `private-room-{id}`: what happens in a room.
    Room(RoomId),
    /// The application's own `private-..`: a valid signature is enough.
    Private(Arc<str>),
    /// Anything without a prefix of the protocol: open to all.
    Public(Arc<str>),
}

/// The name is no channel here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannel {
    #[error("a channel name is 1 to {NAME_CHARACTERS_MAX} characters of A-Z a-z 0-9 _ - = @ , . ;")]
    Name,
    #[error("private-user- is followed by a user's id, private-room- by a room's id in lower case with hyphens")]
    Id,
    #[error("{0} channels are not served yet")]
    NotServed(&'static str),
}

impl PusherChannel {
    pub fn parse(name: &str) -> Result<Self, InvalidChannel> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=@,.;".contains(&byte);
        if name.starts_with("#server-to-user-") {
            return Err(InvalidChannel::NotServed("#server-to-user-"));
        }
        if !(1..=NAME_CHARACTERS_MAX).contains(&name.len()) || !name.bytes().all(legal) {
            return Err(InvalidChannel::Name);
        }
        if let Some(id) = name.strip_prefix(USER) {
            return UserId::parse(id).map(Self::User).map_err(|_| InvalidChannel::Id);
        }
        if let Some(id) = name.strip_prefix(ROOM) {
            let room: RoomId = id.parse().map_err(|_| InvalidChannel::Id)?;
            return if room.to_string() == id { Ok(Self::Room(room)) } else { Err(InvalidChannel::Id) };
        }
        // The last three are other names of private channels; who may subscribe is known only of signed-in connections.
        let not_yet = ["presence-", "private-encrypted-", "private-cache-", "cache-", "private-group-"];
        if let Some(prefix) = not_yet.into_iter().chain(["user-", "chat-", "group-"]).find(|it| name.starts_with(it)) {
            return Err(InvalidChannel::NotServed(prefix));
        }
        if name.starts_with("private-") {
            return Ok(Self::Private(Arc::from(name)));
        }
        Ok(Self::Public(Arc::from(name)))
    }

    /// Everything subscribes and is sent under this one name.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::User(user) => user_channel(user),
            Self::Room(room) => room_channel(*room),
            Self::Private(name) | Self::Public(name) => name.clone(),
        }
    }
}

impl fmt::Display for PusherChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

pub fn user_channel(user: &UserId) -> Arc<str> {
    Arc::from(format!("{USER}{user}"))
}

pub fn room_channel(room: RoomId) -> Arc<str> {
    Arc::from(format!("{ROOM}{room}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM_ID: &str = "6f2d1f0e-3c4b-4a59-8f61-0d2c1b3a4e5f";

    #[test]
    fn each_kind_is_recognised_by_its_name() {
        let name = format!("private-room-{ROOM_ID}");
        assert!(matches!(PusherChannel::parse(&name), Ok(PusherChannel::Room(_))));
        assert!(matches!(PusherChannel::parse("private-user-a@b.c"), Ok(PusherChannel::User(_))));
        assert!(matches!(PusherChannel::parse("private-orders"), Ok(PusherChannel::Private(_))));
        assert!(matches!(PusherChannel::parse("lobby"), Ok(PusherChannel::Public(_))));
    }

    #[test]
    fn a_room_has_one_spelling() {
        let simple = ROOM_ID.replace('-', "");
        for id in [ROOM_ID.to_uppercase(), simple, format!("urn.uuid.{ROOM_ID}"), String::new()] {
            assert_eq!(PusherChannel::parse(&format!("private-room-{id}")), Err(InvalidChannel::Id), "{id:?}");
        }
        assert_eq!(PusherChannel::parse("private-user-"), Err(InvalidChannel::Id));
    }

    #[test]
    fn what_is_not_served_yet_says_so() {
        for name in ["presence-room-1", "private-encrypted-x", "private-cache-x", "cache-x", "private-group-7"] {
            assert!(matches!(PusherChannel::parse(name), Err(InvalidChannel::NotServed(_))), "{name}");
        }
        for name in ["user-7", "chat-7", "group-7", "#server-to-user-7", "presence-cache-x"] {
            assert!(matches!(PusherChannel::parse(name), Err(InvalidChannel::NotServed(_))), "{name}");
        }
    }

    #[test]
    fn a_name_with_other_characters_or_too_long_is_refused() {
        for name in ["", "a b", "a:b", "é", "a/b", "#x", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert_eq!(PusherChannel::parse(name), Err(InvalidChannel::Name), "{name:?}");
        }
        assert!(PusherChannel::parse(&"x".repeat(NAME_CHARACTERS_MAX)).is_ok());
    }

    proptest! {
        #[test]
        fn what_parses_keeps_its_name(name in "(private-user-|private-room-|private-|)[a-f0-9-]{0,40}") {
            if let Ok(channel) = PusherChannel::parse(&name) {
                prop_assert_eq!(&*channel.name(), name.as_str());
            }
        }
    }
}
