//! The rules of a subscription, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, Need, State};
use crate::cast::{ana, ben, blocked_by, blocks_between, erased, noon, registered, state_after};
use crate::catalogue::{AggregateKind, StreamId};
use crate::ids::TargetId;
use crate::user::UserEvent;

fn subscription() -> TestFramework<Subscription> {
    TestFramework::with(())
}

fn topic(kind: TopicKind, id: &str) -> Topic {
    Topic { kind, target_id: TargetId::parse(id).expect("an id") }
}

fn course() -> Topic {
    topic(TopicKind::Course, "c-1")
}

fn subscribe_to(topic: Topic, wishes: ChannelWishes, target_exists: bool) -> SubscriptionCommand {
    let (user_id, erased_before, at) = (ana(), 0, noon());
    SubscriptionCommand::Subscribe(Subscribe { user_id, topic, wishes, target_exists, erased_before, at })
}

fn subscribe(wishes: ChannelWishes) -> SubscriptionCommand {
    subscribe_to(course(), wishes, false)
}

fn join_to(topic: Topic, target_exists: bool) -> SubscriptionCommand {
    SubscriptionCommand::Join(Join { user_id: ana(), topic, target_exists, erased_before: 0, at: noon() })
}

fn join() -> SubscriptionCommand {
    join_to(course(), false)
}

fn end() -> End {
    End { user_id: ana(), topic: course(), erased_before: 0, at: noon() }
}

fn unsubscribe() -> SubscriptionCommand {
    SubscriptionCommand::Unsubscribe(end())
}

fn leave() -> SubscriptionCommand {
    SubscriptionCommand::Leave(end())
}

fn subscribed_to(topic: Topic, channels: Channels, auto: bool) -> SubscriptionEvent {
    SubscriptionEvent::Subscribed(Subscribed { user_id: ana(), topic, channels, auto, erased_before: 0, at: noon() })
}

fn subscribed(channels: Channels, auto: bool) -> SubscriptionEvent {
    subscribed_to(course(), channels, auto)
}

fn unsubscribed(why: Why) -> SubscriptionEvent {
    SubscriptionEvent::Unsubscribed(Unsubscribed { user_id: ana(), topic: course(), why, erased_before: 0, at: noon() })
}

const NO_WISHES: ChannelWishes = ChannelWishes { in_app: None, push: None, email: None, whatsapp: None };
const BY_WHATSAPP: ChannelWishes = ChannelWishes { whatsapp: Some(true), push: Some(false), ..NO_WISHES };

fn by_whatsapp() -> Channels {
    Channels::of(&[Channel::InApp, Channel::Email, Channel::WhatsApp])
}

#[test]
fn whoever_asks_takes_everything_but_whatsapp_unless_they_say_so() {
    subscription()
        .given_no_previous_events()
        .when(subscribe(NO_WISHES))
        .then_expect_events(vec![subscribed(DEFAULT_CHANNELS, false)]);
    subscription()
        .given_no_previous_events()
        .when(subscribe(BY_WHATSAPP))
        .then_expect_events(vec![subscribed(by_whatsapp(), false)]);
}

#[test]
fn whoever_asks_again_changes_what_they_name_and_nothing_else() {
    let in_app_off = ChannelWishes { in_app: Some(false), ..NO_WISHES };
    subscription()
        .given(vec![subscribed(by_whatsapp(), false)])
        .when(subscribe(in_app_off))
        .then_expect_events(vec![subscribed(Channels::of(&[Channel::Email, Channel::WhatsApp]), false)]);
}

#[test]
fn what_is_subscribed_as_wished_is_recorded_no_second_time() {
    for wishes in [NO_WISHES, BY_WHATSAPP] {
        subscription().given(vec![subscribed(by_whatsapp(), false)]).when(subscribe(wishes)).then_expect_events(vec![]);
    }
}

#[test]
fn what_came_by_itself_is_somebodys_own_once_they_ask_for_it() {
    subscription()
        .given(vec![subscribed(by_whatsapp(), true)])
        .when(subscribe(NO_WISHES))
        .then_expect_events(vec![subscribed(by_whatsapp(), false)]);
}

#[test]
fn whoever_joins_is_subscribed_by_itself_and_once() {
    subscription().given_no_previous_events().when(join()).then_expect_events(vec![subscribed(DEFAULT_CHANNELS, true)]);
    for auto in [true, false] {
        subscription().given(vec![subscribed(by_whatsapp(), auto)]).when(join()).then_expect_events(vec![]);
    }
}

#[test]
fn whoever_said_no_is_subscribed_by_no_joining() {
    let declined = [
        vec![unsubscribed(Why::Asked)],
        vec![subscribed(DEFAULT_CHANNELS, true), unsubscribed(Why::Asked)],
        vec![subscribed(DEFAULT_CHANNELS, false), unsubscribed(Why::Left), unsubscribed(Why::Asked)],
    ];
    for history in declined {
        subscription().given(history.clone()).when(join()).then_expect_events(vec![]);
        subscription().given(history.clone()).when(leave()).then_expect_events(vec![]);
        subscription().given(history.clone()).when(unsubscribe()).then_expect_events(vec![]);
        // Until they ask again, with what they took before forgotten.
        subscription()
            .given(history)
            .when(subscribe(NO_WISHES))
            .then_expect_events(vec![subscribed(DEFAULT_CHANNELS, false)]);
    }
    let again = vec![unsubscribed(Why::Asked), subscribed(DEFAULT_CHANNELS, false), unsubscribed(Why::Left)];
    subscription().given(again).when(join()).then_expect_events(vec![subscribed(DEFAULT_CHANNELS, true)]);
}

