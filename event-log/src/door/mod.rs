//! The one way in: commands are decided here and their events made durable, in batches.
//!
//! One task owns every cached state, so nothing is locked. It lets commands in, waits for the streams they need,
//! decides them one after the other on *durable state plus the batch being gathered*, appends the batch in one go, and
//! answers all of them, refusals and no-ops too, once it is durable. While a batch is in flight the next only gathers:
//! it is not decided before the one in flight is durable or has failed. Facts of other streams are taken from the same
//! cache in the same moment, which is why a guard is only "nobody else wrote behind what I know".
//!
//! - `intake`: from a wish to a command whose streams are in memory.
//! - `cache`: states of streams, durable and working.
//! - `decide`: from waiting commands to a batch.
//! - `settle`: from an append's outcome to answers.
//! - `run`: the loop.
//!
//! Never in here: a rule, SQL, anything about HTTP.

mod cache;
mod decide;
mod intake;
mod job;
mod run;
mod settle;
mod types;

pub use types::{CommandError, Decided, Door, DoorOptions, Outcome, Wish};
