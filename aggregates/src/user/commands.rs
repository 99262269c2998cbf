//! What may be asked of a directory entry.

use super::events::{Profile, UserRole};
use crate::ids::UserId;
use crate::{KeyId, Sealed, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum UserCommand {
    /// From a session token: registers the unknown, fills what is missing, overwrites nothing (requirements R13).
    FillProfile(PutProfile),
    /// From the platform, which knows better than any session: registers the unknown, sets and clears what it names.
    Put(PutUser),
    /// Everything the user ever said becomes unreadable (requirements R77).
    Erase(EraseUser),
}

/// What is known of somebody; what is `None` is left as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PutProfile {
    pub user_id: UserId,
    pub profile: Profile,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PutUser {
    pub user_id: UserId,
    pub changes: ProfileChanges,
    pub at: Timestamp,
}

/// What the platform says of somebody; what it does not say stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileChanges {
    pub name: Change<Sealed>,
    pub username: Change<Sealed>,
    pub avatar: Change<Sealed>,
    pub email: Change<Sealed>,
    pub phone: Change<Sealed>,
    pub role: Change<UserRole>,
    pub locale: Change<String>,
    pub time_zone: Change<String>,
    /// All of them, in the place of those before.
    pub push: Change<Vec<Sealed>>,
    /// The same.
    pub web_push: Change<Vec<Sealed>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Change<T> {
    pub fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct EraseUser {
    pub user_id: UserId,
    /// Fact: the keys that the user's words are sealed with now.
    pub keys: Vec<KeyId>,
    pub at: Timestamp,
}
