//! Which events touched a row that differs: the log read once more, with the same pure `project()`.

use std::collections::HashMap;

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::notification::NotificationEvent;
use event_log::{Position, RecordedEvent, SharedLog};
use serde_json::Value;

use super::{Difference, TOUCHING_MAX, Touching};
use crate::feed::project::FeedChange;
use crate::inbox::project::{InboxChange, Relation};
use crate::projector::page_up_to;
use crate::search::project::SearchChange;
use crate::search::words::tokens;
use crate::store::StoreError;
use crate::views::UnitName;
use crate::{feed, inbox, search};

/// Events read at a time.
const PAGE_EVENTS_MAX: usize = 1_000;

/// Rows of a table that an event touches.
enum Touch {
    /// All whose key is this, or begins with it.
    Keyed(&'static str, String),
    /// The notifications of somebody, raised up to a position.
    Swept(UserId, Position),
    /// Somebody has the last word in a room, which only their erasure asks for.
    Spoken(RoomId, UserId),
    /// What somebody said, the rooms they opened, and where they have the last word, before a position.
    Blanked(UserId, Position),
}

/// Fills in who touched the rows of `differences`, up to `until`.
pub(super) async fn name_events(
    unit: UnitName,
    log: &SharedLog,
    until: Position,
    differences: &mut [Difference],
) -> Result<(), StoreError> {
    if differences.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::of(differences);
    let mut position = Position::START;
    while position < until {
        let page = page_up_to(unit, log, position, until, PAGE_EVENTS_MAX).await?;
        position = page.scanned_to;
        for recorded in &page.events {
            let mut touched: Vec<usize> =
                touches(unit, recorded).iter().flat_map(|touch| rows.touched_by(touch)).collect();
            touched.sort_unstable();
            touched.dedup();
            for index in touched {
                note(&mut differences[index], recorded);
            }
        }
    }
    Ok(())
}

fn note(difference: &mut Difference, recorded: &RecordedEvent) {
    difference.touched_by_total += 1;
    if difference.touched_by.len() == TOUCHING_MAX {
        difference.touched_by.remove(0);
    }
    difference.touched_by.push(Touching {
        position: recorded.position,
        event: recorded.event.schema().name(),
        stream: recorded.stream.to_string(),
    });
}

/// The rows that differ, as touches find them.
struct Rows {
    keyed: HashMap<(&'static str, String), Vec<usize>>,
    notifications: HashMap<String, Vec<(usize, u64)>>,
    /// Messages by who said them, rooms by who opened them, each with its position.
    words: HashMap<String, Vec<(usize, u64)>>,
    /// Who has the last word so far, in the rooms that differ.
    last_words: HashMap<usize, UserId>,
}

impl Rows {
    fn of(differences: &[Difference]) -> Self {
        let mut rows = Self {
            keyed: HashMap::new(),
            notifications: HashMap::new(),
            words: HashMap::new(),
            last_words: HashMap::new(),
        };
        for (index, difference) in differences.iter().enumerate() {
            // Under every beginning of the key: who leaves a room is known, not since when they were in.
            let ends = difference.key.match_indices('/').map(|(end, _)| end).chain([difference.key.len()]);
            for end in ends {
                let key = (difference.table, difference.key[..end].to_owned());
                rows.keyed.entry(key).or_default().push(index);
            }
            let row = difference.live.as_deref().or(difference.rebuilt.as_deref());
            let row: Value = row.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            if let (Some(recipient), Some(raised)) = (row["recipient_id"].as_str(), row["position"].as_u64()) {
                rows.notifications.entry(recipient.to_owned()).or_default().push((index, raised));
            }
            let owner = row["author_id"].as_str().or(row["sender_id"].as_str());
            if let (Some(owner), Some(said)) = (owner, row["position"].as_u64()) {
                rows.words.entry(owner.to_owned()).or_default().push((index, said));
            }
            if let (Some(room), Some(seq)) = (row["room_id"].as_str(), row["seq"].as_u64()) {
                rows.keyed.entry((difference.table, placed(room, seq))).or_default().push(index);
            }
            if let Some(opener) = row["opened_by"].as_str() {
                rows.words.entry(opener.to_owned()).or_default().push((index, 0));
            }
        }
        rows
    }

