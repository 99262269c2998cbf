//! Who is typing (requirements R4): memory of this node only, never an event.
//!
//! It ends by itself after 5 s, and then that is told; a repeat within 2 s tells nobody anything; the typer's own
//! sockets never hear of it, nor does whoever is apart from them. Who hides is heard of here: typing is their own act.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aggregates::ids::{RoomId, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::realtime::Realtime;
use crate::realtime::frames::{self, UserTyping};
use crate::realtime::hub::{Apart, Except};
use crate::realtime::inner::Inner;
use crate::realtime::protocol::channel_name::room_channel;
use crate::realtime::protocol::socket_id::SocketId;
use crate::wire::user::display_name;

const ENDS_AFTER: Duration = Duration::from_secs(5);
const REPEATED_AFTER: Duration = Duration::from_secs(2);
/// People typing at the same time; more go untold.
const TYPERS_MAX: usize = 50_000;

#[derive(Default)]
pub(in crate::realtime) struct Typing {
    typers: Mutex<Typers>,
    called: Notify,
}

struct Typer {
    /// As shown when it began, for telling when it ends.
    name: Arc<str>,
    told_at: Instant,
    ends_at: Instant,
}

#[derive(Default)]
struct Typers {
    rooms: HashMap<RoomId, HashMap<UserId, Typer>>,
    /// At or before the end of each; those who stopped by themselves stay in it until then.
    ends: BinaryHeap<Reverse<(Instant, RoomId, UserId)>>,
}

impl Typers {
    /// Whether others are to be told.
    fn began(&mut self, room: RoomId, user: &UserId, name: &Arc<str>, now: Instant) -> bool {
        if let Some(typer) = self.rooms.get_mut(&room).and_then(|typers| typers.get_mut(user)) {
            typer.ends_at = now + ENDS_AFTER;
            let again = now.duration_since(typer.told_at) >= REPEATED_AFTER;
            if again {
                typer.told_at = now;
            }
            return again;
        }
        if self.ends.len() >= TYPERS_MAX {
            return false;
        }
        let ends_at = now + ENDS_AFTER;
        self.rooms.entry(room).or_default().insert(user.clone(), Typer { name: name.clone(), told_at: now, ends_at });
        self.ends.push(Reverse((ends_at, room, user.clone())));
        true
    }

    /// The name, if they were typing.
    fn stopped(&mut self, room: RoomId, user: &UserId) -> Option<Arc<str>> {
        let typers = self.rooms.get_mut(&room)?;
        let typer = typers.remove(user)?;
        if typers.is_empty() {
            self.rooms.remove(&room);
        }
        Some(typer.name)
    }

    /// The rooms they were typing in.
    fn forget(&mut self, user: &UserId) -> Vec<RoomId> {
        let rooms = self.rooms.iter().filter(|(_, typers)| typers.contains_key(user));
        let rooms: Vec<RoomId> = rooms.map(|(room, _)| *room).collect();
        for room in &rooms {
            self.stopped(*room, user);
        }
        rooms
    }

    /// Those whose time is over. An end that was put off is looked at again then; one that came early is dropped.
    fn over(&mut self, now: Instant) -> Vec<(RoomId, UserId, Arc<str>)> {
        let mut over = Vec::new();
        while self.ends.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, room, user))) = self.ends.pop() else { break };
            let ends_at = self.rooms.get(&room).and_then(|typers| typers.get(&user)).map(|typer| typer.ends_at);
            match ends_at {
                Some(ends_at) if ends_at > now => self.ends.push(Reverse((ends_at, room, user))),
                Some(_) => {
                    if let Some(name) = self.stopped(room, &user) {
                        over.push((room, user, name));
                    }
                }
                None => {}
            }
        }
        over
    }
}

