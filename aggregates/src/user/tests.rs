//! The rules of the directory, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::Sealed;
use crate::aggregate::{Command, State};
use crate::cast::{ana, noon};
use crate::catalogue::AggregateKind;

#[test]
fn somebody_unknown_is_registered_with_what_is_known_of_them() {
    user().given_no_previous_events().when(fill(named("Ana"))).then_expect_events(vec![registered(named("Ana"))]);
    let nothing = Profile::default();
    user().given_no_previous_events().when(fill(nothing.clone())).then_expect_events(vec![registered(nothing)]);
}

#[test]
fn what_is_missing_is_filled_in_and_what_is_known_stays() {
    let offered = Profile { role: Some(UserRole::Mentor), ..named("Somebody Else") };
    let expected = Profile { role: Some(UserRole::Mentor), ..named("Ana") };
    user().given(vec![registered(named("Ana"))]).when(fill(offered)).then_expect_events(vec![changed(expected)]);
}

#[test]
fn every_part_of_a_profile_is_filled_in() {
    let part = |text: &str| Some(Sealed::new(text));
    let whole = Profile {
        name: part("Ana"),
        username: part("ana"),
        avatar: part("https://cdn/ana.png"),
        email: part("ana@example.org"),
        phone: part("+62811"),
        role: Some(UserRole::MemberFree),
    };
    user()
        .given(vec![registered(Profile::default())])
        .when(fill(whole.clone()))
        .then_expect_events(vec![changed(whole.clone())]);
    user().given(vec![registered(whole.clone())]).when(fill(Profile::default())).then_expect_events(vec![]);
    let others = Profile { name: part("Ben"), username: part("ben"), role: Some(UserRole::Admin), ..whole.clone() };
    user().given(vec![registered(whole)]).when(fill(others)).then_expect_events(vec![]);
}

#[test]
fn a_session_that_says_nothing_new_changes_nothing() {
    let given = || vec![registered(Profile::default()), changed(named("Ana"))];
    user().given(given()).when(fill(named("Ana"))).then_expect_events(vec![]);
    user().given(given()).when(fill(named("Ben"))).then_expect_events(vec![]);
}

#[test]
fn somebody_exists_once_they_are_registered() {
    let mut user = User::default();
    assert!(!user.exists());
    user.evolve(&registered(Profile::default()));
    assert!(user.exists());
}

#[test]
fn the_directory_asks_other_streams_for_nothing() {
    let state = State::empty(AggregateKind::User);
    assert_eq!(state.needs(&Command::User(fill(Profile::default()))), []);
}

#[test]
fn every_role_is_found_by_its_name() {
    let roles = [UserRole::Admin, UserRole::Mentor, UserRole::Affiliate, UserRole::MemberPremium, UserRole::MemberFree];
    for role in roles {
        assert_eq!(UserRole::parse(role.name()), Some(role));
        assert_eq!(serde_json::to_value(role).ok(), Some(role.name().into()));
    }
    assert_eq!(UserRole::parse("ROOT"), None);
}

fn user() -> TestFramework<User> {
    TestFramework::with(())
}

fn named(name: &str) -> Profile {
    Profile { name: Some(Sealed::new(name)), ..Profile::default() }
}

fn fill(profile: Profile) -> UserCommand {
    UserCommand::FillProfile(PutProfile { user_id: ana(), profile, at: noon() })
}

fn registered(profile: Profile) -> UserEvent {
    UserEvent::UserRegistered(UserRegistered { user_id: ana(), profile, at: noon() })
}

fn changed(profile: Profile) -> UserEvent {
    UserEvent::ProfileChanged(ProfileChanged { user_id: ana(), profile, at: noon() })
}
