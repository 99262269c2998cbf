//! The one connection that appends, and what happens when it is lost.
//!
//! An answer that was lost says nothing: the old backend may still be at it. So whoever connects anew first terminates
//! the backend before (by pid and start time) and waits until it is gone: the fence. Only then does looking help.

use std::time::Duration;

use aggregates::Timestamp;
use aggregates::ids::EventId;
use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use uuid::Uuid;

use super::rows::{self, EVENT_COLUMNS, EventRow, FoundRow};
use super::{single, unavailable, within};
use crate::port::{AppendError, Appended, Batch, EventLogError, Foreign, Found, LockedLog};
use crate::position::Position;

/// Longer than any healthy append; then its outcome counts as unknown.
const APPEND_PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(2);
/// Events of others that one answer carries. Past it the door reads on in pages first.
const TAIL_EVENTS_MAX: i64 = 2_000;
/// What each connection of ours asks of the server. A holder of the log that freezes must not stop the others for long.
const SESSION: [(&str, &str); 6] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    // A plan that is made once expects a third of the log behind any position: it would call for workers each time, and the
    // others wait for the lock meanwhile.
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "1s"),
];

/// Which backend a connection has, so that it can be told from one that got its pid later.
#[derive(Debug, Clone)]
struct Backend {
    pid: i32,
    started: String,
}

pub(super) struct Appender {
    options: PgConnectOptions,
    /// Taken out while in use and put back after a clean answer: a future dropped half-way leaves `None`.
    connection: Option<PgConnection>,
    /// The backend that may still be at work for us.
    backend: Option<Backend>,
    closed: bool,
    /// Nobody else wrote when this process last did.
    alone: bool,
}

impl Appender {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let options = options.application_name("kabar-append").options(SESSION);
        Self { options, connection: None, backend: None, closed: false, alone: true }
    }

    pub(super) async fn append(&mut self, batch: &Batch) -> Result<Appended, AppendError> {
        let mut connection = self.take().await.map_err(AppendError::NothingWritten)?;
        let answer = timeout(APPEND_PATIENCE, self.write(&mut connection, batch)).await;
        match answer {
            Ok(Ok(appended)) => {
                self.connection = Some(connection);
                let appended = appended?;
                self.alone = appended.foreign.is_empty();
                Ok(appended)
            }
            Ok(Err(error)) => {
                let error = judge(error, batch.known);
                if !matches!(error, AppendError::Unknown(_)) {
                    self.connection = Some(connection);
                }
                Err(error)
            }
            Err(elapsed) => Err(AppendError::Unknown(unavailable(elapsed))),
        }
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
    ) -> Result<Result<Appended, AppendError>, sqlx::Error> {
        if self.alone
            && let Some(event) = single::only_event(batch)
            && let Some(recorded_at) = single::insert(connection, batch, event).await?
        {
            return Ok(Ok(Appended { base: batch.known, recorded_at, ..Appended::default() }));
        }
        call_append(connection, batch).await.map(appended)
    }

    pub(super) async fn settle(&mut self, ids: &[EventId]) -> Result<Vec<Found>, EventLogError> {
        let mut connection = self.take().await?;
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let query = "SELECT event_id, position, aggregate_type, aggregate_id, sequence FROM kabar_find($1)";
        let rows = timeout(APPEND_PATIENCE, sqlx::query_as::<_, FoundRow>(query).bind(ids).fetch_all(&mut connection));
        let rows = rows.await.map_err(unavailable)?.map_err(unavailable)?;
        self.connection = Some(connection);
        rows.into_iter().map(rows::found).collect()
    }

    /// Nothing is appended any more.
    pub(super) async fn close(&mut self) {
        self.closed = true;
        if let Some(connection) = self.connection.take() {
            // The server notices a vanished client by itself; a clean goodbye is a courtesy.
            let _ = timeout(CONNECT_PATIENCE, connection.close()).await;
        }
    }

    /// The connection, made anew behind the fence when there is none.
    async fn take(&mut self) -> Result<PgConnection, EventLogError> {
        if self.closed {
            return Err(EventLogError::Closed);
        }
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let connect = PgConnection::connect_with(&self.options);
        let mut connection = timeout(CONNECT_PATIENCE, connect).await.map_err(unavailable)?.map_err(unavailable)?;
        if let Some(old) = &self.backend {
            timeout(CONNECT_PATIENCE, fence(&mut connection, old)).await.map_err(unavailable)??;
        }
        let (pid, started) = within(CONNECT_PATIENCE, introduce(&mut connection)).await.map_err(unavailable)?;
        self.backend = Some(Backend { pid, started });
        Ok(connection)
    }
}

