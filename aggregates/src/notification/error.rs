//! Why a notification refuses.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// Also said when it is there but somebody else's.
    #[error("there is no such notification")]
    NotFound,
    #[error("there is no such user")]
    UnknownUser,
    #[error("nobody is notified of what they did themselves")]
    OwnDoing,
}
