//! What somebody has switched on and off: their own, and nobody else's.

use std::collections::BTreeMap;

use aggregates::notification::NotificationType;
use aggregates::policy::channels::Channel;
use aggregates::policy::quiet_hours::TimeOfDay;
use aggregates::policy::settings::{Settings, TypeGroup};
use aggregates::preferences::SettingsPatch;
use aggregates::user::Change;
use axum::extract::State;
use event_log::Position;
use garde::Validate;
use projections::UnitName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Actor, After, ValidJson};
use super::validity::{Locale, a_time_zone, said};
use super::{Answer, AppState, FieldError, Problem};
use crate::commands::{Caller, Chosen};
use crate::wire::Preferences;
use crate::wire::names::TimeOfDayText;

/// A type's row, or null for no row; in it true, false, or null for no cell.
type Rows = BTreeMap<String, Option<BTreeMap<String, Option<bool>>>>;

/// What is absent stays as it is, and so does what is null where nothing else is said.
#[derive(Debug, Default, Deserialize, Validate, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[garde(allow_unvalidated)]
pub struct PreferencesBody {
    enable_all_email: Option<bool>,
    enable_all_whats_app: Option<bool>,
    enable_all_push: Option<bool>,
    enable_all_in_app: Option<bool>,
    chat_notifications: Option<bool>,
    comment_notifications: Option<bool>,
    post_notifications: Option<bool>,
    course_notifications: Option<bool>,
    event_notifications: Option<bool>,
    transaction_notifications: Option<bool>,
    follower_notifications: Option<bool>,
    achievement_notifications: Option<bool>,
    system_notifications: Option<bool>,
    affiliate_notifications: Option<bool>,
    enable_quiet_hours: Option<bool>,
    #[schemars(with = "Option<TimeOfDayText>")]
    quiet_hours_start: Option<TimeOfDay>,
    #[schemars(with = "Option<TimeOfDayText>")]
    quiet_hours_end: Option<TimeOfDay>,
    /// Of the IANA database, as in `Asia/Jakarta`; null for the directory's.
    #[serde(deserialize_with = "said")]
    #[garde(custom(a_time_zone))]
    time_zone: Option<Option<String>>,
    /// Null for the directory's.
    #[serde(deserialize_with = "said")]
    locale: Option<Option<Locale>>,
    /// Cell by cell, `{TYPE: {CHANNEL: bool}}`; null takes a cell away, or a whole row.
    matrix: Option<Rows>,
}

impl PreferencesBody {
    fn patch(self) -> Result<SettingsPatch, Problem> {
        fn given<K: Ord, const N: usize>(switches: [(K, Option<bool>); N]) -> BTreeMap<K, bool> {
            switches.into_iter().filter_map(|(which, on)| Some((which, on?))).collect()
        }
        let channels = given([
            (Channel::InApp, self.enable_all_in_app),
            (Channel::Push, self.enable_all_push),
            (Channel::Email, self.enable_all_email),
            (Channel::WhatsApp, self.enable_all_whats_app),
        ]);
        let groups = given([
            (TypeGroup::Chat, self.chat_notifications),
            (TypeGroup::Comment, self.comment_notifications),
            (TypeGroup::Post, self.post_notifications),
            (TypeGroup::Course, self.course_notifications),
            (TypeGroup::Event, self.event_notifications),
            (TypeGroup::Transaction, self.transaction_notifications),
            (TypeGroup::Follower, self.follower_notifications),
            (TypeGroup::Achievement, self.achievement_notifications),
            (TypeGroup::System, self.system_notifications),
            (TypeGroup::Affiliate, self.affiliate_notifications),
        ]);
        Ok(SettingsPatch {
            channels,
            groups,
            matrix: cells(self.matrix.unwrap_or_default())?,
            quiet_enabled: self.enable_quiet_hours,
            quiet_start: self.quiet_hours_start,
            quiet_end: self.quiet_hours_end,
            time_zone: change(self.time_zone),
            locale: change(self.locale.map(|locale| locale.map(|locale| locale.name().to_owned()))),
        })
    }
}

fn change(said: Option<Option<String>>) -> Change<String> {
    match said {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(name)) => Change::Set(name),
    }
}

type Cells = BTreeMap<NotificationType, BTreeMap<Channel, Option<bool>>>;

/// Wrong names that are told: an answer is not to be longer than what was asked.
const TOLD_MAX: usize = 64;

/// Types and channels also by the names that older clients have for them. Every name that is of nothing is told, and every one
/// that comes under two names.
fn cells(rows: Rows) -> Result<Cells, Problem> {
    let (mut cells, mut wrong) = (Cells::new(), Vec::new());
    let mut tell = |field: String, reason: &'static str| {
        if wrong.len() < TOLD_MAX {
            wrong.push(FieldError { field: field.into(), reason: reason.into() });
        }
    };
    for (type_name, row) in rows {
        let Some(kind) = NotificationType::parse(&type_name) else {
            tell(format!("matrix.{type_name}"), "no such type");
            continue;
        };
        if cells.contains_key(&kind) {
            tell(format!("matrix.{type_name}"), "named twice");
            continue;
        }
        let taken = cells.entry(kind).or_default();
        let Some(row) = row else {
            taken.extend(Channel::ALL.map(|channel| (channel, None)));
            continue;
        };
        for (channel_name, wish) in row {
            match Channel::parse(&channel_name) {
                Some(channel) if taken.insert(channel, wish).is_none() => {}
                Some(_) => tell(format!("matrix.{type_name}.{channel_name}"), "named twice"),
                None => tell(format!("matrix.{type_name}.{channel_name}"), "no such channel"),
            }
        }
    }
    if wrong.is_empty() { Ok(cells) } else { Err(Problem::invalid_fields(wrong)) }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PreferencesAnswer {
    preferences: Preferences,
}

