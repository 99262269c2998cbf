//! The rules of a place in a room: only members have one. Reading never goes backwards unless it is asked to, and never
//! past the end: what is named exists.

use super::commands::{Arrange, MarkDelivered, MarkRead, MarkUnread, ParticipantCommand, ReadUpTo, UnreadFrom};
use super::error::ParticipantError;
use super::events::{Arrangement, MarkedUnread, MessagesDelivered, MessagesRead, ParticipantEvent, RoomArranged};
use super::state::{Mute, Participant};
use crate::ids::MessageId;
use crate::room::{Membership, RoomKind};

impl Participant {
    pub fn decide(&self, command: &ParticipantCommand) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        match command {
            ParticipantCommand::MarkRead(command) => self.mark_read(command),
            ParticipantCommand::MarkUnread(command) => mark_unread(command),
            ParticipantCommand::MarkDelivered(command) => self.mark_delivered(command),
            ParticipantCommand::Arrange(command) => self.arrange(command),
        }
    }

    fn mark_read(&self, command: &MarkRead) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        let membership = command.membership.ok_or(ParticipantError::NotFound)?;
        let Some((up_to_seq, up_to)) = resolve(command.up_to, membership).filter(|(seq, _)| *seq > self.read_seq)
        else {
            return Ok(vec![]);
        };
        Ok(vec![ParticipantEvent::MessagesRead(MessagesRead {
            room_id: command.room_id,
            user_id: command.user_id.clone(),
            up_to_seq,
            up_to,
            at: command.at,
        })])
    }

    fn mark_delivered(&self, command: &MarkDelivered) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        let membership = command.membership.ok_or(ParticipantError::NotFound)?;
        if membership.kind != RoomKind::Direct {
            return Ok(vec![]);
        }
        // What was read has arrived.
        let known = self.delivered_seq.max(self.read_seq);
        let Some((up_to_seq, up_to)) = resolve(command.up_to, membership).filter(|(seq, _)| *seq > known) else {
            return Ok(vec![]);
        };
        Ok(vec![ParticipantEvent::MessagesDelivered(MessagesDelivered {
            room_id: command.room_id,
            user_id: command.user_id.clone(),
            up_to_seq,
            up_to,
            at: command.at,
        })])
    }

    fn arrange(&self, command: &Arrange) -> Result<Vec<ParticipantEvent>, ParticipantError> {
        let membership = command.membership.ok_or(ParticipantError::NotFound)?;
        let (already, arrangement) = match command.wish {
            Arrangement::Muted { until } => (self.muted == Some(Mute { until }), command.wish),
            Arrangement::Unmuted => (self.muted.is_none(), command.wish),
            Arrangement::Pinned => (self.pinned, command.wish),
            Arrangement::Unpinned => (!self.pinned, command.wish),
            Arrangement::Archived { .. } => {
                let seq = membership.last_seq;
                (self.archived_seq == Some(seq), Arrangement::Archived { seq })
            }
            Arrangement::Unarchived => (self.archived_seq.is_none(), command.wish),
        };
        if already {
            return Ok(vec![]);
        }
        Ok(vec![ParticipantEvent::RoomArranged(RoomArranged {
            room_id: command.room_id,
            user_id: command.user_id.clone(),
            arrangement,
            at: command.at,
        })])
    }
}

/// Written each time: what they said since moved their place, which only the room knows. Never to before they came in.
fn mark_unread(command: &MarkUnread) -> Result<Vec<ParticipantEvent>, ParticipantError> {
    let membership = command.membership.ok_or(ParticipantError::NotFound)?;
    let from = match command.from {
        UnreadFrom::Message { seq } => seq,
        UnreadFrom::Last => membership.last_seq,
    };
    if from == 0 {
        return Ok(vec![]); // Nothing has been said yet.
    }
    Ok(vec![ParticipantEvent::MarkedUnread(MarkedUnread {
        room_id: command.room_id,
        user_id: command.user_id.clone(),
        read_seq: (from - 1).max(membership.join_seq),
        at: command.at,
    })])
}

/// `None` where nothing has been said yet.
fn resolve(up_to: ReadUpTo, membership: Membership) -> Option<(u64, MessageId)> {
    match up_to {
        ReadUpTo::Message { seq, message_id } => Some((seq, message_id)),
        ReadUpTo::Last => membership.last_message_id.map(|last| (membership.last_seq, last)),
    }
}
