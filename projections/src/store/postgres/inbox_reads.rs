//! The inbox's questions in this engine's SQL.

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use aggregates::room::RoomKind;
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row, ValueRef};
use uuid::Uuid;

use super::Schema;
use super::columns::{maybe_moment, maybe_user, moment, named, nonsense, number, position, postgres_error, user};
use super::inbox_messages::{self, SHOWN_COLUMNS, Way, message};
use super::inbox_rooms::{self, member, room};
use crate::inbox::batch::EVERYBODY;
use crate::inbox::{
    Archived, FollowRow, InboxReads, MemberRow, MessagePage, MessageRow, MessagesFound, Mute, MutedRoom, Person,
    ReadBy, RoomNature, RoomRow, RoomsAsk, RoomsFound, Stay, SupportRow, UserRow, VersionRow,
};
use crate::store::names::{self, at_most, natural, signed};
use crate::text::searched;
use crate::views::{ReadError, UnitName};

pub(super) struct PostgresInboxReads {
    pub(super) schema: Schema,
}

fn failed(error: sqlx::Error) -> ReadError {
    postgres_error(error).of(UnitName::Inbox)
}

type Asked<'q> = Query<'q, Postgres, PgArguments>;

impl PostgresInboxReads {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema }
    }

    pub(super) async fn all<T>(
        &self,
        query: Asked<'_>,
        read: fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Vec<T>, ReadError> {
        let found = query.fetch_all(&self.schema.lender).await.map_err(failed)?;
        found.iter().map(read).collect::<sqlx::Result<_>>().map_err(failed)
    }

    pub(super) async fn one<T>(
        &self,
        query: Asked<'_>,
        read: fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Option<T>, ReadError> {
        let found = query.fetch_optional(&self.schema.lender).await.map_err(failed)?;
        found.as_ref().map(read).transpose().map_err(failed)
    }

    /// Of a question that has a row also when there is nothing to tell; without a row, whoever asks is told nothing.
    async fn maybe_all<T>(
        &self,
        query: Asked<'_>,
        read: fn(&PgRow) -> sqlx::Result<T>,
    ) -> Result<Option<Vec<T>>, ReadError> {
        let rows = query.fetch_all(&self.schema.lender).await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let told = |row: &&PgRow| !row.try_get_raw(0).is_ok_and(|value| value.is_null());
        let found = rows.iter().filter(told).map(read).collect::<sqlx::Result<_>>();
        found.map(Some).map_err(failed)
    }

    /// If `asking` may read it.
    async fn message(&self, id: MessageId, asking: &UserId) -> Result<Option<MessageRow>, ReadError> {
        Ok(self.messages_by_id(&[id], asking).await?.pop())
    }

    async fn page(
        &self,
        room: RoomId,
        asking: &UserId,
        page: MessagePage,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        let (edge, way) = match page {
            MessagePage::Newest => (i64::MAX, Way::Back),
            MessagePage::Before(position) => (signed(position.0), Way::Back),
            MessagePage::After(position) => (signed(position.0), Way::On),
            MessagePage::Unread => {
                let sql = inbox_messages::first_unread(&self.schema.name);
                let query = sqlx::query(&sql).bind(asking.as_str()).bind(room.0);
                let first = self.one(query, |row| row.try_get::<Option<i64>, _>(0)).await?.flatten();
                first.map_or((i64::MAX, Way::Back), |first| (first - 1, Way::On))
            }
            MessagePage::Around(id) => {
                let found = self.message(id, asking).await?.filter(|row| row.room_id == room);
                let Some(middle) = found.map(|row| signed(row.position.0)) else { return Ok(None) };
                let before = self.stretch(room, asking, (middle, Way::Back), limit / 2).await?;
                let on = self.stretch(room, asking, (middle - 1, Way::On), limit - limit / 2).await?;
                let (Some((mut messages, floor, _)), Some((behind, _, last_seq))) = (before, on) else {
                    return Ok(None);
                };
                messages.extend(behind);
                return Ok(Some(MessagesFound::between(messages, floor, last_seq)));
            }
        };
        let found = self.stretch(room, asking, (edge, way), limit).await?;
        Ok(found.map(|(messages, floor, last_seq)| MessagesFound::between(messages, floor, last_seq)))
    }

    /// Messages, up to which seq nothing can be read, and the last seq. `None` for whoever is not in the room.
    async fn stretch(
        &self,
        room: RoomId,
        asking: &UserId,
        (edge, way): (i64, Way),
        limit: usize,
    ) -> Result<Option<(Vec<MessageRow>, u64, u64)>, ReadError> {
        let sql = inbox_messages::stretch(&self.schema.name, way);
        let query = sqlx::query(&sql).bind(asking.as_str()).bind(room.0).bind(edge).bind(at_most(limit));
        let read = |row: &PgRow| {
            let told = row.try_get::<Option<i64>, _>(0)?.is_some();
            let message = if told { Some(message(row)?) } else { None };
            Ok((message, number(row, SHOWN_COLUMNS)?, number(row, SHOWN_COLUMNS + 1)?))
        };
        let found = self.all(query, read).await?;
        let Some((_, floor, last_seq)) = found.first() else { return Ok(None) };
        let (floor, last_seq) = (*floor, *last_seq);
        Ok(Some((found.into_iter().filter_map(|(message, ..)| message).collect(), floor, last_seq)))
    }

    async fn relation(&self, table: &str, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        let sql =
            format!("SELECT EXISTS (SELECT 1 FROM {}.{table} WHERE from_id = $1 AND to_id = $2)", self.schema.name);
        let query = sqlx::query(&sql).bind(from.as_str()).bind(to.as_str());
        Ok(self.one(query, |row| row.try_get(0)).await?.unwrap_or(false))
    }

    /// Rows whose `key` is the user asked about; `other` is who is shown.
    async fn page_of_follows(
        &self,
        [key, other]: [&str; 2],
        (user, asking): (&UserId, &UserId),
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        let schema = &self.schema.name;
        let sql = format!(
            "SELECT f.{other}, f.followed_at, f.position,
             EXISTS (SELECT 1 FROM {schema}.follows o WHERE o.from_id = $2 AND o.to_id = f.{other})
             FROM {schema}.follows f WHERE f.{key} = $1 AND f.position < $3 ORDER BY f.position DESC LIMIT $4"
        );
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        let query = sqlx::query(&sql).bind(user.as_str()).bind(asking.as_str()).bind(before).bind(at_most(limit));
        self.all(query, follow).await
    }
}

fn person(row: &PgRow) -> sqlx::Result<UserRow> {
    Ok(UserRow {
        id: user(row, 0)?,
        person: Person {
            name: row.try_get(1)?,
            username: row.try_get(2)?,
            avatar: row.try_get(3)?,
            email: row.try_get(4)?,
            role: row.try_get(5)?,
            locale: row.try_get(6)?,
            time_zone: row.try_get(7)?,
        },
    })
}

fn follow(row: &PgRow) -> sqlx::Result<FollowRow> {
    Ok(FollowRow {
        user_id: user(row, 0)?,
        followed_at: moment(row, 1)?,
        position: position(row, 2)?,
        is_following: row.try_get(3)?,
    })
}

fn version(row: &PgRow) -> sqlx::Result<VersionRow> {
    Ok(VersionRow { content: row.try_get(0)?, at: moment(row, 1)? })
}

fn texts(users: &[UserId]) -> Vec<&str> {
    users.iter().map(UserId::as_str).collect()
}

#[async_trait]
impl InboxReads for PostgresInboxReads {
    async fn checkpoint(&self) -> Result<Position, ReadError> {
        let sql = format!("SELECT checkpoint FROM {}.unit", self.schema.name);
        Ok(self.one(sqlx::query(&sql), |row| position(row, 0)).await?.unwrap_or_default())
    }

    async fn rooms_of(&self, user: &UserId, ask: &RoomsAsk<'_>) -> Result<RoomsFound, ReadError> {
        let sql = inbox_rooms::list(&self.schema.name);
        let archived = match ask.archived {
            Archived::With => None,
            Archived::Only => Some(true),
            Archived::Without => Some(false),
        };
        let query = sqlx::query(&sql)
            .bind(user.as_str())
            .bind(ask.after.map(|cursor| cursor.pinned))
            .bind(ask.after.map(|cursor| signed(cursor.last_position.0)))
            .bind(ask.after.map(|cursor| cursor.room_id.0))
            .bind(searched(ask.search))
            .bind(at_most(ask.limit))
            .bind(at_most(ask.members_each))
            .bind(ask.kind.map(RoomKind::name))
            .bind(archived);
        let rows = query.fetch_all(&self.schema.lender).await.map_err(failed)?;
        inbox_rooms::listed(&rows).map_err(failed)
    }

    async fn room(&self, room_id: RoomId, user: &UserId) -> Result<Option<RoomRow>, ReadError> {
        let sql = inbox_rooms::room_of(&self.schema.name);
        let found = self.one(sqlx::query(&sql).bind(user.as_str()).bind(room_id.0), room).await?;
        Ok(found.map(|(room, _)| room))
    }

    async fn members(&self, rooms: &[RoomId], limit_each: usize) -> Result<Vec<MemberRow>, ReadError> {
        let ids: Vec<Uuid> = rooms.iter().map(|room| room.0).collect();
        let sql = inbox_rooms::members(&self.schema.name);
        self.all(sqlx::query(&sql).bind(ids).bind(at_most(limit_each)), member).await
    }

    async fn member(&self, room: RoomId, user: &UserId) -> Result<Option<MemberRow>, ReadError> {
        let sql = inbox_rooms::member_of(&self.schema.name);
        self.one(sqlx::query(&sql).bind(room.0).bind(user.as_str()), member).await
    }

    async fn memberships(&self, user: &UserId) -> Result<(Vec<Stay>, Position), ReadError> {
        // One statement is one snapshot; the checkpoint is there whether they are in a room or not.
        let sql = format!(
            "SELECT unit.checkpoint, m.room_id, m.from_position, m.join_seq FROM {0}.unit
             LEFT JOIN {0}.members m ON m.user_id = $1 AND m.to_position IS NULL ORDER BY m.room_id",
            self.schema.name
        );
        let read = |row: &PgRow| {
            let stay = match row.try_get::<Option<Uuid>, _>(1)? {
                Some(room) => Some(Stay { room_id: RoomId(room), from: position(row, 2)?, join_seq: number(row, 3)? }),
                None => None,
            };
            Ok((position(row, 0)?, stay))
        };
        let found = self.all(sqlx::query(&sql).bind(user.as_str()), read).await?;
        let checkpoint = found.first().map(|(checkpoint, _)| *checkpoint).unwrap_or_default();
        Ok((found.into_iter().filter_map(|(_, stay)| stay).collect(), checkpoint))
    }

    async fn went_out(
        &self,
        user: &UserId,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<Vec<(RoomId, Position)>, ReadError> {
        let sql = format!(
            "SELECT room_id, max(to_position) AS gone FROM {}.members
             WHERE user_id = $1 AND to_position > $2 AND to_position <= $3
             GROUP BY room_id ORDER BY gone, room_id LIMIT $4",
            self.schema.name
        );
        let query = sqlx::query(&sql).bind(user.as_str()).bind(signed(after.0)).bind(signed(until.0));
        self.all(query.bind(at_most(limit)), |row| Ok((RoomId(row.try_get(0)?), position(row, 1)?))).await
    }

    async fn room_nature(&self, room: RoomId) -> Result<Option<RoomNature>, ReadError> {
        let sql =
            format!("SELECT first_id, second_id, history_from FROM {}.rooms WHERE room_id = $1", self.schema.name);
        let read = |row: &PgRow| {
            let pair = maybe_user(row, 0)?.zip(maybe_user(row, 1)?);
            Ok(RoomNature { pair, history_from: named(row, 2, names::history_from)? })
        };
        self.one(sqlx::query(&sql).bind(room.0), read).await
    }

    async fn memberships_in(&self, user: &UserId, group: &GroupId) -> Result<Vec<RoomId>, ReadError> {
        let sql = format!(
            "SELECT m.room_id FROM {0}.members m JOIN {0}.rooms r ON r.room_id = m.room_id
             WHERE m.user_id = $1 AND m.to_position IS NULL AND r.group_id = $2 ORDER BY m.room_id",
            self.schema.name
        );
        let query = sqlx::query(&sql).bind(user.as_str()).bind(group.as_str());
        self.all(query, |row| Ok(RoomId(row.try_get(0)?))).await
    }

    async fn member_ids(&self, room: RoomId, limit: usize) -> Result<Vec<UserId>, ReadError> {
        let sql = format!(
            "SELECT user_id FROM {}.members WHERE room_id = $1 AND to_position IS NULL ORDER BY user_id LIMIT $2",
            self.schema.name
        );
        self.all(sqlx::query(&sql).bind(room.0).bind(at_most(limit)), |row| user(row, 0)).await
    }

    async fn unread_totals(&self, users: &[UserId]) -> Result<Vec<u64>, ReadError> {
        let sql = inbox_rooms::unread_totals(&self.schema.name);
        self.all(sqlx::query(&sql).bind(texts(users)), |row| Ok(natural(row.try_get(0)?))).await
    }

    async fn mutes(&self, user: &UserId) -> Result<(Vec<MutedRoom>, Position), ReadError> {
        let sql = inbox_rooms::mutes(&self.schema.name);
        let read = |row: &PgRow| {
            let room: Option<Uuid> = row.try_get(1)?;
            let mute = Mute { until: maybe_moment(row, 2)? };
            Ok((position(row, 0)?, room.map(|room| MutedRoom { room_id: RoomId(room), mute })))
        };
        let found = self.all(sqlx::query(&sql).bind(user.as_str()), read).await?;
        let checkpoint = found.first().map(|(checkpoint, _)| *checkpoint).unwrap_or_default();
        Ok((found.into_iter().filter_map(|(_, room)| room).collect(), checkpoint))
    }

    async fn members_by_id(
        &self,
        room: RoomId,
        asking: &UserId,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Option<Vec<MemberRow>>, ReadError> {
        let sql = inbox_rooms::members_by_id(&self.schema.name);
        let query = sqlx::query(&sql)
            .bind(room.0)
            .bind(asking.as_str())
            .bind(after.map_or(EVERYBODY, UserId::as_str))
            .bind(at_most(limit));
        self.maybe_all(query, member).await
    }

    async fn open_support_rooms(&self, after: Option<Position>, limit: usize) -> Result<Vec<SupportRow>, ReadError> {
        let sql = inbox_rooms::open_support_rooms(&self.schema.name);
        let before = after.map_or(i64::MAX, |position| signed(position.0));
        self.all(sqlx::query(&sql).bind(before).bind(at_most(limit)), inbox_rooms::support).await
    }

    async fn messages(
        &self,
        room: RoomId,
        asking: &UserId,
        page: MessagePage,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        self.page(room, asking, page, limit).await
    }

    async fn messages_by_id(&self, ids: &[MessageId], asking: &UserId) -> Result<Vec<MessageRow>, ReadError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = inbox_messages::by_ids(&self.schema.name);
        self.all(sqlx::query(&sql).bind(asking.as_str()).bind(ids), message).await
    }

    async fn message_by_seq(&self, room: RoomId, seq: u64, asking: &UserId) -> Result<Option<MessageRow>, ReadError> {
        let sql = inbox_messages::by_seq(&self.schema.name);
        self.one(sqlx::query(&sql).bind(asking.as_str()).bind(room.0).bind(signed(seq)), message).await
    }

    async fn replies(
        &self,
        id: MessageId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<MessagesFound>, ReadError> {
        let Some(answered) = self.message(id, asking).await? else { return Ok(None) };
        let sql = inbox_messages::replies(&self.schema.name);
        let query = sqlx::query(&sql)
            .bind(asking.as_str())
            .bind(id.0)
            .bind(after.map_or(0, |position| signed(position.0)))
            .bind(at_most(limit + 1))
            .bind(answered.room_id.0);
        Ok(Some(MessagesFound::cut(self.all(query, message).await?, after.is_some(), limit)))
    }

    async fn pins(&self, room: RoomId, asking: &UserId, limit: usize) -> Result<Option<Vec<MessageRow>>, ReadError> {
        let sql = inbox_messages::pins(&self.schema.name);
        self.maybe_all(sqlx::query(&sql).bind(asking.as_str()).bind(room.0).bind(at_most(limit)), message).await
    }

    async fn versions(
        &self,
        id: MessageId,
        asking: &UserId,
        limit: usize,
    ) -> Result<Option<Vec<VersionRow>>, ReadError> {
        let Some(now) = self.message(id, asking).await? else { return Ok(None) };
        if now.deleted.is_some() {
            return Ok(Some(Vec::new()));
        }
        let (edits, sent) = (inbox_messages::edits(&self.schema.name), inbox_messages::sent(&self.schema.name));
        let query = sqlx::query(&edits).bind(now.room_id.0).bind(signed(now.seq)).bind(at_most(limit));
        let mut versions = self.all(query, version).await?;
        if versions.len() < limit {
            versions.extend(self.one(sqlx::query(&sent).bind(id.0), version).await?);
        }
        versions.reverse();
        Ok(Some(versions))
    }

    async fn carries_upload(&self, address: &str, asking: &UserId) -> Result<bool, ReadError> {
        let sql = inbox_messages::carries_upload(&self.schema.name);
        let query = sqlx::query(&sql).bind(asking.as_str()).bind(address);
        Ok(self.one(query, |row| row.try_get(0)).await?.unwrap_or(false))
    }

    async fn read_by(&self, id: MessageId, asking: &UserId) -> Result<Option<ReadBy>, ReadError> {
        let Some(row) = self.message(id, asking).await? else { return Ok(None) };
        let sql = inbox_messages::read_by(&self.schema.name);
        let query = sqlx::query(&sql)
            .bind(row.room_id.0)
            .bind(signed(row.position.0))
            .bind(signed(row.seq))
            .bind(row.sender_id.as_str());
        let read = |row: &PgRow| Ok((number(row, 0)?, row.try_get::<Vec<String>, _>(1)?));
        let (count, users) = self.one(query, read).await?.unwrap_or_default();
        let users = users.iter().map(|user| names::user(user)).collect::<Result<_, _>>().map_err(nonsense(1));
        Ok(Some(ReadBy { count, users: users.map_err(failed)? }))
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError> {
        let sql = format!(
            "SELECT u.user_id, u.name, u.username, u.avatar, u.email, u.role, u.locale, u.time_zone
             FROM unnest($1::text[]) WITH ORDINALITY k (user_id, nth)
             JOIN {}.users u ON u.user_id = k.user_id ORDER BY k.nth",
            self.schema.name
        );
        self.all(sqlx::query(&sql).bind(texts(ids)), person).await
    }

    async fn follows(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        self.relation("follows", from, to).await
    }

    async fn blocks(&self, from: &UserId, to: &UserId) -> Result<bool, ReadError> {
        self.relation("blocks", from, to).await
    }

    async fn follow_counts(&self, user: &UserId) -> Result<(u64, u64), ReadError> {
        let sql = format!("SELECT followers, following FROM {}.follow_counts WHERE user_id = $1", self.schema.name);
        let query = sqlx::query(&sql).bind(user.as_str());
        Ok(self.one(query, |row| Ok((number(row, 0)?, number(row, 1)?))).await?.unwrap_or_default())
    }

    async fn followers(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        self.page_of_follows(["to_id", "from_id"], (user, asking), after, limit).await
    }

    async fn following(
        &self,
        user: &UserId,
        asking: &UserId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<FollowRow>, ReadError> {
        self.page_of_follows(["from_id", "to_id"], (user, asking), after, limit).await
    }
}
