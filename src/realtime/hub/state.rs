//! All that the hub holds under its lock, and how a subscription ends wherever it stands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aggregates::ids::UserId;
use event_log::Position;

use super::group_listeners::GroupListeners;
use super::listed::Listed;
use super::occupancy::Occupancy;
use super::outbox::Outbox;
use super::roster::Roster;
use super::signed_in::SignedIn;
use super::subscriber::Subscriber;
use super::subscriptions::{Attached, Proof};
use crate::realtime::config::RealtimeConfig;
use crate::realtime::people::discretion::Discretion;
use crate::realtime::people::memberships::People;
use crate::realtime::people::online::Online;
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::replay_buffer::last_events::LastEvents;
use crate::realtime::replay_buffer::window::Window;
use crate::realtime::webhooks::Happenings;

pub(super) struct Socket {
    pub outbox: Arc<Outbox>,
    pub channels: HashSet<Arc<str>>,
    pub signed_in: Option<Box<SignedIn>>,
}

pub(super) struct State {
    pub sockets: HashMap<SocketId, Socket>,
    pub channels: HashMap<Arc<str>, HashMap<SocketId, Subscriber>>,
    pub people: People,
    pub discretion: Discretion,
    /// Of presence channels only.
    pub rosters: HashMap<Arc<str>, Roster>,
    /// By whom they hold.
    pub listed: Listed,
    pub presence_members_max: usize,
    pub group_listeners: GroupListeners,
    pub online: Online,
    pub last_events: LastEvents,
    pub occupancy: Occupancy,
    /// For webhooks.
    pub happenings: Happenings,
    /// Of bare names.
    pub legacy_subscriptions: usize,
    pub tickets: u64,
    /// Sockets that have something to write and do not know yet; see [`Hub::wake`].
    pub to_wake: Vec<Arc<Outbox>>,
    /// The tail has taken events up to here, and may have passed over those that nobody wanted.
    pub taken: Position,
    pub window: Window,
    pub draining: bool,
}

impl State {
    pub fn new(config: &RealtimeConfig, happenings: Happenings) -> Self {
        Self {
            sockets: HashMap::new(),
            channels: HashMap::new(),
            people: People::default(),
            discretion: Discretion::default(),
            rosters: HashMap::new(),
            listed: Listed::default(),
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

    pub fn subscriber(&mut self, attached: &Attached) -> Option<&mut Subscriber> {
        let subscribers = self.channels.get_mut(&attached.channel)?;
        subscribers.get_mut(&attached.socket).filter(|subscriber| subscriber.ticket == attached.ticket)
    }

    /// How far the tail is. A view may be ahead of it: what it showed of somebody's rooms is not told again as news.
    pub fn known(&mut self, attached: &Attached) -> Position {
        let user = self.subscriber(attached).and_then(|subscriber| subscriber.user.clone());
        user.map_or(self.taken, |user| self.taken.max(self.people.as_of(&user)))
    }

    /// Ends a subscription, wherever it stands.
    pub fn end(&mut self, channel: &str, id: SocketId) {
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
    pub fn end_all(&mut self, id: SocketId) {
        let channels = self.sockets.get(&id).map(|socket| socket.channels.clone()).unwrap_or_default();
        for channel in channels {
            self.end(&channel, id);
        }
        self.sign_out(id);
    }

    /// Whether `proof` still holds, as far as the tail has come.
    pub fn holds(&mut self, proof: Proof, user: Option<UserId>, attached: &Attached) -> bool {
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