impl Typing {
    fn with<T>(&self, act: impl FnOnce(&mut Typers) -> T) -> T {
        act(&mut self.typers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn users(&self, room: RoomId, now: Instant) -> Vec<UserId> {
        self.with(|typers| {
            let typers = typers.rooms.get(&room).into_iter().flatten();
            let mut users: Vec<_> = typers.filter(|(_, it)| it.ends_at > now).map(|(user, _)| user.clone()).collect();
            users.sort_unstable();
            users
        })
    }
}

async fn heard(inner: &Inner, room: RoomId, user: &UserId, is_typing: bool, except: Option<SocketId>) {
    if !is_typing {
        if let Some(name) = inner.typing.with(|typers| typers.stopped(room, user)) {
            tell(inner, (room, user, &name), false, except);
        }
        return;
    }
    let name: Arc<str> = match inner.directory.person(user).await {
        Ok(row) => Arc::from(display_name(user, row.as_deref())),
        Err(_) => Arc::from(user.as_str()),
    };
    if inner.typing.with(|typers| typers.began(room, user, &name, Instant::now())) {
        inner.typing.called.notify_one();
        tell(inner, (room, user, &name), true, except);
    }
}

/// They were erased: their name is kept no longer.
pub(in crate::realtime) fn forget(inner: &Inner, user: &UserId) {
    for room in inner.typing.with(|typers| typers.forget(user)) {
        tell(inner, (room, user, user.as_str()), false, None);
    }
}

fn tell(inner: &Inner, (room_id, user_id, name): (RoomId, &UserId, &str), is_typing: bool, except: Option<SocketId>) {
    let data = UserTyping { room_id, user_id, user_name: name, is_typing };
    let apart = Some(Apart { from: user_id, of_two: None });
    let except = Except { socket: except, user: Some(user_id), apart };
    inner.announce(&room_channel(room_id), frames::USER_TYPING, &data, None, except);
    inner.hub.wake();
}

/// Tells when somebody's typing ends by itself.
pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    loop {
        for (room, user, name) in inner.typing.with(|typers| typers.over(Instant::now())) {
            tell(&inner, (room, &user, &name), false, None);
        }
        let next = inner.typing.with(|typers| typers.ends.peek().map(|Reverse((at, ..))| *at));
        let end = async {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = inner.typing.called.notified() => {}
            () = end => {}
        }
    }
}

impl Realtime {
    /// `user`, a member of `room`, types or has stopped (requirements R4). `except` is the socket it was typed at; the
    /// typer's other sockets hear nothing of it either.
    pub async fn typing(&self, room: RoomId, user: &UserId, is_typing: bool, except: Option<SocketId>) {
        heard(&self.0, room, user, is_typing, except).await;
    }

    /// Who types in a room right now, as far as this node knows.
    pub fn typing_users(&self, room: RoomId) -> Vec<UserId> {
        self.0.typing.users(room, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SECOND: Duration = Duration::from_secs(1);

    fn room() -> RoomId {
        RoomId(Uuid::from_u128(1))
    }

    fn ana() -> UserId {
        UserId::parse("ana").expect("an id")
    }

    #[test]
    fn a_repeat_within_two_seconds_tells_nothing_but_puts_the_end_off() {
        let (mut typers, start) = (Typers::default(), Instant::now());
        let name = Arc::from("Ana");
        assert!(typers.began(room(), &ana(), &name, start));
        assert!(!typers.began(room(), &ana(), &name, start + SECOND));
        assert!(typers.over(start + ENDS_AFTER).is_empty(), "it was put off by a second");
        let over = typers.over(start + ENDS_AFTER + SECOND);
        assert_eq!(over, vec![(room(), ana(), Arc::from("Ana"))]);
        assert!(typers.over(start + 20 * SECOND).is_empty());
        assert!(typers.rooms.is_empty() && typers.ends.is_empty(), "nothing is kept of those who stopped");
    }

    #[test]
    fn a_repeat_after_two_seconds_is_told() {
        let (mut typers, start) = (Typers::default(), Instant::now());
        let name = Arc::from("Ana");
        assert!(typers.began(room(), &ana(), &name, start));
        assert!(typers.began(room(), &ana(), &name, start + REPEATED_AFTER));
    }

    #[test]
    fn who_stops_and_begins_again_is_told_each_time_and_ends_five_seconds_after_the_last() {
        let (mut typers, start) = (Typers::default(), Instant::now());
        let name = Arc::from("Ana");
        typers.began(room(), &ana(), &name, start);
        assert_eq!(typers.stopped(room(), &ana()).as_deref(), Some("Ana"));
        assert_eq!(typers.stopped(room(), &ana()), None);
        assert!(typers.began(room(), &ana(), &name, start + 3 * SECOND));
        assert!(typers.over(start + ENDS_AFTER).is_empty());
        assert_eq!(typers.over(start + 8 * SECOND).len(), 1);
    }

    #[test]
    fn more_typers_than_are_kept_go_untold() {
        let (mut typers, now, name) = (Typers::default(), Instant::now(), Arc::from("x"));
        for number in 0..TYPERS_MAX {
            let user = UserId::parse(&format!("user-{number}")).expect("an id");
            assert!(typers.began(room(), &user, &name, now));
        }
        assert!(!typers.began(room(), &ana(), &name, now));
    }
}
