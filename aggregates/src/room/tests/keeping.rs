//! Rooms of each kind: how they open, who comes in, who keeps them.

use super::*;
use crate::cast::noon;
use crate::cast::room::{addition, changed, close, reopen, turned};
use crate::room::HistoryFrom;
use crate::user::{Profile, UserEvent, UserRegistered, UserRole};
use crate::{Command, ids::RoomId};

fn session(opened_by: &UserId) -> OpenMentorSession {
    OpenMentorSession {
        room_id: RoomId::mentor_session(&ana(), &ben()),
        opened_by: opened_by.clone(),
        mentor: ana(),
        student: ben(),
        is_mentor: true,
        student_exists: true,
        blocked: false,
        at: noon(),
    }
}

fn session_opened() -> RoomEvent {
    RoomEvent::RoomOpened(RoomOpened {
        room_id: RoomId::mentor_session(&ana(), &ben()),
        kind: RoomKind::MentorStudent,
        opened_by: ana(),
        members: vec![
            NewMember { user_id: ana(), role: Role::Owner },
            NewMember { user_id: ben(), role: Role::Member },
        ],
        name: None,
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Invite,
        history_from: HistoryFrom::Start,
        at: noon(),
    })
}

fn open_support(by: &UserId) -> RoomCommand {
    RoomCommand::OpenSupport(OpenSupport { room_id: room_id(), opened_by: by.clone(), subject: None, at: noon() })
}

/// Ben needs help.
fn support_opened() -> RoomEvent {
    RoomEvent::RoomOpened(RoomOpened {
        room_id: room_id(),
        kind: RoomKind::Support,
        opened_by: ben(),
        members: vec![NewMember { user_id: ben(), role: Role::Member }],
        name: None,
        avatar: None,
        group_id: None,
        join_policy: JoinPolicy::Invite,
        history_from: HistoryFrom::Start,
        at: noon(),
    })
}

fn room_id() -> RoomId {
    crate::cast::room_id()
}

fn helping(user_id: &UserId, is_platform_admin: bool) -> RoomCommand {
    RoomCommand::JoinRoom(JoinRoom { room_id: room_id(), user_id: user_id.clone(), is_platform_admin, at: noon() })
}

fn helper_came(user_id: &UserId) -> RoomEvent {
    let member = NewMember { user_id: user_id.clone(), role: Role::Admin };
    RoomEvent::MembersAdded(MembersAdded { members: vec![member], ..addition(user_id, &[], 0) })
}

fn registered_as(user_id: &UserId, role: UserRole) -> DomainEvent {
    let profile = Profile { role: Some(role), ..Profile::default() };
    DomainEvent::User(UserEvent::UserRegistered(UserRegistered { user_id: user_id.clone(), profile, at: noon() }))
}

// ---- mentor sessions ----

#[test]
fn a_mentor_and_a_student_have_one_session_whoever_of_them_opens_it() {
    let open = |by: &UserId| RoomCommand::OpenMentorSession(session(by));
    room().given_no_previous_events().when(open(&ana())).then_expect_events(vec![session_opened()]);
    room().given(vec![session_opened()]).when(open(&ben())).then_expect_events(vec![]);
    room().given_no_previous_events().when(open(&cici())).then_expect_error(RoomError::NotFound);
    assert_ne!(RoomId::mentor_session(&ana(), &ben()), RoomId::mentor_session(&ben(), &ana()), "who teaches whom");
}

#[test]
fn a_session_is_held_by_a_mentor_for_somebody_known_and_not_across_a_block() {
    let refused = |command: OpenMentorSession, why| {
        room().given_no_previous_events().when(RoomCommand::OpenMentorSession(command)).then_expect_error(why);
    };
    refused(OpenMentorSession { is_mentor: false, ..session(&ben()) }, RoomError::NotAMentor);
    refused(OpenMentorSession { student_exists: false, ..session(&ana()) }, RoomError::UnknownRecipient);
    refused(OpenMentorSession { blocked: true, ..session(&ana()) }, RoomError::Blocked);
    refused(OpenMentorSession { student: ana(), ..session(&ana()) }, RoomError::WithOneself);
}

