//! What may be asked of somebody's preferences.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::aggregate::{Need, State};
use crate::catalogue::StreamId;
use crate::ids::UserId;
use crate::notification::NotificationType;
use crate::policy::channels::Channel;
use crate::policy::quiet_hours::TimeOfDay;
use crate::policy::settings::{Settings, TypeGroup};
use crate::user::{Change, UserEvent};

#[derive(Debug, Clone, PartialEq)]
pub enum PreferencesCommand {
    Change(ChangePreferences),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ChangePreferences {
    pub user_id: UserId,
    pub patch: SettingsPatch,
    /// Fact: how often somebody of this id was erased. What they chose is nobody's.
    pub erased_before: u32,
    pub at: Timestamp,
}

/// What is to be another; what it does not name stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsPatch {
    pub channels: BTreeMap<Channel, bool>,
    pub groups: BTreeMap<TypeGroup, bool>,
    /// Cell by cell; `None` takes one away, and the switch of the type's group counts again.
    pub matrix: BTreeMap<NotificationType, BTreeMap<Channel, Option<bool>>>,
    pub quiet_enabled: Option<bool>,
    pub quiet_start: Option<TimeOfDay>,
    pub quiet_end: Option<TimeOfDay>,
    /// By its IANA name.
    pub time_zone: Change<String>,
    /// `id` or `en`.
    pub locale: Change<String>,
}

impl SettingsPatch {
    /// The settings with what it names. Done twice, it is done once.
    #[must_use]
    pub fn applied_to(&self, settings: &Settings) -> Settings {
        let mut new = settings.clone();
        for (channel, on) in &self.channels {
            new.channels = new.channels.with(*channel, *on);
        }
        for (group, on) in &self.groups {
            if *on {
                new.off.remove(group);
            } else {
                new.off.insert(*group);
            }
        }
        for (kind, cells) in &self.matrix {
            let row = new.matrix.entry(*kind).or_default();
            for (channel, cell) in cells {
                match cell {
                    Some(on) => drop(row.insert(*channel, *on)),
                    None => drop(row.remove(channel)),
                }
            }
            // No empty rows: two matrices that say the same are the same.
            if row.is_empty() {
                new.matrix.remove(kind);
            }
        }
        new.quiet_hours.enabled = self.quiet_enabled.unwrap_or(new.quiet_hours.enabled);
        new.quiet_hours.start = self.quiet_start.unwrap_or(new.quiet_hours.start);
        new.quiet_hours.end = self.quiet_end.unwrap_or(new.quiet_hours.end);
        for (known, change) in [(&mut new.time_zone, &self.time_zone), (&mut new.locale, &self.locale)] {
            match change {
                Change::Keep => {}
                Change::Clear => *known = None,
                Change::Set(name) => *known = Some(name.clone()),
            }
        }
        new
    }
}

impl PreferencesCommand {
    pub(crate) fn needs(&self) -> Vec<Need> {
        let Self::Change(command) = self;
        vec![Need { stream: StreamId::user(&command.user_id), kinds: UserEvent::ERASURES }]
    }

    pub(crate) fn learn(&mut self, _stream: &StreamId, facts: &State) {
        let Self::Change(command) = self;
        if let State::User(user) = facts {
            command.erased_before = user.erasures();
        }
    }
}
