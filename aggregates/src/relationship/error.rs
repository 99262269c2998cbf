//! Why a relationship refuses.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelationshipError {
    #[error("nobody follows or blocks themselves")]
    WithOneself,
    #[error("there is no such user")]
    UnknownUser,
    #[error("you cannot follow this person")]
    Blocked,
}
