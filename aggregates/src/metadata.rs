//! What travels beside an event: who asked, what it follows from, where it came from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{CommandId, EventId, UserId};

/// Kept with every event. All of it may be absent: other programs write to the same tables.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// Who asked; `None` for Kabar itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// Everything that follows from one request carries the request's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// The event that a reactor answered with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// The command that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    #[serde(default, skip_serializing_if = "Origin::is_live")]
    pub origin: Origin,
}

/// Whether an event happened here or was brought along from another system (requirements R80).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    #[default]
    Live,
    Import,
}

impl Origin {
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }
}
