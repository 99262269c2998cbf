//! Why a room refuses. Safe to show to whoever asked: no ids but their own, no internals.

use super::{MEMBERS_MAX, MEMBERS_PER_COMMAND_MAX, MENTIONS_MAX, PINS_MAX, SLOW_MODE_SECONDS_MAX};

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
    #[error("a room of two keeps its two people")]
    DirectIsForTwo,
    #[error("a room has at most {MEMBERS_MAX} members")]
    TooManyMembers,
    #[error("at most {MEMBERS_PER_COMMAND_MAX} members at a time")]
    TooManyAtOnce,
    /// They are apart from whoever brings them: told no more than that it cannot be. `nth` of those named.
    #[error("cannot be added")]
    CannotBeAdded { nth: usize },
    /// By themselves; whoever keeps the room may bring them back.
    #[error("you were removed from this room: ask one of its keepers to add you")]
    Removed,
    #[error("this person is not in the room")]
    NoSuchMember,
    #[error("rooms of this type do not have that")]
    KindForbids,
    #[error("sessions are held by mentors")]
    NotAMentor,
    #[error("the room is closed")]
    Closed,
    #[error("only its sender may change a message")]
    NotYourMessage,
    #[error("a forwarded message keeps its words")]
    Forwarded,
    /// Their words cannot be read any more, and must not be made readable anew.
    #[error("there is no such message")]
    AuthorGone,
    #[error("this room is slow: wait {wait_seconds} s")]
    TooSoon { wait_seconds: u32 },
    #[error("at most {SLOW_MODE_SECONDS_MAX} seconds between two messages")]
    TooSlow,
    #[error("at most {MENTIONS_MAX} people are named at a time")]
    TooManyMentions,
    #[error("at most {PINS_MAX} messages are pinned in a room")]
    TooManyPins,
    #[error("hand the room over before you do that")]
    OwnerStays,
    #[error("whoever opened a support room stays in it; close it instead")]
    OpenerStays,
}
