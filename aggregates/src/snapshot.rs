//! A state in a form that can be kept, so that a long stream need not be read from its beginning.
//!
//! Apart from the stored events, because nothing here is for ever: a kept state of another format is thrown away and made
//! anew from its events. Never in here: users, whose states hold words; their streams are short.

use serde::{Deserialize, Serialize};

use crate::feed::Feed;
use crate::notification::Notification;
use crate::participant::Participant;
use crate::preferences::Preferences;
use crate::relationship::Relationship;
use crate::report::Report;
use crate::room::Room;
use crate::subscription::Subscription;
use crate::{AggregateKind, State};

/// Raised whenever a state gets another form, or an `evolve` makes another state of the same events.
pub const FORMAT: u32 = 4;

/// The kind first, so that the state behind it is read as what it is.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", content = "state", rename_all = "snake_case")]
enum Kept {
    Room(Room),
    Participant(Participant),
    Relationship(Relationship),
    Notification(Notification),
    Feed(Feed),
    Report(Report),
    Preferences(Preferences),
    Subscription(Subscription),
}

/// What was kept is no state of this kind in today's format.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableState {
    #[error("it is of format {0}, not {FORMAT}")]
    Format(u32),
    #[error("it is not in the form of a state")]
    Form(#[from] serde_json::Error),
    #[error("it is of another kind of stream")]
    Kind,
}

impl State {
    /// As JSON in today's [`FORMAT`]; `None` for what is not kept.
    pub fn to_kept(&self) -> Option<Result<String, serde_json::Error>> {
        let kept = match self {
            Self::Room(state) => Kept::Room(state.clone()),
            Self::Participant(state) => Kept::Participant(state.clone()),
            Self::Relationship(state) => Kept::Relationship(state.clone()),
            Self::Notification(state) => Kept::Notification(state.clone()),
            Self::Feed(state) => Kept::Feed(state.clone()),
            Self::Report(state) => Kept::Report(state.clone()),
            Self::Preferences(state) => Kept::Preferences(state.clone()),
            Self::Subscription(state) => Kept::Subscription(state.clone()),
            Self::User(_) => return None,
        };
        Some(serde_json::to_string(&kept))
    }

    /// Takes back what [`State::to_kept`] gave.
    pub fn from_kept(kind: AggregateKind, format: u32, kept: &str) -> Result<Self, UnreadableState> {
        if format != FORMAT {
            return Err(UnreadableState::Format(format));
        }
        let state = match serde_json::from_str(kept)? {
            Kept::Room(state) => Self::Room(state),
            Kept::Participant(state) => Self::Participant(state),
            Kept::Relationship(state) => Self::Relationship(state),
            Kept::Notification(state) => Self::Notification(state),
            Kept::Feed(state) => Self::Feed(state),
            Kept::Report(state) => Self::Report(state),
            Kept::Preferences(state) => Self::Preferences(state),
            Kept::Subscription(state) => Self::Subscription(state),
        };
        if state.kind() == kind { Ok(state) } else { Err(UnreadableState::Kind) }
    }

