//! Work of the database that honestly takes minutes: an index over a large table, a sort of the whole log.
//!
//! No time limit is right for it, and without one a connection that stalls would keep its caller for as long as the network
//! likes. So the server is asked, on a connection of its own: as long as it says that it is at work for us the work may take
//! as long as it takes; when it has nothing to do for us, or does not know us any more, and still no answer came, none will.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::lending::{READ_PATIENCE, within};

/// Between two looks at the server. Twice the same rest: the answer that was on its way has had this long to come.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A session as the server sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Seen {
    Working,
    /// Since then, in seconds of the server's clock.
    Resting(f64),
    Gone,
}

/// Whom to ask about, and where.
pub struct Session {
    options: PgConnectOptions,
    pid: i32,
}

impl Session {
    /// Of a `connection` that was made with `options`.
    pub async fn of(connection: &mut PgConnection, options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection);
        Ok(Self { options: options.clone(), pid: within(READ_PATIENCE, pid).await? })
    }

    /// Carries out `work`, which asks on this session and nowhere else.
    pub async fn as_long_as_it_works<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        tokio::pin!(work);
        let mut before = Seen::Working;
        loop {
            let look = async {
                tokio::time::sleep(LOOK_INTERVAL).await;
                within(READ_PATIENCE, self.look()).await
            };
            let seen = tokio::select! {
                biased;
                done = &mut work => return done,
                seen = look => seen?,
            };
            if seen != Seen::Working && seen == before {
                return Err(silent(seen));
            }
            before = seen;
        }
    }

    async fn look(&self) -> Result<Seen, sqlx::Error> {
        let mut other = PgConnection::connect_with(&self.options).await?;
        let seen: Option<(bool, f64)> = sqlx::query_as(
            "SELECT state = 'active', extract(epoch FROM state_change)::float8 FROM pg_stat_activity WHERE pid = $1",
        )
        .bind(self.pid)
        .fetch_optional(&mut other)
        .await?;
        other.close().await?;
        Ok(match seen {
            Some((true, _)) => Seen::Working,
            Some((false, since)) => Seen::Resting(since),
            None => Seen::Gone,
        })
    }
}

fn silent(seen: Seen) -> sqlx::Error {
    let why = match seen {
        Seen::Working | Seen::Resting(_) => "the database has done what it was asked for, and its answer does not come",
        Seen::Gone => "the database does not know this session any more, and said nothing",
    };
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}
