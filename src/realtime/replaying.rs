//! Giving a client what it missed: through `resume_after` in the signed `channel_data`.
//!
//! The subscription is attached first; while it is replayed, what is in the window reaches it from there alone, and
//! everything else waits in its gate. The socket takes a few frames at a time, when it is free to write, so a replay
//! fills no buffer. With the last of them the gate opens in the same step. What the window does not have is not guessed
//! at: the client is told to reload, when the views have everything up to that moment. Never in here: rendering, a rule.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use event_log::Position;

use super::Inner;
use super::admission::Owed;
use super::frame::Frame;
use super::hub::{Hub, State};
use super::protocol::{self, Reload};
use super::resume_point::ResumePoint;
use super::socket_id::SocketId;
use super::subscribing::{self, Answer, Begun, NotReady};
use super::window::{Cursor, Heard, Listener, Part};
use super::{frames, reads, unread};

/// A subscription that is being given what it missed.
pub(super) struct Replay {
    begun: Begun,
    user: UserId,
    /// Where the client stood.
    from: Position,
    cursor: Cursor,
    /// Whether the client knows that it has subscribed.
    succeeded: bool,
}

impl Replay {
    /// The position of the last frame that was replayed.
    pub fn reached(&self) -> Position {
        self.cursor.position
    }
}

/// The next frames of a replay.
pub(super) enum Replayed {
    /// There are more.
    Frames(Vec<Frame>, Box<Replay>),
    /// These were the last; from now on everything comes as it happens.
    Open(Vec<Frame>, Box<Replay>),
    /// The window has moved past it.
    Overtaken(Box<Replay>),
    /// Their membership has ended.
    NotAMember(Box<Replay>),
    /// Unsubscribed or cut; nothing is left to do.
    Gone,
}

/// For a subscription whose person's rooms are known.
pub(super) async fn begin(inner: &Inner, begun: Begun, user: UserId, point: ResumePoint) -> Answer {
    let as_of = inner.hub.listen_for_replay(&begun.attached);
    let stands = tokio::time::timeout(inner.config.view_patience, reach(inner, point, as_of)).await;
    let Ok(Ok(stands)) = stands else { return subscribing::not_ready(inner, &begun) };
    let judged = stands.and_then(|cursor| {
        inner.hub.can_replay(&begun, &user, cursor, inner.config.replay_frames_max)?;
        Ok(cursor)
    });
    match judged {
        Ok(cursor) => {
            inner.hub.measures.resumed("replayed");
            Answer::Replay(Box::new(Replay { begun, user, from: cursor.position, cursor, succeeded: false }))
        }
        Err(reason) => reload(inner, begun, reason, false).await,
    }
}

/// Where the client stands, when this node has come as far; or why that cannot be.
async fn reach(inner: &Inner, point: ResumePoint, as_of: Position) -> Result<Result<Cursor, Reload>, NotReady> {
    let ResumePoint { token, frames } = point;
    let known = if token.log != inner.log.id() {
        Err(Reload::OtherLog)
    } else if token.position > as_of && token.position > inner.log.head().await.map_err(|_| NotReady)? {
        Err(Reload::UnknownPosition)
    } else {
        Ok(Cursor { position: token.position, frames })
    };
    // The client may have heard it from another node, which is ahead of this one.
    let at_least = known.map_or(as_of, |cursor: Cursor| as_of.max(cursor.position));
    inner.delivered(at_least).await?;
    Ok(known)
}

/// Opens it with the word to reload, when what it missed is in the views.
async fn reload(inner: &Inner, begun: Begun, reason: Reload, succeeded: bool) -> Answer {
    let as_of = inner.hub.listen(&begun.attached);
    if subscribing::caught_up(inner, &begun, as_of).await.is_err() {
        return subscribing::not_ready(inner, &begun);
    }
    inner.hub.measures.resumed(reason.name());
    let (channel, position) = (&begun.attached.channel, inner.token(as_of));
    // Without the position: a connection that ends before the word to reload must not leave it behind.
    let succeeded = (!succeeded).then(|| protocol::subscription_succeeded(channel));
    let words = succeeded.into_iter().chain([protocol::reload(channel, reason, &position)]).collect();
    subscribing::open(inner, begun, Some(words)).await
}

