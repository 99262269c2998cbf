//! Work of the database that honestly takes minutes: an index over a large table, a sort of the whole log.
//!
//! No time limit is right for it, and without one a connection that stalls would keep its caller for as long as the network
//! likes. So the server is asked, on a connection of its own: as long as it says that it is at work for us the work may take
//! as long as it takes; when it waits for us, or does not know us any more, and nothing comes, nothing will.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::lending::{READ_PATIENCE, within};

/// Between two looks at the server. Twice the same rest: the answer that was on its way has had this long to come.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// Looks in a row that may fail: a server without a free place, or one that is restarted, is no reason to give up what it
/// has worked on for an hour.
pub const LOOKS_FAILED_MAX: u32 = 12;

/// A session as the server sees it.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Working,
    /// It has nothing to do for us, or more to say than we take.
    Waiting(Standing),
    Gone,
}

/// What `pg_stat_activity` says of a session. All of it but the event is missing where `track_activities` is off.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
struct Standing {
    state: Option<String>,
    wait_event: Option<String>,
    /// Seconds of the server's clock.
    since: Option<f64>,
}

/// Whom to ask about, and where.
pub struct Session {
    options: PgConnectOptions,
    pid: i32,
    interval: Duration,
}

impl Session {
    /// Of a `connection` that was made with `options`.
    pub async fn of(connection: &mut PgConnection, options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection);
        Ok(Self { options: options.clone(), pid: within(READ_PATIENCE, pid).await?, interval: LOOK_INTERVAL })
    }

    /// The same, looked at as often as that.
    #[must_use]
    pub fn looked_at_every(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// Carries out `work`, which asks on this session and nowhere else.
    pub async fn as_long_as_it_works<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let mut work = Heard::over(work);
        let (mut before, mut failed, mut blind) = (Seen::Working, 0, false);
        loop {
            let look = async {
                tokio::time::sleep(self.interval).await;
                within(READ_PATIENCE, self.look()).await
            };
            let seen = tokio::select! {
                biased;
                done = &mut work => return done,
                seen = look => seen,
            };
            let (seen, sees) = match seen {
                Ok(seen) => seen,
                Err(error) => {
                    failed += 1;
                    if failed >= LOOKS_FAILED_MAX {
                        return Err(error);
                    }
                    tracing::warn!(%error, failed, "whether the database is still at work cannot be asked just now");
                    continue;
                }
            };
            failed = 0;
            if !sees && !std::mem::replace(&mut blind, true) {
                tracing::warn!("track_activities of the database is off: it says little of what it is at");
            }
            let came = work.anything_came();
            if seen != Seen::Working && seen == before && !came {
                return Err(silent(&seen));
            }
            before = seen;
        }
    }

    /// What there is to see, and whether the server says all of it.
    async fn look(&self) -> Result<(Seen, bool), sqlx::Error> {
        let mut other = PgConnection::connect_with(&self.options).await?;
        let standing: Option<Standing> = sqlx::query_as(
            "SELECT state, wait_event, extract(epoch FROM state_change)::float8 AS since FROM pg_stat_activity \
             WHERE pid = $1",
        )
        .bind(self.pid)
        .fetch_optional(&mut other)
        .await?;
        other.close().await?;
        Ok(match standing {
            None => (Seen::Gone, true),
            Some(standing) => {
                let sees = standing.since.is_some();
                (if standing.waits_for_us() { Seen::Waiting(standing) } else { Seen::Working }, sees)
            }
        })
    }
}

impl Standing {
    /// Also in the middle of an answer that nobody takes: PostgreSQL calls that active.
    fn waits_for_us(&self) -> bool {
        let for_us = |event: &str| matches!(event, "ClientRead" | "ClientWrite");
        self.state.as_deref().is_some_and(|state| state.starts_with("idle"))
            || self.wait_event.as_deref().is_some_and(for_us)
    }
}

/// Work, and whether anything came for it: a slow answer that comes is not a connection that stalls.
struct Heard<F> {
    work: Pin<Box<F>>,
    came: Arc<Came>,
}

struct Came {
    any: AtomicBool,
    waiter: Mutex<Waker>,
}

impl<F> Heard<F> {
    fn over(work: F) -> Self {
        let came = Came { any: AtomicBool::new(false), waiter: Mutex::new(Waker::noop().clone()) };
        Self { work: Box::pin(work), came: Arc::new(came) }
    }

    /// Since it was last asked.
    fn anything_came(&self) -> bool {
        self.came.any.swap(false, Ordering::AcqRel)
    }
}

impl<F: Future> Future for Heard<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.came.waiter().clone_from(context.waker());
        let waker = Waker::from(Arc::clone(&self.came));
        self.work.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

impl Came {
    fn waiter(&self) -> MutexGuard<'_, Waker> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Came {
    fn wake(self: Arc<Self>) {
        self.any.store(true, Ordering::Release);
        self.waiter().wake_by_ref();
    }
}

fn silent(seen: &Seen) -> sqlx::Error {
    let why = match seen {
        Seen::Working | Seen::Waiting(_) => "the database waits for us, and what it has to say does not come",
        Seen::Gone => "the database does not know this session any more, and said nothing",
    };
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(state: &str, wait_event: Option<&str>) -> Standing {
        Standing { state: Some(state.to_owned()), wait_event: wait_event.map(str::to_owned), since: Some(1.0) }
    }

    #[test]
    fn a_session_that_waits_for_its_client_is_not_at_work_whatever_it_is_called() {
        for (state, wait_event) in [
            ("idle", None),
            ("idle in transaction", Some("ClientRead")),
            ("active", Some("ClientWrite")),
            ("disabled", Some("ClientRead")),
        ] {
            assert!(standing(state, wait_event).waits_for_us(), "{state} {wait_event:?}");
        }
        for (state, wait_event) in [("active", None), ("active", Some("DataFileRead")), ("disabled", None)] {
            assert!(!standing(state, wait_event).waits_for_us(), "{state} {wait_event:?}");
        }
    }

    /// A slow answer wakes whoever waits for it.
    #[tokio::test]
    async fn work_that_is_woken_is_seen_to_go_on() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let mut work = Heard::over(async move {
            receiver.recv().await;
            receiver.recv().await
        });
        assert!(futures_util::poll!(&mut work).is_pending() && !work.anything_came());
        sender.send(1).await.expect("taken");
        assert!(work.anything_came() && !work.anything_came(), "since it was last asked");
        assert!(futures_util::poll!(&mut work).is_pending());
        sender.send(2).await.expect("taken");
        assert_eq!(work.await, Some(2));
    }
}
