//! A subscription's life: reserved, listening while it is being checked, open, ended.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use axum::extract::ws::Utf8Bytes;
use event_log::Position;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Hub;
use super::subscriber::Subscriber;
use crate::realtime::people::memberships::{Reading, Turn};
use crate::realtime::protocol;
use crate::realtime::protocol::channel_name::{PusherChannel, is_cache};
use crate::realtime::protocol::claims::Member;
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::webhooks::{EventKind, Happening};

/// Why there is no subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is one already.
    Twice,
    TooManyChannels,
    /// Its person is there by as many others as may be.
    TooManyConnections,
    /// The socket is gone, or is being closed.
    Gone,
}

/// A subscription that was made but does not listen yet.
#[derive(Debug)]
pub struct Attached {
    pub socket: SocketId,
    pub channel: Arc<str>,
    /// Tells it from a later one of the same socket and channel.
    pub(super) ticket: u64,
    /// The tail had come this far.
    pub taken: Position,
    /// On channels that ask for somebody: how far the reading of their rooms is, and the turn when the caller must begin
    /// it.
    pub reading: Option<(watch::Receiver<Reading>, Option<Turn>)>,
}

/// How opening a subscription went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    Open,
    /// It was taken back.
    NotAMember,
    /// So was this: as many people as may be are on the presence channel already.
    Full,
    /// Unsubscribed or cut meanwhile; nothing is left to do.
    Gone,
}

/// What a subscription shows when it opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    pub proof: Proof,
    /// On presence channels.
    pub member: Option<Member>,
    /// On Kabar's own: what is said in the place of the bare word that it succeeded.
    pub words: Option<Vec<Utf8Bytes>>,
}

/// Why somebody may listen, as the views said it a moment ago.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proof {
    #[default]
    NotNeeded,
    Room(RoomId),
    /// Rooms of the group that they are in.
    Group(Vec<RoomId>),
}

impl Hub {
    /// Reserves a subscription that does not listen yet. `user` as the signature says, on channels that ask.
    pub fn attach(
        &self,
        socket_id: SocketId,
        channel: &PusherChannel,
        user: Option<&UserId>,
    ) -> Result<Attached, Refused> {
        let name = channel.name();
        let mut state = self.state();
        let state = &mut *state;
        // What a client had said when it was ended may still be read: nobody is shown it any more.
        let socket = state.sockets.get_mut(&socket_id).filter(|it| !it.outbox.is_closing()).ok_or(Refused::Gone)?;
        if socket.channels.contains(&name) {
            return Err(Refused::Twice);
        }
        if socket.channels.len() >= self.channels_per_connection_max {
            return Err(Refused::TooManyChannels);
        }
        let most = self.connections_per_user_max;
        if user.is_some_and(|user| !state.discretion.has_room(user, socket_id, most)) {
            return Err(Refused::TooManyConnections);
        }
        socket.channels.insert(name.clone());
        state.tickets += 1;
        let ticket = state.tickets;
        let mut subscriber = Subscriber::new(ticket, socket.outbox.clone(), user.cloned());
        if matches!(channel, PusherChannel::Legacy(_)) {
            subscriber.is_legacy = true;
            state.legacy_subscriptions += 1;
        }
        state.channels.entry(name.clone()).or_default().insert(socket_id, subscriber);
        let reading = user.map(|user| {
            state.discretion.hold(user, socket_id);
            state.people.hold(user)
        });
        Ok(Attached { socket: socket_id, channel: name, ticket, taken: state.taken, reading })
    }

    /// From now on its frames are kept for it. Answers with the position up to which there are none: that far the views
    /// must have come before it opens. To be called when the rooms of its person are known.
    pub fn listen(&self, attached: &Attached) -> Position {
        let mut state = self.state();
        let as_of = state.known(attached);
        if let Some(subscriber) = state.subscriber(attached) {
            subscriber.hold(as_of, false);
        }
        as_of
    }

    /// The same for one that gets what the window keeps from there; that far the tail must have delivered.
    pub fn listen_for_replay(&self, attached: &Attached) -> Position {
        let mut state = self.state();
        let as_of = state.known(attached);
        if let Some(subscriber) = state.subscriber(attached) {
            subscriber.hold(Position::START, true);
        }
        as_of
    }

    /// Lets it out: first the word that it succeeded, then what was kept, then everything as it comes. A room opens to
    /// those who are in it as far as the tail has come.
    pub fn open(&self, attached: &Attached, Entry { proof, member, words }: Entry) -> Opened {
        let mut state = self.state();
        let state = &mut *state;
        let Some(subscriber) = state.subscriber(attached) else { return Opened::Gone };
        let (user, channel, was_in) = (subscriber.user.clone(), &attached.channel, subscriber.is_in);
        if !state.holds(proof, user, attached) {
            state.end(channel, attached.socket);
            return Opened::NotAMember;
        }
        let (succeeded, added) = match member.map(|member| state.join(channel, attached.socket, member)) {
            None => (words.unwrap_or_else(|| vec![protocol::subscription_succeeded(channel)]), None),
            Some(Ok((succeeded, added))) => (vec![succeeded], added),
            Some(Err(_)) => {
                state.end(channel, attached.socket);
                return Opened::Full;
            }
        };
        let last = is_cache(channel).then(|| {
            let kept = state.last_events.frame(channel, Instant::now());
            kept.unwrap_or_else(|| {
                let channel = channel.clone();
                state.happenings.tell(EventKind::CacheMiss, || Happening::CacheMiss { channel });
                protocol::cache_miss(&attached.channel)
            })
        });
        if let Some(subscriber) = state.subscriber(attached) {
            subscriber.open(succeeded, last);
        }
        if !was_in {
            state.arrived(channel, attached.socket, added);
        }
        Opened::Open
    }

    /// Whether it is still there.
    pub fn is_there(&self, attached: &Attached) -> bool {
        self.state().subscriber(attached).is_some()
    }

    /// Takes back a subscription that was not opened. False when it was gone already.
    pub fn refuse(&self, attached: &Attached) -> bool {
        let mut state = self.state();
        let there = state.subscriber(attached).is_some();
        if there {
            state.end(&attached.channel, attached.socket);
        }
        there
    }

    pub fn unsubscribe(&self, id: SocketId, channel: &str) {
        self.state().end(channel, id);
    }
}
