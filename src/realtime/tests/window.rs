//! The frame window against what it is to hold, without sockets.

use std::collections::HashSet;
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::participant::Arrangement;
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::world::user;
use crate::realtime::frame::Cause;
use crate::realtime::mutes::Mutes;
use crate::realtime::people::Step;
use crate::realtime::protocol::EventData;
use crate::realtime::reads::ReadMark;
use crate::realtime::window::{Cursor, Heard, HintData, Listener, Part, Window};

const CHANNEL: &str = "private-room-1";
const BYTES_MAX: usize = 1024 * 1024;

fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number))
}

fn cause(position: u64) -> Cause {
    let recorded_at = Some(Timestamp::from_millis(1_000 * i64::try_from(position).expect("small")));
    Cause { position: Position(position), recorded_at, is_told_at_once: true }
}

fn window(events_max: u64) -> Window {
    let mut window = Window::new(BYTES_MAX, events_max);
    window.begin_at(Position::START);
    window
}

fn keep(window: &mut Window, position: u64, text: &str) {
    window.keep(CHANNEL, cause(position), &Utf8Bytes::from(text.to_owned()), None);
}

fn after(position: u64) -> Cursor {
    Cursor { position: Position(position), frames: None }
}

fn heard(name: &str, room: Option<RoomId>) -> [Heard; 1] {
    [(Arc::from(name), room)]
}

fn all_of_room(window: &Window, user: &UserId, cursor: Cursor, limit: usize) -> Vec<String> {
    let channels = heard(CHANNEL, Some(room(1)));
    let until = Position(u64::MAX);
    all(window, &Listener { socket: None, user, channels: &channels, hints: None, mutes: None, until }, cursor, limit)
}

/// Everything behind `cursor`, a few at a time.
fn all(window: &Window, listener: &Listener<'_>, mut cursor: Cursor, limit: usize) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let Part { frames, end, has_more } = window.behind(listener, cursor, limit);
        texts.extend(frames.into_iter().map(|frame| frame.as_str().to_owned()));
        assert_eq!(has_more, window.count(listener, end) > 0);
        if !has_more {
            return texts;
        }
        assert!(end != cursor, "it moves on");
        cursor = end;
    }
}

#[test]
fn what_came_behind_a_position_is_given_in_order_and_once() {
    let (mut window, ana) = (window(100), user("ana"));
    for position in 1..=5 {
        keep(&mut window, position, &position.to_string());
    }
    assert_eq!(all_of_room(&window, &ana, after(2), 2), ["3", "4", "5"]);
    assert_eq!(all_of_room(&window, &ana, after(5), 2), Vec::<String>::new());
}

#[test]
fn of_several_frames_of_one_event_those_that_were_not_heard_are_given() {
    let (mut window, ana) = (window(100), user("ana"));
    for text in ["ben came", "cat came", "dan came"] {
        keep(&mut window, 7, text);
    }
    keep(&mut window, 8, "hello");
    let heard = |frames| Cursor { position: Position(7), frames };
    assert_eq!(all_of_room(&window, &ana, heard(Some(1)), 1), ["cat came", "dan came", "hello"]);
    assert_eq!(all_of_room(&window, &ana, heard(Some(9)), 1), ["hello"]);
    assert_eq!(all_of_room(&window, &ana, heard(None), 1), ["hello"]);
}

#[test]
fn promise_8_frames_go_by_bytes_and_by_age_and_what_is_gone_is_not_covered() {
    let mut by_age = window(3);
    for position in 1..=10 {
        keep(&mut by_age, position, "x");
    }
    assert!(by_age.covers(after(7)) && !by_age.covers(after(6)));
    let mut by_bytes = Window::new(2_000, 1_000_000);
    by_bytes.begin_at(Position::START);
    for position in 1..=100 {
        keep(&mut by_bytes, position, &"x".repeat(244));
        assert!(by_bytes.size().bytes.expect("counted") <= 2_000);
    }
    assert!(by_bytes.covers(after(96)) && !by_bytes.covers(after(95)), "four frames of 500 bytes");
    assert_eq!(all_of_room(&by_bytes, &user("ana"), after(96), 10).len(), 4);
}

#[test]
fn nothing_is_covered_before_it_was_begun_or_where_nothing_is_kept() {
    assert!(!Window::new(BYTES_MAX, 10).covers(after(5)));
    let mut off = Window::new(0, 10);
    off.begin_at(Position::START);
    keep(&mut off, 1, "x");
    assert!(!off.covers(after(5)));
    assert_eq!(off.size().entries, 0);
    let mut emptied = window(100);
    keep(&mut emptied, 1, "words");
    emptied.begin_at(Position(2));
    assert!(!emptied.covers(after(1)) && emptied.covers(after(2)));
    assert_eq!(emptied.size().bytes, Some(0));
}

