//! Who listens to what, on this node: sockets, channels, and who is connected.
//!
//! One lock over all of it, held for memory work only, never across an await. Deliveries come from one task (the tail)
//! and a few timers, so there is little to win by sharding, and much to lose: that a membership ends and that its
//! frames stop is one step here, and the frames of a channel have one order. A frame is text that all sockets share;
//! handing it to a socket is a push, and all of
//! them are woken afterwards: what is published together is written together.  Never in here: IO, rendering, a rule.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use aggregates::participant::RoomArranged;
use aggregates::room::MessageDeleted;
use axum::extract::ws::Utf8Bytes;
use event_log::{CacheSize, Position};
use projections::inbox::{MutedRoom, Stay};
use tokio::sync::watch;
use tokio::time::Instant;

use super::channel_name::{PusherChannel, is_cache, room_channel, user_channel};
use super::claims::Member;
use super::config::RealtimeConfig;
use super::discretion::Discretion;
use super::group_listeners::GroupListeners;
use super::last_events::LastEvents;
use super::measures::RealtimeMeasures;
use super::occupancy::Occupancy;
use super::online::Online;
use super::outbox::Outbox;
use super::people::{People, Reading, Turn};
use super::protocol::{self, CloseCode};
use super::reads::ReadMark;
use super::roster::Roster;
use super::signing_in::SignedIn;
use super::socket_id::SocketId;
use super::subscriber::Subscriber;
use super::webhooks::{EventKind, Happening, Happenings};
use super::window::Window;

/// A new socket.
pub struct Connected {
    pub id: SocketId,
    /// What is to be written to it.
    pub outbox: Arc<Outbox>,
}

/// Why there is no subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is one already.
    Twice,
    TooManyChannels,
    /// The socket is gone.
    Gone,
}

/// A subscription that was made but does not listen yet.
#[derive(Debug)]
pub struct Attached {
    pub socket: SocketId,
    pub channel: Arc<str>,
    /// Tells it from a later one of the same socket and channel.
    ticket: u64,
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

pub(super) struct Socket {
    pub outbox: Arc<Outbox>,
    pub channels: HashSet<Arc<str>>,
    pub signed_in: Option<Box<SignedIn>>,
}

pub(super) struct State {
    pub sockets: HashMap<SocketId, Socket>,
    pub(super) channels: HashMap<Arc<str>, HashMap<SocketId, Subscriber>>,
    pub(super) people: People,
    pub(super) discretion: Discretion,
    /// Of presence channels only.
    pub rosters: HashMap<Arc<str>, Roster>,
    pub presence_members_max: usize,
    pub group_listeners: GroupListeners,
    pub online: Online,
    pub last_events: LastEvents,
    pub occupancy: Occupancy,
    /// For webhooks.
    pub happenings: Happenings,
    /// Of bare names.
    pub legacy_subscriptions: usize,
    tickets: u64,
    /// Sockets that have something to write and do not know yet; see [`Hub::wake`].
    pub(super) to_wake: Vec<Arc<Outbox>>,
    /// The tail has taken events up to here, and may have passed over those that nobody wanted.
    pub(super) taken: Position,
    pub(super) window: Window,
    draining: bool,
}

impl State {
    fn new(config: &RealtimeConfig, happenings: Happenings) -> Self {
        Self {
            sockets: HashMap::new(),
            channels: HashMap::new(),
            people: People::default(),
            discretion: Discretion::default(),
            rosters: HashMap::new(),
            presence_members_max: config.presence_members_max,
            group_listeners: GroupListeners::default(),
            online: Online::default(),
            last_events: LastEvents::up_to(config.cache_channels_max),
            occupancy: Occupancy::new(config.subscription_counts),
            happenings,
            legacy_subscriptions: 0,
            tickets: 0,
            to_wake: Vec::new(),
            taken: Position::START,
            window: Window::new(config.window_bytes_max, config.window_events_max),
            draining: false,
        }
    }

    pub(super) fn subscriber(&mut self, attached: &Attached) -> Option<&mut Subscriber> {
        let subscribers = self.channels.get_mut(&attached.channel)?;
        subscribers.get_mut(&attached.socket).filter(|subscriber| subscriber.ticket == attached.ticket)
    }

    /// How far the tail is. A view may be ahead of it: what it showed of somebody's rooms is not told again as news.
    fn known(&mut self, attached: &Attached) -> Position {
        let user = self.subscriber(attached).and_then(|subscriber| subscriber.user.clone());
        user.map_or(self.taken, |user| self.taken.max(self.people.as_of(&user)))
    }

    /// Ends a subscription, wherever it stands.
    pub(super) fn end(&mut self, channel: &str, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.channels.remove(channel);
        }
        let Some(subscribers) = self.channels.get_mut(channel) else { return };
        let Some(ended) = subscribers.remove(&id) else { return };
        if subscribers.is_empty() {
            self.channels.remove(channel);
        }
        if ended.is_legacy {
            self.legacy_subscriptions -= 1;
        }
        if ended.is_open() {
            self.departed(&Arc::from(channel), id);
        }
        if let Some(user) = &ended.user {
            self.people.release(user);
            self.discretion.release(user, id);
            self.group_listeners.remove(user, channel, id);
        }
    }

    /// Ends everything that a socket has.
    pub(super) fn end_all(&mut self, id: SocketId) {
        let channels = self.sockets.get(&id).map(|socket| socket.channels.clone()).unwrap_or_default();
        for channel in channels {
            self.end(&channel, id);
        }
        self.sign_out(id);
    }

