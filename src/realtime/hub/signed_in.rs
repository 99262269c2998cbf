//! Who a connection is signed in as: by `pusher:signin`, or by the session its WebSocket was opened with.
//!
//! It opens the bare channel names of older clients, `#server-to-user-..` and Kabar's own channels without `channel_data`;
//! watchlists are told who comes and goes. A signature is of one socket, so nothing of it outlives the connection.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;

use super::{Hub, State};
use crate::realtime::protocol::socket_id::SocketId;
use crate::realtime::protocol::{self, CloseCode};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The cookie of the platform's session: a sign-in may say better.
    Session,
    SignIn,
}

/// Of one connection.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: UserId,
    /// JSON, as it was signed.
    pub info: Option<Arc<str>>,
    watchlist: Vec<UserId>,
    /// Who of the watchlist is here is still to be said, when it is known who of them may be shown.
    pub(super) owes_watchlist: bool,
    by: By,
}

impl SignedIn {
    pub fn by_session(user: UserId) -> Self {
        Self { user, info: None, watchlist: Vec::new(), owes_watchlist: false, by: By::Session }
    }

    /// As `pusher:signin` says it, with whom they watch.
    pub fn by_signature(user: UserId, info: Option<Arc<str>>, watchlist: Vec<UserId>) -> Self {
        Self { user, info, watchlist, owes_watchlist: true, by: By::SignIn }
    }
}

/// Why a connection is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSignedIn {
    /// It is, as somebody else.
    AnotherUser,
    /// They are there by as many others as may be.
    TooManyConnections,
}

impl State {
    fn begin(&mut self, id: SocketId, signed_in: SignedIn) {
        let first = self.online.came(&signed_in.user, id);
        self.discretion.hold(&signed_in.user, id);
        if self.discretion.is_unknown(&signed_in.user) {
            self.discretion.note_unlearnt(&signed_in.user);
            self.people.comings.call();
        }
        for watched in &signed_in.watchlist {
            self.online.watch(watched, id);
        }
        let user = signed_in.user.clone();
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.signed_in = Some(Box::new(signed_in));
        }
        if first && !self.discretion.is_hidden(&user) {
            self.tell_watchers("online", &user);
        }
    }

    /// Ends what was begun, if anything was.
    pub(super) fn sign_out(&mut self, id: SocketId) {
        let Some(signed_in) = self.sockets.get_mut(&id).and_then(|socket| socket.signed_in.take()) else { return };
        for watched in &signed_in.watchlist {
            self.online.unwatch(watched, id);
        }
        if self.online.went(&signed_in.user, id) && !self.discretion.is_hidden(&signed_in.user) {
            self.tell_watchers("offline", &signed_in.user);
        }
        self.discretion.release(&signed_in.user, id);
    }

    /// But for whoever is apart from them, and those who are still to be told of all whom they watch.
    pub(super) fn tell_watchers(&self, what: &str, user: &UserId) {
        let mut frame = None;
        for watcher in self.online.watchers(user) {
            let text = || protocol::watchlist_events(&[(what, std::slice::from_ref(user))]);
            let passed_by = |it: &SignedIn| it.owes_watchlist || self.discretion.are_apart(&it.user, user);
            let socket = self.sockets.get(&watcher);
            if let Some(socket) = socket.filter(|socket| !socket.signed_in.as_deref().is_some_and(passed_by)) {
                socket.outbox.put(frame.get_or_insert_with(text).clone());
            }
        }
    }

    /// Says who of their watchlists is here, where that is owed and known.
    pub(super) fn say_watched(&mut self, user: &UserId) {
        if !self.unknown_to(user).is_empty() {
            self.discretion.note_unlearnt(user);
            return;
        }
        for id in self.discretion.sockets(user) {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            let outbox = socket.outbox.clone();
            let Some(signed_in) = socket.signed_in.as_deref_mut().filter(|it| it.owes_watchlist) else { continue };
            signed_in.owes_watchlist = false;
            let signed_in = signed_in.clone();
            if let Some(frame) = self.watched(&signed_in) {
                outbox.put(frame);
            }
        }
    }

    /// Themselves and whom they watch, where it is not known who may be shown to whom.
    pub(super) fn unknown_to(&self, user: &UserId) -> Vec<UserId> {
        let sockets = self.discretion.sockets(user).into_iter();
        let owing = sockets.filter_map(|id| self.sockets.get(&id)?.signed_in.as_deref().filter(|it| it.owes_watchlist));
        let unknown = owing.flat_map(|it| it.watchlist.iter().chain([user]));
        unknown.filter(|it| self.discretion.is_unknown(it)).cloned().collect()
    }

    /// Who of somebody's watchlist is here and who is not, as far as they may notice.
    fn watched(&self, SignedIn { user: viewer, watchlist, .. }: &SignedIn) -> Option<Utf8Bytes> {
        let is_here = |user: &UserId| self.online.is_online(user) && self.discretion.sees(viewer, user);
        let (online, offline): (Vec<_>, Vec<_>) = watchlist.iter().cloned().partition(is_here);
        let events: Vec<(&str, &[UserId])> = [("online", online.as_slice()), ("offline", offline.as_slice())]
            .into_iter()
            .filter(|(_, users)| !users.is_empty())
            .collect();
        (!events.is_empty()).then(|| protocol::watchlist_events(&events))
    }
}

