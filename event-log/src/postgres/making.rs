//! A new log's tables, filled from rows in one transaction.
//!
//! A table of its own says that it was begun; it goes with the transaction that finishes. As long as it is there,
//! [`super::PostgresLog`] refuses to open, and a restore begins anew.

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{MIGRATIONS, unavailable};
use crate::port::EventLogError;
use crate::position::LogId;
use crate::raw::{MakeError, MakingLog, RawEvent, Reactors};

/// One restore of a database at a time.
const LOCK: i64 = 4_954_371_190_118_802;

/// See [`crate::raw::make`].
pub struct PostgresMaking {
    connection: PgConnection,
}

/// Refuses a place where a restore was begun and not finished.
pub(super) async fn require_finished(connection: &mut PgConnection) -> Result<(), EventLogError> {
    if there(connection, "kabar_restore_unfinished").await? {
        return Err(EventLogError::Corrupt(
            "a restore into this database was begun and not finished: run `replay restore` again".to_owned(),
        ));
    }
    Ok(())
}

async fn there(connection: &mut PgConnection, table: &str) -> Result<bool, EventLogError> {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(connection)
        .await
        .map_err(unavailable)
}

impl PostgresMaking {
    pub(crate) async fn begin(url: &str) -> Result<Self, MakeError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let options = options.application_name("kabar-replay");
        let mut connection = PgConnection::connect_with(&options).await.map_err(unavailable)?;
        let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut connection)
            .await
            .map_err(unavailable)?;
        if !alone {
            return Err(MakeError::NotEmpty("another restore is writing to this database".to_owned()));
        }
        if !there(&mut connection, "kabar_restore_unfinished").await? {
            for table in ["log_identity", "events"] {
                if there(&mut connection, table).await? {
                    return Err(MakeError::NotEmpty(format!("the database has a table {table} already")));
                }
            }
            let begin = "CREATE TABLE kabar_restore_unfinished (since timestamptz NOT NULL DEFAULT now())";
            connection.execute(begin).await.map_err(unavailable)?;
        }
        MIGRATIONS.run(&mut connection).await.map_err(unavailable)?;
        // All of it becomes visible at once, or never was.
        connection.execute("BEGIN; DROP TABLE kabar_restore_unfinished").await.map_err(unavailable)?;
        Ok(Self { connection })
    }
}

#[async_trait]
impl MakingLog for PostgresMaking {
    async fn write(&mut self, events: Vec<RawEvent>) -> Result<(), EventLogError> {
        let texts = |text: fn(&RawEvent) -> &str| events.iter().map(text).collect::<Vec<&str>>();
        let numbers = |number: fn(&RawEvent) -> i64| events.iter().map(number).collect::<Vec<i64>>();
        sqlx::query(
            "INSERT INTO events (position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
             payload, metadata, recorded_at) \
             SELECT u.position, u.event, u.type, u.id, u.seq, u.name, u.version, u.payload::json, u.metadata::json, \
             timestamptz 'epoch' + u.at * interval '1 microsecond' \
             FROM unnest($1::int8[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::text[], $7::text[], $8::text[], \
             $9::text[], $10::int8[]) u(position, event, type, id, seq, name, version, payload, metadata, at)",
        )
        .bind(numbers(|event| event.position))
        .bind(events.iter().map(|event| event.event_id).collect::<Vec<Uuid>>())
        .bind(texts(|event| &event.aggregate_type))
        .bind(texts(|event| &event.aggregate_id))
        .bind(numbers(|event| event.sequence))
        .bind(texts(|event| &event.event_type))
        .bind(texts(|event| &event.event_version))
        .bind(texts(|event| &event.payload))
        .bind(texts(|event| &event.metadata))
        .bind(numbers(|event| event.recorded_us))
        .execute(&mut self.connection)
        .await
        .map_err(unavailable)?;
        Ok(())
    }

    async fn finish(mut self: Box<Self>, from: LogId, reactors: Reactors) -> Result<LogId, MakeError> {
        let connection = &mut self.connection;
        // Anew also where an earlier try has left an id.
        let id: Uuid = sqlx::query_scalar("UPDATE log_identity SET log_id = gen_random_uuid() RETURNING log_id")
            .fetch_one(&mut *connection)
            .await
            .map_err(unavailable)?;
        for reactor in &reactors.places {
            let log = if reactor.log == from { id } else { reactor.log.0 };
            sqlx::query("INSERT INTO reactor_checkpoints (reactor, log_id, position) VALUES ($1, $2, $3)")
                .bind(&reactor.name)
                .bind(log)
                .bind(reactor.position)
                .execute(&mut *connection)
                .await
                .map_err(unavailable)?;
        }
        sqlx::query("INSERT INTO reactors_known (reactor) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
            .bind(&reactors.lost)
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?;
        connection.execute("SET LOCAL synchronous_commit = on; COMMIT").await.map_err(unavailable)?;
        // Statistics are a courtesy to the first queries.
        let _ = connection.execute("ANALYZE events").await;
        let _ = self.connection.close().await;
        Ok(LogId(id))
    }
}