#[test]
fn whoever_is_subscribed_or_never_was_may_say_no() {
    for history in [
        vec![],
        vec![subscribed(by_whatsapp(), true)],
        vec![subscribed(by_whatsapp(), false)],
        vec![subscribed(by_whatsapp(), true), unsubscribed(Why::Left)],
    ] {
        subscription().given(history).when(unsubscribe()).then_expect_events(vec![unsubscribed(Why::Asked)]);
    }
}

#[test]
fn whoever_leaves_is_subscribed_no_more_also_if_they_asked_for_it() {
    for auto in [true, false] {
        subscription()
            .given(vec![subscribed(by_whatsapp(), auto)])
            .when(leave())
            .then_expect_events(vec![unsubscribed(Why::Left)]);
    }
    subscription().given_no_previous_events().when(leave()).then_expect_events(vec![]);
    let left = vec![subscribed(by_whatsapp(), true), unsubscribed(Why::Left)];
    subscription().given(left.clone()).when(leave()).then_expect_events(vec![]);
    subscription().given(left.clone()).when(join()).then_expect_events(vec![subscribed(DEFAULT_CHANNELS, true)]);
    subscription().given(left).when(subscribe(NO_WISHES)).then_expect_events(vec![subscribed(DEFAULT_CHANNELS, false)]);
}

#[test]
fn nobody_subscribes_to_themselves_or_to_nobody() {
    let (oneself, other) = (topic(TopicKind::User, "ana"), topic(TopicKind::User, "ben"));
    for command in [subscribe_to(oneself.clone(), NO_WISHES, true), join_to(oneself, true)] {
        subscription().given_no_previous_events().when(command).then_expect_error(SubscriptionError::ToOneself);
    }
    for command in [subscribe_to(other.clone(), NO_WISHES, false), join_to(other.clone(), false)] {
        subscription().given_no_previous_events().when(command).then_expect_error(SubscriptionError::UnknownUser);
    }
    subscription()
        .given_no_previous_events()
        .when(subscribe_to(other.clone(), NO_WISHES, true))
        .then_expect_events(vec![subscribed_to(other, DEFAULT_CHANNELS, false)]);
    let group = topic(TopicKind::Group, "ana");
    subscription()
        .given_no_previous_events()
        .when(subscribe_to(group.clone(), NO_WISHES, false))
        .then_expect_events(vec![subscribed_to(group, DEFAULT_CHANNELS, false)]);
}

#[test]
fn what_somebody_erased_asked_for_and_declined_is_over() {
    let erased_before = 1;
    let join = Join { user_id: ana(), topic: course(), target_exists: false, erased_before, at: noon() };
    let join = SubscriptionCommand::Join(join);
    let joined = SubscriptionEvent::Subscribed(Subscribed {
        user_id: ana(),
        topic: course(),
        channels: DEFAULT_CHANNELS,
        auto: true,
        erased_before,
        at: noon(),
    });
    for before in [unsubscribed(Why::Asked), subscribed(by_whatsapp(), false)] {
        subscription().given(vec![before.clone()]).when(join.clone()).then_expect_events(vec![joined.clone()]);
        let leave = SubscriptionCommand::Leave(End { erased_before, ..end() });
        subscription().given(vec![before.clone()]).when(leave).then_expect_events(vec![]);
        subscription().given(vec![before, joined.clone()]).when(join.clone()).then_expect_events(vec![]);
    }
    let declined = Unsubscribed { user_id: ana(), topic: course(), why: Why::Asked, erased_before, at: noon() };
    let declined = SubscriptionEvent::Unsubscribed(declined);
    subscription().given(vec![joined, declined]).when(join).then_expect_events(vec![]);
}

#[test]
fn a_wish_asks_for_erasures_and_for_a_person_whether_they_are_there() {
    let state = State::empty(AggregateKind::Subscription);
    let theirs = Need { stream: StreamId::user(&ana()), kinds: UserEvent::ERASURES };
    for command in [subscribe(NO_WISHES), join(), unsubscribe(), leave()] {
        assert_eq!(state.needs(&Command::Subscription(command)), std::slice::from_ref(&theirs));
    }
    let other = topic(TopicKind::User, "ben");
    let target = Need { stream: StreamId::user(&ben()), kinds: UserEvent::EXISTENCE };
    let between = blocks_between(&ana(), &ben());
    let mut command = Command::Subscription(subscribe_to(other.clone(), NO_WISHES, false));
    let all = [theirs.clone(), target.clone(), between.clone()];
    assert_eq!(state.needs(&command), all);
    assert_eq!(state.needs(&Command::Subscription(join_to(other.clone(), false))), all);
    command.learn(&target.stream, &state_after(AggregateKind::User, [registered(&ben())]));
    assert_eq!(command, Command::Subscription(subscribe_to(other.clone(), NO_WISHES, true)));
    command.learn(&theirs.stream, &state_after(AggregateKind::User, [erased(&ana())]));
    let Command::Subscription(SubscriptionCommand::Subscribe(learnt)) = &command else { panic!("a wish") };
    assert_eq!((learnt.erased_before, learnt.target_exists), (1, true));
    command.learn(&between.stream, &state_after(AggregateKind::Relationship, [blocked_by(&ben(), &ana())]));
    let Command::Subscription(SubscriptionCommand::Subscribe(learnt)) = &command else { panic!("a wish") };
    assert!(!learnt.target_exists, "whoever blocked them is not there for them");
}

#[test]
fn a_kind_of_topic_is_stored_by_its_name_and_topics_are_in_the_order_of_names() {
    for kind in TopicKind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
    }
    let mut topics = [topic(TopicKind::Group, "a"), topic(TopicKind::Course, "b"), topic(TopicKind::Course, "a")];
    topics.sort();
    assert_eq!(topics.map(|topic| topic.to_string()), ["COURSE:a", "COURSE:b", "GROUP:a"]);
}
