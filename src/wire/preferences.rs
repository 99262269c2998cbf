//! What somebody has switched on and off, as the front end reads it.

use std::collections::BTreeMap;

use aggregates::policy::channels::Channel;
use aggregates::policy::quiet_hours::TimeOfDay;
use aggregates::policy::settings::{Matrix, Settings, TypeGroup};
use schemars::JsonSchema;
use serde::Serialize;

use super::names::TimeOfDayText;

/// Requirements R9. What goes out may come in again as it is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    pub enable_all_email: bool,
    pub enable_all_whats_app: bool,
    pub enable_all_push: bool,
    pub enable_all_in_app: bool,
    pub chat_notifications: bool,
    pub comment_notifications: bool,
    pub post_notifications: bool,
    pub course_notifications: bool,
    pub event_notifications: bool,
    pub transaction_notifications: bool,
    pub follower_notifications: bool,
    pub achievement_notifications: bool,
    pub system_notifications: bool,
    pub affiliate_notifications: bool,
    pub enable_quiet_hours: bool,
    #[schemars(with = "TimeOfDayText")]
    pub quiet_hours_start: TimeOfDay,
    #[schemars(with = "TimeOfDayText")]
    pub quiet_hours_end: TimeOfDay,
    /// Null: the directory's, or `Asia/Jakarta`.
    pub time_zone: Option<String>,
    /// Null: the directory's, or `id`.
    pub locale: Option<String>,
    /// `{TYPE: {IN_APP, PUSH, EMAIL, WHATSAPP: bool}}`: what is in it wins over the switch of the type's group.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, bool>>")]
    pub matrix: Matrix,
}

impl Preferences {
    pub fn of(settings: &Settings) -> Self {
        let channel = |channel| settings.channels.has(channel);
        let group = |group| !settings.off.contains(&group);
        Self {
            enable_all_email: channel(Channel::Email),
            enable_all_whats_app: channel(Channel::WhatsApp),
            enable_all_push: channel(Channel::Push),
            enable_all_in_app: channel(Channel::InApp),
            chat_notifications: group(TypeGroup::Chat),
            comment_notifications: group(TypeGroup::Comment),
            post_notifications: group(TypeGroup::Post),
            course_notifications: group(TypeGroup::Course),
            event_notifications: group(TypeGroup::Event),
            transaction_notifications: group(TypeGroup::Transaction),
            follower_notifications: group(TypeGroup::Follower),
            achievement_notifications: group(TypeGroup::Achievement),
            system_notifications: group(TypeGroup::System),
            affiliate_notifications: group(TypeGroup::Affiliate),
            enable_quiet_hours: settings.quiet_hours.enabled,
            quiet_hours_start: settings.quiet_hours.start,
            quiet_hours_end: settings.quiet_hours.end,
            time_zone: settings.time_zone.clone(),
            locale: settings.locale.clone(),
            matrix: settings.matrix.clone(),
        }
    }
}