#[test]
fn a_session_keeps_its_two_and_its_mentor_closes_it() {
    let given = || vec![session_opened()];
    room().given(given()).when(add(&ana(), vec![cici()])).then_expect_error(RoomError::DirectIsForTwo);
    room().given(given()).when(remove(&ben(), &ana())).then_expect_error(RoomError::DirectIsForTwo);
    room().given(given()).when(join(&cici())).then_expect_error(RoomError::NotFound);
    room().given(given()).when(close(&ana())).then_expect_events(vec![RoomEvent::RoomClosed(turned(&ana()))]);
    room().given(given()).when(close(&ben())).then_expect_error(RoomError::RoleForbids);
    let command = RoomCommand::SendMessage(SendMessage { blocked: true, ..message(1, &ben()) });
    room().given(given()).when(command).then_expect_error(RoomError::Blocked);
}

#[test]
fn a_session_asks_for_blocks_and_for_both_people() {
    let mut command = Command::Room(RoomCommand::OpenMentorSession(OpenMentorSession {
        is_mentor: false,
        student_exists: false,
        ..session(&ben())
    }));
    let empty = State::empty(AggregateKind::Room);
    let needs = empty.needs(&command);
    let streams: Vec<_> = needs.iter().map(|need| need.stream.to_string()).collect();
    assert_eq!(streams, ["relationship/3:ana:ben", "user/ana", "user/ben"]);
    assert_eq!(needs[1].kinds, ["user_registered", "profile_changed", "user_erased"], "a role may change");
    let mentor = state_after(AggregateKind::User, [registered_as(&ana(), UserRole::Mentor)]);
    let member = state_after(AggregateKind::User, [registered_as(&ben(), UserRole::MemberFree)]);
    command.learn(&StreamId::user(&ana()), &mentor);
    command.learn(&StreamId::user(&ben()), &member);
    assert!(empty.decide(&command).is_ok());
    command.learn(&StreamId::user(&ben()), &State::empty(AggregateKind::User));
    command.learn(&StreamId::user(&ana()), &mentor);
    assert_eq!(empty.decide(&command), Err(RoomError::UnknownRecipient.into()), "that there is a mentor is no student");
    command.learn(&StreamId::user(&ana()), &member);
    assert_eq!(empty.decide(&command), Err(RoomError::NotAMentor.into()));
}

// ---- support ----

#[test]
fn a_support_room_is_opened_by_one_and_joined_by_any_admin_of_the_platform() {
    room().given_no_previous_events().when(open_support(&ben())).then_expect_events(vec![support_opened()]);
    room().given(vec![support_opened()]).when(open_support(&ben())).then_expect_events(vec![]);
    room().given(vec![support_opened()]).when(helping(&ana(), true)).then_expect_events(vec![helper_came(&ana())]);
    room().given(vec![support_opened()]).when(helping(&ana(), false)).then_expect_error(RoomError::NotFound);
    let other = [group_opened(&[cici()])];
    let RoomEvent::RoomOpened(opened) = &other[0] else { panic!("opened") };
    let by_invitation = RoomEvent::RoomOpened(RoomOpened { join_policy: JoinPolicy::Invite, ..opened.clone() });
    room().given(vec![by_invitation]).when(helping(&ana(), true)).then_expect_error(RoomError::NotFound);
}

#[test]
fn joining_a_support_room_asks_who_one_is_and_joining_a_group_does_not() {
    let support = state_after(AggregateKind::Room, [DomainEvent::Room(support_opened())]);
    let mut command = Command::Room(helping(&ana(), false));
    let kinds: &[&str] = &["user_registered", "profile_changed", "user_erased"];
    assert_eq!(support.needs(&command), [Need { stream: StreamId::user(&ana()), kinds }]);
    command.learn(&StreamId::user(&ana()), &state_after(AggregateKind::User, [registered_as(&ana(), UserRole::Admin)]));
    assert_eq!(support.decide(&command), Ok(vec![DomainEvent::Room(helper_came(&ana()))]));
    command
        .learn(&StreamId::user(&ana()), &state_after(AggregateKind::User, [registered_as(&ana(), UserRole::Mentor)]));
    assert_eq!(support.decide(&command), Err(RoomError::NotFound.into()));
}

