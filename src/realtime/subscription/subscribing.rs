//! Who may listen to what.
//!
//! A signature proves that an endpoint agreed, once; it does not expire. On Kabar's own channels the node therefore
//! checks for itself: whose channel it is, who is in the room, and, in the hub, when that ends. Order matters: first the
//! person's rooms are known and brought forward, then the subscription listens (its frames are kept), then the views
//! come as far as the tail had then, then membership is checked and the gate opens. What happened before is in the
//! views, what happened after comes as frames; nothing falls between.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use projections::{ReadError, UnitName};
use tokio::sync::watch;

use super::admission::{Admission, Owed, admit};
use super::replaying::{self, Replay};
use crate::realtime::hub::{Attached, Entry, Opened, Proof, Refused};
use crate::realtime::inner::{Inner, NotReady};
use crate::realtime::people::memberships::{Reading, Turn};
use crate::realtime::presence::learning;
use crate::realtime::protocol::channel_name::{PusherChannel, Subject};
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, CloseCode, Subscribe};
use crate::realtime::throttled::unread::COUNTED_BY;

/// What a socket does about a subscription.
pub(in crate::realtime) enum Answer {
    /// All is said.
    Nothing,
    Say(Utf8Bytes),
    Close(CloseCode, &'static str),
    /// It subscribes once it was given what it missed.
    Replay(Box<Replay>),
    /// For this subscription, if it is still there.
    Tell(Attached, Vec<Utf8Bytes>),
}

/// How one connection too many of one person is closed: it passes when another of theirs is gone.
pub(in crate::realtime) const TOO_MANY_OF_ONE_USER: (CloseCode, &str) =
    (CloseCode::OverCapacity, "this user has as many connections as one user may have");

/// A subscription that is being checked.
pub(in crate::realtime) struct Begun {
    pub attached: Attached,
    pub(super) admission: Admission,
    units: &'static [UnitName],
    /// Whether the window keeps its frames, so that it may be resumed.
    resumable: bool,
}

/// The part that needs no waiting, so that subscribing and unsubscribing keep their order.
pub(in crate::realtime) fn begin(inner: &Inner, socket: SocketId, request: &Subscribe) -> Result<Begun, Answer> {
    let refuse = |error: &str, status| Answer::Say(protocol::subscription_error(&request.channel, error, status));
    let channel = PusherChannel::parse(&request.channel).map_err(|error| refuse(&error.to_string(), 400))?;
    let admission = admit(inner, socket, &channel, request).map_err(|(error, status)| refuse(&error, status))?;
    let attached = inner.hub.attach(socket, &channel, admission.user.as_ref()).map_err(|refused| match refused {
        Refused::Twice => Answer::Say(protocol::error(&format!("there is a subscription to {channel} already"))),
        Refused::TooManyChannels => refuse("too many channels on one connection", 429),
        Refused::TooManyConnections => Answer::Close(TOO_MANY_OF_ONE_USER.0, TOO_MANY_OF_ONE_USER.1),
        Refused::Gone => Answer::Nothing,
    })?;
    let units = match channel.subject() {
        Subject::User(_) => &COUNTED_BY[..],
        Subject::MembersOf(_) | Subject::Group(_) => &[UnitName::Inbox][..],
        Subject::SignedIn(_) | Subject::Application | Subject::Everybody => &[][..],
    };
    let resumable = matches!(channel, PusherChannel::User(_) | PusherChannel::Room(_));
    Ok(Begun { attached, admission, units, resumable })
}

/// The part that waits.
pub(in crate::realtime) async fn finish(inner: Arc<Inner>, mut begun: Begun) -> Answer {
    if know_rooms(&inner, &mut begun).await.is_err() {
        return not_ready(&inner, &begun);
    }
    if let (Some(point), Some(user)) = (begun.admission.resume, begun.admission.user.clone()) {
        return replaying::begin(&inner, begun, user, point).await;
    }
    let as_of = inner.hub.listen(&begun.attached);
    if caught_up(&inner, &begun, as_of).await.is_err() {
        return not_ready(&inner, &begun);
    }
    let position = inner.token(as_of);
    let words = begun.resumable.then(|| vec![protocol::subscription_succeeded_at(&begun.attached.channel, &position)]);
    open(&inner, begun, words).await
}

/// Lets it out when what is owed still holds. `words` are said in the place of the bare word that it succeeded.
pub(super) async fn open(inner: &Inner, begun: Begun, words: Option<Vec<Utf8Bytes>>) -> Answer {
    let Ok(proof) = proof(inner, &begun.admission).await else { return not_ready(inner, &begun) };
    let Begun { attached, admission, .. } = begun;
    match inner.hub.open(&attached, Entry { proof, member: admission.member, words }) {
        Opened::Open | Opened::Gone => Answer::Nothing,
        Opened::NotAMember => not_a_member(&attached, &admission.owed),
        Opened::Full => {
            let most = inner.config.presence_members_max;
            let error = format!("as many people as may be are on this presence channel: {most}");
            Answer::Say(protocol::subscription_error(&attached.channel, &error, 429))
        }
    }
}

pub(super) fn not_a_member(attached: &Attached, owed: &Owed) -> Answer {
    let error = match owed {
        Owed::Group(_) => "you are in no room of this group",
        Owed::Room(_) | Owed::Nothing => "you are not a member of this room",
    };
    Answer::Say(protocol::subscription_error(&attached.channel, error, 403))
}

pub(super) fn not_ready(inner: &Inner, begun: &Begun) -> Answer {
    match inner.hub.refuse(&begun.attached) {
        // An error would be final for pusher-js; this passes, and it comes back after a second.
        true => Answer::Close(CloseCode::OverCapacity, "the views are behind, try again"),
        false => Answer::Nothing,
    }
}

/// What is owed, as the views have it now. The hub compares it with what the tail has said since.
async fn proof(inner: &Inner, admission: &Admission) -> Result<Proof, NotReady> {
    match (&admission.owed, &admission.user) {
        (Owed::Nothing, _) => Ok(Proof::NotNeeded),
        (Owed::Room(room), _) => Ok(Proof::Room(*room)),
        (Owed::Group(_), None) => Ok(Proof::Group(Vec::new())),
        (Owed::Group(group), Some(user)) => match inner.views.inbox().memberships_in(user, group).await {
            Ok(rooms) => Ok(Proof::Group(rooms)),
            Err(error) => {
                tracing::warn!(%error, "the rooms of a group cannot be read");
                Err(NotReady)
            }
        },
    }
}

async fn know_rooms(inner: &Arc<Inner>, begun: &mut Begun) -> Result<(), NotReady> {
    let reading = begun.attached.reading.take();
    let (Some((mut reading, turn)), Some(user)) = (reading, &begun.admission.user) else { return Ok(()) };
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

/// With the last subscription of somebody their reading ends, or a client that comes and goes in a loop would have the
/// view asked each time.
async fn unless_nobody_waits(mut reading: watch::Receiver<Reading>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        // Fails when they are forgotten.
        _ = reading.wait_for(|_| false) => {}
    }
}

fn unreadable(error: &ReadError) {
    tracing::warn!(%error, "the rooms of somebody who connected cannot be read");
}

async fn read_rooms(inner: Arc<Inner>, user: UserId, turn: Turn, at_least: Position) {
    let patience = inner.config.view_patience;
    let read = async {
        // A view that is behind is waited for side by side, or the last in the queue would wait for all before it.
        inner.views.wait_for(UnitName::Inbox, at_least, patience).await.ok()?;
        let _turn = inner.room_reads.acquire().await.ok()?;
        let inbox = inner.views.inbox();
        let asked = async {
            let (muted, as_of) = inbox.mutes(&user).await?;
            inner.hub.mutes_were_read(&user, turn, &muted, as_of);
            learning::learn(&inner, &user).await?;
            inbox.memberships(&user).await
        };
        asked.await.inspect_err(unreadable).ok()
    };
    let answer = read.await;
    inner.hub.rooms_were_read(&user, turn, answer);
}
