//! Who somebody is: verifies session tokens of the platform and our own; never issues the platform's.

use aggregates::ids::UserId;
use aggregates::user::Profile;

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub user_id: UserId,
    /// What the token says of them.
    pub profile: Profile,
}

/// Verifies session tokens.
#[derive(Debug)]
pub struct Authenticator {}
