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
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Inner;
use super::channel_name::PusherChannel;
use super::hub::{Attached, Opened, Refused};
use super::people::{Reading, Turn};
use super::protocol::{self, CloseCode, Subscribe};
use super::replaying::{self, Replay};
use super::resume_point::ResumePoint;
use super::socket_id::SocketId;

/// What a socket does about a subscription.
pub(super) enum Answer {
    /// All is said.
    Nothing,
    Say(Utf8Bytes),
    Close(CloseCode, &'static str),
    /// It subscribes once it was given what it missed.
    Replay(Box<Replay>),
}

/// A subscription that is being checked.
pub(super) struct Begun {
    pub attached: Attached,
    /// On channels that ask for somebody.
    user: Option<UserId>,
    pub room: Option<RoomId>,
    units: &'static [UnitName],
    resume: Option<ResumePoint>,
}

/// The views do not answer; the client may come back.
pub(super) struct NotReady;

/// What is signed on channels that ask for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ChannelData {
    pub user_id: UserId,
    /// Up to where they have heard it, to be given what came since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_after: Option<String>,
}

/// As whom, and from where on.
type Permitted = Option<(UserId, Option<ResumePoint>)>;

/// The part that needs no waiting, so that subscribing and unsubscribing keep their order.
pub(super) fn begin(inner: &Inner, socket: SocketId, request: &Subscribe) -> Result<Begun, Answer> {
    let refuse = |error: &str, status| Answer::Say(protocol::subscription_error(&request.channel, error, status));
    let channel = PusherChannel::parse(&request.channel).map_err(|error| refuse(&error.to_string(), 400))?;
    let permitted = permitted(inner, socket, &channel, request).map_err(|(error, status)| refuse(error, status))?;
    let (user, resume) = permitted.unzip();
    let attached = inner.hub.attach(socket, &channel, user.as_ref()).map_err(|refused| match refused {
        Refused::Twice => Answer::Say(protocol::error(&format!("there is a subscription to {channel} already"))),
        Refused::TooManyChannels => refuse("too many channels on one connection", 429),
        Refused::Gone => Answer::Nothing,
    })?;
    let (room, units) = match &channel {
        PusherChannel::User(_) => (None, &UnitName::ALL[..]),
        PusherChannel::Room(room) => (Some(*room), &[UnitName::Inbox][..]),
        PusherChannel::Private(_) | PusherChannel::Public(_) => (None, &[][..]),
    };
    Ok(Begun { attached, user, room, units, resume: resume.flatten() })
}

/// As whom, on channels that ask.
fn permitted(
    inner: &Inner,
    socket: SocketId,
    channel: &PusherChannel,
    request: &Subscribe,
) -> Result<Permitted, (&'static str, u16)> {
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
    let Some(ChannelData { user_id, resume_after }) = said else {
        return Err(("the signed channel_data must say who subscribes: {\"user_id\": ..}", 401));
    };
    let resume = resume_after.map(|text| text.parse()).transpose();
    let resume = resume.map_err(|_| ("resume_after in channel_data is no position of this channel", 400))?;
    match channel {
        PusherChannel::User(owner) if *owner != user_id => Err(("this is somebody else's channel", 403)),
        PusherChannel::User(_) | PusherChannel::Room(_) | PusherChannel::Private(_) | PusherChannel::Public(_) => {
            Ok(Some((user_id, resume)))
        }
    }
}

/// The part that waits.
pub(super) async fn finish(inner: Arc<Inner>, mut begun: Begun) -> Answer {
    if know_rooms(&inner, &mut begun).await.is_err() {
        return not_ready(&inner, &begun);
    }
    if let (Some(point), Some(user)) = (begun.resume, begun.user.clone()) {
        return replaying::begin(&inner, begun, user, point).await;
    }
    let as_of = inner.hub.listen(&begun.attached);
    if caught_up(&inner, &begun, as_of).await.is_err() {
        return not_ready(&inner, &begun);
    }
    let channel = &begun.attached.channel;
    let succeeded = match begun.user {
        Some(_) => protocol::subscription_succeeded_at(channel, &inner.token(as_of)),
        None => protocol::subscription_succeeded(channel),
    };
    open(&inner, &begun, [succeeded])
}

/// Lets it out, `first` before everything else.
pub(super) fn open(inner: &Inner, begun: &Begun, first: impl IntoIterator<Item = Utf8Bytes>) -> Answer {
    match inner.hub.open(&begun.attached, begun.room, first) {
        Opened::Open | Opened::Gone => Answer::Nothing,
        Opened::NotAMember => not_a_member(begun),
    }
}

pub(super) fn not_a_member(begun: &Begun) -> Answer {
    Answer::Say(protocol::subscription_error(&begun.attached.channel, "you are not a member of this room", 403))
}

pub(super) fn not_ready(inner: &Inner, begun: &Begun) -> Answer {
    match inner.hub.refuse(&begun.attached) {
        // An error would be final for pusher-js; this passes, and it comes back after a second.
        true => Answer::Close(CloseCode::OverCapacity, "the views are behind, try again"),
        false => Answer::Nothing,
    }
}

async fn know_rooms(inner: &Arc<Inner>, begun: &mut Begun) -> Result<(), NotReady> {
    let (Some((mut reading, turn)), Some(user)) = (begun.attached.reading.take(), &begun.user) else { return Ok(()) };
    if let Some(turn) = turn {
        // A task of its own: other sockets of this person wait for it too, and this one may go away.
        let work = read_rooms(inner.clone(), user.clone(), turn, begun.attached.taken);
        tokio::spawn(unless_nobody_waits(reading.clone(), work));
    }
    let read = reading.wait_for(|reading| *reading != Reading::Begun).await;
    if matches!(read.as_deref(), Ok(Reading::Known)) { Ok(()) } else { Err(NotReady) }
}

/// Waits until what happened up to `as_of` is in the views that the channel's clients read.
pub(super) async fn caught_up(inner: &Inner, begun: &Begun, as_of: Position) -> Result<(), NotReady> {
    if begun.units.is_empty() {
        return Ok(());
    }
    let patience = inner.config.view_patience;
    let caught_up = async {
        // Memberships are as the hub has them, so the tail must have delivered what it had taken.
        inner.delivered(as_of).await?;
        for unit in begun.units {
            inner.views.wait_for(*unit, as_of, patience).await.map_err(|_| NotReady)?;
        }
        Ok(())
    };
    tokio::time::timeout(patience, caught_up).await.map_err(|_| NotReady)?
}

impl Inner {
    /// Waits until this node's tail has delivered everything up to `position`.
    pub(super) async fn delivered(&self, position: Position) -> Result<(), NotReady> {
        let mut progress = self.hub.progress();
        let there = progress.wait_for(|delivered| delivered.is_some_and(|delivered| delivered >= position)).await;
        there.map(|_| ()).map_err(|_| NotReady)
    }
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
