//! What happened to somebody since a position, for clients that ask instead of listening: the same frames, from the same
//! window, of all their channels at once.
//!
//! Bounded by the window, whatever the history: past it they are told to reload. What is answered ends where the inbox
//! says who is in which room, so that nothing is told of a room that they had left by then. Never in here: a query for
//! messages; what a frame says.

use std::collections::HashSet;
use std::time::Duration;

use aggregates::ids::{RoomId, UserId};
use event_log::{Position, PositionToken};
use projections::UnitName;
use projections::inbox::Stay;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::NotKnown;
use crate::realtime::Realtime;
use crate::realtime::frames;
use crate::realtime::hub::Found;
use crate::realtime::inner::Inner;
use crate::realtime::protocol::Reload;

/// Rooms that one answer names as come into; whoever was brought into more loads their list of rooms anew.
const ROOMS_ENTERED_MAX: usize = 50;

/// A frame as its channel has it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SyncedEvent {
    pub event: String,
    pub channel: String,
    pub data: Value,
}

/// What happened, up to `position`.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// In the order of the log.
    pub events: Vec<SyncedEvent>,
    /// Rooms they came into and are in; of these nothing else is told.
    pub entered: Vec<RoomId>,
    /// Rooms they are not in any more.
    pub left: Vec<RoomId>,
    pub position: Position,
    pub has_more: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Synced {
    Changes(Changes),
    /// Everything is to be loaded anew, as it is at this position or later.
    Reload {
        reason: &'static str,
        position: Position,
    },
}

impl Realtime {
    /// What happened to `user` behind `after`, at most `limit` frames or a few more. Everything that is in the log when
    /// this is asked is in it.
    pub async fn sync(&self, user: &UserId, after: Option<PositionToken>, limit: usize) -> Result<Synced, NotKnown> {
        let inner = &*self.0;
        let head = inner.log.head().await?;
        inner.views.wait_for(UnitName::Inbox, head, inner.config.view_patience).await?;
        let (stays, stored) = inner.views.inbox().memberships(user).await?;
        // A checkpoint that moves without rows is stored later: what the rows say is so up to the head, too.
        let until = stored.max(head);
        inner.told(until).await?;
        let reload = |reason: Reload| Ok(Synced::Reload { reason: reason.name(), position: until });
        let Some(after) = after else { return Ok(Synced::Reload { reason: "no-position", position: until }) };
        if after.log != inner.log.id() {
            return reload(Reload::OtherLog);
        }
        if after.position > until {
            return reload(Reload::UnknownPosition);
        }
        let found = match inner.hub.changes(user, &stays, (after.position, until), limit) {
            Ok(found) => found,
            Err(reason) => return reload(reason),
        };
        let gone = inner.views.inbox().went_out(user, after.position, found.position, ROOMS_ENTERED_MAX + 1).await?;
        let mut changes = shown(found, after.position, &stays, &gone);
        if gone.len().max(changes.entered.len() + changes.left.len()) > ROOMS_ENTERED_MAX {
            return reload(Reload::TooMuch);
        }
        inner.keep_from(user, &mut changes.events).await?;
        Ok(Synced::Changes(changes))
    }
}

impl Inner {
    /// Takes out what tells of the other one of a room of two, across a block, and of a follow or a notification who it was.
    async fn keep_from(&self, user: &UserId, events: &mut Vec<SyncedEvent>) -> Result<(), NotKnown> {
        let about = |event: &SyncedEvent| {
            let delivered = event.event == frames::MESSAGE_DELIVERED.name;
            let of = delivered.then(|| UserId::parse(event.data["userId"].as_str()?).ok()).flatten();
            of.or_else(|| frames::told_of(&event.event, &event.data))
        };
        let others: HashSet<UserId> = events.iter().filter_map(about).filter(|other| other != user).collect();
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<UserId> = others.into_iter().collect();
        let apart = self.views.inbox().apart_from(user, &others).await?;
        // What arrived is told in rooms of two alone.
        events.retain_mut(|event| {
            if !about(event).is_some_and(|other| apart.contains(&other)) {
                return true;
            }
            match frames::across(&event.event, event.data.take()) {
                Some(data) => event.data = data,
                None => return false,
            }
            true
        });
        Ok(())
    }

    async fn told(&self, position: Position) -> Result<(), NotKnown> {
        let patience: Duration = self.config.view_patience;
        let told = tokio::time::timeout(patience, self.delivered(position)).await;
        if matches!(told, Ok(Ok(()))) { Ok(()) } else { Err(NotKnown::Behind) }
    }
}

/// Read when nothing is locked any more. `gone`: the rooms they went out of meanwhile.
fn shown(found: Found, after: Position, stays: &[Stay], gone: &[(RoomId, Position)]) -> Changes {
    let events = found.frames.iter().filter_map(|frame| read(frame.as_str()));
    let events = events.filter(|event| !frames::LEGACY_NAMES.contains(&event.event.as_str())).collect();
    let mut entered: Vec<&Stay> =
        stays.iter().filter(|stay| stay.from > after && stay.from <= found.position).collect();
    entered.sort_by_key(|stay| (stay.from, stay.room_id));
    let is_in = |room: RoomId| stays.iter().any(|stay| stay.room_id == room);
    Changes {
        events,
        entered: entered.into_iter().map(|stay| stay.room_id).collect(),
        left: gone.iter().map(|(room, _)| *room).filter(|room| !is_in(*room)).collect(),
        position: found.position,
        has_more: found.has_more,
    }
}

fn read(frame: &str) -> Option<SyncedEvent> {
    let mut frame: Value = serde_json::from_str(frame).ok()?;
    let data = serde_json::from_str(frame["data"].as_str()?).ok()?;
    let mut text = |field: &str| frame[field].take().as_str().map(str::to_owned);
    Some(SyncedEvent { event: text("event")?, channel: text("channel")?, data })
}
