//! Who is here, for whoever may know it (requirements R4).
//!
//! Those who share a room with somebody, and those of whom one follows the other; never across a block. Who hides is
//! offline to everybody but themselves.

use std::collections::HashSet;

use aggregates::ids::{RoomId, UserId};
use projections::ReadError;

use super::Queries;
use crate::realtime::Presence;
use crate::wire::{Participant, Room};

impl Queries<'_> {
    /// Fills in who of the participants is here. Those of one room know it of each other, but not across a block: there
    /// the times they read at, which are presence by another name, are taken out as well.
    pub async fn with_presence(&self, rooms: &mut [Room], asking: &UserId) -> Result<(), ReadError> {
        let participants = rooms.iter().flat_map(|room| &room.participants);
        let users: HashSet<&UserId> = participants.map(|participant| &participant.user_id).collect();
        let users: Vec<UserId> = users.into_iter().cloned().collect();
        if users.is_empty() {
            return Ok(());
        }
        let apart = self.apart(asking, &users).await?;
        let participants: Vec<&mut Participant> = rooms.iter_mut().flat_map(|room| &mut room.participants).collect();
        self.show_presence(participants, &users, &apart).await;
        Ok(())
    }

    /// The same of some who are in one room: `users` are all of them, `apart` those across a block.
    pub(super) async fn show_presence(
        &self,
        participants: Vec<&mut Participant>,
        users: &[UserId],
        apart: &HashSet<UserId>,
    ) {
        let shown = self.realtime.presence_of(users).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "participants are shown without who is here");
            Default::default()
        });
        for participant in participants {
            if apart.contains(&participant.user_id) {
                participant.keep_places();
            } else if let Some(presence) = shown.get(&participant.user_id) {
                participant.user.is_online = presence.is_online;
                participant.user.last_seen_at = presence.last_seen_at;
            }
        }
    }

    /// Those of `others` between whom and `asking` there is a block.
    pub(super) async fn apart(&self, asking: &UserId, others: &[UserId]) -> Result<HashSet<UserId>, ReadError> {
        Ok(self.views.inbox().apart_from(asking, others).await?.into_iter().collect())
    }

    /// Who types in a room, but for those who are apart from `asking`.
    pub async fn typers(&self, room: RoomId, asking: &UserId) -> Result<Vec<UserId>, ReadError> {
        let mut typers = self.realtime.typing_users(room);
        if !typers.is_empty() {
            let apart = self.apart(asking, &typers).await?;
            typers.retain(|typer| !apart.contains(typer));
        }
        Ok(typers)
    }

    /// Nothing is known of somebody whom `asking` is not acquainted with.
    pub(super) async fn presence(&self, about: &UserId, asking: &UserId) -> Result<Presence, ReadError> {
        let about = std::slice::from_ref(about);
        let acquainted = about.contains(asking) || !self.views.inbox().acquainted_with(asking, about).await?.is_empty();
        if !acquainted {
            return Ok(Presence::default());
        }
        let shown = self.realtime.presence_of(about).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "somebody is shown without when they were here");
            Default::default()
        });
        Ok(shown.into_values().next().unwrap_or_default())
    }
}
