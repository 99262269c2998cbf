//! What a search found, as clients see it.

use aggregates::ids::RoomId;
use projections::inbox::RoomRow;
use projections::search::Snippet as Shown;
use schemars::JsonSchema;
use serde::Serialize;

use super::Message;
use super::names::RoomKindName;

/// A message, where it is, and the part of it that shows why it was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    pub message: Message,
    pub room: FoundIn,
    pub snippet: Snippet,
}

/// Enough of a room to name it. DIRECT rooms keep name and avatar null: they are called after the other one.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundIn {
    pub id: RoomId,
    #[serde(rename = "type")]
    #[schemars(with = "RoomKindName")]
    pub kind: &'static str,
    pub name: Option<String>,
    pub avatar: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snippet {
    pub text: String,
    /// What was found, ascending, in UTF-16 code units of `text`: `text.slice(start, end)`.
    pub highlights: Vec<Highlight>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Highlight {
    pub start: usize,
    pub end: usize,
}

impl From<&RoomRow> for FoundIn {
    fn from(row: &RoomRow) -> Self {
        Self { id: row.id, kind: row.kind.name(), name: row.name.clone(), avatar: row.avatar.clone() }
    }
}

impl From<Shown> for Snippet {
    fn from(shown: Shown) -> Self {
        let highlights = shown.highlights.into_iter().map(|place| Highlight { start: place.start, end: place.end });
        Self { highlights: highlights.collect(), text: shown.text }
    }
}