/// Which backend it is: pid and start time.
async fn introduce(connection: &mut PgConnection) -> sqlx::Result<(i32, String)> {
    let backend = sqlx::query_as("SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await?;
    // A server told to answer before things are durable is told otherwise: answers rest on it.
    connection
        .execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        )
        .await?;
    Ok(backend)
}

/// Returns when `old` is gone: what it had not committed by then it never will.
async fn fence(connection: &mut PgConnection, old: &Backend) -> Result<(), EventLogError> {
    loop {
        let alive: Option<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2",
        )
        .bind(old.pid)
        .bind(&old.started)
        .fetch_optional(&mut *connection)
        .await
        .map_err(unavailable)?;
        if alive.is_none() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What `kabar_append` answers.
#[derive(sqlx::FromRow)]
struct AppendRow {
    base: i64,
    behind: bool,
    left_out: Option<Vec<i32>>,
    recorded_ms: i64,
    f_position: Option<Vec<i64>>,
    f_type: Option<Vec<String>>,
    f_id: Option<Vec<String>>,
    f_sequence: Option<Vec<i64>>,
    f_event: Option<Vec<Uuid>>,
    f_name: Option<Vec<String>>,
    f_version: Option<Vec<String>>,
    f_payload: Option<Vec<String>>,
    f_metadata: Option<Vec<String>>,
    f_at: Option<Vec<i64>>,
}

async fn call_append(connection: &mut PgConnection, batch: &Batch) -> Result<AppendRow, sqlx::Error> {
    let (guards, own): (Vec<_>, Vec<_>) = batch.conditions.iter().partition(|condition| !condition.kinds.is_empty());
    let events = &batch.events;
    // One call, one round trip, one commit; the answer is used only when all of it has come, after the commit.
    sqlx::query_as("SELECT * FROM kabar_append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)")
        .bind(batch.known.0.cast_signed())
        .bind(TAIL_EVENTS_MAX)
        .bind(own.iter().map(|c| c.group.cast_signed()).collect::<Vec<_>>())
        .bind(own.iter().map(|c| c.stream.kind.name()).collect::<Vec<_>>())
        .bind(own.iter().map(|c| &*c.stream.id).collect::<Vec<_>>())
        .bind(own.iter().map(|c| c.version.cast_signed()).collect::<Vec<_>>())
        .bind(guards.iter().map(|c| c.group.cast_signed()).collect::<Vec<_>>())
        .bind(guards.iter().map(|c| c.stream.kind.name()).collect::<Vec<_>>())
        .bind(guards.iter().map(|c| &*c.stream.id).collect::<Vec<_>>())
        .bind(guards.iter().map(|c| c.version.cast_signed()).collect::<Vec<_>>())
        .bind(guards.iter().map(|c| c.kinds.join(",")).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.group.cast_signed()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.stream.kind.name()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| &*e.stream.id).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.sequence.cast_signed()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.event_id.0).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.name).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.version).collect::<Vec<_>>())
        .bind(events.iter().map(|e| e.payload.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|e| &*e.metadata).collect::<Vec<_>>())
        .fetch_one(connection)
        .await
}

fn appended(row: AppendRow) -> Result<Appended, AppendError> {
    let base = Position(row.base.unsigned_abs());
    if row.behind {
        return Err(AppendError::Behind { head: base });
    }
    // The events are written whatever the foreign ones look like: an incomplete answer is one to look up.
    let foreign = foreign(
        row.f_position.unwrap_or_default(),
        [row.f_type, row.f_id, row.f_name, row.f_version, row.f_payload, row.f_metadata],
        (row.f_sequence, row.f_event, row.f_at),
    )
    .map_err(AppendError::Unknown)?;
    let left_out = row.left_out.unwrap_or_default().into_iter().map(i32::cast_unsigned).collect();
    Ok(Appended { base, left_out, foreign, recorded_at: Timestamp::from_millis(row.recorded_ms) })
}

type Texts = Option<Vec<String>>;
type Numbers = (Option<Vec<i64>>, Option<Vec<Uuid>>, Option<Vec<i64>>);

