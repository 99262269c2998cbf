//! What may be asked of a directory entry.

use super::events::Profile;
use crate::ids::UserId;
use crate::{KeyId, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub enum UserCommand {
    /// From a session token: registers the unknown, fills what is missing, overwrites nothing (requirements R13).
    FillProfile(PutProfile),
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
pub struct EraseUser {
    pub user_id: UserId,
    /// Fact: the keys that the user's words are sealed with now.
    pub keys: Vec<KeyId>,
    pub at: Timestamp,
}
