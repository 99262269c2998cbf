//! People whom one event brought into a room: a `user-joined` of each to those who listen, one thing to keep.
//!
//! A command may bring 500. Kept as the frames they are, twenty such commands would fill the window.

use std::collections::HashMap;
use std::sync::Arc;

use aggregates::ids::{RoomId, UserId};
use aggregates::room::MembersAdded;
use axum::extract::ws::Utf8Bytes;
use projections::inbox::UserRow;

use super::payloads::{Passage, USER_JOINED, encode};
use crate::realtime::protocol::channel_name::room_channel;
use crate::wire::user::display_name;

/// What one of them weighs beside id and name: their places here.
const PERSON_BYTES: usize = 48;

pub(in crate::realtime) struct Joined {
    room_id: RoomId,
    by: UserId,
    position: String,
    people: Vec<(UserId, Box<str>)>,
}

impl Joined {
    /// Short frames that a client takes in one go: as many as this count as one of what it may have missed.
    pub const PEOPLE_AS_ONE: usize = 50;

    pub fn of(event: &MembersAdded, position: &str, people: &HashMap<UserId, Arc<UserRow>>) -> Self {
        let named = |id: &UserId| display_name(id, people.get(id).map(Arc::as_ref)).into();
        let ids = event.members.iter().map(|member| &member.user_id);
        Self {
            room_id: event.room_id,
            by: event.by.clone(),
            position: position.to_owned(),
            people: ids.map(|id| (id.clone(), named(id))).collect(),
        }
    }

    pub fn channel(&self) -> Arc<str> {
        room_channel(self.room_id)
    }

    /// Frames.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    pub fn bytes(&self) -> usize {
        let people = self.people.iter().map(|(id, name)| PERSON_BYTES + id.as_str().len() + name.len());
        self.position.len() + people.sum::<usize>()
    }

    /// One of each, in the order of the event.
    pub fn frames(&self, channel: &str) -> impl Iterator<Item = Utf8Bytes> {
        self.people.iter().filter_map(move |(user_id, user_name)| {
            let by = Some(&self.by).filter(|by| *by != user_id);
            let data = Passage { room_id: self.room_id, user_id, user_name, by, position: &self.position };
            Some(encode(USER_JOINED, &data)?.frame(USER_JOINED.name, channel))
        })
    }
}
