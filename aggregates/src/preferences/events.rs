//! What has happened to somebody's preferences.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::catalogue::EventSchema;
use crate::ids::UserId;
use crate::policy::settings::Settings;
use crate::user::is_zero;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PreferencesEvent {
    PreferencesChanged(PreferencesChanged),
}

/// All of them as they now are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferencesChanged {
    pub user_id: UserId,
    pub settings: Settings,
    /// How often somebody of this id had been erased: whoever comes back starts anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_before: u32,
    pub at: Timestamp,
}

impl PreferencesEvent {
    pub const PREFERENCES_CHANGED: &'static str = "preferences_changed";
    /// Whatever makes somebody's settings others.
    pub const CHANGES: &'static [&'static str] = &[Self::PREFERENCES_CHANGED];

    /// The stored name and current version of each event. Append-only.
    pub const fn schema(&self) -> EventSchema {
        match self {
            Self::PreferencesChanged(_) => EventSchema::new(Self::PREFERENCES_CHANGED, "1"),
        }
    }
}
