//! The rules of the directory, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, State};
use crate::cast::{ana, noon};
use crate::catalogue::AggregateKind;
use crate::{KeyId, Sealed};

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
        reach: Reach::default(),
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
fn what_the_platform_says_is_set_and_cleared_and_what_it_does_not_say_stays() {
    let known = Profile { phone: Some(Sealed::new("+62811")), role: Some(UserRole::MemberFree), ..named("Ana") };
    let changes = ProfileChanges {
        name: Change::Set(Sealed::new("Ana Putri")),
        phone: Change::Clear,
        locale: Change::Set("en".to_owned()),
        push: Change::Set(vec![Sealed::new("device-1")]),
        ..ProfileChanges::default()
    };
    let reach = Reach { locale: Some("en".to_owned()), push: vec![Sealed::new("device-1")], ..Reach::default() };
    let expected =
        Profile { phone: None, reach: reach.clone(), role: Some(UserRole::MemberFree), ..named("Ana Putri") };
    user().given(vec![registered(known)]).when(put(changes)).then_expect_events(vec![changed(expected)]);
    let without = ProfileChanges { push: Change::Clear, locale: Change::Clear, ..ProfileChanges::default() };
    user()
        .given(vec![registered(Profile { reach, ..named("Ana") })])
        .when(put(without))
        .then_expect_events(vec![changed(named("Ana"))]);
}

#[test]
fn saying_the_same_again_changes_nothing_and_somebody_unknown_is_registered() {
    let changes = || ProfileChanges { name: Change::Set(Sealed::new("Ana")), ..ProfileChanges::default() };
    user().given_no_previous_events().when(put(changes())).then_expect_events(vec![registered(named("Ana"))]);
    user().given(vec![registered(named("Ana"))]).when(put(changes())).then_expect_events(vec![]);
    user().given(vec![registered(named("Ana"))]).when(put(ProfileChanges::default())).then_expect_events(vec![]);
}

#[test]
fn a_session_neither_says_nor_takes_away_how_somebody_is_reached() {
    let reach = Reach { time_zone: Some("Asia/Jakarta".to_owned()), ..Reach::default() };
    let known = Profile { reach: reach.clone(), ..Profile::default() };
    let expected = Profile { reach, ..named("Ana") };
    user().given(vec![registered(known)]).when(fill(named("Ana"))).then_expect_events(vec![changed(expected)]);
}

#[test]
fn an_entry_from_before_there_were_devices_is_read_as_it_was() {
    let profile: Profile = serde_json::from_str("{\"role\":\"MENTOR\"}").expect("readable");
    assert!(profile.reach.is_empty());
    assert_eq!(serde_json::to_string(&profile).expect("written"), "{\"role\":\"MENTOR\"}");
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
fn who_is_erased_is_not_there_any_more_and_may_come_back_as_somebody_new() {
    user().given(vec![registered(named("Ana"))]).when(erase(&[key(1)])).then_expect_events(vec![erased(&[key(1)])]);
    let given = || vec![registered(named("Ana")), erased(&[key(1)])];
    user().given(given()).when(fill(named("Nina"))).then_expect_events(vec![registered(named("Nina"))]);
    let mut user = User::default();
    given().iter().for_each(|event| user.evolve(event));
    assert!(!user.exists());
}

#[test]
fn erasing_twice_is_erasing_once() {
    let given = || vec![registered(named("Ana")), erased(&[key(1)])];
    user().given(given()).when(erase(&[key(1)])).then_expect_events(vec![]);
    user().given(given()).when(erase(&[])).then_expect_events(vec![]);
    // Somebody came back and said something: there is another key to drop.
    user().given(given()).when(erase(&[key(2)])).then_expect_events(vec![erased(&[key(2)])]);
}

#[test]
fn somebody_of_whom_nothing_is_known_cannot_be_erased() {
    user().given_no_previous_events().when(erase(&[])).then_expect_error_message("there is no such user");
    // Not registered, but their words are here.
    user().given_no_previous_events().when(erase(&[key(1)])).then_expect_events(vec![erased(&[key(1)])]);
}

#[test]
fn words_sealed_with_a_dropped_key_are_passed_over() {
    let sealed = |key: KeyId| Some(Sealed::from_stored(Sealed::compose(key, "xyz")));
    let offered = Profile { name: sealed(key(1)), username: sealed(key(2)), ..Profile::default() };
    let kept = Profile { username: sealed(key(2)), ..Profile::default() };
    user()
        .given(vec![registered(named("Ana")), erased(&[key(1)])])
        .when(fill(offered))
        .then_expect_events(vec![registered(kept)]);
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

fn put(changes: ProfileChanges) -> UserCommand {
    UserCommand::Put(PutUser { user_id: ana(), changes, at: noon() })
}

fn fill(profile: Profile) -> UserCommand {
    UserCommand::FillProfile(PutProfile { user_id: ana(), profile, at: noon() })
}

fn erase(keys: &[KeyId]) -> UserCommand {
    UserCommand::Erase(EraseUser { user_id: ana(), keys: keys.to_vec(), at: noon() })
}

fn erased(keys: &[KeyId]) -> UserEvent {
    UserEvent::UserErased(UserErased { user_id: ana(), keys: keys.to_vec(), at: noon() })
}

fn key(number: u8) -> KeyId {
    KeyId::parse(&format!("{number:022}")).expect("a key id")
}

fn registered(profile: Profile) -> UserEvent {
    UserEvent::UserRegistered(UserRegistered { user_id: ana(), profile, at: noon() })
}

fn changed(profile: Profile) -> UserEvent {
    UserEvent::ProfileChanged(ProfileChanged { user_id: ana(), profile, at: noon() })
}
