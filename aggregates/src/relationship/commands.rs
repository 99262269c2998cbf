//! What one person may ask about another.

use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::UserId;
use crate::user::UserEvent;

/// Toggles are resolved before they get here: a repeat must not undo itself.
#[derive(Debug, Clone, PartialEq)]
pub enum RelationshipCommand {
    Follow(Relate),
    Unfollow(Relate),
    Block(Relate),
    Unblock(Relate),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Relate {
    pub from: UserId,
    pub to: UserId,
    /// Fact: the directory knows `to`.
    pub to_exists: bool,
    pub at: Timestamp,
}

impl RelationshipCommand {
    fn relate(&self) -> &Relate {
        match self {
            Self::Follow(relate) | Self::Unfollow(relate) | Self::Block(relate) | Self::Unblock(relate) => relate,
        }
    }

    pub(crate) fn needs(&self) -> Vec<Need> {
        vec![Need { stream: StreamId::user(&self.relate().to), kinds: UserEvent::EXISTENCE }]
    }

    pub(crate) fn learn(&mut self, stream: &StreamId, facts: &State) {
        if let State::User(user) = facts
            && *stream.id == *self.relate().to.as_str()
        {
            match self {
                Self::Follow(relate) | Self::Unfollow(relate) | Self::Block(relate) | Self::Unblock(relate) => {
                    relate.to_exists = user.exists();
                }
            }
        }
    }
}
