//! Who a connection is signed in as: by `pusher:signin`, or by the session its WebSocket was opened with.
//!
//! It opens the bare channel names of older clients, `#server-to-user-..` and Kabar's own channels without `channel_data`;
//! watchlists are told who comes and goes. A signature is of one socket, so nothing of it outlives the connection.

use std::sync::Arc;

use aggregates::ids::UserId;
use axum::extract::ws::Utf8Bytes;

use super::Inner;
use super::channel_name::{legacy_of, user_channel};
use super::claims::{UserClaims, WATCHLIST_MAX};
use super::hub::{Hub, State};
use super::protocol::{self, CloseCode, ErrorCode, SignIn};
use super::socket_id::SocketId;

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
    by: By,
}

impl SignedIn {
    pub fn by_session(user: UserId) -> Self {
        Self { user, info: None, watchlist: Vec::new(), by: By::Session }
    }
}

/// The connection is signed in as somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnotherUser;

/// `pusher:signin`. What goes wrong is an answer; the connection stays.
pub(super) fn sign_in(inner: &Inner, socket: SocketId, request: &SignIn) -> Result<(), Utf8Bytes> {
    let refuse = |why: &str| protocol::error_with(ErrorCode::Unauthorized, why);
    if !inner.signer.permits_user(&request.auth, &socket.to_string(), &request.user_data) {
        return Err(refuse("the signature is not valid for this socket and user_data"));
    }
    let claims = UserClaims::parse(&request.user_data).map_err(|error| refuse(&error.to_string()))?;
    let too_long = claims.watchlist_too_long;
    let signed_in = SignedIn { user: claims.user, info: claims.info, watchlist: claims.watchlist, by: By::SignIn };
    let success = protocol::signin_success(&request.user_data);
    let warning = too_long.then(|| {
        let said = format!("a watchlist has at most {WATCHLIST_MAX} users: the first {WATCHLIST_MAX} are watched");
        protocol::error_with(ErrorCode::WatchlistTooLong, &said)
    });
    inner
        .hub
        .sign_in(socket, signed_in, std::iter::once(success).chain(warning))
        .map_err(|AnotherUser| refuse("this connection is signed in as another user"))
}

impl State {
    fn begin(&mut self, id: SocketId, signed_in: SignedIn) {
        let first = self.online.came(&signed_in.user, id);
        for watched in &signed_in.watchlist {
            self.online.watch(watched, id);
        }
        let user = signed_in.user.clone();
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.signed_in = Some(Box::new(signed_in));
        }
        if first {
            self.tell_watchers("online", &user);
        }
    }

    /// Ends what was begun, if anything was.
    pub(super) fn sign_out(&mut self, id: SocketId) {
        let Some(signed_in) = self.sockets.get_mut(&id).and_then(|socket| socket.signed_in.take()) else { return };
        for watched in &signed_in.watchlist {
            self.online.unwatch(watched, id);
        }
        if self.online.went(&signed_in.user, id) {
            self.tell_watchers("offline", &signed_in.user);
        }
    }

    fn tell_watchers(&self, what: &str, user: &UserId) {
        let mut frame = None;
        for watcher in self.online.watchers(user) {
            let text = || protocol::watchlist_events(&[(what, std::slice::from_ref(user))]);
            if let Some(socket) = self.sockets.get(&watcher) {
                socket.outbox.put(frame.get_or_insert_with(text).clone());
            }
        }
    }

    /// Who of somebody's watchlist is here and who is not.
    fn watched(&self, watchlist: &[UserId]) -> Option<Utf8Bytes> {
        let (online, offline): (Vec<_>, Vec<_>) =
            watchlist.iter().cloned().partition(|user| self.online.is_online(user));
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
    pub fn known_by_session(&self, id: SocketId, user: UserId) {
        self.state().begin(id, SignedIn::by_session(user));
    }

    /// `answers` go out before who of the watchlist is here.
    fn sign_in(
        &self,
        id: SocketId,
        signed_in: SignedIn,
        answers: impl IntoIterator<Item = Utf8Bytes>,
    ) -> Result<(), AnotherUser> {
        let mut state = self.state();
        let Some(socket) = state.sockets.get(&id) else { return Ok(()) };
        let outbox = socket.outbox.clone();
        if socket.signed_in.as_deref().is_some_and(|it| it.by == By::SignIn && it.user != signed_in.user) {
            return Err(AnotherUser);
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
        if let Some(frame) = state.watched(&signed_in.watchlist) {
            outbox.put(frame);
        }
        Ok(())
    }

    /// Closes every connection of `user`, for good: those signed in and those that listen to their own channel.
    pub fn terminate(&self, user: &UserId) -> usize {
        let state = self.state();
        let own = user_channel(user);
        let legacy = legacy_of(&own).unwrap_or_default();
        let listening = [&*own, &*legacy].into_iter().filter_map(|channel| state.channels.get(channel));
        let mut sockets: Vec<SocketId> = listening.flat_map(|it| it.keys().copied()).collect();
        sockets.extend(state.online.connections(user));
        sockets.sort_unstable();
        sockets.dedup();
        for id in &sockets {
            if let Some(socket) = state.sockets.get(id) {
                socket.outbox.close(CloseCode::Unauthorized, "the application has ended this user's connections");
            }
        }
        sockets.len()
    }
}

impl State {
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
