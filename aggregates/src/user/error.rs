//! What the directory refuses. Profiles never: what it is given was validated before.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Neither an entry nor a word of theirs.
    #[error("there is no such user")]
    Unknown,
}