impl Hub {
    /// Who the connection is signed in as.
    pub fn signed_in(&self, id: SocketId) -> Option<SignedIn> {
        self.state().sockets.get(&id)?.signed_in.as_deref().cloned()
    }

    /// What a session says before the first frame.
    pub fn known_by_session(&self, id: SocketId, user: UserId) -> Result<(), NotSignedIn> {
        let mut state = self.state();
        if !state.discretion.has_room(&user, id, self.connections_per_user_max) {
            return Err(NotSignedIn::TooManyConnections);
        }
        state.begin(id, SignedIn::by_session(user));
        Ok(())
    }

    /// `answers` go out before who of the watchlist is here.
    pub fn sign_in(
        &self,
        id: SocketId,
        signed_in: SignedIn,
        answers: impl IntoIterator<Item = Utf8Bytes>,
    ) -> Result<(), NotSignedIn> {
        let mut state = self.state();
        let Some(socket) = state.sockets.get(&id).filter(|it| !it.outbox.is_closing()) else { return Ok(()) };
        let outbox = socket.outbox.clone();
        if socket.signed_in.as_deref().is_some_and(|it| it.by == By::SignIn && it.user != signed_in.user) {
            return Err(NotSignedIn::AnotherUser);
        }
        if !state.discretion.has_room(&signed_in.user, id, self.connections_per_user_max) {
            return Err(NotSignedIn::TooManyConnections);
        }
        // The same person again is not gone in between: nobody is told.
        let again = socket.signed_in.as_deref().is_some_and(|it| it.user == signed_in.user);
        if again {
            state.rewatch(id, &signed_in);
        } else {
            state.sign_out(id);
            state.begin(id, signed_in.clone());
        }
        answers.into_iter().for_each(|frame| outbox.put(frame));
        state.say_watched(&signed_in.user);
        state.people.comings.call();
        Ok(())
    }

    /// Closes every connection of `user`, for good: those signed in as them, and those that subscribed to anything as them.
    pub fn terminate(&self, user: &UserId) -> usize {
        self.state().end_connections(user, "the application has ended this user's connections")
    }

    /// The same of somebody who was erased: from now on nothing here knows of them.
    pub fn erased(&self, user: &UserId) {
        let mut state = self.state();
        state.end_connections(user, "this user was erased");
        state.people.comings.erased(user);
    }
}

impl State {
    /// In one step with what they are seen by: nobody who subscribes behind it is shown them.
    fn end_connections(&mut self, user: &UserId, why: &'static str) -> usize {
        let listed = self.listed.sockets(user.as_str());
        let mut sockets: Vec<SocketId> = listed.chain(self.discretion.sockets(user)).collect();
        sockets.sort_unstable();
        sockets.dedup();
        for id in &sockets {
            if let Some(socket) = self.sockets.get(id) {
                socket.outbox.close(CloseCode::Unauthorized, why);
            }
            self.end_all(*id);
        }
        sockets.len()
    }

    /// The same person with another watchlist.
    fn rewatch(&mut self, id: SocketId, signed_in: &SignedIn) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        let before = socket.signed_in.replace(Box::new(signed_in.clone()));
        for watched in before.iter().flat_map(|it| &it.watchlist) {
            self.online.unwatch(watched, id);
        }
        for watched in &signed_in.watchlist {
            self.online.watch(watched, id);
        }
    }
}
