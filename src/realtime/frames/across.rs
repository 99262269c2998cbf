//! What is left of a frame that was kept on somebody's own channel when there is a block, by now, between them and whom it
//! tells of: nothing of a follow, which has ended with it, and of a notification what the list of them shows.
//!
//! As it was made, it names them: with their name and picture.

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;
use serde_json::Value;

use super::payloads::{NEW_FOLLOWER, NOTIFICATION, USER_UNFOLLOWED};
use crate::realtime::protocol::EventData;
use crate::wire;

/// The events by the names they are sent under, and where each says whom it tells of.
const TOLD_OF: [(&str, Option<&str>, &str); 3] = [
    (NEW_FOLLOWER.name, NEW_FOLLOWER.legacy, "userId"),
    (USER_UNFOLLOWED.name, USER_UNFOLLOWED.legacy, "userId"),
    (NOTIFICATION.name, NOTIFICATION.legacy, "actorId"),
];

fn field_of(event: &str) -> Option<&'static str> {
    let known = TOLD_OF.into_iter().find(|(name, legacy, _)| event == *name || Some(event) == *legacy);
    known.map(|(.., field)| field)
}

/// Whom a frame on one's own channel tells of, where it tells of somebody.
pub fn told_of(event: &str, data: &Value) -> Option<UserId> {
    UserId::parse(data[field_of(event)?].as_str()?).ok()
}

/// What it says to somebody who is apart from whom it tells of.
pub fn across(event: &str, mut data: Value) -> Option<Value> {
    if ![Some(NOTIFICATION.name), NOTIFICATION.legacy].contains(&Some(event)) {
        return None;
    }
    wire::notification::unname(&mut data);
    Some(data)
}

/// The same of a frame as it was kept; one that tells of nobody, or of somebody who is there for them, as it is.
pub fn frame_across(frame: Utf8Bytes, is_apart: impl Fn(&UserId) -> bool) -> Option<Utf8Bytes> {
    // Told from the hints, of which there are many, before it is read.
    let event = frame.strip_prefix("{\"event\":\"").and_then(|rest| rest.split('"').next());
    let Some(event) = event.filter(|event| field_of(event).is_some()) else { return Some(frame) };
    let read = || -> Option<(Value, Value)> {
        let frame: Value = serde_json::from_str(&frame).ok()?;
        let data = serde_json::from_str(frame["data"].as_str()?).ok()?;
        Some((frame, data))
    };
    let (read, data) = read()?;
    match told_of(event, &data) {
        Some(other) if is_apart(&other) => {
            Some(EventData::of(&across(event, data)?).ok()?.frame(event, read["channel"].as_str()?))
        }
        Some(_) | None => Some(frame),
    }
}
