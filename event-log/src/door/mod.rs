//! The one way in: commands are decided here and their events made durable, in batches.

mod types;

pub use types::{CommandError, Decided, Door, DoorOptions, Outcome, Wish};
