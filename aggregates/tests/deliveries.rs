//! The rules of a delivery, as a story of one notification: claimed by one, looked at once more, tried, ended.

use aggregates::Timestamp;
use aggregates::feed::FeedEvent;
use aggregates::ids::{DeliveryId, NotificationId, UserId};
use aggregates::notification::{
    AttemptEnded, EndAttempt, MarkNotification, Notification, NotificationCommand, NotificationError,
    NotificationEvent, NotificationType, RaiseNotification, Source, StartAttempt, Surroundings,
};
use aggregates::policy::channels::{Channel, Channels};
use aggregates::policy::deciding::{Decision, Facts, Hearing};
use aggregates::policy::quiet_hours::{QuietHours, TimeOfDay};
use aggregates::policy::related::Related;
use aggregates::policy::retrying::{AttemptOutcome, Became, OutcomeKind, RetryPolicy};
use aggregates::policy::settings::Settings;

#[test]
fn one_claims_it_and_nobody_else_until_the_deadline() {
    let mut story = Story::raised();
    assert_eq!(story.start(0), ["attempt 1"]);
    assert_eq!(story.start(0), [""; 0], "it is claimed");
    assert_eq!(story.start(DEADLINE - 1), [""; 0], "whoever has it may still be sending");
    assert_eq!(story.start(DEADLINE), ["attempt 2"], "the provider recognises a repeat");
}

#[test]
fn without_a_key_nothing_is_sent_twice_unless_that_was_asked_for() {
    let mut story = Story { takes_key: false, ..Story::raised() };
    assert_eq!(story.start(0), ["attempt 1"]);
    assert_eq!(story.start(DEADLINE), ["1 ambiguous: abandoned"]);
    assert_eq!(story.start(2 * DEADLINE), [""; 0], "it is over");

    let mut story = Story { takes_key: false, repeat_ambiguous: true, ..Story::raised() };
    assert_eq!(story.start(0), ["attempt 1"]);
    assert_eq!(story.start(DEADLINE), ["attempt 2"]);
}

#[test]
fn what_is_not_due_is_not_claimed_and_what_was_deferred_is_when_it_is() {
    let mut story = Story::raised();
    assert_eq!(story.start(-1), [""; 0], "before it was raised");
    story.start(0);
    assert_eq!(story.end(1, OutcomeKind::Unavailable, 10), ["1 unavailable: deferred to 510"]);
    assert_eq!(story.start(509), [""; 0]);
    assert_eq!(story.start(510), ["attempt 2"]);
    assert_eq!(story.end(2, OutcomeKind::Accepted, 600), ["2 accepted: accepted"]);
    assert_eq!(story.start(10 * DEADLINE), [""; 0], "it was accepted");
    assert_eq!(story.end(2, OutcomeKind::Accepted, 700), [""; 0], "once");
}

#[test]
fn attempts_have_an_end() {
    let mut story = Story::raised();
    for attempt in 1..=3 {
        story.start(i64::from(attempt) * 100_000);
        let told = story.end(attempt, OutcomeKind::Unavailable, i64::from(attempt) * 100_000);
        assert_eq!(told[0].contains("abandoned"), attempt == 3, "{told:?}");
    }
    assert_eq!(story.start(10_000_000), [""; 0]);
}

#[test]
fn attempts_that_nobody_ended_have_an_end_too() {
    let mut story = Story::raised();
    assert_eq!(story.start(0), ["attempt 1"]);
    assert_eq!(story.start(DEADLINE), ["attempt 2"]);
    assert_eq!(story.start(2 * DEADLINE), ["attempt 3"]);
    assert_eq!(story.start(3 * DEADLINE), ["3 ambiguous: abandoned"]);
}

#[test]
fn what_the_service_itself_is_to_blame_for_uses_up_no_attempt() {
    let mut story = Story::raised();
    for attempt in 1..=10 {
        story.start(i64::from(attempt) * 100_000);
        let told = story.end(attempt, OutcomeKind::Quota, i64::from(attempt) * 100_000);
        assert!(told[0].contains("quota: deferred"), "{told:?}");
    }
}

