//! One socket on one channel, and how frames reach it. The other half of the hub.

use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use aggregates::room::HistoryFrom;
use axum::extract::ws::Utf8Bytes;
use event_log::Position;

use super::channel_name::{channels_of_members, room_channel, user_channel};
use super::discretion::Discretion;
use super::frame::{Cause, Frame};
use super::hub::{Hub, State};
use super::joined::Joined;
use super::outbox::Outbox;
use super::people::Step;
use super::protocol::{self, CloseCode};
use super::socket_id::SocketId;
use super::window::HintData;

/// Whom a frame passes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Except<'a> {
    pub socket: Option<SocketId>,
    pub user: Option<&'a UserId>,
    /// Those who are apart from whom it tells of.
    pub apart: Option<Apart<'a>>,
}

/// Whom a frame tells of.
#[derive(Debug, Clone, Copy)]
pub struct Apart<'a> {
    pub from: &'a UserId,
    /// It is kept from the other one of a room of two alone: in groups both stay.
    pub of_two: Option<RoomId>,
}

impl Apart<'_> {
    fn holds(self, discretion: &Discretion, user: &UserId) -> bool {
        match self.of_two {
            Some(room) => discretion.is_shut(room, self.from, user),
            None => discretion.are_apart(self.from, user),
        }
    }
}

pub(super) enum Gate {
    /// Not listening yet.
    Shut,
    /// Frames wait until it opens.
    Held(Vec<Frame>),
    Open,
}

pub(super) struct Subscriber {
    pub ticket: u64,
    outbox: Arc<Outbox>,
    /// As whom; `None` on channels that ask for nobody.
    pub user: Option<UserId>,
    /// Frames of events up to here are not for it: the views showed them before it opened.
    pub as_of: Position,
    /// What the window keeps reaches it from there.
    pub replaying: bool,
    pub gate: Gate,
    /// The client knows that it has subscribed, though its gate may still be held while it is given what it missed.
    pub is_in: bool,
    /// Under the bare name of older clients.
    pub is_legacy: bool,
}

impl Subscriber {
    pub fn new(ticket: u64, outbox: Arc<Outbox>, user: Option<UserId>) -> Self {
        Self {
            ticket,
            outbox,
            user,
            as_of: Position::START,
            replaying: false,
            gate: Gate::Shut,
            is_in: false,
            is_legacy: false,
        }
    }

    /// `last` is what a cache channel has kept: it stands for whatever came while the subscription was being made.
    pub fn open(&mut self, words: Vec<Utf8Bytes>, last: Option<Utf8Bytes>) {
        let held = self.release();
        words.into_iter().for_each(|frame| self.outbox.put(frame));
        match last {
            Some(last) => self.outbox.put(last),
            None => held.into_iter().for_each(|frame| self.outbox.put(frame)),
        }
    }

    /// Opens the gate; what was held is to be written before anything else.
    pub fn release(&mut self) -> Vec<Frame> {
        (self.replaying, self.is_in) = (false, true);
        match std::mem::replace(&mut self.gate, Gate::Open) {
            Gate::Held(held) => held,
            Gate::Shut | Gate::Open => Vec::new(),
        }
    }

    /// From now on frames are held for it, and those held already stay.
    pub fn hold(&mut self, as_of: Position, replaying: bool) {
        self.as_of = as_of;
        self.replaying = replaying;
        if !matches!(self.gate, Gate::Held(_)) {
            self.gate = Gate::Held(Vec::new());
        }
    }

    /// What its connection has shown to have received.
    pub fn received(&self) -> Position {
        self.outbox.received()
    }

    pub fn is_open(&self) -> bool {
        self.is_in
    }

    pub fn put_if_open(&self, frame: &Utf8Bytes) {
        if self.is_open() {
            self.outbox.put(frame.clone());
        }
    }

    /// The outbox, when its socket is to be woken for this frame.
    #[must_use = "it goes among those to wake"]
    pub(super) fn give(&mut self, frame: Frame, held_max: usize) -> Option<&Arc<Outbox>> {
        match &mut self.gate {
            Gate::Shut => None,
            Gate::Held(held) if held.len() < held_max => {
                held.push(frame);
                None
            }
            Gate::Held(_) => {
                self.outbox.close(CloseCode::Reconnect, "too many frames were waiting");
                None
            }
            Gate::Open => self.outbox.lay(frame).then_some(&self.outbox),
        }
    }
}

