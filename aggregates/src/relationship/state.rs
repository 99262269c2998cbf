//! What two people are to each other.

use serde::{Deserialize, Serialize};

use super::events::RelationshipEvent;
use crate::ids::UserId;

/// Who of the two does it; at most both.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Relationship {
    pub(super) followers: Vec<UserId>,
    pub(super) blockers: Vec<UserId>,
}

impl Relationship {
    /// In either direction.
    pub fn is_blocked(&self) -> bool {
        !self.blockers.is_empty()
    }

    pub fn follows(&self, from: &UserId) -> bool {
        self.followers.contains(from)
    }

    pub fn evolve(&mut self, event: &RelationshipEvent) {
        match event {
            RelationshipEvent::UserFollowed(event) => enter(&mut self.followers, &event.from),
            RelationshipEvent::UserUnfollowed(event) => self.followers.retain(|user| *user != event.from),
            RelationshipEvent::UserBlocked(event) => enter(&mut self.blockers, &event.from),
            RelationshipEvent::UserUnblocked(event) => self.blockers.retain(|user| *user != event.from),
        }
    }
}

fn enter(users: &mut Vec<UserId>, user: &UserId) {
    if !users.contains(user) {
        users.push(user.clone());
    }
}