#[test]
fn a_repeat_by_another_provider_would_not_be_recognised() {
    let mut story = Story::raised();
    story.start(0);
    story.provider = "cloud";
    assert_eq!(story.start(DEADLINE), ["1 ambiguous: abandoned"]);
}

#[test]
fn what_may_have_gone_out_is_not_told_as_kept_back() {
    let mut story = Story::raised();
    story.start(0);
    story.tell(NotificationCommand::MarkRead(mark()));
    assert_eq!(story.start(DEADLINE), ["1 ambiguous: abandoned"]);
}

#[test]
fn whoever_reads_their_feed_has_not_read_what_was_never_in_it() {
    let facts = Facts { feed_read_up_to: RAISED_AT, ..facts() };
    let mut story = Story { allowed: Channels::of(&[Channel::Push]), facts, ..Story::unraised() }.raise();
    assert_eq!(story.start(0), ["attempt 1"]);
}

#[test]
fn a_late_outcome_tells_only_that_it_was_accepted_after_all() {
    let mut story = Story::raised();
    story.start(0);
    story.start(DEADLINE);
    assert_eq!(story.end(1, OutcomeKind::Unavailable, DEADLINE + 1), [""; 0], "the second is under way");
    assert_eq!(story.end(1, OutcomeKind::Accepted, DEADLINE + 2), ["1 accepted: accepted"]);
    assert_eq!(story.end(2, OutcomeKind::Refused, DEADLINE + 3), [""; 0], "it was accepted already");

    let mut story = Story { takes_key: false, ..Story::raised() };
    story.start(0);
    story.start(DEADLINE);
    assert_eq!(story.end(1, OutcomeKind::Accepted, DEADLINE + 2), ["1 accepted: accepted"], "nor was it lost");
}

#[test]
fn an_attempt_that_was_never_begun_has_no_outcome() {
    let mut story = Story::raised();
    assert_eq!(story.end(1, OutcomeKind::Accepted, 0), [""; 0]);
    story.start(0);
    assert_eq!(story.end(2, OutcomeKind::Accepted, 0), [""; 0]);
    let unknown = Notification::default().decide(&story.ending(1, OutcomeKind::Accepted, 0));
    assert_eq!(unknown, Err(NotificationError::NotFound));
}

#[test]
fn before_it_goes_out_it_is_looked_at_once_more() {
    let suppressed = |reason: &str| vec![format!("not: {reason}")];
    let with = |facts: Facts| Story { facts, ..Story::raised() }.start(0);
    assert_eq!(with(Facts { blocked: true, ..facts() }), suppressed("Blocked"));
    assert_eq!(with(Facts { room_muted: true, ..facts() }), suppressed("RoomMuted"));
    assert_eq!(with(Facts { exists: false, ..facts() }), suppressed("Gone"));
    assert_eq!(with(Facts { reachable: Channels::NONE, ..facts() }), suppressed("NoAddress"));
    let off = Settings { channels: Channels::of(&[Channel::InApp]), ..Settings::default() };
    assert_eq!(with(Facts { settings: off, ..facts() }), suppressed("ChannelOff"));
    assert_eq!(with(Facts { feed_read_up_to: RAISED_AT, ..facts() }), suppressed("Read"));
    assert_eq!(with(Facts { feed_read_up_to: RAISED_AT - 1, ..facts() }), ["attempt 1"]);

    let mut story = Story::raised();
    story.tell(NotificationCommand::MarkRead(mark()));
    assert_eq!(story.start(0), suppressed("Read"));
    assert_eq!(story.start(10 * DEADLINE), [""; 0], "and is over with that");

    let mut story = Story::raised();
    story.tell(NotificationCommand::Delete(mark()));
    assert_eq!(story.start(0), suppressed("Deleted"));
}

