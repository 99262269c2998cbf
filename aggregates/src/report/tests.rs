//! The rules of a report, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::Sealed;
use crate::aggregate::{Command, Need, State};
use crate::cast::{ana, ben, cici, message_id, noon, registered, room_id, state_after};
use crate::catalogue::{AggregateKind, StreamId};
use crate::ids::ReportId;
use crate::user::UserEvent;

fn report() -> TestFramework<Report> {
    TestFramework::with(())
}

fn about_ben() -> Subject {
    Subject::User { user_id: ben() }
}

fn bens_message() -> Subject {
    Subject::Message { room_id: room_id(), message_id: message_id(1), author_id: ben() }
}

fn the_room() -> Subject {
    Subject::Room { room_id: room_id() }
}

fn file(subject: Subject, user_exists: bool) -> ReportCommand {
    let (reporter_id, reason) = (ana(), Sealed::new("spam"));
    let report_id = ReportId::of(&reporter_id, &subject);
    ReportCommand::File(FileReport { report_id, reporter_id, subject, reason, user_exists, at: noon() })
}

fn filed(subject: Subject) -> ReportEvent {
    let reporter_id = ana();
    let report_id = ReportId::of(&reporter_id, &subject);
    ReportEvent::ReportFiled(ReportFiled { report_id, reporter_id, subject, reason: Sealed::new("spam"), at: noon() })
}

fn resolve(resolution: Resolution) -> ReportCommand {
    let report_id = ReportId::of(&ana(), &about_ben());
    ReportCommand::Resolve(ResolveReport {
        report_id,
        resolution,
        by: cici(),
        note: Some(Sealed::new("noted")),
        at: noon(),
    })
}

fn resolved(resolution: Resolution) -> ReportEvent {
    let report_id = ReportId::of(&ana(), &about_ben());
    ReportEvent::ReportResolved(ReportResolved {
        report_id,
        resolution,
        by: cici(),
        note: Some(Sealed::new("noted")),
        at: noon(),
    })
}

#[test]
fn a_message_a_person_or_a_room_is_reported_once_until_it_is_resolved() {
    for subject in [about_ben(), bens_message(), the_room()] {
        report()
            .given_no_previous_events()
            .when(file(subject.clone(), true))
            .then_expect_events(vec![filed(subject.clone())]);
        report().given(vec![filed(subject.clone())]).when(file(subject, true)).then_expect_events(vec![]);
    }
    report()
        .given(vec![filed(about_ben()), resolved(Resolution::Dismissed)])
        .when(file(about_ben(), true))
        .then_expect_events(vec![filed(about_ben())]);
}

#[test]
fn nobody_reports_themselves_or_somebody_who_is_not_there() {
    let own_words = Subject::Message { room_id: room_id(), message_id: message_id(2), author_id: ana() };
    let own = Subject::User { user_id: ana() };
    for (own, refused) in [(own, ReportError::OneselfReported), (own_words, ReportError::OwnMessageReported)] {
        report().given_no_previous_events().when(file(own, true)).then_expect_error(refused);
    }
    report().given_no_previous_events().when(file(about_ben(), false)).then_expect_error(ReportError::UnknownUser);
    for subject in [bens_message(), the_room()] {
        report().given_no_previous_events().when(file(subject.clone(), false)).then_expect_events(vec![filed(subject)]);
    }
}

#[test]
fn a_report_is_resolved_once() {
    let given = || vec![filed(about_ben())];
    report()
        .given(given())
        .when(resolve(Resolution::UserWarned))
        .then_expect_events(vec![resolved(Resolution::UserWarned)]);
    let done = || vec![filed(about_ben()), resolved(Resolution::UserWarned)];
    report().given(done()).when(resolve(Resolution::UserWarned)).then_expect_events(vec![]);
    report().given(done()).when(resolve(Resolution::Dismissed)).then_expect_error(ReportError::AlreadyResolved);
    report().given_no_previous_events().when(resolve(Resolution::Dismissed)).then_expect_error(ReportError::NotFound);
}

#[test]
fn what_was_said_first_stands() {
    let other_words = |mut command: ReportCommand| {
        match &mut command {
            ReportCommand::File(command) => command.reason = Sealed::new("other"),
            ReportCommand::Resolve(command) => command.note = Some(Sealed::new("other")),
        }
        command
    };
    report().given(vec![filed(about_ben())]).when(other_words(file(about_ben(), true))).then_expect_events(vec![]);
    report()
        .given(vec![filed(about_ben()), resolved(Resolution::UserWarned)])
        .when(other_words(resolve(Resolution::UserWarned)))
        .then_expect_events(vec![]);
}

#[test]
fn a_report_has_one_id_for_a_reporter_and_a_subject() {
    let subjects = [about_ben(), bens_message(), the_room()];
    let ids: std::collections::BTreeSet<_> = [ana(), cici()]
        .iter()
        .flat_map(|reporter| subjects.iter().map(move |subject| ReportId::of(reporter, subject)))
        .collect();
    assert_eq!(ids.len(), 6);
    // It is in every log there is.
    assert_eq!(ReportId::of(&ana(), &about_ben()).to_string(), "ab5936bd-889d-5412-966a-99cf62aeab0e");
}

#[test]
fn a_report_asks_whether_whom_it_is_about_is_there() {
    let state = State::empty(AggregateKind::Report);
    let mut command = Command::Report(file(about_ben(), false));
    let need = Need { stream: StreamId::user(&ben()), kinds: UserEvent::EXISTENCE };
    assert_eq!(state.needs(&command), [need]);
    command.learn(&StreamId::user(&ben()), &state_after(AggregateKind::User, [registered(&ben())]));
    assert_eq!(command, Command::Report(file(about_ben(), true)));
    for command in [file(bens_message(), true), file(the_room(), true), resolve(Resolution::Dismissed)] {
        assert_eq!(state.needs(&Command::Report(command)), []);
    }
}