fn foreign(positions: Vec<i64>, texts: [Texts; 6], numbers: Numbers) -> Result<Foreign, EventLogError> {
    let mut texts = texts.map(|column| column.unwrap_or_default().into_iter());
    let (sequences, ids, times) = numbers;
    let mut sequences = sequences.unwrap_or_default().into_iter();
    let mut ids = ids.unwrap_or_default().into_iter();
    let mut times = times.unwrap_or_default().into_iter();
    let rows = positions.into_iter().map(|position| {
        let mut next = || -> Option<EventRow> {
            let [kind, id, name, version, payload, metadata] = &mut texts;
            Some((
                position,
                kind.next()?,
                id.next()?,
                sequences.next()?,
                ids.next()?,
                name.next()?,
                version.next()?,
                payload.next()?,
                metadata.next()?,
                times.next()?,
            ))
        };
        next().ok_or_else(|| EventLogError::Corrupt("an append's answer is incomplete".to_owned()))
    });
    let rows: Vec<EventRow> = rows.collect::<Result<_, _>>()?;
    rows::tail(rows)
}

/// What an error says about whether something was written.
fn judge(error: sqlx::Error, known: Position) -> AppendError {
    let sqlx::Error::Database(database) = &error else {
        return AppendError::Unknown(unavailable(error)); // The connection, not the server, failed.
    };
    let code = database.code().unwrap_or_default().into_owned();
    match code.as_str() {
        "23505" => AppendError::Taken,
        "KB001" => {
            let went_back = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|e| e.detail());
            let head = went_back.and_then(|detail| detail.parse().ok()).unwrap_or(0);
            AppendError::WentBack { known, head: Position(head) }
        }
        // A backend that is being ended may say so after its commit.
        code if code.starts_with("57P") || code.starts_with("08") || code == "25P03" => {
            AppendError::Unknown(unavailable(error))
        }
        _ => AppendError::NothingWritten(unavailable(error)),
    }
}

/// The log, held for one decision under its lock.
pub(super) struct Held {
    appender: OwnedMutexGuard<Appender>,
    connection: PgConnection,
}

impl Held {
    pub(super) async fn take(
        mut appender: OwnedMutexGuard<Appender>,
        known: Position,
    ) -> Result<(Self, Foreign), AppendError> {
        let mut connection = appender.take().await.map_err(AppendError::NothingWritten)?;
        let tail = timeout(APPEND_PATIENCE, take_and_read(&mut connection, known)).await;
        // On a failure of the database the connection is dropped and with it the transaction, in which nothing was
        // written.
        let tail = tail
            .map_err(|elapsed| AppendError::NothingWritten(unavailable(elapsed)))?
            .map_err(|error| AppendError::NothingWritten(unavailable(error)))?;
        match tail {
            Ok(tail) => {
                let tail = rows::tail(tail).map_err(AppendError::NothingWritten)?;
                Ok((Self { appender, connection }, tail))
            }
            Err(error) => {
                if matches!(timeout(CONNECT_PATIENCE, connection.execute("ROLLBACK")).await, Ok(Ok(_))) {
                    appender.connection = Some(connection);
                }
                Err(error)
            }
        }
    }
}

/// `Ok(Err(_))`: the log is held, but not where it was expected.
async fn take_and_read(
    connection: &mut PgConnection,
    known: Position,
) -> Result<Result<Vec<EventRow>, AppendError>, sqlx::Error> {
    connection.execute("BEGIN; SELECT kabar_take_log()").await?;
    let head: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM events").fetch_one(&mut *connection).await?;
    let head = Position(head.unwrap_or(0).unsigned_abs());
    if head < known {
        return Ok(Err(AppendError::WentBack { known, head }));
    }
    if head.0 - known.0 > TAIL_EVENTS_MAX.unsigned_abs() {
        return Ok(Err(AppendError::Behind { head }));
    }
    let query = format!("SELECT {EVENT_COLUMNS} FROM events e WHERE e.position > $1 ORDER BY e.position");
    sqlx::query_as(&query).bind(known.0.cast_signed()).fetch_all(connection).await.map(Ok)
}

#[async_trait]
impl LockedLog for Held {
    async fn append(self: Box<Self>, batch: &Batch) -> Result<Appended, AppendError> {
        let Self { mut appender, mut connection } = *self;
        let answer = timeout(APPEND_PATIENCE, call_append(&mut connection, batch)).await;
        let row = match answer {
            Ok(Ok(row)) => row,
            // Inside the transaction nothing is written until the commit: dropping the connection undoes it.
            Ok(Err(error)) => {
                return Err(match judge(error, batch.known) {
                    AppendError::Unknown(source) => AppendError::NothingWritten(source),
                    judged => judged,
                });
            }
            Err(elapsed) => return Err(AppendError::NothingWritten(unavailable(elapsed))),
        };
        match timeout(APPEND_PATIENCE, connection.execute("COMMIT")).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(AppendError::Unknown(unavailable(error))),
            Err(elapsed) => return Err(AppendError::Unknown(unavailable(elapsed))),
        }
        appender.connection = Some(connection);
        appended(row)
    }
}
