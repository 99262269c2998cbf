//! Long work of PostgreSQL goes on as long as the server is at it, and no longer.
//!
//! The looks at the server go by a proxy of their own, which counts them and can refuse them. They come faster here than
//! they do for operators.

use std::str::FromStr;
use std::time::Duration;

use event_log::postgres::{LOOKS_FAILED_MAX, Session};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::timeout;

use crate::support::backend::{Backend, TestStore};
use crate::support::chaos_proxy::ChaosProxy;

const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Far longer than all looks together: what does not end by then hangs.
const HANGS: Duration = Duration::from_secs(60);
/// More than the buffers of all sockets on the way take.
const LONG_ANSWER: &str = "SELECT repeat('x', 1000000) FROM generate_series(1, 200)";

/// A connection by `working`, looked after by `looking`.
async fn watched(store: &TestStore, working: &str, looking: &ChaosProxy) -> (PgConnection, Session) {
    let mut connection = PgConnection::connect(working).await.expect("reachable");
    let options = PgConnectOptions::from_str(&store.postgres().url_by(looking.address())).expect("a URL");
    let session = Session::of(&mut connection, &options).await.expect("answered");
    (connection, session.looked_at_every(LOOK_INTERVAL))
}

/// Work that is done when the superuser lets go of a lock: as long as any index takes.
async fn locked(store: &TestStore) -> PgConnection {
    let mut superuser = store.superuser().await;
    superuser.execute("SELECT pg_advisory_lock(7)").await.expect("locked");
    superuser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_waited_for_also_where_the_server_does_not_say_what_it_is_at() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let mut superuser = locked(&store).await;
    let off = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_activities = off', current_database()); END $$";
    superuser.execute(off).await.expect("set for whoever connects from now on");
    let looking = ChaosProxy::before(store.postgres().address()).await;
    let (mut connection, session) = watched(&store, &store.url(), &looking).await;
    let work = session.as_long_as_it_works(connection.execute("SELECT pg_advisory_lock(7)"));
    let let_go = async {
        looking.connections(4).await;
        superuser.execute("SELECT pg_advisory_unlock(7)").await.expect("unlocked");
    };
    let (done, ()) = timeout(HANGS, async { tokio::join!(work, let_go) }).await.expect("nothing hangs");
    assert!(done.is_ok(), "{done:?}");
    // And one that has nothing to do is seen to have nothing to do.
    let nothing = session.as_long_as_it_works(std::future::pending::<Result<(), sqlx::Error>>());
    let told = timeout(HANGS, nothing).await.expect("nothing hangs").expect_err("nothing comes");
    assert!(told.to_string().contains("waits for us"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_that_fail_end_the_work_only_when_none_has_gone_well_for_long() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let mut superuser = locked(&store).await;
    let looking = ChaosProxy::before(store.postgres().address()).await;
    let (mut connection, session) = watched(&store, &store.url(), &looking).await;
    looking.refuse(true);
    let work = session.as_long_as_it_works(connection.execute("SELECT pg_advisory_lock(7)"));
    let let_go = async {
        looking.connections(2).await;
        looking.refuse(false);
        // As many again as would be too many: one that went well begins the count anew.
        let came = looking.connections(5).await;
        looking.refuse(true);
        looking.connections(came + 3).await;
        superuser.execute("SELECT pg_advisory_unlock(7)").await.expect("unlocked");
    };
    let (done, ()) = timeout(HANGS, async { tokio::join!(work, let_go) }).await.expect("nothing hangs");
    assert!(done.is_ok(), "{done:?}");

    let before = looking.connections(0).await;
    let never = session.as_long_as_it_works(std::future::pending::<Result<(), sqlx::Error>>());
    let told = timeout(HANGS, never).await.expect("nothing hangs");
    assert!(told.is_err());
    // One more may have been on its way when the work before was done.
    let looks = looking.connections(0).await - before;
    assert!((u64::from(LOOKS_FAILED_MAX)..=u64::from(LOOKS_FAILED_MAX) + 1).contains(&looks), "{looks}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_stalls_in_the_middle_of_an_answer_is_given_up() {
    let Some(store) = Backend::Postgres.store().await else { return };
    let looking = ChaosProxy::before(store.postgres().address()).await;
    let stalling = ChaosProxy::before(store.postgres().address()).await;
    let (mut connection, session) = watched(&store, &store.postgres().url_by(stalling.address()), &looking).await;
    // Asked in one message, so that what stalls is the answer itself, with the server at work on it.
    stalling.stall_before_answer_to(b"generate_series(1, 200)");
    let work = session.as_long_as_it_works(connection.fetch_all(LONG_ANSWER));
    let told = timeout(HANGS, work).await.expect("it is not waited for for ever").expect_err("it never comes whole");
    assert!(told.to_string().contains("waits for us"), "{told}");
}
