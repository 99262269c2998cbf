//! The rules of preferences, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, Need, State};
use crate::cast::{ana, erased, noon, state_after};
use crate::catalogue::{AggregateKind, StreamId};
use crate::notification::NotificationType;
use crate::policy::channels::{Channel, Channels};
use crate::policy::quiet_hours::{QuietHours, TimeOfDay};
use crate::policy::settings::{Settings, TypeGroup};
use crate::user::{Change, UserEvent};

fn preferences() -> TestFramework<Preferences> {
    TestFramework::with(())
}

fn change(patch: SettingsPatch) -> PreferencesCommand {
    PreferencesCommand::Change(ChangePreferences { user_id: ana(), patch, erased_before: 0, at: noon() })
}

fn changed(settings: Settings) -> PreferencesEvent {
    PreferencesEvent::PreferencesChanged(PreferencesChanged { user_id: ana(), settings, erased_before: 0, at: noon() })
}

fn without_push() -> SettingsPatch {
    SettingsPatch { channels: [(Channel::Push, false)].into(), ..SettingsPatch::default() }
}

fn push_is_off() -> Settings {
    Settings { channels: Channels::of(&[Channel::InApp, Channel::Email]), ..Settings::default() }
}

fn cell(channel: Channel, wish: Option<bool>) -> SettingsPatch {
    SettingsPatch { matrix: [(NotificationType::Post, [(channel, wish)].into())].into(), ..SettingsPatch::default() }
}

#[test]
fn what_is_chosen_first_is_recorded_with_all_that_was_not_chosen() {
    preferences()
        .given_no_previous_events()
        .when(change(without_push()))
        .then_expect_events(vec![changed(push_is_off())]);
}

#[test]
fn what_is_chosen_already_is_recorded_no_second_time() {
    preferences().given(vec![changed(push_is_off())]).when(change(without_push())).then_expect_events(vec![]);
    let nothing = SettingsPatch::default();
    preferences().given_no_previous_events().when(change(nothing)).then_expect_events(vec![]);
    let in_app_on = SettingsPatch { channels: [(Channel::InApp, true)].into(), ..SettingsPatch::default() };
    preferences().given_no_previous_events().when(change(in_app_on)).then_expect_events(vec![]);
}

#[test]
fn what_is_not_named_stays_as_it_is() {
    let quiet = SettingsPatch {
        groups: [(TypeGroup::Chat, false)].into(),
        quiet_enabled: Some(true),
        quiet_end: Some(TimeOfDay::from_minutes(360)),
        time_zone: Change::Set("Asia/Makassar".to_owned()),
        locale: Change::Set("en".to_owned()),
        ..SettingsPatch::default()
    };
    let night = QuietHours { enabled: true, end: TimeOfDay::from_minutes(360), ..QuietHours::default() };
    let expected = Settings {
        off: [TypeGroup::Chat].into(),
        quiet_hours: night,
        time_zone: Some("Asia/Makassar".to_owned()),
        locale: Some("en".to_owned()),
        ..push_is_off()
    };
    preferences()
        .given(vec![changed(push_is_off())])
        .when(change(quiet))
        .then_expect_events(vec![changed(expected.clone())]);
    let cleared = SettingsPatch {
        groups: [(TypeGroup::Chat, true)].into(),
        time_zone: Change::Clear,
        locale: Change::Clear,
        ..SettingsPatch::default()
    };
    let left = Settings { quiet_hours: night, ..push_is_off() };
    preferences().given(vec![changed(expected)]).when(change(cleared)).then_expect_events(vec![changed(left)]);
}

#[test]
fn the_matrix_is_changed_cell_by_cell_and_has_no_empty_rows() {
    let with = |cells: &[(Channel, bool)]| Settings {
        matrix: [(NotificationType::Post, cells.iter().copied().collect())].into(),
        ..Settings::default()
    };
    let one = with(&[(Channel::Push, false)]);
    preferences()
        .given(vec![changed(one.clone())])
        .when(change(cell(Channel::Email, Some(true))))
        .then_expect_events(vec![changed(with(&[(Channel::Push, false), (Channel::Email, true)]))]);
    preferences()
        .given(vec![changed(one)])
        .when(change(cell(Channel::Push, None)))
        .then_expect_events(vec![changed(Settings::default())]);
    preferences().given_no_previous_events().when(change(cell(Channel::Push, None))).then_expect_events(vec![]);
}

#[test]
fn nobody_takes_over_what_somebody_erased_had_chosen() {
    let in_english = SettingsPatch { locale: Change::Set("en".to_owned()), ..SettingsPatch::default() };
    for (erased_before, known) in [(0, push_is_off()), (1, Settings::default())] {
        let change = ChangePreferences { user_id: ana(), patch: in_english.clone(), erased_before, at: noon() };
        let settings = Settings { locale: Some("en".to_owned()), ..known };
        let chosen = PreferencesChanged { user_id: ana(), settings, erased_before, at: noon() };
        preferences()
            .given(vec![changed(push_is_off())])
            .when(PreferencesCommand::Change(change.clone()))
            .then_expect_events(vec![PreferencesEvent::PreferencesChanged(chosen.clone())]);
        preferences()
            .given(vec![changed(push_is_off()), PreferencesEvent::PreferencesChanged(chosen)])
            .when(PreferencesCommand::Change(change))
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_change_asks_how_often_somebody_of_that_id_was_erased() {
    let state = State::empty(AggregateKind::Preferences);
    let mut command = Command::Preferences(change(without_push()));
    let need = Need { stream: StreamId::user(&ana()), kinds: UserEvent::ERASURES };
    assert_eq!(state.needs(&command), std::slice::from_ref(&need));
    command.learn(&need.stream, &state_after(AggregateKind::User, [erased(&ana())]));
    let Command::Preferences(PreferencesCommand::Change(learnt)) = &command else { panic!("a change") };
    assert_eq!(learnt.erased_before, 1);
    command.learn(&need.stream, &State::empty(AggregateKind::User));
    assert_eq!(command, Command::Preferences(change(without_push())));
}
