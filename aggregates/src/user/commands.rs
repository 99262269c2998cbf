//! What may be asked of a directory entry.

use super::events::Profile;
use crate::Timestamp;
use crate::ids::UserId;

#[derive(Debug, Clone, PartialEq)]
pub enum UserCommand {
    /// From a session token: registers the unknown, fills what is missing, overwrites nothing (requirements R13).
    FillProfile(PutProfile),
}

/// What is known of somebody; what is `None` is left as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PutProfile {
    pub user_id: UserId,
    pub profile: Profile,
    pub at: Timestamp,
}
