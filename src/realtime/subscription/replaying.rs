//! Giving a client what it missed: through `resume_after` in the signed `channel_data`.
//!
//! The subscription is attached first; while it is replayed, what is in the window reaches it from there alone, and
//! everything else waits in its gate. The socket takes a few frames at a time, when it is free to write, so a replay
//! fills no buffer. With the last of them the gate opens in the same step. What the window does not have is not guessed
//! at: the client is told to reload, when the views have everything up to that moment. Never in here: rendering, a rule.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use event_log::Position;

use super::admission::Owed;
use super::subscribing::{self, Answer, Begun};
use crate::realtime::frames::Frame;
use crate::realtime::hub::{Given, Missing};
use crate::realtime::inner::{Inner, NotReady};
use crate::realtime::protocol::resume_point::ResumePoint;
use crate::realtime::protocol::{self, Reload};
use crate::realtime::replay_buffer::window::Cursor;
use crate::realtime::throttled::{reads, unread};

/// A subscription that is being given what it missed.
pub(in crate::realtime) struct Replay {
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
pub(in crate::realtime) enum Replayed {
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
        inner.hub.can_replay(missing(&begun, &user), cursor, inner.config.replay_frames_max)?;
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
pub(in crate::realtime) async fn overtaken(inner: Arc<Inner>, replay: Box<Replay>) -> Answer {
    let Replay { begun, succeeded, .. } = *replay;
    reload(&inner, begun, Reload::TooLongAgo, succeeded).await
}

/// What is not replayed because only its last value counts: read positions and unread counts. Written like a replay,
/// when the socket is free.
pub(in crate::realtime) async fn refresh(inner: Arc<Inner>, replay: Box<Replay>) -> Answer {
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

pub(in crate::realtime) fn not_a_member(replay: &Replay) -> Answer {
    subscribing::not_a_member(&replay.begun.attached, &replay.begun.admission.owed)
}

/// Of a room's channel.
fn room_of(begun: &Begun) -> Option<RoomId> {
    match begun.admission.owed {
        Owed::Room(room) => Some(room),
        Owed::Group(_) | Owed::Nothing => None,
    }
}

fn missing<'a>(begun: &'a Begun, user: &'a UserId) -> Missing<'a> {
    Missing { attached: &begun.attached, user, room: room_of(begun) }
}

/// The next frames of a replay, `limit` or a few more.
pub(in crate::realtime) fn next(inner: &Inner, mut replay: Box<Replay>, limit: usize) -> Replayed {
    let at = (replay.cursor, replay.succeeded);
    match inner.hub.replay(missing(&replay.begun, &replay.user), at, limit) {
        Given::Frames { frames, end, has_more } => {
            replay.succeeded = true;
            replay.cursor = end;
            if has_more { Replayed::Frames(frames, replay) } else { Replayed::Open(frames, replay) }
        }
        Given::Overtaken => Replayed::Overtaken(replay),
        Given::NotAMember => Replayed::NotAMember(replay),
        Given::Gone => Replayed::Gone,
    }
}
