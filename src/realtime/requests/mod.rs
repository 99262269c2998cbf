//! What routes of ours ask of realtime for a client: a signature for a channel, and what it missed where it does not listen.
//!
//! May use the log and the views, `hub` and what lies below it. Never in here: HTTP, who it is that asks.

mod authorising;
mod syncing;

use event_log::EventLogError;
use projections::{Lagging, ReadError};

pub use authorising::{Authorisation, UserAuthorisation};
pub use syncing::{Changes, Synced, SyncedEvent};

/// Whether somebody may listen cannot be said now.
#[derive(Debug, thiserror::Error)]
pub enum NotKnown {
    #[error(transparent)]
    Lagging(#[from] Lagging),
    #[error(transparent)]
    View(#[from] ReadError),
    #[error(transparent)]
    Log(#[from] EventLogError),
    #[error("realtime is behind the log")]
    Behind,
}
