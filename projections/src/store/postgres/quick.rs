//! The steps there are most of, in one round trip: messages and reads in the inbox, raised notifications and what was decided
//! of them in the feed, messages in the search.
//!
//! What these do to a row can be said in SQL without knowing the row, so nothing is loaded: one statement claims the
//! unit's place and writes, and is a transaction of its own. Every part of it hangs on the claim: whoever lost the race
//! writes nothing. Separate from the general way (load, play out, save), which says the same at more length and is what
//! a rebuild takes; the contract tests hold one to the other.

use std::collections::BTreeMap;

use aggregates::ids::RoomId;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use sqlx::{PgConnection, Postgres};

use super::columns::postgres_error;
use super::{feed_writes, search_writes};
use crate::feed::batch::FeedBatch;
use crate::inbox::FileRow;
use crate::inbox::batch::InRoom;
use crate::inbox::changes::{InboxChange, LastShown, Mentioned, SaidMessage};
use crate::search::project::SearchChange;
use crate::search::rows::Entry;
use crate::store::names::signed;
use crate::store::{Step, StoreError, UnitChanges};

/// `None` when the step takes the general way; otherwise whether the unit stood where the step begins.
pub(super) async fn write(
    connection: &mut PgConnection,
    schema: &str,
    step: &Step,
) -> Result<Option<bool>, StoreError> {
    let claimed = match &step.changes {
        UnitChanges::Inbox(changes) => match Talk::of(changes) {
            Some(talk) => talk.write(connection, schema, step).await,
            None => return Ok(None),
        },
        UnitChanges::Feed(changes) => match FeedBatch::of_new(changes) {
            Some(batch) => return raise(connection, schema, step, &batch).await.map_err(postgres_error),
            None => return Ok(None),
        },
        UnitChanges::Search(changes) => match added(changes) {
            Some(entries) => search_writes::add(connection, schema, step, &entries).await,
            None => return Ok(None),
        },
    };
    claimed.map(Some).map_err(postgres_error)
}

/// Takes $1, $2 and $3.
pub(super) fn claim(schema: &str) -> String {
    format!(
        "claimed AS (UPDATE {schema}.unit SET checkpoint = $2
         WHERE checkpoint = $1 AND log_id = $3 AND state <> 'closed' RETURNING 1)"
    )
}

/// Messages and reads, folded to what is left of them in the end.
#[derive(Default)]
struct Talk<'a> {
    messages: Vec<&'a SaidMessage>,
    rooms: BTreeMap<RoomId, Last<'a>>,
    readers: BTreeMap<InRoom, Read>,
    mentioned: Vec<&'a Mentioned>,
}

struct Last<'a> {
    /// The highest; the rest is of the latest.
    seq: u64,
    shown: &'a LastShown,
}

struct Read {
    /// The highest, and when it was first reached.
    seq: u64,
    at: i64,
    /// Of the latest.
    position: i64,
}

impl<'a> Talk<'a> {
    fn of(changes: &'a [InboxChange]) -> Option<Self> {
        let mut talk = Self::default();
        for change in changes {
            match change {
                InboxChange::AddMessage(row) => talk.messages.push(row),
                InboxChange::ShowLast(shown) => {
                    let before = talk.rooms.get(&shown.room_id).map_or(0, |last| last.seq);
                    talk.rooms.insert(shown.room_id, Last { seq: before.max(shown.seq), shown });
                }
                InboxChange::MoveReader { room_id, user_id, seq, at, position } => {
                    let (at, position) = (at.as_millis(), signed(position.0));
                    let read = talk.readers.entry((*room_id, user_id.clone()));
                    let read = read.or_insert(Read { seq: *seq, at, position });
                    read.position = position;
                    if *seq > read.seq {
                        (read.seq, read.at) = (*seq, at);
                    }
                }
                InboxChange::Mention(mentioned) => talk.mentioned.push(mentioned),
                InboxChange::OpenRoom(_)
                | InboxChange::Describe(_)
                | InboxChange::SetRule { .. }
                | InboxChange::Admit(_)
                | InboxChange::Dismiss { .. }
                | InboxChange::SetRole { .. }
                | InboxChange::Edit(_)
                | InboxChange::Delete(_)
                | InboxChange::React(_)
                | InboxChange::Pin(_)
                | InboxChange::TurnReaderBack { .. }
                | InboxChange::Deliver { .. }
                | InboxChange::Arrange { .. }
                | InboxChange::SetPerson { .. }
                | InboxChange::Erase(_)
                | InboxChange::Follow(_)
                | InboxChange::Unfollow(_)
                | InboxChange::Block(_)
                | InboxChange::Unblock(_)
                | InboxChange::FileReport(_)
                | InboxChange::ResolveReport(_) => return None,
            }
        }
        Some(talk)
    }

