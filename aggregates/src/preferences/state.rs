//! What preferences must remember: what was chosen, and by whom of those who had the id.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::events::PreferencesEvent;
use crate::policy::settings::Settings;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Preferences {
    /// `None`: nothing was ever chosen. Boxed: a state in the door's cache is as large as the largest.
    pub(super) chosen: Option<Box<Chosen>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Chosen {
    settings: Settings,
    erased_before: u32,
}

impl Preferences {
    /// What holds for whoever has the id now, of whom so many were erased before.
    pub fn settings_of(&self, erased_before: u32) -> Cow<'_, Settings> {
        let chosen = self.chosen.as_ref().filter(|chosen| chosen.erased_before == erased_before);
        chosen.map_or_else(|| Cow::Owned(Settings::default()), |chosen| Cow::Borrowed(&chosen.settings))
    }

    pub fn evolve(&mut self, event: &PreferencesEvent) {
        match event {
            PreferencesEvent::PreferencesChanged(event) => {
                let (settings, erased_before) = (event.settings.clone(), event.erased_before);
                self.chosen = Some(Box::new(Chosen { settings, erased_before }));
            }
        }
    }

    /// About how many bytes it is as JSON.
    pub(crate) fn weight_bytes(&self) -> usize {
        const CELL: usize = 20;
        let cells = |chosen: &Chosen| chosen.settings.matrix.values().map(|row| CELL * (1 + row.len())).sum();
        self.chosen.as_deref().map_or(0, cells)
    }
}
