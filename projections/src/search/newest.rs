//! The newest hits of many rooms, without looking into all of them.
//!
//! Rooms come with the latest message first: as soon as there are enough hits that are newer than anything the next room
//! can have, none of the rest can add to them. Never in here: how a room is searched.

use super::reads::{SearchAsk, SearchedRoom};
use super::rows::Hit;

pub(crate) struct Newest {
    limit: usize,
    /// Newest first.
    hits: Vec<Hit>,
}

impl Newest {
    pub(crate) fn of(ask: &SearchAsk) -> Self {
        Self { limit: ask.limit, hits: Vec::new() }
    }

    /// Those of a room, in any order.
    pub(crate) fn take(&mut self, hits: impl IntoIterator<Item = Hit>) {
        self.hits.extend(hits);
        self.hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.position));
        self.hits.truncate(self.limit);
    }

    /// Whether neither `next` nor a room behind it can have anything that belongs here.
    pub(crate) fn is_settled(&self, next: &SearchedRoom) -> bool {
        let full = self.hits.len() >= self.limit;
        full && self.hits.last().is_none_or(|oldest| oldest.position >= next.last_position)
    }

    pub(crate) fn hits(self) -> Vec<Hit> {
        self.hits
    }
}

/// The rooms of a question in the order in which they are looked into.
pub(crate) fn latest_first(ask: &SearchAsk) -> Vec<SearchedRoom> {
    let mut rooms = ask.rooms.clone();
    rooms.sort_unstable_by_key(|room| (std::cmp::Reverse(room.last_position), room.room_id));
    rooms
}
