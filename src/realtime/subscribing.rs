//! Who may listen to what.
//!
//! A signature proves that an endpoint agreed, once; it does not expire. On Kabar's own channels the node therefore
//! checks for itself: whose channel it is, who is in the room, and, in the hub, when that ends. Order matters: first the
//! person's rooms are known and brought forward, then the subscription listens (its frames are kept), then the views
//! come as far as the tail had then, then membership is checked and the gate opens. What happened before is in the
//! views, what happened after comes as frames; nothing falls between.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::UnitName;
use serde::Deserialize;
use tokio::sync::watch;

use super::Inner;
use super::channel_name::PusherChannel;
use super::hub::{Attached, Opened, Refused};
use super::people::{Reading, Turn};
use super::protocol::{self, CloseCode, Subscribe};
use super::socket_id::SocketId;
use super::unread::COUNTED_BY;

/// What a socket does about a subscription.
#[derive(Debug)]
pub(super) enum Answer {
    /// All is said.
    Nothing,
    Say(Utf8Bytes),
    Close(CloseCode, &'static str),
}

/// A subscription that is being checked.
pub(super) struct Begun {
    attached: Attached,
    /// On channels that ask for somebody.
    user: Option<UserId>,
    room: Option<RoomId>,
    units: &'static [UnitName],
}

/// The views do not answer; the client may come back.
struct NotReady;

#[derive(Deserialize)]
struct ChannelData {
    user_id: UserId,
}

/// The part that needs no waiting, so that subscribing and unsubscribing keep their order.
pub(super) fn begin(inner: &Inner, socket: SocketId, request: &Subscribe) -> Result<Begun, Answer> {
    let refuse = |error: &str, status| Answer::Say(protocol::subscription_error(&request.channel, error, status));
    let channel = PusherChannel::parse(&request.channel).map_err(|error| refuse(&error.to_string(), 400))?;
    let user = permitted(inner, socket, &channel, request).map_err(|(error, status)| refuse(error, status))?;
    let attached = inner.hub.attach(socket, &channel, user.as_ref()).map_err(|refused| match refused {
        Refused::Twice => Answer::Say(protocol::error(&format!("there is a subscription to {channel} already"))),
        Refused::TooManyChannels => refuse("too many channels on one connection", 429),
        Refused::Gone => Answer::Nothing,
    })?;
    let (room, units) = match &channel {
        PusherChannel::User(_) => (None, &COUNTED_BY[..]),
        PusherChannel::Room(room) => (Some(*room), &[UnitName::Inbox][..]),
        PusherChannel::Private(_) | PusherChannel::Public(_) => (None, &[][..]),
    };
    Ok(Begun { attached, user, room, units })
}

/// As whom, on channels that ask.
fn permitted(
    inner: &Inner,
    socket: SocketId,
    channel: &PusherChannel,
    request: &Subscribe,
) -> Result<Option<UserId>, (&'static str, u16)> {
    if let PusherChannel::Public(_) = channel {
        return Ok(None);
    }
    let channel_data = request.channel_data.as_deref();
    let auth = request.auth.as_deref().unwrap_or_default();
    if !inner.signer.permits(auth, &socket.to_string(), &request.channel, channel_data) {
        return Err(("the signature is not valid for this socket and channel", 401));
    }
    if let PusherChannel::Private(_) | PusherChannel::Public(_) = channel {
        return Ok(None);
    }
    let said: Option<ChannelData> = channel_data.and_then(|text| serde_json::from_str(text).ok());
    let Some(ChannelData { user_id }) = said else {
        return Err(("the signed channel_data must say who subscribes: {\"user_id\": ..}", 401));
    };
    match channel {
        PusherChannel::User(owner) if *owner != user_id => Err(("this is somebody else's channel", 403)),
        PusherChannel::User(_) | PusherChannel::Room(_) | PusherChannel::Private(_) | PusherChannel::Public(_) => {
            Ok(Some(user_id))
        }
    }
}

/// The part that waits.
pub(super) async fn finish(inner: Arc<Inner>, mut begun: Begun) -> Answer {
    if prepare(&inner, &mut begun).await.is_err() {
        return match inner.hub.refuse(&begun.attached) {
            // An error would be final for pusher-js; this passes, and it comes back after a second.
            true => Answer::Close(CloseCode::OverCapacity, "the views are behind, try again"),
            false => Answer::Nothing,
        };
    }
    match inner.hub.open(&begun.attached, begun.room) {
        Opened::Open | Opened::Gone => Answer::Nothing,
        Opened::NotAMember => {
            Answer::Say(protocol::subscription_error(&begun.attached.channel, "you are not a member of this room", 403))
        }
    }
}

async fn prepare(inner: &Arc<Inner>, begun: &mut Begun) -> Result<(), NotReady> {
    let patience = inner.config.view_patience;
    if let (Some((mut reading, turn)), Some(user)) = (begun.attached.reading.take(), &begun.user) {
        if let Some(turn) = turn {
            // A task of its own: other sockets of this person wait for it too, and this one may go away.
            let work = read_rooms(inner.clone(), user.clone(), turn, begun.attached.taken);
            tokio::spawn(unless_nobody_waits(reading.clone(), work));
        }
        let read = reading.wait_for(|reading| *reading != Reading::Begun).await;
        if !matches!(read.as_deref(), Ok(Reading::Known)) {
            return Err(NotReady);
        }
    }
    let as_of = inner.hub.listen(&begun.attached);
    if begun.units.is_empty() {
        return Ok(());
    }
    let caught_up = async {
        // Memberships are as the hub has them, so the tail must have delivered what it had taken.
        let mut progress = inner.hub.progress();
        progress
            .wait_for(|delivered| delivered.is_some_and(|delivered| delivered >= as_of))
            .await
            .map_err(|_| NotReady)?;
        for unit in begun.units {
            inner.views.wait_for(*unit, as_of, patience).await.map_err(|_| NotReady)?;
        }
        Ok(())
    };
    tokio::time::timeout(patience, caught_up).await.map_err(|_| NotReady)?
}

/// With the last subscription of somebody their reading ends, or a client that comes and goes in a loop would have the
/// view asked each time.
async fn unless_nobody_waits(mut reading: watch::Receiver<Reading>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        // Fails when they are forgotten.
        _ = reading.wait_for(|_| false) => {}
    }
}

async fn read_rooms(inner: Arc<Inner>, user: UserId, turn: Turn, at_least: Position) {
    let patience = inner.config.view_patience;
    let read = async {
        // A view that is behind is waited for side by side, or the last in the queue would wait for all before it.
        inner.views.wait_for(UnitName::Inbox, at_least, patience).await.ok()?;
        let _turn = inner.room_reads.acquire().await.ok()?;
        match inner.views.inbox().memberships(&user).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "the rooms of somebody who connected cannot be read");
                None
            }
        }
    };
    let answer = read.await;
    inner.hub.rooms_were_read(&user, turn, answer);
}