#[test]
fn whoever_opened_a_support_room_stays_and_closes_it_and_helpers_come_and_go() {
    let given = || vec![support_opened(), helper_came(&ana())];
    for by in [ben(), ana()] {
        room().given(given()).when(remove(&ben(), &by)).then_expect_error(RoomError::OpenerStays);
    }
    room().given(given()).when(remove(&ana(), &ana())).then_expect_events(vec![removed(&ana(), &ana())]);
    room().given(given()).when(add(&ana(), vec![cici()])).then_expect_error(RoomError::KindForbids);
    for closer in [ana(), ben()] {
        room().given(given()).when(close(&closer)).then_expect_events(vec![RoomEvent::RoomClosed(turned(&closer))]);
    }
    let closed = vec![support_opened(), RoomEvent::RoomClosed(turned(&ben()))];
    room().given(closed).when(reopen(&ben())).then_expect_events(vec![RoomEvent::RoomReopened(turned(&ben()))]);
}

// ---- roles ----

fn change_role(user_id: &UserId, role: Role, by: &UserId) -> RoomCommand {
    let (user_id, changed_by) = (user_id.clone(), by.clone());
    RoomCommand::ChangeRole(ChangeRole { room_id: room_id(), user_id, role, changed_by, at: noon() })
}

#[test]
fn only_the_owner_changes_roles() {
    let given = || vec![group_opened(&[ana(), ben(), cici()]), role_changed(&ben(), Role::Admin)];
    let promoted = role_changed(&cici(), Role::Admin);
    room().given(given()).when(change_role(&cici(), Role::Admin, &ana())).then_expect_events(vec![promoted]);
    let demoted = role_changed(&ben(), Role::Member);
    room().given(given()).when(change_role(&ben(), Role::Member, &ana())).then_expect_events(vec![demoted]);
    room().given(given()).when(change_role(&cici(), Role::Member, &ana())).then_expect_events(vec![]);
    for by in [ben(), cici()] {
        room().given(given()).when(change_role(&cici(), Role::Admin, &by)).then_expect_error(RoomError::RoleForbids);
    }
    room().given(given()).when(change_role(&cici(), Role::Admin, &dewi())).then_expect_error(RoomError::NotFound);
    room().given(given()).when(change_role(&dewi(), Role::Admin, &ana())).then_expect_error(RoomError::NoSuchMember);
    room()
        .given(vec![direct_opened()])
        .when(change_role(&ben(), Role::Admin, &ana()))
        .then_expect_error(RoomError::KindForbids);
}

#[test]
fn an_owner_who_makes_another_one_is_an_admin_then_and_steps_down_in_no_other_way() {
    let given = || vec![group_opened(&[ana(), ben()])];
    room()
        .given(given())
        .when(change_role(&ben(), Role::Owner, &ana()))
        .then_expect_events(vec![role_changed(&ben(), Role::Owner), changed(&ana(), Role::Admin, Some(ana()))]);
    room().given(given()).when(change_role(&ana(), Role::Member, &ana())).then_expect_error(RoomError::OwnerStays);
}

// ---- name, picture, rules ----

fn rename(by: &UserId) -> RoomCommand {
    let name = Some(Sealed::new("Kelas Puisi"));
    RoomCommand::RenameRoom(RenameRoom {
        room_id: room_id(),
        name,
        renamed_by: by.clone(),
        unchanged: false,
        at: noon(),
    })
}

fn picture(by: &UserId) -> RoomCommand {
    RoomCommand::ChangeAvatar(ChangeAvatar {
        room_id: room_id(),
        avatar: None,
        changed_by: by.clone(),
        unchanged: false,
        at: noon(),
    })
}