/// `GET /api/notifications/preferences`
pub async fn own(
    State(app): State<AppState>,
    actor: Actor,
    after: After,
) -> Result<Answer<PreferencesAnswer>, Problem> {
    after.wait_for(&app, UnitName::Feed).await?;
    Ok(Answer::shown(PreferencesAnswer { preferences: app.queries().preferences(actor.id()).await? }))
}

/// `PUT /api/notifications/preferences`
pub async fn change_own(
    State(app): State<AppState>,
    caller: Caller,
    ValidJson(body): ValidJson<PreferencesBody>,
) -> Result<Answer<PreferencesAnswer>, Problem> {
    let Chosen { now, position } = app.commands.change_preferences(&caller, body.patch()?).await?;
    let settings = match now {
        Some(settings) => settings,
        None => as_decided(&app, &caller, position).await?,
    };
    Ok(Answer::decided(position, PreferencesAnswer { preferences: Preferences::of(&settings) }))
}

/// As the view has them once it is there; where it is late or cannot be asked, as the log says.
async fn as_decided(app: &AppState, caller: &Caller, position: Position) -> Result<Settings, Problem> {
    let user = &caller.user_id;
    if let Err(lagging) = app.views.wait_for(UnitName::Feed, position, app.config.server.view_wait()).await {
        tracing::warn!(%lagging, "preferences are shown from the log");
        return Ok(app.commands.settings_now(user).await?);
    }
    match app.views.feed().settings(user).await {
        Ok(settings) => Ok(settings),
        Err(error) => {
            tracing::warn!(%error, "preferences are shown without their view");
            Ok(app.commands.settings_now(user).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: Value) -> PreferencesBody {
        serde_json::from_value(body).expect("the right shape")
    }

    #[test]
    fn what_is_absent_stays_and_every_switch_is_its_own() {
        assert_eq!(read(json!({})).patch().expect("right"), SettingsPatch::default());
        let whole = serde_json::to_value(Preferences::of(&Settings::default())).expect("JSON");
        for name in whole.as_object().expect("an object").keys().filter(|name| whole[*name].is_boolean()) {
            let on = !whole[name].as_bool().expect("a switch");
            let changed = read(json!({ name: on })).patch().expect("right").applied_to(&Settings::default());
            let mut expected = whole.clone();
            expected[name] = on.into();
            assert_eq!(serde_json::to_value(Preferences::of(&changed)).expect("JSON"), expected, "{name}");
        }
    }

    #[test]
    fn what_went_out_comes_in_again_and_changes_nothing() {
        let settings = read(json!({"matrix": {"POST": {"PUSH": false}}, "timeZone": "Asia/Makassar", "locale": "en",
            "quietHoursStart": "21:00", "chatNotifications": false}));
        let settings = settings.patch().expect("right").applied_to(&Settings::default());
        let out = serde_json::to_value(Preferences::of(&settings)).expect("JSON");
        assert_eq!(read(out).patch().expect("right").applied_to(&settings), settings);
    }

    #[test]
    fn a_row_is_taken_by_old_names_and_away_by_null() {
        let patch = read(json!({"matrix": {"FOLLOW": {"onesignal": true, "email": null}, "POST": null}})).patch();
        let none = Channel::ALL.map(|channel| (channel, None));
        let expected = Cells::from([
            (NotificationType::Follower, [(Channel::Push, Some(true)), (Channel::Email, None)].into()),
            (NotificationType::Post, none.into()),
        ]);
        assert_eq!(patch.expect("right").matrix, expected);
        let problem = read(json!({"matrix": {"POST": {"SMS": true, "PUSH": true}, "NOPE": {}}})).patch();
        let problem = problem.expect_err("names of nothing");
        let named: Vec<&str> = problem.errors().iter().map(|error| &*error.field).collect();
        assert_eq!(named, ["matrix.NOPE", "matrix.POST.SMS"]);
    }

    fn wrong(body: Value) -> Vec<String> {
        let problem = read(body).patch().expect_err("it cannot be so");
        problem.errors().iter().map(|error| error.field.to_string()).collect()
    }

    #[test]
    fn what_is_named_twice_is_told_and_no_more_is_told_than_helps() {
        let by_both = json!({"FOLLOW": {"PUSH": true}, "FOLLOWER": {"PUSH": false}});
        assert_eq!(wrong(json!({"matrix": by_both})), ["matrix.FOLLOWER"]);
        assert_eq!(wrong(json!({"matrix": {"POST": {"PUSH": true, "push": false}}})), ["matrix.POST.push"]);
        let many: serde_json::Map<String, Value> = (0..1_000).map(|number| (format!("T{number}"), json!({}))).collect();
        assert_eq!(wrong(json!({"matrix": many})).len(), TOLD_MAX);
    }
}
