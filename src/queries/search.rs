//! Searching what was said: only where the asking one may read, and in the words as they are now.
//!
//! The inbox says which rooms somebody is in and since when they may read there; within these the search finds messages;
//! the inbox says what they are now, and what is deleted, was said otherwise since or is in a room that they left
//! meanwhile is passed over.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aggregates::Timestamp;
use aggregates::ids::{MessageId, RoomId, UserId};
use aggregates::room::HistoryFrom;
use event_log::Position;
use projections::ReadError;
use projections::inbox::{MessageRow, RoomRow, RoomsAsk};
use projections::search::{Hit, SearchAsk, SearchedRoom, Snippet, Wanted};

use super::{NoPage, Queries, cut};
use crate::wire::search::SearchResult;

/// Of more rooms only those with the latest messages are searched.
pub const SEARCHED_ROOMS_MAX: usize = 10_000;
/// Hits looked at in one round. What is found by its words and is no phrase needs further ones.
const ROUND_HITS_MAX: usize = 200;
/// The last message of a room that is searched alone may be anywhere.
const ANY_POSITION: Position = Position(u64::MAX);

/// What somebody searches for.
#[derive(Debug, Clone)]
pub struct Searched {
    pub wanted: Wanted,
    /// In this room alone.
    pub room: Option<RoomId>,
    pub sender: Option<UserId>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub has_attachment: Option<bool>,
    /// From the cursor of an earlier page.
    pub before: Option<Position>,
    pub limit: usize,
}

/// A page of what was found, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    pub results: Vec<SearchResult>,
    /// Behind the last that was looked at, when there may be more. A page may be short, and even empty, before the last.
    pub next: Option<Position>,
}

/// A message that was found, as it is now, and where in it.
type Found = (MessageRow, Snippet);

impl Queries<'_> {
    /// In about `patience`, however many rounds it takes.
    pub async fn search(&self, asking: &UserId, searched: Searched, patience: Duration) -> Result<SearchPage, NoPage> {
        let deadline = Instant::now() + patience;
        let rooms = self.searchable(asking, searched.room).await?;
        let limit = searched.limit;
        let mut ask = SearchAsk {
            rooms,
            wanted: searched.wanted,
            sender: searched.sender,
            sent_from: searched.since,
            sent_before: searched.until,
            has_attachment: searched.has_attachment,
            before: searched.before,
            limit: limit + 1,
            patience,
        };
        let (mut found, mut looked_at) = (Vec::new(), None);
        while found.len() <= limit {
            let hits = match self.views.search().search(&ask).await {
                // What was found until then, and from where to go on.
                Err(ReadError::TookTooLong { .. }) if looked_at.is_some() => break,
                hits => hits?,
            };
            found.extend(self.still_so(asking, &ask.wanted, &hits).await?);
            looked_at = hits.last().map(|hit| hit.position).filter(|_| hits.len() == ask.limit);
            if looked_at.is_none() {
                break;
            }
            (ask.before, ask.limit) = (looked_at, ROUND_HITS_MAX);
            ask.patience = deadline.saturating_duration_since(Instant::now());
        }
        let (found, more) = cut(found, limit);
        let next = if more { found.last().map(|(row, _)| row.position) } else { looked_at };
        Ok(SearchPage { results: self.results(asking, found).await?, next })
    }

    /// The rooms they are in now, as far as they may read there.
    async fn searchable(&self, asking: &UserId, room: Option<RoomId>) -> Result<Vec<SearchedRoom>, NoPage> {
        let inbox = self.views.inbox();
        if let Some(room) = room {
            let row = inbox.room(room, asking).await?.ok_or(NoPage::Room)?;
            return Ok(vec![as_far_as_read(&row, ANY_POSITION)]);
        }
        let ask = RoomsAsk { limit: SEARCHED_ROOMS_MAX, ..RoomsAsk::default() };
        let theirs = inbox.rooms_of(asking, &ask).await?;
        Ok(theirs.rooms.iter().map(|(row, place)| as_far_as_read(row, place.last_position)).collect())
    }

    /// Those of `hits` that are in the words as they are now.
    async fn still_so(&self, asking: &UserId, wanted: &Wanted, hits: &[Hit]) -> Result<Vec<Found>, ReadError> {
        let ids: Vec<MessageId> = hits.iter().map(|hit| hit.message_id).collect();
        let rows = self.views.inbox().messages_by_id(&ids, asking).await?;
        let mut rows: HashMap<MessageId, MessageRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let found = |hit: &Hit| {
            let row = rows
                .remove(&hit.message_id)
                .filter(|row| row.position == hit.position && row.room_id == hit.room_id)?;
            let places = wanted.found_in(&row.content)?;
            let snippet = Snippet::of(&row.content, &places);
            Some((row, snippet))
        };
        Ok(hits.iter().filter_map(found).collect())
    }

    /// As the asking one sees them; in the order they came.
    async fn results(&self, asking: &UserId, found: Vec<Found>) -> Result<Vec<SearchResult>, ReadError> {
        let order: Vec<MessageId> = found.iter().map(|(row, _)| row.id).collect();
        let mut by_room: HashMap<RoomId, Vec<MessageRow>> = HashMap::new();
        let mut snippets = HashMap::new();
        for (row, snippet) in found {
            snippets.insert(row.id, snippet);
            by_room.entry(row.room_id).or_default().push(row);
        }
        let mut results = HashMap::new();
        for (id, rows) in by_room {
            // They may have left since they were asked about.
            let Some(room) = self.views.inbox().room(id, asking).await? else { continue };
            for message in self.shown(&room, asking, rows).await? {
                let Some(snippet) = snippets.remove(&message.id) else { continue };
                let result = SearchResult { room: (&room).into(), snippet: snippet.into(), message };
                results.insert(result.message.id, result);
            }
        }
        Ok(order.iter().filter_map(|id| results.remove(id)).collect())
    }
}

fn as_far_as_read(row: &RoomRow, last_position: Position) -> SearchedRoom {
    let after_seq = match row.history_from {
        HistoryFrom::Start => 0,
        HistoryFrom::Join => row.join_seq,
    };
    SearchedRoom { room_id: row.id, after_seq, last_position }
}
