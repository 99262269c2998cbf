//! The rules between two people, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, Need, State};
use crate::cast::{ana, ben, cici, noon, registered, state_after};
use crate::catalogue::{AggregateKind, StreamId};
use crate::ids::UserId;

#[test]
fn a_follow_goes_one_way_and_the_other_way_is_another_follow() {
    relationship()
        .given_no_previous_events()
        .when(follow(&ana(), &ben()))
        .then_expect_events(vec![followed(&ana(), &ben())]);
    relationship()
        .given(vec![followed(&ana(), &ben())])
        .when(follow(&ben(), &ana()))
        .then_expect_events(vec![followed(&ben(), &ana())]);
}

#[test]
fn following_twice_is_following_once() {
    relationship().given(vec![followed(&ana(), &ben())]).when(follow(&ana(), &ben())).then_expect_events(vec![]);
}

#[test]
fn who_unfollowed_may_follow_again() {
    relationship()
        .given(vec![followed(&ana(), &ben()), unfollowed(&ana(), &ben())])
        .when(follow(&ana(), &ben()))
        .then_expect_events(vec![followed(&ana(), &ben())]);
}

#[test]
fn an_unfollow_ends_ones_own_follow_only() {
    let both = || vec![followed(&ana(), &ben()), followed(&ben(), &ana())];
    relationship().given(both()).when(unfollow(&ana(), &ben())).then_expect_events(vec![unfollowed(&ana(), &ben())]);
    relationship()
        .given(both())
        .and(vec![unfollowed(&ana(), &ben())])
        .when(unfollow(&ana(), &ben()))
        .then_expect_events(vec![]);
}

#[test]
fn nobody_follows_or_blocks_themselves() {
    for wish in EVERY_WISH {
        relationship()
            .given_no_previous_events()
            .when(wish(relate(&ana(), &ana(), true)))
            .then_expect_error(RelationshipError::WithOneself);
    }
}

#[test]
fn nobody_follows_or_blocks_somebody_unknown() {
    for wish in EVERY_WISH {
        relationship()
            .given_no_previous_events()
            .when(wish(relate(&ana(), &ben(), false)))
            .then_expect_error(RelationshipError::UnknownUser);
    }
}

#[test]
fn what_was_begun_can_be_ended_although_the_directory_has_forgotten_the_other() {
    let forgotten = || relate(&ana(), &ben(), false);
    relationship()
        .given(vec![followed(&ana(), &ben())])
        .when(RelationshipCommand::Unfollow(forgotten()))
        .then_expect_events(vec![unfollowed(&ana(), &ben())]);
    relationship()
        .given(vec![blocked(&ana(), &ben())])
        .when(RelationshipCommand::Unblock(forgotten()))
        .then_expect_events(vec![unblocked(&ana(), &ben())]);
}

#[test]
fn a_block_ends_follows_both_ways() {
    relationship()
        .given(vec![followed(&ana(), &ben()), followed(&ben(), &ana())])
        .when(block(&ana(), &ben()))
        .then_expect_events(vec![blocked(&ana(), &ben()), unfollowed(&ana(), &ben()), unfollowed(&ben(), &ana())]);
    relationship()
        .given(vec![followed(&ben(), &ana())])
        .when(block(&ana(), &ben()))
        .then_expect_events(vec![blocked(&ana(), &ben()), unfollowed(&ben(), &ana())]);
}

#[test]
fn blocking_twice_is_blocking_once_and_both_may_block() {
    let given = || vec![blocked(&ana(), &ben())];
    relationship().given(given()).when(block(&ana(), &ben())).then_expect_events(vec![]);
    relationship().given(given()).when(block(&ben(), &ana())).then_expect_events(vec![blocked(&ben(), &ana())]);
}

#[test]
fn a_block_stops_follows_both_ways() {
    for (from, to) in [(ana(), ben()), (ben(), ana())] {
        relationship()
            .given(vec![blocked(&ana(), &ben())])
            .when(follow(&from, &to))
            .then_expect_error(RelationshipError::Blocked);
    }
}

