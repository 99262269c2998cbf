//! The rules of reading: only members read, and never backwards. Never past the end either: what is named exists.

use super::commands::{MarkRead, ParticipantCommand, ReadUpTo};
use super::error::ParticipantError;
use super::events::{MessagesRead, ParticipantEvent};
use super::state::Participant;

impl Participant {
    pub fn decide(&self, command: &ParticipantCommand) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        match command {
            ParticipantCommand::MarkRead(command) => self.mark_read(command),
        }
    }

    fn mark_read(&self, command: &MarkRead) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        let membership = command.membership.ok_or(ParticipantError::NotFound)?;
        let (up_to_seq, up_to) = match (command.up_to, membership.last_message_id) {
            (ReadUpTo::Message { seq, message_id }, _) => (seq, message_id),
            (ReadUpTo::Last, Some(last_message_id)) => (membership.last_seq, last_message_id),
            (ReadUpTo::Last, None) => return Ok(vec![]), // Nothing has been said yet.
        };
        if up_to_seq <= self.read_seq {
            return Ok(vec![]);
        }
        Ok(vec![ParticipantEvent::MessagesRead(MessagesRead {
            room_id: command.room_id,
            user_id: command.user_id.clone(),
            up_to_seq,
            up_to,
            at: command.at,
        })])
    }
}
