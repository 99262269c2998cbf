//! The rules between two people.

use super::commands::{Relate, RelationshipCommand};
use super::error::RelationshipError;
use super::events::{Directed, RelationshipEvent};
use super::state::Relationship;
use crate::Timestamp;
use crate::ids::UserId;

impl Relationship {
    pub fn decide(&self, command: &RelationshipCommand) -> Result<Vec<RelationshipEvent>, RelationshipError> {
        match command {
            RelationshipCommand::Follow(relate) => self.follow(relate),
            RelationshipCommand::Unfollow(relate) => self.unfollow(relate),
            RelationshipCommand::Block(relate) => self.block(relate),
            RelationshipCommand::Unblock(relate) => self.unblock(relate),
        }
    }

    fn follow(&self, relate: &Relate) -> Result<Vec<RelationshipEvent>, RelationshipError> {
        require_other(relate)?;
        if self.is_blocked() {
            return Err(RelationshipError::Blocked);
        }
        if self.follows(&relate.from) {
            return Ok(vec![]);
        }
        Ok(vec![RelationshipEvent::UserFollowed(directed(&relate.from, &relate.to, relate.at))])
    }

    /// Ends with whoever is followed, also when the directory has forgotten them.
    fn unfollow(&self, relate: &Relate) -> Result<Vec<RelationshipEvent>, RelationshipError> {
        let events = self.end_follow(&relate.from, &relate.to, relate.at);
        if events.is_empty() {
            require_other(relate)?;
        }
        Ok(events)
    }

    fn end_follow(&self, from: &UserId, to: &UserId, at: Timestamp) -> Vec<RelationshipEvent> {
        if self.follows(from) { vec![RelationshipEvent::UserUnfollowed(directed(from, to, at))] } else { vec![] }
    }

    /// A block ends follows both ways.
    fn block(&self, relate: &Relate) -> Result<Vec<RelationshipEvent>, RelationshipError> {
        require_other(relate)?;
        if self.blockers.contains(&relate.from) {
            return Ok(vec![]);
        }
        let mut events = vec![RelationshipEvent::UserBlocked(directed(&relate.from, &relate.to, relate.at))];
        events.extend(self.end_follow(&relate.from, &relate.to, relate.at));
        events.extend(self.end_follow(&relate.to, &relate.from, relate.at));
        Ok(events)
    }

    fn unblock(&self, relate: &Relate) -> Result<Vec<RelationshipEvent>, RelationshipError> {
        if self.blockers.contains(&relate.from) {
            return Ok(vec![RelationshipEvent::UserUnblocked(directed(&relate.from, &relate.to, relate.at))]);
        }
        require_other(relate)?;
        Ok(vec![])
    }
}

fn require_other(relate: &Relate) -> Result<(), RelationshipError> {
    if relate.from == relate.to {
        return Err(RelationshipError::WithOneself);
    }
    if !relate.to_exists {
        return Err(RelationshipError::UnknownUser);
    }
    Ok(())
}

fn directed(from: &UserId, to: &UserId, at: Timestamp) -> Directed {
    Directed { from: from.clone(), to: to.clone(), at }
}
