//! Somebody reports a message, a person or a room, and whoever watches over the platform resolves it (requirements R6).

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{FileReport, ReportCommand, ResolveReport};
pub use error::ReportError;
pub use events::{ReportEvent, ReportFiled, ReportResolved, Resolution, Subject};
pub use state::Report;

/// Characters of the reason.
pub const REASON_CHARS_MAX: usize = 2_000;
/// Characters of what whoever resolves it has to say.
pub const NOTE_CHARS_MAX: usize = 2_000;

crate::aggregate::cqrs_aggregate!(Report, crate::AggregateKind::Report, ReportCommand, ReportEvent, ReportError);
