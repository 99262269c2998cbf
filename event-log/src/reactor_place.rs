//! What a reactor's stored checkpoint must be to be trusted.
//!
//! In one place for every engine, because starting from a wrong one would repeat or pass over what people are to hear of.

use crate::port::EventLogError;
use crate::position::{LogId, Position};

/// A checkpoint as it lies beside the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReactorPlace {
    pub log: LogId,
    pub position: Position,
}

impl ReactorPlace {
    /// Refuses the checkpoint of another log: whatever it counts, it is not what happened here.
    pub(crate) fn of_log(self, log: LogId, reactor: &str) -> Result<Position, EventLogError> {
        if self.log == log {
            return Ok(self.position);
        }
        Err(EventLogError::Corrupt(format!(
            "the checkpoint of reactor {reactor} belongs to the log {}, this one is {log}: \
             was the log restored or copied without it?",
            self.log
        )))
    }
}

/// What it means that a reactor has no checkpoint: it is new, or it has lost it.
pub(crate) fn missing(known: bool, reactor: &str) -> Result<Option<Position>, EventLogError> {
    if !known {
        return Ok(None);
    }
    Err(EventLogError::Corrupt(format!(
        "reactor {reactor} ran on this log before, but its checkpoint is gone. Stop the server and put the row back: what to \
         type stands in docs/backup.md, \"A reactor has lost its checkpoint\""
    )))
}

/// Refuses a checkpoint past the head. `head` must have been read after the checkpoint.
pub(crate) fn not_past(head: Position, position: Position, reactor: &str) -> Result<Position, EventLogError> {
    if position <= head {
        return Ok(position);
    }
    Err(EventLogError::Corrupt(format!(
        "reactor {reactor} has come to {position}, but the log ends at {head}: was it restored from an older copy?"
    )))
}