    fn touched_by(&mut self, touch: &Touch) -> Vec<usize> {
        match touch {
            Touch::Keyed(table, key) => self.keyed.get(&(*table, key.clone())).cloned().unwrap_or_default(),
            Touch::Swept(recipient, up_to) => {
                let theirs = self.notifications.get(recipient.as_str()).into_iter().flatten();
                theirs.filter(|(_, raised)| *raised <= up_to.0).map(|(index, _)| *index).collect()
            }
            Touch::Spoken(room, user) => {
                let rooms = self.keyed.get(&("rooms", room.to_string())).into_iter().flatten();
                self.last_words.extend(rooms.map(|index| (*index, user.clone())));
                Vec::new()
            }
            Touch::Blanked(user, before) => {
                let theirs = self.words.get(user.as_str()).into_iter().flatten();
                let shown = self.last_words.iter().filter(|(_, last)| *last == user).map(|(index, _)| *index);
                theirs.filter(|(_, said)| *said < before.0).map(|(index, _)| *index).chain(shown).collect()
            }
        }
    }
}

fn touches(unit: UnitName, recorded: &RecordedEvent) -> Vec<Touch> {
    match unit {
        UnitName::Inbox => inbox::project::project(recorded).iter().flat_map(in_inbox).collect(),
        UnitName::Feed => {
            let mut touches: Vec<Touch> = feed::project::project(recorded).iter().flat_map(in_feed).collect();
            // The counter of whoever's notification it is, which a change of one row does not name.
            if let DomainEvent::Notification(event) = &recorded.event {
                touches.push(Touch::Keyed("feeds", recipient(event).to_string()));
            }
            touches
        }
        UnitName::Search => search::project::project(recorded).iter().flat_map(in_search).collect(),
    }
}

/// A message by its room and number, as an edit or a deletion names it.
fn placed(room: impl std::fmt::Display, seq: u64) -> String {
    format!("{room}#{seq}")
}

fn in_search(change: &SearchChange) -> Vec<Touch> {
    let found_by = |token| Touch::Keyed("answers", token);
    match change {
        SearchChange::Add(entry) => {
            let tokens = tokens(entry.place(), entry.words.as_deref().unwrap_or_default());
            let row = Touch::Keyed("entries", format!("{:020}", entry.position.0));
            std::iter::once(row).chain(tokens.into_iter().map(found_by)).collect()
        }
        SearchChange::Reword { room_id, seq, .. } | SearchChange::Remove { room_id, seq } => {
            vec![Touch::Keyed("entries", placed(room_id, *seq))]
        }
        SearchChange::Erase { user_id, position } => vec![Touch::Blanked(user_id.clone(), *position)],
    }
}

fn in_inbox(change: &InboxChange) -> Vec<Touch> {
    let in_room = |table, room: &RoomId, user: &UserId| Touch::Keyed(table, format!("{room}/{user}"));
    let room = |room: &RoomId| Touch::Keyed("rooms", room.to_string());
    match change {
        InboxChange::OpenRoom(opened) => vec![room(&opened.room_id)],
        InboxChange::Admit(admitted) => {
            let (id, user) = (&admitted.room_id, &admitted.user_id);
            vec![room(id), in_room("members", id, user), in_room("participants", id, user)]
        }
        InboxChange::Dismiss { room_id, user_id, .. } => {
            vec![room(room_id), in_room("members", room_id, user_id), in_room("participants", room_id, user_id)]
        }
        InboxChange::SetRole { room_id, user_id, .. } => vec![room(room_id), in_room("members", room_id, user_id)],
        InboxChange::AddMessage(row) => vec![
            Touch::Keyed("messages", format!("{:020}", row.position.0)),
            Touch::Spoken(row.room_id, row.sender_id.clone()),
        ],
        InboxChange::ShowLast { room_id, .. } => vec![room(room_id)],
        InboxChange::MoveReader { room_id, user_id, .. } => vec![in_room("participants", room_id, user_id)],
        InboxChange::SetPerson { user_id, .. } => vec![Touch::Keyed("users", user_id.to_string())],
        InboxChange::Erase(erased) => vec![
            Touch::Keyed("users", erased.user_id.to_string()),
            Touch::Blanked(erased.user_id.clone(), erased.position),
        ],
        InboxChange::Follow(relation) | InboxChange::Unfollow(relation) => {
            let count = |user: &UserId| Touch::Keyed("follow_counts", user.to_string());
            vec![directed("follows", relation), count(&relation.from), count(&relation.to)]
        }
        InboxChange::Block(relation) | InboxChange::Unblock(relation) => vec![directed("blocks", relation)],
    }
}

fn directed(table: &'static str, relation: &Relation) -> Touch {
    Touch::Keyed(table, format!("{}/{}", relation.from, relation.to))
}

fn in_feed(change: &FeedChange) -> Vec<Touch> {
    let row = |id: &dyn std::fmt::Display| Touch::Keyed("notifications", id.to_string());
    match change {
        FeedChange::Raise(raised) => vec![row(&raised.id)],
        FeedChange::MarkRead { id, .. } | FeedChange::MarkUnread { id } => vec![row(id)],
        FeedChange::MarkAllRead { user_id, up_to, .. } => {
            vec![Touch::Swept(user_id.clone(), *up_to), Touch::Keyed("feeds", user_id.to_string())]
        }
    }
}

fn recipient(event: &NotificationEvent) -> &UserId {
    match event {
        NotificationEvent::NotificationRaised(event) => &event.recipient_id,
        NotificationEvent::NotificationRead(event) | NotificationEvent::NotificationUnread(event) => {
            &event.recipient_id
        }
    }
}