/// For a replay that the window has moved past.
pub(super) async fn overtaken(inner: Arc<Inner>, replay: Box<Replay>) -> Answer {
    let Replay { begun, succeeded, .. } = *replay;
    reload(&inner, begun, Reload::TooLongAgo, succeeded).await
}

/// What is not replayed because only its last value counts: read positions and unread counts. Written like a replay,
/// when the socket is free.
pub(super) async fn refresh(inner: Arc<Inner>, replay: Box<Replay>) -> Answer {
    let Replay { begun, user, from, .. } = *replay;
    match room_of(&begun) {
        Some(room) => {
            let told = reads::retold(&inner, &begun.attached.channel, (room, &user), from).await;
            Answer::Tell(begun.attached, told)
        }
        None => {
            unread::retell(&inner, user);
            Answer::Nothing
        }
    }
}

pub(super) fn not_a_member(replay: &Replay) -> Answer {
    subscribing::not_a_member(&replay.begun.attached, &replay.begun.admission.owed)
}

/// Of a room's channel.
fn room_of(begun: &Begun) -> Option<RoomId> {
    match begun.admission.owed {
        Owed::Room(room) => Some(room),
        Owed::Group(_) | Owed::Nothing => None,
    }
}

impl State {
    /// What a subscription hears; `None` when its person is not in the room.
    fn heard(&self, begun: &Begun, user: &UserId) -> Option<[Heard; 1]> {
        let stay = match room_of(begun) {
            Some(room) => Some(*self.people.stay(room, user)?),
            None => None,
        };
        Some([(begun.attached.channel.clone(), stay)])
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
    /// Whether a frame that was kept is not for somebody: it tells of the other one of a room of two, across a block. What
    /// else is told there is either their own or was refused.
    fn is_kept_from(&self, user: &UserId, room: Option<RoomId>, frame: &str) -> bool {
        let Some(room) = room.filter(|_| self.discretion.is_apart_from_anybody(user)) else { return false };
        let of = protocol::told_of(frame, frames::MESSAGE_DELIVERED.name);
        of.is_some_and(|other| self.discretion.is_shut(room, user, &other))
    }
}

impl Hub {
    fn can_replay(&self, begun: &Begun, user: &UserId, from: Cursor, frames_max: usize) -> Result<(), Reload> {
        let state = self.state();
        if !state.window.covers(from) {
            return Err(Reload::TooLongAgo);
        }
        // Who is in the room no more is told so by the replay.
        let Some(channel) = state.heard(begun, user) else { return Ok(()) };
        let listener = state.listener(&channel, begun.attached.socket, user);
        if state.window.count(&listener, from, frames_max) > frames_max { Err(Reload::TooMuch) } else { Ok(()) }
    }

    /// The next frames, `limit` or a few more; behind the last the gate opens. A room opens to those who are in it as
    /// far as the tail has come.
    pub(super) fn replay(&self, mut replay: Box<Replay>, limit: usize) -> Replayed {
        let mut state = self.state();
        let attached = &replay.begun.attached;
        if state.subscriber(attached).is_none() {
            return Replayed::Gone;
        }
        let Some(channel) = state.heard(&replay.begun, &replay.user) else {
            state.end(&attached.channel, attached.socket);
            return Replayed::NotAMember(replay);
        };
        if !state.window.covers(replay.cursor) {
            return Replayed::Overtaken(replay);
        }
        let listener = state.listener(&channel, attached.socket, &replay.user);
        let Part { frames: mut found, end, has_more: more } = state.window.behind(&listener, replay.cursor, limit);
        let room = room_of(&replay.begun);
        found.retain(|frame| !state.is_kept_from(&replay.user, room, frame));
        let succeeded = (!replay.succeeded).then(|| protocol::subscription_succeeded(&attached.channel));
        self.measures.replayed(found.len());
        let mut frames: Vec<Frame> = succeeded.into_iter().chain(found).map(Frame::from).collect();
        if let Some(subscriber) = state.subscriber(attached) {
            let was_in = std::mem::replace(&mut subscriber.is_in, true);
            if !more {
                frames.extend(subscriber.release());
            }
            if !was_in {
                state.arrived(&attached.channel, attached.socket, None);
            }
        }
        replay.succeeded = true;
        replay.cursor = end;
        if more { Replayed::Frames(frames, replay) } else { Replayed::Open(frames, replay) }
    }
}
