//! Which events touched a row that differs: the log read once more, with the same pure `project()`.

use std::collections::HashMap;

use aggregates::DomainEvent;
use aggregates::ids::{RoomId, UserId};
use aggregates::notification::NotificationEvent;
use event_log::{Position, RecordedEvent, SharedLog};
use serde_json::Value;

use super::{Difference, TOUCHING_MAX, Touching};
use crate::feed::SubscriptionRow;
use crate::feed::deliveries::DeliveryChange;
use crate::feed::project::FeedChange;
use crate::inbox::changes::{InboxChange, Reaction, Relation};
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
    /// What somebody was told, here and elsewhere, from before a position.
    Gone(UserId, Position),
    /// Rows with words of somebody, from before a position.
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
    let rows = Rows::of(differences);
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
#[derive(Default)]
struct Rows {
    keyed: HashMap<(&'static str, String), Vec<usize>>,
    notifications: HashMap<String, Vec<(usize, u64)>>,
    /// The same of deliveries.
    deliveries: HashMap<String, Vec<(usize, u64)>>,
    /// Rows with words by whose they are, each with where they are in the log.
    words: HashMap<String, Vec<(usize, u64)>>,
}

/// Columns that say whose words a row has, and where they are.
const WORDS: [(&str, &str); 10] = [
    ("sender_id", "position"),
    ("forwarded_author_id", "position"),
    ("author_id", "worded"),
    ("named_by", "named_position"),
    ("pictured_by", "pictured_position"),
    ("last_words_by", "last_words_position"),
    ("reporter_id", "position"),
    ("about_id", "position"),
    ("about_id", "resolved_position"),
    ("resolved_by", "resolved_position"),
];

impl Rows {
    fn of(differences: &[Difference]) -> Self {
        let mut rows = Self::default();
        for (index, difference) in differences.iter().enumerate() {
            // Under every beginning of the key: who leaves a room is known, not since when they were in.
            let ends = difference.key.match_indices('/').map(|(end, _)| end).chain([difference.key.len()]);
            for end in ends {
                let key = (difference.table, difference.key[..end].to_owned());
                rows.keyed.entry(key).or_default().push(index);
            }
            for json in [&difference.live, &difference.rebuilt].into_iter().flatten() {
                let row: Value = serde_json::from_str(json).unwrap_or_default();
                if let (Some(room), Some(seq)) = (row["room_id"].as_str(), row["seq"].as_u64()) {
                    rows.keyed.entry((difference.table, placed(room, seq))).or_default().push(index);
                }
                rows.add(index, difference.table, &row);
            }
        }
        rows
    }

    fn add(&mut self, index: usize, table: &str, row: &Value) {
        if let (Some(recipient), Some(raised)) = (row["recipient_id"].as_str(), row["position"].as_u64()) {
            let told = if table == "deliveries" { &mut self.deliveries } else { &mut self.notifications };
            told.entry(recipient.to_owned()).or_default().push((index, raised));
        }
        for (owner, place) in WORDS {
            if let (Some(owner), Some(said)) = (row[owner].as_str(), row[place].as_u64()) {
                self.words.entry(owner.to_owned()).or_default().push((index, said));
            }
        }
    }

