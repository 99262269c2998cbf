//! Why a participant refuses.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParticipantError {
    /// Also said when the room is there but not the caller's.
    #[error("there is no such room")]
    NotFound,
}
