//! The rules of preferences. What can be chosen at all is said by the types; names of zones and languages are looked at where
//! they come in.

use super::commands::{ChangePreferences, PreferencesCommand};
use super::error::PreferencesError;
use super::events::{PreferencesChanged, PreferencesEvent};
use super::state::Preferences;

impl Preferences {
    pub fn decide(&self, command: &PreferencesCommand) -> Result<Vec<PreferencesEvent>, PreferencesError> {
        match command {
            PreferencesCommand::Change(command) => Ok(self.change(command)),
        }
    }

    fn change(&self, command: &ChangePreferences) -> Vec<PreferencesEvent> {
        let known = self.settings_of(command.erased_before);
        let settings = command.patch.applied_to(&known);
        if settings == *known {
            return vec![];
        }
        let ChangePreferences { user_id, erased_before, at, .. } = command.clone();
        vec![PreferencesEvent::PreferencesChanged(PreferencesChanged { user_id, settings, erased_before, at })]
    }
}
