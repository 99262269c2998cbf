//! Why a command was not carried out, before a status is chosen for it.

use std::borrow::Cow;

use aggregates::Refusal;
use aggregates::room::RoomError;
use event_log::{CommandError, EventLogError};
use projections::{Lagging, ReadError};

/// Nothing was written, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A look-up came too late.
    #[error(transparent)]
    Lagging(#[from] Lagging),
    #[error(transparent)]
    View(#[from] ReadError),
    #[error(transparent)]
    Log(#[from] EventLogError),
    /// A value names something that is not there, or is not possible here.
    #[error("{field}: {reason}")]
    Invalid { field: Cow<'static, str>, reason: &'static str },
    /// Of several things that were wished at once only some were carried out.
    #[error("{done} of {wished} were carried out")]
    Partly { done: u64, wished: usize, source: Box<Failure> },
    /// What the wish is about is in another state.
    #[error("{0}")]
    Gone(&'static str),
    /// What the wish is about is not there, or not the caller's.
    #[error("{0}")]
    Unknown(&'static str),
    /// The same of what a field names.
    #[error("{field}: {what}")]
    UnknownIn { field: Cow<'static, str>, what: &'static str },
}

impl Failure {
    pub(super) fn invalid(field: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self::Invalid { field: field.into(), reason }
    }

    /// The `nth` of those whom `field` names.
    pub(super) fn cannot_be_added(field: &'static str, nth: usize) -> Self {
        Self::invalid(format!("{field}[{nth}]"), "cannot be added")
    }

    /// Of those whom `field` names: the rule knows only which.
    pub(super) fn among(self, field: &'static str) -> Self {
        match self {
            Self::Command(CommandError::Refused {
                refusal: Refusal::Room(RoomError::CannotBeAdded { nth }), ..
            }) => Self::cannot_be_added(field, nth),
            other => other,
        }
    }

    pub fn not_your_upload() -> Self {
        Self::invalid("attachmentUrl", "not an upload of yours in this room")
    }

    pub(super) fn no_such_room() -> Self {
        Self::Unknown("there is no such room")
    }
}
