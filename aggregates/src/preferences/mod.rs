//! What one person has switched on and off, when they want to be left alone, and in which language and zone (requirements R9).

mod commands;
mod decide;
mod error;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use commands::{ChangePreferences, PreferencesCommand, SettingsPatch};
pub use error::PreferencesError;
pub use events::{PreferencesChanged, PreferencesEvent};
pub use state::Preferences;

crate::aggregate::cqrs_aggregate!(
    Preferences,
    crate::AggregateKind::Preferences,
    PreferencesCommand,
    PreferencesEvent,
    PreferencesError
);
