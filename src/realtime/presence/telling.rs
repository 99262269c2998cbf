//! Who came and went is told to the rooms that somebody has open, and kept as "last seen".

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::{RoomId, UserId};
use projections::ReadError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attendance::{Changed, Due};
use super::learning;
use crate::realtime::frames::{self, UserStatus, encode};
use crate::realtime::inner::Inner;
use crate::realtime::protocol::channel_name::room_channel;

/// Rows in one write, and people asked about in one question.
const AT_ONCE_MAX: usize = 1_000;
const RETRY: Duration = Duration::from_secs(5);

/// Until `stop`; then everybody's last moment is kept.
pub(in crate::realtime) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let comings = inner.hub.comings_called();
    loop {
        let (erased, came_or_went) = inner.hub.take_comings();
        erased.iter().for_each(|user| inner.presences.forget(user));
        for (user, is_connected) in came_or_went {
            inner.presences.connected(&user, is_connected);
        }
        for user in inner.hub.take_unlearnt() {
            tokio::spawn(learning::learn_alone(inner.clone(), user));
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = look_around(&inner) => {}
        }
        let next = inner.presences.with(|attendance| attendance.next_look());
        let look = async {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = comings.notified() => {}
            () = inner.presences.called.notified() => {}
            () = look => {}
        }
    }
    let forgotten = inner.presences.with(|attendance| attendance.take_forgotten());
    delete(&inner, &forgotten).await;
    let last = inner.presences.with(|attendance| attendance.all_to_save(inner.presences.clock.now()));
    save(&inner, &last).await;
}

async fn look_around(inner: &Inner) {
    let presences = &inner.presences;
    let Due { unknown, changed, .. } = {
        let _turn = presences.writing.lock().await;
        let due = presences.with(|attendance| attendance.due(Instant::now(), presences.clock.now()));
        delete(inner, &due.to_delete).await;
        save(inner, &due.to_save).await;
        // In this turn: what they say next comes after it.
        due.listed.iter().for_each(|user| inner.hub.hides(user, false));
        due
    };
    for some in unknown.chunks(AT_ONCE_MAX) {
        learn(inner, some).await;
    }
    let seen = last_seen(inner, &changed).await;
    for changed in &changed {
        let last_seen =
            if changed.is_online { changed.last_seen_at } else { seen.get(&changed.user).copied().flatten() };
        if let Err(error) = tell(inner, changed, last_seen).await {
            tracing::warn!(%error, "who came or went is told to nobody");
        }
    }
}

/// Of those who went, as everybody is shown it: who hides by now must not be told by the moment at which they did.
async fn last_seen(inner: &Inner, changed: &[Changed]) -> HashMap<UserId, Option<Timestamp>> {
    let gone: Vec<UserId> = changed.iter().filter(|it| !it.is_online).map(|it| it.user.clone()).collect();
    let mut seen = HashMap::new();
    for some in gone.chunks(AT_ONCE_MAX) {
        match inner.presences.of(some).await {
            Ok(shown) => seen.extend(shown.into_iter().map(|(user, presence)| (user, presence.last_seen_at))),
            Err(error) => tracing::warn!(%error, "who went is told without when they were last here"),
        }
    }
    seen
}

/// Who has never said anything hides from nobody. Where it cannot be asked they stay unseen.
async fn learn(inner: &Inner, users: &[UserId]) {
    let known = match inner.presences.table.of(users).await {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(%error, "nobody knows who hides: those who came now are shown to nobody yet");
            let later = Instant::now() + RETRY;
            inner.presences.with(|attendance| users.iter().for_each(|user| attendance.ask_again(user, later)));
            return;
        }
    };
    let hidden: HashSet<&UserId> = known.iter().filter(|seen| seen.invisible).map(|seen| &seen.user_id).collect();
    let (now, at) = (Instant::now(), inner.presences.clock.now());
    inner.presences.with(|attendance| {
        // What they said themselves meanwhile is newer.
        for user in users {
            if attendance.is_unknown(user) {
                let _ = attendance.hides(user, hidden.contains(user), now, at);
            }
        }
    });
}

/// They were erased, and a write of this node's may have come after whoever deleted them.
async fn delete(inner: &Inner, erased: &[UserId]) {
    for some in erased.chunks(AT_ONCE_MAX) {
        if let Err(error) = inner.presences.table.delete(some).await {
            tracing::warn!(%error, "when some who were erased were here may still be kept: it is tried again");
            inner.presences.with(|attendance| attendance.still_to_delete(some));
        }
    }
}

async fn save(inner: &Inner, seen: &[(UserId, Timestamp)]) {
    for some in seen.chunks(AT_ONCE_MAX) {
        if let Err(error) = inner.presences.table.saw(some.to_vec()).await {
            tracing::warn!(%error, "when some people were last seen is not kept");
            return;
        }
    }
}

/// In the rooms of theirs that somebody else has open, but for whoever they are blocked from.
async fn tell(inner: &Inner, changed: &Changed, last_seen: Option<Timestamp>) -> Result<(), ReadError> {
    let open = open_rooms(inner, &changed.user).await?;
    let status = if changed.is_online { "online" } else { "offline" };
    let data = UserStatus { user_id: &changed.user, status, last_seen };
    let Some(data) = encode(frames::USER_STATUS, &data) else { return Ok(()) };
    for (room, listeners) in open {
        let channel = room_channel(room);
        let legacy = inner.hub.legacy_listeners(&channel);
        for name in std::iter::once(channel).chain(legacy) {
            let frame = data.frame(frames::USER_STATUS.name, &name);
            inner.hub.publish_to_some(&name, &frame, (&listeners, &changed.user));
        }
    }
    inner.hub.wake();
    Ok(())
}

/// The rooms that `user` is in and somebody else listens to, up to the size at which frames of every member end.
async fn open_rooms(inner: &Inner, user: &UserId) -> Result<Vec<(RoomId, HashSet<UserId>)>, ReadError> {
    let rooms = match inner.hub.known_rooms(user) {
        Some(rooms) => rooms,
        None => {
            let Ok(_turn) = inner.room_reads.acquire().await else { return Ok(Vec::new()) };
            let (stays, _) = inner.views.inbox().memberships(user).await?;
            stays.into_iter().map(|stay| stay.room_id).collect()
        }
    };
    let with_listeners = rooms.into_iter().map(|room| {
        let mut listeners = inner.hub.listeners(&room_channel(room));
        listeners.remove(user);
        (room, listeners)
    });
    let members_max = inner.config.read_frames_members_max;
    Ok(with_listeners.filter(|(_, listeners)| (1..=members_max).contains(&listeners.len())).collect())
}
