//! Who is here and who is typing (requirements R4): memory of this node only, never an event.
//!
//! Somebody is online while one of their sockets listens, or as long as their last heartbeat holds. `attendance` is that,
//! pure; here it is told to the rooms that somebody has open (`user-status`), shown in answers, and kept as "last seen" in
//! a small table. Who goes and comes back within the grace has not gone. Never in here: who may ask (`queries` does that).

mod attendance;
pub(super) mod learning;
mod telling;
pub(super) mod typing;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use event_log::EventLogError;
use event_log::last_seen::SharedLastSeen;
use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::time::Instant;

use crate::clock::SharedClock;
use crate::realtime::{Realtime, RealtimeConfig};
use attendance::{Attendance, Holds};

pub(super) use telling::run;

/// How somebody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presence {
    pub is_online: bool,
    /// When they were last seen to be here; of who is online that is now.
    pub last_seen_at: Option<Timestamp>,
}

/// What somebody says of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    pub is_online: bool,
    /// They have it open.
    pub room: Option<RoomId>,
    /// `None`: as it was.
    pub invisible: Option<bool>,
}

/// What presence is kept with.
pub struct Attending {
    pub table: SharedLastSeen,
    pub clock: SharedClock,
}

pub(in crate::realtime) struct Presences {
    attendance: Mutex<Attendance>,
    called: Notify,
    table: SharedLastSeen,
    /// Held from a look at `attendance` until what came of it is in the table: what is written follows what is shown.
    writing: AsyncMutex<()>,
    clock: SharedClock,
}

impl Presences {
    pub fn new(config: &RealtimeConfig, attending: Attending) -> Self {
        let holds = Holds { heartbeat: config.heartbeat, grace: config.presence_grace };
        let attendance = Attendance::new(holds, config.presence_people_max);
        let Attending { table, clock } = attending;
        let attendance = Mutex::new(attendance);
        Self { attendance, called: Notify::new(), table, writing: AsyncMutex::default(), clock }
    }

    // A panic while it was held would be a bug; everybody else goes on.
    fn with<T>(&self, act: impl FnOnce(&mut Attendance) -> T) -> T {
        act(&mut self.attendance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Their first socket listens, or their last one is gone.
    pub fn connected(&self, user: &UserId, is_connected: bool) {
        let (now, at) = (Instant::now(), self.clock.now());
        self.with(|attendance| attendance.connected(user, is_connected, now, at));
        self.called.notify_one();
    }

    /// Whether `user` wants to be seen by nobody; `None` where it cannot be asked.
    pub async fn hides(&self, user: &UserId) -> Option<bool> {
        match self.table.of(std::slice::from_ref(user)).await {
            Ok(seen) => Some(seen.iter().any(|seen| seen.invisible)),
            Err(error) => {
                tracing::warn!(%error, "nobody knows whether somebody hides: they are shown to nobody yet");
                None
            }
        }
    }

    /// How others are to be shown `users`: who hides is offline, and was last here when that was last kept, before they hid.
    pub async fn of(&self, users: &[UserId]) -> Result<HashMap<UserId, Presence>, EventLogError> {
        let seen = self.table.of(users).await?;
        let mut shown: HashMap<UserId, Presence> =
            seen.into_iter().map(|seen| (seen.user_id, Presence { is_online: false, last_seen_at: seen.at })).collect();
        let now = self.clock.now();
        self.with(|attendance| {
            for user in users {
                if let Some(current) = attendance.shown(user, now) {
                    let entry = shown.entry(user.clone()).or_default();
                    let last_seen_at = entry.last_seen_at.max(current.last_seen_at);
                    *entry = Presence { last_seen_at, ..current };
                }
            }
        });
        Ok(shown)
    }

    /// They were erased, and their sockets have ended: nothing of them is kept.
    pub fn forget(&self, user: &UserId) {
        self.with(|attendance| attendance.forget(user));
    }
}

impl Realtime {
    /// `user` says that they are here, or not. At most `realtime.presence_people_max` are remembered; more are not shown
    /// as online.
    pub async fn is_here(&self, user: &UserId, said: Said) -> Result<(), EventLogError> {
        let presences = &self.0.presences;
        if let Some(invisible) = said.invisible {
            // Durable before it counts: whoever hides must not come out by a restart. What they were last seen at before is
            // kept first, or others would learn it of somebody who hides by now.
            let _turn = presences.writing.lock().await;
            presences.table.hide(user, invisible).await?;
            let now = (Instant::now(), presences.clock.now());
            let is_remembered = presences.with(|attendance| attendance.hides(user, invisible, now.0, now.1));
            // Whoever comes out is listed again when that is due.
            if invisible || !is_remembered {
                self.0.hub.hides(user, invisible);
            }
        }
        let (now, at) = (Instant::now(), presences.clock.now());
        presences.with(|attendance| attendance.says(user, said.is_online, said.room, now, at));
        presences.called.notify_one();
        Ok(())
    }

    /// Whether `user` has `room` open and was active there within the last minute, as far as this node knows: such a one
    /// needs no push.
    pub fn is_active_in(&self, room: RoomId, user: &UserId) -> bool {
        self.0.presences.with(|attendance| attendance.is_active_in(room, user, Instant::now()))
    }

    /// They did something in `room` just now.
    pub fn was_active_in(&self, room: RoomId, user: &UserId) {
        self.0.presences.with(|attendance| attendance.active_in(room, user, Instant::now()));
    }

    /// How others are to be shown `users`: who hides is offline.
    pub async fn presence_of(&self, users: &[UserId]) -> Result<HashMap<UserId, Presence>, EventLogError> {
        self.0.presences.of(users).await
    }

    /// People remembered as here, for operators.
    pub fn attending(&self) -> event_log::CacheSize {
        let (people, limit) = self.0.presences.with(|attendance| (attendance.people(), attendance.people_max()));
        event_log::CacheSize::counted("presence", people, limit)
    }
}
