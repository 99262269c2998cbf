//! What a channel is, from its name.
//!
//! Kabar's own channels have exactly one spelling of an id each: an id in another spelling is refused, or a removal would
//! cut one spelling and leave the other.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use aggregates::ids::{GroupId, RoomId, UserId};

/// The longest name that server SDKs accept.
pub const NAME_CHARACTERS_MAX: usize = 200;

const PRIVATE: &str = "private-";
const PRESENCE: &str = "presence-";
const ENCRYPTED: &str = "private-encrypted-";
const USER: &str = "private-user-";
const ROOM: &str = "private-room-";
const GROUP: &str = "private-group-";
const PRESENCE_ROOM: &str = "presence-room-";
/// Where server SDKs send what is for one signed-in user.
const SERVER_TO_USER: &str = "#server-to-user-";
const LEGACY_USER: &str = "user-";
const LEGACY_ROOM: &str = "chat-";
const LEGACY_GROUP: &str = "group-";

/// A channel that can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PusherChannel {
    /// `private-user-{id}`: what concerns one person.
    User(UserId),
    /// `private-room-{id}`: what happens in a room.
    Room(RoomId),
    /// `private-group-{groupId}`: what is said to one of the platform's groups.
    Group(GroupId),
    /// `presence-room-{id}`: which members of a room are here.
    PresenceRoom(RoomId),
    /// `private-encrypted-user-..`, `-room-..`, `-group-..`: for the same people, and the server cannot read it.
    Encrypted(Own),
    /// `user-..`, `chat-..`, `group-..`, as older clients call the private ones.
    Legacy(Own),
    /// `#server-to-user-{id}`: to every connection that is signed in as somebody.
    ServerToUser(UserId),
    /// The application's own `private-..`: a valid signature is enough.
    Private(Arc<str>),
    /// The application's own `presence-..`: a valid signature that says who it is.
    Presence(Arc<str>),
    /// Anything without a prefix of the protocol: open to all.
    Public(Arc<str>),
}

/// Whom one of Kabar's own channels is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    User(UserId),
    Room(RoomId),
    Group(GroupId),
}

/// Who may listen, by what the name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    User(&'a UserId),
    MembersOf(RoomId),
    Group(&'a GroupId),
    SignedIn(&'a UserId),
    /// Whom the application's own server lets in.
    Application,
    Everybody,
}

/// The name is no channel here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannel {
    #[error("a channel name is 1 to {NAME_CHARACTERS_MAX} characters of A-Z a-z 0-9 _ - = @ , . ;")]
    Name,
    #[error(
        "private-user- is followed by a user's id, private-room-, presence-room- and chat- by a room's id in lower case \
         with hyphens, private-group- by a group's id"
    )]
    Id,
}

/// Whether it is one of Kabar's own channels with a list of who is here.
pub fn is_room_roster(channel: &str) -> bool {
    channel.starts_with(PRESENCE_ROOM)
}

impl PusherChannel {
    pub fn parse(name: &str) -> Result<Self, InvalidChannel> {
        if let Some(id) = name.strip_prefix(SERVER_TO_USER) {
            return user(id).map(Self::ServerToUser);
        }
        if !is_legal(name) {
            return Err(InvalidChannel::Name);
        }
        if let Some(id) = name.strip_prefix(USER) {
            return user(id).map(Self::User);
        }
        if let Some(id) = name.strip_prefix(ROOM) {
            return room(id).map(Self::Room);
        }
        if let Some(id) = name.strip_prefix(GROUP) {
            return group(id).map(Self::Group);
        }
        if let Some(id) = name.strip_prefix(PRESENCE_ROOM) {
            return room(id).map(Self::PresenceRoom);
        }
        if let Some(own) = name.strip_prefix(ENCRYPTED).and_then(|rest| own(rest, "room-")) {
            return own.map(Self::Encrypted);
        }
        if let Some(own) = own(name, LEGACY_ROOM) {
            return own.map(Self::Legacy);
        }
        if name.starts_with(PRIVATE) {
            return Ok(Self::Private(Arc::from(name)));
        }
        if name.starts_with(PRESENCE) {
            return Ok(Self::Presence(Arc::from(name)));
        }
        Ok(Self::Public(Arc::from(name)))
    }