    fn touched_by(&self, touch: &Touch) -> Vec<usize> {
        match touch {
            Touch::Keyed(table, key) => self.keyed.get(&(*table, key.clone())).cloned().unwrap_or_default(),
            Touch::Swept(recipient, up_to) => {
                let theirs = self.notifications.get(recipient.as_str()).into_iter().flatten();
                theirs.filter(|(_, raised)| *raised <= up_to.0).map(|(index, _)| *index).collect()
            }
            Touch::Gone(recipient, before) => {
                let told = [&self.notifications, &self.deliveries];
                let theirs = told.into_iter().filter_map(|rows| rows.get(recipient.as_str())).flatten();
                theirs.filter(|(_, raised)| *raised < before.0).map(|(index, _)| *index).collect()
            }
            Touch::Blanked(user, before) => {
                let theirs = self.words.get(user.as_str()).into_iter().flatten();
                theirs.filter(|(_, said)| *said < before.0).map(|(index, _)| *index).collect()
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
    let at = |position: Position| format!("{:020}", position.0);
    let of_message = |table, room: &RoomId, seq: u64| Touch::Keyed(table, format!("{room}/{seq:020}"));
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
        InboxChange::Describe(described) => vec![room(&described.room_id)],
        InboxChange::SetRule { room_id, .. } => vec![room(room_id)],
        InboxChange::AddMessage(row) => vec![Touch::Keyed("messages", at(row.position))],
        InboxChange::ShowLast(last) => vec![room(&last.room_id)],
        InboxChange::Mention(mentioned) => vec![of_message("mentions", &mentioned.room_id, mentioned.seq)],
        InboxChange::Edit(edited) => {
            let (id, seq) = (&edited.mentioned.room_id, edited.mentioned.seq);
            vec![Touch::Keyed("message_edits", at(edited.position)), of_message("mentions", id, seq), room(id)]
        }
        InboxChange::Delete(deleted) => {
            let of = |table| of_message(table, &deleted.room_id, deleted.seq);
            vec![of("tombstones"), of("mentions"), of("pins"), room(&deleted.room_id)]
        }
        InboxChange::React(Reaction { room_id, seq, emoji, user_id, .. }) => {
            let counted = format!("{room_id}/{seq:020}/{emoji}");
            let one = Touch::Keyed("reactions", format!("{counted}/{user_id}"));
            vec![one, Touch::Keyed("reaction_counts", counted)]
        }
        InboxChange::Pin(pinned) => vec![of_message("pins", &pinned.room_id, pinned.seq)],
        InboxChange::MoveReader { room_id, user_id, .. }
        | InboxChange::TurnReaderBack { room_id, user_id, .. }
        | InboxChange::Deliver { room_id, user_id, .. }
        | InboxChange::Arrange { room_id, user_id, .. } => vec![in_room("participants", room_id, user_id)],
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
        InboxChange::FileReport(filed) => vec![Touch::Keyed("reports", filed.id.to_string())],
        InboxChange::ResolveReport(resolved) => vec![Touch::Keyed("reports", resolved.id.to_string())],
    }
}

fn directed(table: &'static str, relation: &Relation) -> Touch {
    Touch::Keyed(table, format!("{}/{}", relation.from, relation.to))
}

fn in_feed(change: &FeedChange) -> Vec<Touch> {
    let row = |id: &dyn std::fmt::Display| Touch::Keyed("notifications", id.to_string());
    match change {
        FeedChange::Raise(raised) => vec![row(&raised.id), Touch::Keyed("deliveries", raised.id.to_string())],
        FeedChange::Deliver(DeliveryChange { id, channel, .. }) => {
            vec![Touch::Keyed("deliveries", format!("{id}/{channel}"))]
        }
        FeedChange::MarkRead { id, .. }
        | FeedChange::MarkUnread { id }
        | FeedChange::Click { id, .. }
        | FeedChange::Archive { id, .. }
        | FeedChange::Delete { id } => vec![row(id)],
        FeedChange::MarkAllRead { user_id, up_to, .. } => {
            vec![Touch::Swept(user_id.clone(), *up_to), Touch::Keyed("feeds", user_id.to_string())]
        }
        FeedChange::Settle(settled) => vec![Touch::Keyed("preferences", settled.user_id.to_string())],
        FeedChange::Subscribe(SubscriptionRow { user_id, topic, .. })
        | FeedChange::Unsubscribe { user_id, topic, .. } => {
            let key = format!("{user_id}/{}/{}", topic.kind.name(), topic.target_id);
            vec![Touch::Keyed("subscriptions", key)]
        }
        FeedChange::Erase { user_id, position } => {
            let keyed = |table| Touch::Keyed(table, user_id.to_string());
            let told = Touch::Gone(user_id.clone(), *position);
            ["preferences", "subscriptions", "feeds"].map(keyed).into_iter().chain([told]).collect()
        }
    }
}

fn recipient(event: &NotificationEvent) -> &UserId {
    match event {
        NotificationEvent::NotificationRaised(event) => &event.recipient_id,
        NotificationEvent::DeliveryDecided(event) => &event.recipient_id,
        NotificationEvent::AttemptStarted(event) => &event.recipient_id,
        NotificationEvent::AttemptEnded(event) => &event.recipient_id,
        NotificationEvent::NotificationRead(event)
        | NotificationEvent::NotificationUnread(event)
        | NotificationEvent::NotificationClicked(event)
        | NotificationEvent::NotificationArchived(event)
        | NotificationEvent::NotificationUnarchived(event)
        | NotificationEvent::NotificationDeleted(event) => &event.recipient_id,
    }
}