#[test]
fn what_waited_into_quiet_hours_waits_for_their_end() {
    let hours = QuietHours { enabled: true, start: TimeOfDay::from_minutes(18 * 60), ..QuietHours::default() };
    let settings = Settings { quiet_hours: hours, ..Settings::default() };
    let mut story = Story::raised();
    story.facts.settings = settings;
    let told = story.start(0);
    assert!(told[0].starts_with("waits until "), "{told:?}");
    let due: i64 = told[0].trim_start_matches("waits until ").parse().expect("a moment");
    assert_eq!(story.start(due - 1), [""; 0]);
    assert_eq!(story.start(due), ["attempt 1"]);
}

#[test]
fn the_mail_about_money_goes_out_although_it_was_read_in_the_feed() {
    let money = Story { kind: NotificationType::Transaction, channel: Channel::Email, ..Story::unraised() }.raise();
    let comment = Story { kind: NotificationType::Comment, channel: Channel::Email, ..Story::unraised() }.raise();
    for (mut story, expected) in [(money, "attempt 1"), (comment, "not: Read")] {
        story.tell(NotificationCommand::MarkRead(mark()));
        assert_eq!(story.start(0), [expected]);
    }
}

#[test]
fn a_channel_that_was_suppressed_from_the_first_is_never_begun() {
    let mut story = Story { facts: Facts { blocked: true, ..facts() }, ..Story::unraised() }.raise();
    story.facts.blocked = false;
    assert_eq!(story.start(0), [""; 0]);
}

#[test]
fn an_own_mark_says_more_than_a_look_at_the_whole_feed() {
    let mut story = Story::raised();
    story.tell(NotificationCommand::MarkUnread(mark()));
    story.facts.feed_read_up_to = RAISED_AT;
    assert_eq!(story.start(0), ["attempt 1"]);
}

#[test]
fn what_nobody_was_told_of_can_be_raised_by_the_next_cause_and_what_they_were_told_of_cannot() {
    let mut story = Story { facts: Facts { blocked: true, ..facts() }, ..Story::unraised() }.raise();
    assert_eq!(story.tell(story.raising()), ["raised", "not: Blocked", "not: Blocked", "not: Blocked"]);
    story.facts.blocked = false;
    let told = story.tell(story.raising());
    assert_eq!(told[0], "raised");
    assert_eq!(story.tell(story.raising()), [""; 0]);
    let mut pushed = Story { allowed: Channels::of(&[Channel::Push]), ..Story::unraised() }.raise();
    assert_eq!(pushed.tell(pushed.raising()), [""; 0], "a push is a telling too");
}

#[test]
fn whoever_comes_back_after_an_erasure_is_somebody_else() {
    let mut story = Story::raised();
    story.facts.erasures = 1;
    assert_eq!(story.start(0), ["not: Gone"]);
    story.facts.erasures = 2;
    assert_eq!(story.tell(story.raising())[0], "raised", "they have not heard of it");
    assert_eq!(story.tell(story.raising()), [""; 0]);
    assert_eq!(story.start(0), ["attempt 1"]);
}

#[test]
fn what_was_kept_from_the_feed_is_not_marked_there_but_its_link_can_be_followed() {
    let mut story = Story { allowed: Channels::of(&[Channel::Push]), ..Story::unraised() }.raise();
    for command in [
        NotificationCommand::MarkRead(mark()),
        NotificationCommand::MarkUnread(mark()),
        NotificationCommand::Archive(mark()),
        NotificationCommand::Delete(mark()),
    ] {
        assert_eq!(story.notification.decide(&command), Err(NotificationError::NotFound), "{command:?}");
    }
    assert_eq!(story.tell(NotificationCommand::Click(mark())), ["clicked"]);
}

#[test]
fn the_clock_that_decides_is_the_one_of_deciding() {
    let hours = QuietHours { enabled: true, start: TimeOfDay::from_minutes(20 * 60), ..QuietHours::default() };
    let settings = Settings { quiet_hours: hours, ..Settings::default() };
    let mut story = Story { facts: Facts { settings, ..facts() }, ..Story::unraised() };
    let NotificationCommand::Raise(mut late) = story.raising() else { panic!("it is a raise") };
    late.hearing.surroundings.clock = at(2 * 3_600_000);
    let told = story.tell(NotificationCommand::Raise(late));
    assert!(told[1].starts_with("waits until "), "what happened at seven is decided at nine: {told:?}");
}

