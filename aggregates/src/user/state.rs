//! What the directory must remember of somebody in order to know what is new.

use serde::{Deserialize, Serialize};

use super::events::{Profile, UserEvent};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct User {
    pub(super) profile: Option<Profile>,
}

impl User {
    pub const fn exists(&self) -> bool {
        self.profile.is_some()
    }

    pub fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::UserRegistered(event) => self.profile = Some(event.profile.clone()),
            UserEvent::ProfileChanged(event) => self.profile = Some(event.profile.clone()),
        }
    }
}
