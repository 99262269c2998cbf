//! The words of the erased, taken out of what is found.

use std::collections::BTreeMap;

use aggregates::ids::UserId;
use event_log::Position;
use sqlx::PgConnection;

use super::columns::{position, user};
use crate::search::words::of_owner;
use crate::store::names::{at_most, signed};

/// Places of somebody's messages in memory at a time; those that come next are looked for anew.
const PLACES_MAX: usize = 100_000;

/// Whether messages can be found by whose words they are. Filling does without.
pub(super) async fn has_index(connection: &mut PgConnection, schema: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(format!("{schema}.entries_terms"))
        .fetch_one(connection)
        .await
}

/// For when filling is done.
pub(super) async fn note_unless_indexed(
    connection: &mut PgConnection,
    schema: &str,
    erased: &BTreeMap<UserId, Position>,
) -> sqlx::Result<()> {
    if erased.is_empty() || has_index(connection, schema).await? {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO {schema}.erased SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (user_id) DO UPDATE SET position = excluded.position"
    );
    sqlx::query(&sql)
        .bind(erased.keys().map(UserId::as_str).collect::<Vec<_>>())
        .bind(erased.values().map(|position| signed(position.0)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Those whom filling noted, to be walked through.
pub(super) async fn noted(connection: &mut PgConnection, schema: &str) -> sqlx::Result<Vec<(UserId, Position)>> {
    let rows = sqlx::query(&format!("SELECT user_id, position FROM {schema}.erased")).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((user(row, 0)?, position(row, 1)?))).collect()
}

/// Behind their walk.
pub(super) async fn forget_noted(connection: &mut PgConnection, schema: &str, user: &UserId) -> sqlx::Result<()> {
    let sql = format!("DELETE FROM {schema}.erased WHERE user_id = $1");
    sqlx::query(&sql).bind(user.as_str()).execute(connection).await?;
    Ok(())
}

/// The way through everything somebody said.
pub(super) struct Walk<'a> {
    schema: &'a str,
    user: UserId,
    up_to: Position,
    /// What is still to be blanked of what was found, and whether there may be more behind it.
    places: Vec<i64>,
    more: bool,
}

impl<'a> Walk<'a> {
    /// Their words up to `up_to`; what was said behind it is left alone, however late this comes.
    pub(super) fn of(schema: &'a str, user: UserId, up_to: Position) -> Self {
        Self { schema, user, up_to, places: Vec::new(), more: true }
    }

    /// Blanks up to `rows_max` messages, in a transaction of its own. `false`: that was the last of them.
    pub(super) async fn on(&mut self, connection: &mut PgConnection, rows_max: usize) -> sqlx::Result<bool> {
        if self.places.is_empty() && self.more {
            self.places = self.look(connection).await?;
            self.more = self.places.len() == PLACES_MAX;
        }
        let rest = self.places.split_off(self.places.len().min(rows_max));
        let places = std::mem::replace(&mut self.places, rest);
        if !places.is_empty() {
            let sql = format!(
                "UPDATE {}.entries e SET tokens = '' FROM unnest($1::bigint[]) k (place) WHERE e.position = k.place",
                self.schema
            );
            sqlx::query(&sql).bind(places).execute(connection).await?;
        }
        Ok(self.more || !self.places.is_empty())
    }

    /// Those that are blank have no tokens, and are not found again.
    async fn look(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
        let sql = format!(
            "WITH theirs AS MATERIALIZED (SELECT position, sender_id, author_id, worded FROM {}.entries
                 WHERE tokens @@ $1::tsquery)
             SELECT position FROM theirs WHERE coalesce(author_id, sender_id) = $2 AND worded < $3 LIMIT $4",
            self.schema
        );
        sqlx::query_scalar(&sql)
            .bind(format!("'{}'", of_owner(&self.user)))
            .bind(self.user.as_str())
            .bind(signed(self.up_to.0))
            .bind(at_most(PLACES_MAX))
            .fetch_all(connection)
            .await
    }
}
