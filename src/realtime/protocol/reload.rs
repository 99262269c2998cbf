//! `kabar:reload`: what a client is told that cannot be given what it missed.

use axum::extract::ws::Utf8Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::outgoing::outgoing;
use crate::wire::names::PositionText;

/// The client cannot be given what it missed: it must load anew what it shows of this channel.
pub fn reload(channel: &str, reason: Reload, position: &str) -> Utf8Bytes {
    outgoing(RELOAD, Some(channel), &serde_json::json!(ToReload { reason: reason.name(), position }))
}

/// The one event of Kabar's own that is not in the log's order: it stands where the missed ones would have been.
pub const RELOAD: &str = "kabar:reload";

#[derive(Debug, Serialize, JsonSchema)]
pub struct ToReload<'a> {
    #[schemars(extend("enum" = Reload::ALL.map(Reload::name)))]
    reason: &'static str,
    /// Everything up to there is in the answers of the routes.
    #[schemars(with = "PositionText")]
    position: &'a str,
}

/// Why what was missed is not replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The position is one of another log: a backup was restored.
    OtherLog,
    /// It is longer ago than the window reaches, or the window was emptied by an erasure.
    TooLongAgo,
    /// More frames than are replayed.
    TooMuch,
    /// The log does not go as far.
    UnknownPosition,
}

impl Reload {
    pub const ALL: [Self; 4] = [Self::OtherLog, Self::TooLongAgo, Self::TooMuch, Self::UnknownPosition];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherLog => "other-log",
            Self::TooLongAgo => "too-long-ago",
            Self::TooMuch => "too-much",
            Self::UnknownPosition => "unknown-position",
        }
    }
}
