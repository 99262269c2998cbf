//! Two people: who follows whom, who has blocked whom. One stream for the pair, so that a block ends both follows at once.

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{Relate, RelationshipCommand};
pub use error::RelationshipError;
pub use events::{Directed, RelationshipEvent};
pub use state::Relationship;

crate::aggregate::cqrs_aggregate!(
    Relationship,
    crate::AggregateKind::Relationship,
    RelationshipCommand,
    RelationshipEvent,
    RelationshipError
);