#[test]
fn hints_are_given_of_ones_own_rooms_since_one_came_in_and_not_of_what_one_said() {
    let (mut window, ana, ben) = (window(100), user("ana"), user("ben"));
    let hint = |window: &mut Window, room: RoomId, position: u64, by: &UserId| {
        let [muted, heard] = [true, false].map(|muted| EventData::of(&json!({ "at": position, "muted": muted })));
        let (muted, heard) = (muted.expect("JSON"), heard.expect("JSON"));
        let data = HintData { muted, heard, said_at: Timestamp::from_millis(position.try_into().expect("small")) };
        window.keep_hint(room, ("new-message", &data), cause(position), (Some(by), None));
    };
    for (position, number) in [(1, 1), (2, 2), (3, 3)] {
        hint(&mut window, room(number), position, &ben);
    }
    window.passed(Position(4), room(2), &ana, Step::CameIn);
    hint(&mut window, room(2), 5, &ben);
    hint(&mut window, room(1), 6, &ana);
    window.keep("private-user-ana", cause(7), &Utf8Bytes::from_static("a follower"), None);
    hint(&mut window, room(1), 8, &ben);
    let rooms = HashSet::from([room(1), room(2)]);
    let (channels, until) = (heard("private-user-ana", None), Position(u64::MAX));
    let mut mutes = Mutes::default();
    mutes.arranged(Position(1), room(1), Arrangement::Muted { until: Some(Timestamp::from_millis(8)) });
    let (hints, mutes) = (Some(&rooms), Some(&mutes));
    let listener = Listener { socket: None, user: &ana, channels: &channels, hints, mutes, until };
    let given = all(&window, &listener, after(0), 1);
    let positions =
        [r#"\"at\":1,\"muted\":true"#, r#"\"at\":5,\"muted\":false"#, "a follower", r#"\"at\":8,\"muted\":false"#];
    assert_eq!(given.len(), positions.len(), "{given:?}");
    for (text, wanted) in given.iter().zip(positions) {
        assert!(text.contains(wanted), "{given:?}");
    }
    assert!(given[0].contains(r#""channel":"private-user-ana""#));
}

#[test]
fn the_rooms_somebody_came_into_or_left_are_known_by_their_last_step() {
    let (mut window, ana) = (window(10), user("ana"));
    for (position, number, step) in
        [(1, 1, Step::CameIn), (2, 2, Step::CameIn), (3, 1, Step::WentOut), (4, 3, Step::WentOut), (5, 3, Step::CameIn)]
    {
        window.passed(Position(position), room(number), &ana, step);
    }
    let passages = |window: &Window, after, until| window.passages(&ana, Position(after), Position(until));
    let everything = [(room(2), Step::CameIn), (room(1), Step::WentOut), (room(3), Step::CameIn)];
    assert_eq!(passages(&window, 0, 9), everything);
    assert_eq!(passages(&window, 2, 3), everything[1..2]);
    for position in 6..20 {
        keep(&mut window, position, "x");
    }
    assert_eq!(passages(&window, 0, 9), vec![], "gone with their events");
}

#[test]
fn nothing_is_given_from_before_somebody_came_in_again() {
    let (mut window, ana) = (window(100), user("ana"));
    keep(&mut window, 1, "while ana was away");
    window.passed(Position(2), room(1), &ana, Step::CameIn);
    keep(&mut window, 2, "ana came");
    keep(&mut window, 3, "after it");
    assert_eq!(all_of_room(&window, &ana, after(0), 10), ["after it"]);
    assert_eq!(all_of_room(&window, &user("ben"), after(0), 10).len(), 3);
}

#[test]
fn of_each_reader_the_last_place_is_kept_and_those_told_late_are_told_again() {
    let mut window = window(100);
    let mark = |position: u64, up_to_seq: u64| ReadMark {
        up_to: MessageId(Uuid::from_u128(up_to_seq.into())),
        up_to_seq,
        read_at: Timestamp::from_millis(0),
        position: Position(position),
        except: None,
    };
    for (who, position, seq) in [("ben", 1, 1), ("ben", 20, 5), ("cat", 21, 7), ("ben", 22, 4)] {
        window.mark(room(1), &user(who), &mark(position, seq), cause(position).recorded_at);
    }
    let told = |window: &Window, position| -> Vec<(String, u64)> {
        let marks = window.marks(room(1), Position(position)).into_iter();
        marks.map(|(who, mark)| (who.to_string(), mark.up_to_seq)).collect()
    };
    let everything = vec![("cat".to_owned(), 7), ("ben".to_owned(), 5)];
    assert_eq!(told(&window, 0), everything, "reading never goes back");
    assert_eq!(told(&window, 22), everything, "they may have been told after the client was gone");
    window.told(room(1), &user("cat"), &mark(21, 7), Position(25));
    assert_eq!(told(&window, 25), everything, "the tail was no further when it was told");
    assert_eq!(told(&window, 26), [("ben".to_owned(), 5)], "who has heard of a later position has heard this before");
    keep(&mut window, 90, "long after");
    let marks = window.marks(room(1), Position(90));
    assert_eq!(marks, vec![], "they were told before");
    for position in 91..=200 {
        keep(&mut window, position, "x");
    }
    assert!(window.marks(room(1), Position::START).is_empty(), "gone with their events");
}

proptest! {
    /// Any events of several frames each, any point to resume from, any number at a time.
    #[test]
    fn whatever_is_covered_is_given_whole_in_order_and_once(
        counts in prop::collection::vec(0_usize..4, 1..40),
        events_max in 1_u64..60,
        from in 0_u64..40,
        heard in prop::option::of(0_u32..5),
        limit in 1_usize..9,
    ) {
        let (mut window, ana) = (window(events_max), user("ana"));
        let mut model = Vec::new();
        for (index, count) in counts.iter().enumerate() {
            for frame in 0..*count {
                let position = index as u64 + 1;
                keep(&mut window, position, &format!("{position}.{frame}"));
                model.push((position, frame, format!("{position}.{frame}")));
            }
        }
        let cursor = Cursor { position: Position(from), frames: heard };
        if window.covers(cursor) {
            let unheard = |(position, frame, _): &&(u64, usize, String)| {
                *position > from || (*position == from && heard.is_some_and(|heard| *frame >= heard as usize))
            };
            let wanted: Vec<String> = model.iter().filter(unheard).map(|(.., text)| text.clone()).collect();
            prop_assert_eq!(all_of_room(&window, &ana, cursor, limit), wanted);
        }
    }
}
