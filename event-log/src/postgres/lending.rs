//! Connections to a database, lent one question at a time, and none of them waited for without an end.
//!
//! A connection can stall: its bytes go nowhere, no error comes, for as long as the network likes. sqlx's own pool asks
//! every connection that comes back how it is, without a time limit: one that stalls keeps its place in the pool for
//! good, and a time limit around the question changes nothing about that. So connections are lent here by a guard, and
//! only whoever says that the work ended cleanly gives one back; every other way out, a dropped future among them,
//! closes it and leaves its place to a new one. Used by everything that reads PostgreSQL, here and in `projections`.
//! Never in here: what is asked.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::working::Session;

/// A question that is not answered by then never will be: its connection is given up. The server gives the statement up
/// after the same time, so that nobody works for those who have gone.
pub const READ_PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait for a connection, made or free.
const LEND_PATIENCE: Duration = Duration::from_secs(5);
/// Whether one that lay idle still answers is known by then.
const PING_PATIENCE: Duration = Duration::from_secs(1);
/// Older ones are replaced: what a server keeps per connection only grows.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);

/// Up to so many connections to one database. Clones share them.
#[derive(Clone)]
pub struct Lender {
    shared: Arc<Shared>,
}

struct Shared {
    options: PgConnectOptions,
    /// Of the server, on connections that are lent.
    settings: Vec<(String, String)>,
    /// Of these, how statements are planned.
    planning: Vec<(String, String)>,
    connections_max: u32,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: PgConnection,
    made: Instant,
}

/// A connection on loan. Dropped without [`Lent::give_back`], it is closed.
pub struct Lent {
    kept: Kept,
    shared: Arc<Shared>,
    place: OwnedSemaphorePermit,
}

impl Lender {
    /// Connects when first asked.
    pub fn new(options: PgConnectOptions, connections_max: u32) -> Self {
        Self::planning(options, connections_max, &[])
    }

    /// With settings of the server that questions are to be planned by. Connections apart do not have them.
    pub fn planning(options: PgConnectOptions, connections_max: u32, settings: &[(&str, &str)]) -> Self {
        let places = Arc::new(Semaphore::new(connections_max as usize));
        let patience = ("statement_timeout".to_owned(), READ_PATIENCE.as_millis().to_string());
        let planning: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = planning.iter().cloned().chain([patience]).collect();
        let idle = Mutex::default();
        Self { shared: Arc::new(Shared { options, settings, planning, connections_max, places, idle }) }
    }

    /// A connection that answered a moment ago. In time or not at all.
    pub async fn lend(&self) -> Result<Lent, sqlx::Error> {
        within(LEND_PATIENCE, async {
            let shared = Arc::clone(&self.shared);
            let place = Arc::clone(&shared.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
            let kept = match shared.idle_one().await {
                Some(kept) => kept,
                None => Kept { connection: shared.connect(&shared.settings).await?, made: Instant::now() },
            };
            Ok(Lent { kept, shared, place })
        })
        .await
    }

    /// A connection of one's own, for work that takes as long as it takes: the server puts no limit on its statements.
    pub async fn apart(&self) -> Result<PgConnection, sqlx::Error> {
        within(LEND_PATIENCE, self.shared.connect(&[])).await
    }

    /// One like [`Lender::apart`] whose statements are planned as questions are.
    pub async fn apart_and_planning(&self) -> Result<PgConnection, sqlx::Error> {
        within(LEND_PATIENCE, self.shared.connect(&self.shared.planning)).await
    }

    /// One like [`Lender::apart`], with what is to be known to look after it: see [`Session::as_long_as_it_works`].
    pub async fn apart_and_watched(&self) -> Result<(PgConnection, Session), sqlx::Error> {
        let mut connection = self.apart().await?;
        let session = Session::of(&mut connection, &self.shared.options).await?;
        Ok((connection, session))
    }

    /// Connections on loan right now.
    pub fn in_use(&self) -> usize {
        (self.shared.connections_max as usize).saturating_sub(self.shared.places.available_permits())
    }

    /// Lets questions under way end, says goodbye, and lends nothing any more.
    pub async fn close(&self) {
        let all = self.shared.places.acquire_many(self.shared.connections_max);
        let ended = timeout(READ_PATIENCE, all).await;
        self.shared.places.close();
        drop(ended);
        let idle = std::mem::take(&mut *self.shared.idle());
        for kept in idle {
            // The server notices a vanished client by itself.
            let _ = timeout(PING_PATIENCE, kept.connection.close()).await;
        }
    }

    /// All of an answer, or the connection is given up.
    async fn ask<'q, E>(&self, query: E) -> Result<Vec<Either<PgQueryResult, PgRow>>, sqlx::Error>
    where
        E: Execute<'q, Postgres> + 'q,
    {
        let mut lent = self.lend().await?;
        let answer = within(READ_PATIENCE, lent.fetch_many(query).try_collect()).await?;
        lent.give_back();
        Ok(answer)
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last, if it still answers. If it does not, the others are not trusted either.
    async fn idle_one(&self) -> Option<Kept> {
        let mut kept = self.idle().pop()?;
        if matches!(timeout(PING_PATIENCE, kept.connection.ping()).await, Ok(Ok(()))) {
            return Some(kept);
        }
        self.idle().clear();
        None
    }

    async fn connect(&self, settings: &[(String, String)]) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone().options(settings.iter().map(|(name, value)| (name, value)));
        PgConnection::connect_with(&options).await
    }
}

impl Lent {
    /// The work on it ended cleanly: the next one may have it.
    pub fn give_back(self) {
        let Self { kept, shared, place } = self;
        if !shared.places.is_closed() && kept.made.elapsed() < AGE_MAX {
            shared.idle().push(kept);
        }
        // Only now: whoever waits for the place finds the connection.
        drop(place);
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.kept.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.kept.connection
    }
}

/// Ends with an error where sqlx would wait on.
pub async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match timeout(patience, work).await {
        Ok(done) => done,
        Err(_) => Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the database did not answer within {} s", patience.as_secs()),
        ))),
    }
}

impl fmt::Debug for Lender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lender({} of {})", self.in_use(), self.shared.connections_max)
    }
}

/// A question to a lender is written as one to a pool of sqlx, so that none can be written without the patience.
impl<'l> Executor<'l> for &'l Lender {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'l: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        let answer = async move {
            let answer = self.ask(query).await?;
            Ok::<_, sqlx::Error>(stream::iter(answer.into_iter().map(Ok)))
        };
        stream::once(answer).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'l: 'e,
        E: Execute<'q, Postgres> + 'q,
    {
        Box::pin(async move { Ok(self.ask(query).await?.into_iter().find_map(Either::right)) })
    }

    fn prepare_with<'e, 'q: 'e>(
        self,
        sql: &'q str,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement<'q>, sqlx::Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let prepared = within(READ_PATIENCE, lent.prepare_with(sql, parameters)).await?;
            lent.give_back();
            Ok(prepared)
        })
    }

    fn describe<'e, 'q: 'e>(self, sql: &'q str) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut lent = self.lend().await?;
            let described = within(READ_PATIENCE, lent.describe(sql)).await?;
            lent.give_back();
            Ok(described)
        })
    }
}