    /// Everything subscribes and is sent under this one name.
    pub fn name(&self) -> Arc<str> {
        match self {
            Self::User(id) => user_channel(id),
            Self::Room(id) => room_channel(*id),
            Self::Group(id) => Arc::from(format!("{GROUP}{id}")),
            Self::PresenceRoom(id) => Arc::from(format!("{PRESENCE_ROOM}{id}")),
            Self::Encrypted(Own::User(id)) => Arc::from(format!("{ENCRYPTED}user-{id}")),
            Self::Encrypted(Own::Room(id)) => Arc::from(format!("{ENCRYPTED}room-{id}")),
            Self::Encrypted(Own::Group(id)) => Arc::from(format!("{ENCRYPTED}group-{id}")),
            Self::Legacy(Own::User(id)) => Arc::from(format!("{LEGACY_USER}{id}")),
            Self::Legacy(Own::Room(id)) => Arc::from(format!("{LEGACY_ROOM}{id}")),
            Self::Legacy(Own::Group(id)) => Arc::from(format!("{LEGACY_GROUP}{id}")),
            Self::ServerToUser(id) => Arc::from(format!("{SERVER_TO_USER}{id}")),
            Self::Private(name) | Self::Presence(name) | Self::Public(name) => name.clone(),
        }
    }

    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::User(id) | Self::Encrypted(Own::User(id)) | Self::Legacy(Own::User(id)) => Subject::User(id),
            Self::Room(id) | Self::PresenceRoom(id) => Subject::MembersOf(*id),
            Self::Encrypted(Own::Room(id)) | Self::Legacy(Own::Room(id)) => Subject::MembersOf(*id),
            Self::Group(id) | Self::Encrypted(Own::Group(id)) | Self::Legacy(Own::Group(id)) => Subject::Group(id),
            Self::ServerToUser(id) => Subject::SignedIn(id),
            Self::Private(_) | Self::Presence(_) => Subject::Application,
            Self::Public(_) => Subject::Everybody,
        }
    }

    /// Whether clients have it signed by an endpoint first.
    pub fn is_signed(&self) -> bool {
        match self {
            Self::User(_) | Self::Room(_) | Self::Group(_) | Self::PresenceRoom(_) | Self::Encrypted(_) => true,
            Self::Private(_) | Self::Presence(_) => true,
            Self::Legacy(_) | Self::ServerToUser(_) | Self::Public(_) => false,
        }
    }
}

impl fmt::Display for PusherChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

fn is_legal(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=@,.;".contains(&byte);
    (1..=NAME_CHARACTERS_MAX).contains(&name.len()) && name.bytes().all(legal)
}

fn user(id: &str) -> Result<UserId, InvalidChannel> {
    UserId::parse(id).map_err(|_| InvalidChannel::Id)
}

fn room(id: &str) -> Result<RoomId, InvalidChannel> {
    let room: RoomId = id.parse().map_err(|_| InvalidChannel::Id)?;
    if room.to_string() == id { Ok(room) } else { Err(InvalidChannel::Id) }
}

fn group(id: &str) -> Result<GroupId, InvalidChannel> {
    GroupId::parse(id).map_err(|_| InvalidChannel::Id)
}

/// `None` where the name is of another kind.
fn own(name: &str, room_prefix: &str) -> Option<Result<Own, InvalidChannel>> {
    if let Some(id) = name.strip_prefix(room_prefix) {
        return Some(room(id).map(Own::Room));
    }
    if let Some(id) = name.strip_prefix(LEGACY_USER) {
        return Some(user(id).map(Own::User));
    }
    name.strip_prefix(LEGACY_GROUP).map(|id| group(id).map(Own::Group))
}

pub fn user_channel(user: &UserId) -> Arc<str> {
    Arc::from(format!("{USER}{user}"))
}

pub fn room_channel(room: RoomId) -> Arc<str> {
    Arc::from(format!("{ROOM}{room}"))
}

/// Every channel that only members of a room may listen to.
pub fn channels_of_members(room: RoomId) -> [Arc<str>; 4] {
    [
        room_channel(room),
        PusherChannel::PresenceRoom(room).name(),
        PusherChannel::Legacy(Own::Room(room)).name(),
        PusherChannel::Encrypted(Own::Room(room)).name(),
    ]
}

/// What older clients call a channel of Kabar's own.
pub fn legacy_of(name: &str) -> Option<Cow<'_, str>> {
    let rest = name.strip_prefix(PRIVATE)?;
    if let Some(id) = name.strip_prefix(ROOM) {
        return Some(Cow::Owned(format!("{LEGACY_ROOM}{id}")));
    }
    (name.starts_with(USER) || name.starts_with(GROUP)).then_some(Cow::Borrowed(rest))
}

/// The channel that an older client's name stands for.
pub fn own_of_legacy(name: &str) -> Option<String> {
    if let Some(id) = name.strip_prefix(LEGACY_ROOM) {
        return Some(format!("{ROOM}{id}"));
    }
    is_legacy(name).then(|| format!("{PRIVATE}{name}"))
}

pub fn is_legacy(name: &str) -> bool {
    [LEGACY_USER, LEGACY_ROOM, LEGACY_GROUP].iter().any(|prefix| name.starts_with(prefix))
}

pub fn is_presence(name: &str) -> bool {
    name.starts_with(PRESENCE)
}

pub fn is_encrypted(name: &str) -> bool {
    name.starts_with(ENCRYPTED)
}

/// The protocol lets clients speak to each other on these.
pub fn takes_client_events(name: &str) -> bool {
    name.starts_with(PRIVATE) || name.starts_with(PRESENCE)
}

/// The last event on it is kept for whoever comes later.
pub fn is_cache(name: &str) -> bool {
    let kind = name.strip_prefix(ENCRYPTED).or_else(|| name.strip_prefix(PRIVATE));
    kind.or_else(|| name.strip_prefix(PRESENCE)).unwrap_or(name).starts_with("cache-")
}