#[test]
fn who_keeps_a_group_names_and_pictures_it_and_a_direct_room_has_neither() {
    let given = || vec![group_opened(&[ana(), ben(), cici()]), role_changed(&ben(), Role::Admin)];
    let renamed = RoomRenamed { room_id: room_id(), name: Some(Sealed::new("Kelas Puisi")), by: ben(), at: noon() };
    room().given(given()).when(rename(&ben())).then_expect_events(vec![RoomEvent::RoomRenamed(renamed)]);
    let pictured = RoomAvatarChanged { room_id: room_id(), avatar: None, by: ben(), at: noon() };
    room().given(given()).when(picture(&ben())).then_expect_events(vec![RoomEvent::RoomAvatarChanged(pictured)]);
    for command in [rename, picture] {
        room().given(given()).when(command(&cici())).then_expect_error(RoomError::RoleForbids);
        room().given(given()).when(command(&dewi())).then_expect_error(RoomError::NotFound);
        room().given(vec![direct_opened()]).when(command(&ana())).then_expect_error(RoomError::KindForbids);
    }
}

fn rules(by: &UserId, join_policy: Option<JoinPolicy>, slow_mode_seconds: Option<u32>) -> RoomCommand {
    let set_by = by.clone();
    RoomCommand::SetRules(SetRules { room_id: room_id(), join_policy, slow_mode_seconds, set_by, at: noon() })
}

#[test]
fn who_keeps_a_group_sets_its_rules_and_each_is_an_event_only_where_it_changes() {
    let given = || vec![group_opened(&[ana(), ben()])];
    let policy = JoinPolicyChanged { room_id: room_id(), join_policy: JoinPolicy::Invite, by: ana(), at: noon() };
    room()
        .given(given())
        .when(rules(&ana(), Some(JoinPolicy::Invite), Some(30)))
        .then_expect_events(vec![RoomEvent::JoinPolicyChanged(policy), crate::cast::room::slowed(30)]);
    room().given(given()).when(rules(&ana(), Some(JoinPolicy::Open), Some(0))).then_expect_events(vec![]);
    room().given(given()).when(rules(&ben(), None, Some(1))).then_expect_error(RoomError::RoleForbids);
    room()
        .given(given())
        .when(rules(&ana(), None, Some(SLOW_MODE_SECONDS_MAX + 1)))
        .then_expect_error(RoomError::TooSlow);
    room()
        .given(given())
        .when(rules(&ana(), None, Some(SLOW_MODE_SECONDS_MAX)))
        .then_expect_events(vec![crate::cast::room::slowed(SLOW_MODE_SECONDS_MAX)]);
    room().given(vec![direct_opened()]).when(rules(&ana(), None, Some(1))).then_expect_error(RoomError::KindForbids);
}

#[test]
fn what_a_room_is_called_already_and_shows_already_is_no_event() {
    let same = |mut command| {
        if let RoomCommand::RenameRoom(RenameRoom { unchanged, .. })
        | RoomCommand::ChangeAvatar(ChangeAvatar { unchanged, .. }) = &mut command
        {
            *unchanged = true;
        }
        command
    };
    for command in [rename, picture] {
        let given = || vec![group_opened(&[ana(), ben()])];
        room().given(given()).when(same(command(&ana()))).then_expect_events(vec![]);
        room().given(given()).when(same(command(&ben()))).then_expect_error(RoomError::RoleForbids);
        room().given(given()).when(same(command(&dewi()))).then_expect_error(RoomError::NotFound);
    }
}

#[test]
fn only_its_owner_closes_a_group_and_nobody_a_direct_room() {
    let given = || vec![group_opened(&[ana(), ben()]), role_changed(&ben(), Role::Admin)];
    room().given(given()).when(close(&ana())).then_expect_events(vec![RoomEvent::RoomClosed(turned(&ana()))]);
    room().given(given()).when(close(&ben())).then_expect_error(RoomError::RoleForbids);
    room().given(given()).when(reopen(&ana())).then_expect_events(vec![]);
    room().given(vec![direct_opened()]).when(close(&ana())).then_expect_error(RoomError::KindForbids);
}