    /// About how many bytes it is as JSON, without writing it.
    pub fn weight_bytes(&self) -> usize {
        const SMALL: usize = 256;
        match self {
            Self::Room(room) => SMALL + room.weight_bytes(),
            Self::Preferences(preferences) => SMALL + preferences.weight_bytes(),
            Self::Participant(_)
            | Self::Relationship(_)
            | Self::Notification(_)
            | Self::Feed(_)
            | Self::User(_)
            | Self::Report(_)
            | Self::Subscription(_) => SMALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::room::{add, create_group, join, pin, remove, send};
    use crate::cast::{ana, ben, blocked_by, cici, dewi, message_id, noon, registered, room_id, state_after};
    use crate::feed::{FeedEvent, FeedRead};
    use crate::room::{RoomCommand, SetRules};
    use crate::{Command, DomainEvent};

    /// A group in which everything has happened that a room can hear of.
    fn a_room() -> State {
        let mut state = State::empty(AggregateKind::Room);
        let wishes = [
            create_group(vec![ana(), ben()]),
            add(&ana(), vec![cici()]),
            RoomCommand::SetRules(SetRules {
                room_id: room_id(),
                join_policy: None,
                slow_mode_seconds: Some(30),
                set_by: ana(),
                at: noon(),
            }),
            send(1, &ben()),
            pin(1, &ana(), true),
            join(&dewi()),
            remove(&ben(), &ana()),
            remove(&ana(), &ana()),
        ];
        for wish in wishes {
            let events: Vec<DomainEvent> = state.decide(&Command::Room(wish)).expect("allowed");
            events.iter().for_each(|event| state.evolve(event));
        }
        state
    }

    /// A change of this text is a change of the format: raise [`FORMAT`] and write the new text here.
    #[test]
    fn the_form_of_a_kept_room_and_what_its_events_make_of_it_are_those_of_format_4() {
        assert_eq!(FORMAT, 4);
        let room = format!(
            r#"{{"kind":"room","state":{{"open":true,"closed":false,"kind":"group","join_policy":"open","members":{{"cici":{{"role":"owner","join_seq":0,"arrival":2}},"dewi":{{"role":"member","join_seq":1,"arrival":3}}}},"removed":["ben"],"arrivals":4,"last_seq":1,"last_message_id":"{said}","pins":["{said}"],"pace":{{"pause_seconds":30,"lately":[["ben","{at}"]],"last":{{"ben":"{at}"}}}}}}}}"#,
            said = message_id(1),
            at = noon()
        );
        assert_eq!(a_room().to_kept().expect("kept").expect("JSON"), room);
        let pair = state_after(AggregateKind::Relationship, [blocked_by(&ana(), &ben())]);
        let kept = r#"{"kind":"relationship","state":{"followers":[],"blockers":["ana"]}}"#;
        assert_eq!(pair.to_kept().expect("kept").expect("JSON"), kept);
        let read = FeedRead { user_id: ana(), up_to: 7, at: noon() };
        let feed = state_after(AggregateKind::Feed, [DomainEvent::Feed(FeedEvent::FeedRead(read))]);
        let kept = r#"{"kind":"feed","state":{"read_up_to":7}}"#;
        assert_eq!(feed.to_kept().expect("kept").expect("JSON"), kept);
        let kept = r#"{"kind":"notification","state":{"recipient":null,"erased_before":0,"in_feed":false,"mark":null,"clicked":false,"archived":false,"deleted":false,"deliveries":{}}}"#;
        assert_eq!(State::empty(AggregateKind::Notification).to_kept().expect("kept").expect("JSON"), kept);
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was() {
        for state in [a_room(), state_after(AggregateKind::Relationship, [blocked_by(&ana(), &ben())])] {
            let kept = state.to_kept().expect("kept").expect("JSON");
            assert_eq!(State::from_kept(state.kind(), FORMAT, &kept).expect("readable"), state);
        }
    }

    #[test]
    fn every_kind_is_kept_but_users() {
        for kind in AggregateKind::ALL {
            assert_eq!(State::empty(kind).to_kept().is_none(), kind == AggregateKind::User, "{kind:?}");
        }
        assert!(state_after(AggregateKind::User, [registered(&ana())]).to_kept().is_none());
    }

    #[test]
    fn another_format_another_kind_and_what_is_no_state_are_not_taken() {
        let kept = a_room().to_kept().expect("kept").expect("JSON");
        let take = |kind, format, kept: &str| State::from_kept(kind, format, kept);
        assert!(matches!(take(AggregateKind::Room, FORMAT + 1, &kept), Err(UnreadableState::Format(5))));
        assert!(matches!(take(AggregateKind::Feed, FORMAT, &kept), Err(UnreadableState::Kind)));
        for broken in ["", "{}", "null", &kept[..kept.len() - 2], r#"{"kind":"room","state":{"open":true}}"#] {
            assert!(matches!(take(AggregateKind::Room, FORMAT, broken), Err(UnreadableState::Form(_))), "{broken}");
        }
    }
}