/// Whether a server may send to it: any legal name, and that of a signed-in user.
pub fn is_addressable(name: &str) -> bool {
    is_legal(name) || matches!(PusherChannel::parse(name), Ok(PusherChannel::ServerToUser(_)))
}

/// One that an application's server names, not one that a client subscribes to in its own name.
pub fn is_server_to_user(name: &str) -> bool {
    name.starts_with(SERVER_TO_USER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM_ID: &str = "6f2d1f0e-3c4b-4a59-8f61-0d2c1b3a4e5f";

    #[test]
    fn each_kind_is_recognised_by_its_name() {
        let room: RoomId = ROOM_ID.parse().expect("a room");
        let (ana, kelas) = (UserId::parse("a@b.c").expect("an id"), GroupId::parse("kelas-7").expect("an id"));
        let text = |name: &str| Arc::<str>::from(name);
        for (name, channel) in [
            (format!("private-room-{ROOM_ID}"), PusherChannel::Room(room)),
            ("private-user-a@b.c".into(), PusherChannel::User(ana.clone())),
            ("private-group-kelas-7".into(), PusherChannel::Group(kelas.clone())),
            (format!("presence-room-{ROOM_ID}"), PusherChannel::PresenceRoom(room)),
            (format!("private-encrypted-room-{ROOM_ID}"), PusherChannel::Encrypted(Own::Room(room))),
            ("private-encrypted-user-a@b.c".into(), PusherChannel::Encrypted(Own::User(ana.clone()))),
            (format!("chat-{ROOM_ID}"), PusherChannel::Legacy(Own::Room(room))),
            ("user-a@b.c".into(), PusherChannel::Legacy(Own::User(ana.clone()))),
            ("group-kelas-7".into(), PusherChannel::Legacy(Own::Group(kelas))),
            ("#server-to-user-a@b.c".into(), PusherChannel::ServerToUser(ana)),
            ("private-orders".into(), PusherChannel::Private(text("private-orders"))),
            ("private-encrypted-orders".into(), PusherChannel::Private(text("private-encrypted-orders"))),
            ("private-cache-orders".into(), PusherChannel::Private(text("private-cache-orders"))),
            ("presence-lobby".into(), PusherChannel::Presence(text("presence-lobby"))),
            ("public-channel".into(), PusherChannel::Public(text("public-channel"))),
            ("cache-lobby".into(), PusherChannel::Public(text("cache-lobby"))),
        ] {
            assert_eq!(PusherChannel::parse(&name).as_ref(), Ok(&channel), "{name}");
            assert_eq!(&*channel.name(), name);
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let simple = ROOM_ID.replace('-', "");
        for id in [ROOM_ID.to_uppercase(), simple, format!("urn.uuid.{ROOM_ID}"), String::new()] {
            for prefix in ["private-room-", "presence-room-", "chat-", "private-encrypted-room-"] {
                assert_eq!(PusherChannel::parse(&format!("{prefix}{id}")), Err(InvalidChannel::Id), "{prefix}{id:?}");
            }
        }
        for name in ["private-user-", "user-", "private-group-", "#server-to-user-", "#server-to-user-a b"] {
            assert_eq!(PusherChannel::parse(name), Err(InvalidChannel::Id), "{name}");
        }
    }

    #[test]
    fn a_name_with_other_characters_or_too_long_is_refused() {
        for name in ["", "a b", "a:b", "é", "a/b", "#x", &"x".repeat(NAME_CHARACTERS_MAX + 1)] {
            assert_eq!(PusherChannel::parse(name), Err(InvalidChannel::Name), "{name:?}");
        }
        assert!(PusherChannel::parse(&"x".repeat(NAME_CHARACTERS_MAX)).is_ok());
    }

    #[test]
    fn a_cache_channel_is_one_of_four() {
        for name in ["cache-x", "private-cache-x", "presence-cache-x", "private-encrypted-cache-x"] {
            assert!(is_cache(name), "{name}");
        }
        for name in ["x-cache-", "private-x", "cache", "presence-room-cache-", "private-user-cache-x"] {
            assert!(!is_cache(name), "{name}");
        }
    }

    #[test]
    fn an_older_name_and_its_channel_lead_to_each_other() {
        let room = format!("private-room-{ROOM_ID}");
        for name in [room.as_str(), "private-user-ana", "private-group-7"] {
            let legacy = legacy_of(name).expect("it has one");
            assert!(is_legacy(&legacy), "{legacy}");
            assert_eq!(own_of_legacy(&legacy).as_deref(), Some(name));
        }
        for name in ["private-orders", "presence-room-x", "lobby", "private-encrypted-user-ana"] {
            assert_eq!((legacy_of(name), own_of_legacy(name)), (None, None), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_keeps_its_name(
            name in "(private-user-|private-room-|private-group-|presence-room-|user-|chat-|group-|#server-to-user-|private-|)[a-f0-9-]{0,40}"
        ) {
            if let Ok(channel) = PusherChannel::parse(&name) {
                prop_assert_eq!(&*channel.name(), name.as_str());
            }
        }
    }
}
