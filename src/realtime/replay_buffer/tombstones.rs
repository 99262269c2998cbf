//! What is left, in the window, of frames of a message that was deleted: the frame, without its words.
//!
//! Whoever comes back is given as many frames as there were, in the same places, and reads in none of them what nobody is
//! to read any more.

use aggregates::room::MessageDeleted;
use axum::extract::ws::Utf8Bytes;
use serde_json::Value;

use crate::realtime::frames::{HintData, MESSAGE_EDITED, NEW_MESSAGE};
use crate::realtime::protocol::EventData;
use crate::wire;

/// The frame as it is now; `None`: it has no words, or none any more.
pub(super) fn frame(text: &Utf8Bytes, deleted: &MessageDeleted) -> Option<Utf8Bytes> {
    // Told from those of reactions and pins, of which there may be many, before it is read.
    let events = [NEW_MESSAGE, MESSAGE_EDITED];
    let event = events.into_iter().find(|event| text.starts_with(&format!(r#"{{"event":"{}","#, event.name)))?;
    let frame: Value = serde_json::from_str(text.as_str()).ok()?;
    let mut message: Value = serde_json::from_str(frame["data"].as_str()?).ok()?;
    if !wire::message::blank(&mut message, &deleted.by, deleted.at) {
        return None;
    }
    Some(EventData::of(&message).ok()?.frame(event.name, frame["channel"].as_str()?))
}

/// The same of what members have on their own channels.
pub(super) fn hint(data: &HintData) -> Option<HintData> {
    let blank = |data: &EventData| {
        let mut hint = data.read()?;
        hint["content"] = wire::message::TOMBSTONE.into();
        EventData::of(&hint).ok()
    };
    Some(HintData { muted: blank(&data.muted)?, heard: blank(&data.heard)?, said_at: data.said_at })
}