    /// Whether `proof` still holds, as far as the tail has come.
    pub(super) fn holds(&mut self, proof: Proof, user: Option<UserId>, attached: &Attached) -> bool {
        match (proof, user) {
            (Proof::NotNeeded, _) => true,
            (Proof::Room(_) | Proof::Group(_), None) => false,
            (Proof::Room(room), Some(user)) => self.people.is_member(room, &user),
            (Proof::Group(mut rooms), Some(user)) => {
                rooms.retain(|room| self.people.is_member(*room, &user));
                if rooms.is_empty() {
                    return false;
                }
                self.group_listeners.add(&user, attached.channel.clone(), attached.socket, rooms);
                true
            }
        }
    }
}

/// See the module.
pub struct Hub {
    connections_max: usize,
    channels_per_connection_max: usize,
    pub(super) outgoing_frames_max: usize,
    state: Mutex<State>,
    /// Everything up to here is delivered. `None` until the tail has begun.
    delivered: watch::Sender<Option<Position>>,
    connections: watch::Sender<usize>,
    pub(super) measures: Arc<RealtimeMeasures>,
}

impl Hub {
    pub fn new(config: &RealtimeConfig, happenings: Happenings) -> Self {
        Self {
            connections_max: config.connections_max,
            channels_per_connection_max: config.channels_per_connection_max,
            outgoing_frames_max: config.outgoing_frames_max,
            state: Mutex::new(State::new(config, happenings)),
            delivered: watch::Sender::new(None),
            connections: watch::Sender::new(0),
            measures: Arc::new(RealtimeMeasures::new()),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was held would be a bug; the sockets of others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new socket, or how to close it.
    pub fn connect(&self) -> Result<Connected, (CloseCode, &'static str)> {
        let mut state = self.state();
        if state.draining {
            return Err((CloseCode::Reconnect, "the server is stopping"));
        }
        if state.sockets.len() >= self.connections_max {
            return Err((CloseCode::OverCapacity, "too many connections"));
        }
        let mut id = SocketId::random();
        while state.sockets.contains_key(&id) {
            id = SocketId::random();
        }
        let outbox = Arc::new(Outbox::new(self.outgoing_frames_max, self.measures.clone()));
        state.sockets.insert(id, Socket { outbox: outbox.clone(), channels: HashSet::new(), signed_in: None });
        self.count(&state);
        Ok(Connected { id, outbox })
    }

    pub fn disconnect(&self, id: SocketId) {
        let mut state = self.state();
        state.end_all(id);
        state.sockets.remove(&id);
        self.count(&state);
    }

    fn count(&self, state: &State) {
        self.connections.send_replace(state.sockets.len());
        self.measures.connections.set(state.sockets.len() as f64);
    }

    /// How many sockets there are; wakes on every change.
    pub fn connections(&self) -> watch::Receiver<usize> {
        self.connections.subscribe()
    }

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
        let socket = state.sockets.get_mut(&socket_id).ok_or(Refused::Gone)?;
        if socket.channels.contains(&name) {
            return Err(Refused::Twice);
        }
        if socket.channels.len() >= self.channels_per_connection_max {
            return Err(Refused::TooManyChannels);
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

    /// What the inbox answered about somebody's rooms; see [`People::read`].
    pub fn rooms_were_read(&self, user: &UserId, turn: Turn, answer: Option<(Vec<Stay>, Position)>) {
        self.state().people.read(user, turn, answer);
    }

    /// What it answered about the rooms they muted; see [`People::read_mutes`].
    pub fn mutes_were_read(&self, user: &UserId, turn: Turn, muted: &[MutedRoom], as_of: Position) {
        self.state().people.read_mutes(user, turn, muted, as_of);
    }

    /// Somebody gave a room another place among theirs.
    pub fn arranged(&self, position: Position, event: &RoomArranged) {
        self.state().people.arranged(position, event);
    }

    /// The window is empty, and complete from here on.
    pub fn begin_window(&self, position: Position) {
        self.state().window.begin_at(position);
    }

    /// See [`super::window::Window::blank`].
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

    /// See [`super::window::Window::marks`].
    pub fn marks(&self, room: RoomId, position: Position) -> Vec<(UserId, ReadMark)> {
        self.state().window.marks(room, position)
    }

    /// What one of somebody's sockets has received of their own channel; `None` when none of them has shown any.
    pub fn received_up_to(&self, user: &UserId) -> Option<Position> {
        self.shown_to_have_received(user).filter(|received| *received > Position::START)
    }

    /// The start of the log where they listen and have shown nothing; `None` when they do not listen.
    pub fn shown_to_have_received(&self, user: &UserId) -> Option<Position> {
        let (state, channel) = (self.state(), user_channel(user));
        let legacy = state.legacy_listeners(&channel);
        let listening = [Some(channel), legacy].into_iter().flatten().filter_map(|name| state.channels.get(&name));
        listening.flat_map(HashMap::values).map(Subscriber::received).max()
    }

    pub fn window_size(&self) -> CacheSize {
        self.state().window.size()
    }

    /// From now on nobody new comes in.
    pub fn drain(&self) -> Vec<Arc<Outbox>> {
        let mut state = self.state();
        state.draining = true;
        state.sockets.values().map(|socket| socket.outbox.clone()).collect()
    }

    /// Everything up to `position` has been delivered.
    pub fn delivered(&self, position: Position) {
        self.delivered.send_replace(Some(position));
    }

    /// How far the tail has delivered; `None` until it has begun.
    pub fn progress(&self) -> watch::Receiver<Option<Position>> {
        self.delivered.subscribe()
    }
}