#[test]
fn an_unblock_lifts_ones_own_block_only() {
    let both = || vec![blocked(&ana(), &ben()), blocked(&ben(), &ana())];
    relationship().given(both()).when(unblock(&ana(), &ben())).then_expect_events(vec![unblocked(&ana(), &ben())]);
    relationship()
        .given(both())
        .and(vec![unblocked(&ana(), &ben())])
        .when(follow(&ana(), &ben()))
        .then_expect_error(RelationshipError::Blocked);
    relationship()
        .given(both())
        .and(vec![unblocked(&ana(), &ben()), unblocked(&ben(), &ana())])
        .when(follow(&ana(), &ben()))
        .then_expect_events(vec![followed(&ana(), &ben())]);
}

#[test]
fn unblocking_where_nothing_is_blocked_changes_nothing() {
    relationship().given_no_previous_events().when(unblock(&ana(), &ben())).then_expect_events(vec![]);
    relationship().given(vec![blocked(&ben(), &ana())]).when(unblock(&ana(), &ben())).then_expect_events(vec![]);
}

// ---- facts of other streams ----

#[test]
fn every_wish_asks_whether_the_other_person_is_known() {
    for wish in EVERY_WISH {
        let mut command = Command::Relationship(wish(relate(&ana(), &ben(), false)));
        let needs = State::empty(AggregateKind::Relationship).needs(&command);
        assert_eq!(needs, [Need { stream: StreamId::user(&ben()), kinds: &["user_registered", "user_erased"] }]);

        command.learn(&StreamId::user(&ben()), &state_after(AggregateKind::User, [registered(&ben())]));
        assert_eq!(command, Command::Relationship(wish(relate(&ana(), &ben(), true))));
        command.learn(&StreamId::user(&cici()), &State::empty(AggregateKind::User));
        assert_eq!(command, Command::Relationship(wish(relate(&ana(), &ben(), true))), "somebody else is no matter");
        command.learn(&StreamId::user(&ben()), &State::empty(AggregateKind::User));
        assert_eq!(command, Command::Relationship(wish(relate(&ana(), &ben(), false))));
    }
}

// ---- the cast ----

const EVERY_WISH: [fn(Relate) -> RelationshipCommand; 4] = [
    RelationshipCommand::Follow,
    RelationshipCommand::Unfollow,
    RelationshipCommand::Block,
    RelationshipCommand::Unblock,
];

fn relationship() -> TestFramework<Relationship> {
    TestFramework::with(())
}

fn relate(from: &UserId, to: &UserId, to_exists: bool) -> Relate {
    Relate { from: from.clone(), to: to.clone(), to_exists, at: noon() }
}

fn follow(from: &UserId, to: &UserId) -> RelationshipCommand {
    RelationshipCommand::Follow(relate(from, to, true))
}

fn unfollow(from: &UserId, to: &UserId) -> RelationshipCommand {
    RelationshipCommand::Unfollow(relate(from, to, true))
}

fn block(from: &UserId, to: &UserId) -> RelationshipCommand {
    RelationshipCommand::Block(relate(from, to, true))
}

fn unblock(from: &UserId, to: &UserId) -> RelationshipCommand {
    RelationshipCommand::Unblock(relate(from, to, true))
}

fn directed(from: &UserId, to: &UserId) -> Directed {
    Directed { from: from.clone(), to: to.clone(), at: noon() }
}

fn followed(from: &UserId, to: &UserId) -> RelationshipEvent {
    RelationshipEvent::UserFollowed(directed(from, to))
}

fn unfollowed(from: &UserId, to: &UserId) -> RelationshipEvent {
    RelationshipEvent::UserUnfollowed(directed(from, to))
}

fn blocked(from: &UserId, to: &UserId) -> RelationshipEvent {
    RelationshipEvent::UserBlocked(directed(from, to))
}

fn unblocked(from: &UserId, to: &UserId) -> RelationshipEvent {
    RelationshipEvent::UserUnblocked(directed(from, to))
}