/// What somebody would hear, asked before anything is rendered.
pub struct Interest<'a>(&'a State);

impl Interest<'_> {
    /// Somebody has the room open, or one of its members is connected.
    pub fn in_room(&self, room: RoomId) -> bool {
        self.0.people.anybody_in(room) || self.in_room_channel(room)
    }

    pub fn in_room_channel(&self, room: RoomId) -> bool {
        self.0.is_heard(&room_channel(room))
    }

    pub fn in_user(&self, user: &UserId) -> bool {
        self.0.is_heard(&user_channel(user))
    }
}

impl Hub {
    /// Takes events up to `to` on: whoever attaches from now on gets none of them. In the same step `look` sees what of
    /// them is wanted; a memory look only.
    pub fn take<T>(&self, to: Position, look: impl FnOnce(&Interest<'_>) -> T) -> T {
        let mut state = self.state();
        state.taken = state.taken.max(to);
        look(&Interest(&state))
    }

    /// Sockets begin to write what was published. To be called by whoever has published, once for all of it: a socket
    /// then writes in one go what came together.
    pub fn wake(&self) {
        let to_wake = std::mem::take(&mut self.state().to_wake);
        to_wake.iter().for_each(|outbox| outbox.wake());
    }

    /// To everybody on a channel. `cause` is the event that it comes from. A `wake` has to follow.
    pub fn publish(&self, channel: &str, frame: &Utf8Bytes, cause: Option<Cause>, except: Except<'_>) {
        let mut state = self.state();
        if let Some(cause) = cause.filter(|cause| cause.is_told_at_once) {
            state.window.keep(channel, cause, frame, except.socket);
        }
        deliver(&mut state, channel, cause, except, self.outgoing_frames_max, || frame.clone());
    }

    /// To everybody on a room's channel, a frame of each. A `wake` has to follow.
    pub fn publish_joined(&self, joined: &Arc<Joined>, cause: Cause, except: Except<'_>) {
        let (mut state, channel) = (self.state(), joined.channel());
        state.window.keep_joined(&channel, cause, joined, except.socket);
        let legacy = state.legacy_listeners(&channel);
        for channel in std::iter::once(channel).chain(legacy) {
            if state.is_heard(&channel) {
                for frame in joined.frames(&channel) {
                    let text = || frame.clone();
                    deliver(&mut state, &channel, Some(cause), except, self.outgoing_frames_max, text);
                }
            }
        }
    }

    /// To the own channel of every connected member of a room but `except.user`. A `wake` has to follow.
    pub fn publish_to_members(
        &self,
        room: RoomId,
        (event, hint): (&'static str, &HintData),
        cause: Cause,
        except: Except<'_>,
    ) {
        let mut state = self.state();
        state.window.keep_hint(room, (event, hint), cause, (except.user, except.socket));
        let people = &state.people;
        let members: Vec<(Arc<str>, bool)> = people
            .members(room)
            .filter(|(user, _)| Some(*user) != except.user)
            .map(|(user, channel)| (channel.clone(), people.has_muted(user, room, hint.said_at)))
            .collect();
        let except = Except { user: None, ..except };
        for (channel, muted) in members {
            let data = hint.when(muted);
            let mut frame = None;
            let text = || frame.get_or_insert_with(|| data.frame(event, &channel)).clone();
            deliver(&mut state, &channel, Some(cause), except, self.outgoing_frames_max, text);
            if let Some(legacy) = state.legacy_listeners(&channel) {
                let frame = data.frame(event, &legacy);
                deliver(&mut state, &legacy, Some(cause), except, self.outgoing_frames_max, || frame.clone());
            }
        }
    }

    /// The connected members of a room whose own channel somebody listens to.
    pub fn listening_members(&self, room: RoomId) -> Vec<UserId> {
        let state = self.state();
        let listening = state.people.members(room).filter(|(_, channel)| state.is_heard(channel));
        listening.map(|(user, _)| user.clone()).collect()
    }

    pub fn has_listeners(&self, channel: &str) -> bool {
        self.state().is_heard(channel)
    }

    /// Brings memberships forward. Whoever went out is cut off the room's channel in the same step, with a word: the
    /// protocol knows no unsubscription by the server, so it is a `pusher:subscription_error` with status 403.
    pub fn stepped(&self, position: Position, room: RoomId, user: &UserId, step: Step) {
        let mut state = self.state();
        let news = state.people.stepped(position, room, user, step);
        if !news || step != Step::WentOut {
            return;
        }
        for channel in channels_of_members(room) {
            let theirs = |(id, it): (&SocketId, &Subscriber)| (it.user.as_ref() == Some(user)).then_some(*id);
            let cut: Vec<_> = state.channels.get(&channel).into_iter().flatten().filter_map(theirs).collect();
            for id in cut {
                state.cut(&channel, id, "you are no longer a member of this room");
            }
        }
        for (channel, id) in state.group_listeners.left(user, room) {
            state.cut(&channel, id, "you are in no room of this group any more");
        }
    }
}

impl State {
    /// Ends a subscription against its owner's will. Those still shut have nothing to hide yet and are asked again when they
    /// would open.
    fn cut(&mut self, channel: &str, id: SocketId, why: &str) {
        let Some(subscriber) = self.channels.get(channel).and_then(|subscribers| subscribers.get(&id)) else { return };
        if matches!(subscriber.gate, Gate::Shut) {
            return;
        }
        let outbox = subscriber.outbox.clone();
        self.end(channel, id);
        outbox.put(protocol::subscription_error(channel, why, 403));
    }
}

pub(super) fn deliver(
    state: &mut State,
    channel: &str,
    cause: Option<Cause>,
    except: Except<'_>,
    held_max: usize,
    mut frame: impl FnMut() -> Utf8Bytes,
) {
    let State { channels, people, to_wake, discretion, .. } = state;
    let Some(subscribers) = channels.get_mut(channel) else { return };
    for (id, subscriber) in subscribers {
        let user = subscriber.user.as_ref();
        let apart = except.apart.zip(user).is_some_and(|(apart, user)| apart.holds(discretion, user));
        let passed_by = Some(*id) == except.socket || (except.user.is_some() && user == except.user) || apart;
        let seen = cause.is_some_and(|cause| cause.position <= subscriber.as_of);
        let replayed = subscriber.replaying && cause.is_some_and(|cause| cause.is_told_at_once);
        // Of what whoever came later may not read they hear nothing either.
        let hidden = cause.and_then(|cause| cause.about).is_some_and(|about| {
            about.history_from == HistoryFrom::Join
                && !about.is_for(user.and_then(|user| people.stay(about.room, user)))
        });
        if !passed_by && !seen && !replayed && !hidden {
            to_wake.extend(subscriber.give(Frame::of(frame(), cause), held_max).cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::channel_name::PusherChannel;
    use super::super::config::{AppCredentials, RealtimeConfig};
    use super::super::hub::{Attached, Connected, Entry, Opened, Proof};
    use super::super::webhooks::Happenings;
    use super::*;
    use projections::inbox::Stay;
    use uuid::Uuid;

    const FRAMES_MAX: usize = 4;

    struct Scene {
        hub: Hub,
        socket: Connected,
        room: RoomId,
        ana: UserId,
    }

    /// Ana is connected and in the room as of position 10, where the tail is, too.
    fn scene() -> (Scene, Attached) {
        let app = AppCredentials { id: "1".into(), key: "key".into(), secret: "secret".into() };
        let config = RealtimeConfig { outgoing_frames_max: FRAMES_MAX, ..RealtimeConfig::new(app) };
        let hub = Hub::new(&config, Happenings::to(&[]).0);
        let (room, ana) = (RoomId(Uuid::from_u128(1)), UserId::parse("ana").expect("an id"));
        let socket = hub.connect().unwrap_or_else(|_| panic!("a socket"));
        hub.take(Position(10), |_| ());
        let attached = hub.attach(socket.id, &PusherChannel::Room(room), Some(&ana)).expect("attached");
        let turn = attached.reading.as_ref().and_then(|(_, turn)| *turn).expect("the first reads");
        hub.rooms_were_read(
            &ana,
            turn,
            Some((vec![Stay { room_id: room, from: Position(1), join_seq: 0 }], Position(10))),
        );
        (Scene { hub, socket, room, ana }, attached)
    }

    fn in_room(scene: &Scene) -> Entry {
        Entry { proof: Proof::Room(scene.room), ..Entry::default() }
    }

    impl Scene {
        fn publish(&self, text: &'static str, position: u64) {
            let frame = Utf8Bytes::from_static(text);
            let cause = Some(Cause::from(Position(position)));
            self.hub.publish(&room_channel(self.room), &frame, cause, Except::default());
        }

        fn waiting(&self) -> Vec<String> {
            self.socket.outbox.take(usize::MAX).into_iter().map(|frame| frame.text.as_str().to_owned()).collect()
        }
    }

    #[test]
    fn what_comes_between_listening_and_opening_is_let_out_after_the_word_that_it_succeeded() {
        let (scene, attached) = scene();
        scene.publish("before listening", 11);
        assert_eq!(scene.hub.listen(&attached), Position(10));
        scene.publish("in the views", 10);
        scene.publish("while shut", 12);
        assert_eq!(scene.waiting(), Vec::<String>::new());
        assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::Open);
        scene.publish("while open", 13);
        let said = scene.waiting();
        assert!(said[0].contains("subscription_succeeded"), "{said:?}");
        assert_eq!(said[1..], ["while shut", "while open"]);
    }

    #[test]
    fn who_goes_out_while_it_is_being_checked_hears_nothing_of_what_was_kept() {
        let (scene, attached) = scene();
        scene.hub.listen(&attached);
        scene.hub.stepped(Position(11), scene.room, &scene.ana, Step::WentOut);
        scene.publish("psst", 12);
        scene.hub.stepped(Position(13), scene.room, &scene.ana, Step::CameIn { join_seq: 0 });
        assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::Gone);
        let said = scene.waiting();
        assert!(said.len() == 1 && said[0].contains("subscription_error"), "{said:?}");
    }

    #[test]
    fn who_goes_out_before_it_listens_is_refused_when_it_would_open() {
        let (scene, attached) = scene();
        scene.hub.stepped(Position(11), scene.room, &scene.ana, Step::WentOut);
        scene.hub.listen(&attached);
        assert_eq!(scene.hub.open(&attached, in_room(&scene)), Opened::NotAMember);
        assert_eq!(scene.waiting(), Vec::<String>::new());
    }

    #[test]
    fn a_typer_and_the_socket_that_asked_are_passed_by() {
        let (scene, attached) = scene();
        scene.hub.listen(&attached);
        scene.hub.open(&attached, in_room(&scene));
        scene.waiting();
        let (channel, frame) = (room_channel(scene.room), Utf8Bytes::from_static("x"));
        for except in [
            Except { user: Some(&scene.ana), ..Except::default() },
            Except { socket: Some(scene.socket.id), ..Except::default() },
        ] {
            scene.hub.publish(&channel, &frame, None, except);
        }
        assert_eq!(scene.waiting(), Vec::<String>::new());
        scene.hub.publish(&channel, &frame, None, Except::default());
        assert_eq!(scene.waiting(), ["x"]);
    }

    #[tokio::test]
    async fn more_than_may_wait_while_it_is_shut_closes_the_socket() {
        let (scene, attached) = scene();
        scene.hub.listen(&attached);
        for position in 0..=FRAMES_MAX as u64 {
            scene.publish("x", 11 + position);
        }
        assert_eq!(scene.socket.outbox.closed().await.0.number(), 4200);
    }

    #[test]
    fn with_the_socket_everything_of_it_is_forgotten() {
        let (scene, attached) = scene();
        scene.hub.listen(&attached);
        scene.hub.open(&attached, in_room(&scene));
        assert!(scene.hub.has_listeners(&room_channel(scene.room)));
        scene.hub.disconnect(scene.socket.id);
        assert!(!scene.hub.has_listeners(&room_channel(scene.room)));
        assert!(scene.hub.take(Position(20), |interest| !interest.in_room(scene.room)));
    }
}
