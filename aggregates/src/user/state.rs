//! What the directory must remember of somebody in order to know what is new.

use serde::{Deserialize, Serialize};

use super::events::{Profile, UserEvent, UserRole};
use crate::KeyId;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct User {
    /// Boxed: a state in the door's cache is as large as the largest.
    pub(super) profile: Option<Box<Profile>>,
    /// It happened once at least.
    #[serde(default)]
    pub(super) erased: bool,
    /// What was dropped: nothing sealed with these can be read.
    #[serde(default)]
    pub(super) erased_keys: Vec<KeyId>,
}

impl User {
    pub const fn exists(&self) -> bool {
        self.profile.is_some()
    }

    /// As the platform says; `None` where it said nothing.
    pub fn role(&self) -> Option<UserRole> {
        self.profile.as_ref()?.role
    }

    /// Erased, and not come back as somebody new.
    pub const fn is_gone(&self) -> bool {
        self.erased && self.profile.is_none()
    }

    /// Whether an erasure has named it.
    pub fn has_erased(&self, key: KeyId) -> bool {
        self.erased_keys.contains(&key)
    }

    pub fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::UserRegistered(event) => self.profile = Some(Box::new(event.profile.clone())),
            UserEvent::ProfileChanged(event) => self.profile = Some(Box::new(event.profile.clone())),
            UserEvent::UserErased(event) => {
                self.profile = None;
                self.erased = true;
                self.erased_keys.extend(&event.keys);
            }
        }
    }
}
