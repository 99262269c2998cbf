//! A chat room: who is in it and what is said in it.

mod commands;
mod decide;
mod deciding;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

use commands::{messages as message_commands, opening as opening_commands};
use events::{emoji, messages as message_events};
use state::{kinds, pace};

pub use commands::{
    AddMembers, ChangeAvatar, ChangeRole, CloseRoom, CreateGroup, DeleteMessage, EditMessage, JoinRoom, MessageFacts,
    Naming, OpenDirect, OpenMentorSession, OpenSupport, PinMessage, React, RemoveMember, RenameRoom, ReopenRoom,
    RoomCommand, SendMessage, SetRules,
};
pub use emoji::{Emoji, InvalidEmoji};
pub use error::RoomError;
pub use events::{
    AttachedFile, Attachment, Forwarded, JoinPolicyChanged, MemberRemoved, MemberRoleChanged, MembersAdded,
    MessageDeleted, MessageEdited, MessageKind, MessagePinned, MessageSent, NewMember, Reacted, RoomAvatarChanged,
    RoomEvent, RoomOpened, RoomRenamed, RoomTurned, SlowModeChanged, is_media_type,
};
pub use kinds::{HistoryFrom, JoinPolicy, Role, RoomKind};
pub(crate) use state::MemberState;
pub use state::{Membership, Room};

/// Members a room may have (requirements R2, architecture §2 promise 8).
pub const MEMBERS_MAX: usize = 100_000;
/// Members one command may bring; keeps an event far under every log's limit.
pub const MEMBERS_PER_COMMAND_MAX: usize = 500;
/// People one message may name.
pub const MENTIONS_MAX: usize = 50;
/// Messages pinned in a room at a time.
pub const PINS_MAX: usize = 50;
/// People that a room remembers as removed by others. Once there are so many, nobody comes in by themselves any more.
pub const REMOVED_MAX: usize = 10_000;
/// Newcomers of one command for whom the rule itself asks whether they are apart from whoever brings them; of more the
/// command layer asks the view. Few: all that one command rests on must find a place in the smallest cache of streams at once.
pub const GUARDED_NEWCOMERS_MAX: usize = 4;
/// The longest pause of a slow room: six hours.
pub const SLOW_MODE_SECONDS_MAX: u32 = 21_600;
/// Characters of a message, after trimming nothing.
pub const CONTENT_CHARS_MAX: usize = 8_000;

crate::aggregate::cqrs_aggregate!(Room, crate::AggregateKind::Room, RoomCommand, RoomEvent, RoomError);
