//! The frame window against what it is to hold, without sockets.

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::participant::Arrangement;
use aggregates::room::{HistoryFrom, MembersAdded, MessageDeleted, NewMember, Role};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::inbox::Stay;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::world::user;
use crate::realtime::frames::{About, Cause, HintData, Joined};
use crate::realtime::people::mutes::Mutes;
use crate::realtime::protocol::EventData;
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::replay_buffer::read_mark::ReadMark;
use crate::realtime::replay_buffer::window::{Cursor, Heard, Listener, Part, Window};
use crate::wire::message::TOMBSTONE;

const CHANNEL: &str = "private-room-1";
const BYTES_MAX: usize = 1024 * 1024;

fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number))
}

fn cause(position: u64) -> Cause {
    let recorded_at = Some(Timestamp::from_millis(1_000 * i64::try_from(position).expect("small")));
    Cause { position: Position(position), recorded_at, is_told_at_once: true, about: None }
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

/// In a room since a position, behind a message of it.
fn stay(number: u128, from: u64, join_seq: u64) -> Stay {
    Stay { room_id: room(number), from: Position(from), join_seq }
}

fn heard(name: &str, stay: Option<Stay>) -> [Heard; 1] {
    [(Arc::from(name), stay)]
}

fn all_of_room(window: &Window, user: &UserId, cursor: Cursor, limit: usize) -> Vec<String> {
    all_since(window, user, stay(1, 0, 0), cursor, limit)
}

fn all_since(window: &Window, user: &UserId, stay: Stay, cursor: Cursor, limit: usize) -> Vec<String> {
    let channels = heard(CHANNEL, Some(stay));
    let until = Position(u64::MAX);
    all(window, &Listener { socket: None, user, channels: &channels, hints: None, mutes: None, until }, cursor, limit)
}

/// Everything behind `cursor`, a few at a time.
fn all(window: &Window, listener: &Listener<'_>, mut cursor: Cursor, limit: usize) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let Part { frames, end, has_more } = window.behind(listener, cursor, limit);
        texts.extend(frames.into_iter().map(|frame| frame.as_str().to_owned()));
        assert_eq!(has_more, window.count(listener, end, 1) > 0);
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
fn a_frame_that_comes_behind_later_ones_is_found_beside_them() {
    let (mut window, ana) = (window(100), user("ana"));
    for (position, text) in [(5, "5"), (10, "10"), (7, "7, late"), (12, "12")] {
        keep(&mut window, position, text);
    }
    assert_eq!(all_of_room(&window, &ana, after(8), 1), ["10", "7, late", "12"]);
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
fn a_position_of_which_some_frames_are_gone_is_not_covered() {
    let mut window = Window::new(2_000, 1_000_000);
    window.begin_at(Position::START);
    for position in [1, 1, 1, 1, 1, 2] {
        keep(&mut window, position, &"x".repeat(244));
    }
    let standing = |position, frames| Cursor { position: Position(position), frames: Some(frames) };
    assert!(!window.covers(standing(1, 0)) && !window.covers(standing(1, 4)), "two of the five are gone");
    assert!(window.covers(after(1)) && window.covers(standing(2, 0)));
}

#[test]
fn the_socket_that_asked_is_not_given_it_and_the_next_one_is() {
    let (mut window, ana, [desk, phone]) = (window(100), user("ana"), std::array::from_fn(|_| SocketId::random()));
    window.keep(CHANNEL, cause(1), &Utf8Bytes::from_static("from the desk"), Some(desk));
    let (channels, until) = (heard_by_all(), Position(u64::MAX));
    let given = |socket| {
        let socket = Some(socket);
        let listener = Listener { socket, user: &ana, channels: &channels, hints: None, mutes: None, until };
        window.behind(&listener, after(0), 10).frames.len()
    };
    assert_eq!((given(desk), given(phone)), (0, 1));
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
    hint(&mut window, room(2), 5, &ben);
    hint(&mut window, room(1), 6, &ana);
    window.keep("private-user-ana", cause(7), &Utf8Bytes::from_static("a follower"), None);
    hint(&mut window, room(1), 8, &ben);
    let rooms = HashMap::from([stay(1, 0, 0), stay(2, 4, 0)].map(|stay| (stay.room_id, stay)));
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
fn nothing_is_given_from_before_somebody_came_in_again() {
    let (mut window, ana) = (window(100), user("ana"));
    keep(&mut window, 1, "while ana was away");
    keep(&mut window, 2, "ana came");
    keep(&mut window, 3, "after it");
    assert_eq!(all_since(&window, &ana, stay(1, 2, 0), after(0), 10), ["after it"]);
    assert_eq!(all_of_room(&window, &user("ben"), after(0), 10).len(), 3);
}

fn about(position: u64, seq: u64, history_from: HistoryFrom) -> Cause {
    cause(position).about(About { room: room(1), seq, history_from })
}

#[test]
fn what_is_about_a_message_from_before_ones_join_is_left_out_and_not_counted_as_heard() {
    let (mut window, ana) = (window(100), user("ana"));
    let mut keep = |cause: Cause, text: &'static str| {
        window.keep(CHANNEL, cause, &Utf8Bytes::from_static(text), None);
    };
    keep(about(5, 3, HistoryFrom::Join), "of an old one");
    keep(about(5, 3, HistoryFrom::Start), "of an old one that all may read");
    keep(about(5, 4, HistoryFrom::Join), "of a new one");
    let given = |join_seq, frames| {
        let cursor = Cursor { position: Position(5), frames: Some(frames) };
        all_since(&window, &ana, stay(1, 0, join_seq), cursor, 1)
    };
    assert_eq!(given(3, 0), ["of an old one that all may read", "of a new one"]);
    assert_eq!(given(3, 1), ["of a new one"], "she had one of this position");
    assert_eq!(given(2, 1), ["of an old one that all may read", "of a new one"]);
}

fn joined(people: usize) -> Arc<Joined> {
    let member = |number: usize| NewMember { user_id: user(&format!("user-{number}")), role: Role::Member };
    let event = MembersAdded {
        room_id: room(1),
        members: (0..people).map(member).collect(),
        by: user("ana"),
        join_seq: 0,
        at: Timestamp::from_millis(0),
    };
    Arc::new(Joined::of(&event, "x-1", &HashMap::new()))
}

#[test]
fn promise_8_five_hundred_who_come_together_are_one_entry_and_a_frame_each() {
    let (mut window, ana) = (window(100), user("ana"));
    window.keep_joined(CHANNEL, cause(1), &joined(500), None);
    keep(&mut window, 2, "hello");
    let size = window.size();
    assert_eq!(size.entries, 2);
    assert!(size.bytes.expect("counted") < 500 * 100, "{size:?}");
    for limit in [1, 600] {
        let given = all_of_room(&window, &ana, after(0), limit);
        assert_eq!(given.len(), 501);
        assert!(given[499].contains("user-499") && given[499].contains("user-joined"), "{}", given[499]);
    }
    let heard = Cursor { position: Position(1), frames: Some(499) };
    assert!(all_of_room(&window, &ana, heard, 1)[0].contains("user-499"), "she had the others");
    let (channels, until) = (heard_by_all(), Position(u64::MAX));
    let listener = Listener { socket: None, user: &ana, channels: &channels, hints: None, mutes: None, until };
    assert_eq!(window.count(&listener, after(0), 1_000), 11, "what she is behind is not five hundred frames");
    let part = window.behind(&listener, after(0), 10);
    assert_eq!((part.frames.len(), part.has_more), (500, true), "those of one position come together, no more do");
}

fn heard_by_all() -> [Heard; 1] {
    heard(CHANNEL, Some(stay(1, 0, 0)))
}

#[test]
fn of_a_deleted_message_no_words_are_kept_and_every_frame() {
    let (mut window, ana) = (window(100), user("ana"));
    let said = |event: &str, words: &str| {
        let data = json!({ "content": words, "isDeleted": false, "position": "x-1" });
        EventData::of(&data).expect("JSON").frame(event, CHANNEL)
    };
    for (position, seq, event) in
        [(1, 1, "new-message"), (2, 2, "new-message"), (3, 1, "message-reaction"), (4, 1, "message-edited")]
    {
        let words = said(event, &format!("words of {seq}"));
        window.keep(CHANNEL, about(position, seq, HistoryFrom::Start), &words, None);
    }
    let [muted, heard] = [true, false].map(|muted| EventData::of(&json!({ "content": "words of 1", "muted": muted })));
    let said_at = Timestamp::from_millis(0);
    let hint = HintData { muted: muted.expect("JSON"), heard: heard.expect("JSON"), said_at };
    window.keep_hint(room(1), ("new-message", &hint), about(5, 1, HistoryFrom::Start), (None, None));
    let before = window.size();
    let deleted = MessageDeleted {
        room_id: room(1),
        message_id: MessageId(Uuid::from_u128(1)),
        seq: 1,
        sender_id: user("ben"),
        by: user("ben"),
        at: Timestamp::from_millis(0),
    };
    window.blank(CHANNEL, &deleted);
    window.blank(CHANNEL, &MessageDeleted { by: user("cat"), ..deleted });
    let given = all_of_room(&window, &ana, after(0), 10);
    assert_eq!(given.len(), 4);
    for gone in [&given[0], &given[3]] {
        assert!(
            !gone.contains("words") && gone.contains(TOMBSTONE) && gone.contains(r#"\"deletedBy\":\"ben\""#),
            "{gone}"
        );
    }
    assert!(given[1].contains("words of 2") && given[2] == said("message-reaction", "words of 1").as_str());
    let rooms = HashMap::from([(room(1), stay(1, 0, 0))]);
    let (channels, until) = (super::window::heard("private-user-ana", None), Position(u64::MAX));
    let listener = Listener { socket: None, user: &ana, channels: &channels, hints: Some(&rooms), mutes: None, until };
    let hints = all(&window, &listener, after(0), 10);
    assert!(hints.len() == 1 && !hints[0].contains("words") && hints[0].contains(TOMBSTONE), "{hints:?}");
    let (before, now) = (before.bytes.expect("counted"), window.size().bytes.expect("counted"));
    assert!(now > before, "tombstones are longer than these words, and are weighed: {before} and then {now}");
    for position in 200..203 {
        keep(&mut window, position, "x");
    }
    let left = 3 * (window.size().bytes.expect("counted") / 3);
    assert_eq!(window.size().bytes, Some(left), "what is gone weighs nothing");
}

#[test]
fn of_each_reader_the_last_place_is_kept_and_those_told_late_are_told_again() {
    let mut window = window(100);
    let mark = |position: u64, up_to_seq: u64| ReadMark {
        up_to: MessageId(Uuid::from_u128(up_to_seq.into())),
        up_to_seq,
        history_from: HistoryFrom::Start,
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
