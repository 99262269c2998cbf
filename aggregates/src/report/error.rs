//! Why a report refuses.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    #[error("there is no such report")]
    NotFound,
    #[error("nobody reports themselves")]
    OneselfReported,
    #[error("nobody reports their own message")]
    OwnMessageReported,
    #[error("there is no such user")]
    UnknownUser,
    #[error("the report was resolved in another way before")]
    AlreadyResolved,
}
