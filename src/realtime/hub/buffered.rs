//! What the window keeps for those who were away, as far as each may hear it.

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::room::MessageDeleted;
use axum::extract::ws::Utf8Bytes;
use event_log::{CacheSize, Position};
use projections::inbox::Stay;

use super::{Attached, Hub, State};
use crate::realtime::frames::{self, Frame};
use crate::realtime::protocol::channel_name::{room_channel, user_channel};
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, Reload};
use crate::realtime::replay_buffer::read_mark::ReadMark;
use crate::realtime::replay_buffer::window::{Cursor, Heard, Listener, Part};

/// A subscription that was away.
#[derive(Clone, Copy)]
pub struct Missing<'a> {
    pub attached: &'a Attached,
    pub user: &'a UserId,
    /// Of a room's channel.
    pub room: Option<RoomId>,
}

/// What there was for it.
pub enum Given {
    /// Behind the last of them its gate is open.
    Frames { frames: Vec<Frame>, end: Cursor, has_more: bool },
    /// The window has moved past it.
    Overtaken,
    /// Their membership has ended.
    NotAMember,
    /// Unsubscribed or cut; nothing is left to do.
    Gone,
}

/// Texts as they are in the window.
pub struct Found {
    pub frames: Vec<Utf8Bytes>,
    pub position: Position,
    pub has_more: bool,
}

impl Hub {
    /// The window is empty, and complete from here on.
    pub fn begin_window(&self, position: Position) {
        self.state().window.begin_at(position);
    }

    /// See [`crate::realtime::replay_buffer::window::Window::blank`].
    pub fn message_gone(&self, event: &MessageDeleted) {
        self.state().window.blank(&room_channel(event.room_id), event);
    }

    /// Somebody has read or spoken.
    pub fn mark(&self, room: RoomId, user: &UserId, mark: &ReadMark, recorded_at: Option<Timestamp>) {
        self.state().window.mark(room, user, mark, recorded_at);
    }

    /// What somebody has read is being told to those who listen.
    pub fn mark_told(&self, room: RoomId, user: &UserId, mark: &ReadMark) {
        let mut state = self.state();
        let taken = state.taken;
        state.window.told(room, user, mark, taken);
    }

    /// See [`crate::realtime::replay_buffer::window::Window::marks`].
    pub fn marks(&self, room: RoomId, position: Position) -> Vec<(UserId, ReadMark)> {
        self.state().window.marks(room, position)
    }

    pub fn window_size(&self) -> CacheSize {
        self.state().window.size()
    }
}

impl State {
    /// What a subscription hears; `None` when its person is not in the room.
    fn heard(&self, missing: Missing<'_>) -> Option<[Heard; 1]> {
        let stay = match missing.room {
            Some(room) => Some(*self.people.stay(room, missing.user)?),
            None => None,
        };
        Some([(missing.attached.channel.clone(), stay)])
    }

    fn listener<'a>(&'a self, channel: &'a [Heard], socket: SocketId, user: &'a UserId) -> Listener<'a> {
        // Hints come on somebody's own channel.
        let own = channel.iter().all(|(_, stay)| stay.is_none());
        let hints = if own { self.people.rooms(user) } else { None };
        let mutes = self.people.mutes(user);
        Listener { socket: Some(socket), user, channels: channel, hints, mutes, until: Position(u64::MAX) }
    }
}

impl State {
    /// What somebody is given of a frame that was kept, across the blocks there are by now. In a room of two nothing that
    /// tells of the other one; what else is told there is either their own or was refused.
    fn across(&self, user: &UserId, room: Option<RoomId>, frame: Utf8Bytes) -> Option<Utf8Bytes> {
        if !self.discretion.is_apart_from_anybody(user) {
            return Some(frame);
        }
        let Some(room) = room else {
            return frames::frame_across(frame, |other| self.discretion.are_apart(user, other));
        };
        let of = protocol::told_of(&frame, frames::MESSAGE_DELIVERED.name);
        let is_kept = of.is_some_and(|other| self.discretion.is_shut(room, user, &other));
        (!is_kept).then_some(frame)
    }
}

impl Hub {
    /// Whether all that it missed is there, and not more than `frames_max` frames.
    pub fn can_replay(&self, missing: Missing<'_>, from: Cursor, frames_max: usize) -> Result<(), Reload> {
        let state = self.state();
        if !state.window.covers(from) {
            return Err(Reload::TooLongAgo);
        }
        // Who is in the room no more is told so by the replay.
        let Some(channel) = state.heard(missing) else { return Ok(()) };
        let listener = state.listener(&channel, missing.attached.socket, missing.user);
        if state.window.count(&listener, from, frames_max) > frames_max { Err(Reload::TooMuch) } else { Ok(()) }
    }

    /// The next frames, `limit` or a few more; behind the last the gate opens. A room opens to those who are in it as
    /// far as the tail has come. `succeeded`: the client knows that it has subscribed.
    pub fn replay(&self, missing: Missing<'_>, (cursor, succeeded): (Cursor, bool), limit: usize) -> Given {
        let mut state = self.state();
        let Missing { attached, user, room } = missing;
        if state.subscriber(attached).is_none() {
            return Given::Gone;
        }
        let Some(channel) = state.heard(missing) else {
            state.end(&attached.channel, attached.socket);
            return Given::NotAMember;
        };
        if !state.window.covers(cursor) {
            return Given::Overtaken;
        }
        let listener = state.listener(&channel, attached.socket, user);
        let Part { frames: found, end, has_more } = state.window.behind(&listener, cursor, limit);
        let found: Vec<_> = found.into_iter().filter_map(|frame| state.across(user, room, frame)).collect();
        let succeeded = (!succeeded).then(|| protocol::subscription_succeeded(&attached.channel));
        self.measures.replayed(found.len());
        let mut frames: Vec<Frame> = succeeded.into_iter().chain(found).map(Frame::from).collect();
        if let Some(subscriber) = state.subscriber(attached) {
            let was_in = std::mem::replace(&mut subscriber.is_in, true);
            if !has_more {
                frames.extend(subscriber.release());
            }
            if !was_in {
                state.arrived(&attached.channel, attached.socket, None);
            }
        }
        Given::Frames { frames, end, has_more }
    }

    /// What somebody missed on all their channels at once.
    pub fn changes(
        &self,
        user: &UserId,
        stays: &[Stay],
        (after, until): (Position, Position),
        limit: usize,
    ) -> Result<Found, Reload> {
        let own = (user_channel(user), None);
        let rooms = stays.iter().map(|stay| (room_channel(stay.room_id), Some(*stay)));
        let channels: Vec<Heard> = std::iter::once(own).chain(rooms).collect();
        // Without the hints: what they hint at is here.
        let listener = Listener { socket: None, user, channels: &channels, hints: None, mutes: None, until };
        let state = self.state();
        let from = Cursor { position: after, frames: None };
        if !state.window.covers(from) {
            return Err(Reload::TooLongAgo);
        }
        let Part { frames, end, has_more } = state.window.behind(&listener, from, limit);
        let position = if has_more { end.position } else { until };
        Ok(Found { frames, position, has_more })
    }
}