#[test]
fn somebody_elses_is_not_claimed() {
    let mut story = Story::raised();
    story.recipient = person("citra");
    assert_eq!(story.notification.decide(&story.starting(0)), Err(NotificationError::NotFound));
}

#[test]
fn a_click_reads_and_is_told_once() {
    let mut story = Story::raised();
    assert_eq!(story.tell(NotificationCommand::Click(mark())), ["clicked", "read"]);
    assert_eq!(story.tell(NotificationCommand::Click(mark())), [""; 0]);
    story.tell(NotificationCommand::MarkUnread(mark()));
    assert_eq!(story.tell(NotificationCommand::Click(mark())), ["read"]);
}

#[test]
fn what_is_deleted_is_not_there_for_anybody() {
    let mut story = Story::raised();
    assert_eq!(story.tell(NotificationCommand::Archive(mark())), ["archived"]);
    assert_eq!(story.tell(NotificationCommand::Archive(mark())), [""; 0]);
    assert_eq!(story.tell(NotificationCommand::Unarchive(mark())), ["unarchived"]);
    assert_eq!(story.tell(NotificationCommand::Unarchive(mark())), [""; 0]);
    let by_another = MarkNotification { marked_by: person("citra"), ..mark() };
    for command in [
        NotificationCommand::Click(by_another.clone()),
        NotificationCommand::Archive(by_another.clone()),
        NotificationCommand::Unarchive(by_another.clone()),
        NotificationCommand::Delete(by_another.clone()),
    ] {
        assert_eq!(story.notification.decide(&command), Err(NotificationError::NotFound), "{command:?}");
    }
    assert_eq!(story.tell(NotificationCommand::Delete(mark())), ["deleted"]);
    assert_eq!(story.tell(NotificationCommand::Delete(mark())), [""; 0]);
    for command in [
        NotificationCommand::MarkRead(mark()),
        NotificationCommand::MarkUnread(mark()),
        NotificationCommand::Click(mark()),
        NotificationCommand::Archive(mark()),
        NotificationCommand::Delete(by_another),
    ] {
        assert_eq!(story.notification.decide(&command), Err(NotificationError::NotFound), "{command:?}");
    }
}

#[test]
fn a_delivery_is_called_the_same_at_every_attempt() {
    let of = |channel| DeliveryId::of(notification_id(), channel);
    assert_eq!(of(Channel::Push), of(Channel::Push));
    assert_ne!(of(Channel::Push), of(Channel::Email));
    assert_eq!(FeedEvent::READS, ["feed_read"]);
}

// ---- the cast ----

/// Milliseconds after it was raised.
const DEADLINE: i64 = 30_000;
const RAISED_AT: u64 = 77;
const RETRY: RetryPolicy =
    RetryPolicy { attempts_max: 3, backoff_ms: 1_000, backoff_ms_max: 60_000, repeat_ambiguous: false };

/// A notification for Budi, and what its next attempt would know.
struct Story {
    notification: Notification,
    recipient: UserId,
    kind: NotificationType,
    channel: Channel,
    /// When it is raised; an attempt asks of its own channel only.
    allowed: Channels,
    facts: Facts,
    provider: &'static str,
    takes_key: bool,
    repeat_ambiguous: bool,
}

impl Story {
    fn unraised() -> Self {
        Self {
            notification: Notification::default(),
            recipient: person("budi"),
            kind: NotificationType::Comment,
            channel: Channel::Push,
            allowed: Channels::ALL,
            facts: facts(),
            provider: "smtp",
            takes_key: true,
            repeat_ambiguous: false,
        }
    }

    fn raised() -> Self {
        Self::unraised().raise()
    }

    fn raise(mut self) -> Self {
        self.tell(self.raising());
        self
    }

    fn raising(&self) -> NotificationCommand {
        NotificationCommand::Raise(Box::new(RaiseNotification {
            notification_id: notification_id(),
            source: Source { kind: "comment".into(), id: "c-1".into() },
            related: Related::default(),
            content: None,
            hearing: self.hearing(0),
            at: at(0),
        }))
    }