    async fn write(&self, connection: &mut PgConnection, schema: &str, step: &Step) -> sqlx::Result<bool> {
        let sql = talk(schema);
        let query = sqlx::query_scalar(&sql).bind(signed(step.from.0)).bind(signed(step.to.0)).bind(step.log.0);
        let query = self.bind_mentions(self.bind_messages(self.bind_readers(self.bind_rooms(query))));
        query.fetch_one(connection).await
    }

    fn bind_rooms<'q>(&self, query: Asked<'q>) -> Asked<'q> {
        let rooms = &self.rooms;
        query
            .bind(rooms.keys().map(|room| room.0).collect::<Vec<_>>())
            .bind(rooms.values().map(|last| signed(last.seq)).collect::<Vec<_>>())
            .bind(rooms.values().map(|last| signed(last.shown.position.0)).collect::<Vec<_>>())
            .bind(rooms.values().map(|last| last.shown.at.as_millis()).collect::<Vec<_>>())
            .bind(rooms.values().map(|last| last.shown.text.clone()).collect::<Vec<_>>())
            .bind(rooms.values().map(|last| last.shown.by.to_string()).collect::<Vec<_>>())
    }

    fn bind_readers<'q>(&self, query: Asked<'q>) -> Asked<'q> {
        let readers = &self.readers;
        query
            .bind(readers.keys().map(|(room, _)| room.0).collect::<Vec<_>>())
            .bind(readers.keys().map(|(_, user)| user.to_string()).collect::<Vec<_>>())
            .bind(readers.values().map(|read| signed(read.seq)).collect::<Vec<_>>())
            .bind(readers.values().map(|read| read.at).collect::<Vec<_>>())
            .bind(readers.values().map(|read| read.position).collect::<Vec<_>>())
    }

    fn bind_messages<'q>(&self, query: Asked<'q>) -> Asked<'q> {
        let messages = &self.messages;
        let forwarded = || messages.iter().map(|row| row.forwarded.as_ref());
        query
            .bind(messages.iter().map(|row| signed(row.position.0)).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.id.0).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.room_id.0).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| signed(row.seq)).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.sender_id.to_string()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.kind.name()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.content.clone()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.attachment_url.clone()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.attachment_type.clone()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.reply_to.map(|id| id.0)).collect::<Vec<_>>())
            .bind(forwarded().map(|from| from.map(|from| from.room_id.0)).collect::<Vec<_>>())
            .bind(forwarded().map(|from| from.map(|from| from.message_id.0)).collect::<Vec<_>>())
            .bind(forwarded().map(|from| from.map(|from| from.author_id.to_string())).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.client_message_id.clone()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.created_at.as_millis()).collect::<Vec<_>>())
            .bind(messages.iter().map(|row| row.attached_file.as_ref().map(FileRow::column)).collect::<Vec<_>>())
    }

    fn bind_mentions<'q>(&self, query: Asked<'q>) -> Asked<'q> {
        let named: Vec<(&Mentioned, &str)> =
            self.mentioned.iter().flat_map(|of| of.names().map(move |name| (*of, name))).collect();
        query
            .bind(named.iter().map(|(of, _)| of.room_id.0).collect::<Vec<_>>())
            .bind(named.iter().map(|(of, _)| signed(of.seq)).collect::<Vec<_>>())
            .bind(named.iter().map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>())
            .bind(named.iter().map(|(of, _)| of.sender_id.to_string()).collect::<Vec<_>>())
    }
}

type Asked<'q> = QueryScalar<'q, Postgres, bool, PgArguments>;

