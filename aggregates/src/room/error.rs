//! Why a room refuses. Safe to show to whoever asked: no ids but their own, no internals.

use super::{MEMBERS_MAX, MEMBERS_PER_COMMAND_MAX};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// Also said when the room is there but not the caller's: who is outside learns nothing.
    #[error("there is no such room")]
    NotFound,
    #[error("the recipient is unknown")]
    UnknownRecipient,
    #[error("a direct room takes two different people")]
    WithOneself,
    #[error("you cannot write to this person")]
    Blocked,
    #[error("your role in this room does not allow that")]
    RoleForbids,
    #[error("a direct room keeps its two people")]
    DirectIsForTwo,
    #[error("a room has at most {MEMBERS_MAX} members")]
    TooManyMembers,
    #[error("at most {MEMBERS_PER_COMMAND_MAX} members at a time")]
    TooManyAtOnce,
    #[error("this person is not in the room")]
    NoSuchMember,
}
