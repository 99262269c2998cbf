//! The rules of a feed, as given / when / then.

use cqrs_es::test::TestFramework;

use super::*;
use crate::aggregate::{Command, State};
use crate::cast::{ben, noon};
use crate::catalogue::AggregateKind;

#[test]
fn reading_a_feed_is_one_event_however_many_entries_there_are() {
    feed().given_no_previous_events().when(mark_read(500)).then_expect_events(vec![read(500)]);
}

#[test]
fn reading_a_feed_again_is_recorded_again_because_entries_may_have_been_marked_unread_since() {
    feed().given(vec![read(500)]).when(mark_read(500)).then_expect_events(vec![read(500)]);
}

#[test]
fn a_feed_asks_other_streams_for_nothing() {
    let state = State::empty(AggregateKind::Feed);
    assert_eq!(state.needs(&Command::Feed(mark_read(1))), []);
}

fn feed() -> TestFramework<Feed> {
    TestFramework::with(())
}

fn mark_read(up_to: u64) -> FeedCommand {
    FeedCommand::MarkRead(MarkFeedRead { user_id: ben(), up_to, at: noon() })
}

fn read(up_to: u64) -> FeedEvent {
    FeedEvent::FeedRead(FeedRead { user_id: ben(), up_to, at: noon() })
}
