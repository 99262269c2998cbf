//! The inbox's questions in this engine's SQL.

use aggregates::ids::{GroupId, MessageId, RoomId, UserId};
use async_trait::async_trait;
use event_log::Position;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};
use uuid::Uuid;

use super::Schema;
use super::columns::{moment, named, number, position, postgres_error, user};
use super::inbox_rooms::{self, member, room};
use crate::inbox::{
    FollowRow, InboxReads, MemberRow, MessagePage, MessageRow, Person, RoomRow, RoomsAsk, RoomsFound, UserRow,
};
use crate::store::names::{at_most, message_kind, natural, signed};
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

    async fn one<T>(&self, query: Asked<'_>, read: fn(&PgRow) -> sqlx::Result<T>) -> Result<Option<T>, ReadError> {
        let found = query.fetch_optional(&self.schema.lender).await.map_err(failed)?;
        found.as_ref().map(read).transpose().map_err(failed)
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

const MESSAGE: &str = "position, message_id, room_id, seq, sender_id, kind, content, attachment_url,
    attachment_type, reply_to, client_message_id, created_at";

fn message(row: &PgRow) -> sqlx::Result<MessageRow> {
    Ok(MessageRow {
        position: position(row, 0)?,
        id: MessageId(row.try_get(1)?),
        room_id: RoomId(row.try_get(2)?),
        seq: number(row, 3)?,
        sender_id: user(row, 4)?,
        kind: named(row, 5, message_kind)?,
        content: row.try_get(6)?,
        attachment_url: row.try_get(7)?,
        attachment_type: row.try_get(8)?,
        reply_to: row.try_get::<Option<Uuid>, _>(9)?.map(MessageId),
        client_message_id: row.try_get(10)?,
        created_at: moment(row, 11)?,
    })
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
        let query = sqlx::query(&sql)
            .bind(user.as_str())
            .bind(ask.after.map(|cursor| signed(cursor.last_position.0)))
            .bind(ask.after.map(|cursor| cursor.room_id.0))
            .bind(searched(ask.search))
            .bind(at_most(ask.limit))
            .bind(at_most(ask.members_each));
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

    async fn memberships(&self, user: &UserId) -> Result<(Vec<RoomId>, Position), ReadError> {
        // One statement is one snapshot.
        let sql = format!(
            "SELECT checkpoint, array(SELECT room_id FROM {0}.members
             WHERE user_id = $1 AND to_position IS NULL ORDER BY room_id) FROM {0}.unit",
            self.schema.name
        );
        let read = |row: &PgRow| Ok((position(row, 0)?, row.try_get::<Vec<Uuid>, _>(1)?));
        let (checkpoint, rooms) = self.one(sqlx::query(&sql).bind(user.as_str()), read).await?.unwrap_or_default();
        Ok((rooms.into_iter().map(RoomId).collect(), checkpoint))
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

    async fn messages(&self, room: RoomId, page: MessagePage, limit: usize) -> Result<Vec<MessageRow>, ReadError> {
        let (edge, newest_first) = match page {
            MessagePage::Newest => (i64::MAX, true),
            MessagePage::Before(position) => (signed(position.0), true),
            MessagePage::After(position) => (signed(position.0), false),
        };
        let (comparison, order) = if newest_first { ("<", "DESC") } else { (">", "ASC") };
        let sql = format!(
            "SELECT {MESSAGE} FROM {}.messages WHERE room_id = $1 AND position {comparison} $2
             ORDER BY position {order} LIMIT $3",
            self.schema.name
        );
        let mut found = self.all(sqlx::query(&sql).bind(room.0).bind(edge).bind(at_most(limit)), message).await?;
        if newest_first {
            found.reverse();
        }
        Ok(found)
    }

    async fn messages_by_id(&self, ids: &[MessageId]) -> Result<Vec<MessageRow>, ReadError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let sql = format!(
            "SELECT {MESSAGE} FROM unnest($1::uuid[]) WITH ORDINALITY k (message_id, nth)
             JOIN {}.messages USING (message_id) ORDER BY nth",
            self.schema.name
        );
        self.all(sqlx::query(&sql).bind(ids), message).await
    }

    async fn message_by_seq(&self, room: RoomId, seq: u64) -> Result<Option<MessageRow>, ReadError> {
        let sql = format!("SELECT {MESSAGE} FROM {}.messages WHERE room_id = $1 AND seq = $2", self.schema.name);
        self.one(sqlx::query(&sql).bind(room.0).bind(signed(seq)), message).await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<UserRow>, ReadError> {
        let sql = format!(
            "SELECT u.user_id, u.name, u.username, u.avatar, u.email, u.role
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
