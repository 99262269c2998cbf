//! `message-read`: how far somebody has read, to those who have the room open.
//!
//! At most one per second and participant, the last one always; only in rooms of a size in which somebody looks at it
//! (above it, who has read is a query). Also told when somebody sends: that moves their own position.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::{ReadError, UnitName};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::gathering::Gathered;
use crate::realtime::frames::encode;
use crate::realtime::frames::{self, Cause, MessageRead};
use crate::realtime::hub::{Apart, Except};
use crate::realtime::inner::Inner;
use crate::realtime::protocol::channel_name::room_channel;
use crate::realtime::replay_buffer::read_mark::ReadMark;

/// A size is asked for again after this, should a change have gone unheard while it was being read.
const SIZE_KEPT: Duration = Duration::from_secs(60);

/// Whether rooms are small enough.
pub(in crate::realtime) struct Sizes {
    known: Mutex<HashMap<RoomId, (bool, Instant)>>,
    /// At the limit all are forgotten and asked for again.
    rooms_max: usize,
}

impl Sizes {
    pub fn up_to(rooms_max: usize) -> Self {
        Self { known: Mutex::default(), rooms_max }
    }

    /// Its members have changed.
    pub fn forget(&self, room: RoomId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&room);
    }

    fn known(&self, room: RoomId, now: Instant) -> Option<bool> {
        let sizes = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.get(&room).filter(|(_, since)| now.duration_since(*since) < SIZE_KEPT).map(|(small, _)| *small)
    }

    fn keep(&self, room: RoomId, small: bool, now: Instant) {
        let mut sizes = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if sizes.len() >= self.rooms_max {
            sizes.clear();
        }
        sizes.insert(room, (small, now));
    }
}

pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut gathered = Gathered::new(&inner.reads, inner.config.gather);
    while let Some(marks) = gathered.next(&stop).await {
        for ((room, user), mark) in marks {
            tokio::select! {
                () = stop.cancelled() => return,
                () = show(&inner, room, &user, &mark) => {}
            }
        }
    }
}

async fn show(inner: &Inner, room_id: RoomId, user_id: &UserId, mark: &ReadMark) {
    let channel = room_channel(room_id);
    if !inner.hub.has_listeners(&channel) || !is_told(inner, room_id, mark.position).await {
        return;
    }
    let token = inner.token(mark.position);
    let apart = Some(Apart { from: user_id, of_two: Some(room_id) });
    let except = Except { socket: mark.except, apart, ..Except::default() };
    let data = frame(room_id, user_id, mark, &token);
    inner.hub.mark_told(room_id, user_id, mark);
    let cause = Cause::from(mark.position).about(mark.about(room_id));
    inner.announce(&channel, frames::MESSAGE_READ, &data, Some(cause), except);
    inner.hub.wake();
}

/// For one subscription of `user` that was away: how far others have read since it stood at `from`, the last of each.
pub(in crate::realtime) async fn retold(
    inner: &Inner,
    channel: &str,
    (room_id, user): (RoomId, &UserId),
    from: Position,
) -> Vec<Utf8Bytes> {
    let mut marks = inner.hub.marks(room_id, from);
    let stay = inner.hub.stay_in(room_id, user);
    let hears = |other: &UserId, mark: &ReadMark| {
        mark.about(room_id).is_for(stay.as_ref()) && !inner.hub.is_shut(room_id, user, other)
    };
    marks.retain(|(other, mark)| hears(other, mark));
    let Some((_, newest)) = marks.last() else { return Vec::new() };
    if !is_told(inner, room_id, newest.position).await {
        return Vec::new();
    }
    let mut told = Vec::new();
    for (user_id, mark) in &marks {
        let token = inner.token(mark.position);
        let Some(data) = encode(frames::MESSAGE_READ, &frame(room_id, user_id, mark, &token)) else { continue };
        told.extend(inner.names(frames::MESSAGE_READ).map(|name| data.frame(name, channel)));
    }
    told
}

async fn is_told(inner: &Inner, room: RoomId, position: Position) -> bool {
    is_small(inner, room, position).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a message-read frame is left out: its room cannot be read");
        false
    })
}

fn frame<'a>(room_id: RoomId, user_id: &'a UserId, mark: &ReadMark, position: &'a str) -> MessageRead<'a> {
    let ReadMark { up_to, up_to_seq, read_at, .. } = *mark;
    MessageRead { room_id, user_id, up_to, up_to_seq, read_at, position }
}

async fn is_small(inner: &Inner, room: RoomId, position: Position) -> Result<bool, ReadError> {
    if let Some(small) = inner.sizes.known(room, Instant::now()) {
        return Ok(small);
    }
    while let Err(lagging) = inner.views.wait_for(UnitName::Inbox, position, inner.config.view_patience).await {
        tracing::debug!(%lagging, "the size of a room waits");
    }
    let limit = inner.config.read_frames_members_max;
    let small = inner.views.inbox().member_ids(room, limit + 1).await?.len() <= limit;
    inner.sizes.keep(room, small, Instant::now());
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_size_of_a_room_is_asked_for_again_after_a_change_and_after_a_while() {
        let (sizes, room, now) = (Sizes::up_to(10), RoomId(Uuid::from_u128(1)), Instant::now());
        sizes.keep(room, true, now);
        assert_eq!(sizes.known(room, now), Some(true));
        assert_eq!(sizes.known(room, now + SIZE_KEPT), None);
        sizes.forget(room);
        assert_eq!(sizes.known(room, now), None);
    }

    #[test]
    fn promise_8_no_more_rooms_are_remembered_than_the_limit() {
        let (sizes, now) = (Sizes::up_to(10), Instant::now());
        for number in 1..=25 {
            let room = RoomId(Uuid::from_u128(number));
            sizes.keep(room, true, now);
            assert_eq!(sizes.known(room, now), Some(true));
            assert!(sizes.known.lock().expect("nobody panicked").len() <= 10);
        }
    }
}
