//! Why a subscription refuses.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    #[error("nobody subscribes to themselves")]
    ToOneself,
    #[error("there is no such user")]
    UnknownUser,
}
