//! Streams as postgres-es reads them, in time.
//!
//! postgres-es takes a pool of sqlx and nothing else, so what `lending` says of such pools holds here: it has one of its
//! own, small, and one in which a question failed or hung is left behind for a new one, whatever still hangs in it.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aggregates::feed::Feed;
use aggregates::notification::Notification;
use aggregates::participant::Participant;
use aggregates::preferences::Preferences;
use aggregates::relationship::Relationship;
use aggregates::report::Report;
use aggregates::room::Room;
use aggregates::subscription::Subscription;
use aggregates::user::User;
use aggregates::{AggregateKind, DomainEvent, StreamId};
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::timeout;

use super::lending::READ_PATIENCE;
use super::unavailable;
use crate::port::EventLogError;

/// Streams read at a time; a stream is read once and then in memory.
const CONNECTIONS_MAX: u32 = 4;
const ACQUIRE_PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Streams {
    options: PgConnectOptions,
    current: Mutex<Numbered>,
}

/// How many there were before tells whether it was renewed already.
#[derive(Clone)]
struct Numbered {
    pool: PgPool,
    number: u64,
}

impl Streams {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let options = options.options([("statement_timeout", READ_PATIENCE.as_millis().to_string())]);
        let current = Numbered { pool: pool(&options), number: 0 };
        Self { options, current: Mutex::new(current) }
    }

    /// All that is left of a stream behind `after`.
    pub(super) async fn rest(&self, stream: &StreamId, after: u64) -> Result<Vec<(u64, DomainEvent)>, EventLogError> {
        let current = self.current().clone();
        let repository = PostgresEventRepository::new(current.pool.clone());
        let read = in_time(async {
            match stream.kind {
                AggregateKind::Room => stored::<Room>(&repository, &stream.id, after).await,
                AggregateKind::Participant => stored::<Participant>(&repository, &stream.id, after).await,
                AggregateKind::Relationship => stored::<Relationship>(&repository, &stream.id, after).await,
                AggregateKind::Notification => stored::<Notification>(&repository, &stream.id, after).await,
                AggregateKind::Feed => stored::<Feed>(&repository, &stream.id, after).await,
                AggregateKind::User => stored::<User>(&repository, &stream.id, after).await,
                AggregateKind::Report => stored::<Report>(&repository, &stream.id, after).await,
                AggregateKind::Preferences => stored::<Preferences>(&repository, &stream.id, after).await,
                AggregateKind::Subscription => stored::<Subscription>(&repository, &stream.id, after).await,
            }
        });
        let stored = match read.await {
            Ok(stored) => stored,
            Err(error) => {
                self.leave(&current);
                return Err(error);
            }
        };
        stored
            .into_iter()
            .map(|event| {
                let payload = event.payload.to_string();
                DomainEvent::from_stored(stream, &event.event_type, &event.event_version, &payload)
                    .map(|domain| (event.sequence as u64, domain))
                    .map_err(|source| EventLogError::Corrupt(format!("{stream} {}: {source}", event.sequence)))
            })
            .collect()
    }

    pub(super) fn in_use(&self) -> usize {
        let pool = &self.current().pool;
        (pool.size() as usize).saturating_sub(pool.num_idle())
    }

    pub(super) async fn close(&self) {
        let pool = self.current().pool.clone();
        // One that hangs is closed by the server when it notices.
        let _ = timeout(READ_PATIENCE, pool.close()).await;
    }

    /// Others may have left it already, and a log that is closed stays so.
    fn leave(&self, failed: &Numbered) {
        let mut current = self.current();
        if current.number == failed.number && !failed.pool.is_closed() {
            *current = Numbered { pool: pool(&self.options), number: failed.number + 1 };
            let old = failed.pool.clone();
            // Those that still answer say goodbye; nobody waits for the others.
            tokio::spawn(async move { timeout(READ_PATIENCE, old.close()).await });
        }
    }

    fn current(&self) -> MutexGuard<'_, Numbered> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pool(options: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_PATIENCE)
        .connect_lazy_with(options.clone())
}

async fn in_time<T>(reading: impl Future<Output = Result<T, PersistenceError>>) -> Result<T, EventLogError> {
    match timeout(READ_PATIENCE, reading).await {
        Ok(read) => read.map_err(unavailable),
        Err(_) => Err(EventLogError::Unavailable(
            format!("the database did not answer within {} s", READ_PATIENCE.as_secs()).into(),
        )),
    }
}

async fn stored<A: cqrs_es::Aggregate>(
    repository: &PostgresEventRepository,
    id: &str,
    after: u64,
) -> Result<Vec<SerializedEvent>, PersistenceError> {
    if after == 0 {
        repository.get_events::<A>(id).await
    } else {
        repository.get_last_events::<A>(id, usize::try_from(after).unwrap_or(usize::MAX)).await
    }
}