    fn hearing(&self, after: i64) -> Hearing {
        Hearing {
            recipient_id: self.recipient.clone(),
            kind: self.kind,
            actor_id: Some(person("ana")),
            allowed: self.allowed,
            critical: false,
            topic: None,
            room_id: None,
            surroundings: Surroundings { clock: at(after), configured: Channels::ALL, ..Surroundings::default() },
            facts: self.facts.clone(),
        }
    }

    fn starting(&self, after: i64) -> NotificationCommand {
        NotificationCommand::StartAttempt(Box::new(StartAttempt {
            notification_id: notification_id(),
            channel: self.channel,
            hearing: self.hearing(after),
            raised_at: RAISED_AT,
            provider: self.provider.into(),
            takes_key: self.takes_key,
            repeat_ambiguous: self.repeat_ambiguous,
            attempts_max: RETRY.attempts_max,
            deadline: at(after + DEADLINE),
        }))
    }

    fn ending(&self, attempt: u32, kind: OutcomeKind, after: i64) -> NotificationCommand {
        NotificationCommand::EndAttempt(Box::new(EndAttempt {
            notification_id: notification_id(),
            channel: self.channel,
            attempt,
            outcome: AttemptOutcome { kind, reason: None, provider_id: None, after_ms: None },
            next_provider: None,
            retry: RETRY,
            jitter: 0,
            at: at(after),
        }))
    }

    fn start(&mut self, after: i64) -> Vec<String> {
        self.tell(self.starting(after))
    }

    fn end(&mut self, attempt: u32, kind: OutcomeKind, after: i64) -> Vec<String> {
        self.tell(self.ending(attempt, kind, after))
    }

    /// What follows, in words.
    fn tell(&mut self, command: NotificationCommand) -> Vec<String> {
        let events = self.notification.decide(&command).expect("it is allowed");
        for event in &events {
            self.notification.evolve(event);
        }
        events.iter().map(in_words).collect()
    }
}

fn in_words(event: &NotificationEvent) -> String {
    let after = |moment: Timestamp| moment.as_millis() - at(0).as_millis();
    match event {
        NotificationEvent::NotificationRaised(_) => "raised".into(),
        NotificationEvent::DeliveryDecided(event) => match event.decided.decision {
            Decision::Scheduled { due } => format!("waits until {}", after(due)),
            Decision::Suppressed { reason } => format!("not: {reason:?}"),
        },
        NotificationEvent::AttemptStarted(event) => {
            assert!(event.deadline > event.at);
            format!("attempt {}", event.attempt)
        }
        NotificationEvent::AttemptEnded(AttemptEnded { attempt, outcome, became, .. }) => {
            let became = match became {
                Became::Accepted => "accepted".into(),
                Became::Deferred { due, .. } => format!("deferred to {}", after(*due)),
                Became::Rejected => "rejected".into(),
                Became::Abandoned => "abandoned".into(),
            };
            format!("{attempt} {}: {became}", outcome.kind.name())
        }
        NotificationEvent::NotificationRead(_) => "read".into(),
        NotificationEvent::NotificationUnread(_) => "unread".into(),
        NotificationEvent::NotificationClicked(_) => "clicked".into(),
        NotificationEvent::NotificationArchived(_) => "archived".into(),
        NotificationEvent::NotificationUnarchived(_) => "unarchived".into(),
        NotificationEvent::NotificationDeleted(_) => "deleted".into(),
    }
}

fn facts() -> Facts {
    Facts { exists: true, reachable: Channels::ALL, ..Facts::default() }
}

fn mark() -> MarkNotification {
    MarkNotification { notification_id: notification_id(), marked_by: person("budi"), at: at(1) }
}

fn notification_id() -> NotificationId {
    NotificationId::of("a cause", &person("budi"))
}

fn person(name: &str) -> UserId {
    UserId::parse(name).expect("an id")
}

/// 2026-11-22T12:00:00Z, evening in Jakarta, and so much after it.
fn at(after: i64) -> Timestamp {
    Timestamp::from_millis(1_795_348_800_000 + after)
}