/// Readers move as [`crate::inbox::batch::InboxBatch`] moves them. Whether they are in is a look-up for each: `EXISTS`
/// would let the planner hash all members of all rooms instead, and without statistics it does.
fn talk(schema: &str) -> String {
    format!(
        "WITH {claim},
         shown AS (UPDATE {schema}.rooms r SET last_seq = greatest(r.last_seq, k.seq), last_position = k.position,
             last_message_at = k.at, last_message = k.words, last_words_by = k.words_by,
             last_words_position = k.position, last_deleted = false, updated_at = k.at
             FROM claimed, unnest($4::uuid[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
                 k (room_id, seq, position, at, words, words_by)
             WHERE r.room_id = k.room_id),
         moved AS (INSERT INTO {schema}.participants AS p
             (room_id, user_id, read_seq, seen_seq, last_read_at, active_position, delivered_seq, muted, pinned)
             SELECT k.room_id, k.user_id, k.seq, k.seq, CASE WHEN k.seq > 0 THEN k.at END,
                 coalesce((SELECT k.position FROM {schema}.members m WHERE m.user_id = k.user_id
                     AND m.room_id = k.room_id AND m.to_position IS NULL LIMIT 1), -1),
                 0, false, false
             FROM claimed, unnest($10::uuid[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[])
                 k (room_id, user_id, seq, at, position)
             ON CONFLICT (room_id, user_id) DO UPDATE SET read_seq = greatest(p.read_seq, excluded.read_seq),
             seen_seq = greatest(p.seen_seq, excluded.seen_seq),
             last_read_at = CASE WHEN excluded.seen_seq > p.seen_seq THEN excluded.last_read_at
                 ELSE p.last_read_at END,
             active_position = excluded.active_position),
         added AS (INSERT INTO {schema}.messages (position, message_id, room_id, seq, sender_id, kind, content,
             attachment_url, attachment_type, reply_to, forwarded_room_id, forwarded_message_id, forwarded_author_id,
             client_message_id, created_at, attached_file)
             SELECT k.* FROM claimed, unnest($15::bigint[], $16::uuid[], $17::uuid[], $18::bigint[], $19::text[],
             $20::text[], $21::text[], $22::text[], $23::text[], $24::uuid[], $25::uuid[], $26::uuid[], $27::text[],
             $28::text[], $29::bigint[], $30::text[]) k
             ON CONFLICT DO NOTHING),
         named AS (INSERT INTO {schema}.mentions (room_id, seq, user_id, sender_id)
             SELECT k.* FROM claimed, unnest($31::uuid[], $32::bigint[], $33::text[], $34::text[]) k
             ON CONFLICT DO NOTHING)
         SELECT EXISTS (SELECT FROM claimed)",
        claim = claim(schema)
    )
}

fn added(changes: &[SearchChange]) -> Option<Vec<&Entry>> {
    changes
        .iter()
        .map(|change| match change {
            SearchChange::Add(entry) => Some(entry),
            SearchChange::Reword { .. } | SearchChange::Remove { .. } | SearchChange::Erase { .. } => None,
        })
        .collect()
}

/// `None` when one of them is there already: what it was goes, and how it counted. And when the unit is elsewhere, which the
/// general way finds out.
async fn raise(
    connection: &mut PgConnection,
    schema: &str,
    step: &Step,
    batch: &FeedBatch,
) -> sqlx::Result<Option<bool>> {
    let (first, deliveries) = (4, 4 + feed_writes::WIDTH);
    let counts = deliveries + feed_writes::DELIVERY_WIDTH;
    let sql = format!(
        "WITH claimed AS (UPDATE {schema}.unit SET checkpoint = $2
             WHERE checkpoint = $1 AND log_id = $3 AND state <> 'closed'
             AND NOT EXISTS (SELECT FROM {schema}.notifications WHERE notification_id = ANY(${first})) RETURNING 1),
         raised AS (INSERT INTO {schema}.notifications ({columns}) SELECT k.* FROM claimed, {notifications} k),
         told AS (INSERT INTO {schema}.deliveries ({delivery_columns}) SELECT k.* FROM claimed, {deliveries} k),
         counted AS (INSERT INTO {schema}.feeds AS f (recipient_id, unread)
             SELECT k.* FROM claimed, unnest(${counts}::text[], ${more}::bigint[]) k
             ON CONFLICT (recipient_id) DO UPDATE SET unread = f.unread + excluded.unread)
         SELECT EXISTS (SELECT FROM claimed)",
        columns = feed_writes::COLUMNS,
        notifications = feed_writes::notification_arrays(first),
        delivery_columns = feed_writes::DELIVERY_COLUMNS,
        deliveries = feed_writes::delivery_arrays(deliveries),
        more = counts + 1,
    );
    let mut values = PgArguments::default();
    for place in [signed(step.from.0), signed(step.to.0)] {
        feed_writes::add(&mut values, place)?;
    }
    feed_writes::add(&mut values, step.log.0)?;
    feed_writes::bind_notifications(&mut values, batch)?;
    feed_writes::bind_deliveries(&mut values, batch)?;
    feed_writes::add(&mut values, batch.unread.changed().map(|(user, _)| user.as_str()).collect::<Vec<_>>())?;
    feed_writes::add(&mut values, batch.unread.changed().map(|(_, unread)| signed(*unread)).collect::<Vec<_>>())?;
    let claimed: bool = sqlx::query_scalar_with(&sql, values).fetch_one(connection).await?;
    Ok(claimed.then_some(true))
}
