//! What the directory must remember of somebody in order to know what is new.

use serde::{Deserialize, Serialize};

use super::events::{Profile, UserEvent, UserRole};
use crate::KeyId;
use crate::policy::channels::{Channel, Channels};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct User {
    /// Boxed: a state in the door's cache is as large as the largest.
    pub(super) profile: Option<Box<Profile>>,
    /// How often it happened.
    #[serde(default)]
    pub(super) erasures: u32,
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

    /// By its IANA name.
    pub fn locale(&self) -> Option<&str> {
        self.profile.as_ref()?.reach.locale.as_deref()
    }

    pub fn time_zone(&self) -> Option<&str> {
        self.profile.as_ref()?.reach.time_zone.as_deref()
    }

    /// The channels that there is an address for; the feed needs none.
    pub fn reachable(&self) -> Channels {
        let Some(profile) = &self.profile else { return Channels::NONE };
        let has_device = !profile.reach.push.is_empty() || !profile.reach.web_push.is_empty();
        Channels::NONE
            .with(Channel::Push, has_device)
            .with(Channel::Email, profile.email.is_some())
            .with(Channel::WhatsApp, profile.phone.is_some())
    }

    /// Erased, and not come back as somebody new.
    pub const fn is_gone(&self) -> bool {
        self.erasures > 0 && self.profile.is_none()
    }

    /// How often somebody of this id was erased: what was chosen when it was less often is nobody's any more.
    pub const fn erasures(&self) -> u32 {
        self.erasures
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
                self.erasures = self.erasures.saturating_add(1);
                self.erased_keys.extend(&event.keys);
            }
        }
    }
}
