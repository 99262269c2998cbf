//! A chat room: who is in it and what is said in it.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{AddMembers, CreateGroup, JoinRoom, OpenDirect, RemoveMember, RoomCommand, SendMessage};
pub use error::RoomError;
pub use events::{
    Attachment, MemberRemoved, MemberRoleChanged, MembersAdded, MessageKind, MessageSent, NewMember, RoomEvent,
    RoomOpened, is_media_type,
};
pub(crate) use state::MemberState;
pub use state::{JoinPolicy, Membership, Role, Room, RoomKind};

/// Members a room may have (requirements R2, architecture §2 promise 8).
pub const MEMBERS_MAX: usize = 100_000;
/// Members one command may bring; keeps an event far under every log's limit.
pub const MEMBERS_PER_COMMAND_MAX: usize = 500;
/// Characters of a message, after trimming nothing.
pub const CONTENT_CHARS_MAX: usize = 8_000;

crate::aggregate::cqrs_aggregate!(Room, crate::AggregateKind::Room, RoomCommand, RoomEvent, RoomError);
